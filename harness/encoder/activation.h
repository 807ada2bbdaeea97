/* hidden_act of a config.json: names as transformers' ACT2FN has them.
 * A name that is not in the list is refused, never replaced. */
#ifndef ENCODER_ACTIVATION_H
#define ENCODER_ACTIVATION_H

#include "base/status.h"
#include "encoder/model_config.h"
#include "encoder/product_set.h"

struct activation {
    const char *name;
    enum activation_kind kind;
};

/* hidden_act of this configuration, "gelu" where it says nothing; STATUS_DATA naming it and those there are. */
int activation_read(const struct activation **a, const struct model_config *c, struct status *st) MUST_CHECK;

#endif
