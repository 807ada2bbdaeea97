#include "image/preprocess.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/layout.h"
#include "base/memory.h"
#include "base/number.h"
#include "image/preprocess_source.h"

#define FILE_LIMIT ((size_t)16 << 20) /* a config.json may list 21,841 labels */
#define CONVNEXT_CROPS_BELOW 384 /* at this edge and above nothing is cropped */

const float preprocess_imagenet[2][3] = {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};
const float preprocess_clip[2][3] = {{0.48145466f, 0.4578275f, 0.40821073f}, {0.26862954f, 0.26130258f, 0.27577711f}};
static const float half[3] = {0.5f, 0.5f, 0.5f};

void preprocess_default(struct preprocess *p, size_t image_size)
{
    *p = (struct preprocess){.width = image_size,
                             .height = image_size,
                             .do_resize = true,
                             .filter = RESAMPLE_BILINEAR,
                             .resize_width = image_size,
                             .resize_height = image_size,
                             .rescale = 1.0 / 255.0};
    memcpy(p->mean, preprocess_imagenet[0], sizeof p->mean);
    memcpy(p->std, preprocess_imagenet[1], sizeof p->std);
}

static int read_bool(bool *out, const struct preprocess_source *s, const char *key, bool fallback)
{
    json_t *value = preprocess_given(s, key);
    *out = value ? json_is_true(value) : fallback;
    return value && !json_is_boolean(value) ? preprocess_refuse(s, key, "is neither true nor false") : STATUS_OK;
}

/* size: n, {"height", "width"} or {"shortest_edge"}.  Exactly one of *edge and (*width, *height) comes out non-zero. */
static int read_size(size_t *edge, size_t *width, size_t *height, const struct preprocess_source *s, const char *key, bool number_is_edge)
{
    json_t *value = preprocess_given(s, key);
    *edge = *width = *height = 0;
    if (preprocess_is_side(value)) {
        size_t n = (size_t)json_integer_value(value);
        *edge = number_is_edge ? n : 0;
        *width = *height = number_is_edge ? 0 : n;
        return STATUS_OK;
    }
    if (!json_is_object(value))
        return preprocess_refuse(s, key, "is neither a size from 1 to 8192 nor an object");
    json_t *e = json_object_get(value, "shortest_edge"), *w = json_object_get(value, "width"),
           *h = json_object_get(value, "height");
    const size_t n = json_object_size(value);
    if (n == 1 && preprocess_is_side(e))
        *edge = (size_t)json_integer_value(e);
    else if (n == 2 && preprocess_is_side(w) && preprocess_is_side(h))
        *width = (size_t)json_integer_value(w), *height = (size_t)json_integer_value(h);
    else
        return preprocess_refuse(s, key, "holds neither just shortest_edge nor just height and width, from 1 to 8192");
    return STATUS_OK;
}

/* Filter, rescale, mean and std: the same keys in every class. */
static int read_common(struct preprocess *p, const struct preprocess_source *s, int filter, const float mean[3], const float std[3])
{
    static const char *const carried_out[] = {"do_resize", "do_rescale", "do_normalize", "do_center_crop",
                                              "do_convert_rgb"};
    const char *key;
    json_t *value;
    json_object_foreach(s->object, key, value) {
        bool known = strncmp(key, "do_", 3) != 0 || !json_is_true(value);
        for (size_t i = 0; i < sizeof carried_out / sizeof *carried_out; i++)
            known = known || strcmp(key, carried_out[i]) == 0;
        if (!known)
            return preprocess_refuse(s, key, "asks for a step that is not supported");
    }

    bool convert, rescale, normalise;
    int code = read_bool(&p->do_resize, s, "do_resize", true);
    code = code ? code : read_bool(&convert, s, "do_convert_rgb", true); /* pictures always are RGB here */
    code = code ? code : read_bool(&rescale, s, "do_rescale", true);
    code = code ? code : read_bool(&normalise, s, "do_normalize", true);
    code = code ? code : preprocess_three(p->mean, s, "image_mean", mean);
    code = code ? code : preprocess_three(p->std, s, "image_std", std);
    if (code)
        return code;

    value = preprocess_given(s, "resample");
    if (value && (!json_is_integer(value) || json_integer_value(value) < RESAMPLE_NEAREST ||
                  json_integer_value(value) > RESAMPLE_HAMMING))
        return preprocess_refuse(s, "resample", "is not one of Pillow's filters 0 to 5");
    if (!value && filter < 0 && p->do_resize)
        return preprocess_refuse(s, "resample", "is missing, and versions of transformers differ in its default");
    p->filter = value ? (enum resample_filter)json_integer_value(value)
                      : filter < 0 ? RESAMPLE_BICUBIC : (enum resample_filter)filter;

    value = preprocess_given(s, "rescale_factor");
    p->rescale = value ? json_number_value(value) : 1.0 / 255.0;
    if (value && (!json_is_number(value) || !(p->rescale > 0)))
        return preprocess_refuse(s, "rescale_factor", "is not a positive number");
    if (!rescale)
        p->rescale = 1.0;
    for (size_t c = 0; c < 3; c++) {
        if (!normalise) {
            p->mean[c] = 0.0f;
            p->std[c] = 1.0f;
        } else if (!(p->std[c] > 0)) {
            return preprocess_refuse(s, "image_std", "is not positive");
        }
    }
    return STATUS_OK;
}

