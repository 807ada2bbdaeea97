/* ROC and precision-recall curves, and the operating points on them.
 *
 * A curve holds the (weighted) counts of true and false positives when every
 * score >= threshold is called positive: first +inf (nobody), then each distinct
 * score from the highest down.  label[n] in {0, 1}; samples of weight 0 do not
 * count.  STATUS_UNDEFINED if a class is absent (n = 0 too), STATUS_DATA for a
 * NaN score; the figures below are then never asked for. */
#ifndef METRIC_CURVE_H
#define METRIC_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "metric/ranking.h"

struct curve {
    size_t n;               /* points, the one at +inf included */
    double *threshold;      /* [n] descending; NULL: not kept, and NaN where asked for */
    double *true_positive;  /* [n] ascending */
    double *false_positive; /* [n] ascending */
    double n_positive, n_negative;
};

struct operating_point {
    double threshold; /* positive means score >= threshold; +inf: nobody */
    double true_positive, false_positive;
    double sensitivity, specificity;
};

/* weight[n] >= 0; NULL: 1 each. */
int curve_new(struct curve *c, const int32_t *label, const double *score, const double *weight, size_t n,
              struct status *st) MUST_CHECK;
void curve_free(struct curve *c);

/* The curve of a ranking with whole weights (NULL: 1 each), without thresholds: O(n), for bootstrap replicates.  c owns room
 * for ranking's n + 1 points (curve_room).  false, and no curve, if a class is absent. */
struct curve curve_room(size_t n);
bool curve_of_ranking(struct curve *c, const struct ranking *r, const uint32_t *weight);

double curve_area(const struct curve *c); /* trapezoids */
/* Area for false positive rate <= max_fpr (0 < max_fpr <= 1), interpolated there; at most max_fpr. */
double curve_area_below(const struct curve *c, double max_fpr);
/* The same rescaled so that chance is 1/2 and perfection 1.  McClish 1989, Med Decis Making 9:190. */
double curve_partial_area(const struct curve *c, double max_fpr);
double curve_average_precision(const struct curve *c);
double curve_precision_recall_area(const struct curve *c); /* trapezoids, from precision 1 at recall 0 */
double curve_precision(const struct curve *c, size_t i);   /* 1 at point 0 */

/* Does point i remain when points on a straight line are left out (scikit-learn's drop_intermediate)? */
bool curve_is_corner(const struct curve *c, size_t i);

/* Largest TP * N - FP * P; the highest threshold on a tie.  Youden 1950, Cancer 3:32. */
struct operating_point curve_youden(const struct curve *c);
/* Largest TP with TN >= specificity * N; the smaller FP on a tie. */
struct operating_point curve_at_specificity(const struct curve *c, double specificity);
/* Smallest FP with TP >= sensitivity * P; the larger TP on a tie. */
struct operating_point curve_at_sensitivity(const struct curve *c, double sensitivity);

#endif
