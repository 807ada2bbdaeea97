#include "interval/marginal.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/confusion.h"

#define SINGULAR 1e-10 /* of a pivot, of the largest: whole numbers of a count matrix do not come so near otherwise */

struct chi2_test bowker_test(const uint64_t *count, size_t n_classes)
{
    double statistic = 0, k = (double)n_classes;
    for (size_t i = 0; i < n_classes; i++)
        for (size_t j = i + 1; j < n_classes; j++) {
            double a = (double)count[i * n_classes + j], b = (double)count[j * n_classes + i];
            if (a + b > 0)
                statistic += (a - b) * (a - b) / (a + b);
        }
    double df = k * (k - 1) / 2;
    return (struct chi2_test){statistic, df, gsl_cdf_chisq_Q(statistic, df)};
}

/* d' W^-1 d of the first m differences; false if W is singular. */
static int quadratic_form(double *value, const uint64_t *count, size_t k)
{
    size_t m = k - 1;
    gsl_matrix *w = gsl_matrix_alloc(m, m);
    gsl_vector *d = gsl_vector_alloc(m), *x = gsl_vector_alloc(m);
    double largest = 0, least = INFINITY;
    for (size_t i = 0; i < m; i++) {
        double row = (double)confusion_support(count, k, i), column = (double)confusion_predicted(count, k, i);
        gsl_vector_set(d, i, row - column);
        for (size_t j = 0; j < m; j++)
            gsl_matrix_set(w, i, j, -(double)count[i * k + j] - (double)count[j * k + i] + (i == j ? row + column : 0));
        largest = fmax(largest, gsl_matrix_get(w, i, i));
    }
    int fine = gsl_linalg_cholesky_decomp1(w) == 0;
    for (size_t i = 0; i < m && fine; i++)
        least = fmin(least, pow(gsl_matrix_get(w, i, i), 2));
    fine = fine && least > SINGULAR * largest && gsl_linalg_cholesky_solve(w, d, x) == 0;
    *value = 0;
    for (size_t i = 0; i < m; i++)
        *value += gsl_vector_get(d, i) * gsl_vector_get(x, i);
    gsl_vector_free(x);
    gsl_vector_free(d);
    gsl_matrix_free(w);
    return fine;
}

int stuart_maxwell_test(struct chi2_test *t, const uint64_t *count, size_t n_classes, struct status *st)
{
    *t = (struct chi2_test){NAN, NAN, NAN};
    uint64_t *present = NEW(n_classes * n_classes, uint64_t);
    size_t k = confusion_present(present, count, n_classes);
    int code = STATUS_OK;
    double statistic;
    if (k < 2)
        code = status_set(st, STATUS_UNDEFINED, "Stuart-Maxwell: fewer than two labels occur");
    else if (!quadratic_form(&statistic, present, k))
        code = status_set(st, STATUS_UNDEFINED, "Stuart-Maxwell: some labels are never confused with the others");
    else
        *t = (struct chi2_test){statistic, (double)(k - 1), gsl_cdf_chisq_Q(statistic, (double)(k - 1))};
    free(present);
    return code;
}
