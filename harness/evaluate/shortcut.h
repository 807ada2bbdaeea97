/* How well the `acquisition` features alone (embed/baseline.h: size, bit depth, brightness, file size) predict the label:
 * what a model may score without having seen any anatomy.
 *
 * A linear probe on the standardised features (logistic, C = 1; ridge, alpha = 1) over the development part's own folds; only its
 * out-of-fold predictions are scored, the test part is not looked at.
 *   classes     AUROC (macro one-vs-rest over the classes there are).  A warning if it is at least SHORTCUT_AUROC and more than
 *               three standard errors above 1/2, the error being that of the rank sum without any effect,
 *               sqrt((n0 + n1 + 1) / (12 n0 n1)), averaged over the classes.
 *   regression  R2.  A warning if it is at least SHORTCUT_R2.
 * Otherwise a note: the figure stands in every audit. */
#ifndef EVALUATE_SHORTCUT_H
#define EVALUATE_SHORTCUT_H

#include "base/status.h"
#include "cohort/cohort.h"
#include "cohort/survey.h"
#include "evaluate/partitions.h"

#define SHORTCUT_AUROC 0.60
#define SHORTCUT_R2 0.10

/* Nothing is said of pictures that were not decoded.  A probe that cannot be fitted is noted with its reason. */
int shortcut_audit(struct cohort *c, const struct partitions *p, const struct survey *survey, int n_threads, struct status *st) MUST_CHECK;

#endif
