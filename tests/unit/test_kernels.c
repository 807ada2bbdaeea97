/* Kernels against double precision, and their edge cases. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "encoder/kernels.h"
#include "product_sets.h"

static double gelu_double(double x)
{
    return 0.5 * x * erfc(-x / sqrt(2.0));
}

/* x = f(x + bias) by this set. */
static void apply(const struct product_set *set, enum activation_kind kind, float *x, const float *bias, size_t n_rows, size_t width)
{
    const struct product_end end = {.bias = bias, .activation = kind};
    finish_all(set, x, n_rows, width, &end);
}

static void gelu_of(const struct product_set *set)
{
    enum { N = 400001 };
    float *x = NEW(N, float), zero = 0, *bias = NEW0(N, float);
    double worst = 0, worst_libm = 0;
    for (size_t i = 0; i < N; i++) {
        x[i] = (float)i * 7.5e-5f - 15.0f;
    }
    apply(set, ACTIVATION_GELU, x, bias, 1, N);
    for (size_t i = 0; i < N; i++) {
        float at = (float)i * 7.5e-5f - 15.0f;
        double exact = gelu_double((double)at), limit = fmax(1, fabs(exact));
        worst = fmax(worst, fabs((double)x[i] - exact) / limit);
        worst_libm = fmax(worst_libm, fabs((double)kernel_gelu_libm(at) - exact) / limit);
    }
    assert_true(worst <= 1.5e-7);
    assert_true(worst_libm <= 3e-7);
    float special[] = {0.0f, -0.0f, INFINITY, -1e30f, 1e30f, NAN, 1e-30f, -3.4e38f};
    float no_bias[8] = {0};
    apply(set, ACTIVATION_GELU, special, no_bias, 1, 8);
    assert_true(special[0] == 0 && special[1] == 0 && isinf(special[2]) && special[4] == 1e30f && isnan(special[5]));
    assert_true(fabsf(special[3]) < 1e-30f && fabsf(special[7]) < 1e-30f && fabsf(special[6] - 0.5e-30f) < 1e-36f);
    apply(set, ACTIVATION_GELU, &zero, no_bias, 1, 1);
    assert_true(zero == 0);
    free(x);
    free(bias);
}

static void gelu_stays_within_its_stated_error(void **state)
{
    const struct product_set *set[MAX_SETS];
    (void)state;
    for (size_t i = 0, n = runnable_sets(set); i < n; i++) {
        gelu_of(set[i]);
    }
}

static double gelu_tanh_double(double x)
{
    return 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
}

static double quick_gelu_double(double x)
{
    return x / (1 + exp(-1.702 * x));
}

static double silu_double(double x)
{
    return x / (1 + exp(-x));
}

static double relu_double(double x)
{
    return fmax(x, 0);
}

static void activations_of(const struct product_set *set)
{
    enum { N = 100001 };
    static const struct {
        enum activation_kind kind;
        double (*exact)(double);
    } cases[] = {{ACTIVATION_GELU_TANH, gelu_tanh_double},
                 {ACTIVATION_QUICK_GELU, quick_gelu_double},
                 {ACTIVATION_SILU, silu_double},
                 {ACTIVATION_RELU, relu_double}};
    float *x = NEW(N, float), *bias = NEW(N, float);
    for (size_t k = 0; k < 4; k++) {
        double worst = 0;
        for (size_t i = 0; i < N; i++) {
            x[i] = (float)i * 6e-4f - 30.0f;
            bias[i] = (float)(i % 7) * 0.25f;
        }
        apply(set, cases[k].kind, x, bias, 1, N);
        for (size_t i = 0; i < N; i++) {
            float at = (float)i * 6e-4f - 30.0f + (float)(i % 7) * 0.25f;
            double exact = cases[k].exact((double)at);
            worst = fmax(worst, fabs((double)x[i] - exact) / fmax(1, fabs(exact)));
        }
        assert_true(worst <= 2e-7);
        float special[] = {0.0f, INFINITY, -1e30f, 1e30f, NAN}, none[5] = {0};
        apply(set, cases[k].kind, special, none, 1, 5);
        assert_true(special[0] == 0 && isinf(special[1]) && fabsf(special[2]) < 1e-6f && special[3] == 1e30f && isnan(special[4]));
    }
    free(x);
    free(bias);
}

static void activations_stay_within_their_stated_error(void **state)
{
    const struct product_set *set[MAX_SETS];
    (void)state;
    for (size_t i = 0, n = runnable_sets(set); i < n; i++) {
        activations_of(set[i]);
    }
}

static void swiglu_gates_the_second_half_by_the_first(void **state)
{
    (void)state;
    enum { ROWS = 3, WIDTH = 37 };
    float x[ROWS * 2 * WIDTH], was[ROWS * 2 * WIDTH];
    for (size_t i = 0; i < ROWS * 2 * WIDTH; i++) {
        was[i] = x[i] = (float)((i * 37) % 101) * 0.1f - 5.0f;
    }
    product_set()->gate(x, 2 * WIDTH, ROWS, WIDTH);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < WIDTH; j++) {
            const float *row = was + i * 2 * WIDTH;
            double due = silu_double((double)row[j]) * (double)row[WIDTH + j];
            assert_true(fabs((double)x[i * 2 * WIDTH + j] - due) <= 1e-6 * fmax(1, fabs(due)));
        }
    }
}

