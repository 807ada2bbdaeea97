/* Cutting a product into what the caches hold; see product.h. */
#include "encoder/product.h"

#include <omp.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "encoder/product_pack.h"

#define MOST_SLICE (2 * PRODUCT_DEPTH)
#define CHUNK_DEPTH (2 * MOST_SLICE) /* of the rows packed at once */
#define CHUNK_BYTES ((size_t)448 << 10) /* of them; what a second level of 512 KB leaves beside a panel's slice; one of 1 MB gains nothing by more */
#define GROUP_ROWS 224 /* 197 tokens in one group where CHUNK_BYTES allows */

struct product_scratch {
    int team;
    char *rows;   /* the packed rows */
    float *sums;  /* [n_sums] */
    size_t n_sums;
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
    s->rows = mem_huge(CHUNK_BYTES + MOST_SLICE * sizeof(float));
    s->tile = NEW((size_t)team, float *);
    s->wide = NEW((size_t)team, float *);
    s->gathered = NEW((size_t)team, float *);
    for (int i = 0; i < team; i++) {
        s->tile[i] = mem_aligned(GROUP_ROWS * set->columns, sizeof(float));
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
        free(s->sums);
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

/* Some blocks of the result's rows, from some of the depth. */
struct cut {
    struct product_range blocks;
    size_t row, n_rows;
    size_t k, depth; /* k a multiple of the slice */
    size_t slice;
};

static size_t slice_depth(const struct cut *c, size_t k)
{
    return c->depth - k < c->slice ? c->depth - k : c->slice;
}

/* Packed rows: [slice][block][its rows]. */
static void pack_block(const struct product *p, const struct product_set *set, const struct product_rows *x, const struct cut *c, size_t block,
                       struct product_scratch *s, int me)
{
    size_t first = product_block_start(c->blocks.of, block) - c->row, n = product_block_start(c->blocks.of, block + 1) - c->row - first;
    size_t size = product_row_size(set, p->precision);
    const float *row[PRODUCT_MAX_ROWS];
    float *gathered = s->gathered[me];
    for (size_t k = 0; k < c->depth; k += c->slice) {
        size_t depth = slice_depth(c, k);
        char *to = s->rows + (k * c->n_rows + first * product_packed_depth(set, p->precision, depth)) * size;
        if (x->halves) {
            product_pack_halves(to, x->halves + (c->row + first) * x->stride + c->k + k, x->stride, set, n, depth);
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            if (x->gather) {
                x->gather(gathered + i * MOST_SLICE, x->context, c->row + first + i, c->k + k, depth);
                row[i] = gathered + i * MOST_SLICE;
            } else {
                row[i] = x->x + (c->row + first + i) * x->stride + c->k + k;
            }
        }
        product_pack_block(to, set, p->precision, row, n, depth);
    }
}

/* One panel of weights over the packed rows. */
static void run_panel(const struct product_layout *y, const struct product *p, const struct product_set *set, const struct product_rows *x,
                      const struct cut *c, size_t panel, const struct product_end *end, struct product_scratch *s, int me)
{
    size_t first = panel * set->columns, left = p->n_out - first;
    size_t size = product_panel_size(p->precision), row_size = product_row_size(set, p->precision), lines = c->slice * set->columns * size / 64;
    const char *weights = (const char *)p->packed + (panel * panel_values(p, set) + c->k * set->columns) * size;
    float *tile = c->depth < p->n_in ? s->sums + panel * c->n_rows * set->columns : s->tile[me];
    const struct product_target target = {y, first, left < set->columns ? left : set->columns, end};
    for (size_t k = 0; k < c->depth; k += c->slice) {
        size_t depth = slice_depth(c, k);
        const char *slice = weights + k * set->columns * size;
        const char *rows = s->rows + k * c->n_rows * row_size;
        if (x->packed) {
            rows = (const char *)x->packed + ((c->k + k) * c->blocks.of->n_rows + c->row * product_packed_depth(set, p->precision, depth)) * row_size;
        }
        product_blocks(tile, set, p->precision, rows, slice, c->blocks, depth, c->k + k == 0, s->wide[me], slice + lines * 64, lines,
                       c->k + k + depth == p->n_in ? &target : NULL);
    }
}

static void run_cut(const struct product_layout *y, const struct product *p, const struct product_set *set, const struct product_rows *x,
                    const struct cut *c, const struct product_end *end, struct product_scratch *s)
{
    size_t panels = n_panels(p, set), blocks = x->packed ? 0 : c->blocks.n;
#pragma omp parallel num_threads(s->team) if (s->team > 1)
    {
        int me = omp_get_thread_num();
#pragma omp for schedule(static)
        for (size_t i = 0; i < blocks; i++) {
            pack_block(p, set, x, c, c->blocks.first + i, s, me);
        }
#pragma omp for schedule(static)
        for (size_t i = 0; i < panels; i++) {
            run_panel(y, p, set, x, c, i, end, s, me);
        }
    }
}

/* The partial sums of a group of rows, where the depth is more than a chunk's. */
static void make_room(struct product_scratch *s, size_t values)
{
    if (s->n_sums < values) {
        free(s->sums);
        s->sums = mem_huge(values * sizeof(float));
        s->n_sums = values;
    }
}

/* A group is as many whole blocks as the packed rows have room for.  Its rows are packed a chunk of the depth at a time;
 * the weights pass once for each group. */
void product_run(void *y, size_t ld, const struct product *p, const struct product_rows *x, size_t n_rows, const struct product_end *end,
                 struct product_scratch *s)
{
    const struct product_set *set = product_set();
    size_t slice = product_slice(set, p->precision), chunk = p->n_in < CHUNK_DEPTH ? (p->n_in + slice - 1) / slice * slice : CHUNK_DEPTH;
    size_t most = CHUNK_BYTES / (chunk * product_row_size(set, p->precision));
    const struct product_layout to = end->packed ? product_layout_packed(y, p->precision, n_rows, p->n_out)
                                                 : product_layout_rows(y, ld, end->halves, n_rows, p->n_out);
    const struct product_blocking *blocks = &to.blocks;
    size_t most_blocks = (most < GROUP_ROWS ? most : GROUP_ROWS) / set->rows, groups = (blocks->n_blocks - 1) / most_blocks + 1;
    for (size_t i = 0; i < groups; i++) {
        size_t first = blocks->n_blocks * i / groups, end_block = blocks->n_blocks * (i + 1) / groups, row = product_block_start(blocks, first);
        struct cut c = {.blocks = {blocks, first, end_block - first}, .row = row, .n_rows = product_block_start(blocks, end_block) - row, .slice = slice};
        if (p->n_in > chunk) {
            make_room(s, c.n_rows * n_panels(p, set) * set->columns);
        }
        for (; c.k < p->n_in; c.k += c.depth) {
            c.depth = p->n_in - c.k < chunk ? p->n_in - c.k : chunk;
            run_cut(&to, p, set, x, &c, end, s);
        }
    }
}
