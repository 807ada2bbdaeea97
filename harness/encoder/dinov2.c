/* Names and defaults: transformers 4.47, models/dinov2, and 4.48, models/dinov2_with_registers. */
#include "encoder/dinov2.h"

#include <string.h>

#include "base/memory.h"
#include "encoder/vit_model.h"

static const char *const prefixes[] = {"dinov2.", "dinov2_with_registers.", NULL};
static const struct vit_names names = {
    .prefixes = prefixes,
    .before = "norm1",
    .after = "norm2",
    .up = "mlp.fc1",
    .down = "mlp.fc2",
    .gated_up = "mlp.weights_in",
    .gated_down = "mlp.weights_out",
    .attention_scale = "layer_scale1.lambda1",
    .mlp_scale = "layer_scale2.lambda1",
};
static const char *const model_types[] = {"dinov2", "dinov2_with_registers", NULL};
#define WITH_REGISTERS "dinov2_with_registers"

/* Columns of a SwiGLU whose plain MLP would have `hidden`: two thirds, rounded up to a multiple of 8. */
static size_t gated_columns(size_t hidden)
{
    return ((size_t)((double)(hidden * 2) / 3) + 7) / 8 * 8;
}

static int read_config(struct vit *m, const struct model_config *c, bool with_registers, struct status *st)
{
    double ratio;
    int code;
    if ((code = vit_read_config(m, c, 1e-6, st)) != STATUS_OK ||
        (code = model_config_size(&m->patch, c, "patch_size", 0, 1, m->image_size, st)) != STATUS_OK ||
        (code = model_config_real(&ratio, c, "mlp_ratio", 4, 0.01, 64, st)) != STATUS_OK ||
        (code = model_config_flag(&m->gated, c, "use_swiglu_ffn", false, st)) != STATUS_OK ||
        (with_registers && (code = model_config_size(&m->n_registers, c, "num_register_tokens", 4, 0, 1024, st)) != STATUS_OK)) {
        return code;
    }
    if (m->patch == 0) {
        return status_set(st, STATUS_DATA, "'%s' has no patch_size, and its default is not the same in all versions of transformers", c->path);
    }
    size_t hidden = (size_t)((double)m->width * ratio);
    m->intermediate = m->gated ? gated_columns(hidden) : hidden;
    if (m->intermediate < 1 || m->intermediate > VIT_MAX_INTERMEDIATE) {
        return status_set(st, STATUS_DATA, "'%s': hidden_size %zu and mlp_ratio %g make an MLP of %zu columns, it must be 1 .. %d", c->path,
                          m->width, ratio, m->intermediate, VIT_MAX_INTERMEDIATE);
    }
    return STATUS_OK;
}

static int dinov2_open(void **model, struct encoder_info *info, struct checkpoint *c, struct status *st)
{
    struct vit *m = NEW0(1, struct vit);
    bool with_registers = strcmp(info->architecture, WITH_REGISTERS) == 0;
    *model = m;
    int code = read_config(m, &c->config, with_registers, st);
    if (code != STATUS_OK) {
        return code;
    }
    m->interpolates = true;
    m->rule = with_registers ? POSITIONS_ANTIALIASED : POSITIONS_PLAIN;
    m->head_values = 2 * m->width;
    return vit_take(m, &names, info, c, st);
}

static json_t *dinov2_infer(const struct checkpoint *c, const char **assumed)
{
    struct vit_shape s;
    if (!vit_infer_shape(&s, &names, c, assumed) || s.width == 0) {
        return NULL;
    }
    size_t ratio = s.gated ? 4 : s.up_rows / s.width;
    if (s.up_rows != (s.gated ? 2 * gated_columns(ratio * s.width) : ratio * s.width)) {
        return NULL; /* a ratio that is no whole number cannot be told from the rounded product */
    }
    json_t *config = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b}", "model_type", s.registers ? WITH_REGISTERS : "dinov2",
                               "hidden_size", (json_int_t)s.width, "num_hidden_layers", (json_int_t)s.n_layers, "num_attention_heads",
                               (json_int_t)s.heads, "mlp_ratio", (json_int_t)ratio, "patch_size", (json_int_t)s.patch, "image_size",
                               (json_int_t)s.image_size, "qkv_bias", s.qkv_bias, "use_swiglu_ffn", s.gated);
    if (s.registers) {
        json_object_set_new(config, "num_register_tokens", json_integer((json_int_t)s.registers));
    }
    return config;
}

const struct architecture dinov2_architecture = {
    .model_types = model_types,
    .infer = dinov2_infer,
    .open = dinov2_open,
    .close = vit_close,
    .set_input = vit_set_input,
    .describe = vit_describe,
    .readout = vit_readout,
    .state_new = vit_state_new,
    .state_free = vit_state_free,
    .share = vit_share,
    .forward = vit_forward,
    .tokens = vit_tokens,
    .positions = vit_positions,
    .trace = vit_trace,
    .hidden_size = vit_hidden_size,
    .hidden_state = vit_hidden_state,
    .logits = vit_logits,
    .classify = vit_classify,
};
