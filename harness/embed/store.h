/* Where embeddings are kept: an LMDB folder.
 *
 * Key: SHA-256 of the image file's bytes, then the fingerprint of what was
 * computed (weights, architecture, preprocessing, precision).  Value: a header
 * with the number of floats and their XXH3 checksum, then every readout as
 * float32.  A second table names each fingerprint in words.
 * Writing is by whole transactions: a killed run loses at most the one that was
 * open.  Several processes of one machine may share a store. */
#ifndef EMBED_STORE_H
#define EMBED_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

struct store;

struct store_key {
    uint8_t image[DIGEST_BYTES];
    uint8_t fingerprint[DIGEST_BYTES];
};

struct store_record {
    struct store_key key;
    float *value; /* [n], owned by whoever made the record */
    size_t n;
};

/* The folder is made where it is missing, unless the store is only read. */
int store_open(struct store **store, const char *directory, bool read_only, struct status *st) MUST_CHECK;
void store_close(struct store *store); /* NULL is fine */

/* value[n] is filled and *found true if the store has the record and it is whole.
 * A record of another length, or whose checksum is wrong, counts as not found and is
 * counted in *damaged (may be NULL): it will be computed and written again. */
int store_get(bool *found, float *value, size_t n, const struct store *store, const struct store_key *key, size_t *damaged,
              struct status *st) MUST_CHECK;

/* All of the records in one transaction. */
int store_put(struct store *store, const struct store_record *record, size_t n, struct status *st) MUST_CHECK;

int store_describe(struct store *store, const uint8_t fingerprint[DIGEST_BYTES], const char *words, struct status *st) MUST_CHECK;

/* For `inspect`: every fingerprint with its words, number of images and floats per image. */
typedef void store_visit(void *context, const char *words, const uint8_t fingerprint[DIGEST_BYTES], size_t n_images, size_t n_floats);
int store_list(const struct store *store, store_visit *visit, void *context, struct status *st) MUST_CHECK;

#endif
