/* The region-guided classifier's 38 labels as the published script reads them:
 * sigmoid for 0 (abnormal) and 37 (implant), softmax within 1..4 (bone tumour),
 * 5..33 (region) and 34..36 (fracture).  SKELEX, predict_classes_as_tensor. */
#ifndef ENCODER_GROUPS_H
#define ENCODER_GROUPS_H

#define GROUPS_LABELS 38

/* p[38] from logit[38], in the same order; exponentials and sums in double. */
void groups_probabilities(float *p, const float *logit);

#endif
