/* Packed products against a naive twin, bit for bit where the order of the sums is ours, and attention against double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "encoder/attention.h"
#include "product_sets.h"

static float *numbers(size_t n, uint32_t seed)
{
    float *x = NEW(n, float);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(int32_t)seed * 0x1p-31f;
    }
    return x;
}

static float rounded(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    u = (u + 0x7fffu + (u >> 16 & 1u)) & 0xffff0000u;
    memcpy(&x, &u, sizeof u);
    return x;
}

/* The sum as product_set.h orders it. */
static float twin(const float *x, const float *w, size_t depth, enum encoder_precision precision)
{
    float sum = 0;
    for (size_t k = 0; k < depth; k += PRODUCT_DEPTH) {
        float part = 0;
        for (size_t j = k; j < depth && j < k + PRODUCT_DEPTH; j++) {
            part = precision == ENCODER_BF16 ? fmaf(rounded(x[j]), rounded(w[j]), part) : fmaf(x[j], w[j], part);
        }
        sum = k ? sum + part : part;
    }
    return sum;
}

/* Its terms' magnitudes: what a rounding error is to be measured by. */
static double size_of(const float *x, const float *w, size_t depth)
{
    double sum = 0;
    for (size_t k = 0; k < depth; k++) {
        sum += fabs((double)x[k] * (double)w[k]);
    }
    return sum;
}

/* Whether the set adds in the twin's order. */
static bool exact(enum encoder_precision precision)
{
    return product_set() != &product_portable && !(precision == ENCODER_BF16 && product_set()->block_bf16);
}

struct shape {
    size_t rows, out, in;
};

/* In parts, as a fused query, key and value is. */
static void pack(struct product *p, const float *weight, const struct shape *s, enum encoder_precision precision)
{
    size_t first = s->out / 3;
    const struct product_part part[2] = {{weight, first}, {weight + first * s->in, s->out - first}};
    product_pack(p, part, 2, s->in, precision);
}

static void products_equal_their_naive_twin(void **state)
{
    static const struct shape shapes[] = {{1, 1, 1},    {5, 3, 7},      {6, 16, 256},  {7, 17, 257},   {13, 33, 31},    {14, 32, 64},  {15, 40, 300},
                                          {97, 30, 65}, {197, 24, 513}, {230, 19, 40}, {70, 21, 1025}, {110, 35, 2300}, {3, 300, 1281}};
    (void)state;
    for (size_t c = 0; c < sizeof shapes / sizeof *shapes; c++) {
        for (enum encoder_precision precision = 0; precision < ENCODER_N_PRECISIONS; precision++) {
            const struct shape s = shapes[c];
            float *x = numbers(s.rows * s.in, 1), *weight = numbers(s.out * s.in, 2), *bias = numbers(s.out, 3), *scale = numbers(s.out, 4);
            float *y = numbers(s.rows * s.out, 5), *was = numbers(s.rows * s.out, 5);
            struct product p;
            struct product_scratch *scratch = product_scratch_new(1);
            pack(&p, weight, &s, precision);
            const struct product_rows rows = {.x = x, .stride = s.in};
            const struct product_end ends[] = {{.bias = bias}, {.bias = bias, .adds = true}, {.bias = bias, .adds = true, .scale = scale},
                                               {.bias = bias, .adds = true, .clips = true}, {.bias = NULL}};
            for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
                memcpy(y, was, s.rows * s.out * sizeof *y);
                product_run(y, s.out, &p, &rows, s.rows, &ends[e], scratch);
                for (size_t i = 0; i < s.rows * s.out; i++) {
                    size_t j = i % s.out;
                    const float *a = x + i / s.out * s.in, *b = weight + j * s.in;
                    float due = twin(a, b, s.in, precision) + (ends[e].bias ? bias[j] : 0);
                    if (ends[e].adds) {
                        due = ends[e].scale ? fmaf(scale[j], due, was[i]) : was[i] + due;
                        due = ends[e].clips && due < 0 ? 0 : due;
                    }
                    if (exact(precision)) {
                        assert_true(y[i] == due);
                    } else {
                        assert_true(fabs((double)y[i] - (double)due) <= 1e-6 * (size_of(a, b, s.in) + 2));
                    }
                }
            }
            product_free(&p);
            product_scratch_free(scratch);
            free(x);
            free(weight);
            free(bias);
            free(scale);
            free(y);
            free(was);
        }
    }
}

