#include "interval/signed_rank.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/order.h"

enum { EXACT_MAX = 300 }; /* n^3/2 steps; the normal approximation is good long before */

/* P(W <= w) of untied ranks 1 .. n with random signs: rank r is in the sum or not. */
static double share_at_most(double w, size_t n)
{
    size_t top = n * (n + 1) / 2;
    double *share = NEW0(top + 1, double), below = 0;
    share[0] = 1;
    for (size_t r = 1; r <= n; r++)
        for (size_t s = top + 1; s-- > 0;) /* shares all the way, half of them with rank r: nothing overflows */
            share[s] = (share[s] + (s >= r ? share[s - r] : 0)) / 2;
    for (size_t s = 0; s <= top && (double)s <= w; s++)
        below += share[s];
    free(share);
    return below;
}

int signed_rank_test(struct signed_rank *s, enum zeros zeros, const double *difference, size_t n, struct status *st)
{
    *s = (struct signed_rank){NAN, NAN, NAN, NAN, NAN, NAN};
    double *size = NEW(n, double), n_zero = 0, ties = 0;
    uint32_t *order = NEW(n, uint32_t), *from = NEW(n, uint32_t);
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        n_zero += difference[i] == 0;
        if (zeros == ZEROS_RANKED || difference[i] != 0) {
            size[m] = fabs(difference[i]);
            from[m++] = (uint32_t)i;
        }
    }
    int code = STATUS_OK;
    if (n_zero >= (double)n) {
        code = status_set(st, STATUS_UNDEFINED, "signed-rank test: all %zu differences are 0", n);
        goto out;
    }
    order_descending(order, size, 1, m);
    s->positive = s->negative = 0;
    for (size_t i = 0, end; i < m; i = end) {
        for (end = i; end < m && size[order[end]] == size[order[i]]; end++)
            ;
        double rank = (double)m - (double)(i + end - 1) / 2, t = (double)(end - i);
        if (!(size[order[i]] > 0))
            break;
        ties += t * (t * t - 1);
        for (size_t j = i; j < end; j++) {
            if (difference[from[order[j]]] > 0)
                s->positive += rank;
            else
                s->negative += rank;
        }
    }
    double c = (double)m, mean = c * (c + 1) / 4, variance = c * (c + 1) * (2 * c + 1);
    if (zeros == ZEROS_RANKED) {
        mean -= n_zero * (n_zero + 1) / 4;
        variance -= n_zero * (n_zero + 1) * (2 * n_zero + 1);
    }
    double se = sqrt((variance - ties / 2) / 24), gap;
    s->statistic = fmin(s->positive, s->negative);
    gap = s->statistic - mean;
    s->normal_p = fmin(1, 2 * gsl_cdf_ugaussian_Q(fabs(gap) / se));
    s->corrected_p = fmin(1, 2 * gsl_cdf_ugaussian_Q(fmax(0, fabs(gap) - 0.5) / se));
    if (!(ties > 0) && !(n_zero > 0) && m <= EXACT_MAX)
        s->exact_p = fmin(1, 2 * share_at_most(s->statistic, m));
out:
    free(from);
    free(order);
    free(size);
    return code;
}
