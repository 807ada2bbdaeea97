/* A tiny vit_mae checkpoint with random weights, in the layout Hugging Face
 * gives a directory: config.json, preprocessor_config.json,
 * model.safetensors.  Encoder of 4 layers, 64 wide; 2 decoder layers, 32 wide;
 * 224 x 224 pixels in patches of 16.  It stands in for a real one while a
 * pipeline is tried, and says in config.json ("skelex_eval_note") and in the
 * weights' metadata that it was never trained.
 *
 * Weights are normal with a spread of about 1/sqrt(inputs), not the 0.02 of
 * training's start, and patch filters are smooth: so random features tell
 * images apart a little.  LayerNorm is (1, 0), biases are 0; position tables
 * are MAE's sin-cos tables (He et al. 2022, arXiv:2111.06377), row 0 (cls)
 * zero.  Stream of (seed, tensor name). */
#ifndef SYNTH_TINY_CHECKPOINT_H
#define SYNTH_TINY_CHECKPOINT_H

#include <stdint.h>

#include "base/status.h"

/* Files already there must hold the same bytes (synth/whole_file.h). */
int tiny_checkpoint_write(const char *directory, uint64_t seed, struct status *st) MUST_CHECK;

#endif
