/* heatmap: error maps of pictures from a masked autoencoder. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "anomaly/heatmap.h"
#include "anomaly/localise.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "cmd/answer.h"
#include "cmd/command.h"
#include "region/boxes.h"

#define DEFAULT_PASSES 10
#define BATCH 8 /* masks of a picture at once */

static int read_settings(struct error_map_settings *s, const struct invocation *in, const struct mae_info *info, struct status *st)
{
    const char *passes = in->value[OPTION_PASSES], *ratio = in->value[OPTION_MASK_RATIO], *schedule = in->value[OPTION_SCHEDULE],
               *seed = in->value[OPTION_SEED];
    size_t number = 2025;
    *s = (struct error_map_settings){.batch = BATCH, .mask_ratio = info->mask_ratio, .absolute = in->value[OPTION_ABSOLUTE] != NULL};
    if (ratio && (!number_parse_double(ratio, &s->mask_ratio) || !(s->mask_ratio > 0 && s->mask_ratio < 1)))
        return status_set(st, STATUS_USAGE, "--mask-ratio is '%s'; a number between 0 and 1 was expected", ratio);
    if (schedule && strcmp(schedule, "official") != 0 && strcmp(schedule, "even") != 0)
        return status_set(st, STATUS_USAGE, "--schedule is '%s'; official or even was expected", schedule);
    if (seed && (!number_parse_size(seed, &number) || number > UINT32_MAX))
        return status_set(st, STATUS_USAGE, "--seed is '%s'; a whole number up to 4294967295 was expected", seed);
    s->seed = (uint32_t)number;
    bool chosen = passes && !strcmp(passes, "auto");
    s->schedule = (schedule && !strcmp(schedule, "even")) || (chosen && !schedule) ? MASKS_EVEN : MASKS_OFFICIAL;
    s->passes = DEFAULT_PASSES;
    if (chosen) {
        s->passes = 0;
    } else if (passes) {
        if (!number_parse_size(passes, &s->passes) || s->passes < 1 || s->passes > 10000)
            return status_set(st, STATUS_USAGE, "--passes is '%s'; auto or a whole number from 1 to 10000 was expected", passes);
    } else if (s->schedule == MASKS_EVEN) { /* whole rounds, where they are short enough for that */
        size_t round = mask_schedule_round(info->n_patches, mae_keep(info->n_patches, s->mask_ratio));
        if (round <= 2 * DEFAULT_PASSES)
            s->passes = (DEFAULT_PASSES + round - 1) / round * round;
    }
    return STATUS_OK;
}

/* ---- the pictures ---- */

struct paths {
    char **path;
    size_t n, capacity;
};

static void add_path(struct paths *p, char *path)
{
    p->path = mem_grow(p->path, p->n, &p->capacity, sizeof *p->path);
    p->path[p->n++] = path;
}

static bool is_picture(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm", ".pnm"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (!strcasecmp(dot, endings[i]))
            return true;
    return false;
}

/* A folder stands for the pictures in it. */
static int list_pictures(struct paths *p, const struct invocation *in, struct status *st)
{
    for (size_t i = 1; i < in->n_arguments; i++) {
        const char *argument = in->argument[i];
        if (!file_is_directory(argument)) {
            add_path(p, mem_strdup(argument));
            continue;
        }
        struct file_list list;
        size_t before = p->n;
        int code = file_list_directory(&list, argument, st);
        if (code)
            return code;
        for (size_t k = 0; k < list.n; k++)
            if (is_picture(list.name[k]))
                add_path(p, path_join(argument, list.name[k]));
        file_list_free(&list);
        if (p->n == before)
            return status_set(st, STATUS_DATA, "folder '%s' holds no picture (.png, .jpg, .bmp, .pgm, ...)", argument);
    }
    return STATUS_OK;
}

static void free_paths(struct paths *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->path[i]);
    free(p->path);
}

/* ---- boxes and masks ---- */

/* Each picture's boxes, as the map pictures take them; checks that the sizes agree. */
struct drawn {
    struct boxes boxes;
    struct map_box **box;     /* [n] */
    struct outline **outline; /* [n] borrowed of boxes */
    size_t *n_boxes, n;
};

static void drawn_free(struct drawn *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->box[i]);
        free(d->outline[i]);
    }
    free(d->box);
    free(d->outline);
    free(d->n_boxes);
    boxes_free(&d->boxes);
}

/* Into the picture's pixels; a broken picture has its own row, and no boxes. */
static int fit(bool *readable, struct boxes_image *image, const char *path, struct status *st)
{
    struct file_map file;
    struct radiograph_info info;
    int code = file_map(&file, path, st);
    if (code)
        return code;
    *readable = radiograph_info(&info, file.data, file.size, NULL) == STATUS_OK;
    file_unmap(&file);
    return *readable ? boxes_fit(image, info.width, info.height, path, st) : STATUS_OK;
}

