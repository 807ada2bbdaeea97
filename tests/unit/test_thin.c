/* Products of few columns against the loops they stand for, at every remainder of a tile. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/rng.h"
#include "probe/thin.h"

struct operands {
    size_t m, columns, d, stride;
    float *z, *in, *u, *out, *t;
    double *zd, *ind, *ud, *outd, *td;
};

static void draw(struct operands *o, size_t m, size_t columns, size_t d, gsl_rng *rng)
{
    size_t stride = thin_stride(d);
    *o = (struct operands){m, columns, d, stride, mem_aligned(m * stride, 4), mem_aligned(columns * stride, 4), NEW(m * columns, float),
                           mem_aligned(columns * stride, 4), NEW(m * columns, float), mem_aligned(m * stride, 8), mem_aligned(columns * stride, 8),
                           NEW(m * columns, double), mem_aligned(columns * stride, 8), NEW(m * columns, double)};
    for (size_t i = 0; i < m * stride; i++)
        o->zd[i] = o->z[i] = i % stride < d ? (float)(gsl_rng_uniform(rng) - 0.5) : 0;
    for (size_t i = 0; i < columns * stride; i++) {
        o->ind[i] = o->in[i] = i % stride < d ? (float)(gsl_rng_uniform(rng) - 0.5) : 0;
        o->outd[i] = o->out[i] = i % stride < d ? (float)(gsl_rng_uniform(rng) - 0.5) : 0;
    }
    for (size_t i = 0; i < m * columns; i++)
        o->ud[i] = o->u[i] = (float)(gsl_rng_uniform(rng) - 0.5);
}

static void operands_free(struct operands *o)
{
    void *all[] = {o->z, o->in, o->u, o->out, o->t, o->zd, o->ind, o->ud, o->outd, o->td};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* float32: sums of d products below 1/4, each rounded: 1e-5 is far above d * 2^-25 here; double: 1e-13. */
static void check(struct operands *o)
{
    double *before = NEW(o->columns * o->stride, double);
    memcpy(before, o->outd, o->columns * o->stride * sizeof *before);
    thin_forward_float(o->t, o->z, o->in, o->m, o->columns, o->d, o->stride);
    thin_forward_double(o->td, o->zd, o->ind, o->m, o->columns, o->d, o->stride);
    thin_backward_float(o->out, o->u, o->z, o->m, o->columns, o->d, o->stride);
    thin_backward_double(o->outd, o->ud, o->zd, o->m, o->columns, o->d, o->stride);
    for (size_t i = 0; i < o->m; i++)
        for (size_t c = 0; c < o->columns; c++) {
            double sum = 0;
            for (size_t j = 0; j < o->d; j++)
                sum += o->zd[i * o->stride + j] * o->ind[c * o->stride + j];
            assert_true(fabs((double)o->t[i * o->columns + c] - sum) < 1e-5);
            assert_true(fabs(o->td[i * o->columns + c] - sum) < 1e-13);
        }
    for (size_t c = 0; c < o->columns; c++)
        for (size_t j = 0; j < o->d; j++) {
            double sum = before[c * o->stride + j];
            for (size_t i = 0; i < o->m; i++)
                sum += o->ud[i * o->columns + c] * o->zd[i * o->stride + j];
            assert_true(fabs((double)o->out[c * o->stride + j] - sum) < 1e-5);
            assert_true(fabs(o->outd[c * o->stride + j] - sum) < 1e-13);
        }
    free(before);
}

static void test_products(void **state)
{
    (void)state;
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 4, "test_thin", 0);
    static const size_t rows[] = {1, 2, 3, 4, 7, 13}, columns[] = {1, 3, 4, 5, 9, 25}, d[] = {1, 3, 4, 7, 8, 9, 23, 24, 25, 31, 64, 100, 129};
    for (size_t a = 0; a < sizeof rows / sizeof *rows; a++)
        for (size_t b = 0; b < sizeof columns / sizeof *columns; b++)
            for (size_t c = 0; c < sizeof d / sizeof *d; c++) {
                struct operands o;
                draw(&o, rows[a], columns[b], d[c], rng);
                check(&o);
                operands_free(&o);
            }
    gsl_rng_free(rng);
}

/* A row's products do not depend on the rows or columns beside it: tiles and remainders add up in one order. */
static void test_alone_and_together(void **state)
{
    (void)state;
    struct operands o;
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 4, "test_thin", 1);
    draw(&o, 8, 6, 77, rng);
    thin_forward_double(o.td, o.zd, o.ind, 8, 6, 77, o.stride);
    for (size_t i = 0; i < 8; i++)
        for (size_t c = 0; c < 6; c++) {
            double alone;
            thin_forward_double(&alone, o.zd + i * o.stride, o.ind + c * o.stride, 1, 1, 77, o.stride);
            assert_true(fabs(alone - o.td[i * 6 + c]) < 1e-15); /* OpenBLAS, where there is no AVX2, may add otherwise */
        }
    operands_free(&o);
    gsl_rng_free(rng);
}

static void test_standardise(void **state)
{
    (void)state;
    enum { M = 5, D = 21 };
    float x[M * D], z[M * 48];
    double mean[D], inverse[D], zd[M * 48];
    size_t stride = thin_stride(D);
    assert_true(stride <= 48);
    for (size_t i = 0; i < M * D; i++)
        x[i] = (float)(1e6 + (double)(i * i % 17) / 8); /* a mean that float32 arithmetic would drown in */
    for (size_t j = 0; j < D; j++) {
        mean[j] = 1e6 + (double)j / 3;
        inverse[j] = 1.0 / (double)(j + 1);
    }
    thin_standardise_float(z, x, mean, inverse, M, D, stride);
    thin_standardise_double(zd, x, mean, inverse, M, D, stride);
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < D; j++) {
            double want = ((double)x[i * D + j] - mean[j]) * inverse[j];
            assert_true(fabs(zd[i * stride + j] - want) <= 1e-15 * fabs(want));
            assert_true(fabs((double)z[i * stride + j] - want) <= 1e-7 * fabs(want));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products), cmocka_unit_test(test_alone_and_together), cmocka_unit_test(test_standardise)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
