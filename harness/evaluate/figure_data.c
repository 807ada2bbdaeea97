#include "evaluate/figure_data.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "evaluate/bands.h"
#include "evaluate/scored_table.h"
#include "metric/calibration.h"
#include "metric/confusion.h"
#include "metric/proportion.h"
#include "metric/regression.h"
#include "report/results.h"

#define LEVEL 0.95
#define BINS 10
#define MOST_POINTS 1000

#define CELL "study,task,protocol,model,readout,probe,preprocess,precision,"
#define CURVE ",low,high,n,n_patients,n_positive,level,replicates,undefined_replicates,method,class"

const char *const FIGURE_DATA_NAME[N_DATA_FILES] = {"roc", "precision_recall", "decision", "calibration", "confusion", "bland_altman"};
const char *const FIGURE_DATA_HEADER[N_DATA_FILES] = {
    CELL "class_number,false_positive_rate,sensitivity" CURVE,
    CELL "class_number,recall,precision_value" CURVE,
    CELL "class_number,threshold,treat_all,net_benefit" CURVE,
    CELL "bin,edge_low,edge_high,count,mean_probability,observed,low,high,n,level,method,class",
    CELL "truth_number,prediction_number,count,share,low,high,n_truth,level,method,truth,prediction",
    CELL "what,mean,difference,low,high,n,level,method,sample",
};

/* A model's cell of one task: where it stands, what it scored, its lines. */
struct cell_data {
    size_t row; /* of metrics.csv */
    struct scored_cell scored;
    char *text[N_DATA_FILES];
    struct status st;
};

struct job {
    const struct main_table *table;
    const struct scored_table *scores;
    uint64_t seed;
    const char *task;
};

static void write_cell(FILE *f, const struct job *j, const struct cell_data *c)
{
    static const char *const column[] = {"study", "task", "protocol", "model", "readout", "probe", "preprocess", "precision"};
    for (size_t k = 0; k < sizeof column / sizeof *column; k++) {
        csv_field(f, folder_cell(j->table->folder, FOLDER_METRICS, c->row, column[k]));
        fputc(',', f);
    }
}

static void numbers(FILE *f, const double *value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        csv_number(f, value[i]);
        fputc(',', f);
    }
}

/* ---- curves ---- */

static uint32_t *strata(const struct scored_cell *c)
{
    uint32_t *stratum = NEW0(c->n_units, uint32_t);
    for (size_t i = 0; i < c->n; i++)
        if ((uint32_t)c->label[i] > stratum[c->unit[i]])
            stratum[c->unit[i]] = (uint32_t)c->label[i];
    return stratum;
}

/* Lines of one curve of one class. */
static void curve_lines(FILE *f, const struct job *j, const struct cell_data *c, enum bands_curve curve, const struct bands *b, size_t class)
{
    const struct scored_cell *s = &c->scored;
    double share = (double)b->n_positive / (double)s->n;
    for (size_t i = 0; i < BANDS_POINTS; i++) {
        double x = bands_x(i);
        if (isnan(b->value[curve][i]))
            continue;
        write_cell(f, j, c);
        fprintf(f, "%zu,", class);
        numbers(f, &x, 1);
        if (curve == BANDS_BENEFIT)
            numbers(f, (const double[]){share - (1 - share) * x / (1 - x)}, 1);
        numbers(f, (const double[]){b->value[curve][i], b->low[curve][i], b->high[curve][i]}, 3);
        fprintf(f, "%zu,%zu,%zu,", s->n, s->n_units, b->n_positive);
        numbers(f, (const double[]){LEVEL}, 1);
        fprintf(f, "%d,%zu,percentile bootstrap by %s stratified by class,", FIGURE_DATA_REPLICATES, b->undefined, s->patients_named ? "patient" : "image");
        csv_field(f, j->scores->class_name[class]);
        fputc('\n', f);
    }
}

static void curves_of(FILE *const *f, const struct job *j, struct cell_data *c)
{
    const struct scored_cell *s = &c->scored;
    size_t n_classes = j->scores->n_classes;
    uint32_t *stratum = strata(s);
    int32_t *positive = NEW(s->n, int32_t);
    struct bands *b = NEW(1, struct bands);
    struct bootstrap_plan plan = {.n = s->n, .unit = s->unit, .n_units = s->n_units, .stratum = stratum, .n_strata = n_classes,
                                  .replicates = FIGURE_DATA_REPLICATES, .seed = j->seed, .stream = j->task};
    for (size_t k = n_classes == 2 ? 1 : 0; k < n_classes; k++) {
        struct status ignored = {0};
        for (size_t i = 0; i < s->n; i++)
            positive[i] = s->label[i] == (int32_t)k;
        if (bands_compute(b, positive, s->score + k, n_classes, &plan, LEVEL, &ignored))
            continue;
        curve_lines(f[DATA_ROC], j, c, BANDS_ROC, b, k);
        curve_lines(f[DATA_PRECISION_RECALL], j, c, BANDS_PRECISION, b, k);
        if (n_classes == 2)
            curve_lines(f[DATA_DECISION], j, c, BANDS_BENEFIT, b, k);
    }
    free(b);
    free(positive);
    free(stratum);
}

