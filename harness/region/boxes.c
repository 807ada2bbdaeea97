#include "region/boxes.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

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

/* A side in pixels, 1 .. 1e6. */
static bool read_side(size_t *side, const json_t *json)
{
    json_int_t value = json_is_integer(json) ? json_integer_value(json) : 0;
    *side = (size_t)value;
    return value > 0 && value <= 1000000;
}

/* `what` names the box: "annotation 7 (id 12)". */
static int add_box(struct boxes_image *image, struct box box, const char *path, const char *what, struct status *st)
{
    double width = (double)image->width, height = (double)image->height;
    if (!isfinite(box.left) || !isfinite(box.top) || !isfinite(box.right) || !isfinite(box.bottom) || box.right <= box.left || box.bottom <= box.top)
        return status_set(st, STATUS_DATA, "'%s', %s: a box of %g x %g px in '%s' has no size", path, what, box.right - box.left,
                          box.bottom - box.top, image->file);
    if (box.left < -BOXES_ROUNDING || box.top < -BOXES_ROUNDING || box.right > width + BOXES_ROUNDING || box.bottom > height + BOXES_ROUNDING)
        return status_set(st, STATUS_DATA, "'%s', %s: the box from (%g, %g) to (%g, %g) lies outside '%s' of %zux%zu px", path, what, box.left, box.top,
                          box.right, box.bottom, image->file, image->width, image->height);
    box = (struct box){fmax(box.left, 0), fmax(box.top, 0), fmin(box.right, width), fmin(box.bottom, height)};
    if (box.right <= box.left || box.bottom <= box.top)
        return status_set(st, STATUS_DATA, "'%s', %s: the box lies in the margin of '%s'", path, what, image->file);
    image->box = mem_grow(image->box, image->n, &image->capacity, sizeof *image->box);
    image->box[image->n++] = box;
    return STATUS_OK;
}

static int by_file(const void *a, const void *b)
{
    return strcmp(((const struct boxes_image *)a)->file, ((const struct boxes_image *)b)->file);
}

static int sort_images(struct boxes *b, struct status *st)
{
    qsort(b->image, b->n, sizeof *b->image, by_file);
    for (size_t i = 0; i < b->n; i++)
        b->n_boxes += b->image[i].n;
    for (size_t i = 1; i < b->n; i++)
        if (!strcmp(b->image[i - 1].file, b->image[i].file))
            return status_set(st, STATUS_DATA, "image '%s' stands twice: %s and %s", b->image[i].file, b->image[i - 1].entry, b->image[i].entry);
    return STATUS_OK;
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

static int read_annotations(struct boxes *b, const struct id *id, const json_t *annotations, const char *path, struct status *st)
{
    for (size_t i = 0; i < json_array_size(annotations); i++) {
        const json_t *entry = json_array_get(annotations, i), *bbox = json_object_get(entry, "bbox"), *number = json_object_get(entry, "id"),
                     *of = json_object_get(entry, "image_id");
        double value[4];
        char *what = json_is_integer(number) ? mem_printf("annotation %zu (id %" JSON_INTEGER_FORMAT ")", i + 1, json_integer_value(number))
                                             : mem_printf("annotation %zu", i + 1);
        int code = STATUS_OK;
        if (json_array_size(bbox) != 4)
            code = status_set(st, STATUS_DATA, "'%s', %s: bbox is not [left, top, width, height]", path, what);
        for (size_t k = 0; k < 4 && !code; k++) {
            value[k] = json_number_value(json_array_get(bbox, k));
            if (!json_is_number(json_array_get(bbox, k)))
                code = status_set(st, STATUS_DATA, "'%s', %s: bbox holds what is no number", path, what);
        }
        const struct id key = {json_integer_value(of), 0}, *found = json_is_integer(of) && b->n ? bsearch(&key, id, b->n, sizeof key, by_id) : NULL;
        if (!code && !found)
            code = status_set(st, STATUS_DATA, "'%s', %s: its image_id is none of the file's images", path, what);
        if (!code)
            code = add_box(&b->image[found->image], (struct box){value[0], value[1], value[0] + value[2], value[1] + value[3]}, path, what, st);
        free(what);
        if (code)
            return code;
    }
    return STATUS_OK;
}

static int read_coco(struct boxes *b, const char *path, struct status *st)
{
    json_t *json = NULL;
    struct id *id = NULL;
    int code = load(&json, path, st);
    if (code)
        return code;
    const json_t *images = json_object_get(json, "images"), *annotations = json_object_get(json, "annotations");
    if (!json_is_array(images) || !json_is_array(annotations)) {
        code = status_set(st, STATUS_DATA, "'%s' is no COCO file: it has no lists `images` and `annotations`", path);
    } else {
        b->image = NEW0(json_array_size(images) + 1, struct boxes_image);
        id = NEW(json_array_size(images) + 1, struct id);
        code = read_images(b, id, images, path, st);
        if (!code)
            code = read_annotations(b, id, annotations, path, st);
    }
    free(id);
    json_decref(json);
    return code;
}

/* ---- LabelMe ---- */

static int read_shape(struct boxes_image *image, const json_t *shape, const char *path, size_t number, struct status *st)
{
    const json_t *points = json_object_get(shape, "points");
    struct box box = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    char what[32];
    snprintf(what, sizeof what, "shape %zu", number);
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *x = json_array_get(json_array_get(points, i), 0), *y = json_array_get(json_array_get(points, i), 1);
        if (!json_is_number(x) || !json_is_number(y))
            return status_set(st, STATUS_DATA, "'%s', %s: point %zu is not [x, y]", path, what, i + 1);
        box = (struct box){fmin(box.left, json_number_value(x)), fmin(box.top, json_number_value(y)), fmax(box.right, json_number_value(x)),
                           fmax(box.bottom, json_number_value(y))};
    }
    return json_array_size(points) ? add_box(image, box, path, what, st) : status_set(st, STATUS_DATA, "'%s', %s has no points", path, what);
}