/* Straight to height x width; a crop is not this class's to do. */
static int read_vit(struct preprocess *p, const struct preprocess_source *s)
{
    size_t edge = 0;
    bool crop;
    p->resize_width = p->resize_height = 224;
    int code = read_common(p, s, RESAMPLE_BILINEAR, half, half);
    code = code ? code : read_bool(&crop, s, "do_center_crop", false);
    if (!code && preprocess_given(s, "size"))
        code = read_size(&edge, &p->resize_width, &p->resize_height, s, "size", false);
    if (code)
        return code;
    if (edge)
        return preprocess_refuse(s, "size", "is a shortest_edge, which ViTImageProcessor does not take");
    if (crop)
        return preprocess_refuse(s, "do_center_crop", "is true, which ViTImageProcessor does not do");
    p->width = p->resize_width;
    p->height = p->resize_height;
    return STATUS_OK;
}

/* Shorter side, then centre crop. */
static int read_bit(struct preprocess *p, const struct preprocess_source *s)
{
    size_t edge = 0;
    bool crop;
    p->shortest_edge = 224;
    int code = read_common(p, s, RESAMPLE_BICUBIC, preprocess_clip[0], preprocess_clip[1]);
    code = code ? code : read_bool(&crop, s, "do_center_crop", true);
    if (!code && preprocess_given(s, "size"))
        code = read_size(&p->shortest_edge, &p->resize_width, &p->resize_height, s, "size", true);
    if (!code && crop) {
        p->crop_width = p->crop_height = 224;
        if (preprocess_given(s, "crop_size"))
            code = read_size(&edge, &p->crop_width, &p->crop_height, s, "crop_size", false);
    }
    if (code)
        return code;
    if (edge)
        return preprocess_refuse(s, "crop_size", "is a shortest_edge: a crop needs height and width");
    if (!crop && (p->shortest_edge || !p->do_resize))
        return preprocess_refuse(s, "do_center_crop", "is false: pictures would differ in size");
    p->width = crop ? p->crop_width : p->resize_width;
    p->height = crop ? p->crop_height : p->resize_height;
    return STATUS_OK;
}

/* Below 384: shorter side to edge / crop_pct, centre crop of edge; else straight to edge x edge. */
static int read_convnext(struct preprocess *p, const struct preprocess_source *s)
{
    size_t edge = 384, width = 0, height = 0;
    int code = read_common(p, s, -1, half, half);
    if (!code && preprocess_given(s, "size"))
        code = read_size(&edge, &width, &height, s, "size", true);
    if (code)
        return code;
    if (!edge)
        return preprocess_refuse(s, "size", "is no shortest_edge, which ConvNextImageProcessor needs");
    json_t *value = preprocess_given(s, "crop_pct");
    const double share = value ? json_number_value(value) : 224.0 / 256.0;
    if (value && (!json_is_number(value) || !(share > 0.01 && share <= 1.0)))
        return preprocess_refuse(s, "crop_pct", "is not a share of 1");
    p->width = p->height = edge;
    if (edge >= CONVNEXT_CROPS_BELOW || !p->do_resize) { /* without resize this class crops nothing either */
        p->resize_width = p->resize_height = edge;
    } else {
        p->shortest_edge = (size_t)((double)edge / share);
        p->crop_width = p->crop_height = edge;
    }
    return STATUS_OK;
}

static const struct {
    const char *name;
    int (*read)(struct preprocess *p, const struct preprocess_source *s);
} classes[] = {{"ViT", read_vit}, {"Bit", read_bit}, {"ConvNext", read_convnext}};

