#include "region/region_embed.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/progress.h"

#define FLUSH_SECONDS 0.25

static char *words_of(const struct featurizer *f, enum region_intensity intensity)
{
    return mem_printf("%s, regions of pictures %s", f->words, intensity == INTENSITY_STORED ? "as stored" : "min-maxed");
}

static void key_of(struct store_key *key, const struct featurizer *f, const struct region_set *s, const struct survey *survey, size_t region,
                   enum region_intensity intensity)
{
    const struct region *r = &s->region[region];
    const struct region_image *image = &s->image[r->image];
    const struct picture *p = &survey->picture[image->picture];
    bool whole = region + 1 == image->first_region + image->n_regions;
    if (whole && intensity == INTENSITY_MINMAX && f->encoder) {
        memcpy(key->image, p->digest, DIGEST_BYTES);
        memcpy(key->fingerprint, f->fingerprint, DIGEST_BYTES);
        return;
    }
    char hex[DIGEST_HEX], *words = words_of(f, intensity);
    char *text = mem_printf("region of %s: %zu %zu %zu %zu", digest_hex(hex, p->digest), r->box.left, r->box.top, r->box.right, r->box.bottom);
    digest_bytes(key->image, text, strlen(text));
    digest_bytes(key->fingerprint, words, strlen(words));
    free(text);
    free(words);
}

int region_read(float *vector, const struct store *store, const struct featurizer *f, const struct region_set *s, const struct survey *survey, size_t region,
                enum region_intensity intensity, struct status *st)
{
    struct store_key key;
    bool found;
    key_of(&key, f, s, survey, region, intensity);
    int code = store_get(&found, vector, f->width, store, &key, NULL, st);
    return code || found ? code : status_set(st, STATUS_DATA, "model '%s': a region of '%s' is not in the store", f->model->name, s->image[s->region[region].image].path);
}

struct work {
    struct store *store;
    const struct featurizer *f;
    const struct region_set *s;
    const struct survey *survey;
    const struct region_embed_options *o;
    bool *missing;       /* [n_regions] */
    size_t *job, n_jobs; /* images with a missing region */
    struct store_record *waiting;
    size_t n_waiting, capacity;
    double flushed;
    int code;            /* the first failure */
    struct status *st;
    struct region_embed_counts *counts;
};

/* Under the critical section. */
static void flush(struct work *w)
{
    if (!w->code && w->n_waiting) {
        int code = store_put(w->store, w->waiting, w->n_waiting, w->st);
        __atomic_store_n(&w->code, code, __ATOMIC_RELAXED);
    }
    for (size_t i = 0; i < w->n_waiting; i++)
        free(w->waiting[i].value);
    w->n_waiting = 0;
    w->flushed = clock_seconds();
}

static void fail(struct work *w, const struct status *why)
{
#pragma omp critical(regions)
    if (!w->code) {
        int code = status_set(w->st, why->code, "%s", why->text);
        __atomic_store_n(&w->code, code, __ATOMIC_RELAXED);
    }
}

/* What is in hand goes to the store; region[in hand]. */
static int compute(struct work *w, struct featurizer_workspace *workspace, const size_t *region, struct status *st)
{
    size_t n = featurizer_in_hand(workspace);
    int code = STATUS_OK;
    struct featurizer_item *item = NEW0(n + 1, struct featurizer_item);
    for (size_t i = 0; i < n; i++)
        item[i].vector = NEW(w->f->width, float);
    if (n)
        featurizer_compute(item, w->f, workspace);
    for (size_t i = 0; i < n && !code; i++)
        if (item[i].st.code)
            code = status_set(st, item[i].st.code, "'%s': %s", w->s->image[w->s->region[region[i]].image].path, item[i].st.text);
#pragma omp critical(regions)
    {
        for (size_t i = 0; i < n; i++) {
            if (item[i].st.code) {
                free(item[i].vector);
                continue;
            }
            w->waiting = mem_grow(w->waiting, w->n_waiting, &w->capacity, sizeof *w->waiting);
            struct store_record *r = &w->waiting[w->n_waiting++];
            *r = (struct store_record){.value = item[i].vector, .n = w->f->width};
            key_of(&r->key, w->f, w->s, w->survey, region[i], w->o->intensity);
            w->counts->computed++;
        }
        if (clock_seconds() - w->flushed >= FLUSH_SECONDS)
            flush(w);
    }
    free(item);
    return code;
}

