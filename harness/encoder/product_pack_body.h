/* Packing of rows and panels for one instruction set; part of product_body.h.
 * Layouts: product_set.h. */

/* The bits of x rounded, the lower half zero; NaN stays one.  Without a branch, so that loops over it are vectors. */
INLINE uint32_t bf16_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    uint32_t even = u + 0x7fffu + (u >> 16 & 1u), nan = u | 0x400000u;
    return ((u & 0x7fffffffu) > 0x7f800000u ? nan : even) & 0xffff0000u;
}

INLINE void round_some(uint16_t *to, const float *from, size_t n)
{
#if defined(__AVX512BF16__)
    for (size_t i = 0; i < n; i += SIMD_LANES) { /* takes numbers below 2^-126 as zero, as the products do */
        __m256bh half = _mm512_cvtneps_pbh(v_load_first(from + i, v_first(n - i)));
        memcpy(to + i, &half, n - i < SIMD_LANES ? (n - i) * sizeof *to : sizeof half);
    }
    return;
#endif
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        to[i] = (uint16_t)(bf16_bits(from[i]) >> 16);
    }
}

/* ---- rows ---- */

static void pack_rows(float *to, const float *const *row, size_t n, size_t depth)
{
    for (size_t i = 0; i < n; i++) {
        float *line = to + i * PRODUCT_LINE;
        const float *next = row[i + 1 < n ? i + 1 : i];
        for (size_t k = 0; k < depth; k += PRODUCT_LINE, line += n * PRODUCT_LINE) {
            __builtin_prefetch(next + k);
            if (depth - k >= PRODUCT_LINE) {
                memcpy(line, row[i] + k, PRODUCT_LINE * sizeof *line);
            } else {
                memset(line, 0, PRODUCT_LINE * sizeof *line);
                memcpy(line, row[i] + k, (depth - k) * sizeof *line);
            }
        }
    }
}

static void pack_rows_bf16(uint16_t *to, const float *const *row, size_t n, size_t depth)
{
    enum { LINE_TERMS = 2 * PRODUCT_LINE };
    for (size_t i = 0; i < n; i++) {
        uint16_t *line = to + i * LINE_TERMS;
        const float *next = row[i + 1 < n ? i + 1 : i];
        for (size_t k = 0; k < depth; k += LINE_TERMS, line += n * LINE_TERMS) {
            __builtin_prefetch(next + k);
            __builtin_prefetch(next + k + PRODUCT_LINE);
            if (depth - k >= LINE_TERMS) {
                round_some(line, row[i] + k, LINE_TERMS);
            } else {
                memset(line, 0, LINE_TERMS * sizeof *line);
                round_some(line, row[i] + k, depth - k);
            }
        }
    }
}

static void pack_rows_rounded(float *to, const float *const *row, size_t n, size_t depth)
{
    size_t values = (depth + PRODUCT_LINE - 1) / PRODUCT_LINE * PRODUCT_LINE * n;
    pack_rows(to, row, n, depth);
#pragma omp simd
    for (size_t i = 0; i < values; i++) {
        uint32_t u = bf16_bits(to[i]);
        memcpy(&to[i], &u, sizeof u);
    }
}

/* ---- panels ---- */

#define TILE 8 /* columns and steps turned at once */

