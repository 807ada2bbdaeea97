/* Writing and reading of a saved probe's two files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/safetensors.h"
#include "probe/saved_record.h"

#define MOST_RECORD ((size_t)1 << 20) /* bytes of a .json */
#define MOST_ITEMS 4

/* ---- what a probe's arrays are ---- */

/* The items that p has by its form, whose sizes are set; where[i]: the pointer of p that an item is read into. */
static size_t list_items(struct safetensors_item item[MOST_ITEMS], void *where[MOST_ITEMS], struct saved_probe *p)
{
    size_t n = 0;
    if (p->form == SAVED_KNN) {
        if (p->kind == KIND_REGRESSION) {
            where[n] = &p->target;
            item[n++] = (struct safetensors_item){"target", SAFETENSORS_F64, 1, {p->n_train}, p->target};
        }
        where[n] = &p->train;
        item[n++] = (struct safetensors_item){"train", SAFETENSORS_F32, 2, {p->n_train, p->d}, p->train};
        if (p->kind != KIND_REGRESSION) {
            where[n] = &p->label;
            item[n++] = (struct safetensors_item){"label", SAFETENSORS_I32, 1, {p->n_train}, p->label};
        }
        return n;
    }
    const char *constants = p->form == SAVED_CUMULATIVE_LOGIT ? "threshold" : "intercept";
    where[n] = &p->coef;
    item[n++] = (struct safetensors_item){"coef", SAFETENSORS_F64, 2, {p->rows, p->d}, p->coef};
    where[n] = &p->intercept;
    item[n++] = (struct safetensors_item){constants, SAFETENSORS_F64, 1, {p->n_intercepts}, p->intercept};
    where[n] = &p->scaler.mean;
    item[n++] = (struct safetensors_item){"scaler.mean", SAFETENSORS_F64, 1, {p->d}, p->scaler.mean};
    where[n] = &p->scaler.scale;
    item[n++] = (struct safetensors_item){"scaler.scale", SAFETENSORS_F64, 1, {p->d}, p->scaler.scale};
    return n;
}

static bool all_finite(const double *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(value[i]))
            return false;
    return true;
}

/* A class of several without a training row has intercept -inf and no coefficients, or (cumulative_logit) thresholds on its
 * two sides that are equal, or infinite at the end of the scale; never all of them. */
static bool intercepts_hold(const struct saved_probe *p)
{
    size_t finite = 0;
    for (size_t r = 0; r < p->n_intercepts; r++) {
        finite += isfinite(p->intercept[r]) != 0;
        if (isfinite(p->intercept[r]) || (p->form == SAVED_CUMULATIVE_LOGIT && !isnan(p->intercept[r])))
            continue;
        if (p->form != SAVED_LOGISTIC || p->rows == 1 || !(p->intercept[r] < 0)) /* NaN, +inf */
            return false;
        for (size_t j = 0; j < p->d; j++)
            if (p->coef[r * p->d + j] < 0 || p->coef[r * p->d + j] > 0)
                return false;
    }
    for (size_t r = 1; p->form == SAVED_CUMULATIVE_LOGIT && r < p->n_intercepts; r++)
        if (p->intercept[r] < p->intercept[r - 1])
            return false;
    return finite > 0;
}

/* The numbers of the arrays, whose shapes are right. */
static int check_numbers(const struct saved_probe *p, const char *path, struct status *st)
{
    const char *bad = NULL;
    if (p->form == SAVED_KNN) {
        for (size_t i = 0; i < p->n_train * p->d; i++)
            if (!isfinite(p->train[i]))
                bad = "train";
        for (size_t i = 0; p->label && i < p->n_train; i++)
            if (p->label[i] < 0 || (size_t)p->label[i] >= p->n_classes)
                bad = "label";
        if (p->target && !all_finite(p->target, p->n_train))
            bad = "target";
    } else {
        bool scaled = all_finite(p->scaler.scale, p->d);
        for (size_t j = 0; j < p->d; j++)
            scaled &= p->scaler.scale[j] > 0;
        bad = !all_finite(p->coef, p->rows * p->d) ? "coef"
              : !intercepts_hold(p)                ? (p->form == SAVED_CUMULATIVE_LOGIT ? "threshold" : "intercept")
              : !all_finite(p->scaler.mean, p->d)  ? "scaler.mean"
              : !scaled                            ? "scaler.scale"
                                                   : NULL;
    }
    return bad ? status_set(st, STATUS_DATA, "'%s': tensor '%s' holds a number that no fitted probe has", path, bad) : STATUS_OK;
}

