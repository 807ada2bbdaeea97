#include "embed/extract.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/progress.h"

#define FLUSH_SECONDS 0.25
#define FLUSH_BYTES ((size_t)16 << 20)

/* One picture to decode, and for which featurizers. */
enum { WANT_VECTOR = 1, WANT_TOKENS = 2 };
struct job {
    size_t picture;
    uint8_t *wanted; /* [n_featurizers] of WANT_ */
};

struct work {
    struct survey *survey;
    struct store *store;
    const struct featurizer *featurizer;
    size_t n_featurizers;
    struct job *job;
    size_t n_jobs;
    bool decode_only;
    /* computed, not yet written; under the critical section `store` */
    struct store_record *waiting;
    size_t n_waiting, waiting_capacity, waiting_bytes;
    double flushed;
    /* the first failure of the store; ends the loop */
    int code;
    struct status *st;
    struct extract_counts *counts;
};

static void flush_waiting(struct work *w)
{
    if (!w->code && w->n_waiting) {
        int code = store_put(w->store, w->waiting, w->n_waiting, w->st);
        __atomic_store_n(&w->code, code, __ATOMIC_RELAXED); /* read by the loop without the lock */
    }
    for (size_t i = 0; i < w->n_waiting; i++)
        free(w->waiting[i].value);
    w->n_waiting = w->waiting_bytes = 0;
    w->flushed = clock_seconds();
}

/* value[n] is the store's from now on. */
static void hand_over(struct work *w, const struct picture *p, const uint8_t fingerprint[DIGEST_BYTES], float *value, size_t n)
{
#pragma omp critical(store)
    {
        w->waiting = mem_grow(w->waiting, w->n_waiting, &w->waiting_capacity, sizeof *w->waiting);
        struct store_record *r = &w->waiting[w->n_waiting++];
        *r = (struct store_record){.value = value, .n = n};
        memcpy(r->key.image, p->digest, DIGEST_BYTES);
        memcpy(r->key.fingerprint, fingerprint, DIGEST_BYTES);
        w->waiting_bytes += n * sizeof *value;
        w->counts->vectors++;
        if (w->waiting_bytes >= FLUSH_BYTES || clock_seconds() - w->flushed >= FLUSH_SECONDS)
            flush_waiting(w);
    }
}

/* A disk that fails, or files that change under us, are no property of a picture: the run ends. */
static void give_up(struct work *w, const struct status *why)
{
#pragma omp critical(store)
    if (!w->code) {
        int code = status_set(w->st, why->code, "%s", why->text);
        __atomic_store_n(&w->code, code, __ATOMIC_RELAXED);
    }
}

static int decode(struct radiograph *r, size_t *size, const struct picture *p, struct status *st)
{
    unsigned char *data;
    uint8_t digest[DIGEST_BYTES];
    int code = file_read(&data, size, p->path, 0, st);
    if (code)
        return code;
    digest_bytes(digest, data, *size);
    if (memcmp(digest, p->digest, DIGEST_BYTES) != 0)
        code = status_set(st, STATUS_IO, "'%s' changed while the program ran", p->path);
    else
        code = radiograph_decode(r, data, *size, st);
    free(data);
    return code;
}

/* One forward pass; whatever of its products is wanted goes to the store. */
static int do_featurizer(struct work *w, const struct picture *p, const struct featurizer *f, struct featurizer_workspace *workspace, uint8_t wanted,
                         const struct radiograph *r, size_t file_bytes, struct status *st)
{
    float *vector = NEW(f->width, float), *tokens = NULL;
    int code = featurizer_compute(vector, f, workspace, r, file_bytes, st);
    if (!code && (wanted & WANT_TOKENS)) {
        tokens = NEW(f->token_floats, float);
        code = featurizer_tokens(tokens, f, workspace, st);
        if (!code)
            hand_over(w, p, f->token_fingerprint, tokens, f->token_floats);
        else
            free(tokens);
    }
    if (!code && (wanted & WANT_VECTOR))
        hand_over(w, p, f->fingerprint, vector, f->width);
    else
        free(vector);
    return code;
}

