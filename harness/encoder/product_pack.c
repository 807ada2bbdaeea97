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

void product_pack_halves(void *to, const uint16_t *row, size_t stride, const struct product_set *set, size_t n, size_t depth)
{
    const float *pairs[PRODUCT_MAX_ROWS]; /* a pair goes as a word */
    for (size_t i = 0; i < n; i++) {
        pairs[i] = (const float *)(const void *)(row + i * stride);
    }
    set->pack_rows(to, pairs, n, depth / 2);
}

void product_pack_rows(void *to, const struct product_set *set, enum encoder_precision precision, const void *x, bool halves,
                       size_t stride, size_t n_rows, size_t depth)
{
    size_t size = product_row_size(set, precision), n_blocks = product_n_blocks(set, n_rows), slice = product_slice(set, precision);
    for (size_t k = 0; k < depth; k += slice) {
        size_t terms = depth - k < slice ? depth - k : slice, packed = product_packed_depth(set, precision, terms);
        for (size_t b = 0; b < n_blocks; b++) {
            const float *row[PRODUCT_MAX_ROWS];
            size_t first = product_block_start(set, n_rows, b), n = product_block_start(set, n_rows, b + 1) - first;
            char *block = (char *)to + (k * n_rows + first * packed) * size;
            if (halves) {
                product_pack_halves(block, (const uint16_t *)x + first * stride + k, stride, set, n, terms);
                continue;
            }
            for (size_t i = 0; i < n; i++) {
                row[i] = (const float *)x + (first + i) * stride + k;
            }
            product_pack_block(block, set, precision, row, n, terms);
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
        char *to = NULL;
        if (target) {
            size_t size = target->end->halves ? sizeof(uint16_t) : sizeof(float);
            to = (char *)target->y + row * target->ld * size;
            fetch.to = to + target->first * size;
            fetch.to_stride = target->ld * size;
        } else if (!first) {
            fetch.to = (const char *)sums;
            fetch.to_stride = set->columns * sizeof *sums;
        }
        if (native) {
            set->block_bf16(sums, (const uint16_t *)rows + row * packed, panel, n, depth, first, &fetch);
        } else {
            set->block(sums, (const float *)rows + row * packed, panel, n, depth, first, &fetch);
        }
        if (target && target->end->halves) {
            set->finish_halves((uint16_t *)(void *)to, target->ld, sums, n, target->first, target->n, target->end);
        } else if (target) {
            set->finish((float *)(void *)to, target->ld, sums, n, target->first, target->n, target->end);
        }
        ahead += fetch.n_ahead * 64;
        n_ahead -= fetch.n_ahead;
    }
}