static void gelu_adds_the_bias_of_its_column(void **state)
{
    (void)state;
    float x[6] = {0, 1, 2, 3, 4, 5}, bias[3] = {1, -1, 0.5f};
    float sums[6] = {1, 0, 2.5f, 4, 3, 5.5f};
    apply(product_set(), ACTIVATION_GELU, x, bias, 2, 3);
    for (size_t i = 0; i < 6; i++) {
        assert_true(fabs((double)x[i] - gelu_double((double)sums[i])) < 1e-6);
    }
}

static void layer_norm_agrees_with_double(void **state)
{
    (void)state;
    static const size_t widths[] = {1, 2, 15, 16, 17, 48, 192};
    for (size_t k = 0; k < sizeof widths / sizeof *widths; k++) {
        size_t n = widths[k];
        float x[192], weight[192], bias[192], out[192];
        double mean = 0, variance = 0;
        for (size_t i = 0; i < n; i++) {
            x[i] = 100.0f + (float)((i * 37) % 11); /* a mean far from 0 */
            weight[i] = 1.0f + 0.1f * (float)(i % 3);
            bias[i] = 0.25f * (float)(i % 5);
            mean += (double)x[i] / (double)n;
        }
        for (size_t i = 0; i < n; i++) {
            variance += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)n;
        }
        kernel_layer_norm(out, x, n, weight, bias, 1, n, 1e-2);
        for (size_t i = 0; i < n; i++) {
            double due = ((double)x[i] - mean) / sqrt(variance + 1e-2) * (double)weight[i] + (double)bias[i];
            assert_true(fabs((double)out[i] - due) < 1e-6);
        }
        struct moments of;
        float *pieces = NEW(n, float); /* the same bits in two steps, in pieces of any length */
        kernel_moments(&of, x, n, 1, n, 1e-2);
        for (size_t j = 0; j < n; j += 13) {
            kernel_normalise(pieces + j, x + j, &of, weight + j, bias + j, n - j < 13 ? n - j : 13);
        }
        assert_memory_equal(pieces, out, n * sizeof *out);
        free(pieces);
        kernel_layer_norm(x, x, n, weight, bias, 1, n, 1e-2); /* in place */
        assert_memory_equal(x, out, n * sizeof *x);
    }
}

/* exponentials() leaves the division by the sum to its user. */
static void softmax(const struct product_set *set, float *rows, size_t n_rows, size_t n, size_t stride, float scale)
{
    float *inverse = NEW(n_rows, float);
    set->exponentials(rows, stride, n_rows, n, scale, inverse);
    for (size_t i = 0; i < n_rows * stride; i++) {
        rows[i] *= inverse[i / stride];
    }
    free(inverse);
}

/* Rows of values of their own, and maxima far apart: none may be taken for another's. */
static float logit(size_t row, size_t i)
{
    return (float)((i * 53 + row * 11) % 29) * 3.7f - 60.0f - 200.0f * (float)((row * 5) % 7);
}

static void is_softmax(const float *row, size_t which, size_t n, size_t stride, double scale)
{
    double top = -INFINITY, sum = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        top = fmax(top, (double)logit(which, i));
    }
    for (size_t i = 0; i < n; i++) {
        sum += exp(scale * ((double)logit(which, i) - top));
    }
    for (size_t i = 0; i < n; i++) {
        double down = scale * (top - (double)logit(which, i)), due = exp(-down) / sum;
        double rounding = 1.2e-7 * down; /* of the scaled difference from the largest, in float */
        assert_true(fabs((double)row[i] - due) <= (4e-7 + rounding) * due + 1e-37);
        total += (double)row[i];
    }
    assert_true(fabs(total - 1) < 1e-6);
    for (size_t i = n; i < stride; i++) {
        assert_true(row[i] == 0);
    }
}

static void softmax_of(const struct product_set *set, size_t n_rows, size_t n, double scale)
{
    size_t stride = (n + 15) / 16 * 16;
    float *rows = mem_aligned(n_rows * stride, sizeof *rows);
    for (size_t i = 0; i < n_rows * stride; i++) {
        rows[i] = i % stride < n ? logit(i / stride, i % stride) : 1e30f; /* which must not be seen */
    }
    softmax(set, rows, n_rows, n, stride, (float)scale);
    for (size_t i = 0; i < n_rows; i++) {
        is_softmax(rows + i * stride, i, n, stride, scale);
    }
    free(rows);
}

