#include "encoder/product_layout.h"

#include "encoder/product_pack.h"

struct product_blocking product_blocking_of(const struct product_set *set, size_t n_rows)
{
    size_t n_blocks = (n_rows - 1) / set->rows + 1;
    return (struct product_blocking){n_rows, n_blocks, n_rows / n_blocks, n_rows % n_blocks};
}

struct product_layout product_layout_rows(void *y, size_t ld, bool halves, size_t n_rows, size_t n)
{
    return (struct product_layout){.y = y,
                                   .value = halves ? sizeof(uint16_t) : sizeof(float),
                                   .line = halves ? 2 * PRODUCT_LINE : PRODUCT_LINE,
                                   .n = n,
                                   .ld = ld,
                                   .blocks = product_blocking_of(product_set(), n_rows)};
}

struct product_layout product_layout_packed(void *y, enum encoder_precision precision, size_t n_rows, size_t n)
{
    const struct product_set *set = product_set();
    bool halves = product_row_size(set, precision) == sizeof(uint16_t);
    struct product_layout l = product_layout_rows(y, 0, halves, n_rows, n);
    l.slice = product_slice(set, precision);
    return l;
}

size_t product_packed_bytes(enum encoder_precision precision, size_t n_rows, size_t n)
{
    const struct product_set *set = product_set();
    return n_rows * product_packed_depth(set, precision, n) * product_row_size(set, precision);
}

struct product_place product_place_of(const struct product_layout *l, size_t row, size_t column)
{
    const struct product_blocking *b = &l->blocks;
    if (l->ld) {
        return (struct product_place){l->y + (row * l->ld + column) * l->value, l->ld, l->line, b->n_rows - row};
    }
    size_t of_longer = b->longer * (b->least + 1);
    size_t block = row < of_longer ? row / (b->least + 1) : b->longer + (row - of_longer) / b->least;
    size_t first = product_block_start(b, block), rows = b->least + (block < b->longer);
    size_t slice = column / l->slice * l->slice, within = column - slice, depth = l->n - slice < l->slice ? l->n - slice : l->slice;
    size_t packed = (depth + l->line - 1) / l->line * l->line;
    size_t at = slice * b->n_rows + first * packed + (within / l->line * rows + row - first) * l->line + within % l->line;
    return (struct product_place){l->y + at * l->value, l->line, rows * l->line, first + rows - row};
}
