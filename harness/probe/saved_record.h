/* Inside of a saved probe's files: the JSON beside the arrays. */
#ifndef PROBE_SAVED_RECORD_H
#define PROBE_SAVED_RECORD_H

#include <jansson.h>

#include "probe/saved.h"

/* With record_sha256; NULL if a text is not UTF-8.  tensors: file name and digest of the arrays. */
json_t *saved_record_make(const struct saved_probe *p, const char *file, const uint8_t digest[DIGEST_BYTES]);

/* Fills all of p but the arrays; *file, borrowed from the record, and digest are those of the arrays.  On failure p may hold texts. */
int saved_record_read(struct saved_probe *p, const char **file, uint8_t digest[DIGEST_BYTES], json_t *record, const char *path, struct status *st) MUST_CHECK;

/* Of the record without record_sha256, which is taken out.  false if it cannot be written. */
bool saved_record_digest(uint8_t digest[DIGEST_BYTES], json_t *record);

#endif
