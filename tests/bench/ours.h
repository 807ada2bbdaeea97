/* Our encoder as the benches drive it, and its random checkpoint. */
#ifndef BENCH_OURS_H
#define BENCH_OURS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct model { /* a vit_mae with query, key and value biases */
    size_t width, layers, heads, intermediate, patch, image;
};
extern const struct model model_large; /* ViT-L/16 at 224 x 224 */
extern const struct model model_tiny;  /* for trying a bench itself */

size_t model_tokens(const struct model *m);
/* Floating-point operations of a forward pass, a multiply-add counted as two, products alone:
 * 2 (P D 3 p^2 + L (4 T D^2 + 2 T^2 D + 2 T D I)), P patches, T = P + 1 tokens, D width, p patch side, L layers, I the
 * MLP's width; query, key, value and output projection are the 4 T D^2, scores and weighted values the 2 T^2 D. */
double model_flop(const struct model *m);
/* config.json and model.safetensors, made of random numbers. */
bool model_write(const struct model *m, const char *folder);

/* The precisions this build has, NULL behind the last. */
extern const char *const ours_precisions[];

struct ours;
int ours_open(struct ours **o, const char *folder, const char *precision, struct status *st) MUST_CHECK;
void ours_close(struct ours *o);

/* Seconds for `images` pictures on `threads` threads, `batch` to a call; pixels[n_pictures, 3, H, W] are used in
 * turn.  images: a multiple of threads * batch.  Workspaces are made before the clock starts and kept. */
int ours_time(double *seconds, struct ours *o, const float *pixels, size_t n_pictures, size_t threads, size_t batch, size_t images,
              struct status *st) MUST_CHECK;
/* out[n, 2, D]: class token and mean of the patch tokens, both behind the final LayerNorm. */
int ours_embed(struct ours *o, const float *pixels, size_t n, float *out, struct status *st) MUST_CHECK;

/* Pictures of plausible normalised values, each different; [n, 3, image, image], to be freed. */
float *ours_pictures(const struct model *m, size_t n);

#endif
