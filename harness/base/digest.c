#include "base/digest.h"

#include <nettle/sha2.h>
#include <string.h>
#include <xxhash.h>

#define CHUNK ((size_t)1 << 20) /* a multiple of every page size; 256 KB to 4 MB measure alike */

void digest_bytes(uint8_t out[DIGEST_BYTES], const void *data, size_t size)
{
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, size, data);
    sha256_digest(&context, DIGEST_BYTES, out);
}

bool digest_map(uint8_t out[DIGEST_BYTES], const struct file_map *map, const bool *stop)
{
    struct sha256_ctx context;
    sha256_init(&context);
    for (size_t at = 0; at < map->size; at += CHUNK) {
        size_t n = map->size - at < CHUNK ? map->size - at : CHUNK;
        if (stop && __atomic_load_n(stop, __ATOMIC_RELAXED))
            return false;
        sha256_update(&context, n, map->data + at);
        file_map_drop(map->data + at, n);
    }
    sha256_digest(&context, DIGEST_BYTES, out);
    return true;
}

int digest_file(uint8_t out[DIGEST_BYTES], const char *path, struct status *st)
{
    struct file_map map;
    int code = file_map(&map, path, st);
    if (code)
        return code;
    (void)digest_map(out, &map, NULL);
    file_unmap(&map);
    return STATUS_OK;
}

char *digest_hex(char out[DIGEST_HEX], const uint8_t digest[DIGEST_BYTES])
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        out[2 * i] = digit[digest[i] >> 4];
        out[2 * i + 1] = digit[digest[i] & 15];
    }
    out[DIGEST_HEX - 1] = '\0';
    return out;
}

bool digest_from_hex(uint8_t out[DIGEST_BYTES], const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(hex) != DIGEST_HEX - 1)
        return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        const char *high = strchr(digits, hex[2 * i]), *low = strchr(digits, hex[2 * i + 1]);
        if (!high || !low)
            return false;
        out[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return true;
}

uint64_t digest_checksum(const void *data, size_t size)
{
    return XXH3_64bits(data, size);
}
