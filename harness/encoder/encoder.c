/* Choosing the architecture and keeping what all of them share. */
#include "encoder/encoder.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/memory.h"
#include "encoder/architecture.h"
#include "encoder/kernels.h"
#include "encoder/vit.h"

static const struct architecture *const architectures[] = {&vit_architecture};
#define N_ARCHITECTURES (sizeof architectures / sizeof *architectures)

struct encoder {
    const struct architecture *arch;
    struct checkpoint checkpoint;
    struct encoder_info info;
    void *model;
    size_t n_readouts, output_width;
    const char **unused;
    size_t n_unused;
};

struct encoder_workspace {
    const struct architecture *arch;
    void *state;
    bool traced;
};

/* *name becomes the table's own copy of the model_type; NULL if nobody knows it. */
static const struct architecture *find_architecture(const char *model_type, const char **name)
{
    for (size_t i = 0; i < N_ARCHITECTURES; i++) {
        for (const char *const *type = architectures[i]->model_types; *type; type++) {
            if (strcmp(*type, model_type) == 0) {
                *name = *type;
                return architectures[i];
            }
        }
    }
    return NULL;
}

bool encoder_knows(const char *model_type)
{
    const char *name;
    return find_architecture(model_type, &name) != NULL;
}

static int infer_config(struct checkpoint *c, struct status *st)
{
    for (size_t i = 0; i < N_ARCHITECTURES && !c->config.json; i++) {
        c->config.json = architectures[i]->infer(c);
    }
    if (!c->config.json) {
        return status_set(st, STATUS_DATA, "'%s' comes without a config.json and its tensors are not those of a ViT of published size: "
                          "put its config.json beside it", c->path);
    }
    c->config.path = mem_printf("%s (as its tensors tell)", c->path);
    return STATUS_OK;
}

static void list_unused(struct encoder *e)
{
    const struct checkpoint *c = &e->checkpoint;
    e->unused = NEW(c->n - c->n_used + 1, const char *);
    for (size_t i = 0; i < c->n; i++) {
        if (!c->entry[i].used) {
            e->unused[e->n_unused++] = c->entry[i].tensor->name;
        }
    }
}

int encoder_open(struct encoder **out, const char *path, struct status *st)
{
    struct encoder *e = NEW0(1, struct encoder);
    const char *model_type = NULL;
    *out = NULL;
    blas_use_one_thread();
    int code = checkpoint_open(&e->checkpoint, path, st);
    if (code != STATUS_OK) {
        goto failed;
    }
    if (!e->checkpoint.config.json && (code = infer_config(&e->checkpoint, st)) != STATUS_OK) {
        goto failed;
    }
    code = model_config_text(&model_type, &e->checkpoint.config, "model_type", NULL, st);
    if (code != STATUS_OK) {
        goto failed;
    }
    if (!model_type) {
        code = status_set(st, STATUS_DATA, "'%s' has no model_type", e->checkpoint.config.path);
        goto failed;
    }
    e->arch = find_architecture(model_type, &e->info.architecture);
    if (!e->arch) {
        code = status_set(st, STATUS_DATA, "'%s': architecture '%s' is not built yet (vit and vit_mae are)",
                          e->checkpoint.config.path, model_type);
        goto failed;
    }
    code = e->arch->open(&e->model, &e->info, &e->checkpoint, st);
    if (code != STATUS_OK) {
        goto failed;
    }
    e->info.n_tensors = e->checkpoint.n;
    e->info.n_used = e->checkpoint.n_used;
    while (e->arch->readouts[e->n_readouts]) {
        e->output_width += e->arch->readout_width(e->model, e->n_readouts++);
    }
    list_unused(e);
    *out = e;
    return STATUS_OK;
failed:
    encoder_close(e);
    return code;
}

void encoder_close(struct encoder *e)
{
    if (!e) {
        return;
    }
    if (e->arch) {
        e->arch->close(e->model);
    }
    checkpoint_close(&e->checkpoint);
    free(e->unused);
    free(e);
}

const struct encoder_info *encoder_info(const struct encoder *e)
{
    return &e->info;
}

size_t encoder_n_readouts(const struct encoder *e)
{
    return e->n_readouts;
}

const char *encoder_readout_name(const struct encoder *e, size_t i)
{
    assert(i < e->n_readouts);
    return e->arch->readouts[i];
}

size_t encoder_readout_width(const struct encoder *e, size_t i)
{
    assert(i < e->n_readouts);
    return e->arch->readout_width(e->model, i);
}

size_t encoder_output_width(const struct encoder *e)
{
    return e->output_width;
}

int encoder_digest(uint8_t out[DIGEST_BYTES], const struct encoder *e, struct status *st)
{
    (void)st; /* architectures to come may have files to read */
    const struct encoder_info *i = &e->info;
    uint8_t weights[DIGEST_BYTES];
    char hex[DIGEST_HEX];
    checkpoint_digest(weights, &e->checkpoint);
    char *meaning = mem_printf("%s width %zu layers %zu heads %zu intermediate %zu patch %zu image %zu eps %a weights %s", i->architecture,
                               i->width, i->layers, i->heads, i->intermediate, i->patch, i->image_size, i->eps,
                               digest_hex(hex, weights));
    digest_bytes(out, meaning, strlen(meaning));
    free(meaning);
    return STATUS_OK;
}

const char *const *encoder_unused(const struct encoder *e, size_t *n)
{
    *n = e->n_unused;
    return e->unused;
}

struct encoder_workspace *encoder_workspace_new(const struct encoder *e)
{
    struct encoder_workspace *w = NEW0(1, struct encoder_workspace);
    w->arch = e->arch;
    w->state = e->arch->state_new(e->model);
    return w;
}

void encoder_workspace_free(struct encoder_workspace *w)
{
    if (w) {
        w->arch->state_free(w->state);
        free(w);
    }
}

int encoder_forward(const struct encoder *e, struct encoder_workspace *w, const float *pixels, float *out, struct status *st)
{
    assert(w->arch == e->arch);
    e->arch->forward(e->model, w->state, pixels, out);
    size_t bad = kernel_find_non_finite(out, e->output_width);
    if (bad < e->output_width) {
        return status_set(st, STATUS_DATA, "'%s': the encoder's output %zu of %zu is %f", e->checkpoint.path, bad, e->output_width,
                          (double)out[bad]);
    }
    return STATUS_OK;
}

const float *encoder_tokens(const struct encoder *e, const struct encoder_workspace *w)
{
    return e->arch->tokens(w->state);
}

void encoder_workspace_trace(const struct encoder *e, struct encoder_workspace *w)
{
    e->arch->trace(e->model, w->state);
    w->traced = true;
}

const float *encoder_hidden_state(const struct encoder *e, const struct encoder_workspace *w, size_t k)
{
    assert(w->traced && k <= e->info.layers);
    return e->arch->hidden_state(e->model, w->state, k);
}

int encoder_logits(const struct encoder *e, const struct encoder_workspace *w, float *out, struct status *st)
{
    if (e->info.n_labels == 0) {
        return status_set(st, STATUS_DATA, "'%s' holds no classifier", e->checkpoint.path);
    }
    e->arch->logits(e->model, w->state, out);
    return STATUS_OK;
}
