#include "golden/golden.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/table.h"

static size_t n_passed, n_failed, n_skipped;

static void line(const char *verdict, const char *name, const char *format, va_list arguments)
{
    printf("%s %s: ", verdict, name);
    vprintf(format, arguments);
    putchar('\n');
}

void golden_pass(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line("pass", name, format, arguments);
    va_end(arguments);
    n_passed++;
}

void golden_fail(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line("FAIL", name, format, arguments);
    va_end(arguments);
    n_failed++;
}

void golden_skip(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line("skip", name, format, arguments);
    va_end(arguments);
    n_skipped++;
}

bool golden_close(double a, double b, double tolerance)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    if (isinf(a) || isinf(b))
        return a == b;
    return fabs(a - b) <= tolerance * fmax(1, fabs(b));
}

struct golden_keys {
    struct table table;
};

struct golden_keys *golden_keys_read(const char *path)
{
    struct status st;
    struct golden_keys *keys = NEW0(1, struct golden_keys);
    if (table_read(&keys->table, path, &st) || keys->table.n_columns < 2) {
        table_free(&keys->table);
        free(keys);
        return NULL;
    }
    return keys;
}

const char *golden_key_text(const struct golden_keys *keys, const char *key)
{
    for (size_t i = 0; i < keys->table.n_rows; i++)
        if (!strcmp(table_cell(&keys->table, i, 0), key))
            return table_cell(&keys->table, i, 1);
    return NULL;
}

bool golden_key(const struct golden_keys *keys, const char *key, double *value)
{
    const char *text = golden_key_text(keys, key);
    return text && number_parse_double_any(text, value);
}

size_t golden_keys_count(const struct golden_keys *keys)
{
    return keys->table.n_rows;
}

const char *golden_key_name(const struct golden_keys *keys, size_t i)
{
    return table_cell(&keys->table, i, 0);
}

void golden_keys_free(struct golden_keys *keys)
{
    if (keys)
        table_free(&keys->table);
    free(keys);
}

static void run(const char *directory, const char *sub, void (*section)(const char *))
{
    char *path = *sub ? path_join(directory, sub) : mem_strdup(directory);
    if (file_is_directory(path)) {
        printf("# %s\n", path);
        section(path);
    } else {
        golden_skip(sub, "no such folder under %s", directory);
    }
    free(path);
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "../shared/golden";
    gsl_set_error_handler_off();
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!file_is_directory(directory)) {
        printf("SKIPPED: no reference outputs at '%s' (make golden GOLDEN=DIR)\n", directory);
        printf("0 passed, 0 failed, 1 skipped\n");
        return argc > 1 ? 2 : 0;
    }
    run(directory, "models", golden_models);
    run(directory, "models/images", golden_model_images);
    run(directory, "stats", golden_splits);
    run(directory, "stats", golden_metrics);
    run(directory, "stats", golden_delong);
    run(directory, "stats", golden_calibration);
    run(directory, "stats", golden_regression);
    run(directory, "stats", golden_bootstrap);
    run(directory, "stats", golden_paired);
    run(directory, "stats", golden_probes);
    run(directory, "stats/k_image", golden_k_image);
    printf("%zu passed, %zu failed, %zu skipped\n", n_passed, n_failed, n_skipped);
    return n_failed ? 1 : 0;
}
