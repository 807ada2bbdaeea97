/* Comparison of a whole study from its files: 12 tasks, 6 models, all 15 pairs of each, B = 10,000.
 *
 * Sizes are about those of the public tasks' test parts; half the tasks have several images a patient (relabelling by
 * patient), the others one (DeLong); two of several classes, one of grades, one a regression.  What is timed is
 * compare_write: reading predictions/ and splits/, replicates, tests, compare.csv and ranks.csv.
 *
 *   bench_compare [--tiny]    --tiny: one round of small tasks with few replicates, to see that it works */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "evaluate/compare.h"
#include "scratch_run.h"
#include "timing.h"

enum { N_TASKS = 12, N_MODELS = 6, ROUNDS = 3 };

static const struct {
    const char *name, *kind;
    size_t n, classes, views; /* views: images of a patient */
} TASK[N_TASKS] = {{"pesplanus", "binary", 160, 2, 1},     {"boneage", "regression", 1425, 0, 1}, {"mura", "binary", 3197, 2, 4},
                   {"fracatlas", "binary", 800, 2, 1},     {"implant", "binary", 800, 2, 1},      {"kneeoa", "ordinal", 1656, 5, 2},
                   {"wrist", "binary", 4065, 2, 3},        {"wrist_implant", "binary", 4065, 2, 3}, {"wrist_ao", "multiclass", 2400, 4, 3},
                   {"btxrd", "binary", 750, 2, 1},         {"btxrd_mb", "binary", 375, 2, 1},     {"btxrd_subtype", "multiclass", 375, 7, 1}};

struct sizes {
    size_t divide, replicates, rounds;
};

static FILE *open_file(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    FILE *f = fopen(path, "w");
    if (!f) {
        perror(path);
        exit(1);
    }
    free(path);
    return f;
}

/* As many development rows as test rows stand in the way of the reader. */
static void write_task(const char *folder, size_t t, const struct sizes *z)
{
    size_t n = TASK[t].n / z->divide, k = TASK[t].classes;
    char name[64];
    gsl_rng *rng = rng_stream_new();
    rng_stream_set(rng, 1, TASK[t].name, 0);
    double *truth = NEW(n, double);
    (void)snprintf(name, sizeof name, "splits/%s.csv", TASK[t].name);
    FILE *f = open_file(folder, name);
    fputs("sample,patient,site,label,protocol,partition,fold,unit,sha256\n", f);
    for (size_t i = 0; i < n; i++) {
        truth[i] = k ? (double)(i / TASK[t].views % k) : 200 * gsl_rng_uniform(rng);
        fprintf(f, "%06zu.png,p%zu,,%.17g,grouped,test,,%zu,%s%06zu\n", i, i / TASK[t].views, truth[i], i / TASK[t].views + 1,
                strncmp(TASK[t].name, "btxrd", 5) ? TASK[t].name : "btxrd", i);
    }
    fclose(f);
    (void)snprintf(name, sizeof name, "predictions/%s.csv", TASK[t].name);
    f = open_file(folder, name);
    fputs("sample,patient,site,protocol,partition,fold,label,model,readout,probe,prediction", f);
    for (size_t c = 0; c < k; c++)
        fprintf(f, ",score_%zu", c);
    fputc('\n', f);
    for (size_t m = 0; m < N_MODELS; m++)
        for (int test = 0; test < 2; test++)
            for (size_t i = 0; i < n; i++) {
                fprintf(f, "%s%06zu.png,p%zu,,grouped,%s,%s,%.17g,m%zu,cls,linear,", test ? "" : "d", i, i / TASK[t].views, test ? "test" : "development",
                        test ? "" : "1", truth[i], m);
                if (!k)
                    fprintf(f, "%.17g", truth[i] + 30 * (gsl_rng_uniform(rng) - 0.5) * (1 + (double)m / 10));
                else
                    fputc('0', f);
                for (size_t c = 0; c < k; c++)
                    fprintf(f, ",%.17g", gsl_rng_uniform(rng) + (c == (size_t)truth[i] ? 0.2 + 0.02 * (double)m : 0));
                fputc('\n', f);
            }
    fclose(f);
    free(truth);
    gsl_rng_free(rng);
}

static void write_study(const char *folder, const struct sizes *z)
{
    struct status st;
    const char *const sub[] = {"splits", "predictions"};
    for (size_t i = 0; i < 2; i++) {
        char *path = path_join(folder, sub[i]);
        if (file_make_directories(path, &st)) {
            fprintf(stderr, "%s\n", st.text);
            exit(1);
        }
        free(path);
    }
    FILE *f = open_file(folder, "provenance.json");
    fprintf(f, "{\"study\": \"bench\", \"seed\": 2025, \"bootstrap\": {\"replicates\": %zu, \"level\": 0.95, \"cluster\": \"patient\", \"stratify\": \"auto\"},\n"
               "\"compare\": {\"reference\": null, \"metric\": null, \"probe\": \"linear\", \"readout\": null},\n\"models\": [", z->replicates);
    for (size_t m = 0; m < N_MODELS; m++)
        fprintf(f, "%s{\"name\": \"m%zu\"}", m ? ", " : "", m);
    fputs("],\n\"tasks\": [", f);
    for (size_t t = 0; t < N_TASKS; t++)
        fprintf(f, "%s{\"name\": \"%s\", \"kind\": \"%s\", \"patients_named\": true}", t ? ",\n" : "", TASK[t].name, TASK[t].kind);
    fputs("]}\n", f);
    fclose(f);
    for (size_t t = 0; t < N_TASKS; t++)
        write_task(folder, t, z);
}

static int work(const char *folder, void *argument)
{
    const struct sizes *z = argument;
    double took[ROUNDS];
    char *directory = mem_strdup(folder);
    write_study(folder, z);
    for (int threads = 1; threads <= 2; threads++) {
        struct compare_summary summary = {0};
        for (size_t r = 0; r < z->rounds; r++) {
            struct compare_options o = {.directory = &directory, .n_directories = 1, .output = folder, .n_threads = threads, .quiet = true};
            struct status st;
            double began = now();
            compare_summary_free(&summary);
            if (compare_write(&o, &summary, &st)) {
                fprintf(stderr, "%s\n", st.text);
                return 1;
            }
            took[r] = now() - began;
        }
        printf("12 tasks, 6 models, %zu replicates, %d thread%s: %.2f s (median of %zu); %zu hypotheses, %zu significant; peak %.0f MB\n", z->replicates, threads,
               threads > 1 ? "s" : "", median(took, z->rounds), z->rounds, summary.outcome[0].tested, summary.outcome[0].significant, peak_mb());
        compare_summary_free(&summary);
    }
    free(directory);
    return 0;
}

int main(int argc, char **argv)
{
    bool tiny = argc == 2 && !strcmp(argv[1], "--tiny");
    struct sizes z = tiny ? (struct sizes){10, 200, 1} : (struct sizes){1, 10000, ROUNDS};
    if (argc > 1 && !tiny) {
        fprintf(stderr, "usage: bench_compare [--tiny]\n");
        return 2;
    }
    return scratch_run(work, &z);
}