/* ---- calibration, confusion ---- */

static bool are_probabilities(const struct scored_cell *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(s->score[i] >= 0 && s->score[i] <= 1))
            return false;
    return true;
}

static void calibration_of(FILE *f, const struct job *j, const struct cell_data *c)
{
    const struct scored_cell *s = &c->scored;
    size_t k = j->scores->n_classes;
    struct calibration_bin bin[BINS];
    double *prob = NEW(s->n, double);
    int32_t *hit = NEW(s->n, int32_t);
    if (k == 2) {
        for (size_t i = 0; i < s->n; i++) {
            prob[i] = s->score[2 * i + 1];
            hit[i] = s->label[i];
        }
    } else if (are_probabilities(s, s->n * k)) {
        calibration_top_label(prob, hit, s->label, s->score, s->n, k);
    }
    if (are_probabilities(s, s->n * k)) {
        calibration_fill(bin, BINS, BINS_UNIFORM, hit, prob, NULL, s->n);
        for (size_t i = 0; i < BINS; i++) {
            if (bin[i].count == 0)
                continue;
            struct limits l = proportion_wilson((uint64_t)llround(bin[i].mean_label * bin[i].count), (uint64_t)bin[i].count, LEVEL);
            write_cell(f, j, c);
            fprintf(f, "%zu,", i + 1);
            numbers(f, (const double[]){bin[i].edge_low, bin[i].edge_high, bin[i].count, bin[i].mean_prob, bin[i].mean_label, l.low, l.high}, 7);
            fprintf(f, "%zu,%g,Wilson by image,", s->n, LEVEL);
            csv_field(f, k == 2 ? j->scores->class_name[1] : "largest probability");
            fputc('\n', f);
        }
    }
    free(hit);
    free(prob);
}

static void confusion_of(FILE *f, const struct job *j, const struct cell_data *c)
{
    const struct scored_cell *s = &c->scored;
    size_t k = j->scores->n_classes;
    uint64_t *count = NEW0(k * k, uint64_t);
    confusion_count(count, k, s->label, s->prediction, NULL, s->n);
    for (size_t truth = 0; truth < k; truth++)
        for (size_t said = 0; said < k; said++) {
            uint64_t n = confusion_support(count, k, truth), hits = count[truth * k + said];
            struct limits l = proportion_wilson(hits, n, LEVEL);
            write_cell(f, j, c);
            fprintf(f, "%zu,%zu,%llu,", truth, said, (unsigned long long)hits);
            numbers(f, (const double[]){n ? (double)hits / (double)n : NAN, l.low, l.high}, 3);
            fprintf(f, "%llu,%g,Wilson by image,", (unsigned long long)n, LEVEL);
            csv_field(f, j->scores->class_name[truth]);
            fputc(',', f);
            csv_field(f, j->scores->class_name[said]);
            fputc('\n', f);
        }
    free(count);
}

/* ---- regression ---- */

static void agreement_line(FILE *f, const struct job *j, const struct cell_data *c, const char *what, double value, const double ci[2])
{
    write_cell(f, j, c);
    fprintf(f, "%s,,", what);
    numbers(f, (const double[]){value, ci[0], ci[1]}, 3);
    fprintf(f, "%zu,%g,Student t by image,\n", c->scored.n, LEVEL);
}

static void bland_altman_of(FILE *f, const struct job *j, const struct cell_data *c)
{
    const struct scored_cell *s = &c->scored;
    size_t n_points = s->n < MOST_POINTS ? s->n : MOST_POINTS, sample;
    struct status ignored = {0};
    if (table_column(&j->scores->table, "sample", &sample, &ignored))
        return;
    struct bland_altman b = regression_bland_altman(s->target, s->score, s->n, LEVEL);
    for (size_t p = 0; p < n_points; p++) {
        size_t i = p * s->n / n_points;
        write_cell(f, j, c);
        fputs("image,", f);
        numbers(f, (const double[]){(s->target[i] + s->score[i]) / 2, s->score[i] - s->target[i]}, 2);
        fprintf(f, ",,%zu,,,", s->n);
        csv_field(f, table_cell(&j->scores->table, s->row[i], sample));
        fputc('\n', f);
    }
    agreement_line(f, j, c, "bias", b.bias, b.bias_ci);
    agreement_line(f, j, c, "lower limit", b.low, b.low_ci);
    agreement_line(f, j, c, "upper limit", b.high, b.high_ci);
}

/* ---- a cell, a task ---- */