/* Index of the class a key names; n when unknown. */
static size_t class_of(const char *text)
{
    static const char *const endings[] = {"ImageProcessor", "ImageProcessorFast", "FeatureExtractor"};
    const size_t n = sizeof classes / sizeof *classes;
    for (size_t i = 0; i < n; i++) {
        size_t stem = strlen(classes[i].name);
        for (size_t e = 0; e < sizeof endings / sizeof *endings; e++)
            if (strncmp(text, classes[i].name, stem) == 0 && strcmp(text + stem, endings[e]) == 0)
                return i;
    }
    return n;
}

static int read_class(struct preprocess *p, const struct preprocess_source *s)
{
    static const char *const keys[] = {"image_processor_type", "feature_extractor_type"};
    const size_t n_classes = sizeof classes / sizeof *classes;
    size_t chosen = n_classes;
    for (size_t k = 0; k < 2; k++) {
        json_t *value = preprocess_given(s, keys[k]);
        if (!value)
            continue;
        size_t named = json_is_string(value) ? class_of(json_string_value(value)) : n_classes;
        if (named == n_classes)
            return status_set(s->st, STATUS_DATA, "%s: %s '%s' is not supported", s->name, keys[k],
                              json_is_string(value) ? json_string_value(value) : "(no text)");
        if (chosen != n_classes && chosen != named)
            return preprocess_refuse(s, keys[k], "contradicts image_processor_type");
        chosen = named;
    }
    if (chosen == n_classes)
        return preprocess_refuse(s, keys[0], "is missing");
    memset(p, 0, sizeof *p);
    return classes[chosen].read(p, s);
}

/* Which of the three kinds of file it is, its keys tell. */
static int read_object(struct preprocess *p, const struct preprocess_source *s)
{
    return preprocess_is_open_clip(s) ? preprocess_open_clip(p, s) : preprocess_is_timm(s) ? preprocess_timm(p, s) : read_class(p, s);
}

/* A config.json which is not timm's says nothing of pictures: *p stays as it is. */
static int parse(struct preprocess *p, const char *name, const char *text, size_t size, bool only_timm, struct status *st)
{
    json_error_t error;
    struct preprocess_source s = {.name = name, .object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error), .st = st};
    if (!s.object)
        return status_set(st, STATUS_DATA, "%s:%d: %s", name, error.line, error.text);
    int code = STATUS_OK;
    if (!json_is_object(s.object))
        code = status_set(st, STATUS_DATA, "%s: not a JSON object", name);
    else if (!only_timm || preprocess_is_timm(&s))
        code = read_object(p, &s);
    json_decref(s.object);
    return code;
}

int preprocess_parse(struct preprocess *p, const char *name, const char *text, size_t size, struct status *st)
{
    return parse(p, name, text, size, false, st);
}

int preprocess_read(struct preprocess *p, const char *directory, size_t image_size, struct status *st)
{
    const bool open_clip = layout_is_open_clip(directory);
    char *path = path_join(directory, open_clip ? LAYOUT_OPEN_CLIP : "preprocessor_config.json");
    unsigned char *text = NULL;
    size_t size = 0;
    int code = STATUS_OK;
    bool only_timm = false;
    preprocess_default(p, image_size);
    if (!file_exists(path)) {
        free(path);
        path = path_join(directory, "config.json");
        only_timm = true;
        if (!file_exists(path))
            goto done;
    }
    code = file_read(&text, &size, path, FILE_LIMIT, st);
    if (code)
        goto done;
    code = parse(p, path, (const char *)text, size, only_timm, st);
done:
    free(text);
    free(path);
    return code;
}

char *preprocess_describe(const struct preprocess *p)
{
    char rescale[NUMBER_TEXT], mean[3][NUMBER_TEXT], std[3][NUMBER_TEXT];
    number_format(rescale, p->rescale);
    for (size_t c = 0; c < 3; c++) {
        number_format(mean[c], (double)p->mean[c]);
        number_format(std[c], (double)p->std[c]);
    }
    char *resize = !p->do_resize      ? mem_strdup("none")
                   : p->shortest_edge ? mem_printf("shortest %zu %s", p->shortest_edge, resample_name(p->filter))
                                      : mem_printf("%zux%zu %s", p->resize_width, p->resize_height, resample_name(p->filter));
    char *crop = p->crop_width ? mem_printf("%zux%zu%s", p->crop_width, p->crop_height, p->crop_to_even ? " to even" : "") : mem_strdup("none");
    char *text = mem_printf("minmax-8bit-1; resize %s; crop %s; size %zux%zu; rescale %s; mean %s,%s,%s; std %s,%s,%s",
                            resize, crop, p->width, p->height, rescale, mean[0], mean[1], mean[2], std[0], std[1], std[2]);
    free(resize);
    free(crop);
    return text;
}
