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
    size_t n_jobs, batch;
    bool decode_only;
    size_t next, announced; /* jobs taken, and files announced; under the critical section `claim` */
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

/* A picture that cannot be used; of several reasons the first. */
static void refuse(struct picture *p, const struct status *why)
{
    if (!p->reason)
        p->reason = mem_strdup(why->text);
}

/* ---- the pictures in hand of one thread ---- */

struct hand {
    struct featurizer_workspace **workspace; /* [n_featurizers] */
    const struct job **job;                  /* [n_featurizers, batch] whose picture is in that place of the workspace */
    struct featurizer_item *item;            /* [batch] */
};

static void hand_make(struct hand *h, const struct work *w)
{
    h->workspace = NEW0(w->n_featurizers, struct featurizer_workspace *);
    h->job = NEW(w->n_featurizers * w->batch, const struct job *);
    h->item = NEW(w->batch, struct featurizer_item);
    for (size_t f = 0; f < w->n_featurizers && !w->decode_only; f++)
        h->workspace[f] = featurizer_workspace_new(&w->featurizer[f], w->batch);
}

static void hand_free(struct hand *h, const struct work *w)
{
    for (size_t f = 0; f < w->n_featurizers; f++)
        featurizer_workspace_free(h->workspace[f]);
    free(h->workspace);
    free(h->job);
    free(h->item);
}

/* Decoded once, handed to all that want it. */
static void take_picture(struct hand *h, struct work *w, const struct job *job)
{
    struct picture *p = &w->survey->picture[job->picture];
    struct radiograph r = {0};
    struct status st;
    size_t size;
    int code = decode(&r, &size, p, &st);
    for (size_t f = 0; f < w->n_featurizers && !code && !w->decode_only; f++)
        if (job->wanted[f]) {
            h->job[f * w->batch + featurizer_in_hand(h->workspace[f])] = job;
            code = featurizer_add(h->workspace[f], &w->featurizer[f], &r, size, &st);
        }
    radiograph_free(&r);
    if (code == STATUS_IO)
        give_up(w, &st);
    else if (code)
        refuse(p, &st);
}

/* One forward pass of all in hand; whatever of its products is wanted goes to the store. */
static void do_featurizer(struct hand *h, struct work *w, const struct featurizer *f, struct featurizer_workspace *workspace,
                          const struct job *const *job)
{
    size_t n = featurizer_in_hand(workspace), number = (size_t)(f - w->featurizer);
    for (size_t i = 0; i < n; i++)
        h->item[i] = (struct featurizer_item){.vector = NEW(f->width, float),
                                              .tokens = job[i]->wanted[number] & WANT_TOKENS ? NEW(f->token_floats, float) : NULL};
    if (n)
        featurizer_compute(h->item, f, workspace);
    for (size_t i = 0; i < n; i++) {
        struct featurizer_item *item = &h->item[i];
        struct picture *p = &w->survey->picture[job[i]->picture];
        bool fine = item->st.code == STATUS_OK;
        if (!fine)
            refuse(p, &item->st);
        if (fine && item->tokens)
            hand_over(w, p, f->token_fingerprint, item->tokens, f->token_floats);
        else
            free(item->tokens);
        if (fine && (job[i]->wanted[number] & WANT_VECTOR))
            hand_over(w, p, f->fingerprint, item->vector, f->width);
        else
            free(item->vector);
    }
}

/* ---- whose turn it is ---- */

#define LOOK_AHEAD 16 /* files announced before their turn, or two batches of every thread if that is more */

/* The next *n jobs from *first on: up to a batch, but no more than half of a fair share of what is left. */
static void claim(size_t *first, size_t *n, struct work *w)
{
    size_t n_threads = (size_t)omp_get_num_threads(), look_ahead = 2 * n_threads * w->batch, from, to;
#pragma omp critical(claim)
    {
        size_t share = (w->n_jobs - w->next) / (2 * n_threads);
        *first = w->next;
        *n = share < 1 ? 1 : share < w->batch ? share : w->batch;
        if (*n > w->n_jobs - *first)
            *n = w->n_jobs - *first;
        w->next += *n;
        from = w->announced > w->next ? w->announced : w->next;
        to = w->next + (look_ahead > LOOK_AHEAD ? look_ahead : LOOK_AHEAD);
        to = to < w->n_jobs ? to : w->n_jobs;
        w->announced = to > w->announced ? to : w->announced;
    }
    for (size_t i = from; i < to; i++)
        file_will_need(w->survey->picture[w->job[i].picture].path);
}

static bool may_go_on(const struct work *w)
{
    return !__atomic_load_n(&w->code, __ATOMIC_RELAXED) && !interrupt_requested();
}

static void work_through(struct work *w, struct progress *progress)
{
    struct hand hand;
    hand_make(&hand, w);
    for (size_t first, n, done; may_go_on(w);) {
        claim(&first, &n, w);
        if (n == 0)
            break;
        for (done = 0; done < n && (done == 0 || may_go_on(w)); done++)
            take_picture(&hand, w, &w->job[first + done]);
        for (size_t f = 0; f < w->n_featurizers && !w->decode_only; f++)
            do_featurizer(&hand, w, &w->featurizer[f], hand.workspace[f], hand.job + f * w->batch);
#pragma omp atomic
        w->counts->computed += done;
        progress_step(progress, done);
    }
    hand_free(&hand, w);
}

/* ---- what there is to do ---- */

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
                     .batch = options->batch ? options->batch : 1, .decode_only = options->decode_only};
    size_t *picture = different_pictures(&counts->pictures, survey, used, options);
    w.code = plan(&w, picture, counts->pictures);
    for (size_t f = 0; f < n_featurizers && !w.code && !options->decode_only; f++)
        w.code = describe(store, &featurizer[f], st);
    w.flushed = clock_seconds();
    struct progress progress;
    progress_begin(&progress, options->decode_only ? "decode" : "extract", "images", w.n_jobs, options->quiet);
    if (!w.code && w.n_jobs) {
#pragma omp parallel num_threads(options->n_threads)
        work_through(&w, &progress);
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
