#include "base/xlsx.h"

#include <expat.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/archive.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/table_builder.h"

#define MAX_COLUMNS 16384
#define MAX_ROWS 1048576

struct text { /* grows */
    char *data;
    size_t n, capacity;
};

struct span { /* of a text; length 0: empty */
    size_t at, length;
};

enum cell_type { CELL_NUMBER, CELL_SHARED, CELL_BOOLEAN, CELL_TEXT };

struct workbook {
    const char *name;  /* of the file */
    const char *part;  /* being read */
    struct archive archive;
    struct status *st;
    int code;
    XML_Parser parser;
    /* where things are */
    char *sheet_id;    /* relation of the first sheet */
    char *wanted_id, *wanted_type; /* of the relation looked for */
    char *target;      /* what was found */
    /* shared strings */
    struct text shared;
    struct span *string;
    size_t n_strings, string_capacity;
    /* the sheet */
    struct table_builder builder;
    size_t row, column;     /* from 1 */
    enum cell_type type;
    bool in_row, in_cell, collects, phonetic;
    struct text value;      /* of the cell or string being read */
    struct text row_text;
    struct span *cell;      /* [n_cells] of this row */
    size_t n_cells, cell_capacity;
};

static void append(struct text *t, const char *data, size_t n)
{
    while (t->capacity - t->n < n + 1) {
        t->capacity = t->capacity ? 2 * t->capacity : 256;
        t->data = mem_realloc(t->data, t->capacity, 1);
    }
    if (n)
        memcpy(t->data + t->n, data, n);
    t->n += n;
    t->data[t->n] = '\0';
}

static void stop(struct workbook *w, int code)
{
    w->code = code;
    XML_StopParser(w->parser, XML_FALSE);
}

/* ---- XML ---- */

/* Name without its namespace's prefix. */
static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *attribute(const char *const *pair, const char *name)
{
    for (; *pair; pair += 2)
        if (!strcmp(*pair, name))
            return pair[1];
    return NULL;
}

static void XMLCALL no_doctype(void *context, const char *name, const char *system, const char *public, int subset)
{
    struct workbook *w = context;
    (void)name, (void)system, (void)public, (void)subset;
    stop(w, status_set(w->st, STATUS_DATA, "%s: part '%s' declares a DOCTYPE, which no workbook has", w->name, w->part));
}

/* Read one part through the handlers; *there tells whether the archive has it. */
static int read_part(struct workbook *w, const char *part, bool *there, XML_StartElementHandler start, XML_EndElementHandler end,
                     XML_CharacterDataHandler text)
{
    char *data;
    size_t size;
    w->part = part;
    w->code = archive_read(&data, &size, &w->archive, part, XLSX_PART, w->st);
    *there = data != NULL;
    if (w->code || !data)
        return w->code;
    w->parser = XML_ParserCreate(NULL);
    if (!w->parser) {
        free(data);
        return status_set(w->st, STATUS_INTERNAL, "expat: cannot start");
    }
    XML_SetUserData(w->parser, w);
    XML_SetElementHandler(w->parser, start, end);
    XML_SetCharacterDataHandler(w->parser, text);
    XML_SetStartDoctypeDeclHandler(w->parser, no_doctype);
    if (XML_Parse(w->parser, data, (int)size, 1) == XML_STATUS_ERROR && !w->code)
        w->code = status_set(w->st, STATUS_DATA, "%s: part '%s', line %lu: %s", w->name, part, (unsigned long)XML_GetCurrentLineNumber(w->parser),
                             XML_ErrorString(XML_GetErrorCode(w->parser)));
    XML_ParserFree(w->parser);
    free(data);
    return w->code;
}

/* ---- where the sheet is ---- */

