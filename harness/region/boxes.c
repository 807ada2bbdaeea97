#include "region/boxes.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "region/boxes_format.h"

bool boxes_side(size_t *side, double value)
{
    bool good = value >= 1 && value <= 1000000 && value == floor(value);
    *side = good ? (size_t)value : 0;
    return good;
}

/* Inside width x height, but for rounding, which is cut off. */
static int cut(struct box *box, const struct boxes_image *image, size_t width, size_t height, const char *where, struct status *st)
{
    double w = (double)width, h = (double)height;
    if (box->left < -BOXES_ROUNDING || box->top < -BOXES_ROUNDING || box->right > w + BOXES_ROUNDING || box->bottom > h + BOXES_ROUNDING)
        return status_set(st, STATUS_DATA, "%s: the box from (%g, %g) to (%g, %g) lies outside '%s' of %zux%zu px", where, box->left, box->top,
                          box->right, box->bottom, image->file, width, height);
    box->left = fmax(box->left, 0);
    box->top = fmax(box->top, 0);
    box->right = fmin(box->right, w);
    box->bottom = fmin(box->bottom, h);
    if (box->right <= box->left || box->bottom <= box->top)
        return status_set(st, STATUS_DATA, "%s: the box lies in the margin of '%s'", where, image->file);
    return STATUS_OK;
}

int boxes_add(struct boxes_image *image, struct box box, const char *where, struct status *st)
{
    int code = STATUS_OK;
    if (!isfinite(box.left) || !isfinite(box.top) || !isfinite(box.right) || !isfinite(box.bottom) || box.right <= box.left || box.bottom <= box.top)
        code = status_set(st, STATUS_DATA, "%s: a box of %g x %g %s in '%s' has no size", where, box.right - box.left, box.bottom - box.top,
                          image->fractions ? "of the picture" : "px", image->file);
    if (!code && !isnan(box.confidence) && !(box.confidence >= 0 && box.confidence <= 1))
        code = status_set(st, STATUS_DATA, "%s: confidence %g is not between 0 and 1", where, box.confidence);
    if (!code && image->width)
        code = cut(&box, image, image->width, image->height, where, st);
    if (code) {
        free(box.label);
        free(box.outline.run);
        return code;
    }
    image->box = mem_grow(image->box, image->n, &image->capacity, sizeof *image->box);
    image->box[image->n++] = box;
    return STATUS_OK;
}

int boxes_fit(struct boxes_image *image, size_t width, size_t height, const char *path, struct status *st)
{
    if (image->fitted)
        return STATUS_OK;
    if (image->width && (image->width != width || image->height != height))
        return status_set(st, STATUS_DATA, "%s: '%s' is given as %zux%zu px, but '%s' has %zux%zu", image->entry, image->file, image->width,
                          image->height, path, width, height);
    for (size_t i = 0; i < image->n && !image->width; i++) {
        struct box *box = &image->box[i];
        if (image->fractions) {
            box->left *= (double)width;
            box->right *= (double)width;
            box->top *= (double)height;
            box->bottom *= (double)height;
        }
        char *where = box->line ? mem_printf("%s, line %zu", image->entry, box->line) : mem_strdup(image->entry);
        int code = cut(box, image, width, height, where, st);
        free(where);
        if (code)
            return code;
    }
    image->fitted = true;
    return STATUS_OK;
}

static int by_file(const void *a, const void *b)
{
    return strcmp(((const struct boxes_image *)a)->file, ((const struct boxes_image *)b)->file);
}

static int sort_images(struct boxes *b, struct status *st)
{
    if (b->n)
        qsort(b->image, b->n, sizeof *b->image, by_file);
    for (size_t i = 0; i < b->n; i++)
        b->n_boxes += b->image[i].n;
    for (size_t i = 1; i < b->n; i++)
        if (!strcmp(b->image[i - 1].file, b->image[i].file))
            return status_set(st, STATUS_DATA, "image '%s' stands twice: %s and %s", b->image[i].file, b->image[i - 1].entry, b->image[i].entry);
    return STATUS_OK;
}

/* ---- folders ---- */

static bool ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);
    return n > m && !strcmp(name + n - m, ending);
}

#define CLASS_NAMES "classes.txt"

