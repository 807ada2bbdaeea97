#include "report/test_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/csv_stream.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/table.h"

/* ---- splits/TASK.csv ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_pictures(struct test_rows *t)
{
    size_t n = 0;
    if (t->n_pictures)
        qsort(t->picture, t->n_pictures, sizeof *t->picture, by_text);
    for (size_t i = 0; i < t->n_pictures; i++) {
        if (n && !strcmp(t->picture[n - 1], t->picture[i]))
            free(t->picture[i]);
        else
            t->picture[n++] = t->picture[i];
    }
    t->n_pictures = n;
}

static struct test_part *part_named(struct test_rows *t, const char *protocol)
{
    for (size_t i = 0; i < t->n_parts; i++)
        if (!strcmp(t->part[i].protocol, protocol))
            return &t->part[i];
    return NULL;
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The cohort's numbers, of which the test part has some, close up in their order. */
static void close_up(struct test_part *p)
{
    uint32_t *number = NEW(p->n, uint32_t);
    memcpy(number, p->unit, p->n * sizeof *number);
    if (p->n)
        qsort(number, p->n, sizeof *number, ascending);
    for (size_t i = 0; i < p->n; i++)
        if (i == 0 || number[i] != number[p->n_units - 1])
            number[p->n_units++] = number[i];
    for (size_t i = 0; i < p->n; i++) {
        const uint32_t *at = bsearch(&p->unit[i], number, p->n_units, sizeof *number, ascending);
        p->unit[i] = (uint32_t)(at - number);
    }
    free(number);
}

static int take_split_row(struct test_rows *t, const struct table *s, size_t row, const size_t *column, struct status *st)
{
    const char *protocol = table_cell(s, row, column[2]);
    struct test_part *p = part_named(t, protocol);
    size_t unit;
    if (!p) {
        t->part = mem_realloc(t->part, t->n_parts + 1, sizeof *t->part);
        p = &t->part[t->n_parts++];
        *p = (struct test_part){.protocol = mem_strdup(protocol), .sample = NEW0(s->n_rows, char *), .label_text = NEW0(s->n_rows, char *),
                                .unit = NEW(s->n_rows, uint32_t)};
    }
    t->picture[t->n_pictures++] = mem_strdup(table_cell(s, row, column[5]));
    if (strcmp(table_cell(s, row, column[3]), "test") != 0)
        return STATUS_OK;
    if (!number_parse_size(table_cell(s, row, column[4]), &unit) || unit < 1 || unit > UINT32_MAX)
        return status_set(st, STATUS_DATA, "%s:%zu: unit '%s' is not a number from 1", s->path, s->line[row], table_cell(s, row, column[4]));
    p->sample[p->n] = mem_strdup(table_cell(s, row, column[0]));
    p->label_text[p->n] = mem_strdup(table_cell(s, row, column[1]));
    p->unit[p->n++] = (uint32_t)unit;
    return STATUS_OK;
}

/* Rows of the part whose picture was trained on, or chosen by: a leak that a study let pass. */
static void find_seen(struct test_part *p, const struct table *s, const size_t *column)
{
    char **known = NEW(s->n_rows, char *);
    size_t n = 0;
    for (size_t i = 0; i < s->n_rows; i++)
        if (!strcmp(table_cell(s, i, column[2]), p->protocol) && !strcmp(table_cell(s, i, column[3]), "development"))
            known[n++] = s->cell[i * s->n_columns + column[5]];
    if (n)
        qsort(known, n, sizeof *known, by_text);
    for (size_t i = 0; i < s->n_rows; i++) {
        char *picture = s->cell[i * s->n_columns + column[5]];
        if (n && !strcmp(table_cell(s, i, column[2]), p->protocol) && !strcmp(table_cell(s, i, column[3]), "test"))
            p->n_seen += bsearch(&picture, known, n, sizeof *known, by_text) != NULL;
    }
    free(known);
}

static int read_splits(struct test_rows *t, const char *path, struct status *st)
{
    static const char *const name[] = {"sample", "label", "protocol", "partition", "unit", "sha256"};
    struct table s;
    size_t column[6];
    int code = table_read(&s, path, st);
    if (code)
        return code;
    for (size_t c = 0; c < 6 && !code; c++)
        code = table_column(&s, name[c], &column[c], st);
    t->picture = NEW(s.n_rows, char *);
    for (size_t i = 0; i < s.n_rows && !code; i++)
        code = take_split_row(t, &s, i, column, st);
    for (size_t i = 0; i < t->n_parts && !code; i++) {
        close_up(&t->part[i]);
        find_seen(&t->part[i], &s, column);
        t->part[i].has_exams = table_has(&s, "exam");
    }
    table_free(&s);
    if (!code)
        sort_pictures(t);
    return code;
}

