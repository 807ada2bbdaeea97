/* timm's pretrained_cfg and open_clip's preprocess_cfg as torchvision carries
 * them out: shorter side by Pillow, centre crop, 1/255, mean and std.
 * timm 1.0, data/config.py and transforms_factory.py; open_clip, transform.py. */
#include <math.h>
#include <string.h>

#include "image/preprocess_source.h"

#define SIDE_MAX 8192 /* of a picture for an encoder: far beyond any */

int preprocess_refuse(const struct preprocess_source *s, const char *key, const char *why)
{
    return status_set(s->st, STATUS_DATA, "%s: '%s' %s", s->name, key, why);
}

json_t *preprocess_given(const struct preprocess_source *s, const char *key)
{
    json_t *value = json_object_get(s->object, key);
    return json_is_null(value) ? NULL : value;
}

bool preprocess_is_side(json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 1 && json_integer_value(value) <= SIDE_MAX;
}

int preprocess_three(float out[3], const struct preprocess_source *s, const char *key, const float fallback[3])
{
    json_t *value = preprocess_given(s, key);
    memcpy(out, fallback, 3 * sizeof *out);
    if (!value)
        return STATUS_OK;
    if (!json_is_array(value) || json_array_size(value) != 3)
        return preprocess_refuse(s, key, "is not a list of three numbers");
    for (size_t c = 0; c < 3; c++) {
        json_t *number = json_array_get(value, c);
        out[c] = (float)json_number_value(number);
        if (!json_is_number(number) || !isfinite(out[c]))
            return preprocess_refuse(s, key, "is not a list of three numbers");
    }
    return STATUS_OK;
}

bool preprocess_is_timm(const struct preprocess_source *s)
{
    const char *type = json_string_value(json_object_get(s->object, "model_type"));
    return json_is_string(json_object_get(s->object, "architecture")) && (!type || strcmp(type, "timm_wrapper") == 0);
}

bool preprocess_is_open_clip(const struct preprocess_source *s)
{
    return json_is_object(json_object_get(s->object, "model_cfg"));
}

/* Shorter side to `edge`, then the middle `side` x `side` as torchvision's CenterCrop finds it. */
static void set_squares(struct preprocess *p, size_t edge, size_t side)
{
    p->do_resize = true;
    p->shortest_edge = edge;
    p->width = p->height = p->crop_width = p->crop_height = side;
    p->crop_to_even = true;
    p->rescale = 1.0 / 255.0;
}

static int read_mean_std(struct preprocess *p, const struct preprocess_source *s, const float fallback[2][3])
{
    int code = preprocess_three(p->mean, s, "mean", fallback[0]);
    code = code ? code : preprocess_three(p->std, s, "std", fallback[1]);
    for (size_t c = 0; c < 3 && !code; c++)
        if (!(p->std[c] > 0))
            code = preprocess_refuse(s, "std", "is not positive");
    return code;
}

static int read_interpolation(enum resample_filter *filter, const struct preprocess_source *s)
{
    static const struct {
        const char *name;
        enum resample_filter filter;
    } known[] = {{"bicubic", RESAMPLE_BICUBIC}, {"bilinear", RESAMPLE_BILINEAR}, {"lanczos", RESAMPLE_LANCZOS},
                 {"nearest", RESAMPLE_NEAREST}, {"box", RESAMPLE_BOX},           {"hamming", RESAMPLE_HAMMING}};
    json_t *value = preprocess_given(s, "interpolation");
    *filter = RESAMPLE_BICUBIC;
    if (!value)
        return STATUS_OK;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (json_is_string(value) && strcmp(json_string_value(value), known[i].name) == 0) {
            *filter = known[i].filter;
            return STATUS_OK;
        }
    return preprocess_refuse(s, "interpolation", "is not bicubic, bilinear, lanczos, nearest, box or hamming");
}

/* A side, [height, width] or [3, height, width]; square. */
static int read_side(size_t *side, const struct preprocess_source *s, const char *key)
{
    json_t *value = preprocess_given(s, key);
    *side = 224;
    if (!value)
        return STATUS_OK;
    const size_t n = json_array_size(value);
    json_t *height = n >= 2 ? json_array_get(value, n - 2) : value, *width = n >= 2 ? json_array_get(value, n - 1) : value;
    if (n > 3 || (n == 3 && json_integer_value(json_array_get(value, 0)) != 3) || !preprocess_is_side(height) || !preprocess_is_side(width) ||
        json_integer_value(height) != json_integer_value(width))
        return preprocess_refuse(s, key, "is not the size of a square RGB picture, from 1 to 8192");
    *side = (size_t)json_integer_value(height);
    return STATUS_OK;
}

int preprocess_timm(struct preprocess *p, const struct preprocess_source *outer)
{
    json_t *nested = json_object_get(outer->object, "pretrained_cfg");
    const struct preprocess_source s = {.name = outer->name, .object = json_is_object(nested) ? nested : outer->object, .st = outer->st};
    size_t side;
    memset(p, 0, sizeof *p);
    int code = read_side(&side, &s, "input_size");
    code = code ? code : read_mean_std(p, &s, preprocess_imagenet);
    code = code ? code : read_interpolation(&p->filter, &s);
    if (code)
        return code;
    json_t *value = preprocess_given(&s, "crop_pct");
    const double share = value ? json_number_value(value) : 0.875;
    if (value && (!json_is_number(value) || !(share > 0.01 && share <= 1.0)))
        return preprocess_refuse(&s, "crop_pct", "is not a share of 1");
    value = preprocess_given(&s, "crop_mode");
    if (value && (!json_is_string(value) || strcmp(json_string_value(value), "center") != 0))
        return preprocess_refuse(&s, "crop_mode", "is not 'center', the only one carried out");
    set_squares(p, (size_t)floor((double)side / share), side);
    return STATUS_OK;
}

int preprocess_open_clip(struct preprocess *p, const struct preprocess_source *outer)
{
    json_t *vision_object = json_object_get(json_object_get(outer->object, "model_cfg"), "vision_cfg");
    const struct preprocess_source s = {.name = outer->name, .object = json_object_get(outer->object, "preprocess_cfg"), .st = outer->st};
    const struct preprocess_source vision = {.name = outer->name, .object = vision_object, .st = outer->st};
    const char *filter = json_string_value(preprocess_given(&s, "interpolation"));
    size_t side, stated;
    memset(p, 0, sizeof *p);
    int code = read_side(&side, &vision, "image_size");
    code = code ? code : read_side(&stated, &s, "size");
    code = code ? code : read_mean_std(p, &s, preprocess_clip);
    if (filter && strcmp(filter, "random") == 0) /* of the training; bicubic afterwards */
        p->filter = RESAMPLE_BICUBIC;
    else
        code = code ? code : read_interpolation(&p->filter, &s);
    if (code)
        return code;
    if (preprocess_given(&s, "size") && stated != side)
        return preprocess_refuse(&s, "size", "contradicts vision_cfg's image_size");
    set_squares(p, side, side);
    json_t *value = preprocess_given(&s, "resize_mode");
    if (value && json_is_string(value) && strcmp(json_string_value(value), "squash") == 0) {
        p->shortest_edge = p->crop_width = p->crop_height = 0;
        p->crop_to_even = false;
        p->resize_width = p->resize_height = side;
    } else if (value && (!json_is_string(value) || strcmp(json_string_value(value), "shortest") != 0)) {
        return preprocess_refuse(&s, "resize_mode", "is neither 'shortest' nor 'squash'");
    }
    return STATUS_OK;
}
