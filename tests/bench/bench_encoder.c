/* Images a second of a ViT-L/16 with random weights, 1 and 2 threads by turns,
 * with the share of the matrix products and the gain of our GELU over libm's.
 * Writes 1.2 GB under TMPDIR (default /tmp) and removes them.
 * usage: bench_encoder [rounds] [layers] */
#include <cblas.h>
#include <omp.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "encoder/encoder.h"
#include "encoder/kernels.h"
#include "encoder/safetensors.h"
#include "fake_checkpoint.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

static double peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

/* Seconds an image when each of n threads runs `each` pictures. */
static double time_forward(const struct encoder *e, struct encoder_workspace **w, const float *pixels, float *out, int n_threads,
                           int each)
{
    size_t width = encoder_output_width(e);
    int failures[2] = {0};
    double start = now();
#pragma omp parallel for num_threads(n_threads) schedule(static)
    for (int t = 0; t < n_threads; t++) {
        for (int i = 0; i < each; i++) {
            struct status st;
            failures[t] += encoder_forward(e, w[t], pixels, out + (size_t)t * width, &st) != STATUS_OK;
        }
    }
    if (failures[0] + failures[1]) {
        fputs("bench_encoder: forward failed\n", stderr);
        exit(1);
    }
    return (now() - start) / (n_threads * each);
}

static double multiply(const struct safetensors *s, const char *name, const float *x, float *y, size_t n)
{
    const struct safetensors_tensor *t = safetensors_find(s, name);
    size_t n_out = t->shape[0], n_in = t->n / n_out;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)n_out, (int)n_in, 1.0f, x, (int)n_in,
                (const float *)(const void *)t->data, (int)n_in, 1.0f, y, (int)n_out);
    return 2.0 * (double)n * (double)n_out * (double)n_in;
}

/* The products of one image on the weights in their places, nothing else; *flop counts them. */
static double time_products(const struct safetensors *s, const struct encoder_info *info, double *flop)
{
    static const char *const names[] = {"attention.attention.query", "attention.attention.key", "attention.attention.value",
                                        "attention.output.dense",    "intermediate.dense",      "output.dense"};
    size_t widest = info->tokens * (info->intermediate > info->width ? info->intermediate : info->width);
    float *x = mem_aligned(widest, sizeof *x), *y = mem_aligned(widest, sizeof *y);
    for (size_t i = 0; i < widest; i++) {
        x[i] = (float)(i % 17) * 0.01f;
        y[i] = 0;
    }
    *flop = 0;
    double start = now();
    for (size_t layer = 0; layer < info->layers; layer++) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            char name[128];
            snprintf(name, sizeof name, "vit.encoder.layer.%zu.%s.weight", layer, names[i]);
            *flop += multiply(s, name, x, y, info->tokens);
        }
    }
    double seconds = now() - start;
    free(x);
    free(y);
    return seconds;
}

static void bench_gelu(size_t rounds)
{
    enum { ROWS = 197, WIDTH = 4096 };
    float *from = NEW(ROWS * WIDTH, float), *x = NEW(ROWS * WIDTH, float), *bias = NEW0(WIDTH, float);
    double *own = NEW(rounds, double), *libm = NEW(rounds, double);
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        from[i] = (float)((i * 7919) % 2001) * 0.006f - 6.0f;
    }
    for (size_t r = 0; r < rounds; r++) {
        memcpy(x, from, ROWS * WIDTH * sizeof *x);
        double start = now();
        kernel_bias_gelu(x, bias, ROWS, WIDTH);
        own[r] = now() - start;
        memcpy(x, from, ROWS * WIDTH * sizeof *x);
        start = now();
        for (size_t i = 0; i < ROWS * WIDTH; i++) {
            x[i] = kernel_gelu_libm(x[i]);
        }
        libm[r] = now() - start;
    }
    double a = median(own, rounds), b = median(libm, rounds);
    printf("gelu, [%d, %d]: own %.3f ms, libm %.3f ms, ratio %.1f\n", ROWS, WIDTH, a * 1e3, b * 1e3, b / a);
    free(from);
    free(x);
    free(bias);
    free(own);
    free(libm);
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
    const struct fake_vit shape = {.prefix = "vit.", .width = 1024, .layers = argc > 2 ? strtoul(argv[2], NULL, 10) : 24, .heads = 16,
                                   .intermediate = 4096, .patch = 16, .image = 224, .qkv_bias = true};
    const char *base = getenv("TMPDIR");
    char *folder = mem_printf("%s/bench_encoder.XXXXXX", base && *base ? base : "/tmp");
    struct fake f = {0};
    struct encoder *e = NULL;
    struct safetensors s = {0};
    struct status st = {0};
    if (rounds == 0 || shape.layers == 0 || !mkdtemp(folder)) {
        fprintf(stderr, "bench_encoder: cannot make a folder '%s'\n", folder);
        return 1;
    }
    char *config = path_join(folder, "config.json"), *weights = path_join(folder, "model.safetensors");
    fake_add_vit(&f, &shape);
    bool ready = fake_write(&f, weights, 1) && fake_write_config(config, &shape, "vit_mae", "");
    double start = now();
    ready = ready && encoder_open(&e, folder, &st) == STATUS_OK;
    double opened = now() - start;
    ready = ready && safetensors_open(&s, weights, &st) == STATUS_OK; /* touched last: its pages count twice */
    unlink(config);
    unlink(weights);
    rmdir(folder);
    if (ready) {
        const struct encoder_info *info = encoder_info(e);
        size_t n_pixels = 3 * info->image_size * info->image_size;
        float *pixels = NEW(n_pixels, float), *out = NEW(2 * encoder_output_width(e), float);
        struct encoder_workspace *w[2] = {encoder_workspace_new(e), encoder_workspace_new(e)};
        double *one = NEW(rounds, double), *two = NEW(rounds, double), *products = NEW(rounds, double), flop = 0;
        for (size_t i = 0; i < n_pixels; i++) {
            pixels[i] = (float)((i * 2654435761u) % 997) * 0.004f - 2.0f;
        }
        time_forward(e, w, pixels, out, 2, 1);
        double memory = peak_mb();
        for (size_t r = 0; r < rounds; r++) {
            one[r] = time_forward(e, w, pixels, out, 1, 2);
            two[r] = time_forward(e, w, pixels, out, 2, 2);
            products[r] = time_products(&s, info, &flop);
        }
        double a = median(one, rounds), b = median(two, rounds), p = median(products, rounds);
        printf("open: %.2f s; %" PRIu64 " parameters\n", opened, info->n_parameters);
        printf("1 thread:  %.3f s an image, %.2f images/s\n", a, 1 / a);
        printf("2 threads: %.3f s an image, %.2f images/s (%.2f times)\n", b, 1 / b, a / b);
        printf("products:  %.3f s of them, %.0f%%, at %.0f GFLOP/s a thread (%s)\n", p, 100 * p / a, flop / p * 1e-9, openblas_get_corename());
        printf("peak memory, 2 threads: %.0f MB\n", memory);
        encoder_workspace_free(w[0]);
        encoder_workspace_free(w[1]);
        free(pixels);
        free(out);
        free(one);
        free(two);
        free(products);
        bench_gelu(9);
    } else {
        fprintf(stderr, "bench_encoder: %s\n", st.code ? st.text : "cannot write the weights");
    }
    safetensors_close(&s);
    encoder_close(e);
    fake_free(&f);
    free(config);
    free(weights);
    free(folder);
    return ready ? 0 : 1;
}