static void do_job(struct work *w, const struct job *job, struct featurizer_workspace *const *workspace)
{
    struct picture *p = &w->survey->picture[job->picture];
    struct radiograph r = {0};
    struct status st;
    size_t size;
    int code = decode(&r, &size, p, &st);
    for (size_t f = 0; f < w->n_featurizers && !code && !w->decode_only; f++)
        if (job->wanted[f])
            code = do_featurizer(w, p, &w->featurizer[f], workspace[f], job->wanted[f], &r, size, &st);
    radiograph_free(&r);
    if (code == STATUS_IO)
        give_up(w, &st);
    else if (code)
        p->reason = mem_strdup(st.text);
}

static int by_digest(const void *a, const void *b, void *context)
{
    const struct survey *s = context;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    int order = memcmp(s->picture[i].digest, s->picture[j].digest, DIGEST_BYTES);
    return order ? order : (i > j) - (i < j);
}

/* Pictures of different bytes, wanted and of this shard, first of equals in path order; [*n], in path order. */
static size_t *different_pictures(size_t *n, const struct survey *s, const bool *used, const struct extract_options *o)
{
    size_t *list = NEW(s->n, size_t), m = 0, kept = 0;
    for (size_t i = 0; i < s->n; i++)
        if (used[i] && !s->picture[i].reason)
            list[m++] = i;
    if (m)
        qsort_r(list, m, sizeof *list, by_digest, (void *)(uintptr_t)s);
    bool *first = NEW0(s->n, bool);
    for (size_t i = 0; i < m; i++) {
        const uint8_t *digest = s->picture[list[i]].digest;
        bool mine = !o->n_shards || digest_checksum(digest, DIGEST_BYTES) % o->n_shards == o->shard - 1;
        first[list[i]] = mine && (i == 0 || memcmp(digest, s->picture[list[i - 1]].digest, DIGEST_BYTES) != 0);
    }
    for (size_t i = 0; i < s->n; i++)
        if (first[i])
            list[kept++] = i;
    free(first);
    *n = kept;
    return list;
}

static int is_stored(bool *found, float *room, const struct work *w, const struct picture *p, const uint8_t fingerprint[DIGEST_BYTES], size_t n)
{
    struct store_key key;
    memcpy(key.image, p->digest, DIGEST_BYTES);
    memcpy(key.fingerprint, fingerprint, DIGEST_BYTES);
    return store_get(found, room, n, w->store, &key, &w->counts->damaged, w->st);
}

/* What is not in the store yet. */
static int plan(struct work *w, const size_t *picture, size_t n)
{
    size_t widest = 1;
    for (size_t f = 0; f < w->n_featurizers; f++) {
        widest = w->featurizer[f].width > widest ? w->featurizer[f].width : widest;
        widest = w->featurizer[f].token_floats > widest ? w->featurizer[f].token_floats : widest;
    }
    float *room = NEW(widest, float);
    w->job = NEW0(n, struct job);
    int code = STATUS_OK;
    for (size_t i = 0; i < n && !code; i++) {
        const struct picture *p = &w->survey->picture[picture[i]];
        uint8_t any = 0, *wanted = NEW0(w->n_featurizers, uint8_t);
        for (size_t f = 0; f < w->n_featurizers && !code; f++) {
            const struct featurizer *feature = &w->featurizer[f];
            bool vector = false, tokens = true;
            code = is_stored(&vector, room, w, p, feature->fingerprint, feature->width);
            if (!code && feature->keep_tokens)
                code = is_stored(&tokens, room, w, p, feature->token_fingerprint, feature->token_floats);
            wanted[f] = (uint8_t)((vector ? 0 : WANT_VECTOR) | (tokens ? 0 : WANT_TOKENS));
            any |= wanted[f];
        }
        if (any)
            w->job[w->n_jobs++] = (struct job){picture[i], wanted};
        else
            free(wanted);
    }
    free(room);
    return code;
}

/* A copy of unreadable bytes is as unreadable. */
static void spread_reasons(struct survey *s, const bool *used)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; used[i] && s->picture[i].reason && !s->picture[i].missing && j < s->n; j++)
            if (used[j] && !s->picture[j].reason && !memcmp(s->picture[i].digest, s->picture[j].digest, DIGEST_BYTES))
                s->picture[j].reason = mem_strdup(s->picture[i].reason);
}

static int describe(struct store *store, const struct featurizer *f, struct status *st)
{
    int code = store_describe(store, f->fingerprint, f->words, st);
    return code || !f->keep_tokens ? code : store_describe(store, f->token_fingerprint, f->token_words, st);
}

