/* Cutting a product into what the caches hold; see product.h. */
#include "encoder/product.h"

#include <omp.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "encoder/product_pack.h"

#define MOST_SLICE (2 * PRODUCT_DEPTH)
#define GROUP_BYTES ((size_t)4 << 20) /* of rows that the weights pass, all their depth: 197 of ViT-L's widest product in one group */
#define GROUP_ROWS 224                /* a slice of them, 224 KB, fits the second level of the cache beside a strip's tiles */
#define STRIP 8                       /* panels at once (measured on Zen 5 against 1: fp32 3 to 8 % of a forward pass, bf16 0 to 2 %) */

struct product_scratch {
    int team;
    char *rows;   /* the packed rows */
    size_t n_bytes;
    float **tile; /* [team] */
    float **wide; /* [team] */
    float **gathered; /* [team]: a slice of a block's rows */
};

const struct product_set *product_set(void)
{
    switch (cpu_level()) {
#if defined(__x86_64__)
    case CPU_AVX512_BF16:
        return &product_avx512_bf16;
    case CPU_AVX512:
        return &product_avx512;
    case CPU_AVX2:
        return &product_avx2;
#else
    case CPU_AVX512_BF16:
    case CPU_AVX512:
    case CPU_AVX2:
#endif
    case CPU_PORTABLE:
        break;
    }
    return &product_portable;
}

static size_t n_panels(const struct product *p, const struct product_set *set)
{
    return (p->n_out + set->columns - 1) / set->columns;
}

/* A panel's values in memory, all its depth. */
static size_t panel_values(const struct product *p, const struct product_set *set)
{
    return product_depth(p->precision, p->n_in) * set->columns;
}

void product_pack(struct product *p, const struct product_part *part, size_t n_parts, size_t n_in, enum encoder_precision precision)
{
    const struct product_set *set = product_set();
    *p = (struct product){.n_in = n_in, .precision = precision};
    for (size_t i = 0; i < n_parts; i++) {
        p->n_out += part[i].n;
    }
    const float **row = NEW(p->n_out, const float *);
    for (size_t i = 0, n = 0; i < n_parts; i++) {
        for (size_t j = 0; j < part[i].n; j++) {
            row[n++] = part[i].weight + j * n_in;
        }
    }
    size_t bytes = panel_values(p, set) * product_panel_size(precision), panels = n_panels(p, set);
    p->packed = mem_huge(panels * bytes);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < panels; i++) {
        size_t first = i * set->columns, left = p->n_out - first;
        product_pack_panel((char *)p->packed + i * bytes, set, precision, row + first, left < set->columns ? left : set->columns, n_in);
    }
    free(row);
}

void product_free(struct product *p)
{
    free(p->packed);
    *p = (struct product){0};
}

struct product_scratch *product_scratch_new(int team)
{
    const struct product_set *set = product_set();
    struct product_scratch *s = NEW0(1, struct product_scratch);
    s->team = team;
    s->tile = NEW((size_t)team, float *);
    s->wide = NEW((size_t)team, float *);
    s->gathered = NEW((size_t)team, float *);
    for (int i = 0; i < team; i++) {
        s->tile[i] = mem_aligned(STRIP * GROUP_ROWS * set->columns, sizeof(float));
        s->wide[i] = mem_aligned(PRODUCT_DEPTH * set->columns, sizeof(float));
        s->gathered[i] = mem_aligned(set->rows * MOST_SLICE, sizeof(float));
    }
    return s;
}

void product_scratch_free(struct product_scratch *s)
{
    for (int i = 0; s && i < s->team; i++) {
        free(s->tile[i]);
        free(s->wide[i]);
        free(s->gathered[i]);
    }
    if (s) {
        free(s->tile);
        free(s->wide);
        free(s->gathered);
        free(s->rows);
        free(s);
    }
}

bool product_takes_halves(enum encoder_precision precision, size_t n_in)
{
    return product_row_size(product_set(), precision) == sizeof(uint16_t) && n_in % 2 == 0;
}

bool product_takes_packed(enum encoder_precision precision, size_t n_in)
{
    return precision == ENCODER_FP32 || product_takes_halves(precision, n_in);
}

/* Some blocks of the result's rows. */
struct group {
    struct product_range blocks;
    size_t row, n_rows;
    size_t slice;
};

static size_t slice_depth(const struct product *p, const struct group *g, size_t k)
{
    return p->n_in - k < g->slice ? p->n_in - k : g->slice;
}

/* Packed rows: [slice][block][its rows]. */
static void pack_block(const struct product *p, const struct product_set *set, const struct product_rows *x, const struct group *g, size_t block,
                       struct product_scratch *s, int me)
{
    size_t first = product_block_start(g->blocks.of, block) - g->row, n = product_block_start(g->blocks.of, block + 1) - g->row - first;
    size_t size = product_row_size(set, p->precision);
    const float *row[PRODUCT_MAX_ROWS];
    float *gathered = s->gathered[me];
    for (size_t k = 0; k < p->n_in; k += g->slice) {
        size_t depth = slice_depth(p, g, k);
        char *to = s->rows + (k * g->n_rows + first * product_packed_depth(set, p->precision, depth)) * size;
        if (x->halves) {
            product_pack_halves(to, x->halves + (g->row + first) * x->stride + k, x->stride, set, n, depth);
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            if (x->gather) {
                x->gather(gathered + i * MOST_SLICE, x->context, g->row + first + i, k, depth);
                row[i] = gathered + i * MOST_SLICE;
            } else {
                row[i] = x->x + (g->row + first + i) * x->stride + k;
            }
        }
        product_pack_block(to, set, p->precision, row, n, depth);
    }
}

