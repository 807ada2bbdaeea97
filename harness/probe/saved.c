#include "probe/saved.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/apply.h"

static const struct {
    const char *name, *parameter;
} FORMS[N_SAVED_FORMS] = {[SAVED_LOGISTIC] = {"logistic", "C"},
                          [SAVED_CUMULATIVE_LOGIT] = {"cumulative_logit", "C"},
                          [SAVED_RIDGE] = {"ridge", "alpha"},
                          [SAVED_KNN] = {"knn", "k"}};

const char *saved_form_name(enum saved_form form)
{
    return FORMS[form].name;
}

const char *saved_parameter_name(enum saved_form form)
{
    return FORMS[form].parameter;
}

size_t saved_probe_n_out(const struct saved_probe *p)
{
    return p->kind == KIND_BINARY || p->kind == KIND_REGRESSION ? 1 : p->n_classes;
}

static int neighbours_vote(double *out, const struct saved_probe *p, const float *x, size_t m, struct status *st)
{
    size_t n_out = saved_probe_n_out(p);
    uint32_t *neighbour = NEW(m * p->k, uint32_t);
    double *distance = NEW(m * p->k, double), *prob = NEW(m * (p->n_classes + 1), double);
    int code = knn_neighbours(neighbour, distance, p->k, p->metric, p->train, p->n_train, x, m, p->d, 1, st);
    if (!code && p->kind == KIND_REGRESSION) {
        knn_regress(out, neighbour, distance, p->k, m, p->k, p->metric, p->vote, p->target);
    } else if (!code) {
        knn_classify(prob, neighbour, distance, p->k, m, p->k, p->metric, p->vote, p->label, p->n_classes);
        for (size_t i = 0; i < m; i++)
            if (n_out == 1)
                out[i] = prob[2 * i + 1];
            else
                memcpy(out + i * n_out, prob + i * n_out, n_out * sizeof *out);
    }
    free(prob);
    free(distance);
    free(neighbour);
    return code;
}

int saved_probe_predict(double *out, const struct saved_probe *p, const float *x, size_t m, struct status *st)
{
    for (size_t i = 0; i < m * p->d; i++)
        if (!isfinite(x[i]))
            return status_set(st, STATUS_DATA, "feature %zu of row %zu is not finite", i % p->d, i / p->d);
    struct logistic logistic = {.rows = p->rows, .d = p->d, .coef = p->coef, .intercept = p->intercept};
    struct ridge ridge = {.d = p->d, .coef = p->coef, .intercept = p->n_intercepts ? p->intercept[0] : 0};
    struct ordinal ordinal = {.d = p->d, .n_classes = p->n_classes, .coef = p->coef, .threshold = p->intercept};
    switch (p->form) {
    case SAVED_LOGISTIC:
        probe_apply_logistic(out, &p->scaler, &logistic, x, m);
        return STATUS_OK;
    case SAVED_RIDGE:
        probe_apply_ridge(out, &p->scaler, &ridge, x, m);
        return STATUS_OK;
    case SAVED_CUMULATIVE_LOGIT:
        probe_apply_ordinal(out, &p->scaler, &ordinal, x, m);
        return STATUS_OK;
    case SAVED_KNN:
        return m ? neighbours_vote(out, p, x, m, st) : STATUS_OK;
    case N_SAVED_FORMS:
        break;
    }
    assert(p->form < N_SAVED_FORMS);
    return STATUS_INTERNAL;
}

void saved_test_digest(uint8_t digest[DIGEST_BYTES], const uint8_t *const *image, const double *target, const double *score, size_t n, size_t n_out)
{
    char *text = NULL, hex[DIGEST_HEX];
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    for (size_t i = 0; stream && i < n; i++) {
        fprintf(stream, "%s,%.17g", digest_hex(hex, image[i]), target[i]);
        for (size_t k = 0; k < n_out; k++)
            fprintf(stream, ",%.17g", score[i * n_out + k]);
        fputc('\n', stream);
    }
    if (stream)
        fclose(stream);
    digest_bytes(digest, text ? text : "", size);
    free(text);
}

void saved_probe_free(struct saved_probe *p)
{
    for (size_t k = 0; p->class_name && k < p->n_classes; k++)
        free(p->class_name[k]);
    char *text[] = {p->task, p->unit, p->study, p->protocol, p->model, p->readout, p->probe, p->preprocess, p->precision, p->features};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        free(text[i]);
    free(p->class_name);
    scaler_free(&p->scaler);
    free(p->coef);
    free(p->intercept);
    free(p->train);
    free(p->label);
    free(p->target);
    *p = (struct saved_probe){0};
}