/* ---- writing ---- */

static int write_tensors(struct outfile *out, uint8_t digest[DIGEST_BYTES], const struct saved_probe *p, const char *path, struct status *st)
{
    struct safetensors_item item[MOST_ITEMS];
    void *where[MOST_ITEMS];
    struct saved_probe borrowed = *p; /* list_items is also for reading */
    size_t n = list_items(item, where, &borrowed);
    static const char *const metadata[] = {"format", "skelex-eval probe", "version", "2"};
    int code = outfile_open(out, path, st);
    if (code)
        return code;
    code = safetensors_write(out, item, n, metadata, 2, st);
    if (code) {
        outfile_discard(out);
        return code;
    }
    code = outfile_finish(out, st);
    return code ? code : digest_file(digest, out->temporary, st);
}

static int write_record(struct outfile *out, const struct saved_probe *p, const char *path, const char *file, const uint8_t digest[DIGEST_BYTES],
                        struct status *st)
{
    json_t *record = saved_record_make(p, file, digest);
    if (!record)
        return status_set(st, STATUS_DATA, "'%s': a text of the record is not UTF-8 (a class or a model's name?)", path);
    int code = outfile_open(out, path, st);
    if (!code) {
        bool written = json_dumpf(record, out->stream, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) == 0;
        fputc('\n', out->stream);
        code = outfile_finish(out, st);
        if (!code && !written) {
            outfile_discard(out);
            code = status_set(st, STATUS_IO, "cannot write '%s'", path);
        }
    }
    json_decref(record);
    return code;
}

int saved_probe_write(struct outfile file[2], const struct saved_probe *p, const char *directory, const char *name, struct status *st)
{
    uint8_t digest[DIGEST_BYTES];
    char *tensors = mem_printf("%s.safetensors", name), *record = mem_printf("%s.json", name);
    char *tensors_path = path_join(directory, tensors), *record_path = path_join(directory, record);
    file[0] = file[1] = (struct outfile){0};
    int code = check_numbers(p, tensors_path, st);
    if (!code)
        code = write_tensors(&file[0], digest, p, tensors_path, st);
    if (!code)
        code = write_record(&file[1], p, record_path, tensors, digest, st);
    if (code) {
        outfile_discard(&file[0]);
        outfile_discard(&file[1]);
    }
    free(tensors_path);
    free(record_path);
    free(tensors);
    free(record);
    return code;
}

/* ---- reading ---- */

static json_t *record_load(const char *path, const unsigned char *json, size_t size, struct status *st)
{
    json_error_t error;
    json_t *record = json_loadb((const char *)json, size, JSON_REJECT_DUPLICATES, &error);
    if (!record)
        status_set(st, STATUS_DATA, "'%s' is no JSON: line %d: %.200s", path, error.line, error.text);
    return record;
}