static void XMLCALL relation(void *context, const char *name, const char **pair)
{
    struct workbook *w = context;
    if (strcmp(local(name), "Relationship") != 0 || w->target)
        return;
    const char *id = attribute(pair, "Id"), *type = attribute(pair, "Type"), *target = attribute(pair, "Target");
    const char *kind = type ? strrchr(type, '/') : NULL;
    if (target && (w->wanted_id ? id && !strcmp(id, w->wanted_id) : kind && !strcmp(kind + 1, w->wanted_type)))
        w->target = mem_strdup(target);
}

/* The part that a relation of `part` ("" for the package) points to, by id or by type; NULL if none does. */
static int follow(char **found, struct workbook *w, const char *part, char *id, char *type)
{
    bool there;
    const char *slash = strrchr(part, '/');
    int folder = slash ? (int)(slash - part) + 1 : 0;
    char *relations = mem_printf("%.*s_rels/%s.rels", folder, part, part + folder);
    w->wanted_id = id;
    w->wanted_type = type;
    w->target = NULL;
    *found = NULL;
    int code = read_part(w, relations, &there, relation, NULL, NULL);
    if (!code && w->target)
        *found = *w->target == '/' ? mem_strdup(w->target + 1) : mem_printf("%.*s%s", folder, part, w->target);
    free(w->target);
    w->target = NULL;
    free(relations);
    return code;
}

static void XMLCALL first_sheet(void *context, const char *name, const char **pair)
{
    struct workbook *w = context;
    if (strcmp(local(name), "sheet") != 0 || w->sheet_id)
        return;
    for (; *pair && !w->sheet_id; pair += 2)
        if (!strcmp(local(*pair), "id") && strchr(*pair, ':'))
            w->sheet_id = mem_strdup(pair[1]);
}

/* ---- shared strings ---- */

static void XMLCALL string_start(void *context, const char *name, const char **pair)
{
    struct workbook *w = context;
    (void)pair;
    name = local(name);
    if (!strcmp(name, "si"))
        w->value.n = 0;
    else if (!strcmp(name, "rPh"))
        w->phonetic = true;
    else if (!strcmp(name, "t"))
        w->collects = !w->phonetic;
}

static void XMLCALL string_end(void *context, const char *name)
{
    struct workbook *w = context;
    name = local(name);
    if (!strcmp(name, "si")) {
        w->string = mem_grow(w->string, w->n_strings, &w->string_capacity, sizeof *w->string);
        w->string[w->n_strings++] = (struct span){w->shared.n, w->value.n};
        append(&w->shared, w->value.data, w->value.n);
    } else if (!strcmp(name, "rPh")) {
        w->phonetic = false;
    } else if (!strcmp(name, "t")) {
        w->collects = false;
    }
}

static void XMLCALL collect(void *context, const char *data, int n)
{
    struct workbook *w = context;
    if (w->collects)
        append(&w->value, data, (size_t)n);
}

/* ---- the sheet ---- */

/* "AB12" for messages. */
static const char *cell_name(char name[32], size_t row, size_t column)
{
    char letters[8];
    size_t n = sizeof letters;
    letters[--n] = '\0';
    for (; column && n; column = (column - 1) / 26)
        letters[--n] = (char)('A' + (column - 1) % 26);
    (void)snprintf(name, 32, "%s%zu", letters + n, row);
    return name;
}

/* Column and row of "AB12"; false if it is something else. */
static bool parse_cell_name(size_t *column, size_t *row, const char *text)
{
    *column = 0;
    while (*text >= 'A' && *text <= 'Z' && *column <= MAX_COLUMNS)
        *column = 26 * *column + (size_t)(*text++ - 'A') + 1;
    return *column >= 1 && *column <= MAX_COLUMNS && number_parse_size(text, row);
}

static void begin_row(struct workbook *w, const char **pair)
{
    const char *number = attribute(pair, "r");
    size_t row = w->row + 1;
    if (number && (!number_parse_size(number, &row) || row <= w->row)) {
        stop(w, status_set(w->st, STATUS_DATA, "%s: row '%s' behind row %zu", w->name, number, w->row));
        return;
    }
    if (row > MAX_ROWS) {
        stop(w, status_set(w->st, STATUS_DATA, "%s: row %zu; a sheet has at most %d", w->name, row, MAX_ROWS));
        return;
    }
    w->row = row;
    w->column = 0;
    w->n_cells = 0;
    w->row_text.n = 0;
    w->in_row = true;
}

