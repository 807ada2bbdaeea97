#include "embed/store.h"

#include <lmdb.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* Address space, not disk: the file grows as it is filled.  Doubled when it is full. */
#define FIRST_MAP ((size_t)4 << 30)
#define VALUE_MAGIC 0x31455653u /* "SVE1" */

struct store {
    char *directory;
    MDB_env *env;
    MDB_dbi embeddings, encoders;
};

struct value_header {
    uint32_t magic, n;
    uint64_t checksum;
};

static int failed(struct status *st, const struct store *s, const char *what, int error)
{
    return status_set(st, STATUS_IO, "store '%s': cannot %s: %s", s->directory, what, mdb_strerror(error));
}

static int open_tables(struct store *s, bool read_only)
{
    MDB_txn *txn;
    int error = mdb_txn_begin(s->env, NULL, read_only ? MDB_RDONLY : 0, &txn);
    if (error)
        return error;
    unsigned flags = read_only ? 0 : MDB_CREATE;
    error = mdb_dbi_open(txn, "embeddings", flags, &s->embeddings);
    if (!error)
        error = mdb_dbi_open(txn, "encoders", flags, &s->encoders);
    if (!error)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return error;
}

int store_open(struct store **store, const char *directory, bool read_only, struct status *st)
{
    *store = NULL;
    if (!read_only) {
        int code = file_make_directories(directory, st);
        if (code)
            return code;
    }
    struct store *s = NEW0(1, struct store);
    s->directory = mem_strdup(directory);
    int error = mdb_env_create(&s->env);
    if (!error)
        error = mdb_env_set_maxdbs(s->env, 4);
    if (!error)
        error = mdb_env_set_mapsize(s->env, FIRST_MAP);
    if (!error)
        error = mdb_env_open(s->env, directory, MDB_NOTLS | (read_only ? MDB_RDONLY : 0u), 0666);
    if (!error)
        error = mdb_reader_check(s->env, NULL); /* what killed processes left: it would hold old pages, and the places run out */
    if (!error)
        error = open_tables(s, read_only);
    if (error) {
        int code = error == ENOENT && read_only ? status_set(st, STATUS_IO, "there is no store in '%s' yet: `extract` makes and fills it", directory)
                   : error == MDB_NOTFOUND ? status_set(st, STATUS_DATA, "store '%s' holds no embeddings yet; `extract` fills it", directory)
                                           : failed(st, s, "open", error);
        store_close(s);
        return code;
    }
    *store = s;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->env)
        mdb_env_close(store->env);
    free(store->directory);
    free(store);
}

/* Another process may have made the store larger than our map. */
static int begin_read(const struct store *s, MDB_txn **txn)
{
    int error = mdb_txn_begin(s->env, NULL, MDB_RDONLY, txn);
    if (error != MDB_MAP_RESIZED)
        return error;
    error = mdb_env_set_mapsize(s->env, 0);
    return error ? error : mdb_txn_begin(s->env, NULL, MDB_RDONLY, txn);
}

static bool whole(const MDB_val *v, size_t *n)
{
    struct value_header h;
    if (v->mv_size < sizeof h)
        return false;
    memcpy(&h, v->mv_data, sizeof h);
    *n = h.n;
    return h.magic == VALUE_MAGIC && v->mv_size == sizeof h + (size_t)h.n * sizeof(float) &&
           digest_checksum((const char *)v->mv_data + sizeof h, v->mv_size - sizeof h) == h.checksum;
}

int store_get(bool *found, float *value, size_t n, const struct store *store, const struct store_key *key, size_t *damaged, struct status *st)
{
    MDB_txn *txn;
    MDB_val k = {sizeof *key, (void *)(uintptr_t)key}, v;
    size_t stored = 0;
    *found = false;
    int error = begin_read(store, &txn);
    if (error)
        return failed(st, store, "read", error);
    error = mdb_get(txn, store->embeddings, &k, &v);
    if (!error) {
        if (whole(&v, &stored) && stored == n) {
            memcpy(value, (const char *)v.mv_data + sizeof(struct value_header), n * sizeof *value);
            *found = true;
        } else if (damaged) {
            ++*damaged;
        }
    }
    mdb_txn_abort(txn);
    return error && error != MDB_NOTFOUND ? failed(st, store, "read", error) : STATUS_OK;
}

