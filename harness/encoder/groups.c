#include "encoder/groups.h"

#include <math.h>
#include <stddef.h>

void groups_probabilities(float *p, const float *logit)
{
    static const size_t groups[][2] = {{1, 5}, {5, 34}, {34, 37}}; /* from, and behind the last */
    p[0] = (float)(1 / (1 + exp(-(double)logit[0])));
    p[37] = (float)(1 / (1 + exp(-(double)logit[37])));
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        size_t from = groups[g][0], to = groups[g][1];
        double top = (double)logit[from], sum = 0;
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
