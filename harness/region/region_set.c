#include "region/region_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"

/* ---- what classes say ---- */

/* meaning[class, head] of one task. */
static int read_value(int32_t *label, const char *text, enum group_head head, const struct study_region_label *rule, const struct study *study, struct status *st)
{
    const struct group_outputs *h = &GROUP_HEADS[head];
    if (h->n == 1) {
        if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
            return status_set(st, STATUS_DATA, "%s: regions, class '%s' of task '%s': %s is '%s'; 0 or 1 was expected", study->path, rule->class, rule->task,
                              h->name, text);
        *label = text[0] - '0';
        return STATUS_OK;
    }
    for (size_t k = 0; k < h->n; k++)
        if (!strcasecmp(text, GROUP_LABELS[h->first + k])) {
            *label = (int32_t)k;
            return STATUS_OK;
        }
    return status_set(st, STATUS_DATA, "%s: regions, class '%s' of task '%s': %s '%s' is none of the classifier's (the first is '%s', the last '%s')",
                      study->path, rule->class, rule->task, h->name, text, GROUP_LABELS[h->first], GROUP_LABELS[h->first + h->n - 1]);
}

static int read_rules(int32_t **meaning, const struct study *study, struct status *st)
{
    int code = STATUS_OK;
    for (size_t t = 0; t < study->n_tasks; t++) {
        const struct task *task = study->tasks[t].task;
        meaning[t] = NEW(task->n_classes * N_GROUP_HEADS + 1, int32_t);
        for (size_t i = 0; i < task->n_classes * N_GROUP_HEADS; i++)
            meaning[t][i] = LABEL_UNKNOWN;
    }
    for (size_t i = 0; i < study->regions->n_labels && !code; i++) {
        const struct study_region_label *rule = &study->regions->label[i];
        size_t t = 0, k = 0;
        while (t < study->n_tasks && strcmp(study->tasks[t].task->name, rule->task) != 0)
            t++;
        if (t == study->n_tasks)
            return status_set(st, STATUS_DATA, "%s: regions: the study has no task '%s'", study->path, rule->task);
        const struct task *task = study->tasks[t].task;
        while (k < task->n_classes && strcmp(task->classes[k].name, rule->class) != 0)
            k++;
        if (k == task->n_classes)
            return status_set(st, STATUS_DATA, "%s: regions: task '%s' has no class '%s'", study->path, rule->task, rule->class);
        for (size_t h = 0; h < N_GROUP_HEADS && !code; h++)
            if (rule->value[h])
                code = read_value(&meaning[t][k * N_GROUP_HEADS + h], rule->value[h], (enum group_head)h, rule, study, st);
    }
    return code;
}

/* ---- images ---- */

static int add_sample(struct region_image *image, const struct sample *s, const char *task, const int32_t *meaning, struct status *st)
{
    image->id = image->id ? image->id : s->id;
    image->path = s->path;
    image->picture = s->picture;
    image->patient = image->patient ? image->patient : s->patient;
    image->site = image->site ? image->site : s->site;
    if (s->partition != PARTITION_NONE && image->partition != PARTITION_NONE && s->partition != image->partition)
        return status_set(st, STATUS_DATA, "image '%s' is given for development by one task and for testing by another ('%s')", s->path, task);
    image->partition = s->partition != PARTITION_NONE ? s->partition : image->partition;
    for (size_t h = 0; h < N_GROUP_HEADS && meaning; h++) {
        int32_t says = meaning[(size_t)s->label * N_GROUP_HEADS + h];
        if (says == LABEL_UNKNOWN)
            continue;
        if (image->label[h] != LABEL_UNKNOWN && image->label[h] != says) {
            size_t first = GROUP_HEADS[h].first, whole = GROUP_HEADS[h].n > 1;
            return status_set(st, STATUS_DATA, "image '%s': task '%s' says %s %s, task '%s' %s", s->path, image->said_by[h], GROUP_HEADS[h].name,
                              whole ? GROUP_LABELS[first + (size_t)image->label[h]] : image->label[h] ? "1" : "0", task,
                              whole ? GROUP_LABELS[first + (size_t)says] : says ? "1" : "0");
        }
        image->label[h] = says;
        image->said_by[h] = task;
    }
    return STATUS_OK;
}

