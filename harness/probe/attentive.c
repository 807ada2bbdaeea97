#include "probe/attentive.h"

#include <assert.h>
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/memory.h"
#include "probe/standardise.h"

#define CHUNK 16 /* images whose sums are float; chunks are added up in double, in their order, whoever computed them */

size_t attentive_n_parameters(const struct attentive_shape *s)
{
    return s->n_queries * s->width * (1 + s->n_out) + s->n_out;
}

void attentive_scale_free(struct attentive_scale *s)
{
    free(s->mean);
    free(s->token_sd);
    free(s->image_sd);
    *s = (struct attentive_scale){0};
}

static size_t n_chunks(size_t n)
{
    return (n + CHUNK - 1) / CHUNK;
}

static size_t chunk_end(size_t chunk, size_t n)
{
    return (chunk + 1) * CHUNK < n ? (chunk + 1) * CHUNK : n;
}

/* ---- one reading to know the features ---- */

static bool all_finite(const float *x, size_t n)
{
    float sum = 0; /* 0 for each finite value: x * 0 is NaN otherwise */
    for (size_t i = 0; i < n; i++)
        sum += x[i] * 0;
    return sum == 0;
}

/* Mean token of one image; squares[width] gains the squares of its tokens' distances from origin[width]. */
static void survey_image(float *mean, double *squares, double *sum, const float *x, const double *origin, size_t n_tokens, size_t width)
{
    memset(sum, 0, width * sizeof *sum);
    for (size_t t = 0; t < n_tokens; t++)
        for (size_t j = 0; j < width; j++) {
            double distance = (double)x[t * width + j] - origin[j];
            sum[j] += distance;
            squares[j] += distance * distance;
        }
    for (size_t j = 0; j < width; j++)
        mean[j] = (float)(origin[j] + sum[j] / (double)n_tokens);
}

static int read_image(float *x, const struct attentive_source *s, size_t i, struct status *st)
{
    int code = s->read(x, s->context, i, st);
    if (!code && !all_finite(x, s->n_tokens * s->width))
        code = status_set(st, STATUS_DATA, "a token of image %zu is not finite", i);
    return code;
}

/* squares[n_folds, width] by the fold an image is in (one fold where none is named). */
static int survey_images(float *mean, double *squares, const double *origin, const struct attentive_task *t, size_t n_folds, int n_threads,
                         struct status *st)
{
    size_t n = t->source.n, width = t->source.width, size = n_folds * width;
    int code = STATUS_OK;
#pragma omp parallel num_threads(n_threads)
    {
        float *x = NEW(t->source.n_tokens * width, float);
        double *own = NEW(size, double), *sum = NEW(width, double);
        struct status why;
#pragma omp for ordered schedule(static, 1)
        for (size_t c = 0; c < n_chunks(n); c++) {
            int failed = STATUS_OK;
            memset(own, 0, size * sizeof *own);
            for (size_t i = c * CHUNK; i < chunk_end(c, n) && !failed; i++) {
                failed = read_image(x, &t->source, i, &why);
                if (!failed)
                    survey_image(mean + i * width, own + (t->fold ? t->fold[i] : 0) * width, sum, x, origin, t->source.n_tokens, width);
            }
#pragma omp ordered
            {
                if (failed && !code)
                    code = status_set(st, failed, "%s", why.text);
                for (size_t j = 0; j < size; j++)
                    squares[j] += own[j];
            }
        }
        free(x);
        free(own);
        free(sum);
    }
    return code;
}

