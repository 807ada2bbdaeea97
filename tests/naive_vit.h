/* A naive ViT in double, straight from the tensors' names: what the encoders
 * of the family are compared with.  DINOv2's names and parts follow struct fake_vit. */
#ifndef TESTS_NAIVE_VIT_H
#define TESTS_NAIVE_VIT_H

#include "fake_checkpoint.h"

static inline double naive_gelu(double x)
{
    return 0.5 * x * (1 + erf(x / sqrt(2.0)));
}

static inline double *values_of(struct fake *f, const char *prefix, const char *name)
{
    char *full = mem_printf("%s%s", prefix, name);
    const struct fake_tensor *t = fake_find(f, full);
    double *out = NULL;
    if (t) {
        float *values = NEW(fake_count(t), float);
        fake_values(values, t, 1);
        out = NEW(fake_count(t), double);
        for (size_t i = 0; i < fake_count(t); i++) {
            out[i] = (double)values[i];
        }
        free(values);
    }
    free(full);
    return out;
}

static inline double *linear(struct fake *f, const char *prefix, const char *name, const double *x, size_t n, size_t n_out, size_t n_in)
{
    char *weight_name = mem_printf("%s.weight", name), *bias_name = mem_printf("%s.bias", name);
    double *weight = values_of(f, prefix, weight_name), *bias = values_of(f, prefix, bias_name), *y = NEW(n * n_out, double);
    for (size_t i = 0; i < n; i++) {
        for (size_t o = 0; o < n_out; o++) {
            double sum = bias ? bias[o] : 0;
            for (size_t k = 0; k < n_in; k++) {
                sum += x[i * n_in + k] * weight[o * n_in + k];
            }
            y[i * n_out + o] = sum;
        }
    }
    free(weight);
    free(bias);
    free(weight_name);
    free(bias_name);
    return y;
}

static inline double *norm(struct fake *f, const char *prefix, const char *name, const double *x, size_t n, size_t D, double eps)
{
    char *weight_name = mem_printf("%s.weight", name), *bias_name = mem_printf("%s.bias", name);
    double *weight = values_of(f, prefix, weight_name), *bias = values_of(f, prefix, bias_name), *y = NEW(n * D, double);
    for (size_t i = 0; i < n; i++) {
        double mean = 0, variance = 0;
        for (size_t j = 0; j < D; j++) {
            mean += x[i * D + j] / (double)D;
        }
        for (size_t j = 0; j < D; j++) {
            variance += (x[i * D + j] - mean) * (x[i * D + j] - mean) / (double)D;
        }
        for (size_t j = 0; j < D; j++) {
            y[i * D + j] = (x[i * D + j] - mean) / sqrt(variance + eps) * weight[j] + bias[j];
        }
    }
    free(weight);
    free(bias);
    free(weight_name);
    free(bias_name);
    return y;
}

static inline void add_to(double *x, double *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] += y[i];
    }
    free(y);
}

static inline double *attention(const double *q, const double *k, const double *v, size_t T, size_t D, size_t heads)
{
    double *out = NEW0(T * D, double), *score = NEW(T, double);
    size_t width = D / heads;
    for (size_t h = 0; h < heads; h++) {
        for (size_t i = 0; i < T; i++) {
            double sum = 0;
            for (size_t j = 0; j < T; j++) {
                double dot = 0;
                for (size_t c = h * width; c < (h + 1) * width; c++) {
                    dot += q[i * D + c] * k[j * D + c];
                }
                sum += score[j] = exp(dot / sqrt((double)width));
            }
            for (size_t j = 0; j < T; j++) {
                for (size_t c = h * width; c < (h + 1) * width; c++) {
                    out[i * D + c] += score[j] / sum * v[j * D + c];
                }
            }
        }
    }
    free(score);
    return out;
}

/* A product of a [T, n] and a layer-scale vector, where the model has one. */
static inline void scale_columns(struct fake *f, const char *layer, const char *name, double *x, size_t T, size_t D)
{
    double *scale = values_of(f, layer, name);
    for (size_t i = 0; scale && i < T * D; i++) {
        x[i] *= scale[i % D];
    }
    free(scale);
}

/* [T, D] before the final norm; positions [1 + patches, D] for a picture of `rows` by `columns` patches, NULL: those in the file,
 * for a picture of v->image pixels a side. */
struct naive_grid {
    const double *positions;
    size_t rows, columns, height, width;
};

static inline double *naive_stream(struct fake *f, const struct fake_vit *v, const float *pixels, double eps, double (*activation)(double),
                                   const struct naive_grid *grid)
{
    size_t D = v->width, p = v->patch, side = v->image / p, I = v->intermediate;
    double *table = values_of(f, v->prefix, "embeddings.position_embeddings");
    struct naive_grid native = {table, side, side, v->image, v->image};
    const struct naive_grid *g = grid ? grid : &native;
    size_t n_patches = g->rows * g->columns, first = 1 + v->registers, T = first + n_patches;
    double *patches = NEW(n_patches * 3 * p * p, double), *x = NEW0(T * D, double);
    for (size_t n = 0, at = 0; n < n_patches; n++) {
        for (size_t c = 0; c < 3; c++) {
            for (size_t i = 0; i < p * p; i++) {
                patches[at++] = (double)pixels[(c * g->height + n / g->columns * p + i / p) * g->width + n % g->columns * p + i % p];
            }
        }
    }
    for (size_t i = 0; i < D; i++) {
        x[i] = g->positions[i];
    }
    for (size_t i = 0; i < n_patches * D; i++) {
        x[first * D + i] = g->positions[D + i];
    }
    add_to(x, values_of(f, v->prefix, "embeddings.cls_token"), D);
    if (v->registers > 0) {
        add_to(x + D, values_of(f, v->prefix, "embeddings.register_tokens"), v->registers * D);
    }
    add_to(x + first * D, linear(f, v->prefix, "embeddings.patch_embeddings.projection", patches, n_patches, D, 3 * p * p), n_patches * D);
    free(patches);
    free(table);
    for (size_t i = 0; i < v->layers; i++) {
        char *layer = mem_printf("%sencoder.layer.%zu.", v->prefix, i);
        double *h = norm(f, layer, fake_name(v, FAKE_BEFORE), x, T, D, eps);
        double *q = linear(f, layer, "attention.attention.query", h, T, D, D);
        double *k = linear(f, layer, "attention.attention.key", h, T, D, D);
        double *value = linear(f, layer, "attention.attention.value", h, T, D, D);
        double *context = attention(q, k, value, T, D, v->heads);
        double *branch = linear(f, layer, "attention.output.dense", context, T, D, D);
        scale_columns(f, layer, "layer_scale1.lambda1", branch, T, D);
        add_to(x, branch, T * D);
        free(h);
        h = norm(f, layer, fake_name(v, FAKE_AFTER), x, T, D, eps);
        double *up = linear(f, layer, fake_name(v, FAKE_UP), h, T, v->gated ? 2 * I : I, D), *hidden = NEW(T * I, double);
        for (size_t j = 0; j < T * I; j++) {
            const double *row = up + j / I * 2 * I;
            hidden[j] = v->gated ? row[j % I] / (1 + exp(-row[j % I])) * row[I + j % I] : activation(up[j]);
        }
        branch = linear(f, layer, fake_name(v, FAKE_DOWN), hidden, T, D, I);
        scale_columns(f, layer, "layer_scale2.lambda1", branch, T, D);
        add_to(x, branch, T * D);
        free(h);
        free(q);
        free(k);
        free(value);
        free(context);
        free(up);
        free(hidden);
        free(layer);
    }
    return x;
}

#endif
