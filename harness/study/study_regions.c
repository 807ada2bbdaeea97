#include "study/study_regions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/manifest.h"
#include "base/memory.h"
#include "base/number.h"

#define TEXT(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, CYAML_UNLIMITED)
#define OPTIONAL_TEXT(key, type, member) \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, CYAML_UNLIMITED)
#define OPTIONAL_LIST(key, member, least) \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_regions, member, n_##member, &value_text, least, 1000)

static const cyaml_schema_value_t value_text = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CYAML_UNLIMITED)};

static const cyaml_schema_field_t label_fields[] = {
    TEXT("task", struct raw_region_label, task),
    TEXT("class", struct raw_region_label, class),
    OPTIONAL_TEXT("abnormal", struct raw_region_label, value[0]),
    OPTIONAL_TEXT("tumour", struct raw_region_label, value[1]),
    OPTIONAL_TEXT("site", struct raw_region_label, value[2]),
    OPTIONAL_TEXT("fracture", struct raw_region_label, value[3]),
    OPTIONAL_TEXT("implant", struct raw_region_label, value[4]),
    CYAML_FIELD_END};
static const cyaml_schema_value_t label_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_region_label, label_fields)};

const cyaml_schema_field_t study_regions_fields[] = {
    OPTIONAL_LIST("boxes", boxes, 1),
    OPTIONAL_LIST("annotations", annotations, 1),
    OPTIONAL_LIST("leave_out", leave_out, 0),
    OPTIONAL_TEXT("min_ior", struct raw_regions, min_ior),
    OPTIONAL_TEXT("intensity", struct raw_regions, intensity),
    OPTIONAL_TEXT("head", struct raw_regions, head),
    OPTIONAL_TEXT("threshold_tumour", struct raw_regions, threshold_tumour),
    OPTIONAL_TEXT("threshold_malignant", struct raw_regions, threshold_malignant),
    OPTIONAL_TEXT("overlays", struct raw_regions, overlays),
    CYAML_FIELD_SEQUENCE_COUNT("labels", CYAML_FLAG_POINTER, struct raw_regions, labels, n_labels, &label_value, 1, 10000),
    CYAML_FIELD_END};

static const char *const HEADS[] = {"auto", "checkpoint", "probe", NULL};
static const char *const INTENSITIES[] = {"minmax", "stored", NULL};
static const char *const VALUES[STUDY_REGION_HEADS] = {"abnormal", "tumour", "site", "fracture", "implant"};
#define VALIDATION "validation"

static int resolve_paths(char ***out, size_t *n, char *const *raw, unsigned n_raw, const char *key, const char *path, const char *data_root, struct status *st)
{
    int code = STATUS_OK;
    *out = NEW0(n_raw + 1, char *);
    for (unsigned i = 0; i < n_raw && !code; i++) {
        char keys[64];
        (void)snprintf(keys, sizeof keys, "regions/%s/%u", key, i);
        code = manifest_path(&(*out)[(*n)++], raw[i], data_root, path, keys, st);
        if (!code && !file_exists((*out)[i]))
            code = status_set(st, STATUS_DATA, "%s:%zu: no file or folder with boxes at '%s'", path, manifest_line(path, keys), (*out)[i]);
    }
    return code;
}

static int resolve_threshold(double *value, const char *raw, const char *path, const char *keys, struct status *st)
{
    *value = NAN;
    if (raw && !strcmp(raw, VALIDATION))
        return STATUS_OK;
    return manifest_number(value, raw, 0.5, 0, 1, path, keys, st);
}

static int resolve_label(struct study_region_label *l, const struct raw_region_label *raw, const struct study_regions *r, size_t i, const char *path,
                         struct status *st)
{
    char keys[64];
    bool any = false;
    (void)snprintf(keys, sizeof keys, "regions/labels/%zu", i);
    l->task = mem_strdup(raw->task);
    l->class = mem_strdup(raw->class);
    for (size_t h = 0; h < STUDY_REGION_HEADS; h++) {
        l->value[h] = raw->value[h] ? mem_strdup(raw->value[h]) : NULL;
        any |= raw->value[h] != NULL;
    }
    if (!any)
        return status_set(st, STATUS_DATA, "%s:%zu: class '%s' of task '%s' says nothing of any head (abnormal, tumour, site, fracture, implant)", path,
                          manifest_line(path, keys), l->class, l->task);
    for (size_t j = 0; j < i; j++)
        if (!strcmp(r->label[j].task, l->task) && !strcmp(r->label[j].class, l->class))
            return status_set(st, STATUS_DATA, "%s:%zu: class '%s' of task '%s' is listed twice", path, manifest_line(path, keys), l->class, l->task);
    return STATUS_OK;
}

