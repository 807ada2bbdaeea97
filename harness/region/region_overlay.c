#include "region/region_overlay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/outfile.h"
#include "image/canvas.h"

#define SIDE 512    /* px, of the picture's longer side */
#define THICKNESS 3 /* px, of the deciding box */

struct ranked {
    double score;
    size_t image;
};

static int by_score(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->image > y->image) - (x->image < y->image);
}

/* Without its ending, and with what is no letter, digit, '-', '_' or '.' as '_': folders of one data set stay apart. */
static char *name_of(const char *id)
{
    char *name = mem_strdup(id), *dot = strrchr(name, '.');
    if (dot && dot != name)
        *dot = '\0';
    for (char *at = name; *at; at++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *at))
            *at = '_';
    return name;
}

static int read_picture(struct radiograph *r, const char *path, struct status *st)
{
    unsigned char *data;
    size_t size;
    int code = file_read(&data, &size, path, 0, st);
    if (code)
        return code;
    if ((code = radiograph_decode(r, data, size, st)))
        code = status_context(st, "'%s'", path);
    free(data);
    return code;
}

static int draw(unsigned char **file, size_t *size, const struct region_context *c, size_t number, size_t score, struct status *st)
{
    static const uint8_t deciding[3] = {255, 190, 60}, other[3] = {110, 150, 200};
    const struct region_image *image = &c->set->image[number];
    const struct region_peak *peak = &c->scores->peak[number * N_REGION_SCORES + score];
    struct radiograph r = {0};
    size_t width, height;
    uint8_t *small;
    int code = read_picture(&r, image->path, st);
    if (code)
        return code;
    code = canvas_shrink(&small, &width, &height, &r, SIDE, st);
    if (code) {
        radiograph_free(&r);
        return code;
    }
    struct canvas canvas = canvas_new(width, height, 0);
    for (size_t i = 0; i < width * height; i++) {
        const uint8_t *grey = small + i * r.channels, rgb[3] = {grey[0], grey[r.channels / 2], grey[r.channels - 1]};
        canvas_put(&canvas, i % width, i / width, rgb);
    }
    double scale_x = (double)width / (double)r.width, scale_y = (double)height / (double)r.height;
    for (size_t pass = 0; pass < 2; pass++) /* the deciding one on top */
        for (size_t i = image->first_region; i < image->first_region + image->n_regions; i++) {
            const struct pixel_box *b = &c->set->region[i].box;
            if ((i == peak->region) != (pass == 1))
                continue;
            for (size_t inset = 0; inset < (pass ? THICKNESS : 1); inset++) {
                double d = (double)inset;
                canvas_outline(&canvas, (double)b->left * scale_x + d, (double)b->top * scale_y + d, (double)b->right * scale_x - d,
                               (double)b->bottom * scale_y - d, width, height, pass ? deciding : other);
            }
            if (pass)
                canvas_number(&canvas, (size_t)((double)b->left * scale_x) + 2 * THICKNESS, (size_t)((double)b->top * scale_y) + 2 * THICKNESS, peak->value);
        }
    *file = canvas_encode(size, &canvas);
    free(small);
    radiograph_free(&r);
    return STATUS_OK;
}

static int write_one(const char *folder, const struct region_context *c, size_t number, size_t score, struct status *st)
{
    unsigned char *file;
    size_t size;
    struct outfile out;
    int code = draw(&file, &size, c, number, score, st);
    if (code)
        return code;
    char *name = name_of(c->set->image[number].id), *with = mem_printf("%s.png", name), *path = path_join(folder, with);
    code = outfile_open(&out, path, st);
    if (!code) {
        fwrite(file, 1, size, out.stream);
        code = outfile_commit(&out, st);
        outfile_discard(&out);
    }
    free(name);
    free(with);
    free(path);
    free(file);
    return code;
}

int region_overlays(size_t *n_written, const struct region_context *c, const char *output, struct status *st)
{
    size_t n = 0, score = region_main_score(c->set), most = c->study->regions->overlays;
    struct ranked *ranked = NEW(c->set->n + 1, struct ranked);
    *n_written = 0;
    for (size_t i = 0; i < c->set->n; i++) {
        double value = c->scores->peak[i * N_REGION_SCORES + score].value;
        if (c->split->is_test[i] && !isnan(value))
            ranked[n++] = (struct ranked){value, i};
    }
    if (n)
        qsort(ranked, n, sizeof *ranked, by_score);
    char *all = path_join(output, "region_overlays"), *folder = path_join(all, c->model);
    int code = n && most ? file_make_directories(folder, st) : STATUS_OK;
    for (size_t i = 0; i < n && i < most && !code; i++) {
        code = write_one(folder, c, ranked[i].image, score, st);
        *n_written += !code;
    }
    free(all);
    free(folder);
    free(ranked);
    return code;
}