/* Exactly the items of p's form, of its sizes; copied, as the bytes may lie at any address. */
static int read_tensors(struct saved_probe *p, const char *path, const unsigned char *bytes, size_t size, struct status *st)
{
    struct safetensors file;
    struct safetensors_item item[MOST_ITEMS];
    void *where[MOST_ITEMS];
    size_t n = list_items(item, where, p);
    int code = safetensors_parse(&file, path, bytes, size, st);
    if (code)
        return code;
    if (file.n != n || file.n_duplicates)
        code = status_set(st, STATUS_DATA, "'%s' holds %zu tensors; a probe of this form has %zu", path, file.n + file.n_duplicates, n);
    for (size_t i = 0; i < n && !code; i++) {
        char due[SAFETENSORS_SHAPE_TEXT], there[SAFETENSORS_SHAPE_TEXT];
        const struct safetensors_tensor *t = safetensors_find(&file, item[i].name);
        if (!t)
            code = status_set(st, STATUS_DATA, "'%s' lacks the tensor '%s'", path, item[i].name);
        else if (t->dtype != item[i].dtype || t->n_dims != item[i].n_dims || memcmp(t->shape, item[i].shape, t->n_dims * sizeof *t->shape) != 0)
            code = status_set(st, STATUS_DATA, "'%s': tensor '%s' is %s%s; the record says %s%s", path, item[i].name, safetensors_dtype_name(t->dtype),
                              safetensors_shape_text(there, t->shape, t->n_dims), safetensors_dtype_name(item[i].dtype),
                              safetensors_shape_text(due, item[i].shape, item[i].n_dims));
        else {
            void *copy = memcpy(mem_aligned(t->size, 1), t->data, t->size);
            memcpy(where[i], &copy, sizeof copy); /* pointers to several types */
        }
    }
    p->scaler.d = p->form == SAVED_KNN ? 0 : p->d;
    safetensors_close(&file);
    return code ? code : check_numbers(p, path, st);
}

int saved_probe_parse(struct saved_probe *p, const char *path, const unsigned char *json, size_t json_size, const unsigned char *tensors,
                      size_t tensors_size, struct status *st)
{
    *p = (struct saved_probe){0};
    const char *file;
    uint8_t digest[DIGEST_BYTES];
    json_t *record = record_load(path, json, json_size, st);
    if (!record)
        return STATUS_DATA;
    int code = saved_record_read(p, &file, digest, record, path, st);
    json_decref(record);
    if (!code)
        code = read_tensors(p, path, tensors, tensors_size, st);
    if (code)
        saved_probe_free(p);
    return code;
}

/* Takes record_sha256 out of the record. */
static int check_record(json_t *record, const char *path, const uint8_t own[DIGEST_BYTES], struct status *st)
{
    uint8_t found[DIGEST_BYTES];
    if (saved_record_digest(found, record) && !memcmp(found, own, DIGEST_BYTES))
        return STATUS_OK;
    return status_set(st, STATUS_DATA, "'%s' was changed after it was written: its record_sha256 is another's", path);
}

static int check_tensors(const struct file_map *tensors, const char *tensors_path, const char *path, const uint8_t digest[DIGEST_BYTES], struct status *st)
{
    uint8_t found[DIGEST_BYTES];
    digest_bytes(found, tensors->data ? (const void *)tensors->data : "", tensors->size);
    if (!memcmp(found, digest, DIGEST_BYTES))
        return STATUS_OK;
    return status_set(st, STATUS_DATA, "'%s' is damaged or belongs to another probe: its SHA-256 is not the one in '%s'", tensors_path, path);
}

int saved_probe_read(struct saved_probe *p, const char *path, struct status *st)
{
    unsigned char *json;
    size_t size;
    uint8_t digest[DIGEST_BYTES];
    const char *file;
    struct file_map map = {0};
    *p = (struct saved_probe){0};
    int code = file_read(&json, &size, path, MOST_RECORD, st);
    if (code)
        return code;
    json_t *record = record_load(path, json, size, st);
    free(json);
    if (!record)
        return STATUS_DATA;
    char *directory = path_directory(path), *tensors_path = NULL;
    code = saved_record_read(p, &file, digest, record, path, st);
    if (!code)
        code = check_record(record, path, p->record, st);
    if (!code) {
        tensors_path = path_join(directory, file);
        code = file_map(&map, tensors_path, st);
    }
    if (!code)
        code = check_tensors(&map, tensors_path, path, digest, st);
    if (!code)
        code = read_tensors(p, tensors_path, map.data, map.size, st);
    file_unmap(&map);
    json_decref(record);
    free(tensors_path);
    free(directory);
    if (code)
        saved_probe_free(p);
    return code;
}
