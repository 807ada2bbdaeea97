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

size_t product_slice(const struct product_set *set, enum encoder_precision precision)
{
    return product_row_size(set, precision) == sizeof(uint16_t) ? 2 * PRODUCT_DEPTH : PRODUCT_DEPTH;
}

size_t product_packed_depth(const struct product_set *set, enum encoder_precision precision, size_t depth)
{
    size_t line = product_row_size(set, precision) == sizeof(uint16_t) ? 2 * PRODUCT_LINE : PRODUCT_LINE;
    return (depth + line - 1) / line * line;
}

void product_pack_panel(void *to, const struct product_set *set, enum encoder_precision precision, const float *const *row,
                        size_t n_columns, size_t depth)
{
    if (precision == ENCODER_BF16) {
        set->pack_panel_bf16(to, row, n_columns, depth);
    } else {
        set->pack_panel(to, row, n_columns, depth);
    }
}

void product_pack_panel_across(void *to, const struct product_set *set, enum encoder_precision precision, const float *column,
                               size_t stride, size_t n_columns, size_t depth)
{
    if (precision == ENCODER_BF16) {
        set->pack_steps_bf16(to, column, stride, n_columns, depth);
    } else {
        set->pack_steps(to, column, stride, n_columns, depth);
    }
}

size_t product_n_blocks(const struct product_set *set, size_t n_rows)
{
    return (n_rows - 1) / set->rows + 1;
}

size_t product_block_start(const struct product_set *set, size_t n_rows, size_t i)
{
    return n_rows * i / product_n_blocks(set, n_rows);
}

void product_pack_block(void *to, const struct product_set *set, enum encoder_precision precision, const float *const *row, size_t n,
                        size_t depth)
{
    if (precision != ENCODER_BF16) {
        set->pack_rows(to, row, n, depth);
    } else if (set->block_bf16) {
        set->pack_rows_bf16(to, row, n, depth);
    } else {
        set->pack_rows_rounded(to, row, n, depth);
    }
}

void product_pack_rows(void *to, const struct product_set *set, enum encoder_precision precision, const float *x, size_t stride,
                       size_t n_rows, size_t depth)
{
    size_t size = product_row_size(set, precision), n_blocks = product_n_blocks(set, n_rows), slice = product_slice(set, precision);
    for (size_t k = 0; k < depth; k += slice) {
        size_t terms = depth - k < slice ? depth - k : slice, packed = product_packed_depth(set, precision, terms);
        for (size_t b = 0; b < n_blocks; b++) {
            const float *row[PRODUCT_MAX_ROWS];
            size_t first = product_block_start(set, n_rows, b), n = product_block_start(set, n_rows, b + 1) - first;
            for (size_t i = 0; i < n; i++) {
                row[i] = x + (first + i) * stride + k;
            }
            product_pack_block((char *)to + (k * n_rows + first * packed) * size, set, precision, row, n, terms);
        }
    }
}

void product_blocks(float *tile, const struct product_set *set, enum encoder_precision precision, const void *rows, const void *panel,
                    size_t n_rows, size_t depth, bool first, float *wide, const char *ahead, size_t n_ahead,
                    const struct product_target *target)
{
    size_t n_blocks = product_n_blocks(set, n_rows), lines = (n_ahead + n_blocks - 1) / n_blocks;
    size_t packed = product_packed_depth(set, precision, depth);
    bool native = precision == ENCODER_BF16 && set->block_bf16;
    depth = product_depth(precision, depth);
    if (precision == ENCODER_BF16 && !native) {
        set->widen(wide, panel, depth);
        panel = wide;
    }
    for (size_t i = 0; i < n_blocks; i++) {
        size_t row = product_block_start(set, n_rows, i), n = product_block_start(set, n_rows, i + 1) - row;
        float *sums = tile + row * set->columns;
        struct product_fetch fetch = {.ahead = ahead, .n_ahead = lines < n_ahead ? lines : n_ahead};
        if (target) {
            fetch.to = (const char *)(target->y + row * target->ld + target->first);
            fetch.to_stride = target->ld * sizeof *sums;
        } else if (!first) {
            fetch.to = (const char *)sums;
            fetch.to_stride = set->columns * sizeof *sums;
        }
        if (native) {
            set->block_bf16(sums, (const uint16_t *)rows + row * packed, panel, n, depth, first, &fetch);
        } else {
            set->block(sums, (const float *)rows + row * packed, panel, n, depth, first, &fetch);
        }
        if (target) {
            set->finish(target->y + row * target->ld, target->ld, sums, n, target->first, target->n, target->end);
        }
        ahead += fetch.n_ahead * 64;
        n_ahead -= fetch.n_ahead;
    }
}
