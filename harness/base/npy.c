#include "base/npy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/half.h"
#include "base/memory.h"
#include "base/number.h"

static const char MAGIC[6] = "\x93NUMPY";

/* Text behind "'key':" in the header's dict, or NULL. */
static const char *field(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (!at)
        return NULL;
    at += strlen(key);
    while (*at == ' ' || *at == ':' || *at == '\'')
        at++;
    return at;
}

static int parse_header(struct npy *a, char *header, const char *path, struct status *st)
{
    const char *type = field(header, "'descr'"), *order = field(header, "'fortran_order'"), *shape = field(header, "'shape'");
    if (!type || !order || !shape || strlen(type) < 3)
        return status_set(st, STATUS_DATA, "'%s': not a .npy header: %.60s", path, header);
    if (strncmp(order, "False", 5) != 0)
        return status_set(st, STATUS_DATA, "'%s': Fortran order is not supported", path);
    a->kind = type[1];
    a->item = (size_t)strtoul(type + 2, NULL, 10);
    bool known = (a->kind == 'f' && (a->item == 2 || a->item == 4 || a->item == 8)) || (a->kind == 'b' && a->item == 1) ||
                 ((a->kind == 'i' || a->kind == 'u') && (a->item == 1 || a->item == 2 || a->item == 4 || a->item == 8));
    if (!known || (type[0] != '<' && type[0] != '|'))
        return status_set(st, STATUS_DATA, "'%s': element type '%.4s' is not supported", path, type);
    if (*shape++ != '(')
        return status_set(st, STATUS_DATA, "'%s': shape is not a tuple", path);
    a->n = 1;
    for (;;) {
        while (*shape == ' ' || *shape == ',')
            shape++;
        if (*shape == ')')
            return STATUS_OK;
        if (!isdigit((unsigned char)*shape) || a->n_dims == NPY_MAX_DIMS)
            return status_set(st, STATUS_DATA, "'%s': unusable shape", path);
        char *end;
        size_t extent = (size_t)strtoull(shape, &end, 10);
        shape = end;
        a->shape[a->n_dims++] = extent;
        if (!size_mul(a->n, extent, &a->n))
            return status_set(st, STATUS_DATA, "'%s': shape overflows", path);
    }
}

int npy_read(struct npy *array, const char *path, struct status *st)
{
    struct file_map map;
    *array = (struct npy){0};
    int code = file_map(&map, path, st);
    if (code)
        return code;
    char *header = NULL;
    const unsigned char *p = map.data;
    size_t prefix = map.size >= 12 && p[6] > 1 ? 12 : 10, length, bytes;
    if (map.size < prefix || memcmp(p, MAGIC, sizeof MAGIC) != 0) {
        code = status_set(st, STATUS_DATA, "'%s' is not a .npy file", path);
        goto done;
    }
    length = (size_t)p[8] | (size_t)p[9] << 8;
    if (prefix == 12)
        length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    if (length > map.size - prefix) {
        code = status_set(st, STATUS_DATA, "'%s': header of %zu bytes in a file of %zu", path, length, map.size);
        goto done;
    }
    header = mem_strndup((const char *)p + prefix, length);
    code = parse_header(array, header, path, st);
    if (code)
        goto done;
    if (!size_mul(array->n, array->item, &bytes) || bytes != map.size - prefix - length) {
        code = status_set(st, STATUS_DATA, "'%s': %zu elements of %zu bytes do not fill the file", path, array->n, array->item);
        goto done;
    }
    array->data = mem_aligned(bytes ? bytes : 1, 1);
    memcpy(array->data, p + prefix + length, bytes);
done:
    free(header);
    file_unmap(&map);
    if (code)
        npy_free(array);
    return code;
}

void npy_free(struct npy *array)
{
    free(array->data);
    *array = (struct npy){0};
}

double npy_value(const struct npy *a, size_t i)
{
    const unsigned char *at = a->data + i * a->item;
#define AS(type)                   \
    do {                           \
        type v;                    \
        memcpy(&v, at, sizeof v);  \
        return (double)v;          \
    } while (0)
    switch (a->kind) {
    case 'f':
        if (a->item == 2) {
            uint16_t half;
            memcpy(&half, at, sizeof half);
            return (double)half_to_float(half);
        }
        if (a->item == 4)
            AS(float);
        AS(double);
    case 'i':
        switch (a->item) {
        case 1: AS(int8_t);
        case 2: AS(int16_t);
        case 4: AS(int32_t);
        default: AS(int64_t);
        }
    default:
        switch (a->item) {
        case 1: AS(uint8_t);
        case 2: AS(uint16_t);
        case 4: AS(uint32_t);
        default: AS(uint64_t);
        }
    }
#undef AS
}

float *npy_floats(const struct npy *array)
{
    float *out = mem_aligned(array->n ? array->n : 1, sizeof *out);
    for (size_t i = 0; i < array->n; i++)
        out[i] = (float)npy_value(array, i);
    return out;
}

double *npy_doubles(const struct npy *array)
{
    double *out = mem_aligned(array->n ? array->n : 1, sizeof *out);
    for (size_t i = 0; i < array->n; i++)
        out[i] = npy_value(array, i);
    return out;
}

int npy_begin(struct outfile *out, const char *path, const char *type, const size_t *shape, size_t n_dims, struct status *st)
{
    int code = outfile_open(out, path, st);
    if (code)
        return code;
    char extents[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < n_dims; i++)
        used += (size_t)snprintf(extents + used, sizeof extents - used, "%zu,%s", shape[i], i + 1 < n_dims ? " " : "");
    if (n_dims > 1)
        extents[used - 1] = '\0'; /* numpy writes (3, 4) but (3,) */
    char header[512];
    int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, extents);
    /* The header ends in a newline and data begin at a multiple of 64. */
    size_t total = ((size_t)length + 1 + 10 + 63) / 64 * 64 - 10;
    unsigned char version[4] = {1, 0, (unsigned char)(total & 255), (unsigned char)(total >> 8)};
    fwrite(MAGIC, 1, sizeof MAGIC, out->stream);
    fwrite(version, 1, sizeof version, out->stream);
    fprintf(out->stream, "%-*s\n", (int)total - 1, header);
    return STATUS_OK;
}

int npy_write_float(const char *path, const float *data, const size_t *shape, size_t n_dims, struct status *st)
{
    struct outfile out;
    size_t n = 1;
    int code = npy_begin(&out, path, "<f4", shape, n_dims, st);
    if (code)
        return code;
    for (size_t i = 0; i < n_dims; i++)
        n *= shape[i];
    if (n)
        fwrite(data, sizeof *data, n, out.stream);
    return outfile_commit(&out, st);
}
