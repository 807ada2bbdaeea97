#include "golden/golden_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"

static void append(char *line, const char *text)
{
    size_t used = strlen(line);
    snprintf(line + used, LINE - used, "%s%s", used ? " " : "", text);
}

void tally_unknown(struct tally *t, const char *name)
{
    append(t->unknown, name);
}

void tally_wrong(struct tally *t, const char *text)
{
    append(t->wrong, text);
    t->n_wrong++;
}

void tally_check(struct tally *t, const char *name, double ours, double theirs, double tolerance)
{
    t->n_checked++;
    double error = fabs(ours - theirs) / fmax(1, fabs(theirs));
    if (error > t->worst) /* false for NaN and for inf - inf */
        t->worst = error;
    if (!golden_close(ours, theirs, tolerance)) {
        char text[200];
        snprintf(text, sizeof text, "%s=%.17g(%.17g)", name, ours, theirs);
        tally_wrong(t, text);
    }
}

void tally_report(const struct tally *t, const char *section, const char *name)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", section, name);
    if (t->n_wrong)
        golden_fail(full, "%zu of %zu figures differ: ours(theirs) %s", t->n_wrong, t->n_checked, t->wrong);
    else if (t->n_checked)
        golden_pass(full, "%zu figures, largest error %.1e", t->n_checked, t->worst);
    if (t->unknown[0])
        golden_skip(full, "no figure of ours for: %s", t->unknown);
    else if (!t->n_checked && !t->n_wrong)
        golden_skip(full, "nothing in it that this code knows");
}

bool case_table(struct table *t, const char *directory, const char *file)
{
    char *path = path_join(directory, file);
    bool read = file_exists(path) && table_read(t, path, NULL) == STATUS_OK;
    free(path);
    return read;
}

double *case_column(const struct table *t, const char *name)
{
    size_t c;
    if (table_column(t, name, &c, NULL))
        return NULL;
    double *value = NEW(t->n_rows, double);
    for (size_t i = 0; i < t->n_rows; i++)
        if (!number_parse_double_any(table_cell(t, i, c), &value[i]))
            value[i] = NAN;
    return value;
}

int32_t *case_labels(const struct table *t, const char *name)
{
    double *value = case_column(t, name);
    if (!value)
        return NULL;
    int32_t *label = NEW(t->n_rows, int32_t);
    for (size_t i = 0; i < t->n_rows; i++)
        label[i] = value[i] >= 0 && value[i] < 1e6 ? (int32_t)value[i] : 0;
    free(value);
    return label;
}

void case_keys(struct tally *t, const char *directory, const char *file, const void *data,
               bool (*figure)(double *value, const void *data, const char *key), double (*tolerance)(const void *data, const char *key))
{
    char *path = path_join(directory, file);
    struct golden_keys *keys = file_exists(path) ? golden_keys_read(path) : NULL;
    free(path);
    for (size_t i = 0; keys && i < golden_keys_count(keys); i++) {
        const char *key = golden_key_name(keys, i);
        double ours = NAN, theirs;
        if (golden_key(keys, key, &theirs) && figure(&ours, data, key))
            tally_check(t, key, ours, theirs, tolerance ? tolerance(data, key) : TOLERANCE);
        else
            tally_unknown(t, key);
    }
    golden_keys_free(keys);
}

void case_walk(const char *stats, const char *section, void (*run)(struct tally *t, const char *directory))
{
    char *folder = path_join(stats, section);
    struct file_list cases = {0};
    struct status st;
    if (!file_is_directory(folder))
        golden_skip(section, "no such folder");
    else if (file_list_directory(&cases, folder, &st))
        golden_fail(section, "%s", st.text);
    for (size_t i = 0; i < cases.n; i++) {
        struct tally t = {0};
        char *directory = path_join(folder, cases.name[i]);
        run(&t, directory);
        tally_report(&t, section, cases.name[i]);
        free(directory);
    }
    file_list_free(&cases);
    free(folder);
}

bool key_number(const char *key, const char *prefix, double *number, const char **rest)
{
    size_t length = strlen(prefix);
    if (strncmp(key, prefix, length) != 0 || key[length] == 0 || !strchr("0123456789", key[length]))
        return false;
    char *end;
    *number = strtod(key + length, &end);
    *rest = end;
    return true;
}

const char *key_after(const char *key, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(key, prefix, length) == 0 ? key + length : NULL;
}

bool key_find(double *value, const char *key, const struct named_value *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(key, list[i].name) == 0) {
            *value = list[i].value;
            return true;
        }
    return false;
}
