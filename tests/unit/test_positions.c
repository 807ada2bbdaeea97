/* Interpolation of tables of positions: identities, torch's formula written tap by tap, and Pillow's floats. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "encoder/positions.h"

static const enum positions_rule rules[] = {POSITIONS_PLAIN, POSITIONS_OFFSET, POSITIONS_ANTIALIASED};

static float *make_table(size_t side, size_t width)
{
    float *table = NEW(side * side * width, float);
    for (size_t i = 0; i < side * side * width; i++) {
        table[i] = (float)((i * 2654435761u) % 2003) * 0.001f - 1.0f;
    }
    return table;
}

static void the_same_size_leaves_the_table_alone(void **state)
{
    (void)state;
    for (size_t side = 1; side <= 40; side += 13) {
        float *table = make_table(side, 5), *out = NEW(side * side * 5, float);
        for (size_t r = 0; r < 3; r += 2) { /* the old rule moves it by its 0.1: PLAIN and ANTIALIASED */
            positions_interpolate(out, table, side, 5, side, side, rules[r]);
            assert_memory_equal(out, table, side * side * 5 * sizeof *out);
        }
        free(table);
        free(out);
    }
}

static void a_constant_table_stays_constant(void **state)
{
    (void)state;
    float table[49 * 2], out[11 * 4 * 2];
    for (size_t i = 0; i < 49 * 2; i++) {
        table[i] = i % 2 ? -0.75f : 3.5f;
    }
    for (size_t r = 0; r < 3; r++) {
        positions_interpolate(out, table, 7, 2, 11, 4, rules[r]);
        for (size_t i = 0; i < 11 * 4 * 2; i++) {
            assert_true(fabsf(out[i] - table[i % 2]) < 2e-6f);
        }
    }
}

/* Weight of the tap `distance` away, a = -0.75, in its two pieces. */
static double tap(double distance)
{
    double x = fabs(distance);
    if (x <= 1) {
        return 1.25 * x * x * x - 2.25 * x * x + 1;
    }
    return x < 2 ? -0.75 * x * x * x + 3.75 * x * x - 6 * x + 3 : 0;
}

static double naive(const float *table, long side, long width, double row, double column, long d)
{
    double sum = 0;
    for (long i = (long)floor(row) - 1; i <= (long)floor(row) + 2; i++) {
        for (long j = (long)floor(column) - 1; j <= (long)floor(column) + 2; j++) {
            long y = i < 0 ? 0 : i >= side ? side - 1 : i, x = j < 0 ? 0 : j >= side ? side - 1 : j;
            sum += tap(row - (double)i) * tap(column - (double)j) * (double)table[(y * side + x) * width + d];
        }
    }
    return sum;
}

static void both_plain_rules_agree_with_the_formula(void **state)
{
    (void)state;
    static const size_t sizes[][3] = {{37, 16, 16}, {8, 8, 6}, {5, 9, 2}, {1, 3, 4}, {16, 37, 20}};
    enum { WIDTH = 3 };
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t side = sizes[s][0], rows = sizes[s][1], columns = sizes[s][2];
        float *table = make_table(side, WIDTH), *out = NEW(rows * columns * WIDTH, float);
        for (size_t r = 0; r < 2; r++) {
            double more = rules[r] == POSITIONS_OFFSET ? 0.1 : 0;
            positions_interpolate(out, table, side, WIDTH, rows, columns, rules[r]);
            for (size_t i = 0; i < rows * columns * WIDTH; i++) {
                double row = ((double)(i / WIDTH / columns) + 0.5) * (double)side / ((double)rows + more) - 0.5;
                double column = ((double)(i / WIDTH % columns) + 0.5) * (double)side / ((double)columns + more) - 0.5;
                double due = naive(table, (long)side, WIDTH, row, column, (long)(i % WIDTH));
                assert_true(fabs((double)out[i] - due) < 2e-5); /* the coordinates are float32 */
            }
        }
        free(table);
        free(out);
    }
}

/* Pillow 9.4, Image.fromarray(table, 'F').resize((columns, rows), BICUBIC): the filter of torch's antialias=True. */
static void antialiased_agrees_with_pillow(void **state)
{
    (void)state;
    static const float table[25] = {1, -2, 3, 0.5f, 2, 0, 4, -1, 2, 1, 2, 1, 0, -3, 5, 1, 1, 2, 0, -2, -4, 3, 1, 0.25f, 0};
    static const double shrunk[] = {0.5481657, 1.077639, 1.490888, 1.721216, 0.02665225, 0.8865116, -0.1822485, 1.514168, -0.5657988};
    static const double flat[] = {1.036379, 0.9802834, 0.3317763, 1.8576, -0.02980875, 1.730733, -0.02994569, 0.07327377};
    static const double tall[] = {-0.4703094, 1.29174,   1.461042,  0.4855068, 1.185215,   1.404297,  1.779949, 0.7858878,
                                  1.363515,   1.830561,  -0.4901245, 1.699424, 1.590716,   -0.2766555, 0.7780447, 1.111684,
                                  1.360121,   -1.1316,   -0.237002, 1.60865,   -0.6007654, -1.154371, 1.537503, 0.1069614};
    static const struct {
        size_t rows, columns;
        const double *due;
    } cases[] = {{3, 3, shrunk}, {2, 4, flat}, {8, 3, tall}};
    float out[24];
    for (size_t k = 0; k < 3; k++) {
        positions_interpolate(out, table, 5, 1, cases[k].rows, cases[k].columns, POSITIONS_ANTIALIASED);
        for (size_t i = 0; i < cases[k].rows * cases[k].columns; i++) {
            assert_true(fabs((double)out[i] - cases[k].due[i]) < 2e-6);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_size_leaves_the_table_alone),
        cmocka_unit_test(a_constant_table_stays_constant),
        cmocka_unit_test(both_plain_rules_agree_with_the_formula),
        cmocka_unit_test(antialiased_agrees_with_pillow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
