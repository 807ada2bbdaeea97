/* Boxes from Pascal VOC files. */
#include <expat.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "region/boxes_format.h"

#define DEPTH 8
#define TEXT_MOST 1024

struct reading {
    struct boxes_image *image;
    const char *path;
    XML_Parser parser;
    char element[DEPTH][32];  /* the open ones */
    size_t depth;             /* of all that are open */
    char text[TEXT_MOST];     /* of the innermost */
    size_t n_text, n_objects;
    struct box box;
    struct box *found;        /* [n_found] boxes wait until the size is known */
    size_t n_found, capacity;
    int code;
    struct status *st;
};

static bool inside(const struct reading *r, const char *outer, const char *inner)
{
    return r->depth >= 2 && r->depth <= DEPTH && !strcmp(r->element[r->depth - 2], outer) && !strcmp(r->element[r->depth - 1], inner);
}

static size_t line_of(const struct reading *r)
{
    return (size_t)XML_GetCurrentLineNumber(r->parser);
}

static void begin_element(void *context, const XML_Char *name, const XML_Char **attribute)
{
    struct reading *r = context;
    (void)attribute;
    if (r->depth < DEPTH) {
        strncpy(r->element[r->depth], name, sizeof r->element[0] - 1);
        r->element[r->depth][sizeof r->element[0] - 1] = '\0';
    }
    r->depth++;
    r->n_text = 0;
    if (inside(r, "annotation", "object"))
        r->box = (struct box){NAN, NAN, NAN, NAN, NAN, NULL, line_of(r), {0}};
}

static void add_text(void *context, const XML_Char *text, int n)
{
    struct reading *r = context;
    for (int i = 0; i < n && r->n_text + 1 < TEXT_MOST; i++)
        r->text[r->n_text++] = text[i];
}

/* The element's text without blanks around it. */
static const char *trimmed(struct reading *r)
{
    const char *text = r->text;
    while (r->n_text && strchr(" \t\r\n", r->text[r->n_text - 1]))
        r->n_text--;
    r->text[r->n_text] = '\0';
    return text + strspn(text, " \t\r\n");
}

static void number_here(double *value, struct reading *r)
{
    const char *text = trimmed(r);
    if (!r->code && !number_parse_double(text, value))
        r->code = status_set(r->st, STATUS_DATA, "'%s', line %zu: '%s' in <%s> is no number", r->path, line_of(r), text, r->element[r->depth - 1]);
}

static void side_here(size_t *side, struct reading *r)
{
    double value = 0;
    number_here(&value, r);
    if (!r->code && !boxes_side(side, value))
        r->code = status_set(r->st, STATUS_DATA, "'%s', line %zu: %g px is no side of a picture", r->path, line_of(r), value);
}

static void end_element(void *context, const XML_Char *name)
{
    struct reading *r = context;
    (void)name;
    if (inside(r, "annotation", "filename") && !r->image->file)
        r->image->file = mem_strdup(path_basename(trimmed(r)));
    else if (inside(r, "size", "width"))
        side_here(&r->image->width, r);
    else if (inside(r, "size", "height"))
        side_here(&r->image->height, r);
    else if (inside(r, "bndbox", "xmin"))
        number_here(&r->box.left, r);
    else if (inside(r, "bndbox", "ymin"))
        number_here(&r->box.top, r);
    else if (inside(r, "bndbox", "xmax"))
        number_here(&r->box.right, r);
    else if (inside(r, "bndbox", "ymax"))
        number_here(&r->box.bottom, r);
    else if (inside(r, "object", "name") && !r->box.label)
        r->box.label = mem_strdup(trimmed(r));
    else if (inside(r, "annotation", "object")) {
        r->found = mem_grow(r->found, r->n_found, &r->capacity, sizeof *r->found);
        r->found[r->n_found++] = r->box;
        r->box.label = NULL;
    }
    r->depth--;
    r->n_text = 0;
}

int boxes_read_voc(struct boxes_image *image, const char *path, struct status *st)
{
    unsigned char *text;
    size_t size;
    int code = file_read(&text, &size, path, (size_t)64 << 20, st);
    if (code)
        return code;
    struct reading r = {.image = image, .path = path, .parser = XML_ParserCreate(NULL), .st = st};
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, begin_element, end_element);
    XML_SetCharacterDataHandler(r.parser, add_text);
    image->entry = mem_printf("'%s'", path);
    if (XML_Parse(r.parser, (const char *)text, (int)size, 1) != XML_STATUS_OK && !r.code)
        r.code = status_set(st, STATUS_DATA, "'%s', line %zu: %s", path, line_of(&r), XML_ErrorString(XML_GetErrorCode(r.parser)));
    if (!r.code && (!image->file || !*image->file || !image->width || !image->height))
        r.code = status_set(st, STATUS_DATA, "'%s' is no VOC file: <filename> or <size> is missing", path);
    for (size_t i = 0; i < r.n_found; i++) {
        char *where = mem_printf("'%s', line %zu, object %zu", path, r.found[i].line, i + 1);
        if (!r.code)
            r.code = boxes_add(image, r.found[i], where, st);
        else
            free(r.found[i].label);
        free(where);
    }
    free(r.box.label);
    free(r.found);
    free(text);
    XML_ParserFree(r.parser);
    return r.code;
}
