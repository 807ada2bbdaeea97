#include "encoder/loader.h"

#include <stdlib.h>

#include "base/memory.h"

static bool loader_has(const struct loader *l, const char *name)
{
    char *full = mem_printf("%s%s", l->prefix, name);
    bool has = checkpoint_find(l->c, full) != NULL;
    free(full);
    return has;
}

const float *loader_tensor(struct loader *l, const char *name, const size_t *shape, size_t n_dims)
{
    const float *weight = NULL;
    if (l->code == STATUS_OK) {
        char *full = mem_printf("%s%s", l->prefix, name);
        l->code = checkpoint_weight(&weight, l->c, full, shape, n_dims, l->st);
        free(full);
    }
    return weight;
}

void loader_release(struct loader *l, const char *name)
{
    char *full = mem_printf("%s%s", l->prefix, name);
    checkpoint_release(l->c, full);
    free(full);
}

const float *loader_vector(struct loader *l, const char *name, size_t n)
{
    return loader_tensor(l, name, (size_t[]){n}, 1);
}

const float *loader_linear(const float **bias, struct loader *l, const char *name, size_t n_out, size_t n_in)
{
    char *weight_name = mem_printf("%s.weight", name), *bias_name = mem_printf("%s.bias", name);
    const float *weight = loader_tensor(l, weight_name, (size_t[]){n_out, n_in}, 2);
    *bias = loader_vector(l, bias_name, n_out);
    free(weight_name);
    free(bias_name);
    return weight;
}

const float *loader_norm(const float **bias, struct loader *l, const char *name, size_t n)
{
    char *weight_name = mem_printf("%s.weight", name), *bias_name = mem_printf("%s.bias", name);
    const float *weight = loader_vector(l, weight_name, n);
    *bias = loader_vector(l, bias_name, n);
    free(weight_name);
    free(bias_name);
    return weight;
}

void loader_product(struct product *p, struct loader *l, char *const *name, size_t n_parts, size_t n_out, size_t n_in,
                         enum encoder_precision precision)
{
    struct product_part part[3] = {{NULL, 0}};
    for (size_t i = 0; i < n_parts; i++) {
        part[i] = (struct product_part){loader_tensor(l, name[i], (size_t[]){n_out, n_in}, 2), n_out};
    }
    if (l->code == STATUS_OK) {
        product_pack(p, part, n_parts, n_in, precision);
    }
    for (size_t i = 0; i < n_parts; i++) {
        loader_release(l, name[i]);
    }
}

const float *loader_linear_product(struct product *p, struct loader *l, const char *name, size_t n_out, size_t n_in,
                                        enum encoder_precision precision)
{
    char *weight_name = mem_printf("%s.weight", name), *bias_name = mem_printf("%s.bias", name);
    loader_product(p, l, &weight_name, 1, n_out, n_in, precision);
    const float *bias = loader_vector(l, bias_name, n_out);
    free(weight_name);
    free(bias_name);
    return bias;
}

const float *loader_no_bias(struct loader *l, const char *name)
{
    if (l->code == STATUS_OK && loader_has(l, name)) {
        l->code = status_set(l->st, STATUS_DATA, "'%s' holds tensor '%s%s', but config.json says qkv_bias is false", l->c->path, l->prefix,
                             name);
    }
    return NULL;
}
