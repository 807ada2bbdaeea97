/* Vision transformer, pre-norm, with a class token and a learned or fixed table
 * of positions: transformers' "vit", and the encoder of "vit_mae" run unmasked.
 * Dosovitskiy et al. 2021, arXiv:2010.11929; He et al. 2022, arXiv:2111.06377.
 *
 * Tensor names with and without the prefix "vit.".  What config.json says of
 * the encoder must agree with the file; tensors of its blocks that would stay
 * unread are a contradiction and refused. */
#ifndef ENCODER_VIT_H
#define ENCODER_VIT_H

#include "encoder/architecture.h"

extern const struct architecture vit_architecture;

#endif