static void softmax_sums_to_one_and_agrees_with_double(void **state)
{
    static const size_t lengths[] = {1, 2, 15, 16, 17, 197};
    const struct product_set *set[MAX_SETS];
    (void)state;
    for (size_t s = 0, n = runnable_sets(set); s < n; s++) {
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            for (size_t rows = 1; rows <= 7; rows += 2) {
                softmax_of(set[s], rows, lengths[k], 1);
                softmax_of(set[s], rows, lengths[k], 0.125);
            }
        }
        float far[16] = {3e38f, -3e38f}, broken[16] = {1, NAN, 2};
        softmax(set[s], far, 1, 2, 16, 1);
        assert_true(far[0] == 1.0f && far[1] < 1e-30f);
        softmax(set[s], broken, 1, 3, 16, 1);
        assert_true(isnan(broken[0]) && isnan(broken[1]) && isnan(broken[2]));
    }
}

/* What follows a product, too: where a processor (or `make emulated`) has both, AVX2 and AVX-512 give the same bytes. */
static void sets_of_the_same_sums_give_the_same_bytes(void **state)
{
    enum { ROWS = 5, WIDTH = 197, LD = 208, N = ROWS * LD };
    const struct product_set *set[MAX_SETS];
    float *first = NULL;
    (void)state;
    for (size_t s = 0, n = runnable_sets(set); s < n; s++) {
        if (strcmp(set[s]->sums, "fused") != 0) {
            continue;
        }
        float *out = NEW(8 * N, float), bias[LD], scale[LD], inverse[ROWS], *to = out;
        for (size_t i = 0; i < 8 * N; i++) {
            out[i] = (float)((i % N * 7919) % 2003) * 0.01f - 10.0f;
        }
        for (size_t i = 0; i < LD; i++) {
            bias[i] = (float)(i % 7) * 0.3f - 1;
            scale[i] = (float)(i % 5) * 0.7f;
        }
        for (int kind = ACTIVATION_GELU; kind <= ACTIVATION_SILU; kind++, to += N) {
            apply(set[s], (enum activation_kind)kind, to, bias, ROWS, WIDTH);
        }
        const struct product_end adds = {.bias = bias, .adds = true, .scale = scale};
        finish_all(set[s], to, ROWS, WIDTH, &adds);
        to += N;
        set[s]->exponentials(to, LD, ROWS, WIDTH, 0.125f, inverse);
        memcpy(to, inverse, sizeof inverse);
        to += N;
        set[s]->gate(to, WIDTH, ROWS, WIDTH / 2);
        if (first) {
            assert_memory_equal(out, first, 8 * N * sizeof *out);
            free(out);
        } else {
            first = out;
        }
    }
    free(first);
}

static void every_half_widens_exactly(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        unsigned char bytes[2] = {(unsigned char)h, (unsigned char)(h >> 8)};
        float got, wide;
        kernel_widen_f16(&got, bytes, 1);
        int exponent = (int)(h >> 10 & 31), mantissa = (int)(h & 1023);
        if (exponent == 31) {
            assert_true(mantissa ? isnan(got) : isinf(got));
        } else {
            float due = exponent ? ldexpf((float)(1024 + mantissa), exponent - 25) : ldexpf((float)mantissa, -24);
            assert_true(fabsf(got) == due);
        }
        assert_int_equal(signbit(got) != 0, h >> 15);
        uint32_t upper = h << 16;
        kernel_widen_bf16(&got, bytes, 1);
        memcpy(&wide, &upper, sizeof wide);
        assert_memory_equal(&got, &wide, sizeof got);
    }
}

static void non_finite_values_are_found_where_they_are(void **state)
{
    (void)state;
    float x[40];
    for (size_t i = 0; i < 40; i++) {
        x[i] = i % 2 ? -3.4e38f : 1e-40f;
    }
    assert_int_equal(kernel_find_non_finite(x, 40), 40);
    assert_int_equal(kernel_find_non_finite(x, 0), 0);
    x[39] = -INFINITY;
    assert_int_equal(kernel_find_non_finite(x, 40), 39);
    x[7] = NAN;
    assert_int_equal(kernel_find_non_finite(x, 40), 7);
}

static void mean_of_rows_is_summed_in_double(void **state)
{
    (void)state;
    float x[6] = {1e8f, 1, 1, 2, -1e8f, 3}, out[2];
    double sum[2];
    kernel_mean_rows(out, sum, x, 3, 2);
    assert_true(fabsf(out[0] - 1.0f / 3) < 1e-7f && out[1] == 2.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gelu_stays_within_its_stated_error),
        cmocka_unit_test(activations_stay_within_their_stated_error),
        cmocka_unit_test(swiglu_gates_the_second_half_by_the_first),
        cmocka_unit_test(gelu_adds_the_bias_of_its_column),
        cmocka_unit_test(layer_norm_agrees_with_double),
        cmocka_unit_test(softmax_sums_to_one_and_agrees_with_double),
        cmocka_unit_test(sets_of_the_same_sums_give_the_same_bytes),
        cmocka_unit_test(every_half_widens_exactly),
        cmocka_unit_test(non_finite_values_are_found_where_they_are),
        cmocka_unit_test(mean_of_rows_is_summed_in_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
