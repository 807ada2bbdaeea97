/* Reading safetensors.  Jansson decodes the JSON, but a header is cut into its
 * members here first, because Jansson knows neither a name given twice, nor a
 * NUL inside one, nor a depth of 128.  Format: github.com/huggingface/safetensors. */
#include "base/safetensors.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MAX_DEPTH 127 /* containers within one another; the 128th is refused */
#define PREFIX 8

static const struct {
    const char *name;
    unsigned bits;
} dtypes[] = {
    [SAFETENSORS_BOOL] = {"BOOL", 8},       [SAFETENSORS_F4] = {"F4", 4},           [SAFETENSORS_F6_E2M3] = {"F6_E2M3", 6},
    [SAFETENSORS_F6_E3M2] = {"F6_E3M2", 6}, [SAFETENSORS_U8] = {"U8", 8},           [SAFETENSORS_I8] = {"I8", 8},
    [SAFETENSORS_F8_E5M2] = {"F8_E5M2", 8}, [SAFETENSORS_F8_E4M3] = {"F8_E4M3", 8}, [SAFETENSORS_F8_E8M0] = {"F8_E8M0", 8},
    [SAFETENSORS_I16] = {"I16", 16},        [SAFETENSORS_U16] = {"U16", 16},        [SAFETENSORS_F16] = {"F16", 16},
    [SAFETENSORS_BF16] = {"BF16", 16},      [SAFETENSORS_I32] = {"I32", 32},        [SAFETENSORS_U32] = {"U32", 32},
    [SAFETENSORS_F32] = {"F32", 32},        [SAFETENSORS_C64] = {"C64", 64},        [SAFETENSORS_F64] = {"F64", 64},
    [SAFETENSORS_I64] = {"I64", 64},        [SAFETENSORS_U64] = {"U64", 64},
};

const char *safetensors_dtype_name(enum safetensors_dtype dtype)
{
    return dtypes[dtype].name;
}

size_t safetensors_dtype_bits(enum safetensors_dtype dtype)
{
    return dtypes[dtype].bits;
}

char *safetensors_shape_text(char *buffer, const size_t *shape, size_t n_dims)
{
    size_t used = 1;
    assert(n_dims <= SAFETENSORS_MAX_DIMS);
    strcpy(buffer, "[");
    for (size_t i = 0; i < n_dims; i++) {
        used += (size_t)snprintf(buffer + used, SAFETENSORS_SHAPE_TEXT - used, i ? ",%zu" : "%zu", shape[i]);
    }
    strcpy(buffer + used, "]");
    return buffer;
}

/* ---- cutting the header into members ---- */

struct cursor {
    const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && strchr(" \t\n\r", *c->at) && *c->at) {
        c->at++;
    }
}

static bool take(struct cursor *c, char wanted)
{
    skip_blanks(c);
    if (c->at == c->end || *c->at != wanted) {
        return false;
    }
    c->at++;
    return true;
}

/* From an opening quote to behind the closing one. */
static bool skip_string(struct cursor *c)
{
    for (c->at++; c->at < c->end; c->at++) {
        if (*c->at == '\\') {
            c->at++;
        } else if (*c->at == '"') {
            c->at++;
            return true;
        }
    }
    c->at = c->end; /* a backslash at the very end stepped over it */
    return false;
}

/* Over one value, whose inside is left to Jansson: brackets are counted, not
 * matched.  *too_deep tells why when the answer is no. */
static bool skip_value(struct cursor *c, bool *too_deep)
{
    size_t depth = 1; /* the header's own braces */
    while (c->at < c->end) {
        switch (*c->at) {
        case '"':
            if (!skip_string(c)) {
                return false;
            }
            continue;
        case '{':
        case '[':
            if (++depth > MAX_DEPTH) {
                *too_deep = true;
                return false;
            }
            break;
        case '}':
        case ']':
            if (depth == 1) {
                return true;
            }
            depth--;
            break;
        case ',':
            if (depth == 1) {
                return true;
            }
            break;
        default:
            break;
        }
        c->at++;
    }
    return false;
}

/* ---- one member ---- */