static uint32_t root(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* Images that share a unit of some task, numbered in the images' order. */
static void number_units(struct region_set *s, const struct cohort *cohort, size_t n_tasks, const size_t *image_of)
{
    uint32_t *parent = NEW(s->n + 1, uint32_t), *number = NEW(s->n + 1, uint32_t);
    for (size_t i = 0; i < s->n; i++) {
        parent[i] = (uint32_t)i;
        number[i] = UINT32_MAX;
    }
    for (size_t t = 0; t < n_tasks; t++) {
        uint32_t *first = NEW(cohort[t].n_units + 1, uint32_t);
        for (size_t u = 0; u < cohort[t].n_units; u++)
            first[u] = UINT32_MAX;
        for (size_t i = 0; i < cohort[t].n; i++) {
            uint32_t here = (uint32_t)image_of[cohort[t].sample[i].picture], unit = cohort[t].sample[i].unit;
            if (first[unit] == UINT32_MAX) {
                first[unit] = here;
                continue;
            }
            uint32_t a = root(parent, first[unit]), b = root(parent, here);
            parent[a > b ? a : b] = a > b ? b : a;
        }
        free(first);
    }
    s->n_units = 0;
    for (size_t i = 0; i < s->n; i++) {
        uint32_t r = root(parent, (uint32_t)i); /* the smallest of its unit, so it came first */
        if (number[r] == UINT32_MAX)
            number[r] = (uint32_t)s->n_units++;
        s->image[i].unit = number[r];
    }
    free(parent);
    free(number);
}

static int make_images(struct region_set *s, const struct study *study, const struct cohort *cohort, const struct survey *survey, struct status *st)
{
    size_t *image_of = NEW(survey->n + 1, size_t);
    bool *used = NEW0(survey->n + 1, bool);
    int32_t **meaning = NEW0(study->n_tasks, int32_t *);
    for (size_t t = 0; t < study->n_tasks; t++)
        for (size_t i = 0; i < cohort[t].n; i++)
            used[cohort[t].sample[i].picture] = true;
    for (size_t i = 0; i < survey->n; i++)
        if (used[i])
            image_of[i] = s->n++;
    s->image = NEW0(s->n + 1, struct region_image);
    for (size_t i = 0; i < s->n; i++)
        for (size_t h = 0; h < N_GROUP_HEADS; h++)
            s->image[i].label[h] = LABEL_UNKNOWN;
    int code = read_rules(meaning, study, st);
    for (size_t t = 0; t < study->n_tasks && !code; t++)
        for (size_t i = 0; i < cohort[t].n && !code; i++)
            code = add_sample(&s->image[image_of[cohort[t].sample[i].picture]], &cohort[t].sample[i], study->tasks[t].task->name,
                              study->tasks[t].task->n_classes ? meaning[t] : NULL, st);
    if (!code)
        number_units(s, cohort, study->n_tasks, image_of);
    for (size_t i = 0; i < s->n; i++) {
        s->has_sites |= s->image[i].site != NULL;
        s->has_patients |= s->image[i].patient != NULL;
    }
    for (size_t t = 0; t < study->n_tasks; t++)
        free(meaning[t]);
    free(meaning);
    free(used);
    free(image_of);
    return code;
}

/* ---- regions ---- */

/* The one of the files that knows the image; NULL: none. */
static int find_boxes(struct boxes_image **found, const struct boxes *boxes, size_t n, const struct region_image *image, const struct survey *survey,
                      struct status *st)
{
    *found = NULL;
    for (size_t b = 0; b < n; b++) {
        struct boxes_image *here = boxes_find(&boxes[b], image->path);
        if (here && *found)
            return status_set(st, STATUS_DATA, "image '%s' has boxes in two places: %s and %s", image->path, (*found)->entry, here->entry);
        *found = here ? here : *found;
    }
    const struct radiograph_info *info = &survey->picture[image->picture].info;
    return *found ? boxes_fit(*found, info->width, info->height, image->path, st) : STATUS_OK;
}

/* Does it hold more than min_ior of one of the findings?  (box_ior of the published transforms.) */
static bool holds_finding(const struct pixel_box *region, const struct boxes_image *findings, double min_ior)
{
    if (!findings || !findings->n)
        return true;
    for (size_t i = 0; i < findings->n; i++) {
        const struct box *b = &findings->box[i];
        double width = fmin((double)region->right, b->right) - fmax((double)region->left, b->left);
        double height = fmin((double)region->bottom, b->bottom) - fmax((double)region->top, b->top);
        if (width > 0 && height > 0 && width * height > min_ior * (b->right - b->left) * (b->bottom - b->top))
            return true;
    }
    return false;
}

static bool left_out(const struct study_regions *r, const char *label)
{
    for (size_t i = 0; label && i < r->n_leave_out; i++)
        if (!strcasecmp(r->leave_out[i], label))
            return true;
    return false;
}

static int add_regions(struct region_set *s, size_t number, const struct study *study, const struct survey *survey, struct status *st)
{
    struct region_image *image = &s->image[number];
    const struct radiograph_info *info = &survey->picture[image->picture].info;
    struct boxes_image *found, *findings;
    int code = find_boxes(&found, s->boxes, s->n_boxes, image, survey, st);
    if (!code)
        code = find_boxes(&findings, s->annotations, s->n_annotations, image, survey, st);
    if (code)
        return code;
    image->first_region = s->n_regions;
    for (size_t i = 0; i <= (found ? found->n : 0); i++) {
        const struct box whole = {0, 0, (double)info->width, (double)info->height, NAN, NULL, 0, {0}}, *box = found && i < found->n ? &found->box[i] : &whole;
        struct region r = {.image = number, .label = box == &whole ? WHOLE_IMAGE : box->label ? box->label : "", .confidence = box->confidence};
        if (box != &whole && left_out(study->regions, box->label))
            continue;
        if (!crop_box(&r.box, box, info->width, info->height)) {
            char *line = box->line ? mem_printf(", line %zu", box->line) : mem_strdup("");
            code = status_set(st, STATUS_DATA, "%s%s: the box from (%g, %g) to (%g, %g) in '%s' holds no whole pixel", found->entry, line, box->left, box->top,
                              box->right, box->bottom, image->path);
            free(line);
            return code;
        }
        r.trainable = holds_finding(&r.box, findings, study->regions->min_ior);
        s->region = mem_grow(s->region, s->n_regions, &s->capacity, sizeof *s->region);
        s->region[s->n_regions++] = r;
        image->n_regions++;
    }
    return STATUS_OK;
}

/* ---- images of boxes that are not there ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A detector may have seen more images of a folder than the study uses, but none that is not there. */
static int check_there(size_t *n_missing, const struct boxes *boxes, size_t n_boxes, char *const *path, const char *const *name, size_t n_names, bool by_stem,
                       bool skip, struct status *st)
{
    for (size_t b = 0; b < n_boxes; b++)
        for (size_t i = 0; i < boxes[b].n && boxes[b].by_stem == by_stem; i++)
            if ((!n_names || !bsearch(&boxes[b].image[i].file, name, n_names, sizeof *name, by_text)) && ++*n_missing && !skip)
                return status_set(st, STATUS_DATA, "%s: there is no image '%s' beside those of the study (boxes of '%s')", boxes[b].image[i].entry,
                                  boxes[b].image[i].file, path[b]);
    return STATUS_OK;
}

static int check_images(struct region_set *s, const struct study *study, struct status *st)
{
    struct file_list *list = NEW0(s->n + 1, struct file_list);
    char *before = mem_strdup(""), **name = NULL;
    size_t n_lists = 0, n = 0, capacity = 0;
    int code = STATUS_OK;
    for (size_t i = 0; i < s->n && !code; i++) { /* in order of their paths, so that folders come together */
        char *folder = path_directory(s->image[i].path);
        if (i == 0 || strcmp(folder, before) != 0)
            code = file_list_directory(&list[n_lists++], folder, st);
        free(before);
        before = folder;
    }
    for (int stem = 0; stem < 2 && !code; stem++) {
        n = 0;
        for (size_t l = 0; l < n_lists; l++)
            for (size_t i = 0; i < list[l].n; i++) {
                char *dot = strrchr(list[l].name[i], '.');
                if (stem && dot)
                    *dot = '\0';
                name = mem_grow(name, n, &capacity, sizeof *name);
                name[n++] = list[l].name[i];
            }
        if (n)
            qsort(name, n, sizeof *name, by_text);
        code = check_there(&s->n_missing, s->boxes, s->n_boxes, study->regions->boxes, (const char *const *)name, n, stem, study->skip_missing_images, st);
        if (!code)
            code = check_there(&s->n_missing, s->annotations, s->n_annotations, study->regions->annotations, (const char *const *)name, n, stem,
                               study->skip_missing_images, st);
    }
    for (size_t l = 0; l < n_lists; l++)
        file_list_free(&list[l]);
    free(list);
    free(name);
    free(before);
    return code;
}

int region_set_make(struct region_set *s, const struct study *study, const struct cohort *cohort, const struct survey *survey, struct status *st)
{
    const struct study_regions *r = study->regions;
    *s = (struct region_set){.boxes = NEW0(r->n_boxes + 1, struct boxes), .annotations = NEW0(r->n_annotations + 1, struct boxes)};
    int code = make_images(s, study, cohort, survey, st);
    for (size_t i = 0; i < r->n_boxes && !code; i++)
        code = boxes_read(&s->boxes[s->n_boxes++], r->boxes[i], st);
    for (size_t i = 0; i < r->n_annotations && !code; i++)
        code = boxes_read(&s->annotations[s->n_annotations++], r->annotations[i], st);
    if (!code)
        code = check_images(s, study, st);
    for (size_t i = 0; i < s->n && !code; i++)
        code = add_regions(s, i, study, survey, st);
    if (code)
        region_set_free(s);
    return code;
}

void region_set_free(struct region_set *s)
{
    for (size_t i = 0; i < s->n_boxes; i++)
        boxes_free(&s->boxes[i]);
    for (size_t i = 0; i < s->n_annotations; i++)
        boxes_free(&s->annotations[i]);
    free(s->boxes);
    free(s->annotations);
    free(s->image);
    free(s->region);
    *s = (struct region_set){.n = 0};
}
