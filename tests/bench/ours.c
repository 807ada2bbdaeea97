#include "ours.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "encoder/encoder.h"
#include "fake_checkpoint.h"
#include "timing.h"

enum { MAX_THREADS = 64, MAX_BATCHES = 8 };

struct ours {
    struct encoder *encoder;
    size_t n_values;        /* of a picture */
    size_t n_batches;       /* different batches seen so far */
    size_t batch[MAX_BATCHES];
    struct encoder_workspace *workspace[MAX_BATCHES][MAX_THREADS];
};

/* ---- where the bench meets the encoder's interface: all of it, to be changed with it ---- */

const char *const ours_precisions[] = {"fp32", "bf16", NULL};

static int open_encoder(struct encoder **e, const char *folder, const char *precision, struct status *st)
{
    struct encoder_options options = {.architecture = NULL};
    if (!encoder_precision_parse(&options.precision, precision))
        return status_set(st, STATUS_USAGE, "the encoder has no precision '%s'", precision);
    return encoder_open_with(e, folder, &options, st);
}

static struct encoder_workspace *make_workspace(const struct encoder *e, size_t batch)
{
    return encoder_workspace_new_for(e, batch);
}

/* A call of the encoder for n <= batch pictures. */
static int forward(const struct encoder *e, struct encoder_workspace *w, const float *pixels, size_t n, float *out, struct status *st)
{
    int code = STATUS_OK;
    encoder_forward_batch(e, w, pixels, n, out);
    for (size_t i = 0; i < n && !code; i++)
        code = encoder_check_output(e, out + i * encoder_output_width(e), st);
    return code;
}

/* ---- the model ---- */

const struct model model_large = {.width = 1024, .layers = 24, .heads = 16, .intermediate = 4096, .patch = 16, .image = 224};
const struct model model_tiny = {.width = 64, .layers = 2, .heads = 4, .intermediate = 256, .patch = 16, .image = 64};

size_t model_tokens(const struct model *m)
{
    size_t side = m->image / m->patch;
    return side * side + 1;
}

double model_flop(const struct model *m)
{
    double T = (double)model_tokens(m), D = (double)m->width, I = (double)m->intermediate, p = (double)m->patch;
    return 2 * ((T - 1) * D * 3 * p * p + (double)m->layers * (4 * T * D * D + 2 * T * T * D + 2 * T * D * I));
}

bool model_write(const struct model *m, const char *folder)
{
    const struct fake_vit shape = {.prefix = "vit.", .width = m->width, .layers = m->layers, .heads = m->heads,
                                   .intermediate = m->intermediate, .patch = m->patch, .image = m->image, .qkv_bias = true};
    char *config = path_join(folder, "config.json"), *weights = path_join(folder, "model.safetensors");
    struct fake f = {0};
    fake_add_vit(&f, &shape);
    bool fine = fake_write(&f, weights, 1) && fake_write_config(config, &shape, "vit_mae", "");
    fake_free(&f);
    free(config);
    free(weights);
    return fine;
}

/* ---- the encoder ---- */

int ours_open(struct ours **o, const char *folder, const char *precision, struct status *st)
{
    struct encoder *e = NULL;
    *o = NULL;
    int code = open_encoder(&e, folder, precision, st);
    if (code) {
        encoder_close(e);
        return code;
    }
    *o = NEW0(1, struct ours);
    (*o)->encoder = e;
    (*o)->n_values = 3 * encoder_info(e)->input_height * encoder_info(e)->input_width;
    return STATUS_OK;
}

void ours_close(struct ours *o)
{
    if (!o)
        return;
    for (size_t b = 0; b < o->n_batches; b++)
        for (size_t t = 0; t < MAX_THREADS; t++)
            encoder_workspace_free(o->workspace[b][t]);
    encoder_close(o->encoder);
    free(o);
}

/* Workspaces of `threads` threads for this batch; NULL if there is no room for another batch or that many threads. */
static struct encoder_workspace **workspaces(struct ours *o, size_t threads, size_t batch)
{
    size_t b = 0;
    while (b < o->n_batches && o->batch[b] != batch)
        b++;
    if (b == MAX_BATCHES || threads > MAX_THREADS)
        return NULL;
    if (b == o->n_batches)
        o->batch[o->n_batches++] = batch;
    for (size_t t = 0; t < threads; t++)
        if (!o->workspace[b][t])
            o->workspace[b][t] = make_workspace(o->encoder, batch);
    return o->workspace[b];
}

int ours_time(double *seconds, struct ours *o, const float *pixels, size_t n_pictures, size_t threads, size_t batch, size_t images,
              struct status *st)
{
    struct encoder_workspace **w = workspaces(o, threads, batch);
    if (!w || batch > n_pictures || images % (threads * batch) != 0)
        return status_set(st, STATUS_INTERNAL, "the bench cannot time %zu images in batches of %zu on %zu threads", images, batch, threads);
    size_t width = encoder_output_width(o->encoder), calls = images / batch;
    int *code = NEW0(threads, int);
    struct status *each = NEW0(threads, struct status);
    float *out = NEW(threads * batch * width, float);
    double begin = now();
#pragma omp parallel for num_threads((int)threads) schedule(static, 1)
    for (size_t t = 0; t < threads; t++)
        for (size_t i = t; i < calls && !code[t]; i += threads) {
            size_t first = i * batch % (n_pictures - batch + 1);
            code[t] = forward(o->encoder, w[t], pixels + first * o->n_values, batch, out + t * batch * width, &each[t]);
        }
    *seconds = now() - begin;
    int failed = STATUS_OK;
    for (size_t t = 0; t < threads && !failed; t++)
        if ((failed = code[t]))
            *st = each[t];
    free(out);
    free(each);
    free(code);
    return failed;
}

int ours_embed(struct ours *o, const float *pixels, size_t n, float *out, struct status *st)
{
    const struct encoder *e = o->encoder;
    size_t D = encoder_info(e)->width, width = encoder_output_width(e);
    float *all = NEW(n * width, float);
    struct encoder_workspace **w = workspaces(o, 1, n);
    int code = w ? forward(e, w[0], pixels, n, all, st) : status_set(st, STATUS_INTERNAL, "no workspace for %zu pictures", n);
    for (size_t i = 0, at = 0; i < encoder_n_readouts(e) && !code; at += encoder_readout_width(e, i), i++) {
        bool cls = !strcmp(encoder_readout_name(e, i), "cls"), mean = !strcmp(encoder_readout_name(e, i), "mean");
        for (size_t k = 0; k < n && (cls || mean); k++)
            memcpy(out + (2 * k + mean) * D, all + k * width + at, D * sizeof *out);
    }
    free(all);
    return code;
}

float *ours_pictures(const struct model *m, size_t n)
{
    size_t values = 3 * m->image * m->image;
    float *pixels = NEW(n * values, float);
    for (size_t i = 0; i < n * values; i++)
        pixels[i] = (float)((i * 2654435761u) % 997) * 0.004f - 2.0f;
    return pixels;
}