static int read_size(size_t *value, const json_t *number, const char *what, const char *name, const char *path,
                     struct status *st)
{
    if (!json_is_integer(number) || json_integer_value(number) < 0) {
        return status_set(st, STATUS_DATA, "'%s': tensor '%s': %s must hold integers from 0", path, name, what);
    }
    *value = (size_t)json_integer_value(number);
    return STATUS_OK;
}

static int read_tensor(struct safetensors_tensor *t, const json_t *entry, const char *path, struct status *st)
{
    const json_t *dtype = json_object_get(entry, "dtype");
    const json_t *shape = json_object_get(entry, "shape");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    size_t end = 0;
    if (!json_is_object(entry)) {
        return status_set(st, STATUS_DATA, "'%s': the entry of tensor '%s' is no JSON object", path, t->name);
    }
    if (!json_is_string(dtype) || !json_is_array(shape) || !json_is_array(offsets)) {
        return status_set(st, STATUS_DATA, "'%s': tensor '%s' lacks its %s", path, t->name,
                          !json_is_string(dtype)  ? "dtype"
                          : !json_is_array(shape) ? "shape"
                                                  : "data_offsets");
    }
    size_t kind = 0;
    while (kind < sizeof dtypes / sizeof *dtypes && strcmp(dtypes[kind].name, json_string_value(dtype)) != 0) {
        kind++;
    }
    if (kind == sizeof dtypes / sizeof *dtypes) {
        return status_set(st, STATUS_DATA, "'%s': tensor '%s' has the unknown dtype '%s'", path, t->name,
                          json_string_value(dtype));
    }
    t->dtype = (enum safetensors_dtype)kind;
    t->n_dims = json_array_size(shape);
    if (t->n_dims > SAFETENSORS_MAX_DIMS) {
        return status_set(st, STATUS_DATA, "'%s': tensor '%s' has %zu dimensions, at most %d are read", path, t->name,
                          t->n_dims, SAFETENSORS_MAX_DIMS);
    }
    t->n = 1;
    for (size_t i = 0; i < t->n_dims; i++) {
        int code = read_size(&t->shape[i], json_array_get(shape, i), "shape", t->name, path, st);
        if (code != STATUS_OK) {
            return code;
        }
        if (!size_mul(t->n, t->shape[i], &t->n)) {
            return status_set(st, STATUS_DATA, "'%s': the shape of tensor '%s' overflows", path, t->name);
        }
    }
    if (json_array_size(offsets) != 2) {
        return status_set(st, STATUS_DATA, "'%s': tensor '%s' has %zu data_offsets, not 2", path, t->name,
                          json_array_size(offsets));
    }
    int code = read_size(&t->begin, json_array_get(offsets, 0), "data_offsets", t->name, path, st);
    if (code == STATUS_OK) {
        code = read_size(&end, json_array_get(offsets, 1), "data_offsets", t->name, path, st);
    }
    if (code != STATUS_OK) {
        return code;
    }
    size_t bits;
    if (!size_mul(t->n, dtypes[kind].bits, &bits)) {
        return status_set(st, STATUS_DATA, "'%s': the shape of tensor '%s' overflows", path, t->name);
    }
    if (end < t->begin || bits % 8 != 0 || end - t->begin != bits / 8) {
        return status_set(st, STATUS_DATA, "'%s': tensor '%s' lies at bytes %zu to %zu, but its shape and dtype %s ask for %zu bits",
                          path, t->name, t->begin, end, dtypes[kind].name, bits);
    }
    t->size = end - t->begin;
    return STATUS_OK;
}

static int check_metadata(const json_t *metadata, const char *path, struct status *st)
{
    const char *key;
    json_t *value;
    if (json_is_null(metadata)) {
        return STATUS_OK;
    }
    if (!json_is_object(metadata)) {
        return status_set(st, STATUS_DATA, "'%s': __metadata__ is no JSON object", path);
    }
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value) {
        if (!json_is_string(value)) {
            return status_set(st, STATUS_DATA, "'%s': __metadata__ '%s' is no string", path, key);
        }
    }
    return STATUS_OK;
}

/* ---- the whole header ---- */

