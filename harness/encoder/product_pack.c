#include "encoder/product_pack.h"

#include <string.h>

size_t product_row_size(const struct product_set *set, enum encoder_precision precision)
{
    return precision == ENCODER_BF16 && set->block_bf16 ? sizeof(uint16_t) : sizeof(float);
}

size_t product_panel_size(enum encoder_precision precision)
{
    return precision == ENCODER_BF16 ? sizeof(uint16_t) : sizeof(float);
}

static void pack_pair_row(uint16_t *to, const struct product_set *set, const float *value, size_t n_columns, size_t k)
{
    uint16_t *pair = to + (k & ~(size_t)1) * set->columns + (k & 1), half[PRODUCT_MAX_COLUMNS];
    set->round(half, value, n_columns);
    for (size_t j = 0; j < n_columns; j++) {
        pair[2 * j] = half[j];
    }
}

void product_pack_panel(void *to, const struct product_set *set, enum encoder_precision precision, const float *const *row,
                        size_t n_columns, size_t depth)
{
    float value[PRODUCT_MAX_COLUMNS];
    size_t width = set->columns;
    if (precision == ENCODER_BF16) {
        memset(to, 0, product_depth(precision, depth) * width * sizeof(uint16_t));
    }
    for (size_t k = 0; k < depth; k++) {
        float *at = precision == ENCODER_BF16 ? value : (float *)to + k * width;
        for (size_t j = 0; j < n_columns; j++) {
            at[j] = row[j][k];
        }
        if (precision == ENCODER_BF16) {
            pack_pair_row(to, set, value, n_columns, k);
        } else {
            memset(at + n_columns, 0, (width - n_columns) * sizeof *at);
        }
    }
}

void product_pack_panel_across(void *to, const struct product_set *set, enum encoder_precision precision, const float *column,
                               size_t stride, size_t n_columns, size_t depth)
{
    size_t width = set->columns;
    if (precision == ENCODER_BF16) {
        memset(to, 0, product_depth(precision, depth) * width * sizeof(uint16_t));
    }
    for (size_t k = 0; k < depth; k++) {
        const float *from = column + k * stride;
        if (precision == ENCODER_BF16) {
            pack_pair_row(to, set, from, n_columns, k);
        } else {
            float *at = (float *)to + k * width;
            memcpy(at, from, n_columns * sizeof *at);
            memset(at + n_columns, 0, (width - n_columns) * sizeof *at);
        }
    }
}

size_t product_n_blocks(const struct product_set *set, size_t n_rows)
{
    return (n_rows - 1) / set->rows + 1;
}

size_t product_block_start(const struct product_set *set, size_t n_rows, size_t i)
{
    size_t row = i * set->rows;
    return row < n_rows ? row : n_rows;
}

void product_pack_block(void *to, const struct product_set *set, enum encoder_precision precision, const float *const *row, size_t n,
                        size_t depth)
{
    if (precision != ENCODER_BF16) {
        set->interleave(to, row, n, depth);
    } else if (set->block_bf16) {
        set->interleave_bf16(to, row, n, depth);
    } else {
        set->interleave(to, row, n, depth);
        set->round_in_float(to, n * depth);
        if (depth & 1) {
            memset((float *)to + n * depth, 0, n * sizeof(float));
        }
    }
}

void product_pack_rows(void *to, const struct product_set *set, enum encoder_precision precision, const float *x, size_t stride,
                       size_t n_rows, size_t depth)
{
    size_t size = product_row_size(set, precision);
    for (size_t k = 0; k < depth; k += PRODUCT_DEPTH) {
        size_t terms = depth - k < PRODUCT_DEPTH ? depth - k : PRODUCT_DEPTH;
        for (size_t first = 0; first < n_rows; first += set->rows) {
            const float *row[PRODUCT_MAX_ROWS];
            size_t n = n_rows - first < set->rows ? n_rows - first : set->rows;
            for (size_t i = 0; i < n; i++) {
                row[i] = x + (first + i) * stride + k;
            }
            product_pack_block((char *)to + (k * n_rows + first * product_depth(precision, terms)) * size, set, precision, row, n, terms);
        }
    }
}

void product_blocks(float *tile, const struct product_set *set, enum encoder_precision precision, const void *rows, const void *panel,
                    size_t n_rows, size_t depth, bool first, float *wide, const char *ahead, size_t n_ahead)
{
    size_t n_blocks = product_n_blocks(set, n_rows), lines = (n_ahead + n_blocks - 1) / n_blocks;
    bool native = precision == ENCODER_BF16 && set->block_bf16;
    depth = product_depth(precision, depth);
    if (precision == ENCODER_BF16 && !native) {
        set->widen(wide, panel, depth);
        panel = wide;
    }
    for (size_t i = 0; i < n_blocks; i++) {
        size_t row = i * set->rows, n = n_rows - row < set->rows ? n_rows - row : set->rows;
        size_t some = lines < n_ahead ? lines : n_ahead;
        if (native) {
            set->block_bf16(tile + row * set->columns, (const uint16_t *)rows + row * depth, panel, n, depth, first, ahead, some);
        } else {
            set->block(tile + row * set->columns, (const float *)rows + row * depth, panel, n, depth, first, ahead, some);
        }
        ahead += some * 64;
        n_ahead -= some;
    }
}
