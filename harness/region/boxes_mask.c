/* Masks: a picture of the radiograph's size, in which what is not 0 is a finding. */
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/radiograph.h"
#include "region/boxes_format.h"

static struct box box_around(const struct outline *o)
{
    struct box box = {INFINITY, o->run[0].y, -INFINITY, o->run[o->n - 1].y + 1.0, NAN, NULL, 0, *o};
    for (size_t i = 0; i < o->n; i++) {
        box.left = fmin(box.left, o->run[i].first);
        box.right = fmax(box.right, o->run[i].end);
    }
    return box;
}

int boxes_read_mask(struct boxes_image *image, const char *path, struct status *st)
{
    struct file_map file;
    struct radiograph mask = {0};
    int code = file_map(&file, path, st);
    if (code)
        return code;
    code = radiograph_decode(&mask, file.data, file.size, st);
    file_unmap(&file);
    if (code)
        return status_context(st, "'%s'", path);
    image->file = path_stem(path);
    image->entry = mem_printf("'%s'", path);
    image->width = mask.width;
    image->height = mask.height;
    size_t n;
    struct outline *found = outline_components(&n, mask.sample, mask.width, mask.height, mask.channels);
    for (size_t i = 0; i < n && !code; i++)
        code = boxes_add(image, box_around(&found[i]), image->entry, st);
    free(found);
    radiograph_free(&mask);
    return code;
}
