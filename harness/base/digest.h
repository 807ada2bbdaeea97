/* SHA-256 (nettle) for what identifies: images, weights, manifests.  XXH3
 * (xxhash) for what only detects damage and for spreading seeds. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define DIGEST_BYTES 32
#define DIGEST_HEX (2 * DIGEST_BYTES + 1)

void digest_bytes(uint8_t out[DIGEST_BYTES], const void *data, size_t size);
int digest_file(uint8_t out[DIGEST_BYTES], const char *path, struct status *st) MUST_CHECK;
char *digest_hex(char out[DIGEST_HEX], const uint8_t digest[DIGEST_BYTES]);
uint64_t digest_checksum(const void *data, size_t size); /* XXH3, 64 bits */

#endif
