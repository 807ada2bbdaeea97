#include "encoder/model_config.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"

#define MAX_BYTES ((size_t)16 << 20) /* 21,841 labels of ImageNet take 2 MB */

int model_config_read(struct model_config *c, const char *path, struct status *st)
{
    unsigned char *bytes;
    size_t size;
    json_error_t error;
    *c = (struct model_config){.path = NULL};
    int code = file_read(&bytes, &size, path, MAX_BYTES, st);
    if (code != STATUS_OK) {
        return code;
    }
    c->json = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, &error);
    free(bytes);
    if (!c->json) {
        return status_set(st, STATUS_DATA, "'%s', line %d: %s", path, error.line, error.text);
    }
    c->path = mem_strdup(path);
    if (!json_is_object(c->json)) {
        model_config_free(c);
        return status_set(st, STATUS_DATA, "'%s' holds no JSON object", path);
    }
    return STATUS_OK;
}

void model_config_free(struct model_config *c)
{
    json_decref(c->json);
    free(c->path);
    *c = (struct model_config){.path = NULL};
}

int model_config_size(size_t *value, const struct model_config *c, const char *key, size_t missing, size_t low, size_t high,
                      struct status *st)
{
    const json_t *field = json_object_get(c->json, key);
    *value = missing;
    if (!field) {
        return STATUS_OK;
    }
    if (!json_is_integer(field)) {
        return status_set(st, STATUS_DATA, "'%s': %s must be a whole number", c->path, key);
    }
    json_int_t number = json_integer_value(field);
    if (number < (json_int_t)low || number > (json_int_t)high) {
        return status_set(st, STATUS_DATA, "'%s': %s is %" JSON_INTEGER_FORMAT ", it must lie in %zu .. %zu", c->path, key, number,
                          low, high);
    }
    *value = (size_t)number;
    return STATUS_OK;
}

int model_config_real(double *value, const struct model_config *c, const char *key, double missing, double low, double high,
                      struct status *st)
{
    const json_t *field = json_object_get(c->json, key);
    *value = missing;
    if (!field) {
        return STATUS_OK;
    }
    if (!json_is_number(field)) {
        return status_set(st, STATUS_DATA, "'%s': %s must be a number", c->path, key);
    }
    double number = json_number_value(field);
    if (!(number >= low && number <= high)) {
        return status_set(st, STATUS_DATA, "'%s': %s is %g, it must lie in %g .. %g", c->path, key, number, low, high);
    }
    *value = number;
    return STATUS_OK;
}

int model_config_flag(bool *value, const struct model_config *c, const char *key, bool missing, struct status *st)
{
    const json_t *field = json_object_get(c->json, key);
    *value = missing;
    if (!field) {
        return STATUS_OK;
    }
    if (!json_is_boolean(field)) {
        return status_set(st, STATUS_DATA, "'%s': %s must be true or false", c->path, key);
    }
    *value = json_is_true(field);
    return STATUS_OK;
}

int model_config_text(const char **value, const struct model_config *c, const char *key, const char *missing,
                      struct status *st)
{
    const json_t *field = json_object_get(c->json, key);
    *value = missing;
    if (!field) {
        return STATUS_OK;
    }
    if (!json_is_string(field)) {
        return status_set(st, STATUS_DATA, "'%s': %s must be a text", c->path, key);
    }
    *value = json_string_value(field);
    return STATUS_OK;
}