static void begin_cell(struct workbook *w, const char **pair)
{
    const char *reference = attribute(pair, "r"), *type = attribute(pair, "t");
    size_t column = w->column + 1, row = w->row;
    if (reference && (!parse_cell_name(&column, &row, reference) || row != w->row || column <= w->column)) {
        stop(w, status_set(w->st, STATUS_DATA, "%s: a cell called '%s' where row %zu goes on behind column %zu", w->name, reference, w->row, w->column));
        return;
    }
    if (column > MAX_COLUMNS) {
        stop(w, status_set(w->st, STATUS_DATA, "%s: row %zu has more than %d columns", w->name, w->row, MAX_COLUMNS));
        return;
    }
    w->column = column;
    w->type = !type || !strcmp(type, "n") ? CELL_NUMBER : !strcmp(type, "s") ? CELL_SHARED : !strcmp(type, "b") ? CELL_BOOLEAN : CELL_TEXT;
    w->value.n = 0;
    w->in_cell = true;
}

/* What the cell says, as text; an error names it. */
static int cell_text(const char **text, size_t *n, char number[NUMBER_TEXT], struct workbook *w)
{
    char name[32];
    const char *written = w->value.n ? w->value.data : "";
    double value;
    size_t index;
    *text = written;
    *n = w->value.n;
    if (!*n || w->type == CELL_TEXT)
        return STATUS_OK;
    if (w->type == CELL_SHARED) {
        if (!number_parse_size(written, &index) || index >= w->n_strings)
            return status_set(w->st, STATUS_DATA, "%s: cell %s: shared string '%.40s'; the workbook has %zu", w->name,
                              cell_name(name, w->row, w->column), written, w->n_strings);
        *text = w->shared.data + w->string[index].at;
        *n = w->string[index].length;
        return STATUS_OK;
    }
    if (!number_parse_double(written, &value) || (w->type == CELL_BOOLEAN && strcmp(written, "0") != 0 && strcmp(written, "1") != 0))
        return status_set(w->st, STATUS_DATA, "%s: cell %s: '%.40s' is not a %s", w->name, cell_name(name, w->row, w->column), written,
                          w->type == CELL_BOOLEAN ? "truth value" : "number");
    *text = w->type == CELL_NUMBER ? number_format(number, value) : value > 0 ? "TRUE" : "FALSE";
    *n = strlen(*text);
    return STATUS_OK;
}

static void end_cell(struct workbook *w)
{
    char number[NUMBER_TEXT];
    const char *text;
    size_t n;
    w->in_cell = false;
    int code = cell_text(&text, &n, number, w);
    if (code) {
        stop(w, code);
        return;
    }
    size_t blank = 0;
    while (blank < n && (text[blank] == ' ' || text[blank] == '\t'))
        blank++;
    if (blank == n)
        return;
    if (n > TABLE_LIMIT - w->row_text.n) {
        stop(w, status_set(w->st, STATUS_DATA, "%s: row %zu holds more than %zu bytes", w->name, w->row, TABLE_LIMIT));
        return;
    }
    while (w->n_cells < w->column) {
        w->cell = mem_grow(w->cell, w->n_cells, &w->cell_capacity, sizeof *w->cell);
        w->cell[w->n_cells++] = (struct span){0, 0};
    }
    w->cell[w->column - 1] = (struct span){w->row_text.n, n};
    append(&w->row_text, text, n);
}

