/* The safetensors container: read from a map, written by safetensors_write.
 *
 * Layout: u64 little-endian N, N bytes of JSON, tensor data.  The JSON maps a
 * name to {"dtype", "shape", "data_offsets": [begin, end]}; offsets count from
 * byte 8 + N; data is little-endian, C order, in any alignment.
 *
 * Nothing in the file is believed: the tensors must tile the data section
 * exactly, each as long as its shape and dtype say.  The rules are those of the
 * official parser (safetensors 0.7, verdicts in the golden set), with three
 * limits of our own: 8 dimensions, integers below 2^63, and no NUL in the name
 * of an unknown field.  A name given twice is accepted as there when the last
 * one fits; it is recorded, so that a reader of weights can refuse it. */
#ifndef BASE_SAFETENSORS_H
#define BASE_SAFETENSORS_H

#include <stddef.h>

#include "base/file.h"
#include "base/outfile.h"
#include "base/status.h"

#define SAFETENSORS_MAX_DIMS 8
#define SAFETENSORS_MAX_HEADER ((size_t)100000000) /* bytes, as the official parser */

enum safetensors_dtype {
    SAFETENSORS_BOOL,
    SAFETENSORS_F4,
    SAFETENSORS_F6_E2M3,
    SAFETENSORS_F6_E3M2,
    SAFETENSORS_U8,
    SAFETENSORS_I8,
    SAFETENSORS_F8_E5M2,
    SAFETENSORS_F8_E4M3,
    SAFETENSORS_F8_E8M0,
    SAFETENSORS_I16,
    SAFETENSORS_U16,
    SAFETENSORS_F16,
    SAFETENSORS_BF16,
    SAFETENSORS_I32,
    SAFETENSORS_U32,
    SAFETENSORS_F32,
    SAFETENSORS_C64,
    SAFETENSORS_F64,
    SAFETENSORS_I64,
    SAFETENSORS_U64
};

struct safetensors_tensor {
    char *name;         /* ends in NUL; may hold NULs before that */
    size_t name_length;
    enum safetensors_dtype dtype;
    size_t n_dims;      /* 0: a scalar */
    size_t shape[SAFETENSORS_MAX_DIMS];
    size_t n;           /* elements; 0 is legal */
    size_t begin, size; /* bytes, begin counted from the start of the data section */
    const unsigned char *data; /* borrowed from the bytes parsed; any alignment */
};

struct safetensors {
    struct file_map map; /* empty when parsed from memory */
    struct safetensors_tensor *tensor; /* sorted by name, each name once */
    size_t n;
    char **duplicate;    /* names that stood in the header more than once */
    size_t n_duplicates;
    const unsigned char *data; /* the data section */
    size_t data_size;
};

int safetensors_open(struct safetensors *s, const char *path, struct status *st) MUST_CHECK;

/* The same from the bytes of a whole file, which are borrowed; `path` stands in messages. */
int safetensors_parse(struct safetensors *s, const char *path, const unsigned char *bytes, size_t size,
                      struct status *st) MUST_CHECK;
void safetensors_close(struct safetensors *s);

/* NULL if there is none of that name. */
const struct safetensors_tensor *safetensors_find(const struct safetensors *s, const char *name);

struct safetensors_item { /* a tensor to be written; all borrowed */
    const char *name;
    enum safetensors_dtype dtype; /* of whole bytes */
    size_t n_dims, shape[SAFETENSORS_MAX_DIMS];
    const void *data; /* as it lies in memory: a little-endian machine is asked for */
};

/* A whole file into out, which stays open: items in the order of the list, which begins with the widest, so that each
 * lies on a multiple of its width; metadata[2 * n_metadata]: keys and values, UTF-8.  A failed write shows when out is committed.
 * STATUS_INTERNAL for a text that is not UTF-8. */
int safetensors_write(struct outfile *out, const struct safetensors_item *item, size_t n, const char *const *metadata, size_t n_metadata,
                      struct status *st) MUST_CHECK;

/* Order of two names, byte by byte, NULs included. */
int safetensors_compare_names(const struct safetensors_tensor *a, const struct safetensors_tensor *b);

size_t safetensors_dtype_bits(enum safetensors_dtype dtype);
const char *safetensors_dtype_name(enum safetensors_dtype dtype);

/* "[2,3]" for messages; buffer holds SAFETENSORS_SHAPE_TEXT bytes. */
#define SAFETENSORS_SHAPE_TEXT 192
char *safetensors_shape_text(char *buffer, const size_t *shape, size_t n_dims);

#endif