/* classes.txt of a YOLO folder: a name a line. */
static int read_class_names(char ***name, size_t *n, const char *folder, struct status *st)
{
    char *path = path_join(folder, CLASS_NAMES);
    unsigned char *text = NULL;
    size_t size, capacity = 0;
    *name = NULL;
    *n = 0;
    int code = file_exists(path) ? file_read(&text, &size, path, (size_t)1 << 20, st) : STATUS_OK;
    for (char *at = (char *)text; !code && at && *at;) {
        size_t length = strcspn(at, "\n"), kept = length;
        while (kept && isspace((unsigned char)at[kept - 1]))
            kept--;
        *name = mem_grow(*name, *n, &capacity, sizeof **name);
        (*name)[(*n)++] = mem_strndup(at, kept);
        at += length + (at[length] != '\0');
    }
    free(text);
    free(path);
    return code;
}

static int read_folder(struct boxes *b, const char *path, struct status *st)
{
    static const char *const endings[] = {".json", ".xml", ".txt", ".png"};
    enum { LABELME, VOC, YOLO, MASKS, KINDS };
    struct file_list list;
    const char *first[KINDS] = {NULL};
    char **class_name = NULL;
    size_t n_classes = 0, kind = KINDS;
    int code = file_list_directory(&list, path, st);
    if (code)
        return code;
    for (size_t i = 0; i < list.n; i++)
        for (size_t k = 0; k < KINDS; k++)
            if ((k != MASKS || b->masks) && ends_with(list.name[i], endings[k]) && !first[k] && strcmp(list.name[i], CLASS_NAMES) != 0)
                first[k] = list.name[i];
    for (size_t k = 0; k < KINDS && !code; k++) {
        if (first[k] && kind != KINDS)
            code = status_set(st, STATUS_DATA, "folder '%s' holds boxes of two formats: '%s' and '%s'", path, first[kind], first[k]);
        if (first[k])
            kind = k;
    }
    if (!code && kind == KINDS)
        code = b->masks ? status_set(st, STATUS_DATA, "folder '%s' holds no masks: no .png and no LabelMe (.json) file", path)
                        : status_set(st, STATUS_DATA, "folder '%s' holds no boxes: no LabelMe (.json), VOC (.xml) or YOLO (.txt) file", path);
    if (!code && b->masks && (kind == VOC || kind == YOLO))
        code = status_set(st, STATUS_DATA, "'%s/%s' holds boxes alone, and masks were asked for", path, first[kind]);
    if (!code && kind == YOLO)
        code = read_class_names(&class_name, &n_classes, path, st);
    b->by_stem = kind == YOLO || kind == MASKS;
    b->image = NEW0(list.n + 1, struct boxes_image);
    for (size_t i = 0; i < list.n && !code; i++) {
        if (!ends_with(list.name[i], endings[kind]) || !strcmp(list.name[i], CLASS_NAMES))
            continue;
        char *file = path_join(path, list.name[i]);
        struct boxes_image *image = &b->image[b->n++];
        code = kind == LABELME ? boxes_read_labelme(image, file, b->masks, st)
               : kind == MASKS ? boxes_read_mask(image, file, st)
               : kind == VOC   ? boxes_read_voc(image, file, st)
                               : boxes_read_yolo(image, file, class_name, n_classes, st);
        free(file);
    }
    for (size_t i = 0; i < n_classes; i++)
        free(class_name[i]);
    free(class_name);
    file_list_free(&list);
    return code;
}

static int read_any(struct boxes *b, const char *path, bool masks, struct status *st)
{
    *b = (struct boxes){.masks = masks};
    int code = file_is_directory(path)   ? read_folder(b, path, st)
               : !ends_with(path, ".csv") ? boxes_read_coco(b, path, st)
               : masks                    ? status_set(st, STATUS_DATA, "'%s' holds boxes alone, and masks were asked for", path)
                                          : boxes_read_csv(b, path, st);
    if (!code)
        code = sort_images(b, st);
    if (code)
        boxes_free(b);
    return code;
}

int boxes_read(struct boxes *b, const char *path, struct status *st)
{
    return read_any(b, path, false, st);
}

int boxes_read_masks(struct boxes *b, const char *path, struct status *st)
{
    return read_any(b, path, true, st);
}

void boxes_free(struct boxes *b)
{
    for (size_t i = 0; i < b->n; i++) {
        for (size_t k = 0; k < b->image[i].n; k++) {
            free(b->image[i].box[k].label);
            free(b->image[i].box[k].outline.run);
        }
        free(b->image[i].file);
        free(b->image[i].entry);
        free(b->image[i].box);
    }
    free(b->image);
    *b = (struct boxes){.n = 0};
}

struct boxes_image *boxes_find(const struct boxes *b, const char *path)
{
    char *name = b->by_stem ? path_stem(path) : mem_strdup(path_basename(path));
    const struct boxes_image key = {.file = name};
    struct boxes_image *found = b->n ? bsearch(&key, b->image, b->n, sizeof key, by_file) : NULL;
    free(name);
    return found;
}
