/* The region-guided classifier's 38 labels as the published script reads them:
 * sigmoid for 0 (abnormal) and 37 (implant), softmax within 1..4 (bone tumour),
 * 5..33 (region) and 34..36 (fracture).  SKELEX, predict_classes_as_tensor;
 * names as in its config/classes.txt. */
#ifndef ENCODER_GROUPS_H
#define ENCODER_GROUPS_H

#include <stddef.h>

#define GROUPS_LABELS 38

/* p[38] from logit[38], in the same order; exponentials and sums in double. */
void groups_probabilities(float *p, const float *logit);

enum group_head { HEAD_ABNORMAL, HEAD_TUMOUR, HEAD_SITE, HEAD_FRACTURE, HEAD_IMPLANT, N_GROUP_HEADS };
struct group_outputs {
    const char *name;
    size_t first, n; /* outputs; a sigmoid has one */
};
extern const struct group_outputs GROUP_HEADS[N_GROUP_HEADS];
extern const char *const GROUP_LABELS[GROUPS_LABELS];

enum { LABEL_MALIGNANT = 1, LABEL_INTERMEDIATE, LABEL_BENIGN, LABEL_NO_TUMOUR, LABEL_NEOPLASTIC_FRACTURE = 34, LABEL_FRACTURE, LABEL_NO_FRACTURE, LABEL_IMPLANT };

#endif