/* Of the images that are not in the fold. */
static void scale_make(struct attentive_scale *s, const float *mean, const double *squares, const double *origin, const struct attentive_task *t,
                       size_t n_folds, size_t left_out)
{
    size_t width = t->source.width, *row = NEW(t->source.n, size_t), n = 0;
    for (size_t i = 0; i < t->source.n; i++)
        if (!t->fold || t->fold[i] != left_out)
            row[n++] = i;
    *s = (struct attentive_scale){.token_sd = NEW(width, double), .target_sd = 1};
    if (!n) { /* a model of no images is not fitted */
        s->mean = NEW0(width, double);
        s->image_sd = NEW0(width, double);
        memset(s->token_sd, 0, width * sizeof *s->token_sd);
        free(row);
        return;
    }
    struct scaler scaler;
    scaler_fit_rows(&scaler, mean, row, n, width);
    s->mean = scaler.mean;
    s->image_sd = scaler.scale;
    for (size_t j = 0; j < width; j++) {
        double sum = 0, shift = s->mean[j] - origin[j];
        for (size_t f = 0; f < n_folds; f++)
            if (!t->fold || f != left_out)
                sum += squares[f * width + j];
        double variance = sum / (double)(n * t->source.n_tokens) - shift * shift;
        /* What rounding alone could have made of a constant: the means are floats. */
        double rounding = (fabs(s->mean[j]) + fabs(shift)) * 1e-6;
        s->token_sd[j] = variance > rounding * rounding ? sqrt(variance) : 1;
    }
    if (t->kind == KIND_REGRESSION) {
        double sum = 0, square = 0;
        for (size_t i = 0; i < n; i++)
            sum += t->target[row[i]];
        s->target_mean = sum / (double)n;
        for (size_t i = 0; i < n; i++)
            square += (t->target[row[i]] - s->target_mean) * (t->target[row[i]] - s->target_mean);
        s->target_sd = square > 0 ? sqrt(square / (double)n) : 1;
    }
    free(row);
}

int attentive_survey(float *mean, struct attentive_scale *scale, const struct attentive_task *t, size_t n_folds, int n_threads, struct status *st)
{
    size_t width = t->source.width, n_parts = t->fold && n_folds ? n_folds : 1;
    float *x = NEW(t->source.n_tokens * width, float);
    double *origin = NEW0(width, double), *squares = NEW0(n_parts * width, double), *ignored = NEW0(width, double), *sum = NEW(width, double);
    assert(t->source.n > 0);
    int code = read_image(x, &t->source, 0, st);
    if (!code) { /* squares are taken about the first image's mean token, so that a large offset costs no digits */
        survey_image(mean, ignored, sum, x, origin, t->source.n_tokens, width);
        for (size_t j = 0; j < width; j++)
            origin[j] = (double)mean[j];
        code = survey_images(mean, squares, origin, t, n_parts, n_threads, st);
    }
    for (size_t f = 0; f <= n_folds && !code; f++)
        scale_make(&scale[f], mean, squares, origin, t, n_parts, f < n_folds ? f : SIZE_MAX);
    free(x);
    free(origin);
    free(squares);
    free(ignored);
    free(sum);
    return code;
}

/* ---- the models of a pass, ready for the products ---- */

/* All models' queries and weights on the tokens as they are, less `origin`: scores and outputs stay what they were, as
 * softmax does not see a shift and the intercept takes the other. */
struct stack {
    const struct attentive_model *model;
    size_t n_models, rows; /* rows: n_models * M */
    size_t T, D, M, K;
    float *query;      /* [n_models, M, D] */
    float *weight;     /* [n_models, K, M, D] */
    double *intercept; /* [n_models, K] */
    float *origin;     /* [D] */
};

static const double *weights_of(const struct attentive_model *m)
{
    return m->parameter + m->shape.n_queries * m->shape.width;
}

static const double *intercepts_of(const struct attentive_model *m)
{
    return weights_of(m) + m->shape.n_out * m->shape.n_queries * m->shape.width;
}

static void stack_make(struct stack *s, const struct attentive_model *model, size_t n_models, size_t n_tokens)
{
    const struct attentive_shape *shape = &model->shape;
    size_t D = shape->width, M = shape->n_queries, K = shape->n_out;
    *s = (struct stack){.model = model, .n_models = n_models, .rows = n_models * M, .T = n_tokens, .D = D, .M = M, .K = K};
    s->query = NEW(s->rows * D, float);
    s->weight = NEW(s->rows * K * D, float);
    s->intercept = NEW(n_models * K, double);
    s->origin = NEW(D, float);
    for (size_t j = 0; j < D; j++)
        s->origin[j] = (float)model->scale->mean[j];
    for (size_t g = 0; g < n_models; g++) {
        const struct attentive_model *m = &model[g];
        const double *w = weights_of(m), *b = intercepts_of(m);
        for (size_t q = 0; q < M; q++)
            for (size_t j = 0; j < D; j++)
                s->query[(g * M + q) * D + j] = (float)(m->parameter[q * D + j] / (m->scale->token_sd[j] * sqrt((double)D)));
        for (size_t k = 0; k < K; k++) {
            double sum = b[k];
            for (size_t q = 0; q < M; q++)
                for (size_t j = 0; j < D; j++) {
                    double raw = w[(k * M + q) * D + j] / (m->scale->image_sd[j] * sqrt((double)M));
                    s->weight[((g * K + k) * M + q) * D + j] = (float)raw;
                    sum -= raw * (m->scale->mean[j] - (double)s->origin[j]);
                }
            s->intercept[g * K + k] = sum;
        }
    }
}