static void compute_cell(const struct job *j, struct cell_data *c)
{
    FILE *f[N_DATA_FILES];
    size_t size[N_DATA_FILES];
    const struct folder *folder = j->table->folder;
    c->st.code = scored_cell_take(&c->scored, j->scores, folder_cell(folder, FOLDER_METRICS, c->row, "protocol"), folder_cell(folder, FOLDER_METRICS, c->row, "model"),
                                  folder_cell(folder, FOLDER_METRICS, c->row, "readout"), folder_cell(folder, FOLDER_METRICS, c->row, "probe"), &c->st);
    if (c->st.code || !c->scored.n)
        return;
    for (size_t k = 0; k < N_DATA_FILES; k++)
        f[k] = open_memstream(&c->text[k], &size[k]);
    if (j->scores->n_classes) {
        curves_of(f, j, c);
        calibration_of(f[DATA_CALIBRATION], j, c);
        confusion_of(f[DATA_CONFUSION], j, c);
    } else {
        bland_altman_of(f[DATA_BLAND_ALTMAN], j, c);
    }
    for (size_t k = 0; k < N_DATA_FILES; k++)
        fclose(f[k]);
    scored_cell_free(&c->scored);
}

/* The models of one row of the main table; their lines go behind one another. */
static int compute_row(FILE *const *out, const struct main_table *t, const struct main_row *r, const struct scored_table *scores, int n_threads, struct status *st)
{
    const json_t *seed = json_object_get(t->folder->provenance, "seed");
    struct job j = {t, scores, (uint64_t)json_integer_value(seed), r->task};
    struct cell_data *c = NEW0(t->n_models, struct cell_data);
    int code = STATUS_OK;
    for (size_t k = 0; k < t->n_models; k++)
        c[k].row = r->cell[k].row;
#pragma omp parallel for schedule(dynamic) num_threads(n_threads)
    for (size_t k = 0; k < t->n_models; k++)
        if (c[k].row != SIZE_MAX)
            compute_cell(&j, &c[k]);
    for (size_t k = 0; k < t->n_models; k++) {
        if (c[k].st.code && !code)
            code = status_set(st, c[k].st.code, "%s", c[k].st.text);
        for (size_t i = 0; i < N_DATA_FILES; i++) {
            if (c[k].text[i])
                fputs(c[k].text[i], out[i]);
            free(c[k].text[i]);
        }
    }
    free(c);
    return code;
}

/* figures/KIND.TASK.csv; without lines there is none, nor one of an earlier run. */
static int write_file(const char *directory, size_t kind, const char *task, const char *lines, struct status *st)
{
    struct outfile out;
    char *name = mem_printf("%s.%s.csv", FIGURE_DATA_NAME[kind], task), *folder = path_join(directory, "figures");
    int code = STATUS_OK;
    if (*lines) {
        code = results_open(&out, directory, "figures", name, FIGURE_DATA_HEADER[kind], st);
        if (!code) {
            fputs(lines, out.stream);
            code = outfile_commit(&out, st);
        }
    } else {
        code = results_remove(folder, name, st);
    }
    free(folder);
    free(name);
    return code;
}

static int write_task(const struct main_table *t, size_t first, int n_threads, struct status *st)
{
    const char *task = t->row[first].task;
    char *name = mem_printf("predictions/%s.csv", task), *path = path_join(t->folder->directory, name), *text[N_DATA_FILES] = {0};
    FILE *out[N_DATA_FILES] = {0};
    size_t size[N_DATA_FILES];
    struct scored_table scores = {0};
    int code = file_exists(path) ? scored_table_read(&scores, path, st) : STATUS_OK;
    for (size_t i = 0; i < N_DATA_FILES && !code; i++) {
        out[i] = open_memstream(&text[i], &size[i]);
        if (!out[i])
            code = status_errno(st, STATUS_INTERNAL, "no memory for the figures of task %s", task);
    }
    for (size_t i = first; i < t->n && scores.table.n_columns && !code && !strcmp(t->row[i].task, task); i++) {
        bool seen = strcmp(t->row[i].partition, "test") != 0 || !strcmp(t->row[i].protocol, "official");
        for (size_t k = first; k < i && !seen; k++)
            seen = !strcmp(t->row[k].protocol, t->row[i].protocol) && !strcmp(t->row[k].partition, "test");
        if (!seen)
            code = compute_row(out, t, &t->row[i], &scores, n_threads, st);
    }
    for (size_t i = 0; i < N_DATA_FILES; i++) {
        if (out[i])
            fclose(out[i]);
        if (!code)
            code = write_file(t->folder->directory, i, task, text[i], st);
        free(text[i]);
    }
    if (scores.table.n_columns)
        scored_table_free(&scores);
    free(path);
    free(name);
    return code;
}

int figure_data_write(const struct main_table *t, int n_threads, struct status *st)
{
    int code = STATUS_OK;
    for (size_t i = 0; i < t->n && !code; i++)
        if (i == 0 || strcmp(t->row[i].task, t->row[i - 1].task) != 0)
            code = write_task(t, i, n_threads, st);
    return code;
}
