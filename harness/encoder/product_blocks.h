/* The register-blocked products of AVX2 and AVX-512, `block_by_rows`.  The
 * includer defines BLOCK_ROWS and BLOCK_COLUMNS, a few whole vectors (simd.h);
 * for bfloat16 also BLOCK_PAIRS. */
#define BLOCK_VECTORS (BLOCK_COLUMNS / SIMD_LANES)
#define LINE 64 /* bytes of the cache */
#define STEPS 8 /* of the unrolled loop */

#ifdef BLOCK_PAIRS
typedef uint16_t element;
#define TERMS 2 /* a step */
#else
typedef float element;
#define TERMS 1
#endif

INLINE void fetch(const void *at)
{
    _mm_prefetch((const char *)at, _MM_HINT_T0);
}

/* `n_rows` is a constant where this is called. */
INLINE void put_rows(float *tile, vfloat sum[BLOCK_ROWS][BLOCK_VECTORS], size_t n_rows, bool first)
{
    if (first) {
#pragma GCC unroll 32
        for (size_t i = 0; i < n_rows * BLOCK_VECTORS; i++) {
            v_store(tile + i * SIMD_LANES, sum[i / BLOCK_VECTORS][i % BLOCK_VECTORS]);
        }
    } else {
#pragma GCC unroll 32
        for (size_t i = 0; i < n_rows * BLOCK_VECTORS; i++) {
            float *to = tile + i * SIMD_LANES;
            v_store(to, v_add(v_load(to), sum[i / BLOCK_VECTORS][i % BLOCK_VECTORS]));
        }
    }
}

/* One step: a[n_rows, TERMS] times b[BLOCK_COLUMNS, TERMS]. */
INLINE void add_step(vfloat sum[BLOCK_ROWS][BLOCK_VECTORS], const element *a, const element *b, size_t n_rows)
{
#ifdef BLOCK_PAIRS
    __m512bh row[BLOCK_VECTORS], one;
#else
    vfloat row[BLOCK_VECTORS], one;
#endif
#pragma GCC unroll 4
    for (size_t v = 0; v < BLOCK_VECTORS; v++) {
#ifdef BLOCK_PAIRS
        row[v] = (__m512bh)_mm512_loadu_si512(b + v * SIMD_LANES * TERMS);
#else
        row[v] = v_load(b + v * SIMD_LANES);
#endif
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < n_rows; i++) {
#ifdef BLOCK_PAIRS
        int32_t pair;
        memcpy(&pair, a + i * TERMS, sizeof pair);
        one = (__m512bh)_mm512_set1_epi32(pair);
#else
        one = v_set(a[i]);
#endif
#pragma GCC unroll 4
        for (size_t v = 0; v < BLOCK_VECTORS; v++) {
#ifdef BLOCK_PAIRS
            sum[i][v] = _mm512_dpbf16_ps(sum[i][v], one, row[v]);
#else
            sum[i][v] = v_fma(one, row[v], sum[i][v]);
#endif
        }
    }
}

INLINE void block_of(float *tile, const element *a, const element *b, size_t n_rows, size_t depth, bool first, const char *ahead, size_t n_ahead)
{
    vfloat sum[BLOCK_ROWS][BLOCK_VECTORS];
    const size_t a_step = n_rows * TERMS, b_step = BLOCK_COLUMNS * TERMS;
    const element *next = a + n_rows * depth; /* the block behind this one: fetched as fast as this one is read */
    size_t left = depth / TERMS;
#pragma GCC unroll 16
    for (size_t i = 0; i < n_rows; i++) {
#pragma GCC unroll 4
        for (size_t v = 0; v < BLOCK_VECTORS; v++) {
            sum[i][v] = v_set(0.0f);
        }
    }
    for (; left >= STEPS; left -= STEPS) {
        for (size_t i = 0; i < STEPS * a_step * sizeof *next; i += LINE) {
            fetch((const char *)next + i);
        }
        if (n_ahead > 0) {
            fetch(ahead);
            ahead += LINE;
            n_ahead--;
        }
#pragma GCC unroll 16
        for (size_t j = 0; j < STEPS; j++) {
            add_step(sum, a + j * a_step, b + j * b_step, n_rows);
        }
        a += STEPS * a_step;
        b += STEPS * b_step;
        next += STEPS * a_step;
    }
    for (; left > 0; left--) {
        add_step(sum, a, b, n_rows);
        a += a_step;
        b += b_step;
    }
    put_rows(tile, sum, n_rows, first);
}

/* A loop of its own for each number of rows. */
INLINE void block_by_rows(float *tile, const element *a, const element *b, size_t n_rows, size_t depth, bool first, const void *ahead,
                          size_t n_ahead)
{
    switch (n_rows) {
#define CASE(n)                                                \
    case n:                                                    \
        block_of(tile, a, b, n, depth, first, ahead, n_ahead); \
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