/* ---- predictions/TASK.csv ---- */

enum { SAMPLE, PROTOCOL, PARTITION, FOLD, LABEL, MODEL, READOUT, PROBE, PREDICTION, N_COLUMNS };
static const char *const COLUMN[N_COLUMNS] = {"sample", "protocol", "partition", "fold", "label", "model", "readout", "probe", "prediction"};

struct reading {
    struct test_rows *t;
    const char *path;
    size_t column[N_COLUMNS], first_score;
    size_t last; /* scores that the row before belonged to */
};

/* Labels as numbers, once the header has said what the classes are called. */
static int number_labels(struct test_rows *t, const char *path, struct status *st)
{
    for (size_t i = 0; i < t->n_parts; i++) {
        struct test_part *p = &t->part[i];
        if (t->kind == KIND_REGRESSION)
            p->target = NEW(p->n, double);
        else
            p->label = NEW(p->n, int32_t);
        for (size_t j = 0; j < p->n; j++) {
            size_t k = 0;
            if (t->kind == KIND_REGRESSION) {
                if (!number_parse_double(p->label_text[j], &p->target[j]))
                    return status_set(st, STATUS_DATA, "%s: the label '%s' of '%s' is not a number", path, p->label_text[j], p->sample[j]);
                continue;
            }
            while (k < t->n_classes && strcmp(t->class_name[k], p->label_text[j]) != 0)
                k++;
            if (k == t->n_classes)
                return status_set(st, STATUS_DATA, "%s: has no score of class '%s', which '%s' is labelled with", path, p->label_text[j], p->sample[j]);
            p->label[j] = (int32_t)k;
        }
    }
    return STATUS_OK;
}

static int read_header(struct reading *r, char *const *cell, size_t n, struct status *st)
{
    struct test_rows *t = r->t;
    for (size_t c = 0; c < N_COLUMNS; c++) {
        size_t i = 0;
        while (i < n && strcmp(cell[i], COLUMN[c]) != 0)
            i++;
        if (i == n)
            return status_set(st, STATUS_DATA, "%s:1: no column '%s'", r->path, COLUMN[c]);
        r->column[c] = i;
    }
    while (r->first_score < n && strncmp(cell[r->first_score], "score_", 6) != 0)
        r->first_score++;
    t->n_classes = n - r->first_score;
    t->class_name = NEW0(t->n_classes, char *);
    for (size_t k = 0; k < t->n_classes; k++) {
        if (strncmp(cell[r->first_score + k], "score_", 6) != 0)
            return status_set(st, STATUS_DATA, "%s:1: column '%s' stands behind the scores", r->path, cell[r->first_score + k]);
        t->class_name[k] = mem_strdup(cell[r->first_score + k] + 6);
    }
    bool suits = t->kind == KIND_REGRESSION ? t->n_classes == 0 : t->kind == KIND_BINARY ? t->n_classes == 2 : t->n_classes >= 2;
    if (!suits)
        return status_set(st, STATUS_DATA, "%s:1: %zu columns of scores do not suit the kind of task that provenance.json names", r->path, t->n_classes);
    t->n_out = t->kind == KIND_BINARY || t->kind == KIND_REGRESSION ? 1 : t->n_classes;
    return number_labels(t, r->path, st);
}

static bool belongs(const struct reading *r, const struct test_scores *s, char *const *cell, size_t fold)
{
    return s->fold == fold && !strcmp(s->model, cell[r->column[MODEL]]) && !strcmp(s->readout, cell[r->column[READOUT]]) &&
           !strcmp(s->probe, cell[r->column[PROBE]]) && !strcmp(r->t->part[s->part].protocol, cell[r->column[PROTOCOL]]);
}

/* Where the row goes; begun if it is the first. */
static struct test_scores *scores_of(struct reading *r, char *const *cell, size_t fold)
{
    struct test_rows *t = r->t;
    if (r->last < t->n_scores && belongs(r, &t->scores[r->last], cell, fold))
        return &t->scores[r->last];
    for (r->last = 0; r->last < t->n_scores; r->last++)
        if (belongs(r, &t->scores[r->last], cell, fold))
            return &t->scores[r->last];
    struct test_part *p = part_named(t, cell[r->column[PROTOCOL]]);
    if (!p)
        return NULL;
    t->scores = mem_realloc(t->scores, t->n_scores + 1, sizeof *t->scores);
    struct test_scores *s = &t->scores[t->n_scores++];
    *s = (struct test_scores){.part = (size_t)(p - t->part), .model = mem_strdup(cell[r->column[MODEL]]),
                              .readout = mem_strdup(cell[r->column[READOUT]]), .probe = mem_strdup(cell[r->column[PROBE]]), .fold = fold,
                              .score = NEW(p->n * t->n_out, double)};
    return s;
}