static void gather_copy(float *to, const void *context, size_t row, size_t k, size_t n)
{
    memcpy(to, (const float *)context + row * 700 + k, n * sizeof *to);
}

static void a_row_does_not_depend_on_the_others_or_on_threads(void **state)
{
    enum { ROWS = 131, OUT = 75, IN = 700 };
    (void)state;
    for (enum encoder_precision precision = 0; precision < ENCODER_N_PRECISIONS; precision++) {
        float *x = numbers(ROWS * IN, 6), *weight = numbers(OUT * IN, 7), *y = NEW(ROWS * OUT, float), *again = NEW(ROWS * OUT, float), one[OUT];
        const struct product_part part = {weight, OUT};
        const struct product_end end = {.activation = ACTIVATION_GELU};
        struct product p;
        struct product_scratch *scratch = product_scratch_new(1), *team = product_scratch_new(3);
        product_pack(&p, &part, 1, IN, precision);
        product_run(y, OUT, &p, &(struct product_rows){.x = x, .stride = IN}, ROWS, &end, scratch);
        product_run(again, OUT, &p, &(struct product_rows){.gather = gather_copy, .context = x}, ROWS, &end, team);
        assert_memory_equal(y, again, ROWS * OUT * sizeof *y);
        for (size_t i = 0; i < ROWS; i++) {
            product_run(one, OUT, &p, &(struct product_rows){.x = x + i * IN, .stride = IN}, 1, &end, scratch);
            assert_memory_equal(y + i * OUT, one, sizeof one);
        }
        product_free(&p);
        product_scratch_free(scratch);
        product_scratch_free(team);
        free(x);
        free(weight);
        free(y);
        free(again);
    }
}

/* The nearest bfloat16, as the set rounds: numbers below 2^-126 do not occur here. */
static uint16_t half(float x)
{
    uint32_t u;
    x = rounded(x);
    memcpy(&u, &x, sizeof u);
    return (uint16_t)(u >> 16);
}

