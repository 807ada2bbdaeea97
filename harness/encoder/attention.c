#include "encoder/attention.h"

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/product_pack.h"

#define GROUP_BLOCKS 8 /* of query rows at once; 48 rows of AVX2, 112 of AVX-512: the scores of 197 tokens take 40 and 100 KB */

/* One thread's. */
struct room {
    char *keys, *values; /* packed panels */
    char *rows;          /* packed queries, then packed weights */
    float *scores;       /* [group, ld] */
    float *inverse;      /* [group] */
    float *tile, *wide;
    const float **row;   /* [T] */
};

struct attention {
    const struct product_set *set;
    enum encoder_precision precision;
    size_t n_tokens, n_heads, width, group, ld;
    struct room *room;
    bool halves;
    int team;
};

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

struct attention *attention_new(size_t n_tokens, size_t n_heads, size_t head_width, enum encoder_precision precision, bool halves,
                                int team)
{
    struct attention *a = NEW0(1, struct attention);
    const struct product_set *set = product_set();
    *a = (struct attention){.set = set, .precision = precision, .n_tokens = n_tokens, .n_heads = n_heads, .width = head_width, .halves = halves,
                            .team = team};
    a->group = GROUP_BLOCKS * set->rows;
    a->group = a->group < n_tokens ? a->group : n_tokens;
    a->ld = round_up(n_tokens, 16);
    a->room = NEW0((size_t)team, struct room);
    size_t tokens = round_up(n_tokens, set->columns), width = round_up(head_width, set->columns), deep = round_up(n_tokens > head_width ? n_tokens : head_width, 2 * PRODUCT_LINE);
    for (int i = 0; i < team; i++) {
        struct room *r = &a->room[i];
        r->keys = mem_aligned(tokens * (head_width + 1), sizeof(float));
        r->values = mem_aligned(width * (n_tokens + 1), sizeof(float));
        r->rows = mem_aligned(a->group * deep, sizeof(float));
        r->scores = mem_aligned(a->group * a->ld, sizeof(float));
        memset(r->scores, 0, a->group * a->ld * sizeof(float)); /* what lies behind a row's last score is computed with, and not used */
        r->inverse = mem_aligned(a->group, sizeof(float));
        r->tile = mem_aligned(a->group * set->columns, sizeof(float));
        r->wide = mem_aligned(PRODUCT_DEPTH * set->columns, sizeof(float));
        r->row = NEW(tokens, const float *);
    }
    return a;
}

