#include "encoder/mae_decoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/loader.h"

#define LAYERS "decoder.decoder_layers."

static int read_config(struct mae_decoder *d, const struct vit *m, const struct model_config *c, struct status *st)
{
    struct vit *b = &d->blocks;
    int code;
    *b = (struct vit){.eps = m->eps, .precision = m->precision, .qkv_bias = m->qkv_bias, .activation = m->activation};
    if ((code = model_config_size(&b->width, c, "decoder_hidden_size", 512, 1, VIT_MAX_WIDTH, st)) != STATUS_OK ||
        (code = model_config_size(&b->n_layers, c, "decoder_num_hidden_layers", 8, 1, VIT_MAX_LAYERS, st)) != STATUS_OK ||
        (code = model_config_size(&b->n_heads, c, "decoder_num_attention_heads", 16, 1, VIT_MAX_WIDTH, st)) != STATUS_OK ||
        (code = model_config_size(&b->intermediate, c, "decoder_intermediate_size", 2048, 1, VIT_MAX_INTERMEDIATE, st)) != STATUS_OK ||
        (code = model_config_real(&d->mask_ratio, c, "mask_ratio", 0.75, 0, 1, st)) != STATUS_OK ||
        (code = model_config_flag(&d->norm_pix_loss, c, "norm_pix_loss", false, st)) != STATUS_OK) {
        return code;
    }
    if (b->width % b->n_heads != 0) {
        return status_set(st, STATUS_DATA, "'%s': decoder_hidden_size %zu cannot be shared among decoder_num_attention_heads %zu", c->path,
                          b->width, b->n_heads);
    }
    return STATUS_OK;
}

/* A block that stays unread means that config.json describes another decoder. */
static int refuse_unread_blocks(const struct mae_decoder *d, const struct checkpoint *c, struct status *st)
{
    for (size_t i = 0; i < c->n; i++) {
        const char *name = c->entry[i].tensor->name;
        if (!c->entry[i].used && strncmp(name, LAYERS, strlen(LAYERS)) == 0) {
            return status_set(st, STATUS_DATA, "'%s' holds tensor '%s', for which the decoder of config.json (%zu layers) has no place", c->path,
                              name, d->blocks.n_layers);
        }
    }
    return STATUS_OK;
}

int mae_decoder_take(struct mae_decoder **out, const struct vit *m, const struct vit_names *names, struct checkpoint *c, struct status *st)
{
    struct mae_decoder *d = *out = NEW0(1, struct mae_decoder);
    struct loader l = {.c = c, .prefix = "decoder.", .code = STATUS_OK, .st = st};
    if (!checkpoint_find(c, "decoder.mask_token")) {
        return status_set(st, STATUS_DATA, "'%s' holds no decoder (tensor 'decoder.mask_token' is missing): only a whole vit_mae checkpoint reconstructs",
                          c->path);
    }
    l.code = read_config(d, m, &c->config, st);
    struct vit *b = &d->blocks;
    d->mask_token = loader_tensor(&l, "mask_token", (size_t[]){1, 1, b->width}, 3);
    d->positions = loader_tensor(&l, "decoder_pos_embed", (size_t[]){1, 1 + m->side * m->side, b->width}, 3);
    d->embed_bias = loader_linear_product(&d->embed, &l, "decoder_embed", b->width, m->width, m->precision);
    if (l.code == STATUS_OK) {
        l.code = vit_take_blocks(b, names, c, LAYERS, st);
    }
    b->norm_weight = loader_norm(&b->norm_bias, &l, "decoder_norm", b->width);
    d->predict_bias = loader_linear_product(&d->predict, &l, "decoder_pred", m->patch_values, b->width, m->precision);
    return l.code == STATUS_OK ? refuse_unread_blocks(d, c, st) : l.code;
}

void mae_decoder_free(struct mae_decoder *d)
{
    if (d) {
        vit_free_blocks(&d->blocks);
        product_free(&d->embed);
        product_free(&d->predict);
        free(d);
    }
}
