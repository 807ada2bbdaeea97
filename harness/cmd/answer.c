#include "cmd/answer.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/version.h"
#include "cohort/audit.h"

json_t *answer_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *answer_count(size_t n)
{
    return json_integer((json_int_t)n);
}

json_t *answer_text(const char *text)
{
    json_t *string = text ? json_string(text) : NULL; /* NULL of bytes that are no UTF-8, as names of files may be */
    return string ? string : json_null();
}

/* ---- errors ---- */

/* "FILE:LINE: " in a message, FILE from the last ": " before it on; or else the first 'FILE' in quotes, of which a failure of
 * the file system speaks in any case, and other failures if it is there. */
static void add_place(json_t *error, const struct status *st)
{
    const char *begin = st->text;
    for (const char *at = st->text; (at = strchr(at, ':')); at++) {
        size_t digits = strspn(at + 1, "0123456789");
        if (digits && (at[1 + digits] == ':' || !at[1 + digits]) && at > begin) {
            char *file = mem_strndup(begin, (size_t)(at - begin));
            json_object_set_new(error, "file", answer_text(file));
            json_object_set_new(error, "line", json_integer(strtoll(at + 1, NULL, 10)));
            free(file);
            return;
        }
        if (at[1] == ' ')
            begin = at + 2;
    }
    const char *quote = strchr(st->text, '\''), *end = quote ? strchr(quote + 1, '\'') : NULL;
    if (!end)
        return;
    char *file = mem_strndup(quote + 1, (size_t)(end - quote - 1));
    if (*file && (st->code == STATUS_IO || file_exists(file)))
        json_object_set_new(error, "file", answer_text(file));
    free(file);
}

static const char *code_name(int code)
{
    switch (code) {
    case STATUS_USAGE:
        return "usage";
    case STATUS_DATA:
    case STATUS_UNDEFINED:
        return "data";
    case STATUS_IO:
        return "io";
    case STATUS_INTERRUPTED:
        return "interrupted";
    default:
        return "internal";
    }
}

void answer_print(FILE *f, json_t *answer, const char *command, int code, const struct status *st, const char *next)
{
    json_t *whole = json_object();
    int status = code == STATUS_INTERRUPTED ? 128 + interrupt_number() : code == STATUS_UNDEFINED ? STATUS_DATA : code;
    json_object_set_new(whole, "program", json_string(PROGRAM_NAME));
    json_object_set_new(whole, "version", json_string(PROGRAM_VERSION));
    json_object_set_new(whole, "command", answer_text(command));
    json_object_set_new(whole, "status", json_string(code ? "error" : "ok"));
    json_object_set_new(whole, "exit", json_integer(status));
    json_object_update(whole, answer);
    if (code) {
        json_t *error = json_object();
        json_object_set_new(error, "code", json_string(code_name(code)));
        json_object_set_new(error, "message", answer_text(st->text));
        add_place(error, st);
        if (next)
            json_object_set_new(error, "next", answer_text(next));
        json_object_set_new(whole, "error", error);
    }
    json_dumpf(whole, f, JSON_INDENT(2) | JSON_REAL_PRECISION(17)); /* a failure to write shows when f is flushed */
    fputc('\n', f);
    json_decref(whole);
}

/* ---- what a study came to ---- */

void answer_study(json_t *answer, const struct pipeline *p)
{
    json_t *tasks = json_array();
    for (size_t t = 0; t < p->study.n_tasks; t++) {
        const struct cohort *c = &p->cohort[t];
        json_t *task = json_object();
        json_object_set_new(task, "name", answer_text(c->source->task->name));
        json_object_set_new(task, "images", answer_count(c->n));
        json_object_set_new(task, "patients", c->has_patients ? answer_count(c->n_units) : json_null());
        json_object_set_new(task, "rows", answer_count(c->n_rows));
        json_object_set_new(task, "left_out", answer_count(findings_count(&c->findings, FINDING_EXCLUDED)));
        json_object_set_new(task, "errors", answer_count(findings_count(&c->findings, FINDING_ERROR)));
        json_object_set_new(task, "warnings", answer_count(findings_count(&c->findings, FINDING_WARNING)));
        json_object_set_new(task, "accepted", answer_count(findings_count(&c->findings, FINDING_ACCEPTED)));
        json_array_append_new(tasks, task);
    }
    json_object_set_new(answer, "study", answer_text(p->study.name));
    json_object_set_new(answer, "output", answer_text(p->study.output));
    json_object_set_new(answer, "tasks", tasks);
}

void answer_extracted(json_t *answer, const struct extract_counts *c)
{
    json_t *e = json_object();
    json_object_set_new(e, "images", answer_count(c->pictures));
    json_object_set_new(e, "stored", answer_count(c->pictures - c->computed));
    json_object_set_new(e, "encoded", answer_count(c->computed - c->failed));
    json_object_set_new(e, "undecodable", answer_count(c->failed));
    json_object_set_new(e, "damaged", answer_count(c->damaged));
    json_object_set_new(answer, "embeddings", e);
}

void answer_comparisons(json_t *answer, const struct compare_summary *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n; i++) {
        const struct compare_outcome *o = &s->outcome[i];
        json_t *family = json_object();
        json_object_set_new(family, "family", answer_text(o->family));
        json_object_set_new(family, "hypotheses", answer_count(o->hypotheses));
        json_object_set_new(family, "tested", answer_count(o->tested));
        json_object_set_new(family, "significant", answer_count(o->significant));
        json_object_set_new(family, "alpha", answer_number(o->alpha));
        json_array_append_new(list, family);
    }
    json_object_set_new(answer, "comparisons", list);
}

void answer_figures(json_t *answer, const struct pipeline *p)
{
    json_t *list = json_array(), *stages = json_array();
    for (size_t i = 0; i < p->n_headlines; i++) {
        const struct headline *h = &p->headline[i];
        json_t *figure = json_object();
        const struct {
            const char *key, *text;
        } name[] = {{"task", h->task}, {"protocol", h->protocol}, {"model", h->model}, {"readout", h->readout}, {"probe", h->probe}, {"metric", h->metric}};
        for (size_t k = 0; k < sizeof name / sizeof *name; k++)
            json_object_set_new(figure, name[k].key, answer_text(name[k].text));
        json_object_set_new(figure, "value", answer_number(h->value));
        json_object_set_new(figure, "low", answer_number(h->low));
        json_object_set_new(figure, "high", answer_number(h->high));
        json_object_set_new(figure, "sd", answer_number(h->sd));
        json_object_set_new(figure, "edge", json_boolean(h->edge));
        json_array_append_new(list, figure);
    }
    for (size_t i = 0; i < p->n_costs; i++) {
        json_t *stage = json_object();
        json_object_set_new(stage, "name", answer_text(p->cost[i].name));
        json_object_set_new(stage, "seconds", answer_number(p->cost[i].seconds));
        json_object_set_new(stage, "peak_kib", answer_count(p->cost[i].peak_kib));
        json_object_set_new(stage, "items", answer_count(p->cost[i].items));
        json_array_append_new(stages, stage);
    }
    json_object_set_new(answer, "seed", json_integer((json_int_t)p->study.seed));
    json_object_set_new(answer, "level", answer_number(p->study.level));
    json_object_set_new(answer, "figures", list);
    answer_comparisons(answer, &p->compared);
    json_object_set_new(answer, "stages", stages);
}
