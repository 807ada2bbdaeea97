/* Boxes from COCO and LabelMe files. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "region/boxes_format.h"

static int load(json_t **json, const char *path, struct status *st)
{
    unsigned char *bytes;
    size_t size;
    json_error_t error;
    int code = file_read(&bytes, &size, path, 0, st);
    if (code)
        return code;
    *json = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, &error);
    free(bytes);
    if (!*json)
        return status_set(st, STATUS_DATA, "'%s', line %d: %s", path, error.line, error.text);
    return STATUS_OK;
}

static bool read_side(size_t *side, const json_t *json)
{
    return boxes_side(side, json_is_integer(json) ? (double)json_integer_value(json) : 0);
}

/* Widens a box by a polygon's points, and adds its pixels where the picture that they are of is given. */
static void take_polygon(struct box *box, const double *point, size_t n, const struct boxes_image *image)
{
    for (size_t i = 0; i < n; i++) {
        box->left = fmin(box->left, point[2 * i]);
        box->right = fmax(box->right, point[2 * i]);
        box->top = fmin(box->top, point[2 * i + 1]);
        box->bottom = fmax(box->bottom, point[2 * i + 1]);
    }
    if (image)
        outline_add_polygon(&box->outline, point, n, image->width, image->height);
}

/* ---- COCO ---- */

struct id {
    json_int_t id;
    size_t image;
};

static int by_id(const void *a, const void *b)
{
    json_int_t i = ((const struct id *)a)->id, j = ((const struct id *)b)->id;
    return (i > j) - (i < j);
}

static int read_images(struct boxes *b, struct id *id, const json_t *images, const char *path, struct status *st)
{
    for (size_t i = 0; i < json_array_size(images); i++) {
        const json_t *entry = json_array_get(images, i), *number = json_object_get(entry, "id");
        const char *file = json_string_value(json_object_get(entry, "file_name"));
        struct boxes_image *image = &b->image[b->n];
        if (!file || !*file || !json_is_integer(number) || !read_side(&image->width, json_object_get(entry, "width")) ||
            !read_side(&image->height, json_object_get(entry, "height")))
            return status_set(st, STATUS_DATA, "'%s', image %zu: id, file_name, width or height is missing or no good", path, i + 1);
        image->file = mem_strdup(path_basename(file));
        image->entry = mem_printf("'%s', image %zu", path, i + 1);
        id[b->n] = (struct id){json_integer_value(number), b->n};
        b->n++;
    }
    qsort(id, b->n, sizeof *id, by_id);
    for (size_t i = 1; i < b->n; i++)
        if (id[i - 1].id == id[i].id)
            return status_set(st, STATUS_DATA, "'%s': two images have the id %" JSON_INTEGER_FORMAT, path, id[i].id);
    return STATUS_OK;
}

/* Name of an annotation's category; NULL if the file names none. */
static char *category_name(const json_t *categories, const json_t *of)
{
    for (size_t i = 0; i < json_array_size(categories); i++) {
        const json_t *category = json_array_get(categories, i);
        const char *name = json_string_value(json_object_get(category, "name"));
        if (name && json_is_integer(of) && json_integer_value(json_object_get(category, "id")) == json_integer_value(of))
            return mem_strdup(name);
    }
    return NULL;
}

/* `segmentation`: a list of polygons, each x, y, x, y, ... */
static int read_segmentation(struct box *box, const json_t *polygons, const struct boxes_image *image, const char *where, struct status *st)
{
    int code = STATUS_OK;
    if (!json_array_size(polygons))
        return status_set(st, STATUS_DATA, "%s: its segmentation is no list of polygons", where);
    box->left = box->top = INFINITY;
    box->right = box->bottom = -INFINITY;
    for (size_t p = 0; p < json_array_size(polygons) && !code; p++) {
        const json_t *polygon = json_array_get(polygons, p);
        size_t n = json_array_size(polygon);
        double *point = NEW(n + 1, double);
        if (n < 6 || n % 2)
            code = status_set(st, STATUS_DATA, "%s: polygon %zu of its segmentation is not three points or more", where, p + 1);
        for (size_t i = 0; i < n && !code; i++) {
            point[i] = json_number_value(json_array_get(polygon, i));
            if (!json_is_number(json_array_get(polygon, i)))
                code = status_set(st, STATUS_DATA, "%s: its segmentation holds what is no number", where);
        }
        if (!code)
            take_polygon(box, point, n / 2, image);
        free(point);
    }
    return code;
}