static int put_all(struct store *s, const struct store_record *record, size_t n)
{
    MDB_txn *txn;
    int error = mdb_txn_begin(s->env, NULL, 0, &txn);
    if (error)
        return error;
    for (size_t i = 0; i < n && !error; i++) {
        size_t bytes = record[i].n * sizeof(float);
        struct value_header h = {VALUE_MAGIC, (uint32_t)record[i].n, digest_checksum(record[i].value, bytes)};
        MDB_val k = {sizeof record[i].key, (void *)(uintptr_t)&record[i].key}, v = {sizeof h + bytes, NULL};
        error = mdb_put(txn, s->embeddings, &k, &v, MDB_RESERVE);
        if (!error) {
            memcpy(v.mv_data, &h, sizeof h);
            memcpy((char *)v.mv_data + sizeof h, record[i].value, bytes);
        }
    }
    if (error) {
        mdb_txn_abort(txn);
        return error;
    }
    return mdb_txn_commit(txn);
}

static int enlarge(struct store *s)
{
    MDB_envinfo info;
    int error = mdb_env_info(s->env, &info);
    return error ? error : mdb_env_set_mapsize(s->env, info.me_mapsize * 2);
}

/* Did a write fail only because the map was too small?  Then it has been made larger. */
static bool made_room(struct store *s, int *error)
{
    if (*error != MDB_MAP_FULL && *error != MDB_MAP_RESIZED)
        return false;
    *error = *error == MDB_MAP_FULL ? enlarge(s) : mdb_env_set_mapsize(s->env, 0);
    return !*error;
}

int store_put(struct store *store, const struct store_record *record, size_t n, struct status *st)
{
    int error;
    do
        error = put_all(store, record, n);
    while (made_room(store, &error));
    return error ? failed(st, store, "write", error) : STATUS_OK;
}

static int put_words(struct store *store, const uint8_t fingerprint[DIGEST_BYTES], const char *words)
{
    MDB_txn *txn;
    MDB_val k = {DIGEST_BYTES, (void *)(uintptr_t)fingerprint}, v = {strlen(words), (void *)(uintptr_t)words};
    int error = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (!error) {
        error = mdb_put(txn, store->encoders, &k, &v, 0);
        if (error)
            mdb_txn_abort(txn);
        else
            error = mdb_txn_commit(txn);
    }
    return error;
}

int store_describe(struct store *store, const uint8_t fingerprint[DIGEST_BYTES], const char *words, struct status *st)
{
    int error;
    do
        error = put_words(store, fingerprint, words);
    while (made_room(store, &error));
    return error ? failed(st, store, "write", error) : STATUS_OK;
}

int store_list(const struct store *store, store_visit *visit, void *context, struct status *st)
{
    MDB_txn *txn;
    MDB_cursor *encoders = NULL, *embeddings = NULL;
    MDB_val k, v, ek, ev;
    int error = begin_read(store, &txn);
    if (error)
        return failed(st, store, "read", error);
    error = mdb_cursor_open(txn, store->encoders, &encoders);
    while (!error && (error = mdb_cursor_get(encoders, &k, &v, MDB_NEXT)) == 0) {
        size_t n_images = 0, n_floats = 0, n;
        if (k.mv_size != DIGEST_BYTES)
            continue;
        error = mdb_cursor_open(txn, store->embeddings, &embeddings);
        while (!error && mdb_cursor_get(embeddings, &ek, &ev, MDB_NEXT) == 0)
            if (ek.mv_size == sizeof(struct store_key) && !memcmp((const char *)ek.mv_data + DIGEST_BYTES, k.mv_data, DIGEST_BYTES) &&
                whole(&ev, &n)) {
                n_images++;
                n_floats = n;
            }
        if (!error)
            mdb_cursor_close(embeddings);
        char *words = mem_strndup(v.mv_data, v.mv_size);
        visit(context, words, k.mv_data, n_images, n_floats);
        free(words);
    }
    if (encoders)
        mdb_cursor_close(encoders);
    mdb_txn_abort(txn);
    return error == MDB_NOTFOUND ? STATUS_OK : failed(st, store, "read", error);
}