void attention_free(struct attention *a)
{
    for (int i = 0; a && i < a->team; i++) {
        struct room *r = &a->room[i];
        free(r->keys);
        free(r->values);
        free(r->rows);
        free(r->scores);
        free(r->inverse);
        free(r->tile);
        free(r->wide);
        free(r->row);
    }
    if (a) {
        free(a->room);
        free(a);
    }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Panel i of a packed side of this depth. */
static char *panel(const struct attention *a, char *packed, size_t i, size_t depth)
{
    return packed + i * product_depth(a->precision, depth) * a->set->columns * product_panel_size(a->precision);
}

/* Value k of a row of q, k, v or the context. */
static char *at(const struct attention *a, const void *x, size_t k)
{
    return (char *)(uintptr_t)x + k * (a->halves ? sizeof(uint16_t) : sizeof(float));
}

static void pack_keys_and_values(const struct attention *a, struct room *r, const void *key, const void *value, size_t stride)
{
    size_t columns = a->set->columns, T = a->n_tokens;
    for (size_t j = 0; j < T; j++) {
        r->row[j] = (const float *)(const void *)at(a, key, j * stride);
    }
    for (size_t j = 0; j < T; j += columns) {
        char *to = panel(a, r->keys, j / columns, a->width);
        if (a->halves) { /* a pair goes as a word */
            a->set->pack_panel((float *)(void *)to, r->row + j, smaller(columns, T - j), a->width / 2);
        } else {
            product_pack_panel(to, a->set, a->precision, r->row + j, smaller(columns, T - j), a->width);
        }
    }
    for (size_t j = 0; j < a->width; j += columns) {
        char *to = panel(a, r->values, j / columns, T);
        const void *from = at(a, value, j);
        size_t n = smaller(columns, a->width - j);
        if (a->halves) {
            a->set->pack_steps_halves((uint16_t *)(void *)to, from, stride, n, T);
        } else {
            product_pack_panel_across(to, a->set, a->precision, from, stride, n, T);
        }
    }
}

/* The packed rows times a panel, both `depth` deep; in the tile if there is no target. */
static void multiply(const struct attention *a, struct room *r, const char *packed_panel, const struct product_blocking *rows, size_t depth,
                     const struct product_target *target)
{
    const struct product_range all = {rows, 0, rows->n_blocks};
    const struct product_lines nothing = {packed_panel, 0};
    size_t slice = product_slice(a->set, a->precision), size = product_panel_size(a->precision), row_size = product_row_size(a->set, a->precision);
    for (size_t k = 0; k < depth; k += slice) {
        product_blocks(r->tile, a->set, a->precision, r->rows + k * rows->n_rows * row_size, packed_panel + k * a->set->columns * size, all,
                       smaller(slice, depth - k), k == 0, r->wide, nothing, nothing, k + slice >= depth ? target : NULL);
    }
}

/* The tile's rows, each times its factor, to rows row .. row + n - 1 and n_columns columns of the context. */
static void put_context(const struct product_layout *context, size_t row, size_t column, const struct attention *a, const struct room *r, size_t n,
                        size_t n_columns)
{
    for (size_t i = 0; i < n;) {
        struct product_place to = product_place_of(context, row + i, column);
        size_t rows = smaller(to.n_rows, n - i);
        const float *tile = r->tile + i * a->set->columns, *factor = r->inverse + i;
        if (a->halves) {
            a->set->weigh_halves((uint16_t *)(void *)to.at, to.row_stride, to.line_stride, tile, rows, n_columns, factor);
        } else {
            a->set->weigh((float *)(void *)to.at, to.row_stride, to.line_stride, tile, rows, n_columns, factor);
        }
        i += rows;
    }
}

/* n rows of one head, which are the context's from `row` on and begin at `column` there. */
static void run_group(const struct product_layout *context, size_t row, size_t column, const struct attention *a, struct room *r,
                      const void *query, size_t stride, size_t n)
{
    const struct product_end as_it_is = {.bias = NULL};
    size_t columns = a->set->columns, T = a->n_tokens;
    const struct product_layout scores = product_layout_rows(r->scores, a->ld, false, n, T);
    product_pack_rows(r->rows, a->set, a->precision, query, a->halves, stride, &scores.blocks, a->width);
    for (size_t j = 0; j < T; j += columns) {
        const struct product_target target = {&scores, j, smaller(columns, T - j), &as_it_is};
        multiply(a, r, panel(a, r->keys, j / columns, a->width), &scores.blocks, a->width, &target);
    }
    a->set->exponentials(r->scores, a->ld, n, T, (float)(1.0 / sqrt((double)a->width)), r->inverse);
    product_pack_rows(r->rows, a->set, a->precision, r->scores, false, a->ld, &scores.blocks, T);
    for (size_t j = 0; j < a->width; j += columns) {
        multiply(a, r, panel(a, r->values, j / columns, T), &scores.blocks, T, NULL);
        put_context(context, row, column + j, a, r, n, smaller(columns, a->width - j));
    }
}

static void run_head(const struct product_layout *context, size_t row, const struct attention *a, struct room *r, const void *qkv, size_t stride,
                     size_t head)
{
    size_t D = a->n_heads * a->width, column = head * a->width;
    pack_keys_and_values(a, r, at(a, qkv, D + column), at(a, qkv, 2 * D + column), stride);
    for (size_t i = 0; i < a->n_tokens; i += a->group) {
        run_group(context, row + i, column, a, r, at(a, qkv, i * stride + column), stride, smaller(a->group, a->n_tokens - i));
    }
}

void attention_run(const struct product_layout *context, size_t row, struct attention *a, const void *qkv, size_t ld_qkv)
{
#pragma omp parallel for schedule(static) num_threads(a->team) if (a->team > 1)
    for (size_t i = 0; i < a->n_heads; i++) {
        run_head(context, row, a, &a->room[omp_get_thread_num()], qkv, ld_qkv, i);
    }
}
