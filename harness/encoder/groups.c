#include "encoder/groups.h"

#include <math.h>

const struct group_outputs GROUP_HEADS[N_GROUP_HEADS] = {
    [HEAD_ABNORMAL] = {"abnormal", 0, 1}, [HEAD_TUMOUR] = {"tumour", 1, 4},    [HEAD_SITE] = {"site", 5, 29},
    [HEAD_FRACTURE] = {"fracture", 34, 3}, [HEAD_IMPLANT] = {"implant", 37, 1},
};

const char *const GROUP_LABELS[GROUPS_LABELS] = {
    "Abnormal",
    "malignant", "intermediate", "benign", "No bone tumor",
    "carpal bones", "clavicle", "distal femur", "distal fibula", "distal humerus", "distal radius", "distal tibia", "distal ulna",
    "femur diaphysis", "fibula diaphysis", "finger phalanges", "hindfoot", "humerus diaphysis", "metacarpal", "metatarsal", "midfoot",
    "patella", "pelvis", "proximal femur", "proximal fibula", "proximal humerus", "proximal radius", "proximal tibia", "proximal ulna",
    "radius diaphysis", "scapula", "tibia diaphysis", "toe phalanges", "ulna diaphysis",
    "neoplastic pathologic fracture", "non-pathologic fracture", "No fracture",
    "Implant",
};

void groups_probabilities(float *p, const float *logit)
{
    for (size_t h = 0; h < N_GROUP_HEADS; h++) {
        size_t from = GROUP_HEADS[h].first, to = from + GROUP_HEADS[h].n;
        double top = (double)logit[from], sum = 0;
        if (GROUP_HEADS[h].n == 1) {
            p[from] = (float)(1 / (1 + exp(-(double)logit[from])));
            continue;
        }
        for (size_t i = from; i < to; i++) {
            top = fmax(top, (double)logit[i]);
        }
        for (size_t i = from; i < to; i++) {
            sum += exp((double)logit[i] - top);
        }
        for (size_t i = from; i < to; i++) {
            p[i] = (float)(exp((double)logit[i] - top) / sum);
        }
    }
}
