/* The register-blocked products of AVX2 and AVX-512, `block_by_rows`.  The
 * includer defines BLOCK_ROWS and BLOCK_COLUMNS, a few whole vectors (simd.h);
 * for bfloat16 also BLOCK_PAIRS. */
#define BLOCK_VECTORS (BLOCK_COLUMNS / SIMD_LANES)
#if defined(EMULATED_AVX512) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) /* where unrolling only costs the compiler minutes */
#define UNROLLED(n)
#else
#define PRAGMA(x) _Pragma(#x)
#define UNROLLED(n) PRAGMA(GCC unroll n) /* of a loop: its sums stay in registers */
#endif

#ifdef BLOCK_PAIRS
typedef uint16_t element;
#define TERMS 2 /* a step */
#else
typedef float element;
#define TERMS 1
#endif

#if BLOCK_COLUMNS * TERMS > 16
#define AHEAD _MM_HINT_T0
#else /* eight lanes: another panel's slice beside this one pushes rows out of the first level (measured on Zen 3: 2 to 5 % of a forward pass) */
#define AHEAD _MM_HINT_T1
#endif

/* `n_rows` is a constant where this is called. */
INLINE void put_rows(float *tile, vfloat sum[BLOCK_ROWS][BLOCK_VECTORS], size_t n_rows, bool first)
{
    if (first) {
        UNROLLED(32)
        for (size_t i = 0; i < n_rows * BLOCK_VECTORS; i++) {
            v_store(tile + i * SIMD_LANES, sum[i / BLOCK_VECTORS][i % BLOCK_VECTORS]);
        }
    } else {
        UNROLLED(32)
        for (size_t i = 0; i < n_rows * BLOCK_VECTORS; i++) {
            float *to = tile + i * SIMD_LANES;
            v_store(to, v_add(v_load(to), sum[i / BLOCK_VECTORS][i % BLOCK_VECTORS]));
        }
    }
}

#define LINE (PRODUCT_LINE * TERMS) /* values of a row that lie together */

/* One step: a[n_rows, TERMS], rows a LINE apart, times b[BLOCK_COLUMNS, TERMS]. */
INLINE void add_step(vfloat sum[BLOCK_ROWS][BLOCK_VECTORS], const element *a, const element *b, size_t n_rows)
{
#ifdef BLOCK_PAIRS
    __m512bh row[BLOCK_VECTORS], one;
#else
    vfloat row[BLOCK_VECTORS], one;
#endif
    UNROLLED(4)
    for (size_t v = 0; v < BLOCK_VECTORS; v++) {
#ifdef BLOCK_PAIRS
        row[v] = (__m512bh)_mm512_loadu_si512(b + v * SIMD_LANES * TERMS);
#else
        row[v] = v_load(b + v * SIMD_LANES);
#endif
    }
    UNROLLED(16)
    for (size_t i = 0; i < n_rows; i++) {
#ifdef BLOCK_PAIRS
        int32_t pair;
        memcpy(&pair, a + i * LINE, sizeof pair);
        one = (__m512bh)_mm512_set1_epi32(pair);
#else
        one = v_set(a[i * LINE]);
#endif
        UNROLLED(4)
        for (size_t v = 0; v < BLOCK_VECTORS; v++) {
#ifdef BLOCK_PAIRS
            sum[i][v] = _mm512_dpbf16_ps(sum[i][v], one, row[v]);
#else
            sum[i][v] = v_fma(one, row[v], sum[i][v]);
#endif
        }
    }
}

INLINE size_t a_turn(struct product_lines lines, size_t turns)
{
    return turns ? (lines.n + turns - 1) / turns : 0;
}

INLINE void block_of(float *tile, const element *a, const element *b, size_t n_rows, size_t depth, bool first, const struct product_fetch *fetch)
{
    vfloat sum[BLOCK_ROWS][BLOCK_VECTORS];
    const size_t b_step = BLOCK_COLUMNS * TERMS;
    size_t left = depth / TERMS, turns = left / PRODUCT_LINE;
    struct product_lines panel = fetch->panel, rows = fetch->rows;
    size_t panel_lines = a_turn(panel, turns), row_lines = a_turn(rows, turns);
    const char *to = fetch->to;
    UNROLLED(16)
    for (size_t i = 0; i < n_rows; i++) {
        UNROLLED(4)
        for (size_t v = 0; v < BLOCK_VECTORS; v++) {
            sum[i][v] = v_set(0.0f);
        }
    }
    for (; left >= PRODUCT_LINE; left -= PRODUCT_LINE) {
        for (size_t i = 0; i < panel_lines; i++, panel.at += PRODUCT_LINE_BYTES) {
            _mm_prefetch(panel.at, AHEAD);
        }
        for (size_t i = 0; i < row_lines; i++, rows.at += PRODUCT_LINE_BYTES) {
            _mm_prefetch(rows.at, _MM_HINT_T1);
        }
        for (size_t i = 0; to && i < BLOCK_COLUMNS * sizeof(float); i += PRODUCT_LINE_BYTES) { /* a row a turn */
            _mm_prefetch(to + i, _MM_HINT_T0);
        }
        to = to ? to + fetch->to_stride : NULL;
        UNROLLED(16)
        for (size_t j = 0; j < PRODUCT_LINE; j++) {
            add_step(sum, a + j * TERMS, b + j * b_step, n_rows);
        }
        a += n_rows * LINE;
        b += PRODUCT_LINE * b_step;
    }
    for (size_t j = 0; j < left; j++) {
        add_step(sum, a + j * TERMS, b + j * b_step, n_rows);
    }
    put_rows(tile, sum, n_rows, first);
}

/* A loop of its own for each number of rows. */
INLINE void block_by_rows(float *tile, const element *a, const element *b, size_t n_rows, size_t depth, bool first,
                          const struct product_fetch *fetch)
{
    switch (n_rows) {
#define CASE(n)                                                \
    case n:                                                    \
        block_of(tile, a, b, n, depth, first, fetch); \
        break
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
#if BLOCK_ROWS > 6
        CASE(7);
        CASE(8);
        CASE(9);
        CASE(10);
        CASE(11);
        CASE(12);
        CASE(13);
        CASE(14);
#endif
#undef CASE
    }
}

#if BLOCK_ROWS != 6 && BLOCK_ROWS != 14
#error block_by_rows has no case for this many rows
#endif
