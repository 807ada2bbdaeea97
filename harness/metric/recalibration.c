#include "metric/recalibration.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

#define MAX_STEPS 100
#define MAX_HALVINGS 60
#define SMALL_STEP 1e-13 /* of the coefficients, relative; Newton's step squares the error, so the next would be rounding */

static double times(const uint32_t *weight, size_t i)
{
    return weight ? (double)weight[i] : 1;
}

/* log(1 + exp(x)) without overflow */
static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

struct problem {
    const int32_t *label;
    const uint32_t *weight;
    double *x; /* [n] logit of prob */
    size_t n;
    double n_positive, n_negative;
};

static double log_likelihood(const struct problem *p, double intercept, double slope)
{
    double sum = 0;
    for (size_t i = 0; i < p->n; i++) {
        double w = times(p->weight, i);
        if (w > 0) {
            double eta = intercept + slope * p->x[i];
            sum += w * ((p->label[i] == 1) * eta - softplus(eta));
        }
    }
    return sum;
}

/* gradient[2], information[3] = {intercept, both, slope} */
static void derivatives(const struct problem *p, double intercept, double slope, double *gradient, double *information)
{
    gradient[0] = gradient[1] = information[0] = information[1] = information[2] = 0;
    for (size_t i = 0; i < p->n; i++) {
        double w = times(p->weight, i), x = p->x[i];
        if (!(w > 0))
            continue;
        double q = sigmoid(intercept + slope * x), rest = w * ((p->label[i] == 1) - q), spread = w * q * (1 - q);
        gradient[0] += rest;
        gradient[1] += rest * x;
        information[0] += spread;
        information[1] += spread * x;
        information[2] += spread * x * x;
    }
}

static int problem_new(struct problem *p, const int32_t *label, const double *prob, const uint32_t *weight, size_t n,
                       struct status *st)
{
    *p = (struct problem){.label = label, .weight = weight, .n = n};
    for (size_t i = 0; i < n; i++) {
        double w = times(weight, i);
        if (w > 0 && !(prob[i] > 0 && prob[i] < 1))
            return status_set(st, STATUS_UNDEFINED, "recalibration: the probability of sample %zu is %g and has no logit", i,
                              prob[i]);
        if (label[i] == 1)
            p->n_positive += w;
        else
            p->n_negative += w;
    }
    if (!(p->n_positive > 0) || !(p->n_negative > 0))
        return status_set(st, STATUS_UNDEFINED, "recalibration: no sample of class %d among %zu", p->n_positive > 0 ? 0 : 1, n);
    p->x = NEW(n, double);
    for (size_t i = 0; i < n; i++)
        p->x[i] = times(weight, i) > 0 ? log(prob[i] / (1 - prob[i])) : 0;
    return STATUS_OK;
}

/* Ranges of x in both classes that meet in a point at most: no finite slope is best. */
static int check_overlap(const struct problem *p, struct status *st)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < p->n; i++) {
        if (!(times(p->weight, i) > 0))
            continue;
        int k = p->label[i] == 1;
        low[k] = fmin(low[k], p->x[i]);
        high[k] = fmax(high[k], p->x[i]);
    }
    if (fmin(low[0], low[1]) >= fmax(high[0], high[1]))
        return status_set(st, STATUS_UNDEFINED, "recalibration: all probabilities are equal, so there is no slope");
    if (low[1] >= high[0] || low[0] >= high[1])
        return status_set(st, STATUS_UNDEFINED, "recalibration: the probabilities separate the classes, so the slope is not finite");
    return STATUS_OK;
}

/* Newton's method with halved steps, from the null model.  free_slope: else slope stays 1. */
static int climb(const struct problem *p, double *intercept, double *slope, int free_slope, double *information,
                 struct status *st)
{
    double gradient[2], best = log_likelihood(p, *intercept, *slope);
    for (int step = 0; step < MAX_STEPS; step++) {
        derivatives(p, *intercept, *slope, gradient, information);
        double a, b = 0, determinant = information[0] * information[2] - information[1] * information[1];
        if (free_slope) {
            a = (information[2] * gradient[0] - information[1] * gradient[1]) / determinant;
            b = (information[0] * gradient[1] - information[1] * gradient[0]) / determinant;
        } else {
            a = gradient[0] / information[0];
        }
        if (!isfinite(a) || !isfinite(b))
            break;
        double scale = 1, next = log_likelihood(p, *intercept + a, *slope + b);
        for (int halving = 0; !(next >= best - 1e-12 * fabs(best)) && halving < MAX_HALVINGS; halving++) {
            scale /= 2;
            next = log_likelihood(p, *intercept + scale * a, *slope + scale * b);
        }
        *intercept += scale * a;
        *slope += scale * b;
        best = next;
        if (fabs(a) <= SMALL_STEP * (1 + fabs(*intercept)) && fabs(b) <= SMALL_STEP * (1 + fabs(*slope))) {
            derivatives(p, *intercept, *slope, gradient, information);
            return STATUS_OK;
        }
    }
    return status_set(st, STATUS_UNDEFINED, "recalibration: no optimum within %d steps", MAX_STEPS);
}

/* Moves x so that its (weighted) mean is 0, which is returned: where probabilities hardly differ, intercept and slope would
 * otherwise be two names of one number, and Newton's steps would end in rounding. */
static double centre(struct problem *p)
{
    double mean = 0, total = p->n_positive + p->n_negative;
    for (size_t i = 0; i < p->n; i++)
        mean += times(p->weight, i) * p->x[i];
    mean /= total;
    for (size_t i = 0; i < p->n; i++)
        p->x[i] -= mean;
    return mean;
}

int recalibration_fit(struct recalibration *r, const int32_t *label, const double *prob, const uint32_t *weight,
                      size_t n, struct status *st)
{
    struct problem p;
    double information[3];
    *r = (struct recalibration){NAN, NAN, NAN, NAN, NAN, NAN};
    int code = problem_new(&p, label, prob, weight, n, st);
    if (!code)
        code = check_overlap(&p, st);
    if (!code) {
        double mean = centre(&p), intercept = log(p.n_positive / p.n_negative), slope = 0;
        double null = log_likelihood(&p, intercept, 0);
        code = climb(&p, &intercept, &slope, 1, information, st);
        if (!code) {
            double determinant = information[0] * information[2] - information[1] * information[1];
            double spread = information[2] + 2 * mean * information[1] + mean * mean * information[0]; /* about x = 0 */
            *r = (struct recalibration){intercept - slope * mean, slope, sqrt(spread / determinant), sqrt(information[0] / determinant),
                                        log_likelihood(&p, intercept, slope), null};
        }
    }
    free(p.x);
    return code;
}

int recalibration_in_the_large(double *intercept, double *se, const int32_t *label, const double *prob,
                               const uint32_t *weight, size_t n, struct status *st)
{
    struct problem p;
    double information[3], slope = 1, at = 0;
    *intercept = *se = NAN;
    int code = problem_new(&p, label, prob, weight, n, st);
    if (!code)
        code = climb(&p, &at, &slope, 0, information, st);
    if (!code) {
        *intercept = at;
        *se = sqrt(1 / information[0]);
    }
    free(p.x);
    return code;
}

double recalibration_apply(double intercept, double slope, double prob)
{
    if (!(prob > 0 && prob < 1))
        return prob;
    return sigmoid(intercept + slope * log(prob / (1 - prob)));
}
