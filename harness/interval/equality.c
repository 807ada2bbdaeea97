#include "interval/equality.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "interval/percentile.h"

#define SINGULAR 1e-10 /* of a pivot, of the largest */

static double on_scale(double x, enum equality_scale scale)
{
    return scale == EQUALITY_LOGIT ? log(x / (1 - x)) : scale == EQUALITY_LOG ? log(x) : x;
}

static double slope(double x, enum equality_scale scale)
{
    return scale == EQUALITY_LOGIT ? 1 / (x * (1 - x)) : scale == EQUALITY_LOG ? 1 / x : 1;
}

bool equality_can_enter(double estimate, const double *replicate, size_t n, enum equality_scale scale)
{
    bool inside = scale == EQUALITY_LOGIT ? estimate > 0 && estimate < 1 : scale == EQUALITY_LOG ? estimate > 0 : !isnan(estimate);
    return inside && interval_standard_error(replicate, 1, n) > 1e-9 * fmax(1, fabs(estimate));
}

/* Over the replicates that are defined in both. */
static double covariance(const double *a, const double *b, size_t n)
{
    double mean_a = 0, mean_b = 0, sum = 0, m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(a[i]) && !isnan(b[i])) {
            mean_a += a[i];
            mean_b += b[i];
            m++;
        }
    mean_a /= m;
    mean_b /= m;
    for (size_t i = 0; i < n; i++)
        if (!isnan(a[i]) && !isnan(b[i]))
            sum += (a[i] - mean_a) * (b[i] - mean_b);
    return m >= 2 ? sum / (m - 1) : NAN;
}

/* c' W^-1 c; false where W is no covariance. */
static bool quadratic_form(double *value, gsl_matrix *w, const gsl_vector *c)
{
    size_t m = c->size;
    double largest = 0, least = INFINITY;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < m; j++)
            if (isnan(gsl_matrix_get(w, i, j)))
                return false;
        largest = fmax(largest, gsl_matrix_get(w, i, i));
    }
    gsl_vector *x = gsl_vector_alloc(m);
    bool fine = gsl_linalg_cholesky_decomp1(w) == 0;
    for (size_t i = 0; i < m && fine; i++)
        least = fmin(least, pow(gsl_matrix_get(w, i, i), 2));
    fine = fine && least > SINGULAR * largest && gsl_linalg_cholesky_solve(w, c, x) == 0;
    *value = 0;
    for (size_t i = 0; i < m; i++)
        *value += gsl_vector_get(c, i) * gsl_vector_get(x, i);
    gsl_vector_free(x);
    return fine;
}

int equality_test(struct equality *e, const double *estimate, const double *const *replicate, size_t k, size_t n, enum equality_scale scale,
                  struct status *st)
{
    *e = (struct equality){k, NAN, NAN, NAN};
    if (k < 2)
        return status_set(st, STATUS_UNDEFINED, "no two groups to compare");
    double *s = NEW(k * k, double), statistic; /* covariances on the scale */
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j <= i; j++)
            s[i * k + j] = s[j * k + i] = covariance(replicate[i], replicate[j], n) * slope(estimate[i], scale) * slope(estimate[j], scale);
    gsl_matrix *w = gsl_matrix_alloc(k - 1, k - 1);
    gsl_vector *c = gsl_vector_alloc(k - 1);
    size_t last = k - 1; /* every group against the last: any k - 1 contrasts give the same statistic */
    for (size_t i = 0; i < last; i++) {
        gsl_vector_set(c, i, on_scale(estimate[i], scale) - on_scale(estimate[last], scale));
        for (size_t j = 0; j < last; j++)
            gsl_matrix_set(w, i, j, s[i * k + j] - s[i * k + last] - s[last * k + j] + s[last * k + last]);
    }
    bool fine = quadratic_form(&statistic, w, c);
    gsl_vector_free(c);
    gsl_matrix_free(w);
    free(s);
    if (!fine)
        return status_set(st, STATUS_UNDEFINED, "the covariance of the groups' differences is singular");
    e->statistic = statistic;
    e->df = (double)last;
    e->p = gsl_cdf_chisq_Q(statistic, e->df);
    return STATUS_OK;
}
