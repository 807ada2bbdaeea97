/* Boxes from YOLO's text files and from CSV. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/table.h"
#include "region/boxes_format.h"

/* ---- YOLO ---- */

#define FIELDS 6 /* class, centre x, centre y, width, height, confidence */

/* One line, "class cx cy w h [confidence]". */
static int read_line(struct boxes_image *image, char *line, size_t number, const char *where, char *const *class_name, size_t n_classes, struct status *st)
{
    double value[FIELDS];
    size_t n = 0;
    char *next = NULL;
    for (char *field = strtok_r(line, " \t\r", &next); field; field = strtok_r(NULL, " \t\r", &next), n++) {
        if (n == FIELDS)
            return status_set(st, STATUS_DATA, "%s: more than %d fields; class, centre x, centre y, width, height and perhaps a confidence were expected", where,
                              FIELDS);
        if (!number_parse_double(field, &value[n]))
            return status_set(st, STATUS_DATA, "%s: '%s' is no number", where, field);
    }
    if (n == 0)
        return STATUS_OK;
    if (n < FIELDS - 1)
        return status_set(st, STATUS_DATA, "%s: %zu fields; class, centre x, centre y, width, height and perhaps a confidence were expected", where, n);
    if (!(value[0] >= 0 && value[0] < 1e6) || value[0] != floor(value[0]))
        return status_set(st, STATUS_DATA, "%s: class %g is no whole number from 0", where, value[0]);
    for (size_t i = 1; i < FIELDS - 1; i++)
        if (!(value[i] >= 0 && value[i] <= 1))
            return status_set(st, STATUS_DATA, "%s: %g is no fraction of the picture's side; YOLO files hold numbers from 0 to 1 (are these pixels?)", where,
                              value[i]);
    size_t class = (size_t)value[0];
    if (n_classes && class >= n_classes)
        return status_set(st, STATUS_DATA, "%s: class %zu, but classes.txt names %zu", where, class, n_classes);
    struct box box = {value[1] - value[3] / 2, value[2] - value[4] / 2, value[1] + value[3] / 2, value[2] + value[4] / 2, n == FIELDS ? value[5] : NAN,
                      n_classes ? mem_strdup(class_name[class]) : mem_printf("%zu", class), number, {0}};
    return boxes_add(image, box, where, st);
}

int boxes_read_yolo(struct boxes_image *image, const char *path, char *const *class_name, size_t n_classes, struct status *st)
{
    unsigned char *text;
    size_t size, number = 1;
    int code = file_read(&text, &size, path, 0, st);
    if (code)
        return code;
    image->file = path_stem(path);
    image->entry = mem_printf("'%s'", path);
    image->fractions = true;
    for (char *at = (char *)text; !code && *at; number++) {
        size_t n = strcspn(at, "\n");
        bool more = at[n] != '\0';
        at[n] = '\0';
        char *where = mem_printf("'%s', line %zu", path, number);
        code = read_line(image, at, number, where, class_name, n_classes, st);
        free(where);
        at += n + more;
    }
    free(text);
    return code;
}

/* ---- CSV ---- */

enum { LEFT, TOP, RIGHT, BOTTOM, SIDES };

struct columns {
    size_t image, side[SIDES], label, confidence; /* SIZE_MAX: the table has none */
};

static int find_columns(struct columns *c, const struct table *t, struct status *st)
{
    static const char *const side[SIDES][2] = {{"left", "xmin"}, {"top", "ymin"}, {"right", "xmax"}, {"bottom", "ymax"}};
    *c = (struct columns){.label = SIZE_MAX, .confidence = SIZE_MAX};
    int code = table_column(t, "image", &c->image, st);
    for (size_t k = 0; k < SIDES && !code; k++)
        code = table_column(t, side[k][table_has(t, side[k][1])], &c->side[k], st);
    if (!code && table_has(t, "label"))
        code = table_column(t, "label", &c->label, st);
    if (!code && table_has(t, "confidence"))
        code = table_column(t, "confidence", &c->confidence, st);
    return code;
}

static int read_row(struct boxes_image *image, const struct table *t, size_t row, const struct columns *c, const char *where, struct status *st)
{
    double value[SIDES];
    size_t n_empty = 0;
    struct box box = {.confidence = NAN, .line = t->line[row]};
    for (size_t k = 0; k < SIDES; k++) {
        const char *cell = table_cell(t, row, c->side[k]);
        if (!*cell)
            n_empty++;
        else if (!number_parse_double(cell, &value[k]))
            return status_set(st, STATUS_DATA, "%s: '%s' in column '%s' is no number", where, cell, t->header[c->side[k]]);
    }
    if (n_empty == SIDES)
        return STATUS_OK;
    if (n_empty)
        return status_set(st, STATUS_DATA, "%s: a side of the box is missing", where);
    if (c->confidence != SIZE_MAX && *table_cell(t, row, c->confidence) && !number_parse_double(table_cell(t, row, c->confidence), &box.confidence))
        return status_set(st, STATUS_DATA, "%s: confidence '%s' is no number", where, table_cell(t, row, c->confidence));
    box.left = value[LEFT];
    box.top = value[TOP];
    box.right = value[RIGHT];
    box.bottom = value[BOTTOM];
    box.label = c->label != SIZE_MAX && *table_cell(t, row, c->label) ? mem_strdup(table_cell(t, row, c->label)) : NULL;
    return boxes_add(image, box, where, st);
}

struct named_row {
    const char *image;
    size_t row;
};

static int by_image(const void *a, const void *b)
{
    const struct named_row *r = a, *s = b;
    int order = strcmp(r->image, s->image);
    return order ? order : (r->row > s->row) - (r->row < s->row);
}

int boxes_read_csv(struct boxes *b, const char *path, struct status *st)
{
    struct table t;
    struct columns c;
    int code = table_read(&t, path, st);
    if (code)
        return code;
    struct named_row *row = NEW(t.n_rows + 1, struct named_row);
    code = find_columns(&c, &t, st);
    for (size_t i = 0; i < t.n_rows && !code; i++) {
        row[i] = (struct named_row){path_basename(table_cell(&t, i, c.image)), i};
        if (!*row[i].image)
            code = status_set(st, STATUS_DATA, "'%s', line %zu: no image is named", path, t.line[i]);
    }
    if (!code && t.n_rows)
        qsort(row, t.n_rows, sizeof *row, by_image);
    b->image = NEW0(t.n_rows + 1, struct boxes_image);
    for (size_t i = 0; i < t.n_rows && !code; i++) {
        if (i == 0 || strcmp(row[i].image, row[i - 1].image) != 0) {
            b->image[b->n].file = mem_strdup(row[i].image);
            b->image[b->n++].entry = mem_printf("'%s'", path);
        }
        char *where = mem_printf("'%s', line %zu", path, t.line[row[i].row]);
        code = read_row(&b->image[b->n - 1], &t, row[i].row, &c, where, st);
        free(where);
    }
    free(row);
    table_free(&t);
    return code;
}