/* A row is as wide as the header: cells without text may be missing at its end, text may not stand behind it. */
static void end_row(struct workbook *w)
{
    char name[32];
    struct table_builder *b = &w->builder;
    w->in_row = false;
    if (!w->n_cells)
        return;
    size_t width = b->has_header ? b->t->n_columns : w->n_cells;
    int code = STATUS_OK;
    if (w->n_cells > width)
        code = status_set(w->st, STATUS_DATA, "%s: cell %s: text right of the header's last column", w->name, cell_name(name, w->row, w->n_cells));
    else if (b->n_cells > XLSX_CELLS - width)
        code = status_set(w->st, STATUS_DATA, "%s: row %zu: more than %zu cells", w->name, w->row, XLSX_CELLS);
    for (size_t i = 0; i < width && !code; i++) {
        struct span s = i < w->n_cells ? w->cell[i] : (struct span){0, 0};
        code = table_builder_cell(b, w->row, s.length ? w->row_text.data + s.at : "", s.length, w->st);
    }
    if (!code)
        code = table_builder_row(b, w->row, w->st);
    if (code)
        stop(w, code);
}

static void XMLCALL sheet_start(void *context, const char *name, const char **pair)
{
    struct workbook *w = context;
    name = local(name);
    if (w->code)
        return;
    if (!strcmp(name, "row") && !w->in_row && !w->in_cell)
        begin_row(w, pair);
    else if (!strcmp(name, "c") && w->in_row && !w->in_cell)
        begin_cell(w, pair);
    else if (w->in_cell && !strcmp(name, "rPh"))
        w->phonetic = true;
    else if (w->in_cell && (!strcmp(name, "v") || !strcmp(name, "t")))
        w->collects = !w->phonetic;
}

static void XMLCALL sheet_end(void *context, const char *name)
{
    struct workbook *w = context;
    name = local(name);
    if (w->code)
        return;
    if (!strcmp(name, "row") && w->in_row && !w->in_cell) /* a row inside a cell is none */
        end_row(w);
    else if (!strcmp(name, "c") && w->in_cell)
        end_cell(w);
    else if (!strcmp(name, "rPh"))
        w->phonetic = false;
    else if (!strcmp(name, "v") || !strcmp(name, "t"))
        w->collects = false;
}

/* ---- the workbook ---- */

static int read_sheet(struct workbook *w)
{
    char *book = NULL, *strings = NULL, *sheet = NULL;
    bool there = false;
    int code = follow(&book, w, "", NULL, (char[]){"officeDocument"});
    if (!code && book)
        code = read_part(w, book, &there, first_sheet, NULL, NULL);
    if (!code && (!there || !w->sheet_id))
        code = status_set(w->st, STATUS_DATA, "%s: a zip archive, but no .xlsx workbook with a sheet", w->name);
    if (!code)
        code = follow(&strings, w, book, NULL, (char[]){"sharedStrings"});
    if (!code && strings)
        code = read_part(w, strings, &there, string_start, string_end, collect);
    w->collects = w->phonetic = false;
    if (!code)
        code = follow(&sheet, w, book, w->sheet_id, NULL);
    there = false;
    if (!code && sheet)
        code = read_part(w, sheet, &there, sheet_start, sheet_end, collect);
    if (!code && !there)
        code = status_set(w->st, STATUS_DATA, "%s: the first sheet's part '%s' is not in the workbook", w->name, sheet ? sheet : w->sheet_id);
    free(book);
    free(strings);
    free(sheet);
    return code;
}

int xlsx_parse(struct table *t, const char *name, const unsigned char *data, size_t size, const char *const *header, size_t n, struct status *st)
{
    struct workbook w = {.name = name, .st = st};
    table_builder_begin(&w.builder, t, name, header, n);
    int code = archive_open(&w.archive, name, data, size, st);
    if (!code)
        code = read_sheet(&w);
    archive_close(&w.archive);
    free(w.sheet_id);
    free(w.shared.data);
    free(w.string);
    free(w.value.data);
    free(w.row_text.data);
    free(w.cell);
    return table_builder_end(&w.builder, code, st);
}
