/* The AVX2 kernels of thin.h, for one type.  The includer defines REAL, LANES, VECTOR,
 * V_LOAD, V_STORE, V_SET, V_ZERO, V_FMA, V_SUM and NAME(what).  A tile's sums stay in
 * twelve registers; every element is added up in one order, whatever the tile. */

#define TILE_ROWS 3
#define TILE_COLUMNS 4
#define TILE_VECTORS 3

/* rows x columns scalar products of length d. */
static inline __attribute__((always_inline)) void NAME(forward_tile)(REAL *t, const REAL *z, const REAL *in, size_t n_columns, size_t d,
                                                                     size_t stride, const size_t rows, const size_t columns)
{
    VECTOR sum[TILE_ROWS][TILE_COLUMNS];
#pragma GCC unroll 3
    for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (size_t c = 0; c < columns; c++)
            sum[r][c] = V_ZERO();
    for (size_t j = 0; j < d; j += LANES) {
        VECTOR row[TILE_ROWS];
#pragma GCC unroll 3
        for (size_t r = 0; r < rows; r++)
            row[r] = V_LOAD(z + r * stride + j);
#pragma GCC unroll 4
        for (size_t c = 0; c < columns; c++) {
            VECTOR column = V_LOAD(in + c * stride + j);
#pragma GCC unroll 3
            for (size_t r = 0; r < rows; r++)
                sum[r][c] = V_FMA(row[r], column, sum[r][c]);
        }
    }
#pragma GCC unroll 3
    for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (size_t c = 0; c < columns; c++)
            t[r * n_columns + c] = V_SUM(sum[r][c]);
}

static inline __attribute__((always_inline)) void NAME(forward_rows)(REAL *t, const REAL *z, const REAL *in, size_t n_columns, size_t d,
                                                                     size_t stride, const size_t rows)
{
    size_t c = 0;
    for (; c + TILE_COLUMNS <= n_columns; c += TILE_COLUMNS)
        NAME(forward_tile)(t + c, z, in + c * stride, n_columns, d, stride, rows, TILE_COLUMNS);
    for (; c < n_columns; c++)
        NAME(forward_tile)(t + c, z, in + c * stride, n_columns, d, stride, rows, 1);
}

void NAME(thin_forward)(REAL *t, const REAL *z, const REAL *in, size_t m, size_t columns, size_t d, size_t stride)
{
    size_t i = 0;
    for (; i + TILE_ROWS <= m; i += TILE_ROWS)
        NAME(forward_rows)(t + i * columns, z + i * stride, in, columns, d, stride, TILE_ROWS);
    for (; i < m; i++)
        NAME(forward_rows)(t + i * columns, z + i * stride, in, columns, d, stride, 1);
}

static inline __attribute__((always_inline)) void NAME(backward_tile)(REAL *out, const REAL *u, const REAL *z, size_t m, size_t n_columns,
                                                                      size_t stride, const size_t columns, const size_t vectors)
{
    VECTOR sum[TILE_COLUMNS][TILE_VECTORS];
#pragma GCC unroll 4
    for (size_t c = 0; c < columns; c++)
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++)
            sum[c][v] = V_LOAD(out + c * stride + v * LANES);
    for (size_t i = 0; i < m; i++) {
        VECTOR row[TILE_VECTORS];
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++)
            row[v] = V_LOAD(z + i * stride + v * LANES);
#pragma GCC unroll 4
        for (size_t c = 0; c < columns; c++) {
            VECTOR factor = V_SET(u[i * n_columns + c]);
#pragma GCC unroll 3
            for (size_t v = 0; v < vectors; v++)
                sum[c][v] = V_FMA(factor, row[v], sum[c][v]);
        }
    }
#pragma GCC unroll 4
    for (size_t c = 0; c < columns; c++)
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++)
            V_STORE(out + c * stride + v * LANES, sum[c][v]);
}

static inline __attribute__((always_inline)) void NAME(backward_vectors)(REAL *out, const REAL *u, const REAL *z, size_t m, size_t n_columns,
                                                                         size_t stride, const size_t vectors)
{
    size_t c = 0;
    for (; c + TILE_COLUMNS <= n_columns; c += TILE_COLUMNS)
        NAME(backward_tile)(out + c * stride, u + c, z, m, n_columns, stride, TILE_COLUMNS, vectors);
    for (; c < n_columns; c++)
        NAME(backward_tile)(out + c * stride, u + c, z, m, n_columns, stride, 1, vectors);
}

void NAME(thin_backward)(REAL *out, const REAL *u, const REAL *z, size_t m, size_t columns, size_t d, size_t stride)
{
    size_t j = 0;
    for (; j + TILE_VECTORS * LANES <= thin_padded(d); j += TILE_VECTORS * LANES)
        NAME(backward_vectors)(out + j, u, z + j, m, columns, stride, TILE_VECTORS);
    for (; j < d; j += LANES)
        NAME(backward_vectors)(out + j, u, z + j, m, columns, stride, 1);
}

void NAME(thin_standardise)(REAL *z, const float *x, const double *mean, const double *inverse, size_t m, size_t d, size_t stride)
{
    for (size_t i = 0; i < m; i++) {
        const float *from = x + i * d;
        REAL *to = z + i * stride;
        for (size_t j = 0; j < d; j++)
            to[j] = (REAL)(((double)from[j] - mean[j]) * inverse[j]);
    }
}

#undef TILE_ROWS
#undef TILE_COLUMNS
#undef TILE_VECTORS
