#include "metric/net_benefit.h"

#include <assert.h>
#include <stdbool.h>

/* prob NULL: everybody is treated. */
static double benefit(const int32_t *label, const double *prob, const uint32_t *weight, size_t n, double threshold)
{
    assert(threshold >= 0 && threshold < 1);
    double hit = 0, false_alarm = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        double w = weight ? (double)weight[i] : 1;
        bool treated = !prob || prob[i] >= threshold;
        total += w;
        hit += treated && label[i] == 1 ? w : 0;
        false_alarm += treated && label[i] != 1 ? w : 0;
    }
    return (hit - false_alarm * (threshold / (1 - threshold))) / total;
}

double net_benefit(const int32_t *label, const double *prob, const uint32_t *weight, size_t n, double threshold)
{
    return benefit(label, prob, weight, n, threshold);
}

double net_benefit_treat_all(const int32_t *label, const uint32_t *weight, size_t n, double threshold)
{
    return benefit(label, NULL, weight, n, threshold);
}
