/* inspect: what a path holds, found out from the path itself. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/number.h"
#include "base/table.h"
#include "cmd/command.h"
#include "embed/store.h"
#include "encoder/encoder.h"
#include "image/intensity.h"
#include "image/preprocess.h"

static int inspect_encoder(const char *path, struct status *st)
{
    struct encoder *e;
    struct preprocess preprocess;
    uint8_t digest[DIGEST_BYTES];
    char hex[DIGEST_HEX];
    int code = encoder_open(&e, path, st);
    if (code)
        return code;
    const struct encoder_info *i = encoder_info(e);
    char *directory = file_is_directory(path) ? mem_strdup(path) : path_directory(path);
    code = preprocess_read(&preprocess, directory, i->image_size, st);
    if (!code)
        code = encoder_digest(digest, e, st);
    if (!code) {
        size_t n_unused;
        const char *const *unused = encoder_unused(e, &n_unused);
        char *words = preprocess_describe(&preprocess);
        printf("checkpoint     %s\narchitecture   %s, width %zu, %zu layers, %zu heads, MLP %zu\n", path, i->architecture, i->width, i->layers, i->heads,
               i->intermediate);
        printf("pictures       %zux%zu, patch %zu, %zu tokens\npreprocessing  %s\n", i->image_size, i->image_size, i->patch, i->tokens, words);
        printf("layer norm     epsilon %g\nparameters     %llu of the encoder\ntensors        %zu in the file, %zu used, %zu not used\n", i->eps,
               (unsigned long long)i->n_parameters, i->n_tensors, i->n_used, n_unused);
        if (i->n_labels)
            printf("classifier     %zu labels (not used for embeddings)\n", i->n_labels);
        for (size_t r = 0; r < encoder_n_readouts(e); r++)
            printf("%-14s %s, %zu floats\n", r ? "" : "readouts", encoder_readout_name(e, r), encoder_readout_width(e, r));
        printf("sha256         %s\n", digest_hex(hex, digest));
        for (size_t u = 0; u < n_unused && u < 5; u++)
            printf("%-14s %s\n", u ? "" : "not used", unused[u]);
        if (n_unused > 5)
            printf("%-14s ... and %zu more\n", "", n_unused - 5);
        free(words);
    }
    free(directory);
    encoder_close(e);
    return code;
}

static void print_fingerprint(void *context, const char *words, const uint8_t fingerprint[DIGEST_BYTES], size_t n_images, size_t n_floats)
{
    (void)context;
    char hex[DIGEST_HEX];
    printf("  %zu images, %zu floats each: %s\n    fingerprint %s\n", n_images, n_floats, words, digest_hex(hex, fingerprint));
}

static int inspect_store(const char *path, struct status *st)
{
    struct store *store;
    int code = store_open(&store, path, true, st);
    if (code)
        return code;
    printf("embedding store %s\n", path);
    code = store_list(store, print_fingerprint, NULL, st);
    store_close(store);
    return code;
}

static int inspect_npy(const char *path, struct status *st)
{
    struct npy a;
    int code = npy_read(&a, path, st);
    if (code)
        return code;
    double low = INFINITY, high = -INFINITY;
    size_t odd = 0;
    for (size_t i = 0; i < a.n; i++) {
        double v = npy_value(&a, i);
        odd += isfinite(v) ? 0 : 1;
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    printf("array %s: %c%zu [", path, a.kind, a.item);
    for (size_t i = 0; i < a.n_dims; i++)
        printf("%s%zu", i ? ", " : "", a.shape[i]);
    printf("], %g to %g, %zu not finite\n", low, high, odd);
    npy_free(&a);
    return STATUS_OK;
}

static int inspect_table(const char *path, struct status *st)
{
    struct table t;
    int code = table_read(&t, path, st);
    if (code)
        return code;
    printf("table %s: %zu rows, %zu columns\n", path, t.n_rows, t.n_columns);
    for (size_t c = 0; c < t.n_columns; c++) {
        size_t empty = 0, numbers = 0;
        double v;
        for (size_t r = 0; r < t.n_rows; r++) {
            const char *cell = table_cell(&t, r, c);
            empty += !*cell;
            numbers += number_parse_double(cell, &v);
        }
        printf("  %-24s %zu empty, %zu numbers; first: %s\n", t.header[c], empty, numbers, t.n_rows ? table_cell(&t, 0, c) : "-");
    }
    table_free(&t);
    return STATUS_OK;
}

static int inspect_image(const char *path, struct status *st)
{
    struct file_map map;
    struct radiograph r;
    uint8_t digest[DIGEST_BYTES];
    char hex[DIGEST_HEX];
    int code = file_map(&map, path, st);
    if (code)
        return code;
    code = radiograph_decode(&r, map.data, map.size, st);
    if (code) {
        code = status_context(st, "'%s'", path);
    } else {
        uint16_t low, high;
        intensity_range(&low, &high, &r);
        digest_bytes(digest, map.data, map.size);
        printf("image %s: %s, %zux%zu, %zu channel%s of %u bits, orientation %d, samples %u to %u, %zu bytes\nsha256 %s\n", path, r.format, r.width,
               r.height, r.channels, r.channels > 1 ? "s" : "", r.bits, r.orientation, low, high, map.size, digest_hex(hex, digest));
        radiograph_free(&r);
    }
    file_unmap(&map);
    return code;
}

static bool ends_with(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n > m && !strcasecmp(path + n - m, ending);
}

static bool holds(const char *directory, const char *name)
{
    char *path = path_join(directory, name);
    bool there = file_exists(path);
    free(path);
    return there;
}

int cmd_inspect(const struct invocation *in, struct status *st)
{
    const char *path = in->argument[0];
    if (!file_exists(path))
        return status_set(st, STATUS_IO, "no file or folder '%s'", path);
    if (file_is_directory(path)) {
        if (holds(path, "data.mdb"))
            return inspect_store(path, st);
        if (holds(path, "metrics.csv")) {
            char *metrics = path_join(path, "metrics.csv");
            int code = inspect_table(metrics, st);
            free(metrics);
            return code;
        }
        return inspect_encoder(path, st);
    }
    if (ends_with(path, ".npy"))
        return inspect_npy(path, st);
    if (ends_with(path, ".csv"))
        return inspect_table(path, st);
    if (ends_with(path, ".safetensors"))
        return inspect_encoder(path, st);
    return inspect_image(path, st);
}
