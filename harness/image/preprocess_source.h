/* Between preprocess.c, which reads transformers' file, and preprocess_timm.c,
 * which reads timm's and open_clip's: a JSON object being read key by key. */
#ifndef IMAGE_PREPROCESS_SOURCE_H
#define IMAGE_PREPROCESS_SOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/status.h"
#include "image/preprocess.h"

struct preprocess_source {
    const char *name; /* for messages */
    json_t *object;
    struct status *st;
};

extern const float preprocess_imagenet[2][3], preprocess_clip[2][3]; /* mean, std */

/* STATUS_DATA: name, key and why. */
int preprocess_refuse(const struct preprocess_source *s, const char *key, const char *why);
/* Absent and null both mean the default, as in transformers. */
json_t *preprocess_given(const struct preprocess_source *s, const char *key);
bool preprocess_is_side(json_t *value); /* 1 .. 8192 */
int preprocess_three(float out[3], const struct preprocess_source *s, const char *key, const float fallback[3]);

bool preprocess_is_timm(const struct preprocess_source *s);
bool preprocess_is_open_clip(const struct preprocess_source *s);
int preprocess_timm(struct preprocess *p, const struct preprocess_source *s);
int preprocess_open_clip(struct preprocess *p, const struct preprocess_source *s);

#endif
