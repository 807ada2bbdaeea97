/* How well probabilities agree with outcomes: proper scores, and the gap
 * between what was said and what was seen, in bins.
 *
 * label[n] in {0, 1} with prob[n] = P(1), or 0 .. n_classes-1 with
 * prob[n, n_classes]; prob in [0, 1] (asserted).  weight[n]: how often each sample
 * counts, NULL: once each; a sample of weight 3 is added three times, so the bits
 * are those of three adjacent rows.  Everything is NaN for n = 0 (no weight).
 * Brier 1950, Mon Weather Rev 78:1; Naeini et al. 2015, AAAI:2901 (ECE). */
#ifndef METRIC_CALIBRATION_H
#define METRIC_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

double calibration_brier(const int32_t *label, const double *prob, const uint32_t *weight, size_t n);
/* 1 - Brier / (prevalence (1 - prevalence)); NaN if a class is absent. */
double calibration_brier_skill(const int32_t *label, const double *prob, const uint32_t *weight, size_t n);
/* Mean of the sum over classes of (p - y)^2; for two classes twice the binary figure. */
double calibration_brier_classes(const int32_t *label, const double *prob, const uint32_t *weight, size_t n,
                                 size_t n_classes);
/* Probabilities are cut to [2^-52, 1 - 2^-52], so a certain mistake costs 36.04 and not infinity. */
double calibration_log_loss(const int32_t *label, const double *prob, const uint32_t *weight, size_t n);
/* Rows are cut likewise and then divided by their sum. */
double calibration_log_loss_classes(const int32_t *label, const double *prob, const uint32_t *weight, size_t n,
                                    size_t n_classes);

enum calibration_bins {
    BINS_UNIFORM,    /* edges i * (1 / n_bins); bin i is (edge i, edge i + 1], 0 lies in bin 0 */
    BINS_QUANTILE,   /* edges at the quantiles of prob (linear rule); closed as above; ties may leave bins empty */
    BINS_EQUAL_COUNT /* sorted by prob (equal ones by position), cut into runs; the first n mod n_bins are one longer */
};

struct calibration_bin {
    double edge_low, edge_high; /* of BINS_EQUAL_COUNT: its smallest and largest prob */
    double count, mean_prob, mean_label; /* means NaN in an empty bin */
};

struct calibration_error {
    double expected;         /* ECE: sum over bins of share x |mean prob - mean label| */
    double maximum;          /* over the bins that are not empty */
    double root_mean_square; /* sqrt of the sum of share x gap^2 */
};

/* bin[n_bins], n_bins >= 1.  hit[n]: 1 where what was given prob came true. */
void calibration_fill(struct calibration_bin *bin, size_t n_bins, enum calibration_bins kind, const int32_t *hit,
                      const double *prob, const uint32_t *weight, size_t n);
struct calibration_error calibration_summary(const struct calibration_bin *bin, size_t n_bins);
/* Both at once. */
struct calibration_error calibration_error(enum calibration_bins kind, size_t n_bins, const int32_t *hit,
                                           const double *prob, const uint32_t *weight, size_t n);

/* confidence[n]: the largest probability of each row; hit[n]: whether it is the label's (ties: the lowest class). */
void calibration_top_label(double *confidence, int32_t *hit, const int32_t *label, const double *prob, size_t n,
                           size_t n_classes);
/* The same of prob[n] = P(1); P(0) = 1 - P(1). */
void calibration_top_label_binary(double *confidence, int32_t *hit, const int32_t *label, const double *prob, size_t n);
/* Mean over classes of the ECE of their columns. */
double calibration_class_error(enum calibration_bins kind, size_t n_bins, const int32_t *label, const double *prob,
                               const uint32_t *weight, size_t n, size_t n_classes);

#endif
