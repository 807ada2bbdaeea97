/* One face for every frozen encoder: pixels in, readouts out.
 *
 * An encoder is read-only once open, and threads share it; each thread has a
 * workspace of its own and runs one picture at a time.  The result depends on
 * the picture and the weights alone, never on the number of threads.
 * Arithmetic is float32 unless another precision is asked for; means over
 * tokens are summed in double. */
#ifndef ENCODER_ENCODER_H
#define ENCODER_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

struct encoder;
struct encoder_workspace;

/* Of the products of activations and weights; sums, norms, softmax and activation functions are float32 in each. */
enum encoder_precision {
    ENCODER_FP32, /* the default, and what references are made with */
    ENCODER_BF16, /* weights rounded once to bfloat16, activations at each product */
    ENCODER_N_PRECISIONS
};
const char *encoder_precision_name(enum encoder_precision precision);                /* "fp32" */
bool encoder_precision_parse(enum encoder_precision *precision, const char *name); /* false: there is none of that name */

/* What the files may leave open, and how to compute; all zero is the default. */
struct encoder_options {
    const char *architecture; /* a model_type, for weights without a config.json that do not say theirs; NULL: what the files say */
    size_t heads;             /* attention heads, for weights without a config.json; 0: as assumed, see encoder_info.assumed */
    bool old_interpolation;   /* DINOv2 positions as transformers <= 4.44 and Meta's code interpolate them */
    enum encoder_precision precision;
    bool decoder;             /* of a vit_mae: take its decoder too (encoder/mae.h); other architectures have none */
    bool digest;              /* encoder_digest will be called: begin with it in a second thread while opening */
};

struct encoder_info {
    const char *architecture; /* config.json's model_type: "vit_mae", "vit" */
    enum encoder_precision precision;
    size_t width;             /* D */
    size_t layers, heads, intermediate;
    size_t patch, image_size; /* px */
    size_t input_height, input_width; /* px, of the pictures it will be given; see encoder_set_input */
    size_t tokens;            /* T, the class token among them, for that input; 0: an encoder without tokens */
    size_t first_patch;       /* of the tokens, behind the class token and registers */
    const char *assumed;      /* what no file says and was taken for granted; NULL: nothing */
    double eps;               /* of the layer norms */
    size_t n_tensors;         /* in the file */
    size_t n_used;            /* of these, read by the encoder or its classifier */
    uint64_t n_parameters;    /* of the encoder, its classifier not counted */
    size_t n_labels;          /* of the classifier in the file; 0: none */
};

/* `path`: a Hugging Face checkpoint folder (config.json, model.safetensors or shards with their index), timm's or
 * open_clip's (encoder/timm.h), or one .safetensors file; without a config.json beside it, the shapes must tell what it is.
 * STATUS_DATA names what is missing, contradictory, not finite or not built yet. */
int encoder_open_with(struct encoder **e, const char *path, const struct encoder_options *options, struct status *st) MUST_CHECK;
int encoder_open(struct encoder **e, const char *path, struct status *st) MUST_CHECK; /* all options at their defaults */
void encoder_close(struct encoder *e); /* NULL is fine */

/* Size of the pictures to come, in pixels; called before any workspace is made.  Until then: image_size, 224 where the
 * architecture has none.  STATUS_DATA with both sizes if the encoder takes only its own. */
int encoder_set_input(struct encoder *e, size_t height, size_t width, struct status *st) MUST_CHECK;

bool encoder_knows(const char *model_type);
const struct encoder_info *encoder_info(const struct encoder *e);

/* Readouts, in the order in which encoder_forward writes them.  ViT: "cls" (class token behind the final
 * LayerNorm), "cls_pre" (before it), "mean" (mean of the patch tokens behind it), and "pooler" where the file holds one;
 * "projected" of open_clip.  ResNet: "pooled". */