/* The group's packed rows, the slice that begins with term k. */
static struct product_lines slice_of_rows(const struct product *p, const struct product_set *set, const struct product_rows *x,
                                          const struct group *g, size_t k, const struct product_scratch *s)
{
    size_t size = product_row_size(set, p->precision), depth = product_packed_depth(set, p->precision, slice_depth(p, g, k));
    const char *at = x->packed ? (const char *)x->packed + (k * g->blocks.of->n_rows + g->row * depth) * size : s->rows + k * g->n_rows * size;
    return (struct product_lines){at, g->n_rows * depth * size / PRODUCT_LINE_BYTES};
}

/* Part i of n. */
static struct product_lines part_of(struct product_lines lines, size_t i, size_t n)
{
    size_t first = lines.n * i / n, behind = lines.n * (i + 1) / n;
    return (struct product_lines){lines.at + first * PRODUCT_LINE_BYTES, behind - first};
}

/* Panels of weights first .. behind - 1 over the packed rows: a slice of the rows, while it is in the second level of the cache, meets the
 * slices of all these panels, whose sums wait in tiles.  The next slice of the rows is fetched meanwhile. */
static void run_strip(const struct product_layout *y, const struct product *p, const struct product_set *set, const struct product_rows *x,
                      const struct group *g, size_t first, size_t behind, const struct product_end *end, struct product_scratch *s, int me)
{
    size_t size = product_panel_size(p->precision), lines = g->slice * set->columns * size / PRODUCT_LINE_BYTES;
    size_t panel_bytes = panel_values(p, set) * size;
    for (size_t k = 0; k < p->n_in; k += g->slice) {
        size_t depth = slice_depth(p, g, k), after = k + depth;
        bool last = after == p->n_in;
        const char *slices = (const char *)p->packed + k * set->columns * size;
        struct product_lines rows = slice_of_rows(p, set, x, g, k, s), next_rows = slice_of_rows(p, set, x, g, last ? 0 : after, s);
        if (last && (k == 0 || behind == n_panels(p, set))) { /* they are there, or the strips are at their end */
            next_rows.n = 0;
        }
        for (size_t i = first; i < behind; i++) {
            size_t column = i * set->columns, left = p->n_out - column;
            const char *slice = slices + i * panel_bytes, *next = slice + panel_bytes;
            if (i + 1 == behind) {
                next = last ? (const char *)p->packed + behind * panel_bytes : slices + first * panel_bytes + lines * PRODUCT_LINE_BYTES;
            }
            const struct product_target target = {y, column, left < set->columns ? left : set->columns, end};
            product_blocks(s->tile[me] + (i - first) * GROUP_ROWS * set->columns, set, p->precision, rows.at, slice, g->blocks, depth, k == 0,
                           s->wide[me], (struct product_lines){next, lines}, part_of(next_rows, i - first, behind - first), last ? &target : NULL);
        }
    }
}

static void run_group(const struct product_layout *y, const struct product *p, const struct product_set *set, const struct product_rows *x,
                    const struct group *g, const struct product_end *end, struct product_scratch *s)
{
    size_t panels = n_panels(p, set), blocks = x->packed ? 0 : g->blocks.n;
    size_t share = (panels - 1) / (size_t)s->team + 1, strip = share < STRIP ? share : STRIP;
#pragma omp parallel num_threads(s->team) if (s->team > 1)
    {
        int me = omp_get_thread_num();
#pragma omp for schedule(static)
        for (size_t i = 0; i < blocks; i++) {
            pack_block(p, set, x, g, g->blocks.first + i, s, me);
        }
#pragma omp for schedule(static)
        for (size_t i = 0; i < panels; i += strip) {
            run_strip(y, p, set, x, g, i, panels - i < strip ? panels : i + strip, end, s, me);
        }
    }
}

static void make_room(struct product_scratch *s, size_t bytes)
{
    if (s->n_bytes < bytes) {
        free(s->rows);
        s->rows = mem_huge(bytes);
        s->n_bytes = bytes;
    }
}

/* The weights pass once for each group of whole blocks. */
void product_run(void *y, size_t ld, const struct product *p, const struct product_rows *x, size_t n_rows, const struct product_end *end,
                 struct product_scratch *s)
{
    const struct product_set *set = product_set();
    size_t slice = product_slice(set, p->precision), row_bytes = product_packed_depth(set, p->precision, p->n_in) * product_row_size(set, p->precision);
    size_t most = GROUP_BYTES / row_bytes, most_blocks = (most < GROUP_ROWS ? most : GROUP_ROWS) / set->rows;
    const struct product_layout to = end->packed ? product_layout_packed(y, p->precision, n_rows, p->n_out)
                                                 : product_layout_rows(y, ld, end->halves, n_rows, p->n_out);
    const struct product_blocking *blocks = &to.blocks;
    size_t groups = most_blocks ? (blocks->n_blocks - 1) / most_blocks + 1 : blocks->n_blocks;
    for (size_t i = 0; i < groups; i++) {
        size_t first = blocks->n_blocks * i / groups, behind = blocks->n_blocks * (i + 1) / groups, row = product_block_start(blocks, first);
        const struct group g = {.blocks = {blocks, first, behind - first},
                                .row = row,
                                .n_rows = product_block_start(blocks, behind) - row,
                                .slice = slice};
        if (!x->packed) {
            make_room(s, g.n_rows * row_bytes);
        }
        run_group(&to, p, set, x, &g, end, s);
    }
}