static int find_boxes(struct drawn *d, const struct paths *paths, const char *file, bool masks, struct status *st)
{
    int code = masks ? boxes_read_masks(&d->boxes, file, st) : boxes_read(&d->boxes, file, st);
    if (code)
        return code;
    d->n = paths->n;
    d->box = NEW0(paths->n + 1, struct map_box *);
    d->outline = NEW0(paths->n + 1, struct outline *);
    d->n_boxes = NEW0(paths->n + 1, size_t);
    for (size_t i = 0; i < paths->n && !code; i++) {
        struct boxes_image *image = boxes_find(&d->boxes, paths->path[i]);
        bool readable = true;
        if (!image || (image->n == 0 && !image->width))
            continue;
        code = fit(&readable, image, paths->path[i], st);
        if (code || !readable)
            continue;
        d->n_boxes[i] = image->n;
        d->box[i] = NEW(image->n + 1, struct map_box);
        d->outline[i] = NEW(image->n + 1, struct outline);
        for (size_t k = 0; k < image->n; k++) {
            d->box[i][k] = (struct map_box){image->box[k].left, image->box[k].top, image->box[k].right, image->box[k].bottom};
            d->outline[i][k] = image->box[k].outline;
        }
    }
    return code;
}

/* ---- patients ---- */

/* patient[n]: the first group of the pattern in each file's name. */
static int find_patients(char **patient, const struct paths *paths, const char *pattern, struct status *st)
{
    regex_t expression;
    regmatch_t match[2];
    if (regcomp(&expression, pattern, REG_EXTENDED) != 0)
        return status_set(st, STATUS_USAGE, "--patient-pattern is '%s'; a POSIX extended regular expression was expected", pattern);
    int code = expression.re_nsub ? STATUS_OK : status_set(st, STATUS_USAGE, "--patient-pattern is '%s'; it has no group, (...), that is the patient", pattern);
    for (size_t i = 0; i < paths->n && !code; i++) {
        const char *name = path_basename(paths->path[i]);
        if (regexec(&expression, name, 2, match, 0) != 0 || match[1].rm_eo <= match[1].rm_so)
            code = status_set(st, STATUS_DATA, "--patient-pattern '%s' finds no patient in '%s'", pattern, name);
        else
            patient[i] = mem_strndup(name + match[1].rm_so, (size_t)(match[1].rm_eo - match[1].rm_so));
    }
    regfree(&expression);
    return code;
}

static void print_localisation(const struct localise *l)
{
    printf("\n%zu pictures, %zu with %zu regions (%s); 95%% interval: bootstrap by %s", l->n_images, l->n_marked, l->n_regions, l->masks ? "masks" : "boxes",
           l->n_patients ? "patient" : "picture");
    if (l->n_patients)
        printf(", %zu of them", l->n_patients);
    printf("\n%-24s", "");
    for (size_t map = 0; map < 3; map++)
        printf("  %-22s", localise_map_name(map));
    for (size_t metric = 0; metric < LOCALISATION_METRICS; metric++) {
        printf("\n%-24s", localisation_metric_name((enum localisation_metric)metric));
        for (size_t map = 0; map < 3; map++) {
            const struct localise_figure *f = &l->figure[map][metric];
            char text[48];
            snprintf(text, sizeof text, "%.3f  %.3f to %.3f", f->value, f->low, f->high);
            printf("  %-22s", f->value != f->value ? "NA" : text);
        }
    }
    printf("\n");
}

static void answer_localisation(json_t *answer, const struct localise *l)
{
    json_t *list = json_array();
    for (size_t map = 0; map < 3; map++)
        for (size_t metric = 0; metric < LOCALISATION_METRICS; metric++) {
            const struct localise_figure *f = &l->figure[map][metric];
            json_t *figure = json_object();
            json_object_set_new(figure, "map", answer_text(localise_map_name(map)));
            json_object_set_new(figure, "metric", answer_text(localisation_metric_name((enum localisation_metric)metric)));
            json_object_set_new(figure, "value", answer_number(f->value));
            json_object_set_new(figure, "low", answer_number(f->low));
            json_object_set_new(figure, "high", answer_number(f->high));
            json_array_append_new(list, figure);
        }
    json_object_set_new(answer, "localisation", list);
}

/* ---- the command ---- */