int extract_study(struct extract_counts *counts, struct store *store, const struct featurizer *featurizer, size_t n_featurizers,
                  struct survey *survey, const bool *used, const struct extract_options *options, struct status *st)
{
    *counts = (struct extract_counts){0};
    struct work w = {.survey = survey, .store = store, .featurizer = featurizer, .n_featurizers = n_featurizers, .st = st, .counts = counts,
                     .decode_only = options->decode_only};
    size_t *picture = different_pictures(&counts->pictures, survey, used, options);
    w.code = plan(&w, picture, counts->pictures);
    for (size_t f = 0; f < n_featurizers && !w.code && !options->decode_only; f++)
        w.code = describe(store, &featurizer[f], st);
    w.flushed = clock_seconds();
    struct progress progress;
    progress_begin(&progress, options->decode_only ? "decode" : "extract", "images", w.n_jobs, options->quiet);
    if (!w.code && w.n_jobs) {
#pragma omp parallel num_threads(options->n_threads)
        {
            struct featurizer_workspace **workspace = NEW(n_featurizers, struct featurizer_workspace *);
            for (size_t f = 0; f < n_featurizers; f++)
                workspace[f] = featurizer_workspace_new(&featurizer[f]);
#pragma omp for schedule(dynamic, 1)
            for (size_t i = 0; i < w.n_jobs; i++) {
                if (__atomic_load_n(&w.code, __ATOMIC_RELAXED) || interrupt_requested())
                    continue;
                do_job(&w, &w.job[i], workspace);
#pragma omp atomic
                counts->computed++;
                progress_step(&progress, 1);
            }
            for (size_t f = 0; f < n_featurizers; f++)
                featurizer_workspace_free(workspace[f]);
            free(workspace);
        }
        flush_waiting(&w);
        progress_end(&progress);
    }
    for (size_t i = 0; i < w.n_jobs; i++) {
        counts->failed += survey->picture[w.job[i].picture].reason != NULL;
        free(w.job[i].wanted);
    }
    spread_reasons(survey, used);
    free(w.job);
    free(w.waiting);
    free(picture);
    if (!w.code && interrupt_requested())
        return status_set(st, STATUS_INTERRUPTED, "stopped after %zu of %zu images; the same command goes on from here", counts->computed,
                          w.n_jobs);
    if (!w.code && options->decode_only && counts->computed > counts->failed)
        return status_set(st, STATUS_DATA, "embeddings of %zu of %zu images are not in the store yet; run `extract` first",
                          counts->computed - counts->failed, counts->pictures);
    return w.code;
}

int extract_read(float *x, const struct store *store, const struct featurizer *f, const char *readout, const struct survey *survey,
                 const size_t *picture, size_t n, struct status *st)
{
    size_t width, missing = 0;
    int code = featurizer_readout_width(&width, f, readout, st);
    float *vector = NEW(f->width, float);
    for (size_t i = 0; i < n && !code; i++) {
        struct store_key key;
        bool found;
        memcpy(key.image, survey->picture[picture[i]].digest, DIGEST_BYTES);
        memcpy(key.fingerprint, f->fingerprint, DIGEST_BYTES);
        code = store_get(&found, vector, f->width, store, &key, NULL, st);
        if (!code && found)
            featurizer_read(x + i * width, f, readout, vector);
        missing += !found;
    }
    free(vector);
    if (!code && missing)
        return status_set(st, STATUS_DATA, "model '%s': %zu of %zu embeddings are not in the store yet; run `extract` first", f->model->name,
                          missing, n);
    return code;
}

int extract_read_tokens(float *tokens, const struct store *store, const struct featurizer *f, const struct picture *picture, struct status *st)
{
    struct store_key key;
    bool found;
    memcpy(key.image, picture->digest, DIGEST_BYTES);
    memcpy(key.fingerprint, f->token_fingerprint, DIGEST_BYTES);
    int code = store_get(&found, tokens, f->token_floats, store, &key, NULL, st);
    if (!code && !found)
        return status_set(st, STATUS_DATA, "model '%s': the tokens of '%s' are not in the store yet; run `extract` first", f->model->name,
                          picture->path);
    return code;
}
