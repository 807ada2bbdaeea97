/* Where a front starts: at the least objective in the span of the optima before it.
 *
 * The optimum moves smoothly with C, so the next one lies almost in the span of the last few.
 * Which point of it that is the objective itself decides (a Galerkin projection: no variable
 * to extrapolate in need be chosen).  Scores are linear in theta, so the Newton steps in the
 * span walk over scores, not over the rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/logistic_set.h"

#define STEPS 2
#define PIVOT 1e-7    /* of a direction's own curvature: what is left of it beside the directions before it is rounding */
#define SHORTEST 1e-16 /* of the newest optimum's curvature: a direction so short is rounding, its scores no longer those of its theta */

struct span { /* of one problem */
    const struct logistic_set *s;
    size_t p, m;
    const double *theta[LOGISTIC_SPAN], *score[LOGISTIC_SPAN]; /* the last optima, newest first */
    double *direction;         /* [m, K * order] */
    double at[LOGISTIC_SPAN];  /* the point: sum_j at[j] direction_j */
};

struct model { /* of the objective at a point of the span */
    double value, slope[LOGISTIC_SPAN], curvature[LOGISTIC_SPAN][LOGISTIC_SPAN];
};

/* Direction 0 is the newest optimum, direction j the j-th difference of the newest j + 1: the same span as theirs, in a
 * basis that numbers can tell apart. */
static void to_directions(double *direction, const double *const *point, size_t m, size_t i)
{
    for (size_t j = 0; j < m; j++)
        direction[j] = point[j][i];
    for (size_t order = 1; order < m; order++)
        for (size_t j = m - 1; j >= order; j--)
            direction[j] -= direction[j - 1];
}

/* The losses of rows first .. end, their derivatives too if wanted; fills the problem's score and prob. */
static void chunk_model(struct model *sum, const struct span *w, bool derivatives, size_t first, size_t end)
{
    const struct logistic_set *s = w->s;
    const struct logistic_problem *q = &s->problem[w->p];
    size_t K = s->K, m = w->m;
    double *score = of_rows(s, s->score, w->p), *prob = of_rows(s, s->prob, w->p), direction[K][LOGISTIC_SPAN];
    *sum = (struct model){0};
    for (size_t i = first; i < end; i++) {
        double *to = score + i * K, *share = prob + i * K, mean[LOGISTIC_SPAN] = {0};
        for (size_t k = 0; k < K; k++) {
            to_directions(direction[k], w->score, m, i * K + k);
            to[k] = 0;
            for (size_t j = 0; j < m; j++)
                to[k] += w->at[j] * direction[k][j];
        }
        double weight = q->weight[i], loss = logistic_row_loss(share, to, K, (size_t)s->label[i], q->absent);
        if (!(weight > 0))
            continue;
        sum->value += weight * loss;
        for (size_t k = 0; k < K && derivatives; k++) {
            double wrong = share[k] - logistic_target(K, k, s->label[i]);
            for (size_t j = 0; j < m; j++) {
                sum->slope[j] += weight * wrong * direction[k][j];
                mean[j] += share[k] * direction[k][j];
            }
        }
        for (size_t k = 0; k < K && derivatives; k++)
            for (size_t j = 0; j < m; j++)
                for (size_t l = 0; l <= j; l++)
                    sum->curvature[j][l] += weight * share[k] * direction[k][j] * (direction[k][l] - mean[l]);
    }
}

static void add(struct model *sum, const struct model *part)
{
    sum->value += part->value;
    for (size_t j = 0; j < LOGISTIC_SPAN; j++) {
        sum->slope[j] += part->slope[j];
        for (size_t l = 0; l <= j; l++)
            sum->curvature[j][l] += part->curvature[j][l];
    }
}

/* ... and the penalty's part. */
static void add_penalty(struct model *sum, const struct span *w)
{
    const struct logistic_problem *q = &w->s->problem[w->p];
    size_t d = w->s->rows.d, order = w->s->order, size = w->s->K * order;
    struct model part = {0};
    for (size_t i = 0; i < size; i++) {
        double ridge = i % order < d ? q->ridge[i % order] / q->C : 0, theta = 0;
        for (size_t j = 0; j < w->m; j++)
            theta += w->at[j] * w->direction[j * size + i];
        part.value += ridge * theta * theta / 2;
        for (size_t j = 0; j < w->m; j++) {
            part.slope[j] += ridge * theta * w->direction[j * size + i];
            for (size_t l = 0; l <= j; l++)
                part.curvature[j][l] += ridge * w->direction[j * size + i] * w->direction[l * size + i];
        }
    }
    add(sum, &part);
}

