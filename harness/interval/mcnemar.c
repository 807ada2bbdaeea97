#include "interval/mcnemar.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

struct mcnemar mcnemar_test(const uint8_t *right_a, const uint8_t *right_b, size_t n)
{
    struct mcnemar m = {.exact_p = 1, .mid_p = 1, .chi2 = NAN, .chi2_p = NAN, .corrected = NAN, .corrected_p = NAN};
    for (size_t i = 0; i < n; i++) {
        m.both_right += right_a[i] && right_b[i];
        m.only_a += right_a[i] && !right_b[i];
        m.only_b += !right_a[i] && right_b[i];
        m.both_wrong += !right_a[i] && !right_b[i];
    }
    uint64_t discordant = m.only_a + m.only_b, least = m.only_a < m.only_b ? m.only_a : m.only_b;
    if (discordant == 0)
        return m;
    double gap = fabs((double)m.only_a - (double)m.only_b), whole = (double)discordant;
    /* P(X <= k) of n tosses is P(B > 1/2) of a beta(k + 1, n - k): n may exceed an int. */
    double below = least == discordant ? 1 : gsl_cdf_beta_Q(0.5, (double)least + 1, whole - (double)least);
    double here = least > 0 ? below - gsl_cdf_beta_Q(0.5, (double)least, whole - (double)least + 1) : below;
    m.exact_p = fmin(1, 2 * below);
    m.mid_p = fmin(1, 2 * below - here);
    m.chi2 = gap * gap / whole;
    m.chi2_p = gsl_cdf_chisq_Q(m.chi2, 1);
    m.corrected = pow(fmax(0, gap - 1), 2) / whole;
    m.corrected_p = gsl_cdf_chisq_Q(m.corrected, 1);
    return m;
}

int cochran_q(double *q, double *p, const uint8_t *right, size_t n, size_t k, struct status *st)
{
    double *column = NEW0(k, double), total = 0, rows = 0, columns = 0;
    for (size_t i = 0; i < n; i++) {
        double row = 0;
        for (size_t j = 0; j < k; j++) {
            row += right[i * k + j] != 0;
            column[j] += right[i * k + j] != 0;
        }
        total += row;
        rows += row * row;
    }
    for (size_t j = 0; j < k; j++)
        columns += column[j] * column[j];
    free(column);
    double m = (double)k, rest = m * total - rows; /* whole numbers */
    *q = *p = NAN;
    if (!(rest > 0))
        return status_set(st, STATUS_UNDEFINED, "Cochran's Q: no sample is right with some and wrong with others of %zu", k);
    *q = (m - 1) * (m * columns - total * total) / rest;
    *p = gsl_cdf_chisq_Q(*q, m - 1);
    return STATUS_OK;
}