int study_regions_resolve(struct study_regions **out, const struct raw_regions *raw, const char *path, const char *data_root, struct status *st)
{
    static const char *const fallback[] = {"right", "left", "abnormal bone lesion"};
    struct study_regions *r = NEW0(1, struct study_regions);
    size_t choice = 0;
    *out = r;
    int code = resolve_paths(&r->boxes, &r->n_boxes, raw->boxes, raw->n_boxes, "boxes", path, data_root, st);
    if (!code)
        code = resolve_paths(&r->annotations, &r->n_annotations, raw->annotations, raw->n_annotations, "annotations", path, data_root, st);
    r->n_leave_out = raw->leave_out ? raw->n_leave_out : sizeof fallback / sizeof *fallback;
    r->leave_out = NEW0(r->n_leave_out + 1, char *);
    for (size_t i = 0; i < r->n_leave_out; i++)
        r->leave_out[i] = mem_strdup(raw->leave_out ? raw->leave_out[i] : fallback[i]);
    if (!code)
        code = manifest_number(&r->min_ior, raw->min_ior, 0.6, 0, 1, path, "regions/min_ior", st);
    if (!code)
        code = manifest_choice(&choice, raw->intensity, 0, INTENSITIES, path, "regions/intensity", st);
    r->stored = choice == 1;
    if (!code)
        code = manifest_choice(&choice, raw->head, REGION_HEAD_AUTO, HEADS, path, "regions/head", st);
    r->head = (enum study_region_head)choice;
    if (!code)
        code = resolve_threshold(&r->threshold_tumour, raw->threshold_tumour, path, "regions/threshold_tumour", st);
    if (!code)
        code = resolve_threshold(&r->threshold_malignant, raw->threshold_malignant, path, "regions/threshold_malignant", st);
    if (!code)
        code = manifest_size(&r->overlays, raw->overlays, 24, 0, 1000000, path, "regions/overlays", st);
    r->label = NEW0(raw->n_labels + 1, struct study_region_label);
    for (size_t i = 0; i < raw->n_labels && !code; i++) {
        r->n_labels++;
        code = resolve_label(&r->label[i], &raw->labels[i], r, i, path, st);
    }
    return code;
}

static void free_list(char **text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(text[i]);
    free(text);
}

void study_regions_free(struct study_regions *r)
{
    if (!r)
        return;
    free_list(r->boxes, r->n_boxes);
    free_list(r->annotations, r->n_annotations);
    free_list(r->leave_out, r->n_leave_out);
    for (size_t i = 0; i < r->n_labels; i++) {
        free(r->label[i].task);
        free(r->label[i].class);
        for (size_t h = 0; h < STUDY_REGION_HEADS; h++)
            free(r->label[i].value[h]);
    }
    free(r->label);
    free(r);
}

/* A double-quoted YAML scalar; texts of a manifest hold no line break. */
static void quoted(FILE *stream, const char *before, const char *text)
{
    fprintf(stream, "%s\"", before);
    for (; *text; text++)
        fprintf(stream, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    fputc('"', stream);
}

static void write_list(FILE *stream, const char *key, char *const *text, size_t n)
{
    fprintf(stream, "  %s: [", key);
    for (size_t i = 0; i < n; i++)
        quoted(stream, i ? ", " : "", text[i]);
    fputs("]\n", stream);
}

static void write_threshold(FILE *stream, const char *key, double value)
{
    char number[NUMBER_TEXT];
    fprintf(stream, "  %s: %s\n", key, isnan(value) ? VALIDATION : number_format(number, value));
}

void study_regions_write(const struct study_regions *r, FILE *stream, bool places)
{
    char number[NUMBER_TEXT];
    fputs("regions:\n", stream);
    if (places && r->n_boxes)
        write_list(stream, "boxes", r->boxes, r->n_boxes);
    if (places && r->n_annotations)
        write_list(stream, "annotations", r->annotations, r->n_annotations);
    write_list(stream, "leave_out", r->leave_out, r->n_leave_out);
    fprintf(stream, "  min_ior: %s\n  intensity: %s\n  head: %s\n", number_format(number, r->min_ior), INTENSITIES[r->stored], HEADS[r->head]);
    write_threshold(stream, "threshold_tumour", r->threshold_tumour);
    write_threshold(stream, "threshold_malignant", r->threshold_malignant);
    if (places)
        fprintf(stream, "  overlays: %zu\n", r->overlays);
    fputs("  labels:\n", stream);
    for (size_t i = 0; i < r->n_labels; i++) {
        quoted(stream, "    - {task: ", r->label[i].task);
        quoted(stream, ", class: ", r->label[i].class);
        for (size_t h = 0; h < STUDY_REGION_HEADS; h++)
            if (r->label[i].value[h]) {
                fprintf(stream, ", %s: ", VALUES[h]);
                quoted(stream, "", r->label[i].value[h]);
            }
        fputs("}\n", stream);
    }
}