static int read_annotation(struct boxes *b, const struct id *id, const json_t *entry, const json_t *categories, const char *where, struct status *st)
{
    const json_t *bbox = json_object_get(entry, "bbox"), *of = json_object_get(entry, "image_id"), *score = json_object_get(entry, "score");
    double value[4];
    if (json_array_size(bbox) != 4)
        return status_set(st, STATUS_DATA, "%s: bbox is not [left, top, width, height]", where);
    for (size_t k = 0; k < 4; k++) {
        value[k] = json_number_value(json_array_get(bbox, k));
        if (!json_is_number(json_array_get(bbox, k)))
            return status_set(st, STATUS_DATA, "%s: bbox holds what is no number", where);
    }
    if (score && !json_is_number(score))
        return status_set(st, STATUS_DATA, "%s: score is no number", where);
    const struct id key = {json_integer_value(of), 0}, *found = json_is_integer(of) && b->n ? bsearch(&key, id, b->n, sizeof key, by_id) : NULL;
    if (!found)
        return status_set(st, STATUS_DATA, "%s: its image_id is none of the file's images", where);
    struct box box = {value[0], value[1], value[0] + value[2], value[1] + value[3], score ? json_number_value(score) : NAN,
                      category_name(categories, json_object_get(entry, "category_id")), 0, {0}};
    struct boxes_image *image = &b->image[found->image];
    int code = b->masks ? read_segmentation(&box, json_object_get(entry, "segmentation"), image, where, st) : STATUS_OK;
    if (!code)
        return boxes_add(image, box, where, st);
    free(box.label);
    free(box.outline.run);
    return code;
}

int boxes_read_coco(struct boxes *b, const char *path, struct status *st)
{
    json_t *json = NULL;
    struct id *id = NULL;
    int code = load(&json, path, st);
    if (code)
        return code;
    const json_t *images = json_object_get(json, "images"), *annotations = json_object_get(json, "annotations");
    if (!json_is_array(images) || !json_is_array(annotations))
        code = status_set(st, STATUS_DATA, "'%s' is no COCO file: `images` or `annotations` is missing", path);
    b->image = NEW0(json_array_size(images) + 1, struct boxes_image);
    id = NEW(json_array_size(images) + 1, struct id);
    if (!code)
        code = read_images(b, id, images, path, st);
    for (size_t i = 0; i < json_array_size(annotations) && !code; i++) {
        const json_t *entry = json_array_get(annotations, i), *number = json_object_get(entry, "id");
        char *where = json_is_integer(number) ? mem_printf("'%s', annotation %zu (id %" JSON_INTEGER_FORMAT ")", path, i + 1, json_integer_value(number))
                                              : mem_printf("'%s', annotation %zu", path, i + 1);
        code = read_annotation(b, id, entry, json_object_get(json, "categories"), where, st);
        free(where);
    }
    free(id);
    json_decref(json);
    return code;
}

/* ---- LabelMe ---- */

static bool is_shape(const json_t *shape, const char *wanted)
{
    const char *type = json_string_value(json_object_get(shape, "shape_type"));
    return type && !strcmp(type, wanted);
}

static int read_shape(struct boxes_image *image, const json_t *shape, bool outline, const char *where, struct status *st)
{
    const json_t *points = json_object_get(shape, "points");
    const char *label = json_string_value(json_object_get(shape, "label"));
    struct box box = {INFINITY, INFINITY, -INFINITY, -INFINITY, NAN, NULL, 0, {0}};
    size_t n = json_array_size(points);
    double *point = NEW(2 * n + 1, double);
    int code = n ? STATUS_OK : status_set(st, STATUS_DATA, "%s has no points", where);
    for (size_t i = 0; i < n && !code; i++) {
        const json_t *x = json_array_get(json_array_get(points, i), 0), *y = json_array_get(json_array_get(points, i), 1);
        point[2 * i] = json_number_value(x);
        point[2 * i + 1] = json_number_value(y);
        if (!json_is_number(x) || !json_is_number(y))
            code = status_set(st, STATUS_DATA, "%s: point %zu is not [x, y]", where, i + 1);
    }
    if (!code)
        take_polygon(&box, point, n, outline ? image : NULL);
    free(point);
    if (code)
        return code;
    box.label = label ? mem_strdup(label) : NULL;
    return boxes_add(image, box, where, st);
}

int boxes_read_labelme(struct boxes_image *image, const char *path, bool masks, struct status *st)
{
    json_t *json = NULL;
    int code = load(&json, path, st);
    if (code)
        return code;
    const char *file = json_string_value(json_object_get(json, "imagePath"));
    const json_t *shapes = json_object_get(json, "shapes");
    const char *wanted = masks ? "polygon" : "rectangle";
    bool any = false;
    if (!file || !json_is_array(shapes) || !read_side(&image->width, json_object_get(json, "imageWidth")) ||
        !read_side(&image->height, json_object_get(json, "imageHeight"))) {
        code = status_set(st, STATUS_DATA, "'%s' is no LabelMe file: imagePath, imageWidth, imageHeight or shapes is missing", path);
    } else {
        const char *back = strrchr(file, '\\'); /* written on Windows */
        image->file = mem_strdup(path_basename(back ? back + 1 : file));
        image->entry = mem_printf("'%s'", path);
        for (size_t i = 0; i < json_array_size(shapes); i++)
            any |= is_shape(json_array_get(shapes, i), wanted);
        for (size_t i = 0; i < json_array_size(shapes) && !code; i++) {
            if (any && !is_shape(json_array_get(shapes, i), wanted))
                continue;
            char *where = mem_printf("'%s', shape %zu", path, i + 1);
            code = read_shape(image, json_array_get(shapes, i), masks && any, where, st);
            free(where);
        }
    }
    json_decref(json);
    return code;
}