static int read_labelme(struct boxes_image *image, const char *path, struct status *st)
{
    json_t *json = NULL;
    int code = load(&json, path, st);
    if (code)
        return code;
    const char *file = json_string_value(json_object_get(json, "imagePath"));
    const json_t *shapes = json_object_get(json, "shapes");
    if (!file || !json_is_array(shapes) || !read_side(&image->width, json_object_get(json, "imageWidth")) ||
        !read_side(&image->height, json_object_get(json, "imageHeight"))) {
        code = status_set(st, STATUS_DATA, "'%s' is no LabelMe file: imagePath, imageWidth, imageHeight or shapes is missing", path);
    } else {
        const char *back = strrchr(file, '\\'); /* written on Windows */
        image->file = mem_strdup(path_basename(back ? back + 1 : file));
        image->entry = mem_printf("'%s'", path);
        for (size_t i = 0; i < json_array_size(shapes) && !code; i++)
            code = read_shape(image, json_array_get(shapes, i), path, i + 1, st);
    }
    json_decref(json);
    return code;
}

static int read_folder(struct boxes *b, const char *path, struct status *st)
{
    struct file_list list;
    int code = file_list_directory(&list, path, st);
    if (code)
        return code;
    b->image = NEW0(list.n + 1, struct boxes_image);
    for (size_t i = 0; i < list.n && !code; i++) {
        size_t n = strlen(list.name[i]);
        if (n < 5 || strcmp(list.name[i] + n - 5, ".json") != 0)
            continue;
        char *file = path_join(path, list.name[i]);
        code = read_labelme(&b->image[b->n++], file, st);
        free(file);
    }
    file_list_free(&list);
    return code || b->n ? code : status_set(st, STATUS_DATA, "folder '%s' holds no LabelMe file (.json)", path);
}

int boxes_read(struct boxes *b, const char *path, struct status *st)
{
    *b = (struct boxes){.n = 0};
    int code = file_is_directory(path) ? read_folder(b, path, st) : read_coco(b, path, st);
    if (!code)
        code = sort_images(b, st);
    if (code)
        boxes_free(b);
    return code;
}

void boxes_free(struct boxes *b)
{
    for (size_t i = 0; i < b->n; i++) {
        free(b->image[i].file);
        free(b->image[i].entry);
        free(b->image[i].box);
    }
    free(b->image);
    *b = (struct boxes){.n = 0};
}

const struct boxes_image *boxes_find(const struct boxes *b, const char *path)
{
    const struct boxes_image key = {.file = (char *)(uintptr_t)path_basename(path)};
    return b->n ? bsearch(&key, b->image, b->n, sizeof key, by_file) : NULL;
}
