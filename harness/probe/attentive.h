/* The attentive probe: learnable queries pool an encoder's patch tokens, a linear layer reads
 * what they pooled.  Encoder and tokens are frozen.
 *
 *     a_mt = softmax over t of  q_m . k_t / sqrt(D),     k_t = (x_t - mean) / token SD
 *     y_m  = sum_t a_mt v_t,                             v_t = (x_t - mean) / image SD
 *     f    = b + sum_m W_m y_m / sqrt(M)
 *     objective = C * sum_i loss_i + (|W|^2 + |Q|^2) / 2,   b free
 *
 * x[T, D]: patch tokens; M queries.  This is the multi-query cross-attention without key
 * projection of efficient probing (Psomas et al. 2025, arXiv:2506.10178, "EP"; keys are the tokens
 * themselves).  EP projects the values, D to D in M parts, before its classifier; with no more
 * classes than D / M the two products are any W_m of that shape, so that one is trained here.
 * By feature, over the images trained on: the mean and population SD of all their tokens, and the
 * population SD of the images' mean tokens (a constant feature gets 1).  So chosen,
 *
 *     Q = 0  is the linear probe on the standardised mean token, with the same C and objective,
 *
 * for any M: attention has to earn its place.
 * Loss: logistic for two classes (one row, score of class 1), softmax for more (a row for each
 * class; a class without training rows gets probability 0), (z - f)^2 / 2 with z the standardised
 * target for a regression: C there is ridge's 1 / alpha.
 *
 * The order of the tokens says nothing.  Tokens are float32 (float16 in the store), products are
 * float32 GEMMs, softmax sums, losses and sums over images are double. */
#ifndef PROBE_ATTENTIVE_H
#define PROBE_ATTENTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/kind.h"

/* Where tokens come from, image by image: nothing keeps them, every pass reads them again. */
struct attentive_source {
    size_t n, n_tokens, width;
    /* x[n_tokens, width] of image number i; called from several threads. */
    int (*read)(float *x, void *context, size_t i, struct status *st);
    void *context;
};

struct attentive_shape {
    size_t width, n_queries, n_out; /* n_out: 1 for two classes and a regression, else the classes */
};

/* Parameters, one behind the other: Q[n_queries, width], W[n_out, n_queries, width], b[n_out]. */
size_t attentive_n_parameters(const struct attentive_shape *s);

/* What the images trained on say of the features. */
struct attentive_scale {
    double *mean, *token_sd, *image_sd;  /* [width], owned */
    double target_mean, target_sd;       /* 0 and 1 where there are classes */
};
void attentive_scale_free(struct attentive_scale *s);

/* The images, and what is known of them. */
struct attentive_task {
    enum task_kind kind;
    struct attentive_source source;
    const int32_t *label;  /* [n], classes */
    const double *target;  /* [n], regression */
    size_t n_classes;
    const uint32_t *fold;  /* [n]; NULL: none is left out */
};

#define ATTENTIVE_NO_FOLD UINT32_MAX

/* A model in a pass: trained on all images but those of its fold. */
struct attentive_model {
    struct attentive_shape shape;
    const struct attentive_scale *scale; /* borrowed */
    uint32_t left_out;                   /* fold, or ATTENTIVE_NO_FOLD */
    double C;
    const bool *present;                 /* [n_classes] classes with training rows; NULL: all */
    const double *parameter;             /* [n_parameters], borrowed */
};

/* Objective and gradient[n_parameters] of every model in one reading of the images; models are of one shape.
 * prediction[n, n_out] of a model (NULL: not wanted): its left-out images' are written, of a model that leaves none out every image's;
 * probabilities, or the regression's value.  gradient NULL: predictions alone.
 * The same bytes for any n_threads.  Errors are the source's. */
struct attentive_out {
    double objective;
    double *gradient;
    double *prediction;
};
int attentive_pass(struct attentive_out *out, const struct attentive_model *model, size_t n_models, const struct attentive_task *t, int n_threads,
                   struct status *st) MUST_CHECK;

/* mean[n, width] tokens of every image, and a scale for each fold's training part, scale[n_folds], and for all images,
 * scale[n_folds], in one reading.  STATUS_DATA for a token that is not finite, naming the image (from 0). */
int attentive_survey(float *mean, struct attentive_scale *scale, const struct attentive_task *t, size_t n_folds, int n_threads,
                     struct status *st) MUST_CHECK;

#endif
