/* Every image file of a study looked at once, whatever the number of tasks that
 * use it: SHA-256 of its bytes, size, header; or why it cannot be used. */
#ifndef COHORT_SURVEY_H
#define COHORT_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "image/radiograph.h"
#include "image/signature.h"

struct picture {
    char *path;
    bool missing;
    char *reason;     /* NULL if the file is readable; else one sentence */
    size_t bytes;
    uint8_t digest[DIGEST_BYTES];
    struct radiograph_info info;
    bool decoded;     /* the signature is known */
    struct signature signature;
};

struct survey {
    struct picture *picture; /* sorted by path */
    size_t n;
};

/* Paths may repeat.  Unreadable pictures are no error here: they carry a reason. */
int survey_make(struct survey *s, const char *const *path, size_t n, int n_threads, bool quiet, struct status *st) MUST_CHECK;
/* Decodes every readable picture for its signature; one that cannot be decoded gets its reason.  cache: a file of signatures
 * by file digest, read and brought up to date, so that a picture is decoded once for all runs (NULL: none).  A cache that is damaged,
 * of another version or cannot be written is done without.  Interrupted, it keeps what is done.
 * *n_decoded (may be NULL): pictures that were not in the cache.  Per thread one decoded picture is in memory. */
int survey_decode(struct survey *s, const char *cache, int n_threads, bool quiet, size_t *n_decoded, struct status *st) MUST_CHECK;

/* What a picture is equal by: its pixels, or its file where it was not decoded. */
const uint8_t *survey_identity(const struct picture *p);

void survey_free(struct survey *s);
size_t survey_find(const struct survey *s, const char *path); /* the path must be there */

#endif
