/* Residual network, transformers' "resnet" (v1.5: the stride sits on the 3x3
 * convolution): stem 7x7 and max-pool, stages of bottleneck or basic blocks,
 * mean over the last picture.  He et al. 2016, arXiv:1512.03385.
 *
 * Tensor names with and without the prefix "resnet.".  The one readout,
 * "pooled", is that mean, summed in double.  There are no tokens; hidden state
 * k is [C, h, w]: 0 behind the max-pool, k behind stage k.
 * Pictures of any size: every convolution gives ceil(side / stride). */
#ifndef ENCODER_RESNET_H
#define ENCODER_RESNET_H

#include "encoder/architecture.h"

extern const struct architecture resnet_architecture;

#endif