static void stack_free(struct stack *s)
{
    free(s->query);
    free(s->weight);
    free(s->intercept);
    free(s->origin);
}

/* ---- one image ---- */

struct work { /* one per thread */
    float *x;         /* [T, D] */
    float *attention; /* [rows, T]: scores, then weights */
    float *reach;     /* [rows, T]: gradient by weight, then by score */
    float *pooled;    /* [rows, D] */
    float *pull;      /* [rows, D]: gradient by what was pooled */
    float *error;     /* [n_models, K]: outputs, then the gradient by them */
    double *output, *prediction; /* [K] of one model */
    /* sums of a chunk */
    float *query_sum, *weight_sum; /* as query and weight of the stack */
    double *error_sum;             /* [n_models, K] */
    double *loss;                  /* [n_models] */
};

static void work_make(struct work *w, const struct stack *s, bool gradient)
{
    *w = (struct work){.x = mem_aligned(s->T * s->D, sizeof(float)), .attention = mem_aligned(s->rows * s->T, sizeof(float)),
                       .pooled = mem_aligned(s->rows * s->D, sizeof(float)), .error = NEW(s->n_models * s->K, float),
                       .output = NEW(s->K, double), .prediction = NEW(s->K, double),
                       .error_sum = NEW(s->n_models * s->K, double), .loss = NEW(s->n_models, double)};
    if (!gradient)
        return;
    w->reach = mem_aligned(s->rows * s->T, sizeof(float));
    w->pull = mem_aligned(s->rows * s->D, sizeof(float));
    w->query_sum = mem_aligned(s->rows * s->D, sizeof(float));
    w->weight_sum = mem_aligned(s->rows * s->K * s->D, sizeof(float));
}

static void work_free(struct work *w)
{
    free(w->x);
    free(w->attention);
    free(w->reach);
    free(w->pooled);
    free(w->pull);
    free(w->error);
    free(w->output);
    free(w->prediction);
    free(w->query_sum);
    free(w->weight_sum);
    free(w->error_sum);
    free(w->loss);
}

static void clear_sums(struct work *w, const struct stack *s)
{
    if (w->query_sum) {
        memset(w->query_sum, 0, s->rows * s->D * sizeof(float));
        memset(w->weight_sum, 0, s->rows * s->K * s->D * sizeof(float));
    }
    memset(w->error_sum, 0, s->n_models * s->K * sizeof(double));
    memset(w->loss, 0, s->n_models * sizeof(double));
}

static void softmax(float *row, size_t n)
{
    float most = row[0];
    double sum = 0;
    for (size_t i = 1; i < n; i++)
        most = row[i] > most ? row[i] : most;
    for (size_t i = 0; i < n; i++) {
        row[i] = expf(row[i] - most);
        sum += (double)row[i];
    }
    float scale = (float)(1 / sum);
    for (size_t i = 0; i < n; i++)
        row[i] *= scale;
}

/* output[K] becomes the prediction. */
static void predict(double *output, const struct attentive_model *m, enum task_kind kind, size_t K)
{
    if (kind == KIND_REGRESSION) {
        output[0] = m->scale->target_mean + m->scale->target_sd * output[0];
        return;
    }
    if (K == 1) {
        double z = output[0];
        output[0] = z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
        return;
    }
    double most = -INFINITY, sum = 0;
    for (size_t k = 0; k < K; k++)
        if ((!m->present || m->present[k]) && output[k] > most)
            most = output[k];
    for (size_t k = 0; k < K; k++) {
        output[k] = !m->present || m->present[k] ? exp(output[k] - most) : 0;
        sum += output[k];
    }
    for (size_t k = 0; k < K; k++)
        output[k] /= sum;
}

