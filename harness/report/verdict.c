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

static bool is_side(const struct folder *f, size_t i, const char *const column[3], size_t row)
{
    return !strcmp(c(f, i, column[0]), m(f, row, "model")) && !strcmp(c(f, i, column[1]), m(f, row, "readout")) &&
           !strcmp(c(f, i, column[2]), m(f, row, "probe"));
}

bool verdict_significant(const struct folder *f, size_t i)
{
    double p, level;
    return number_parse_double(c(f, i, "p_holm"), &p) && number_parse_double(c(f, i, "level"), &level) && p < 1 - level + 1e-12 && *c(f, i, "better");
}

bool verdict_better(const struct folder *f, size_t a, size_t b)
{
    static const char *const same[] = {"task", "protocol", "partition", "metric"}, *const side_a[] = {"model_a", "readout_a", "probe_a"},
                      *const side_b[] = {"model_b", "readout_b", "probe_b"};
    for (size_t i = 0; i < f->table[FOLDER_COMPARE].n_rows; i++) {
        bool equal = true;
        for (size_t k = 0; equal && k < sizeof same / sizeof *same; k++)
            equal = !strcmp(c(f, i, same[k]), m(f, a, same[k]));
        if (!equal || !((is_side(f, i, side_a, a) && is_side(f, i, side_b, b)) || (is_side(f, i, side_a, b) && is_side(f, i, side_b, a))))
            continue;
        return verdict_significant(f, i) && !strcmp(c(f, i, "better"), m(f, a, "model"));
    }
    return false;
}