int safetensors_compare_names(const struct safetensors_tensor *a, const struct safetensors_tensor *b)
{
    size_t n = a->name_length < b->name_length ? a->name_length : b->name_length;
    int order = memcmp(a->name, b->name, n);
    return order ? order : (a->name_length > b->name_length) - (a->name_length < b->name_length);
}

/* By name; of one name, the later in the file first (`data` still points at the member in the header). */
static int by_name(const void *left, const void *right)
{
    const struct safetensors_tensor *a = left, *b = right;
    int order = safetensors_compare_names(a, b);
    return order ? order : (a->data < b->data) - (a->data > b->data);
}

static int by_offset(const void *left, const void *right)
{
    const struct safetensors_tensor *a = *(const struct safetensors_tensor *const *)left;
    const struct safetensors_tensor *b = *(const struct safetensors_tensor *const *)right;
    int order = (a->begin > b->begin) - (a->begin < b->begin);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

static int read_members(struct safetensors *s, const char *path, struct cursor c, struct status *st)
{
    const char *start = c.at;
    size_t capacity = 0;
    bool metadata_seen = false;
    json_error_t error;
    json_t *key = NULL, *value = NULL;
    int code = STATUS_OK;

    if (!take(&c, '{')) {
        return status_set(st, STATUS_DATA, "'%s': the header is no JSON object", path);
    }
    for (bool more = !take(&c, '}'); more;) {
        skip_blanks(&c);
        const char *from = c.at;
        if (c.at == c.end || *c.at != '"' || !skip_string(&c)) {
            code = status_set(st, STATUS_DATA, "'%s': the header is broken at byte %td: a name is missing", path, from - start);
            goto done;
        }
        key = json_loadb(from, (size_t)(c.at - from), JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        if (!key || !take(&c, ':')) {
            code = status_set(st, STATUS_DATA, "'%s': the header is broken at byte %td: %s", path, from - start,
                              key ? "a colon is missing" : error.text);
            goto done;
        }
        skip_blanks(&c);
        from = c.at;
        bool too_deep = false;
        if (!skip_value(&c, &too_deep)) {
            code = status_set(st, STATUS_DATA, "'%s': the header %s at byte %td", path,
                              too_deep ? "nests too deep" : "breaks off", c.at - start);
            goto done;
        }
        value = json_loadb(from, (size_t)(c.at - from), JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
        if (!value) {
            code = status_set(st, STATUS_DATA, "'%s': the header is broken behind byte %td: %s", path, from - start, error.text);
            goto done;
        }
        if (json_string_length(key) == strlen("__metadata__") && strcmp(json_string_value(key), "__metadata__") == 0) {
            code = metadata_seen ? status_set(st, STATUS_DATA, "'%s': the header has __metadata__ twice", path)
                                 : check_metadata(value, path, st);
            metadata_seen = true;
        } else {
            s->tensor = mem_grow(s->tensor, s->n, &capacity, sizeof *s->tensor);
            struct safetensors_tensor *t = &s->tensor[s->n++];
            *t = (struct safetensors_tensor){.name_length = json_string_length(key)};
            t->name = mem_alloc(t->name_length + 1, 1);
            memcpy(t->name, json_string_value(key), t->name_length + 1);
            t->data = (const unsigned char *)from;
            code = read_tensor(t, value, path, st);
        }
        json_decref(key);
        json_decref(value);
        key = value = NULL;
        if (code != STATUS_OK) {
            goto done;
        }
        more = take(&c, ',');
        if (!more && !take(&c, '}')) {
            code = status_set(st, STATUS_DATA, "'%s': the header breaks off at byte %td", path, c.at - start);
            goto done;
        }
    }
    skip_blanks(&c);
    if (c.at != c.end) {
        code = status_set(st, STATUS_DATA, "'%s': something follows the header's last brace at byte %td", path, c.at - start);
    }
done:
    json_decref(key);
    json_decref(value);
    return code;
}

/* Sort by name; of a name given more than once the last stays, as in the official parser. */
static void drop_duplicates(struct safetensors *s)
{
    size_t kept = 0, capacity = 0;
    if (s->n == 0) {
        return;
    }
    qsort(s->tensor, s->n, sizeof *s->tensor, by_name);
    for (size_t i = 0; i < s->n; i++) {
        if (kept && safetensors_compare_names(&s->tensor[kept - 1], &s->tensor[i]) == 0) {
            s->duplicate = mem_grow(s->duplicate, s->n_duplicates, &capacity, sizeof *s->duplicate);
            s->duplicate[s->n_duplicates++] = s->tensor[i].name;
        } else {
            s->tensor[kept++] = s->tensor[i];
        }
    }
    s->n = kept;
}

/* The tensors must cover the data section without gap or overlap. */
static int place_tensors(struct safetensors *s, const char *path, struct status *st)
{
    struct safetensors_tensor **order = NEW(s->n + 1, struct safetensors_tensor *);
    size_t at = 0;
    int code = STATUS_OK;
    for (size_t i = 0; i < s->n; i++) {
        order[i] = &s->tensor[i];
    }
    qsort(order, s->n, sizeof *order, by_offset);
    for (size_t i = 0; i < s->n; i++) {
        if (order[i]->begin != at) {
            code = status_set(st, STATUS_DATA, "'%s': tensor '%s' begins at byte %zu of the data, where %zu is due (a gap or an overlap)",
                              path, order[i]->name, order[i]->begin, at);
            goto done;
        }
        if (order[i]->size > s->data_size - at) {
            code = status_set(st, STATUS_DATA, "'%s' is cut short: tensor '%s' ends at byte %zu of the data, the file at %zu", path,
                              order[i]->name, at + order[i]->size, s->data_size);
            goto done;
        }
        order[i]->data = s->data + at;
        at += order[i]->size;
    }
    if (at != s->data_size) {
        code = status_set(st, STATUS_DATA, "'%s' holds %zu bytes of data, its tensors cover %zu", path, s->data_size, at);
    }
done:
    free(order);
    return code;
}

int safetensors_parse(struct safetensors *s, const char *path, const unsigned char *bytes, size_t size, struct status *st)
{
    uint64_t header = 0;
    *s = (struct safetensors){.n = 0};
    if (size < PREFIX) {
        return status_set(st, STATUS_DATA, "'%s' is no safetensors file: %zu bytes are less than a header's %d", path, size, PREFIX);
    }
    for (int i = PREFIX; i-- > 0;) {
        header = header << 8 | bytes[i];
    }
    if (header > SAFETENSORS_MAX_HEADER || header > size - PREFIX) {
        return status_set(st, STATUS_DATA, "'%s' is no safetensors file, or cut short: it tells of a header of %" PRIu64 " bytes, the file has %zu",
                          path, header, size);
    }
    s->data = bytes + PREFIX + header;
    s->data_size = size - PREFIX - (size_t)header;
    const char *text = (const char *)bytes + PREFIX;
    int code = read_members(s, path, (struct cursor){text, text + header}, st);
    if (code == STATUS_OK) {
        drop_duplicates(s);
        code = place_tensors(s, path, st);
    }
    if (code != STATUS_OK) {
        safetensors_close(s);
    }
    return code;
}

int safetensors_open(struct safetensors *s, const char *path, struct status *st)
{
    struct file_map map;
    *s = (struct safetensors){.n = 0};
    int code = file_map(&map, path, st);
    if (code != STATUS_OK) {
        return code;
    }
    code = safetensors_parse(s, path, map.data, map.size, st);
    if (code != STATUS_OK) {
        file_unmap(&map);
        return code;
    }
    s->map = map;
    return STATUS_OK;
}

void safetensors_close(struct safetensors *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->tensor[i].name);
    }
    for (size_t i = 0; i < s->n_duplicates; i++) {
        free(s->duplicate[i]);
    }
    free(s->tensor);
    free(s->duplicate);
    file_unmap(&s->map);
    *s = (struct safetensors){.n = 0};
}

static int name_against(const void *name, const void *element)
{
    const struct safetensors_tensor *wanted = name;
    return safetensors_compare_names(wanted, element);
}

const struct safetensors_tensor *safetensors_find(const struct safetensors *s, const char *name)
{
    struct safetensors_tensor wanted = {.name = (char *)(uintptr_t)name, .name_length = strlen(name)};
    return s->n ? bsearch(&wanted, s->tensor, s->n, sizeof *s->tensor, name_against) : NULL;
}
