/* Manifests: YAML by a strict schema (libcyaml): an unknown key, a wrong type, a missing
 * key or a value out of range is an error that names file and line.  Aliases
 * are refused: no manifest needs them, and they can blow up in memory. */
#ifndef BASE_MANIFEST_H
#define BASE_MANIFEST_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Load `path` by a schema whose top is CYAML_VALUE_MAPPING with CYAML_FLAG_POINTER; *data is freed with manifest_free. */
int manifest_load(void **data, const cyaml_schema_value_t *schema, const char *path, struct status *st) MUST_CHECK;
int manifest_parse(void **data, const cyaml_schema_value_t *schema, const char *name, const unsigned char *text, size_t size,
               struct status *st) MUST_CHECK;
void manifest_free(void *data, const cyaml_schema_value_t *schema);

/* Line (from 1) of the value at a key path such as "models/1/path" (mapping keys
 * and sequence positions), for checks that come after loading; 0 if it is not there. */
size_t manifest_line(const char *path, const char *keys);

/* Scalars are loaded as text and read here: libcyaml takes "1O" for 1.  NULL text
 * gives the default; what is not a number in [least, most] is an error with the line of `keys`. */
int manifest_number(double *value, const char *text, double fallback, double least, double most, const char *path, const char *keys,
                    struct status *st) MUST_CHECK;
int manifest_size(size_t *value, const char *text, size_t fallback, size_t least, size_t most, const char *path, const char *keys,
                  struct status *st) MUST_CHECK;
/* Position of `text` among `names` (NULL-ended); NULL text gives `fallback`. */
int manifest_choice(size_t *value, const char *text, size_t fallback, const char *const *names, const char *path, const char *keys,
                    struct status *st) MUST_CHECK;

/* A new string with ${NAME} and $NAME replaced from the environment and, if the
 * result is relative, `directory` in front.  An unset variable is an error. */
int manifest_path(char **value, const char *text, const char *directory, const char *path, const char *keys, struct status *st) MUST_CHECK;

#endif
