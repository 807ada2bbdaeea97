/* hidden_act of a config.json: names as transformers' ACT2FN has them.
 * A name that is not in the list is refused, never replaced. */
#ifndef ENCODER_ACTIVATION_H
#define ENCODER_ACTIVATION_H

#include <stddef.h>

#include "base/status.h"
#include "encoder/model_config.h"

struct activation {
    const char *name;
    void (*bias_apply)(float *x, const float *bias, size_t n_rows, size_t width); /* x = f(x + bias); see kernels.h */
};

/* hidden_act of this configuration, "gelu" where it says nothing; STATUS_DATA naming it and those there are. */
int activation_read(const struct activation **a, const struct model_config *c, struct status *st) MUST_CHECK;

#endif
