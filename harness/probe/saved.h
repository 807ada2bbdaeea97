/* A probe that is kept: everything needed to score another cohort with it, and
 * to say what it was made of.
 *
 * On disk two files in one folder.  NAME.safetensors has the arrays, float64
 * except where a type is given:
 *     scaler.mean [d], scaler.scale [d]            linear forms
 *     coef [rows, d], intercept [rows]             logistic (rows 1 for two classes, else one a class), ridge (rows 1)
 *     coef [1, d], threshold [n_classes - 1]       cumulative_logit: P(class <= k) = sigmoid(threshold[k] - coef z)
 *     train [n, d] float32, label [n] int32        knn; of a regression target [n] in place of label
 * where z = (x - mean) / scale.  NAME.json has all the rest in plain words, the
 * SHA-256 of the first file, and one of itself ("record_sha256": of the JSON without that
 * member, compact, members sorted by name): an edited record is refused.
 *
 * Nothing in the files is believed: every member's type and range, every
 * tensor's name, type and shape and every number in it is checked, and a file
 * that is not exactly what this version writes is refused with the reason. */
#ifndef PROBE_SAVED_H
#define PROBE_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/outfile.h"
#include "base/status.h"
#include "metric/kind.h"
#include "probe/knn.h"
#include "probe/standardise.h"

#define SAVED_VERSION 2 /* 1: without recalibration and test part */

enum saved_form { SAVED_LOGISTIC, SAVED_CUMULATIVE_LOGIT, SAVED_RIDGE, SAVED_KNN, N_SAVED_FORMS };

/* Fitted on out-of-fold predictions of the development part, or NaN.  binary: logit of P(1) becomes intercept + slope * logit, or
 * in_the_large + logit (metric/recalibration.h); regression: the prediction likewise. */
struct saved_recalibration {
    double in_the_large, intercept, slope;
};

struct saved_probe {
    /* the question */
    enum task_kind kind;
    char *task;
    char **class_name;     /* [n_classes] in label order; none of a regression */
    size_t n_classes;
    char *unit;            /* of a regression's target; "" if not said */

    /* the answer */
    enum saved_form form;
    size_t d;
    struct scaler scaler;  /* linear forms */
    double *coef;          /* [rows, d] */
    size_t rows;
    double *intercept;     /* [n_intercepts]; a class without a training row has -inf and coefficients 0 */
    size_t n_intercepts;
    float *train;          /* knn: [n_train, d] */
    size_t n_train, k;
    int32_t *label;        /* [n_train], or NULL */
    double *target;        /* [n_train], or NULL */
    enum knn_metric metric;
    enum knn_vote vote;
    double parameter;      /* chosen C, alpha or k */
    double threshold, threshold_exams; /* operating points chosen on validation, P(1) >= it is positive; NaN: none */
    struct saved_recalibration recalibration, recalibration_exams;

    /* what it was made of */
    char *study, *protocol, *model, *readout, *probe, *preprocess, *precision;
    char *features;        /* the encoder and its preprocessing in words, of which fingerprint is the digest */
    uint8_t fingerprint[DIGEST_BYTES];
    size_t fold, n_folds;  /* fold from 1 whose training rows it was fitted on; 0: all development rows */
    uint64_t seed;
    size_t n_images, n_patients; /* of the development part */
    uint8_t development[DIGEST_BYTES]; /* its images' digests, labels and folds */
    uint8_t embeddings[DIGEST_BYTES];  /* of its embeddings */
    size_t n_test;                     /* images of the study's own test part */
    uint8_t test[DIGEST_BYTES];        /* their digests, labels and predictions (saved_test_digest) */

    /* set by saved_probe_read */
    uint8_t record[DIGEST_BYTES];
};

/* Numbers that a row gets: 1 for binary (P(1)) and regression, else n_classes. */
size_t saved_probe_n_out(const struct saved_probe *p);

/* out[m, n_out] for x[m, d]; STATUS_DATA for a feature that is not finite.  Depends on each row alone. */
int saved_probe_predict(double *out, const struct saved_probe *p, const float *x, size_t m, struct status *st) MUST_CHECK;

/* What `test` is of: image[n] digests, target[n] labels or targets, score[n, n_out], in the cohort's order. */
void saved_test_digest(uint8_t digest[DIGEST_BYTES], const uint8_t *const *image, const double *target, const double *score, size_t n, size_t n_out);

/* DIRECTORY/NAME.safetensors and .json, made as file[0] and file[1], both finished: the caller commits them in this order.
 * The folder must be there.  STATUS_DATA for numbers that are no probe's (NaN), or a text that is not UTF-8. */
int saved_probe_write(struct outfile file[2], const struct saved_probe *p, const char *directory, const char *name, struct status *st) MUST_CHECK;

/* path: the .json. */
int saved_probe_read(struct saved_probe *p, const char *path, struct status *st) MUST_CHECK;
/* The same from bytes, without looking at either digest: what is left then are the checks of the contents. */
int saved_probe_parse(struct saved_probe *p, const char *path, const unsigned char *json, size_t json_size, const unsigned char *tensors,
                      size_t tensors_size, struct status *st) MUST_CHECK;

void saved_probe_free(struct saved_probe *p); /* also a zeroed one */

const char *saved_form_name(enum saved_form form);
const char *saved_parameter_name(enum saved_form form); /* "C", "alpha", "k" */

#endif
