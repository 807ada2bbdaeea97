#include "encoder/positions.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* Keys' cubic, 0 from 2 on. */
static double cubic(double x, double a)
{
    x = fabs(x);
    if (x < 1) {
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? a * (((x - 5) * x + 8) * x - 4) : 0;
}

static void sample(double *weight, size_t side, float scale, size_t i)
{
    float source = scale * ((float)i + 0.5f) - 0.5f, whole = floorf(source);
    for (int k = -1; k <= 2; k++) {
        double at = fmin(fmax((double)whole + k, 0), (double)side - 1);
        weight[(size_t)at] += cubic((double)(source - whole) - k, -0.75);
    }
}

static void sample_antialiased(double *weight, size_t side, float scale, size_t i)
{
    float support = scale >= 1 ? 2 * scale : 2, narrow = scale >= 1 ? 1 / scale : 1, centre = scale * ((float)i + 0.5f);
    double low = fmax(trunc((double)(centre - support + 0.5f)), 0), high = fmin(trunc((double)(centre + support + 0.5f)), (double)side);
    double sum = 0;
    for (size_t j = (size_t)low; j < (size_t)high; j++) {
        weight[j] = cubic((double)(((float)j - centre + 0.5f) * narrow), -0.5);
        sum += weight[j];
    }
    for (size_t j = (size_t)low; j < (size_t)high; j++) {
        weight[j] /= sum;
    }
}

/* [size, side]: what each new place takes of each old one. */
static double *weights_of(size_t side, size_t size, enum positions_rule rule)
{
    double *weight = NEW0(size * side, double);
    float scale = rule == POSITIONS_OFFSET ? (float)(1.0 / (((double)size + 0.1) / (double)side)) : (float)side / (float)size;
    for (size_t i = 0; i < size; i++) {
        (rule == POSITIONS_ANTIALIASED ? sample_antialiased : sample)(weight + i * side, side, scale, i);
    }
    return weight;
}

void positions_interpolate(float *out, const float *table, size_t side, size_t width, size_t rows, size_t columns, enum positions_rule rule)
{
    double *down = weights_of(side, rows, rule), *across = weights_of(side, columns, rule);
    double *line = NEW(side * width, double), *sum = NEW(width, double);
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < side * width; j++) {
            line[j] = 0;
        }
        for (size_t i = 0; i < side; i++) {
            double w = down[r * side + i];
            for (size_t j = 0; w != 0 && j < side * width; j++) {
                line[j] += w * (double)table[i * side * width + j];
            }
        }
        for (size_t c = 0; c < columns; c++) {
            for (size_t d = 0; d < width; d++) {
                sum[d] = 0;
            }
            for (size_t i = 0; i < side; i++) {
                double w = across[c * side + i];
                for (size_t d = 0; w != 0 && d < width; d++) {
                    sum[d] += w * line[i * width + d];
                }
            }
            for (size_t d = 0; d < width; d++) {
                out[(r * columns + c) * width + d] = (float)sum[d];
            }
        }
    }
    free(down);
    free(across);
    free(line);
    free(sum);
}

const char *positions_rule_name(enum positions_rule rule)
{
    static const char *const names[] = {[POSITIONS_PLAIN] = "bicubic",
                                        [POSITIONS_OFFSET] = "bicubic with offset 0.1 (old rule)",
                                        [POSITIONS_ANTIALIASED] = "antialiased bicubic"};
    return names[rule];
}
