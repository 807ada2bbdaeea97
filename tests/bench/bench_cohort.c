/* The whole command `skelex-eval extract` over cohorts of several sizes, beside
 * the encoder alone in the same run: images a second (start, digest of the
 * weights, decoding and the store included), what an image more costs, and peak
 * memory, which must not grow with the number of images.
 *
 *   bench_cohort [--sizes N,N,...] [--images FOLDER] [--rounds N] [--layers N] [--threads N] [--quick] [--tiny]
 *                [--precision P] [--csv FILE]
 *
 * Images are spread evenly over those found under FOLDER (PNG and JPEG, any depth); without it, or where it is not there,
 * `skelex-eval synth` draws them.  The encoder alone is timed before and after each command; the ratio is to the mean of both.
 * Exit codes: 0, 1 something failed, 2 usage. */
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "figures.h"
#include "load.h"
#include "ours.h"
#include "process.h"
#include "scratch_run.h"
#include "timing.h"

#define MAX_SIZES 16
#define N_PICTURES 16
#define LEAST 16 /* images of a cohort: the audit wants enough for test set and folds */

struct options {
    struct model model;
    size_t size[MAX_SIZES], n_sizes, rounds, threads;
    const char *images, *precision, *csv;
};

struct bench {
    const struct options *o;
    const char *folder;
    char *program, *said;
    struct ours *ours;
    float *pixels;
    size_t batch; /* the encoder's better one */
    struct figures figures;
};

/* ---- images ---- */

static struct {
    char **path;
    size_t n, capacity;
} found; /* nftw hands no argument through */

