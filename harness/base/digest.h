/* SHA-256 (nettle) for what identifies: images, weights, manifests.  XXH3
 * (xxhash) for what only detects damage and for spreading seeds. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/status.h"

#define DIGEST_BYTES 32
#define DIGEST_HEX (2 * DIGEST_BYTES + 1)

void digest_bytes(uint8_t out[DIGEST_BYTES], const void *data, size_t size);
/* The same of a mapped file, whose pages are dropped as they are done with: a file of gigabytes takes a megabyte.
 * false once *stop is set, which another thread may do (NULL: nobody will); `out` is then undefined. */
bool digest_map(uint8_t out[DIGEST_BYTES], const struct file_map *map, const bool *stop);
int digest_file(uint8_t out[DIGEST_BYTES], const char *path, struct status *st) MUST_CHECK;
char *digest_hex(char out[DIGEST_HEX], const uint8_t digest[DIGEST_BYTES]);
bool digest_from_hex(uint8_t out[DIGEST_BYTES], const char *hex); /* false for anything but 64 lower-case digits */
uint64_t digest_checksum(const void *data, size_t size); /* XXH3, 64 bits */

#endif
