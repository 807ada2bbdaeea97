#include "metric/icc.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/inverse.h"

struct mean_squares {
    double subjects, within, raters, rest;
};

static struct mean_squares analyse(const double *rating, size_t n_subjects, size_t n_raters)
{
    double n = (double)n_subjects, k = (double)n_raters, grand = 0;
    double *row = NEW0(n_subjects, double), *column = NEW0(n_raters, double);
    struct mean_squares m = {0, 0, 0, 0};
    for (size_t i = 0; i < n_subjects * n_raters; i++)
        grand += rating[i];
    grand /= n * k;
    for (size_t i = 0; i < n_subjects; i++)
        for (size_t j = 0; j < n_raters; j++) { /* means about the grand mean: small numbers, however large the offset */
            double d = rating[i * n_raters + j] - grand;
            row[i] += d / k;
            column[j] += d / n;
        }
    for (size_t i = 0; i < n_subjects; i++)
        m.subjects += k * row[i] * row[i];
    for (size_t j = 0; j < n_raters; j++)
        m.raters += n * column[j] * column[j];
    for (size_t i = 0; i < n_subjects; i++)
        for (size_t j = 0; j < n_raters; j++) {
            double d = rating[i * n_raters + j] - grand;
            m.within += (d - row[i]) * (d - row[i]);
            m.rest += (d - row[i] - column[j]) * (d - row[i] - column[j]);
        }
    free(column);
    free(row);
    m.subjects /= n - 1;
    m.within /= n * (k - 1);
    m.raters /= k - 1;
    m.rest /= (n - 1) * (k - 1);
    return m;
}

/* Of a single rating from that of one rating, and of k: Spearman-Brown. */
static double step_up(double icc, double k)
{
    return k * icc / (1 + icc * (k - 1));
}

static void one_way_limits(struct icc *single, struct icc *mean, double k, double share)
{
    double low = single->f / inverse_f(share, single->df1, single->df2);
    double high = single->f * inverse_f(share, single->df2, single->df1);
    single->low = (low - 1) / (low + k - 1);
    single->high = (high - 1) / (high + k - 1);
    mean->low = 1 - 1 / low;
    mean->high = 1 - 1 / high;
}

/* Satterthwaite's degrees of freedom for the raters' part. */
static void agreement_limits(struct icc *single, struct icc *mean, const struct mean_squares *m, double n, double k,
                             double share)
{
    double ratio = m->raters / m->rest, r = single->icc, part = n * (1 + (k - 1) * r) - k * r;
    double above = (k - 1) * (n - 1) * pow(k * r * ratio + part, 2);
    double df = above / ((n - 1) * k * k * r * r * ratio * ratio + part * part);
    double upper = inverse_f(share, n - 1, df), lower = inverse_f(share, df, n - 1);
    double weight = k * m->raters + (k * n - k - n) * m->rest;
    single->low = n * (m->subjects - upper * m->rest) / (upper * weight + n * m->subjects);
    single->high = n * (lower * m->subjects - m->rest) / (weight + n * lower * m->subjects);
    mean->low = step_up(single->low, k);
    mean->high = step_up(single->high, k);
}

int icc_estimate(struct icc *form, const double *rating, size_t n_subjects, size_t n_raters, double level,
                 struct status *st)
{
    for (size_t i = 0; i < ICC_N_FORMS; i++)
        form[i] = (struct icc){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (n_subjects < 2 || n_raters < 2)
        return status_set(st, STATUS_UNDEFINED, "ICC: %zu subjects and %zu raters", n_subjects, n_raters);
    double n = (double)n_subjects, k = (double)n_raters, share = (1 + level) / 2;
    struct mean_squares m = analyse(rating, n_subjects, n_raters);
    if (!(m.within > 0) || !(m.rest > 0))
        return status_set(st, STATUS_UNDEFINED, "ICC: nothing varies within the %zu subjects", n_subjects);
    double one = m.subjects / m.within, two = m.subjects / m.rest;
    double df_one = n * (k - 1), df_two = (n - 1) * (k - 1);
    for (size_t i = 0; i < ICC_N_FORMS; i++) {
        int within = i == ICC_ONE || i == ICC_ONE_K;
        form[i].f = within ? one : two;
        form[i].df1 = n - 1;
        form[i].df2 = within ? df_one : df_two;
        form[i].p = gsl_cdf_fdist_Q(form[i].f, form[i].df1, form[i].df2);
    }
    form[ICC_ONE].icc = (m.subjects - m.within) / (m.subjects + (k - 1) * m.within);
    form[ICC_TWO].icc = (m.subjects - m.rest) / (m.subjects + (k - 1) * m.rest + k * (m.raters - m.rest) / n);
    form[ICC_THREE].icc = (m.subjects - m.rest) / (m.subjects + (k - 1) * m.rest);
    form[ICC_ONE_K].icc = (m.subjects - m.within) / m.subjects;
    form[ICC_TWO_K].icc = (m.subjects - m.rest) / (m.subjects + (m.raters - m.rest) / n);
    form[ICC_THREE_K].icc = (m.subjects - m.rest) / m.subjects;
    one_way_limits(&form[ICC_ONE], &form[ICC_ONE_K], k, share);
    one_way_limits(&form[ICC_THREE], &form[ICC_THREE_K], k, share);
    agreement_limits(&form[ICC_TWO], &form[ICC_TWO_K], &m, n, k, share);
    return STATUS_OK;
}
