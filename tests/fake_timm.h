/* The fake ViT of fake_checkpoint.h under timm's names, with the same values. */
#ifndef TESTS_FAKE_TIMM_H
#define TESTS_FAKE_TIMM_H

#include "fake_checkpoint.h"

struct fake_timm {
    const char *theirs; /* prefix of the names that give the values: "vit." or "" */
    const char *own;    /* prefix of timm's names: "", "visual.trunk." */
    bool layer_scale;   /* dinov2's names and lambdas */
};

static inline void fake_give(struct fake *f, char *name, size_t n_dims, const size_t *shape, size_t n_sources, char *a, char *b, char *c)
{
    struct fake_tensor *t = fake_add(f, name, n_dims, shape);
    t->n_sources = n_sources;
    t->source[0] = a;
    t->source[1] = b;
    t->source[2] = c;
}

/* timm's `own`.weight and .bias from transformers' `theirs`. */
static inline void fake_give_pair(struct fake *f, const char *own_prefix, const char *own, const char *their_prefix, const char *theirs, size_t n_dims,
                                  const size_t *shape)
{
    fake_give(f, mem_printf("%s%s.weight", own_prefix, own), n_dims, shape, 1, mem_printf("%s%s.weight", their_prefix, theirs), NULL, NULL);
    fake_give(f, mem_printf("%s%s.bias", own_prefix, own), 1, shape, 1, mem_printf("%s%s.bias", their_prefix, theirs), NULL, NULL);
}

static inline void fake_add_timm(struct fake *f, const struct fake_vit *v, const struct fake_timm *names)
{
    size_t D = v->width, grid = v->image / v->patch;
    const char *own = names->own, *theirs = names->theirs;
    fake_give(f, mem_printf("%scls_token", own), 3, (size_t[]){1, 1, D}, 1, mem_printf("%sembeddings.cls_token", theirs), NULL, NULL);
    fake_give(f, mem_printf("%spos_embed", own), 3, (size_t[]){1, grid * grid + 1, D}, 1, mem_printf("%sembeddings.position_embeddings", theirs), NULL,
              NULL);
    fake_give_pair(f, own, "patch_embed.proj", theirs, "embeddings.patch_embeddings.projection", 4, (size_t[]){D, 3, v->patch, v->patch});
    for (size_t i = 0; i < v->layers; i++) {
        char *block = mem_printf("%sblocks.%zu.", own, i), *layer = mem_printf("%sencoder.layer.%zu.", theirs, i);
        for (size_t k = 0; k < 1 + (size_t)v->qkv_bias; k++) {
            const char *kind = k ? "bias" : "weight";
            fake_give(f, mem_printf("%sattn.qkv.%s", block, kind), k ? 1 : 2, (size_t[]){3 * D, D}, 3,
                      mem_printf("%sattention.attention.query.%s", layer, kind), mem_printf("%sattention.attention.key.%s", layer, kind),
                      mem_printf("%sattention.attention.value.%s", layer, kind));
        }
        fake_give_pair(f, block, "attn.proj", layer, "attention.output.dense", 2, (size_t[]){D, D});
        fake_give_pair(f, block, "mlp.fc1", layer, names->layer_scale ? "mlp.fc1" : "intermediate.dense", 2, (size_t[]){v->intermediate, D});
        fake_give_pair(f, block, "mlp.fc2", layer, names->layer_scale ? "mlp.fc2" : "output.dense", 2, (size_t[]){D, v->intermediate});
        fake_give_pair(f, block, "norm1", layer, names->layer_scale ? "norm1" : "layernorm_before", 1, &D);
        fake_give_pair(f, block, "norm2", layer, names->layer_scale ? "norm2" : "layernorm_after", 1, &D);
        for (int k = 1; k <= 2 && names->layer_scale; k++) {
            fake_give(f, mem_printf("%sls%d.gamma", block, k), 1, &D, 1, mem_printf("%slayer_scale%d.lambda1", layer, k), NULL, NULL);
        }
        free(block);
        free(layer);
    }
    fake_give_pair(f, own, "norm", theirs, "layernorm", 1, &D);
}

/* Transformers' tensors, from what timm's were made of. */
static inline struct fake fake_sources(const struct fake *timm)
{
    struct fake g = {0};
    for (size_t i = 0; i < timm->n; i++) {
        const struct fake_tensor *t = &timm->tensor[i];
        size_t shape[4];
        memcpy(shape, t->shape, sizeof shape);
        shape[0] /= t->n_sources;
        for (size_t k = 0; k < t->n_sources; k++) {
            fake_add(&g, mem_strdup(t->source[k]), t->n_dims, shape);
        }
    }
    return g;
}

/* timm's config.json, old flat layout or with pretrained_cfg; `more` is further fields, each with a comma before it. */
static inline bool fake_write_timm_config(const char *path, const struct fake_vit *v, const char *architecture, bool nested, const char *more)
{
    char *text = mem_printf("{\"architecture\": \"%s\", \"num_classes\": 0, \"num_features\": %zu,\n"
                            " \"model_args\": {\"embed_dim\": %zu, \"depth\": %zu, \"num_heads\": %zu, \"mlp_ratio\": %.17g},\n"
                            " %s\"input_size\": [3, %zu, %zu], \"interpolation\": \"bicubic\", \"crop_pct\": 0.9,\n"
                            " \"mean\": [0.5, 0.5, 0.5], \"std\": [0.5, 0.5, 0.5]%s%s}\n",
                            architecture, v->width, v->width, v->layers, v->heads, (double)v->intermediate / (double)v->width,
                            nested ? "\"pretrained_cfg\": {" : "", v->image, v->image, nested ? "}" : "", more);
    bool fine = fake_write_text(path, text);
    free(text);
    return fine;
}

#endif
