/* inspect: what a path holds, found out from the path itself. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/number.h"
#include "base/table.h"
#include "cmd/answer.h"
#include "cmd/command.h"
#include "cmd/inspect_encoder.h"
#include "embed/store.h"
#include "image/intensity.h"
#include "image/radiograph.h"

/* context: the JSON array of what is in the store, or NULL */
static void print_fingerprint(void *context, const char *words, const uint8_t fingerprint[DIGEST_BYTES], size_t n_images, size_t n_floats)
{
    char hex[DIGEST_HEX];
    if (context) {
        json_t *item = json_object();
        json_object_set_new(item, "encoder", answer_text(words));
        json_object_set_new(item, "fingerprint", answer_text(digest_hex(hex, fingerprint)));
        json_object_set_new(item, "images", answer_count(n_images));
        json_object_set_new(item, "floats", answer_count(n_floats));
        json_array_append_new(context, item);
        return;
    }
    printf("  %zu images, %zu floats each: %s\n    fingerprint %s\n", n_images, n_floats, words, digest_hex(hex, fingerprint));
}

/* answer: NULL without --json, of these functions */
static int inspect_store(const char *path, json_t *answer, struct status *st)
{
    struct store *store;
    int code = store_open(&store, path, true, st);
    if (code)
        return code;
    json_t *list = answer ? json_array() : NULL;
    if (answer) {
        json_object_set_new(answer, "is", json_string("store"));
        json_object_set_new(answer, "embeddings", list);
    } else {
        printf("embedding store %s\n", path);
    }
    code = store_list(store, print_fingerprint, list, st);
    store_close(store);
    return code;
}

static int inspect_npy(const char *path, json_t *answer, struct status *st)
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
    json_t *shape = json_array();
    for (size_t i = 0; i < a.n_dims; i++)
        json_array_append_new(shape, answer_count(a.shape[i]));
    char *type = mem_printf("%c%zu", a.kind, a.item), *dimensions = json_dumps(shape, 0);
    if (answer) {
        json_object_set_new(answer, "is", json_string("array"));
        json_object_set_new(answer, "type", answer_text(type));
        json_object_set(answer, "shape", shape);
        json_object_set_new(answer, "low", answer_number(low));
        json_object_set_new(answer, "high", answer_number(high));
        json_object_set_new(answer, "not_finite", answer_count(odd));
    } else {
        printf("array %s: %s %s, %g to %g, %zu not finite\n", path, type, dimensions, low, high, odd);
    }
    json_decref(shape);
    free(dimensions);
    free(type);
    npy_free(&a);
    return STATUS_OK;
}

static int inspect_table(const char *path, json_t *answer, struct status *st)
{
    struct table t;
    int code = table_read(&t, path, st);
    if (code)
        return code;
    json_t *columns = json_array();
    if (!answer)
        printf("table %s: %zu rows, %zu columns\n", path, t.n_rows, t.n_columns);
    for (size_t c = 0; c < t.n_columns; c++) {
        size_t empty = 0, numbers = 0;
        double v;
        for (size_t r = 0; r < t.n_rows; r++) {
            const char *cell = table_cell(&t, r, c);
            empty += !*cell;
            numbers += number_parse_double(cell, &v);
        }
        json_t *column = json_object();
        json_object_set_new(column, "name", answer_text(t.header[c]));
        json_object_set_new(column, "empty", answer_count(empty));
        json_object_set_new(column, "numbers", answer_count(numbers));
        json_object_set_new(column, "first", answer_text(t.n_rows ? table_cell(&t, 0, c) : NULL));
        json_array_append_new(columns, column);
        if (!answer)
            printf("  %-24s %zu empty, %zu numbers; first: %s\n", t.header[c], empty, numbers, t.n_rows ? table_cell(&t, 0, c) : "-");
    }
    if (answer) {
        json_object_set_new(answer, "is", json_string("table"));
        json_object_set_new(answer, "rows", answer_count(t.n_rows));
        json_object_set(answer, "columns", columns);
    }
    json_decref(columns);
    table_free(&t);
    return STATUS_OK;
}

static int inspect_image(const char *path, json_t *answer, struct status *st)
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
        digest_hex(hex, digest);
        const struct {
            const char *key;
            size_t n;
        } count[] = {{"width", r.width}, {"height", r.height}, {"channels", r.channels}, {"bits", r.bits}, {"orientation", (size_t)r.orientation},
                     {"low", low}, {"high", high}, {"bytes", map.size}};
        if (answer) {
            json_object_set_new(answer, "is", json_string("image"));
            json_object_set_new(answer, "format", answer_text(r.format));
            for (size_t i = 0; i < sizeof count / sizeof *count; i++)
                json_object_set_new(answer, count[i].key, answer_count(count[i].n));
            json_object_set_new(answer, "sha256", answer_text(hex));
        } else
            printf("image %s: %s, %zux%zu, %zu channel%s of %u bits, orientation %d, samples %u to %u, %zu bytes\nsha256 %s\n", path, r.format, r.width,
               r.height, r.channels, r.channels > 1 ? "s" : "", r.bits, r.orientation, low, high, map.size, hex);
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
    bool folder = file_is_directory(path), store = folder && holds(path, "data.mdb"), reports = folder && holds(path, "metrics.csv");
    if (in->answer)
        json_object_set_new(in->answer, "path", answer_text(path));
    if (!file_exists(path))
        return status_set(st, STATUS_IO, "no file or folder '%s'", path);
    if ((folder && !store && !reports) || ends_with(path, ".safetensors"))
        return inspect_encoder(in, st);
    if (in->value[OPTION_IMAGE] || in->value[OPTION_LAYERS] || in->value[OPTION_REFERENCE] || in->value[OPTION_READOUT] ||
        in->value[OPTION_PRECISION])
        return status_set(st, STATUS_USAGE, "--image, --precision and what belongs to them need a checkpoint, and '%s' is none", path);
    if (store)
        return inspect_store(path, in->answer, st);
    if (reports) {
        char *metrics = path_join(path, "metrics.csv");
        int code = inspect_table(metrics, in->answer, st);
        free(metrics);
        return code;
    }
    if (ends_with(path, ".npy"))
        return inspect_npy(path, in->answer, st);
    if (ends_with(path, ".csv"))
        return inspect_table(path, in->answer, st);
    return inspect_image(path, in->answer, st);
}
