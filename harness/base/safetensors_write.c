#include "base/safetensors.h"

#include <assert.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are written as they lie in memory");

static size_t elements(const struct safetensors_item *item)
{
    size_t n = 1;
    for (size_t i = 0; i < item->n_dims; i++)
        n *= item->shape[i];
    return n;
}

/* Bytes of the item, which the caller has in memory: their product cannot overflow. */
static size_t bytes_of(const struct safetensors_item *item)
{
    return elements(item) * (safetensors_dtype_bits(item->dtype) / 8);
}

/* The header as text; NULL if a text is not UTF-8. */
static char *header_text(const struct safetensors_item *item, size_t n, const char *const *metadata, size_t n_metadata)
{
    json_t *root = json_object(), *notes = json_object();
    bool whole = true;
    size_t at = 0;
    for (size_t i = 0; i < n_metadata; i++)
        whole &= json_object_set_new(notes, metadata[2 * i], json_string(metadata[2 * i + 1])) == 0;
    whole &= json_object_set_new(root, "__metadata__", notes) == 0;
    for (size_t i = 0; i < n; i++) {
        json_t *shape = json_array();
        for (size_t k = 0; k < item[i].n_dims; k++)
            json_array_append_new(shape, json_integer((json_int_t)item[i].shape[k]));
        json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", safetensors_dtype_name(item[i].dtype), "shape", shape, "data_offsets", (json_int_t)at,
                                  (json_int_t)(at + bytes_of(&item[i])));
        whole &= json_object_set_new(root, item[i].name, entry) == 0;
        at += bytes_of(&item[i]);
    }
    char *text = whole ? json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(root);
    return text;
}

int safetensors_write(struct outfile *out, const struct safetensors_item *item, size_t n, const char *const *metadata, size_t n_metadata,
                      struct status *st)
{
    for (size_t i = 0; i < n; i++)
        assert(item[i].n_dims <= SAFETENSORS_MAX_DIMS && safetensors_dtype_bits(item[i].dtype) % 8 == 0 &&
               (!i || safetensors_dtype_bits(item[i].dtype) <= safetensors_dtype_bits(item[i - 1].dtype)));
    char *header = header_text(item, n, metadata, n_metadata);
    if (!header)
        return status_set(st, STATUS_INTERNAL, "'%s': a text of its header is not UTF-8", out->path);
    size_t length = strlen(header), padded = (length + 7) / 8 * 8; /* blanks behind the JSON: the data begin on a multiple of 8 */
    unsigned char prefix[8];
    for (size_t i = 0; i < sizeof prefix; i++)
        prefix[i] = (unsigned char)((uint64_t)padded >> (8 * i));
    fwrite(prefix, 1, sizeof prefix, out->stream);
    fprintf(out->stream, "%s%*s", header, (int)(padded - length), "");
    for (size_t i = 0; i < n; i++)
        fwrite(item[i].data, 1, bytes_of(&item[i]), out->stream);
    free(header);
    return STATUS_OK;
}
