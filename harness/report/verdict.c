#include "report/verdict.h"

#include <string.h>

#include "base/number.h"

static const char *m(const struct folder *f, size_t row, const char *column)
{
    return folder_cell(f, FOLDER_METRICS, row, column);
}

static const char *c(const struct folder *f, size_t row, const char *column)
{
    return folder_cell(f, FOLDER_COMPARE, row, column);
}

static bool is_pair(const struct folder *f, size_t i, size_t a, size_t b)
{
    return !strcmp(c(f, i, "model_a"), m(f, a, "model")) && !strcmp(c(f, i, "readout_a"), m(f, a, "readout")) &&
           !strcmp(c(f, i, "model_b"), m(f, b, "model")) && !strcmp(c(f, i, "readout_b"), m(f, b, "readout"));
}

bool verdict_better(const struct folder *f, size_t a, size_t b)
{
    static const char *const same[] = {"task", "protocol", "probe", "partition", "metric"};
    double value_a, value_b, p;
    for (size_t i = 0; i < f->table[FOLDER_COMPARE].n_rows; i++) {
        bool equal = true;
        for (size_t k = 0; equal && k < sizeof same / sizeof *same; k++)
            equal = !*c(f, i, same[k]) || !strcmp(c(f, i, same[k]), m(f, a, same[k]));
        if (!equal || (!is_pair(f, i, a, b) && !is_pair(f, i, b, a)))
            continue;
        return number_parse_double(c(f, i, "p_holm"), &p) && p < 0.05 && number_parse_double(m(f, a, "value"), &value_a) &&
               number_parse_double(m(f, b, "value"), &value_b) && value_a != value_b;
    }
    return false;
}
