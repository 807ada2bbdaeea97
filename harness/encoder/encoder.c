/* Choosing the architecture and keeping what all of them share. */
#include "encoder/encoder.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/architecture.h"
#include "encoder/dinov2.h"
#include "encoder/groups.h"
#include "encoder/kernels.h"
#include "encoder/product.h"
#include "encoder/resnet.h"
#include "encoder/timm.h"
#include "encoder/vit.h"
#include "encoder/weights_digest.h"

static const struct architecture *const architectures[] = {&vit_architecture, &dinov2_architecture, &resnet_architecture, &timm_architecture};
#define N_ARCHITECTURES (sizeof architectures / sizeof *architectures)

static const char *const PRECISIONS[ENCODER_N_PRECISIONS] = {[ENCODER_FP32] = "fp32", [ENCODER_BF16] = "bf16"};

struct encoder {
    const struct architecture *arch;
    struct checkpoint checkpoint;
    struct encoder_info info;
    void *model;
    size_t n_readouts, output_width;
    const char **unused;
    size_t n_unused;
    struct weights_digest *digest;
};

struct encoder_workspace {
    const struct architecture *arch;
    void *state;
    size_t batch;
    bool traced;
};

const char *encoder_precision_name(enum encoder_precision precision)
{
    assert(precision < ENCODER_N_PRECISIONS);
    return PRECISIONS[precision];
}

bool encoder_precision_parse(enum encoder_precision *precision, const char *name)
{
    size_t i = 0;
    while (i < ENCODER_N_PRECISIONS && strcmp(PRECISIONS[i], name) != 0) {
        i++;
    }
    if (i < ENCODER_N_PRECISIONS) {
        *precision = (enum encoder_precision)i;
    }
    return i < ENCODER_N_PRECISIONS;
}

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

/* With the user's word for the architecture only that one is asked. */
static int infer_config(struct encoder *e, struct status *st)
{
    struct checkpoint *c = &e->checkpoint;
    const char *wanted = c->options.architecture, *name;
    const struct architecture *only = wanted ? find_architecture(wanted, &name) : NULL;
    for (size_t i = 0; i < N_ARCHITECTURES && !c->config.json; i++) {
        if (architectures[i]->infer && (!only || only == architectures[i])) {
            c->config.json = architectures[i]->infer(c, &e->info.assumed);
        }
    }
    if (!c->config.json) {
        return status_set(st, STATUS_DATA, "'%s' comes without a config.json and its tensors do not tell %s: put its config.json beside it",
                          c->path, only ? "the configuration of that architecture" : "what it is or how many heads it has");
    }
    if (wanted) {
        json_object_set_new(c->config.json, "model_type", json_string(wanted));
    }
    c->config.path = mem_printf("%s (as its tensors tell)", c->path);
    return STATUS_OK;
}