size_t encoder_n_readouts(const struct encoder *e);
const char *encoder_readout_name(const struct encoder *e, size_t i);
size_t encoder_readout_width(const struct encoder *e, size_t i);
size_t encoder_output_width(const struct encoder *e); /* sum over the readouts */

/* How this processor adds up the products of that precision, in words: of the same words, any two processors give the same
 * embeddings; of other words, they differ in the last bits (bf16: of bfloat16). */
const char *encoder_arithmetic(const struct encoder *e);

/* All but weights and processor that changes the numbers, precision included, in one line for people and for the digest; the caller frees it. */
char *encoder_describe(const struct encoder *e);

/* Identifies the encoder: SHA-256 over the weights files' bytes (in name order) and encoder_describe.
 * Reads every file once.  One thread at a time may call it. */
int encoder_digest(uint8_t out[DIGEST_BYTES], const struct encoder *e, struct status *st) MUST_CHECK;

/* Names of the tensors in the file that are not read (decoder, pooler, ...), sorted; borrowed. */
const char *const *encoder_unused(const struct encoder *e, size_t *n);

struct encoder_workspace *encoder_workspace_new(const struct encoder *e); /* for one picture at a time */
struct encoder_workspace *encoder_workspace_new_for(const struct encoder *e, size_t batch);
void encoder_workspace_free(struct encoder_workspace *w); /* NULL is fine */
/* Each forward with this workspace is split among so many threads from now on: for one picture that somebody waits for.
 * A cohort goes faster with a picture a thread. */
void encoder_workspace_share(const struct encoder *e, struct encoder_workspace *w, int n_threads);

/* pixels[3, input_height, input_width] normalised; out[output_width].
 * STATUS_DATA if a value that is not finite comes out: `out` is then not to be used. */
int encoder_forward(const struct encoder *e, struct encoder_workspace *w, const float *pixels, float *out,
                    struct status *st) MUST_CHECK;
/* n pictures, at most the workspace's batch, one behind the other, out[n, output_width]: the same bytes as one by one.
 * Each picture's output is to be checked. */
void encoder_forward_batch(const struct encoder *e, struct encoder_workspace *w, const float *pixels, size_t n, float *out);
int encoder_check_output(const struct encoder *e, const float *out, struct status *st) MUST_CHECK;

/* ---- of the last forward, for checking ---- */

/* [n, T, D] behind the final LayerNorm, of all pictures of a batch; NULL for an encoder without tokens. */
const float *encoder_tokens(const struct encoder *e, const struct encoder_workspace *w);
/* The table of positions added for this input, [*n] floats; NULL where there is none. */
const float *encoder_positions(const struct encoder *e, size_t *n);
/* Keep the hidden states of every following forward of one picture (for a ViT (layers + 1) T D floats). */
void encoder_workspace_trace(const struct encoder *e, struct encoder_workspace *w);
/* k in 0 .. layers: 0 the embeddings, k what block (or stage) k left, before any final LayerNorm; needs the trace.
 * encoder_hidden_size floats: [T, D], or [channels, height, width] of a convolutional stage. */
size_t encoder_hidden_size(const struct encoder *e, size_t k);
const float *encoder_hidden_state(const struct encoder *e, const struct encoder_workspace *w, size_t k);
/* out[n_labels]: the file's classifier.  STATUS_DATA if there is none. */
int encoder_logits(const struct encoder *e, const struct encoder_workspace *w, float *out, struct status *st) MUST_CHECK;
/* out[n_labels]: probabilities of the region-guided classifier (groups.h).  STATUS_DATA if the file's classifier is another. */
int encoder_probabilities(const struct encoder *e, const struct encoder_workspace *w, float *out, struct status *st) MUST_CHECK;
/* The same from readouts[output_width] of a picture, which may have been kept: the same bytes. */
int encoder_classify_groups(const struct encoder *e, const float *readouts, float *out, struct status *st) MUST_CHECK;

#endif