/* Loss of an image that is trained on, and its gradient by the outputs, error[K]. */
static double judge(float *error, const double *output, const double *prediction, const struct attentive_model *m, const struct attentive_task *t,
                    size_t i, size_t K)
{
    if (t->kind == KIND_REGRESSION) {
        double off = output[0] - (t->target[i] - m->scale->target_mean) / m->scale->target_sd;
        error[0] = (float)off;
        return off * off / 2;
    }
    size_t own = (size_t)t->label[i];
    if (K == 1) {
        double z = own ? output[0] : -output[0];
        error[0] = (float)(prediction[0] - (double)own);
        return (z < 0 ? -z : 0) + log1p(exp(-fabs(z)));
    }
    double most = -INFINITY, sum = 0;
    for (size_t k = 0; k < K; k++) {
        error[k] = (float)(prediction[k] - (k == own));
        if ((!m->present || m->present[k]) && output[k] > most)
            most = output[k];
    }
    for (size_t k = 0; k < K; k++)
        sum += !m->present || m->present[k] ? exp(output[k] - most) : 0;
    return log(sum) + most - output[own];
}

/* Rows of models from .. to - 1: what the image adds to the queries' gradient. */
static void push_back(struct work *w, const struct stack *s, size_t from, size_t to)
{
    int first = (int)(from * s->M), rows = (int)((to - from) * s->M), T = (int)s->T, D = (int)s->D;
    const float *pull = w->pull + (size_t)first * s->D, *attention = w->attention + (size_t)first * s->T;
    float *reach = w->reach + (size_t)first * s->T;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, T, D, 1, pull, D, w->x, D, 0, reach, T);
    for (int r = 0; r < rows; r++) {
        const float *a = attention + (size_t)r * s->T;
        float *e = reach + (size_t)r * s->T;
        double mean = 0;
        for (size_t i = 0; i < s->T; i++)
            mean += (double)a[i] * (double)e[i];
        for (size_t i = 0; i < s->T; i++)
            e[i] = a[i] * (e[i] - (float)mean);
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, D, T, 1, reach, T, w->x, D, 1, w->query_sum + (size_t)first * s->D, D);
}

static bool trains(const struct attentive_model *m, const struct attentive_task *t, size_t i)
{
    return m->left_out == ATTENTIVE_NO_FOLD || !t->fold || t->fold[i] != m->left_out;
}

static void one_image(struct work *w, const struct stack *s, struct attentive_out *out, const struct attentive_task *t, size_t i, bool gradient)
{
    size_t K = s->K, MD = s->M * s->D;
    int rows = (int)s->rows, T = (int)s->T, D = (int)s->D;
    for (size_t row = 0; row < s->T; row++)
        for (size_t j = 0; j < s->D; j++)
            w->x[row * s->D + j] -= s->origin[j];
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, T, D, 1, s->query, D, w->x, D, 0, w->attention, T);
    for (size_t r = 0; r < s->rows; r++)
        softmax(w->attention + r * s->T, s->T);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, D, T, 1, w->attention, T, w->x, D, 0, w->pooled, D);
    for (size_t g = 0; g < s->n_models; g++) {
        const struct attentive_model *m = &s->model[g];
        const float *pooled = w->pooled + g * MD, *weight = s->weight + g * K * MD;
        float *error = w->error + g * K;
        bool train = trains(m, t, i);
        cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)K, (int)MD, 1, weight, (int)MD, pooled, 1, 0, error, 1);
        for (size_t k = 0; k < K; k++)
            w->output[k] = w->prediction[k] = (double)error[k] + s->intercept[g * K + k];
        predict(w->prediction, m, t->kind, K);
        if (out[g].prediction && (!train || m->left_out == ATTENTIVE_NO_FOLD))
            memcpy(out[g].prediction + i * K, w->prediction, K * sizeof *w->prediction);
        if (!train || !gradient)
            continue;
        w->loss[g] += judge(error, w->output, w->prediction, m, t, i, K);
        for (size_t k = 0; k < K; k++)
            w->error_sum[g * K + k] += (double)error[k];
        cblas_sger(CblasRowMajor, (int)K, (int)MD, 1, error, 1, pooled, 1, w->weight_sum + g * K * MD, (int)MD);
        cblas_sgemv(CblasRowMajor, CblasTrans, (int)K, (int)MD, 1, weight, (int)MD, error, 1, 0, w->pull + g * MD, 1);
    }
    for (size_t g = 0, end; gradient && g < s->n_models; g = end) { /* neighbours that train on the image share the products */
        for (end = g; end < s->n_models && trains(&s->model[end], t, i); end++) {}
        if (end > g)
            push_back(w, s, g, end);
        else
            end++;
    }
}