static int refuse_architecture(const struct encoder *e, const char *model_type, struct status *st)
{
    char known[256] = "";
    for (size_t i = 0, used = 0; i < N_ARCHITECTURES; i++) {
        for (const char *const *type = architectures[i]->model_types; *type && used < sizeof known; type++) {
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", *type);
        }
    }
    return status_set(st, STATUS_DATA, "'%s': architecture '%s' is not built; %s are",
                      e->checkpoint.config.path ? e->checkpoint.config.path : e->checkpoint.path, model_type, known);
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

/* The model_type of config.json, which the user's word must not contradict. */
static int choose_architecture(struct encoder *e, struct status *st)
{
    const char *model_type = NULL, *wanted = e->checkpoint.options.architecture;
    int code = STATUS_OK;
    if (wanted && !encoder_knows(wanted)) {
        return refuse_architecture(e, wanted, st);
    }
    if (!e->checkpoint.config.json && (code = infer_config(e, st)) != STATUS_OK) {
        return code;
    }
    code = model_config_text(&model_type, &e->checkpoint.config, "model_type", NULL, st);
    if (code != STATUS_OK) {
        return code;
    }
    if (!model_type) {
        return status_set(st, STATUS_DATA, "'%s' has no model_type", e->checkpoint.config.path);
    }
    if (wanted && strcmp(wanted, model_type) != 0) {
        return status_set(st, STATUS_DATA, "'%s': model_type is '%s', but architecture '%s' was asked for", e->checkpoint.config.path,
                          model_type, wanted);
    }
    e->arch = find_architecture(model_type, &e->info.architecture);
    if (e->arch && e->checkpoint.options.old_interpolation && !e->arch->positions) {
        return status_set(st, STATUS_DATA, "'%s': old_interpolation is a choice for dinov2 without registers, %s has no positions",
                          e->checkpoint.config.path, model_type);
    }
    return e->arch ? STATUS_OK : refuse_architecture(e, model_type, st);
}

int encoder_open_with(struct encoder **out, const char *path, const struct encoder_options *options, struct status *st)
{
    struct encoder *e = NEW0(1, struct encoder);
    *out = NULL;
    int code = checkpoint_open(&e->checkpoint, path, st);
    if (code != STATUS_OK) {
        goto failed;
    }
    e->checkpoint.options = *options;
    e->info.precision = options->precision;
    e->digest = NEW0(1, struct weights_digest);
    e->digest->checkpoint = &e->checkpoint;
    if (options->digest) {
        weights_digest_begin(e->digest, &e->checkpoint);
    }
    if ((code = choose_architecture(e, st)) != STATUS_OK ||
        (code = e->arch->open(&e->model, &e->info, &e->checkpoint, st)) != STATUS_OK) {
        goto failed;
    }
    if (options->heads > 0 && options->heads != e->info.heads) {
        code = status_set(st, STATUS_DATA, "'%s': %zu heads, but %zu were asked for", e->checkpoint.config.path, e->info.heads, options->heads);
        goto failed;
    }
    e->checkpoint.options = (struct encoder_options){.architecture = NULL}; /* its texts may go */
    e->info.n_tensors = e->checkpoint.n;
    e->info.n_used = e->checkpoint.n_used;
    for (size_t width; e->arch->readout(e->model, e->n_readouts, &width); e->n_readouts++) {
        e->output_width += width;
    }
    list_unused(e);
    *out = e;
    return STATUS_OK;
failed:
    encoder_close(e);
    return code;
}

int encoder_open(struct encoder **e, const char *path, struct status *st)
{
    return encoder_open_with(e, path, &(struct encoder_options){.architecture = NULL}, st);
}

int encoder_set_input(struct encoder *e, size_t height, size_t width, struct status *st)
{
    return e->arch->set_input(e->model, &e->info, height, width, st);
}

void encoder_close(struct encoder *e)
{
    if (!e) {
        return;
    }
    if (e->digest) {
        weights_digest_end(e->digest);
        free(e->digest);
    }
    if (e->arch) {
        e->arch->close(e->model);
    }
    checkpoint_close(&e->checkpoint);
    free(e->unused);
    free(e);
}

const void *encoder_model(const struct encoder *e, const struct architecture *arch)
{
    return e->arch == arch ? e->model : NULL;
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
    size_t width;
    assert(i < e->n_readouts);
    return e->arch->readout(e->model, i, &width);
}

size_t encoder_readout_width(const struct encoder *e, size_t i)
{
    size_t width = 0;
    assert(i < e->n_readouts);
    e->arch->readout(e->model, i, &width);
    return width;
}

size_t encoder_output_width(const struct encoder *e)
{
    return e->output_width;
}

const char *encoder_arithmetic(const struct encoder *e)
{
    return e->info.precision == ENCODER_BF16 ? product_set()->sums_bf16 : product_set()->sums;
}

char *encoder_describe(const struct encoder *e)
{
    char *model = e->arch->describe(e->model);
    char *all = mem_printf("%s %s, %s", e->info.architecture, model, encoder_precision_name(e->info.precision));
    free(model);
    return all;
}

int encoder_digest(uint8_t out[DIGEST_BYTES], const struct encoder *e, struct status *st)
{
    (void)st; /* architectures to come may have files to read */
    uint8_t weights[DIGEST_BYTES];
    char hex[DIGEST_HEX];
    weights_digest_value(weights, e->digest);
    char *description = encoder_describe(e);
    char *meaning = mem_printf("%s weights %s", description, digest_hex(hex, weights));
    digest_bytes(out, meaning, strlen(meaning));
    free(meaning);
    free(description);
    return STATUS_OK;
}

const char *const *encoder_unused(const struct encoder *e, size_t *n)
{
    *n = e->n_unused;
    return e->unused;
}

struct encoder_workspace *encoder_workspace_new_for(const struct encoder *e, size_t batch)
{
    struct encoder_workspace *w = NEW0(1, struct encoder_workspace);
    w->arch = e->arch;
    w->batch = batch;
    w->state = e->arch->state_new(e->model, batch);
    return w;
}

struct encoder_workspace *encoder_workspace_new(const struct encoder *e)
{
    return encoder_workspace_new_for(e, 1);
}

void encoder_workspace_share(const struct encoder *e, struct encoder_workspace *w, int n_threads)
{
    if (e->arch->share) {
        e->arch->share(e->model, w->state, n_threads);
    }
}

void encoder_workspace_free(struct encoder_workspace *w)
{
    if (w) {
        w->arch->state_free(w->state);
        free(w);
    }
}

void encoder_forward_batch(const struct encoder *e, struct encoder_workspace *w, const float *pixels, size_t n, float *out)
{
    assert(w->arch == e->arch && n > 0 && n <= w->batch && (n == 1 || !w->traced));
    e->arch->forward(e->model, w->state, pixels, n, out, e->output_width);
}

int encoder_check_output(const struct encoder *e, const float *out, struct status *st)
{
    size_t bad = kernel_find_non_finite(out, e->output_width);
    if (bad < e->output_width) {
        return status_set(st, STATUS_DATA, "'%s': the encoder's output %zu of %zu is %f", e->checkpoint.path, bad, e->output_width,
                          (double)out[bad]);
    }
    return STATUS_OK;
}

int encoder_forward(const struct encoder *e, struct encoder_workspace *w, const float *pixels, float *out, struct status *st)
{
    encoder_forward_batch(e, w, pixels, 1, out);
    return encoder_check_output(e, out, st);
}

const float *encoder_tokens(const struct encoder *e, const struct encoder_workspace *w)
{
    return e->arch->tokens ? e->arch->tokens(w->state) : NULL;
}

const float *encoder_positions(const struct encoder *e, size_t *n)
{
    *n = 0;
    return e->arch->positions ? e->arch->positions(e->model, n) : NULL;
}

void encoder_workspace_trace(const struct encoder *e, struct encoder_workspace *w)
{
    e->arch->trace(e->model, w->state);
    w->traced = true;
}

size_t encoder_hidden_size(const struct encoder *e, size_t k)
{
    assert(k <= e->info.layers);
    return e->arch->hidden_size(e->model, k);
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

static int check_groups(const struct encoder *e, struct status *st)
{
    if (e->info.n_labels == GROUPS_LABELS) {
        return STATUS_OK;
    }
    return status_set(st, STATUS_DATA, "'%s': its classifier has %zu labels, the region-guided one has %d", e->checkpoint.path, e->info.n_labels,
                      GROUPS_LABELS);
}

int encoder_probabilities(const struct encoder *e, const struct encoder_workspace *w, float *out, struct status *st)
{
    float logits[GROUPS_LABELS];
    int code = check_groups(e, st);
    if (code == STATUS_OK) {
        e->arch->logits(e->model, w->state, logits);
        groups_probabilities(out, logits);
    }
    return code;
}

int encoder_classify_groups(const struct encoder *e, const float *readouts, float *out, struct status *st)
{
    float logits[GROUPS_LABELS];
    int code = check_groups(e, st);
    if (code == STATUS_OK) {
        e->arch->classify(e->model, readouts, logits);
        groups_probabilities(out, logits);
    }
    return code;
}