static void print_summary(const struct heatmap *h, json_t *answer)
{
    double encoder = 0, decoder = 0;
    size_t made = 0, resumed = 0, passes = 0;
    for (size_t i = 0; i < h->n; i++) {
        encoder += h->picture[i].map.encoder_s;
        decoder += h->picture[i].map.decoder_s;
        made += h->picture[i].done && !h->picture[i].resumed;
        resumed += h->picture[i].resumed;
        passes += h->picture[i].done ? h->picture[i].map.passes : 0;
    }
    if (answer) {
        json_object_set_new(answer, "output", answer_text(h->options.output));
        json_object_set_new(answer, "maps_made", answer_count(made));
        json_object_set_new(answer, "maps_kept", answer_count(resumed));
        json_object_set_new(answer, "passes", answer_count(passes));
        json_object_set_new(answer, "seconds", answer_number(h->wall_s));
        return;
    }
    printf("%s: %zu error maps, %.1f passes each (%zu made now, %zu were there); error_maps.csv, maps/, overlays/, panels/\n", h->options.output,
           made + resumed, made + resumed ? (double)passes / (double)(made + resumed) : 0.0, made, resumed);
    if (made) {
        double thread_s = h->wall_s * h->options.n_threads;
        printf("%.3f s a picture; of the threads' time the encoder took %.0f%%, the decoder %.0f%%\n", h->wall_s / (double)made,
               100 * encoder * (h->n < (size_t)h->options.n_threads ? h->options.n_threads : 1) / thread_s,
               100 * decoder * (h->n < (size_t)h->options.n_threads ? h->options.n_threads : 1) / thread_s);
    }
}

static int run(const struct invocation *in, const struct encoder *e, const struct preprocess *p, struct status *st)
{
    struct mae_info info;
    struct paths paths = {0};
    struct heatmap h = {0};
    struct drawn drawn = {0};
    struct localise localise;
    const char *masks = in->value[OPTION_MASKS], *boxes = masks ? masks : in->value[OPTION_BOXES], *pattern = in->value[OPTION_PATIENT_PATTERN];
    char **patient = NULL;
    struct heatmap_options o = {.output = in->value[OPTION_OUTPUT] ? in->value[OPTION_OUTPUT] : "heatmaps", .n_threads = in->n_threads, .quiet = in->quiet};
    int code = mae_info(&info, e, st);
    if (!code)
        code = read_settings(&o.settings, in, &info, st);
    if (!code)
        code = list_pictures(&paths, in, st);
    if (!code && info.norm_pix_loss)
        fprintf(stderr, "warning: this model was trained with norm_pix_loss: its output is no grey level, and error maps of it have no absolute "
                        "meaning (made as the published script makes them)\n");
    if (!code && masks && in->value[OPTION_BOXES])
        code = status_set(st, STATUS_USAGE, "--boxes and --masks: one of them says where the findings are");
    if (!code && boxes)
        code = find_boxes(&drawn, &paths, boxes, masks != NULL, st);
    if (!code && pattern) {
        patient = NEW0(paths.n + 1, char *);
        code = find_patients(patient, &paths, pattern, st);
    }
    if (!code)
        code = heatmap_init(&h, e, p, &o, (const char *const *)paths.path, (const struct map_box *const *)drawn.box, drawn.n_boxes, paths.n, st);
    for (size_t i = 0; i < paths.n && !code; i++) {
        h.picture[i].outline = masks ? drawn.outline[i] : NULL;
        h.picture[i].patient = patient ? patient[i] : NULL;
    }
    if (!code)
        code = heatmap_run(&h, st);
    if ((!code || code == STATUS_DATA) && h.wall_s > 0)
        print_summary(&h, in->answer);
    /* also of the pictures that have a map where others are bad, which stay the outcome */
    struct status of_scores = {0};
    if ((!code || (code == STATUS_DATA && h.wall_s > 0)) && boxes) {
        int scored = localise_run(&localise, &h, &of_scores);
        if (!scored && in->answer)
            answer_localisation(in->answer, &localise);
        else if (!scored)
            print_localisation(&localise);
        else if (!code)
            code = status_set(st, scored, "%s", of_scores.text);
    }
    heatmap_free(&h);
    drawn_free(&drawn);
    for (size_t i = 0; patient && i < paths.n; i++)
        free(patient[i]);
    free(patient);
    free_paths(&paths);
    return code;
}

int cmd_heatmap(const struct invocation *in, struct status *st)
{
    const char *path = in->argument[0];
    struct encoder *e;
    struct preprocess p;
    struct encoder_options options = {.decoder = true, .digest = true};
    if (in->value[OPTION_PRECISION] && !encoder_precision_parse(&options.precision, in->value[OPTION_PRECISION]))
        return status_set(st, STATUS_USAGE, "--precision is '%s'; fp32 or bf16 was expected", in->value[OPTION_PRECISION]);
    int code = encoder_open_with(&e, path, &options, st);
    if (code)
        return code;
    char *directory = file_is_directory(path) ? mem_strdup(path) : path_directory(path);
    code = preprocess_read(&p, directory, encoder_info(e)->input_height, st);
    if (!code && (code = encoder_set_input(e, p.height, p.width, st)))
        code = status_context(st, "'%s': pictures as preprocessor_config.json wants them", path);
    if (!code)
        code = run(in, e, &p, st);
    free(directory);
    encoder_close(e);
    return code;
}