/* to[TILE, ..] rows of BLOCK_COLUMNS words from TILE columns of words. */
#if SIMD_LANES > 1
INLINE void turn(float *to, const float *const *column, size_t k)
{
    __m256 r[TILE], s[TILE];
#pragma GCC unroll 8
    for (int i = 0; i < TILE; i++) {
        r[i] = _mm256_loadu_ps(column[i] + k);
    }
#pragma GCC unroll 4
    for (int i = 0; i < TILE; i += 2) {
        s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < TILE; i += 4) {
        r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
        r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xee);
        r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
        r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (int i = 0; i < TILE / 2; i++) {
        _mm256_storeu_ps(to + i * BLOCK_COLUMNS, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
        _mm256_storeu_ps(to + (i + 4) * BLOCK_COLUMNS, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
    }
}
#else
INLINE void turn(float *to, const float *const *column, size_t k)
{
    for (size_t j = 0; j < TILE; j++) {
        for (size_t i = 0; i < TILE; i++) {
            memcpy(to + i * BLOCK_COLUMNS + j, column[j] + k + i, sizeof *to);
        }
    }
}
#endif

static void pack_panel(float *to, const float *const *column, size_t n, size_t depth)
{
    size_t whole_n = n - n % TILE, whole_depth = depth - depth % TILE;
    for (size_t k = 0; k < whole_depth; k += TILE) {
        for (size_t j = 0; j < whole_n; j += TILE) {
            turn(to + k * BLOCK_COLUMNS + j, column + j, k);
        }
    }
    for (size_t k = 0; k < depth; k++) {
        float *step = to + k * BLOCK_COLUMNS;
        for (size_t j = k < whole_depth ? whole_n : 0; j < n; j++) {
            step[j] = column[j][k];
        }
        memset(step + n, 0, (BLOCK_COLUMNS - n) * sizeof *step);
    }
}

/* Columns are rounded a tile at a time; a pair is then a word like a float. */
static void pack_panel_bf16(uint16_t *to, const float *const *column, size_t n, size_t depth)
{
    uint16_t half[BLOCK_COLUMNS][2 * TILE];
    const float *word[BLOCK_COLUMNS];
    float last[TILE * BLOCK_COLUMNS];
    for (size_t j = 0; j < BLOCK_COLUMNS; j++) {
        word[j] = (const float *)(const void *)half[j];
    }
    memset(half, 0, sizeof half);
    for (size_t k = 0; k < depth; k += 2 * TILE) {
        size_t terms = depth - k < 2 * TILE ? depth - k : 2 * TILE;
        float *at = terms == 2 * TILE ? (float *)(void *)(to + k * BLOCK_COLUMNS) : last;
        for (size_t j = 0; j < n; j++) {
            if (terms < 2 * TILE) {
                memset(half[j], 0, sizeof half[j]);
                round_some(half[j], column[j] + k, terms);
            } else {
                round_some(half[j], column[j] + k, 2 * TILE);
            }
        }
        for (size_t j = 0; j < BLOCK_COLUMNS; j += TILE) {
            turn(at + j, word + j, 0);
        }
        if (at == last) {
            memcpy(to + k * BLOCK_COLUMNS, last, (terms + 1) / 2 * BLOCK_COLUMNS * sizeof *last);
        }
    }
}

static void pack_steps(float *to, const float *step, size_t stride, size_t n, size_t depth)
{
    for (size_t k = 0; k < depth; k++, to += BLOCK_COLUMNS, step += stride) {
        if (n == BLOCK_COLUMNS) {
            memcpy(to, step, BLOCK_COLUMNS * sizeof *to);
        } else {
            memset(to, 0, BLOCK_COLUMNS * sizeof *to);
            memcpy(to, step, n * sizeof *to);
        }
    }
}

static void pack_steps_bf16(uint16_t *to, const float *step, size_t stride, size_t n, size_t depth)
{
    static const float zeros[BLOCK_COLUMNS];
    for (size_t k = 0; k < depth; k += 2, to += 2 * BLOCK_COLUMNS, step += 2 * stride) {
        const float *odd = k + 1 < depth ? step + stride : zeros;
        memset(to + 2 * n, 0, 2 * (BLOCK_COLUMNS - n) * sizeof *to);
#pragma omp simd
        for (size_t j = 0; j < n; j++) {
            uint32_t word = bf16_bits(step[j]) >> 16 | bf16_bits(odd[j]);
            memcpy(to + 2 * j, &word, sizeof word);
        }
    }
}

#ifdef BLOCK_PAIRS
static void pack_steps_halves(uint16_t *to, const uint16_t *step, size_t stride, size_t n, size_t depth)
{
    static const uint16_t zeros[BLOCK_COLUMNS];
    for (size_t k = 0; k < depth; k += 2, to += 2 * BLOCK_COLUMNS, step += 2 * stride) {
        const uint16_t *odd = k + 1 < depth ? step + stride : zeros;
        memset(to + 2 * n, 0, 2 * (BLOCK_COLUMNS - n) * sizeof *to);
#pragma omp simd
        for (size_t j = 0; j < n; j++) {
            uint32_t word = (uint32_t)odd[j] << 16 | step[j];
            memcpy(to + 2 * j, &word, sizeof word);
        }
    }
}
#endif

static void widen(float *to, const uint16_t *from, size_t depth)
{
    for (size_t k = 0; k < depth; k += 2) {
        float *even = to + k * BLOCK_COLUMNS, *odd = even + BLOCK_COLUMNS;
#pragma omp simd
        for (size_t j = 0; j < BLOCK_COLUMNS; j++) {
            uint32_t pair, low, high;
            memcpy(&pair, from + k * BLOCK_COLUMNS + 2 * j, sizeof pair);
            low = pair << 16;
            high = pair & 0xffff0000u;
            memcpy(&even[j], &low, sizeof low);
            memcpy(&odd[j], &high, sizeof high);
        }
    }
}