/* ---- the pass ---- */

/* Sums by raw query and weight to gradients by parameter; penalty and its gradient. */
static void finish(struct attentive_out *out, const struct attentive_model *m, const struct stack *s, const double *raw, const double *error_sum,
                   double loss)
{
    size_t D = s->D, M = s->M, K = s->K;
    const double *w = weights_of(m), *raw_weight = raw + M * D;
    double *to = out->gradient, penalty = 0;
    for (size_t q = 0; q < M; q++)
        for (size_t j = 0; j < D; j++) {
            double p = m->parameter[q * D + j];
            *to++ = m->C * raw[q * D + j] / (m->scale->token_sd[j] * sqrt((double)D)) + p;
            penalty += p * p;
        }
    for (size_t k = 0; k < K; k++)
        for (size_t q = 0; q < M; q++)
            for (size_t j = 0; j < D; j++) {
                size_t at = (k * M + q) * D + j;
                double shift = error_sum[k] * (m->scale->mean[j] - (double)s->origin[j]);
                *to++ = m->C * (raw_weight[at] - shift) / (m->scale->image_sd[j] * sqrt((double)M)) + w[at];
                penalty += w[at] * w[at];
            }
    for (size_t k = 0; k < K; k++)
        *to++ = m->C * error_sum[k];
    out->objective = m->C * loss + penalty / 2;
}

int attentive_pass(struct attentive_out *out, const struct attentive_model *model, size_t n_models, const struct attentive_task *t, int n_threads,
                   struct status *st)
{
    bool gradient = out->gradient != NULL;
    struct stack s;
    blas_use_one_thread();
    stack_make(&s, model, n_models, t->source.n_tokens);
    size_t n = t->source.n, MD = s.M * s.D, own = MD * (1 + s.K), K = s.K;
    double *total = NEW0(gradient ? n_models * own : 0, double), *error_sum = NEW0(n_models * K, double), *loss = NEW0(n_models, double);
    int code = STATUS_OK;
#pragma omp parallel num_threads(n_threads)
    {
        struct work w;
        struct status why;
        work_make(&w, &s, gradient);
#pragma omp for ordered schedule(static, 1)
        for (size_t c = 0; c < n_chunks(n); c++) {
            int failed = STATUS_OK;
            clear_sums(&w, &s);
            for (size_t i = c * CHUNK; i < chunk_end(c, n) && !failed; i++) {
                failed = read_image(w.x, &t->source, i, &why);
                if (!failed)
                    one_image(&w, &s, out, t, i, gradient);
            }
#pragma omp ordered
            {
                if (failed && !code)
                    code = status_set(st, failed, "%s", why.text);
                for (size_t g = 0; g < n_models && gradient; g++) {
                    double *to = total + g * own;
                    for (size_t j = 0; j < MD; j++)
                        to[j] += (double)w.query_sum[g * MD + j];
                    for (size_t j = 0; j < K * MD; j++)
                        to[MD + j] += (double)w.weight_sum[g * K * MD + j];
                    for (size_t k = 0; k < K; k++)
                        error_sum[g * K + k] += w.error_sum[g * K + k];
                    loss[g] += w.loss[g];
                }
            }
        }
        work_free(&w);
    }
    for (size_t g = 0; g < n_models && gradient && !code; g++)
        finish(&out[g], &model[g], &s, total + g * own, error_sum + g * K, loss[g]);
    free(total);
    free(error_sum);
    free(loss);
    stack_free(&s);
    return code;
}