/* Rows made packed or as bfloat16 by one product and read so by the next: the same bits as by way of floats, row by row. */
static void what_a_product_hands_on_keeps_its_bits(void **state)
{
    static const size_t shapes[][4] = {{1, 3, 32, 2}, {5, 40, 64, 7}, {29, 64, 96, 33}, {197, 70, 1056, 40}, {211, 32, 600, 31}, {230, 48, 1664, 17}};
    (void)state;
    for (size_t c = 0; c < sizeof shapes / sizeof *shapes; c++) {
        size_t n = shapes[c][0], in = shapes[c][1], mid = shapes[c][2], out = shapes[c][3], ld = mid + 5;
        float *x = numbers(n * in, 9), *up = numbers(mid * in, 10), *down = numbers(out * mid, 11), *bias = numbers(mid, 12);
        float *rows = NEW(n * ld, float), *due = NEW(n * out, float), *y = NEW(n * out, float);
        for (enum encoder_precision precision = 0; precision < ENCODER_N_PRECISIONS; precision++) {
            const struct product_rows first = {.x = x, .stride = in};
            bool halves = product_takes_halves(precision, mid);
            struct product_end end = {.bias = bias, .activation = ACTIVATION_GELU};
            const struct product_end last = {.bias = NULL};
            struct product one, two;
            struct product_scratch *scratch = product_scratch_new(1), *team = product_scratch_new(3);
            product_pack(&one, &(struct product_part){up, mid}, 1, in, precision);
            product_pack(&two, &(struct product_part){down, out}, 1, mid, precision);
            product_run(rows, ld, &one, &first, n, &end, scratch);
            product_run(due, out, &two, &(struct product_rows){.x = rows, .stride = ld}, n, &last, scratch);
            if (halves) {
                uint16_t *half_rows = NEW(n * ld, uint16_t);
                end.halves = true;
                product_run(half_rows, ld, &one, &first, n, &end, scratch);
                for (size_t i = 0; i < n * mid; i++) {
                    assert_int_equal(half_rows[i / mid * ld + i % mid], half(rows[i / mid * ld + i % mid]));
                }
                product_run(y, out, &two, &(struct product_rows){.halves = half_rows, .stride = ld}, n, &last, team);
                assert_memory_equal(y, due, n * out * sizeof *y);
                free(half_rows);
            }
            if (product_takes_packed(precision, mid)) {
                char *packed = mem_aligned(product_packed_bytes(precision, n, mid), 1);
                const struct product_layout l = product_layout_packed(packed, precision, n, mid);
                end.packed = true;
                product_run(packed, 0, &one, &first, n, &end, team);
                for (size_t i = 0; i < n * mid; i++) {
                    struct product_place at = product_place_of(&l, i / mid, i % mid);
                    float value = rows[i / mid * ld + i % mid];
                    uint16_t rounded_value = half(value);
                    assert_memory_equal(at.at, halves ? (const void *)&rounded_value : (const void *)&value, l.value);
                }
                memset(y, 0, n * out * sizeof *y);
                product_run(y, out, &two, &(struct product_rows){.packed = packed}, n, &last, scratch);
                assert_memory_equal(y, due, n * out * sizeof *y);
                free(packed);
            } else {
                assert_true(precision == ENCODER_BF16); /* no such instruction here */
            }
            product_free(&one);
            product_free(&two);
            product_scratch_free(scratch);
            product_scratch_free(team);
        }
        free(x);
        free(up);
        free(down);
        free(bias);
        free(rows);
        free(due);
        free(y);
    }
}

/* context[T, D] in double. */
static void attend(double *context, const float *qkv, size_t T, size_t heads, size_t width)
{
    size_t D = heads * width;
    double *weight = NEW(T, double);
    for (size_t h = 0; h < heads; h++) {
        for (size_t i = 0; i < T; i++) {
            double top = -INFINITY, sum = 0;
            for (size_t j = 0; j < T; j++) {
                weight[j] = 0;
                for (size_t k = 0; k < width; k++) {
                    weight[j] += (double)qkv[i * 3 * D + h * width + k] * (double)qkv[j * 3 * D + D + h * width + k];
                }
                weight[j] /= sqrt((double)width);
                top = fmax(top, weight[j]);
            }
            for (size_t j = 0; j < T; j++) {
                weight[j] = exp(weight[j] - top);
                sum += weight[j];
            }
            for (size_t k = 0; k < width; k++) {
                double v = 0;
                for (size_t j = 0; j < T; j++) {
                    v += weight[j] / sum * (double)qkv[j * 3 * D + 2 * D + h * width + k];
                }
                context[i * D + h * width + k] = v;
            }
        }
    }
    free(weight);
}

static void attention_agrees_with_double(void **state)
{
    static const size_t shapes[][3] = {{1, 1, 1}, {5, 2, 3}, {17, 3, 16}, {197, 2, 64}, {300, 1, 24}, {530, 2, 80}, {20, 1, 300}};
    (void)state;
    for (size_t c = 0; c < sizeof shapes / sizeof *shapes; c++) {
        size_t T = shapes[c][0], heads = shapes[c][1], width = shapes[c][2], D = heads * width;
        float *qkv = numbers(T * 3 * D, 8), *context = NEW(T * D, float), *shared = NEW(T * D, float);
        double *due = NEW(T * D, double);
        attend(due, qkv, T, heads, width);
        for (enum encoder_precision precision = 0; precision < ENCODER_N_PRECISIONS; precision++) {
            struct attention *a = attention_new(T, heads, width, precision, false, 1), *team = attention_new(T, heads, width, precision, false, 2);
            const struct product_layout rows = product_layout_rows(context, D, false, T, D), of_team = product_layout_rows(shared, D, false, T, D);
            attention_run(&rows, 0, a, qkv, 3 * D);
            attention_run(&of_team, 0, team, qkv, 3 * D);
            assert_memory_equal(context, shared, T * D * sizeof *context);
            for (size_t i = 0; i < T * D; i++) {
                assert_true(fabs((double)context[i] - due[i]) < (precision == ENCODER_BF16 ? 1e-2 : 2e-6));
            }
            attention_free(a);
            attention_free(team);
        }
        free(qkv);
        free(context);
        free(shared);
        free(due);
    }
}

