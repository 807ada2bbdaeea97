#include "probe/ridge_gram.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/lapack.h"

/* |E| / s_max^2.  The error of 1 - leverage was at most 0.3 of the bound made with 1 eps, over designs
 * like those of test_ridge_gram.c (n to 300, d to 90), where it stood above the rounding of the sums. */
#define GRAM_NOISE (2 * DBL_EPSILON)
#define MAX_STEPS 4
#define COEF_TOLERANCE 1e-13
#define ROOM_TOLERANCE 1e-10

static int is_wide(const struct ridge_rows *rows)
{
    return rows->n <= rows->d;
}

/* The upper triangle of X'X, or of X X' + mu qq' with mu the mean eigenvalue: q is then no direction without length,
 * whose error would be |E| / alpha. */
static void form(double *gram, const struct ridge_rows *rows)
{
    int n = (int)rows->n, d = (int)rows->d;
    if (!is_wide(rows)) {
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, d, n, 1, rows->x, d, 0, gram, d);
        return;
    }
    double trace = 0;
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, n, d, 1, rows->x, d, 0, gram, n);
    for (size_t i = 0; i < rows->n; i++)
        trace += gram[i * rows->n + i];
    cblas_dsyr(CblasRowMajor, CblasUpper, n, trace / n / rows->total, rows->root, 1, gram, n);
}

/* Row-major upper is LAPACK's lower; its columns come back as our rows. */
static int decompose(double *gram, double *value, size_t r)
{
    int order = (int)r, lwork = -1, liwork = -1, info = 0, ask_int;
    double ask;
    dsyevd_("V", "L", &order, gram, &order, value, &ask, &lwork, &ask_int, &liwork, &info, 1, 1);
    lwork = (int)ask;
    liwork = ask_int;
    double *work = NEW((size_t)lwork, double);
    int *iwork = NEW((size_t)liwork, int);
    dsyevd_("V", "L", &order, gram, &order, value, work, &lwork, iwork, &liwork, &info, 1, 1);
    free(iwork);
    free(work);
    return info;
}

static void remove_mean_direction(double *vectors, const struct ridge_rows *rows)
{
    int n = (int)rows->n;
    double *along = NEW(rows->n, double);
    cblas_dgemv(CblasRowMajor, CblasNoTrans, n, n, 1 / rows->total, vectors, n, rows->root, 1, 0, along, 1);
    cblas_dger(CblasRowMajor, n, n, -1, along, 1, rows->root, 1, vectors, n);
    free(along);
}

/* 1 - leverage: 1 - q_i^2 - sum_j (X v_j)_i^2 / (s_j^2 + alpha), or what the penalty leaves over of the directions,
 * sum_j u_ij^2 alpha / (s_j^2 + alpha), where they are all there are and the difference would lose its digits. */
static double *make_room(const struct ridge_gram *g, const struct ridge_rows *rows)
{
    size_t n = rows->n, r = g->r;
    int wide = is_wide(rows);
    double *square = NEW(n * r, double), *room = NEW(g->n_alpha * n, double);
    if (wide)
        memcpy(square, g->vectors, r * n * sizeof *square);
    else
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)r, (int)r, 1, rows->x, (int)r, g->vectors, (int)r, 0, square, (int)r);
    for (size_t k = 0; k < n * r; k++)
        square[k] *= square[k];
    for (size_t a = 0; a < g->n_alpha; a++)
        for (size_t i = 0; i < n; i++)
            room[a * n + i] = wide ? 0 : 1 - rows->root[i] * rows->root[i] / rows->total;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, wide ? CblasNoTrans : CblasTrans, (int)g->n_alpha, (int)n, (int)r, wide ? 1 : -1, g->inverse,
                (int)r, square, wide ? (int)n : (int)r, 1, room, (int)n);
    for (size_t a = 0; wide && a < g->n_alpha; a++)
        cblas_dscal((int)n, g->alpha[a], room + a * n, 1);
    free(square);
    return room;
}

static int steps_for(const double *value, double noise, double alpha)
{
    double delta = noise / (value[0] + alpha), left = delta;
    int steps = 1;
    for (; left > COEF_TOLERANCE && steps <= MAX_STEPS; steps++)
        left *= delta;
    return steps;
}

static int room_is_good(const struct ridge_gram *g, const struct ridge_rows *rows, const double *value, double noise, size_t a)
{
    if (is_wide(rows))
        return noise / (value[0] + g->alpha[a]) <= ROOM_TOLERANCE;
    double worst = 0, least = 1;
    for (size_t j = 0; j < g->r; j++) {
        double s2 = value[j] + noise;
        worst = fmax(worst, s2 / (s2 + g->alpha[a]) / (s2 + g->alpha[a]));
    }
    for (size_t i = 0; i < rows->n; i++)
        least = fmin(least, g->room[a * rows->n + i]);
    return noise * worst <= ROOM_TOLERANCE * least;
}

