/* Signatures of all pictures of a survey, and the file that keeps them between runs:
 * a header, records sorted by file digest, a checksum of both. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/outfile.h"
#include "base/progress.h"
#include "cohort/survey.h"

struct record {
    uint8_t file[DIGEST_BYTES];
    struct signature signature;
};

struct header {
    char magic[8];
    uint32_t version, record_bytes;
    uint64_t n;
};

static const struct header FRESH = {{'S', 'K', 'E', 'L', 'S', 'I', 'G', '\n'}, SIGNATURE_VERSION, sizeof(struct record), 0};

struct cache {
    struct record *record; /* [n], by file digest */
    size_t n;
};

static int by_file(const void *a, const void *b)
{
    return memcmp(((const struct record *)a)->file, ((const struct record *)b)->file, DIGEST_BYTES);
}

/* Empty if the file is not there, not whole or not ours. */
static void cache_read(struct cache *c, const char *path)
{
    unsigned char *data = NULL;
    size_t size;
    struct header h;
    struct status ignored;
    uint64_t sum;
    *c = (struct cache){0};
    if (!path || !file_exists(path) || file_read(&data, &size, path, 0, &ignored))
        return;
    if (size >= sizeof h + sizeof sum) {
        memcpy(&h, data, sizeof h);
        memcpy(&sum, data + size - sizeof sum, sizeof sum);
        size_t room = size - sizeof h - sizeof sum;
        if (!memcmp(h.magic, FRESH.magic, sizeof h.magic) && h.version == FRESH.version && h.record_bytes == FRESH.record_bytes &&
            room % sizeof(struct record) == 0 && h.n == room / sizeof(struct record) && sum == digest_checksum(data, size - sizeof sum)) {
            c->n = (size_t)h.n;
            c->record = NEW(c->n, struct record);
            memcpy(c->record, data + sizeof h, room);
        }
    }
    free(data);
}

/* What was known and what is new, in one order whoever decoded what.  Failure leaves the old file. */
static void cache_write(const struct cache *c, const struct survey *s, const char *path)
{
    struct status ignored;
    struct outfile out;
    struct record *all = NEW0(c->n + s->n, struct record);
    struct header h = FRESH;
    size_t n = c->n, kept = 0;
    if (n)
        memcpy(all, c->record, n * sizeof *all);
    for (size_t i = 0; i < s->n; i++)
        if (s->picture[i].decoded) {
            memcpy(all[n].file, s->picture[i].digest, DIGEST_BYTES);
            all[n++].signature = s->picture[i].signature;
        }
    if (n)
        qsort(all, n, sizeof *all, by_file);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_file(&all[i], &all[kept - 1]) != 0)
            all[kept++] = all[i];
    h.n = kept;
    size_t bytes = sizeof h + kept * sizeof *all;
    unsigned char *text = NEW(bytes, unsigned char);
    memcpy(text, &h, sizeof h);
    memcpy(text + sizeof h, all, kept * sizeof *all);
    uint64_t sum = digest_checksum(text, bytes);
    char *folder = path_directory(path);
    if (!file_make_directories(folder, &ignored) && !outfile_open(&out, path, &ignored)) {
        if (fwrite(text, 1, bytes, out.stream) == bytes && fwrite(&sum, sizeof sum, 1, out.stream) == 1)
            (void)!outfile_commit(&out, &ignored);
        else
            outfile_discard(&out);
    }
    free(folder);
    free(text);
    free(all);
}

static void decode(struct picture *p)
{
    struct file_map map;
    struct radiograph r;
    struct status st;
    if (file_map(&map, p->path, &st)) {
        p->reason = mem_strdup(st.text);
        return;
    }
    if (radiograph_decode(&r, map.data, map.size, &st)) {
        p->reason = mem_strdup(st.text);
    } else {
        signature_make(&p->signature, &r);
        p->decoded = true;
        radiograph_free(&r);
    }
    file_unmap(&map);
}

int survey_decode(struct survey *s, const char *cache, int n_threads, bool quiet, size_t *n_decoded, struct status *st)
{
    struct cache known;
    struct progress progress;
    size_t n = 0, *todo = NEW(s->n, size_t);
    cache_read(&known, cache);
    for (size_t i = 0; i < s->n; i++) {
        struct picture *p = &s->picture[i];
        struct record key;
        if (p->reason || p->decoded)
            continue;
        memcpy(key.file, p->digest, DIGEST_BYTES);
        const struct record *found = known.n ? bsearch(&key, known.record, known.n, sizeof key, by_file) : NULL;
        if (found) {
            p->signature = found->signature;
            p->decoded = true;
        } else {
            todo[n++] = i;
        }
    }
    if (n) {
        progress_begin(&progress, "audit", "images", n, quiet);
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
        for (size_t i = 0; i < n; i++) {
            if (interrupt_requested())
                continue;
            decode(&s->picture[todo[i]]);
            progress_step(&progress, 1);
        }
        progress_end(&progress);
        if (cache)
            cache_write(&known, s, cache);
    }
    free(todo);
    free(known.record);
    if (n_decoded)
        *n_decoded = n;
    if (interrupt_requested())
        return status_set(st, STATUS_INTERRUPTED, "stopped while auditing the images; those done are not decoded again");
    return STATUS_OK;
}

const uint8_t *survey_identity(const struct picture *p)
{
    return p->decoded ? p->signature.pixels : p->digest;
}
