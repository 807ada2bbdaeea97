#include "cmd/preflight.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "cmd/answer.h"
#include "cmd/wrap.h"

static const struct {
    const char *word;
    enum terminal_colour colour;
} OUTCOME[N_PREFLIGHT] = {[PREFLIGHT_OK] = {"ok", TERMINAL_GREEN}, [PREFLIGHT_SKIP] = {"skip", TERMINAL_PLAIN}, [PREFLIGHT_WARN] = {"warn", TERMINAL_YELLOW},
                          [PREFLIGHT_FAIL] = {"fail", TERMINAL_RED}};

static void add(struct preflight *p, enum preflight_outcome outcome, const char *what, const char *next, char *found)
{
    p->line = mem_grow(p->line, p->n, &p->capacity, sizeof *p->line);
    p->line[p->n++] = (struct preflight_line){outcome, mem_strdup(what), found, next ? mem_strdup(next) : NULL};
    p->count[outcome]++;
}

void preflight_add(struct preflight *p, enum preflight_outcome outcome, const char *what, const char *next, const char *format, ...)
{
    va_list arguments;
    char *found = NULL;
    va_start(arguments, format);
    if (vasprintf(&found, format, arguments) < 0)
        found = mem_strdup("");
    va_end(arguments);
    add(p, outcome, what, next, found);
}

void preflight_fail(struct preflight *p, const char *what, const char *next, const struct status *st)
{
    if (!p->count[PREFLIGHT_FAIL])
        p->first = *st;
    add(p, PREFLIGHT_FAIL, what, next, mem_strdup(st->text));
}

void preflight_print(FILE *f, const struct preflight *p, const char *ready)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct preflight_line *l = &p->line[i];
        fputs(terminal_colour(fileno(f), OUTCOME[l->outcome].colour), f);
        wrap_pad(f, OUTCOME[l->outcome].word, 6);
        fputs(terminal_colour(fileno(f), TERMINAL_PLAIN), f);
        wrap_print(f, 6, 6, "%s: %s", l->what, l->found);
        if (l->next) {
            wrap_pad(f, "", 6);
            wrap_print(f, 6, 9, "-> %s", l->next);
        }
    }
    if (p->count[PREFLIGHT_FAIL])
        wrap_print(f, 0, 2, "not ready: %zu failed, %zu warnings, %zu fine", p->count[PREFLIGHT_FAIL], p->count[PREFLIGHT_WARN], p->count[PREFLIGHT_OK]);
    else
        wrap_print(f, 0, 2, "ready: %zu warnings, %zu fine; next: %s", p->count[PREFLIGHT_WARN], p->count[PREFLIGHT_OK], ready);
}

void preflight_answer(json_t *answer, const struct preflight *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->n; i++) {
        const struct preflight_line *l = &p->line[i];
        json_t *line = json_object();
        json_object_set_new(line, "outcome", json_string(OUTCOME[l->outcome].word));
        json_object_set_new(line, "what", answer_text(l->what));
        json_object_set_new(line, "found", answer_text(l->found));
        json_object_set_new(line, "next", answer_text(l->next));
        json_array_append_new(list, line);
    }
    json_object_set_new(answer, "checks", list);
}

void preflight_free(struct preflight *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->line[i].what);
        free(p->line[i].found);
        free(p->line[i].next);
    }
    free(p->line);
    *p = (struct preflight){0};
}