static int take_image(const char *path, const struct stat *s, int type, struct FTW *where)
{
    (void)s;
    (void)where;
    const char *dot = strrchr(path, '.');
    if (type == FTW_F && dot && (!strcasecmp(dot, ".png") || !strcasecmp(dot, ".jpg") || !strcasecmp(dot, ".jpeg"))) {
        found.path = mem_grow(found.path, found.n, &found.capacity, sizeof *found.path);
        found.path[found.n++] = mem_strdup(path);
    }
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool find_images(const struct bench *b, size_t most)
{
    char *folder = b->o->images ? realpath(b->o->images, NULL) : NULL;
    if (!folder) {
        char *patients = mem_printf("%zu", most);
        double seconds, mb;
        folder = path_join(b->folder, "synth");
        const char *const arguments[] = {b->program, "synth", "-q", "--patients", patients, folder, NULL};
        if (process_measure(&seconds, &mb, b->said, arguments) != 0)
            fprintf(stderr, "bench_cohort: '%s synth' failed\n", b->program);
        free(patients);
    }
    nftw(folder, take_image, 16, FTW_PHYS);
    if (found.n)
        qsort(found.path, found.n, sizeof *found.path, by_text);
    printf("%zu images of %s\n", found.n, b->o->images && strncmp(folder, b->folder, strlen(b->folder)) ? "the folder given" : "skelex-eval synth");
    if (found.n == 0)
        fprintf(stderr, "bench_cohort: there are no images in '%s'\n", folder);
    free(folder);
    return found.n > 0;
}

/* ---- a study ---- */

/* folder/study.yaml over n of the images. */
static bool write_study(const struct bench *b, const char *folder, size_t n)
{
    char *images = path_join(folder, "data"), *path = path_join(folder, "study.yaml"), *task = path_join(folder, "task.yaml");
    char *table = path_join(images, "cohort.csv");
    struct status st;
    bool fine = !file_make_directories(images, &st);
    FILE *f = fine ? fopen(table, "w") : NULL;
    fine = f && fputs("image,label,patient\n", f) >= 0;
    for (size_t i = 0; i < n && fine; i++) {
        const char *from = found.path[i * found.n / n], *dot = strrchr(from, '.');
        char *to = mem_printf("%s/%zu%s", images, i, dot);
        fine = symlink(from, to) == 0 && fprintf(f, "%zu%s,%zu,%zu\n", i, dot, i % 2, i) > 0;
        free(to);
    }
    fine = f && fclose(f) == 0 && fine;
    f = fine ? fopen(task, "w") : NULL;
    fine = f && fputs("name: bench\nkind: binary\nclasses: [{name: even, values: [\"0\"]}, {name: odd, values: [\"1\"]}]\n"
                      "cohort: {table: cohort.csv}\n", f) >= 0;
    fine = f && fclose(f) == 0 && fine;
    f = fine ? fopen(path, "w") : NULL;
    fine = f && fprintf(f, "name: bench\noutput: out\nstore: store\ndata_root: data\ntasks: [{task: task.yaml}]\nfolds: 2\n"
                           "models: [{name: large, path: %s, precision: %s}]\n", b->folder, b->o->precision) > 0;
    fine = f && fclose(f) == 0 && fine;
    free(table);
    free(task);
    free(path);
    free(images);
    return fine;
}

/* Images that the command says it encoded; 0 if it says nothing of the kind. */
static size_t encoded(const char *said)
{
    FILE *f = fopen(said, "r");
    char *line = NULL;
    size_t size = 0, n = 0, a, c;
    while (f && getline(&line, &size, f) > 0)
        if (sscanf(line, "embeddings: %zu different images, %zu were in the store, %zu encoded now", &a, &c, &n) == 3)
            break;
    free(line);
    if (f)
        fclose(f);
    return n;
}

/* The command over n images, from an empty store. */
static bool run_command(struct bench *b, size_t round, size_t n, double *rate)
{
    char *folder = mem_printf("%s/cohort-%zu-%zu", b->folder, round, n), *study = path_join(folder, "study.yaml"), threads[24];
    double seconds = 0, mb = 0;
    snprintf(threads, sizeof threads, "%zu", b->o->threads);
    const char *const arguments[] = {b->program, "extract", "-t", threads, study, NULL};
    bool fine = write_study(b, folder, n);
    int code = fine ? process_measure(&seconds, &mb, b->said, arguments) : -1;
    size_t done = encoded(b->said);
    if (code != 0 || done == 0 || done > n) {
        fprintf(stderr, "bench_cohort: '%s extract' over %zu images ended with %d; it said:\n", b->program, n, code);
        FILE *f = fopen(b->said, "r");
        for (int c; f && (c = fgetc(f)) != EOF;)
            fputc(c, stderr);
        if (f)
            fclose(f);
        fine = false;
    } else {
        *rate = (double)done / seconds;
        const char *p = b->o->precision;
        figures_of(&b->figures, "rate", "skelex-eval extract", p, b->o->threads, 0, n, "images/s")->value[round] = *rate;
        figures_of(&b->figures, "seconds", "skelex-eval extract", p, b->o->threads, 0, n, "s")->value[round] = seconds;
        figures_of(&b->figures, "memory", "skelex-eval extract", p, b->o->threads, 0, n, "MB")->value[round] = mb;
        if (done < n)
            printf("  of %zu images %zu are different\n", n, done);
    }
    free(study);
    free(folder);
    return fine;
}

/* ---- the encoder alone ---- */

static double kernel_rate(struct bench *b, size_t batch)
{
    size_t each = b->o->threads * batch, images = (8 + each - 1) / each * each;
    double seconds;
    struct status st = {0};
    usleep(50000); /* spinning threads fall asleep */
    if (ours_time(&seconds, b->ours, b->pixels, N_PICTURES, b->o->threads, batch, images, &st)) {
        fprintf(stderr, "bench_cohort: %s\n", st.text);
        return 0;
    }
    return (double)images / seconds;
}

static bool rounds(struct bench *b)
{
    const struct options *o = b->o;
    b->batch = kernel_rate(b, 1) > kernel_rate(b, 4) ? 1 : 4;
    for (size_t round = 0; round < o->rounds; round++) {
        double before = kernel_rate(b, b->batch);
        for (size_t i = 0; i < o->n_sizes; i++) {
            size_t n = o->size[round % 2 ? o->n_sizes - 1 - i : i];
            double rate = 0, after;
            if (!run_command(b, round, n, &rate) || (after = kernel_rate(b, b->batch)) <= 0)
                return false;
            double alone = 0.5 * (before + after);
            figures_of(&b->figures, "rate", "encoder alone", o->precision, o->threads, b->batch, n, "images/s")->value[round] = alone;
            figures_of(&b->figures, "ratio", "extract to encoder", o->precision, o->threads, 0, n, "times")->value[round] = rate / alone;
            before = after;
        }
    }
    return true;
}

static double of(struct bench *b, const char *what, const char *who, size_t batch, size_t n, const char *unit)
{
    return figure_median(figures_of(&b->figures, what, who, b->o->precision, b->o->threads, batch, n, unit));
}

static void print(struct bench *b)
{
    const struct options *o = b->o;
    static const char *const whole = "skelex-eval extract";
    printf("%s, %zu threads, %zu layers; encoder alone in batches of %zu\n", o->precision, o->threads, o->model.layers, b->batch);
    printf("  images  seconds  images/s  encoder alone  ratio (low to high)    peak MB\n");
    for (size_t i = 0; i < o->n_sizes; i++) {
        size_t n = o->size[i];
        const struct figure ratio = *figures_of(&b->figures, "ratio", "extract to encoder", o->precision, o->threads, 0, n, "times");
        printf("  %6zu %8.1f %9.3f %14.3f  %.3f (%.3f to %.3f) %10.0f\n", n, of(b, "seconds", whole, 0, n, "s"),
               of(b, "rate", whole, 0, n, "images/s"), of(b, "rate", "encoder alone", b->batch, n, "images/s"), figure_median(&ratio),
               figure_low(&ratio), figure_high(&ratio), of(b, "memory", whole, 0, n, "MB"));
    }
    if (o->n_sizes < 2)
        return;
    size_t few = o->size[0], many = o->size[o->n_sizes - 1];
    double more = (double)(many - few), seconds = of(b, "seconds", whole, 0, many, "s") - of(b, "seconds", whole, 0, few, "s");
    double alone = 0, rate = more / seconds;
    for (size_t i = 0; i < o->n_sizes; i++)
        alone += of(b, "rate", "encoder alone", b->batch, o->size[i], "images/s") / (double)o->n_sizes;
    figures_of(&b->figures, "rate", "an image more", o->precision, o->threads, 0, many, "images/s")->value[0] = rate;
    figures_of(&b->figures, "ratio", "an image more to encoder", o->precision, o->threads, 0, many, "times")->value[0] = rate / alone;
    printf("  from %zu to %zu images: %.3f images/s, %.3f of the encoder alone; peak memory %+.1f MB, %+.1f KB an image\n", few, many, rate,
           rate / alone, of(b, "memory", whole, 0, many, "MB") - of(b, "memory", whole, 0, few, "MB"),
           1024 * (of(b, "memory", whole, 0, many, "MB") - of(b, "memory", whole, 0, few, "MB")) / more);
}

static int work(const char *folder, void *argument)
{
    const struct options *o = argument;
    char *build = process_build();
    struct bench b = {.o = o, .folder = folder, .program = path_join(build, "skelex-eval"), .said = path_join(folder, "said"),
                      .pixels = ours_pictures(&o->model, N_PICTURES), .figures.layers = o->model.layers};
    struct load before = load_now();
    struct status st = {0};
    size_t most = 0;
    for (size_t i = 0; i < o->n_sizes; i++)
        most = o->size[i] > most ? o->size[i] : most;
    bool fine = model_write(&o->model, folder) && find_images(&b, most);
    if (fine && most > found.n) {
        fprintf(stderr, "bench_cohort: there are %zu images, not %zu\n", found.n, most);
        fine = false;
    }
    if (fine && ours_open(&b.ours, folder, o->precision, &st)) {
        fprintf(stderr, "bench_cohort: %s\n", st.text);
        fine = false;
    }
    fine = fine && rounds(&b);
    if (fine) {
        print(&b);
        load_print(&before);
    }
    if (fine && o->csv && figures_write(&b.figures, o->csv, &st)) {
        fprintf(stderr, "bench_cohort: %s\n", st.text);
        fine = false;
    }
    for (size_t i = 0; i < found.n; i++)
        free(found.path[i]);
    free(found.path);
    ours_close(b.ours);
    figures_free(&b.figures);
    free(b.pixels);
    free(b.program);
    free(b.said);
    free(build);
    return !fine;
}

static bool size_option(size_t *value, const char *text, size_t least, size_t most)
{
    return text && number_parse_size(text, value) && *value >= least && *value <= most;
}

/* Ascending sizes with commas. */
static bool sizes_option(struct options *o, const char *text)
{
    char *copy = text ? mem_strdup(text) : NULL, *rest = copy;
    bool fine = copy != NULL;
    o->n_sizes = 0;
    for (char *word; fine && (word = strsep(&rest, ",")) != NULL; o->n_sizes++)
        fine = o->n_sizes < MAX_SIZES && size_option(&o->size[o->n_sizes], word, LEAST, 1000000) &&
               (o->n_sizes == 0 || o->size[o->n_sizes] > o->size[o->n_sizes - 1]);
    free(copy);
    return fine && o->n_sizes > 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--launch"))
        return process_launch(argv + 2);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct options o = {.model = model_large, .size = {16, 48, 96}, .n_sizes = 3, .rounds = 1, .threads = processors > 1 ? 2 : 1,
                        .precision = "fp32"};
    bool fine = true;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc && fine; i++) {
        const char *a = argv[i], *value = argv[i + 1];
        if (!strcmp(a, "--quick"))
            o.model.layers = 4, o.size[0] = 16, o.size[1] = 64, o.n_sizes = 2;
        else if (!strcmp(a, "--tiny"))
            o.model = model_tiny, o.size[0] = 16, o.size[1] = 32, o.n_sizes = 2;
        else if (!strcmp(a, "--sizes"))
            fine = sizes_option(&o, value), i++;
        else if (!strcmp(a, "--rounds"))
            fine = size_option(&o.rounds, value, 1, MAX_ROUNDS), i++;
        else if (!strcmp(a, "--layers"))
            fine = size_option(&o.model.layers, value, 1, 1000), i++;
        else if (!strcmp(a, "--threads"))
            fine = size_option(&o.threads, value, 1, 64), i++;
        else if (!strcmp(a, "--images"))
            fine = (o.images = value) != NULL, i++;
        else if (!strcmp(a, "--precision"))
            fine = (o.precision = value) != NULL, i++;
        else if (!strcmp(a, "--csv"))
            fine = (o.csv = value) != NULL, i++;
        else
            fine = false;
    }
    if (!fine) {
        fprintf(stderr, "usage: bench_cohort [--sizes N,N,... (ascending, at least %d)] [--images FOLDER] [--rounds N] [--layers N]\n"
                        "                    [--threads N] [--quick] [--tiny] [--precision P] [--csv FILE]\n", LEAST);
        return 2;
    }
    return scratch_run(work, &o);
}