static int decode(struct radiograph *r, size_t *size, const struct picture *p, enum region_intensity intensity, struct status *st)
{
    unsigned char *data;
    uint8_t digest[DIGEST_BYTES];
    int code = file_read(&data, size, p->path, 0, st);
    if (code)
        return code;
    digest_bytes(digest, data, *size);
    if (memcmp(digest, p->digest, DIGEST_BYTES) != 0)
        code = status_set(st, STATUS_IO, "'%s' changed while the program ran", p->path);
    else if ((code = radiograph_decode(r, data, *size, st)) || (code = crop_settle(r, intensity, st)))
        code = status_context(st, "'%s'", p->path);
    free(data);
    return code;
}

static int do_image(struct work *w, const struct region_image *image, struct featurizer_workspace *workspace, size_t batch, struct status *st)
{
    struct radiograph r = {0};
    size_t size = 0, *region = NEW(batch, size_t);
    int code = decode(&r, &size, &w->survey->picture[image->picture], w->o->intensity, st);
    for (size_t i = image->first_region; i < image->first_region + image->n_regions && !code; i++) {
        if (!w->missing[i])
            continue;
        struct radiograph part;
        crop_cut(&part, &r, w->s->region[i].box);
        region[featurizer_in_hand(workspace)] = i;
        code = featurizer_add_shown(workspace, w->f, &part, size, st);
        if (code)
            code = status_context(st, "'%s'", image->path);
        radiograph_free(&part);
        if (!code && featurizer_in_hand(workspace) == batch)
            code = compute(w, workspace, region, st);
    }
    if (!code)
        code = compute(w, workspace, region, st);
    free(region);
    radiograph_free(&r);
    return code;
}

static int plan(struct work *w, struct status *st)
{
    float *room = NEW(w->f->width, float);
    int code = STATUS_OK;
    for (size_t i = 0; i < w->s->n && !code; i++) {
        const struct region_image *image = &w->s->image[i];
        bool any = false;
        for (size_t k = image->first_region; k < image->first_region + image->n_regions && !code; k++) {
            struct store_key key;
            bool found = false;
            key_of(&key, w->f, w->s, w->survey, k, w->o->intensity);
            code = store_get(&found, room, w->f->width, w->store, &key, NULL, st);
            any |= w->missing[k] = !found;
        }
        if (any)
            w->job[w->n_jobs++] = i;
    }
    free(room);
    return code;
}

int region_embed(struct region_embed_counts *counts, struct store *store, const struct featurizer *f, const struct region_set *s, const struct survey *survey,
                 const struct region_embed_options *o, struct status *st)
{
    double began = clock_seconds();
    size_t batch = o->batch ? o->batch : 1;
    *counts = (struct region_embed_counts){0};
    struct work w = {.store = store, .f = f, .s = s, .survey = survey, .o = o, .missing = NEW0(s->n_regions + 1, bool), .job = NEW(s->n + 1, size_t),
                     .flushed = began, .st = st, .counts = counts};
    char *words = words_of(f, o->intensity);
    uint8_t fingerprint[DIGEST_BYTES];
    digest_bytes(fingerprint, words, strlen(words));
    w.code = plan(&w, st);
    if (!w.code)
        w.code = store_describe(store, fingerprint, words, st);
    if (!w.code)
        w.code = store_describe(store, f->fingerprint, f->words, st);
    free(words);
    struct progress progress;
    progress_begin(&progress, "regions", "images", w.n_jobs, o->quiet);
    if (!w.code && w.n_jobs) {
#pragma omp parallel num_threads(o->n_threads)
        {
            struct featurizer_workspace *workspace = featurizer_workspace_new(f, batch);
#pragma omp for schedule(dynamic, 1)
            for (size_t i = 0; i < w.n_jobs; i++) {
                struct status own = {0};
                if (__atomic_load_n(&w.code, __ATOMIC_RELAXED) || interrupt_requested())
                    continue;
                if (do_image(&w, &s->image[w.job[i]], workspace, batch, &own))
                    fail(&w, &own);
#pragma omp atomic
                counts->decoded++;
                progress_step(&progress, 1);
            }
            featurizer_workspace_free(workspace);
        }
        flush(&w);
        progress_end(&progress);
    }
    counts->seconds = clock_seconds() - began;
    free(w.missing);
    free(w.job);
    free(w.waiting);
    if (!w.code && interrupt_requested())
        return status_set(st, STATUS_INTERRUPTED, "stopped after %zu of %zu images; the same command goes on from here", counts->decoded, w.n_jobs);
    return w.code;
}
