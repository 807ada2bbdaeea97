/* DINOv2: a ViT with layer scale, an MLP or SwiGLU, positions interpolated to
 * the input's grid, and, as "dinov2_with_registers", extra tokens behind the
 * class token that no readout sees.  RAD-DINO is one of these.
 * Oquab et al. 2023, arXiv:2304.07193; Darcet et al. 2023, arXiv:2309.16588.
 *
 * Tensor names with and without the prefix "dinov2." or "dinov2_with_registers.".
 * Registers get no position; the interpolation rules are those of positions.h. */
#ifndef ENCODER_DINOV2_H
#define ENCODER_DINOV2_H

#include "encoder/architecture.h"

extern const struct architecture dinov2_architecture;

#endif