int ridge_gram_make(struct ridge_gram *g, const struct ridge_rows *rows, const double *alpha, size_t n_alpha, int want_room)
{
    size_t r = is_wide(rows) ? rows->n : rows->d;
    *g = (struct ridge_gram){.r = r, .n_alpha = n_alpha, .alpha = alpha, .vectors = NEW(r * r, double), .inverse = NEW(n_alpha * r, double)};
    double *value = NEW(r, double);
    int steps = 1, good;
    form(g->vectors, rows);
    good = decompose(g->vectors, value, r) == 0;
    for (size_t j = 0; good && j < r; j++)
        value[j] = fmax(value[j], 0);
    double noise = good ? GRAM_NOISE * value[r - 1] : 0;
    for (size_t a = 0; good && a < n_alpha; a++) {
        int needs = steps_for(value, noise, alpha[a]);
        steps = needs > steps ? needs : steps;
        for (size_t j = 0; j < r; j++)
            g->inverse[a * r + j] = 1 / (value[j] + alpha[a]);
    }
    good = good && steps <= MAX_STEPS;
    if (good && is_wide(rows))
        remove_mean_direction(g->vectors, rows);
    if (good && want_room) {
        g->room = make_room(g, rows);
        for (size_t a = 0; good && a < n_alpha; a++)
            good = room_is_good(g, rows, value, noise, a);
    }
    g->steps = good ? steps : 0;
    free(value);
    return good;
}

/* to[n_alpha, r] += from (Gram + alpha)^-1, row by row; spare[n_alpha, r]. */
static void add_solution(double *to, const double *from, double *spare, const struct ridge_gram *g)
{
    int m = (int)g->n_alpha, r = (int)g->r;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, r, r, 1, from, r, g->vectors, r, 0, spare, r);
    for (size_t k = 0; k < g->n_alpha * g->r; k++)
        spare[k] *= g->inverse[k];
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, r, r, 1, spare, r, g->vectors, r, 1, to, r);
}

/* residual[n_alpha, n] = target - coef X' */
static void take_residual(double *residual, const double *coef, const struct ridge_gram *g, const struct ridge_rows *rows, const double *target)
{
    int n = (int)rows->n, d = (int)rows->d;
    for (size_t a = 0; a < g->n_alpha; a++)
        memcpy(residual + a * rows->n, target, rows->n * sizeof *target);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)g->n_alpha, n, d, -1, coef, d, rows->x, d, 1, residual, n);
}

/* coef += (X'X + alpha)^-1 (X' residual - alpha coef), from coef = 0 on. */
static void solve_tall(double *coef, double *residual, const struct ridge_gram *g, const struct ridge_rows *rows, const double *target)
{
    size_t d = rows->d, m = g->n_alpha;
    double *slope = NEW(m * d, double), *spare = NEW(m * d, double);
    memset(coef, 0, m * d * sizeof *coef);
    cblas_dgemv(CblasRowMajor, CblasTrans, (int)rows->n, (int)d, 1, rows->x, (int)d, target, 1, 0, slope, 1);
    for (size_t a = 1; a < m; a++)
        memcpy(slope + a * d, slope, d * sizeof *slope);
    add_solution(coef, slope, spare, g);
    for (int step = 1; step < g->steps; step++) {
        take_residual(residual, coef, g, rows, target);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)d, (int)rows->n, 1, residual, (int)rows->n, rows->x, (int)d, 0, slope,
                    (int)d);
        for (size_t a = 0; a < m; a++)
            cblas_daxpy((int)d, -g->alpha[a], coef + a * d, 1, slope + a * d, 1);
        add_solution(coef, slope, spare, g);
    }
    take_residual(residual, coef, g, rows, target);
    free(spare);
    free(slope);
}

/* coef = dual X, dual += (X X' + alpha)^-1 (residual - alpha dual); the residual of the solution is alpha dual. */
static void solve_wide(double *coef, double *residual, const struct ridge_gram *g, const struct ridge_rows *rows, const double *target)
{
    size_t n = rows->n, d = rows->d, m = g->n_alpha;
    double *dual = NEW0(m * n, double), *spare = NEW(m * n, double);
    for (int step = 0; step < g->steps; step++) {
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)d, (int)n, 1, dual, (int)n, rows->x, (int)d, 0, coef, (int)d);
        take_residual(residual, coef, g, rows, target);
        for (size_t a = 0; a < m; a++)
            cblas_daxpy((int)n, -g->alpha[a], dual + a * n, 1, residual + a * n, 1);
        add_solution(dual, residual, spare, g);
    }
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)d, (int)n, 1, dual, (int)n, rows->x, (int)d, 0, coef, (int)d);
    for (size_t a = 0; a < m; a++)
        for (size_t i = 0; i < n; i++)
            residual[a * n + i] = g->alpha[a] * dual[a * n + i];
    free(spare);
    free(dual);
}

void ridge_gram_solve(double *coef, double *loo, const struct ridge_gram *g, const struct ridge_rows *rows, const double *target)
{
    double *residual = NEW(g->n_alpha * rows->n, double);
    if (is_wide(rows))
        solve_wide(coef, residual, g, rows, target);
    else
        solve_tall(coef, residual, g, rows, target);
    for (size_t k = 0; loo && k < g->n_alpha * rows->n; k++)
        loo[k] = residual[k] / g->room[k] * (residual[k] / g->room[k]);
    free(residual);
}

void ridge_gram_free(struct ridge_gram *g)
{
    free(g->vectors);
    free(g->inverse);
    free(g->room);
    *g = (struct ridge_gram){0};
}