/* at -= curvature^-1 slope, by Cholesky on a unit diagonal; a direction that is too short or has no pivot is not gone. */
static void step(struct span *w, const struct model *model)
{
    double l[LOGISTIC_SPAN][LOGISTIC_SPAN] = {{0}}, x[LOGISTIC_SPAN] = {0}, scale[LOGISTIC_SPAN];
    for (size_t j = 0; j < w->m; j++) {
        double length = model->curvature[j][j];
        scale[j] = length > SHORTEST * model->curvature[0][0] ? 1 / sqrt(length) : 0;
        double pivot = 1;
        x[j] = scale[j] * model->slope[j];
        for (size_t i = 0; i < j; i++) {
            l[j][i] = scale[j] * model->curvature[j][i] * scale[i];
            for (size_t k = 0; k < i; k++)
                l[j][i] -= l[j][k] * l[i][k];
            l[j][i] *= l[i][i]; /* which holds the inverse */
            pivot -= l[j][i] * l[j][i];
            x[j] -= l[j][i] * x[i];
        }
        l[j][j] = scale[j] > 0 && pivot > PIVOT ? 1 / sqrt(pivot) : 0;
        x[j] *= l[j][j];
    }
    for (size_t j = w->m; j-- > 0;) {
        for (size_t i = j + 1; i < w->m; i++)
            x[j] -= l[i][j] * x[i];
        x[j] *= l[j][j];
        w->at[j] -= scale[j] * x[j];
    }
}

/* value[n_folds] and the rest of the models at the points; fills score, prob and loss. */
static void evaluate(struct model *model, struct logistic_set *s, const struct span *span, bool derivatives)
{
    size_t n = s->rows.n, n_parts = s->n_folds * s->n_chunks;
    struct model *part = NEW(n_parts, struct model);
#pragma omp parallel for schedule(dynamic, 1) num_threads(s->n_threads)
    for (size_t q = 0; q < n_parts; q++) {
        size_t c = q % s->n_chunks;
        chunk_model(&part[q], &span[q / s->n_chunks], derivatives, n * c / s->n_chunks, n * (c + 1) / s->n_chunks);
    }
    for (size_t f = 0; f < s->n_folds; f++) {
        model[f] = (struct model){0};
        for (size_t c = 0; c < s->n_chunks; c++)
            add(&model[f], &part[f * s->n_chunks + c]);
        s->problem[span[f].p].loss = model[f].value;
        add_penalty(&model[f], &span[f]);
        s->problem[span[f].p].value = model[f].value;
    }
    free(part);
}

void logistic_span_start(struct logistic_set *s, size_t front, const double *const *theta, const double *const *score, size_t m)
{
    size_t size = s->K * s->order;
    struct span *span = NEW0(s->n_folds, struct span);
    struct model *model = NEW(s->n_folds, struct model);
    double *newest = NEW(s->n_folds, double), row[LOGISTIC_SPAN];
    for (size_t f = 0; f < s->n_folds; f++) {
        span[f] = (struct span){.s = s, .p = front * s->n_folds + f, .m = m, .direction = NEW(m * size, double), .at = {1}};
        for (size_t j = 0; j < m; j++) {
            span[f].theta[j] = theta[j] + f * size;
            span[f].score[j] = score[j] + f * s->K * s->rows.n;
        }
        for (size_t i = 0; i < size; i++) {
            to_directions(row, span[f].theta, m, i);
            for (size_t j = 0; j < m; j++)
                span[f].direction[j * size + i] = row[j];
        }
    }
    for (int k = 0; k < STEPS; k++) {
        evaluate(model, s, span, true);
        for (size_t f = 0; f < s->n_folds; f++) {
            newest[f] = k ? newest[f] : model[f].value;
            step(&span[f], &model[f]);
        }
    }
    evaluate(model, s, span, false);
    bool again = false;
    for (size_t f = 0; f < s->n_folds; f++)
        if (!(model[f].value <= newest[f])) { /* too far for steps without a search */
            span[f] = (struct span){.s = s, .p = span[f].p, .m = 1, .direction = span[f].direction, .theta = {span[f].theta[0]}, .score = {span[f].score[0]}, .at = {1}};
            again = true;
        }
    if (again)
        evaluate(model, s, span, false);
    for (size_t f = 0; f < s->n_folds; f++) {
        double *to = of_theta(s, s->theta, span[f].p);
        memset(to, 0, size * sizeof *to);
        for (size_t j = 0; j < span[f].m; j++)
            for (size_t i = 0; i < size; i++)
                to[i] += span[f].at[j] * span[f].direction[j * size + i];
        logistic_centre(s, span[f].p, to); /* or rounding would grow from start to start in what no step touches */
        free(span[f].direction);
    }
    free(newest);
    free(model);
    free(span);
}
