#include "cohort/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"

void findings_add(struct findings *f, enum severity severity, const char *check, const char *sample, size_t line, const char *format, ...)
{
    char text[STATUS_TEXT];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    f->item = mem_grow(f->item, f->n, &f->capacity, sizeof *f->item);
    f->item[f->n++] = (struct finding){severity, check, mem_strdup(sample), line, mem_strdup(text), 0};
}

size_t findings_new_group(struct findings *f)
{
    return ++f->n_groups;
}

void findings_put_in_group(struct findings *f, size_t group)
{
    f->item[f->n - 1].group = group;
}

size_t findings_count_code(const struct findings *f, enum severity severity, const char *check)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        n += f->item[i].severity == severity && !strcmp(f->item[i].check, check);
    return n;
}

size_t findings_count(const struct findings *f, enum severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        n += f->item[i].severity == severity;
    return n;
}

void findings_free(struct findings *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->item[i].sample);
        free(f->item[i].detail);
    }
    free(f->item);
    *f = (struct findings){0};
}

const char *severity_name(enum severity severity)
{
    static const char *const name[] = {"note", "warning", "excluded", "accepted", "error"};
    return name[severity];
}
