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
                       size_t stride, const struct product_blocking *blocks, size_t depth)
{
    size_t size = product_row_size(set, precision), slice = product_slice(set, precision);
    for (size_t k = 0; k < depth; k += slice) {
        size_t terms = depth - k < slice ? depth - k : slice, packed = product_packed_depth(set, precision, terms);
        for (size_t b = 0; b < blocks->n_blocks; b++) {
            const float *row[PRODUCT_MAX_ROWS];
            size_t first = product_block_start(blocks, b), n = product_block_start(blocks, b + 1) - first;
            char *block = (char *)to + (k * blocks->n_rows + first * packed) * size;
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

/* The first n of the lines, which are then gone from them. */
static struct product_lines take(struct product_lines *lines, size_t n)
{
    struct product_lines taken = {lines->at, n < lines->n ? n : lines->n};
    *lines = (struct product_lines){lines->at + taken.n * PRODUCT_LINE_BYTES, lines->n - taken.n};
    return taken;
}

void product_blocks(float *tile, const struct product_set *set, enum encoder_precision precision, const void *rows, const void *panel,
                    struct product_range blocks, size_t depth, bool first, float *wide, struct product_lines next_panel,
                    struct product_lines next_rows, const struct product_target *target)
{
    size_t panel_lines = (next_panel.n + blocks.n - 1) / blocks.n, row_lines = (next_rows.n + blocks.n - 1) / blocks.n; /* a block */
    size_t packed = product_packed_depth(set, precision, depth);
    size_t row_size = product_row_size(set, precision);
    const char *a = rows;
    bool native = precision == ENCODER_BF16 && set->block_bf16;
    depth = product_depth(precision, depth);
    if (precision == ENCODER_BF16 && !native) {
        set->widen(wide, panel, depth);
        panel = wide;
    }
    for (size_t i = blocks.first; i < blocks.first + blocks.n; i++) {
        size_t row = product_block_start(blocks.of, i), n = product_block_start(blocks.of, i + 1) - row;
        struct product_fetch fetch = {.panel = take(&next_panel, panel_lines), .rows = take(&next_rows, row_lines)};
        struct product_place to = {.at = NULL};
        if (target) {
            to = product_place_of(target->y, row, target->first);
            fetch.to = to.at;
            /* a packed block's lines lie together */
            fetch.to_stride = target->y->ld ? to.row_stride * target->y->value : set->columns * sizeof *tile;
        } else if (!first) {
            fetch.to = (const char *)tile;
            fetch.to_stride = set->columns * sizeof *tile;
        }
        if (native) {
            set->block_bf16(tile, (const uint16_t *)(const void *)a, panel, n, depth, first, &fetch);
        } else {
            set->block(tile, (const float *)(const void *)a, panel, n, depth, first, &fetch);
        }
        if (target && target->end->halves) {
            set->finish_halves((uint16_t *)(void *)to.at, to.row_stride, to.line_stride, tile, n, target->first, target->n, target->end);
        } else if (target) {
            set->finish((float *)(void *)to.at, to.row_stride, to.line_stride, tile, n, target->first, target->n, target->end);
        }
        tile += n * set->columns;
        a += n * packed * row_size;
    }
}