/* Two pictures below each other, the context packed, and in bfloat16 as halves: the values of the plain way. */
static void attention_hands_on_the_same_bits(void **state)
{
    enum { PICTURES = 2 };
    static const size_t shapes[][3] = {{5, 2, 32}, {197, 3, 64}, {131, 9, 96}};
    (void)state;
    for (size_t c = 0; c < sizeof shapes / sizeof *shapes; c++) {
        size_t T = shapes[c][0], heads = shapes[c][1], width = shapes[c][2], D = heads * width, n = PICTURES * T, values = n * 3 * D;
        float *qkv = numbers(values, 13), *context = NEW(n * D, float);
        uint16_t *qkv_halves = NEW(values, uint16_t);
        for (size_t i = 0; i < values; i++) {
            qkv_halves[i] = half(qkv[i]);
        }
        for (enum encoder_precision precision = 0; precision < ENCODER_N_PRECISIONS; precision++) {
            bool halves = product_takes_halves(precision, width);
            if (!attention_takes_packed(width) || !product_takes_packed(precision, D)) {
                continue;
            }
            char *packed = mem_aligned(product_packed_bytes(precision, n, D), 1);
            const struct product_layout rows = product_layout_rows(context, D, false, n, D), to = product_layout_packed(packed, precision, n, D);
            struct attention *plain = attention_new(T, heads, width, precision, false, 1), *other = attention_new(T, heads, width, precision, halves, 2);
            for (size_t i = 0; i < PICTURES; i++) {
                attention_run(&rows, i * T, plain, qkv + i * T * 3 * D, 3 * D);
                attention_run(&to, i * T, other, halves ? (const void *)(qkv_halves + i * T * 3 * D) : qkv + i * T * 3 * D, 3 * D);
            }
            for (size_t i = 0; i < n * D; i++) {
                uint16_t rounded_value = half(context[i]);
                assert_memory_equal(product_place_of(&to, i / D, i % D).at, halves ? (const void *)&rounded_value : (const void *)&context[i], to.value);
            }
            attention_free(plain);
            attention_free(other);
            free(packed);
        }
        free(qkv);
        free(qkv_halves);
        free(context);
    }
}

static void not_a_number_is_passed_on(void **state)
{
    (void)state;
    float x[3] = {1, NAN, 2}, weight[6] = {1, 2, 3, 0, 0, 0}, y[2];
    for (enum encoder_precision precision = 0; precision < ENCODER_N_PRECISIONS; precision++) {
        struct product p;
        struct product_scratch *scratch = product_scratch_new(1);
        const struct product_part part = {weight, 2};
        const struct product_end end = {.activation = ACTIVATION_GELU};
        product_pack(&p, &part, 1, 3, precision);
        product_run(y, 2, &p, &(struct product_rows){.x = x, .stride = 3}, 1, &end, scratch);
        assert_true(isnan(y[0]) && isnan(y[1]));
        product_free(&p);
        product_scratch_free(scratch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_equal_their_naive_twin),
        cmocka_unit_test(a_row_does_not_depend_on_the_others_or_on_threads),
        cmocka_unit_test(what_a_product_hands_on_keeps_its_bits),
        cmocka_unit_test(attention_agrees_with_double),
        cmocka_unit_test(attention_hands_on_the_same_bits),
        cmocka_unit_test(not_a_number_is_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
