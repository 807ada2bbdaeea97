#include "metric/fleiss.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

int fleiss_kappa(double *fleiss, double *randolph, uint64_t *n_raters, const uint64_t *count, size_t n_subjects,
                 size_t n_categories, struct status *st)
{
    *fleiss = *randolph = NAN;
    *n_raters = 0;
    if (n_subjects == 0 || n_categories < 2)
        return status_set(st, STATUS_UNDEFINED, "Fleiss' kappa: %zu subjects in %zu categories", n_subjects, n_categories);
    uint64_t *column = NEW0(n_categories, uint64_t), agreeing = 0;
    int code = STATUS_OK;
    for (size_t i = 0; i < n_subjects && !code; i++) {
        uint64_t raters = 0;
        for (size_t k = 0; k < n_categories; k++) {
            uint64_t c = count[i * n_categories + k];
            raters += c;
            column[k] += c;
            agreeing += c > 0 ? c * (c - 1) : 0;
        }
        if (i == 0)
            *n_raters = raters;
        if (raters != *n_raters || raters < 2)
            code = status_set(st, STATUS_DATA, "Fleiss' kappa: subject %zu has %zu ratings, the first %zu (at least 2, the same for all)",
                              i, (size_t)raters, (size_t)*n_raters);
    }
    if (!code) {
        double m = (double)*n_raters, n = (double)n_subjects, chance = 0;
        double observed = (double)agreeing / (n * m * (m - 1)), even = 1 / (double)n_categories;
        uint64_t largest = 0;
        for (size_t k = 0; k < n_categories; k++) {
            double share = (double)column[k] / (n * m);
            chance += share * share;
            largest = column[k] > largest ? column[k] : largest;
        }
        *randolph = (observed - even) / (1 - even);
        if (largest == n_subjects * *n_raters)
            code = status_set(st, STATUS_UNDEFINED, "Fleiss' kappa: all ratings are of one category");
        else
            *fleiss = (observed - chance) / (1 - chance);
    }
    free(column);
    return code;
}
