/* config.json of a Hugging Face checkpoint, read field by field.  A field that
 * is there has the right type and lies in its range, or is refused with both
 * numbers; one that is not has the default of transformers' configuration class. */
#ifndef ENCODER_MODEL_CONFIG_H
#define ENCODER_MODEL_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct model_config {
    char *path;   /* for messages */
    json_t *json; /* an object */
};

int model_config_read(struct model_config *c, const char *path, struct status *st) MUST_CHECK;
void model_config_free(struct model_config *c);

/* A whole number in low .. high. */
int model_config_size(size_t *value, const struct model_config *c, const char *key, size_t missing, size_t low, size_t high,
                      struct status *st) MUST_CHECK;
/* A number in low .. high. */
int model_config_real(double *value, const struct model_config *c, const char *key, double missing, double low, double high,
                      struct status *st) MUST_CHECK;
int model_config_flag(bool *value, const struct model_config *c, const char *key, bool missing, struct status *st) MUST_CHECK;
/* Borrowed from the configuration, or `missing`, which may be NULL. */
int model_config_text(const char **value, const struct model_config *c, const char *key, const char *missing,
                      struct status *st) MUST_CHECK;

#endif
