/* A zip archive in memory, whose parts are inflated one at a time and never
 * beyond a limit, whatever its directory says of their sizes (libzip). */
#ifndef BASE_ARCHIVE_H
#define BASE_ARCHIVE_H

#include <stddef.h>

#include "base/status.h"

struct archive {
    const char *name; /* for messages; borrowed, as the bytes are */
    void *zip;
};

/* STATUS_DATA if the bytes are no zip archive. */
int archive_open(struct archive *a, const char *name, const unsigned char *data, size_t size, struct status *st) MUST_CHECK;
/* A part by its path, to be freed.  Not there: *part is NULL and the outcome STATUS_OK.  Longer than `limit`, damaged (its
 * checksum), encrypted: STATUS_DATA. */
int archive_read(char **part, size_t *size, const struct archive *a, const char *path, size_t limit, struct status *st) MUST_CHECK;
void archive_close(struct archive *a);

#endif