static int read_row(void *context, size_t row, char *const *cell, size_t n, size_t line, struct status *st)
{
    struct reading *r = context;
    struct test_rows *t = r->t;
    size_t fold = 0;
    if (row == 0)
        return read_header(r, cell, n, st);
    if (strcmp(cell[r->column[PARTITION]], "test") != 0)
        return STATUS_OK;
    if (*cell[r->column[FOLD]] && !number_parse_size(cell[r->column[FOLD]], &fold))
        return status_set(st, STATUS_DATA, "%s:%zu: fold '%s' is not a number", r->path, line, cell[r->column[FOLD]]);
    struct test_scores *s = scores_of(r, cell, fold);
    const struct test_part *p = s ? &t->part[s->part] : NULL;
    if (!s || s->n == p->n || strcmp(p->sample[s->n], cell[r->column[SAMPLE]]) != 0)
        return status_set(st, STATUS_DATA, "%s:%zu: sample '%s' is not the test row that splits/%s.csv has here: the two files are of different runs", r->path,
                          line, cell[r->column[SAMPLE]], t->task);
    if (strcmp(p->label_text[s->n], cell[r->column[LABEL]]) != 0)
        return status_set(st, STATUS_DATA, "%s:%zu: sample '%s' is labelled '%s', but '%s' in splits/%s.csv: the two files are of different runs", r->path, line,
                          cell[r->column[SAMPLE]], cell[r->column[LABEL]], p->label_text[s->n], t->task);
    double *score = s->score + s->n++ * t->n_out;
    for (size_t k = 0; k < t->n_out; k++) {
        size_t column = t->kind == KIND_REGRESSION ? r->column[PREDICTION] : r->first_score + (t->kind == KIND_BINARY ? 1 : k);
        if (!number_parse_double(cell[column], &score[k]))
            return status_set(st, STATUS_DATA, "%s:%zu: '%s' is not a number", r->path, line, cell[column]);
    }
    return STATUS_OK;
}

static int check_whole(const struct test_rows *t, const char *path, struct status *st)
{
    for (size_t i = 0; i < t->n_scores; i++) {
        const struct test_scores *s = &t->scores[i];
        const struct test_part *p = &t->part[s->part];
        if (s->n != p->n)
            return status_set(st, STATUS_DATA, "%s: model '%s', %s, %s, protocol %s has %zu of the %zu test rows of splits/%s.csv", path, s->model, s->readout,
                              s->probe, p->protocol, s->n, p->n, t->task);
    }
    return STATUS_OK;
}

/* ---- both ---- */

int test_rows_read(struct test_rows *t, const char *directory, const char *task, enum task_kind kind, struct status *st)
{
    char *file = mem_printf("splits/%s.csv", task), *splits = path_join(directory, file);
    free(file);
    file = mem_printf("predictions/%s.csv", task);
    char *predictions = path_join(directory, file);
    free(file);
    *t = (struct test_rows){.task = mem_strdup(task), .kind = kind};
    struct reading r = {.t = t, .path = predictions};
    int code = read_splits(t, splits, st);
    if (!code)
        code = csv_stream(predictions, read_row, &r, st);
    if (!code)
        code = check_whole(t, predictions, st);
    free(predictions);
    free(splits);
    if (code)
        test_rows_free(t);
    return code;
}

void test_rows_free(struct test_rows *t)
{
    for (size_t i = 0; i < t->n_parts; i++) {
        struct test_part *p = &t->part[i];
        for (size_t j = 0; j < p->n; j++) {
            free(p->sample[j]);
            free(p->label_text[j]);
        }
        free(p->protocol);
        free(p->sample);
        free(p->label_text);
        free(p->unit);
        free(p->label);
        free(p->target);
    }
    for (size_t i = 0; i < t->n_scores; i++) {
        free(t->scores[i].model);
        free(t->scores[i].readout);
        free(t->scores[i].probe);
        free(t->scores[i].score);
    }
    for (size_t k = 0; k < t->n_classes; k++)
        free(t->class_name ? t->class_name[k] : NULL);
    for (size_t i = 0; i < t->n_pictures; i++)
        free(t->picture[i]);
    free(t->class_name);
    free(t->part);
    free(t->scores);
    free(t->picture);
    free(t->task);
    *t = (struct test_rows){0};
}
