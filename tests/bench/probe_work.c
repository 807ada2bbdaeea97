#include "probe_work.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "probe/logistic.h"
#include "process.h"
#include "timing.h"

#define CHILD_PATIENCE_S 3600.0

void work_draw(float *x, int32_t *label, size_t n, size_t d, size_t n_classes, uint64_t stream)
{
    enum { FACTORS = 40 };
    gsl_rng *rng = rng_stream_new();
    float *loading = NEW(FACTORS * d, float);
    rng_stream_set(rng, 1, "bench_probe_loading", 0);
    for (size_t j = 0; j < FACTORS * d; j++)
        loading[j] = (float)(gsl_rng_uniform(rng) - 0.5);
    rng_stream_set(rng, 1, "bench_probe", stream);
    for (size_t i = 0; i < n; i++) {
        double factor[FACTORS];
        label[i] = (int32_t)gsl_rng_uniform_int(rng, n_classes);
        for (size_t f = 0; f < FACTORS; f++)
            factor[f] = 3 * (gsl_rng_uniform(rng) - 0.5) + (f < 5 ? 0.5 * (f % n_classes == (size_t)label[i]) : 0);
        for (size_t j = 0; j < d; j++)
            x[i * d + j] = (float)(gsl_rng_uniform(rng) - 0.5);
        for (size_t f = 0; f < FACTORS; f++)
            for (size_t j = 0; j < d; j++)
                x[i * d + j] += (float)factor[f] * loading[f * d + j];
    }
    free(loading);
    gsl_rng_free(rng);
}

void work_grid(double *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        value[i] = pow(10, -6 + 11 * (double)i / (double)(n - 1));
}

size_t work_cell(size_t c, size_t n_cells, size_t grid)
{
    return c * (grid - 1) / (n_cells - 1);
}

bool work_write(const char *folder, const char *name, const void *data, size_t bytes)
{
    char *path = path_join(folder, name);
    FILE *f = fopen(path, "wb");
    bool fine = f && fwrite(data, 1, bytes, f) == bytes;
    fine = f && fclose(f) == 0 && fine;
    free(path);
    return fine;
}

bool work_read(const char *folder, const char *name, void *data, size_t bytes)
{
    char *path = path_join(folder, name);
    FILE *f = fopen(path, "rb");
    bool fine = f && fread(data, 1, bytes, f) == bytes && fgetc(f) == EOF;
    if (f)
        fclose(f);
    free(path);
    return fine;
}

static bool write_optima(const char *folder, const struct logistic *fit, size_t grid, size_t n_cells)
{
    size_t rows = fit[0].rows, d = fit[0].d, each = 1 + rows * (d + 1);
    double *all = NEW(n_cells * each, double);
    for (size_t c = 0; c < n_cells; c++) {
        const struct logistic *f = &fit[work_cell(c, n_cells, grid)];
        double *to = all + c * each;
        *to++ = f->objective;
        for (size_t k = 0; k < rows; k++, to += d + 1) {
            memcpy(to, f->coef + k * d, d * sizeof *to);
            to[d] = f->intercept[k];
        }
    }
    bool fine = work_write(folder, "ours.f64", all, n_cells * each * sizeof *all);
    free(all);
    return fine;
}

/* Fits x[n, d]; folder NULL: the optima are forgotten. */
static int fit_all(struct work_run *run, const struct probe_size *size, const float *x, const int32_t *label, const uint32_t *fold,
                   const char *folder, size_t n_cells, struct status *st)
{
    size_t n_fits = size->folds * size->grid;
    struct logistic *fit = NEW0(n_fits, struct logistic);
    struct scaler *scaler = NEW0(size->folds, struct scaler);
    struct status *left_out = NEW0(size->folds, struct status);
    double *C = NEW(size->grid, double);
    struct logistic_folds all = {.x = x, .n = size->n, .d = size->d, .label = label, .n_classes = size->classes, .fold = fold,
                                 .n_folds = size->folds, .n_threads = (int)size->threads};
    work_grid(C, size->grid);
    *run = (struct work_run){0};
    double begin = now();
    int code = logistic_fit_folds(fit, scaler, left_out, &all, C, size->grid, st);
    run->seconds = now() - begin;
    for (size_t f = 0; f < size->folds && !code; f++)
        if (left_out[f].code)
            code = status_set(st, STATUS_INTERNAL, "fold %zu was left out: %s", f, left_out[f].text);
    for (size_t i = 0; i < n_fits && !code; i++) {
        run->iterations += fit[i].iterations;
        run->products += fit[i].products;
        run->worst_gradient = fmax(run->worst_gradient, fit[i].gradient_relative);
    }
    if (!code && folder && !write_optima(folder, fit, size->grid, n_cells))
        code = status_set(st, STATUS_INTERNAL, "cannot write the optima in '%s'", folder);
    for (size_t i = 0; i < n_fits; i++)
        logistic_free(&fit[i]);
    for (size_t f = 0; f < size->folds; f++)
        scaler_free(&scaler[f]);
    free(C);
    free(left_out);
    free(scaler);
    free(fit);
    return code;
}

