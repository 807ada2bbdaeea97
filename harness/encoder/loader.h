/* Takes tensors of a checkpoint one after the other until the first that fails:
 * after that every call returns NULL and does nothing, and `code` says why. */
#ifndef ENCODER_LOADER_H
#define ENCODER_LOADER_H

#include <stddef.h>

#include "encoder/checkpoint.h"
#include "encoder/product.h"

struct loader {
    struct checkpoint *c;
    const char *prefix; /* of the names given below: "vit.encoder.layer.3." */
    int code;           /* STATUS_OK so far */
    struct status *st;
};

/* Borrowed from the checkpoint until released; shape as checkpoint_weight checks it. */
const float *loader_tensor(struct loader *l, const char *name, const size_t *shape, size_t n_dims);
void loader_release(struct loader *l, const char *name);
const float *loader_vector(struct loader *l, const char *name, size_t n);
/* name.weight [n_out, n_in] and name.bias */
const float *loader_linear(const float **bias, struct loader *l, const char *name, size_t n_out, size_t n_in);
/* name.weight and name.bias, [n] */
const float *loader_norm(const float **bias, struct loader *l, const char *name, size_t n);
/* The weights of these names, each [n_out, n_in], packed one below the other and given back to the file. */
void loader_product(struct product *p, struct loader *l, char *const *name, size_t n_parts, size_t n_out, size_t n_in,
                    enum encoder_precision precision);
/* name.weight [n_out, n_in] packed; returns name.bias. */
const float *loader_linear_product(struct product *p, struct loader *l, const char *name, size_t n_out, size_t n_in,
                                   enum encoder_precision precision);
/* config.json says there is no such bias: then the file must not have one.  NULL. */
const float *loader_no_bias(struct loader *l, const char *name);

#endif