int work_logistic(struct work_run *run, const struct probe_size *size, struct status *st)
{
    float *x = NEW(size->n * size->d, float);
    int32_t *label = NEW(size->n, int32_t);
    uint32_t *fold = NEW(size->n, uint32_t);
    work_draw(x, label, size->n, size->d, size->classes, size->classes);
    for (size_t i = 0; i < size->n; i++)
        fold[i] = (uint32_t)(i % size->folds);
    int code = fit_all(run, size, x, label, fold, NULL, 0, st);
    free(fold);
    free(label);
    free(x);
    return code;
}

int work_child(char **arguments)
{
    size_t value[6], n_cells = strtoul(arguments[7], NULL, 10);
    for (size_t i = 0; i < 6; i++)
        value[i] = strtoul(arguments[i], NULL, 10);
    struct probe_size size = {.n = value[0], .d = value[1], .classes = value[2], .folds = value[3], .grid = value[4], .threads = value[5]};
    const char *folder = arguments[6];
    float *x = NEW(size.n * size.d, float);
    int32_t *label = NEW(size.n, int32_t);
    uint32_t *fold = NEW(size.n, uint32_t);
    struct work_run run = {0};
    struct status st = {0};
    int code = 1;
    blas_use_one_thread();
    if (!work_read(folder, "features.f32", x, size.n * size.d * sizeof *x) || !work_read(folder, "labels.i32", label, size.n * sizeof *label) ||
        !work_read(folder, "folds.u32", fold, size.n * sizeof *fold))
        fprintf(stderr, "bench_probe: cannot read the features in '%s'\n", folder);
    else if ((code = fit_all(&run, &size, x, label, fold, folder, n_cells, &st)))
        fprintf(stderr, "bench_probe: %s\n", st.text);
    else
        printf("%.6f %.1f %zu %zu %.3g\n", run.seconds, peak_mb(), run.iterations, run.products, run.worst_gradient);
    free(fold);
    free(label);
    free(x);
    return code ? 1 : 0;
}

bool work_logistic_apart(struct work_run *run, const struct probe_size *size, const char *folder, size_t n_cells)
{
    const size_t value[] = {size->n, size->d, size->classes, size->folds, size->grid, size->threads, n_cells};
    char text[7][24], *self = process_self(), line[256];
    for (size_t i = 0; i < 7; i++)
        snprintf(text[i], sizeof text[i], "%zu", value[i]);
    const char *arguments[] = {self, "--child", text[0], text[1], text[2], text[3], text[4], text[5], folder, text[6], NULL};
    struct process p;
    *run = (struct work_run){0};
    bool fine = process_start(&p, arguments, NULL);
    if (fine) {
        fine = process_read(&p, line, sizeof line, CHILD_PATIENCE_S) &&
               sscanf(line, "%lf %lf %zu %zu %lf", &run->seconds, &run->mb, &run->iterations, &run->products, &run->worst_gradient) == 5;
        process_stop(&p);
    }
    free(self);
    return fine;
}

double work_gemm(size_t order, size_t threads, bool in_double)
{
    size_t values = order * order;
    double best = INFINITY, *a = mem_aligned(2 * values, sizeof *a), *c = mem_aligned(values, sizeof *c);
    float *single = (float *)a;
    for (size_t i = 0; i < 2 * values; i++) {
        if (in_double)
            a[i] = (double)(i % 17) - 8;
        else
            single[i] = (float)(i % 17) - 8;
    }
    memset(c, 0, values * sizeof *c); /* its pages are there before the clock runs */
    openblas_set_num_threads((int)threads);
    for (int trial = 0; trial < 3; trial++) {
        int N = (int)order;
        double begin = now();
        if (in_double)
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, N, N, N, 1, a, N, a + values, N, 0, c, N);
        else
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, N, N, N, 1, single, N, single + values, N, 0, (float *)c, N);
        best = fmin(best, now() - begin);
    }
    blas_use_one_thread();
    free(c);
    free(a);
    return 2 * (double)order * (double)order * (double)order / best;
}
