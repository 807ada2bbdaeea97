#include "report/drawings.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "report/gnuplot.h"
#include "report/main_table.h"

static const char *m(const struct folder *f, size_t row, const char *column)
{
    return folder_cell(f, FOLDER_METRICS, row, column);
}

static bool has_file(const struct folder *f, const char *name)
{
    char *path = path_join(f->directory, name);
    bool there = file_exists(path);
    free(path);
    return there;
}

struct plan {
    struct drawing_list *list;
    size_t capacity;
    const struct folder *folder;
};

/* name ("roc.TASK.PROTOCOL" is drawn by roc.gp), title and caption are taken over; task, protocol, probe ("" to leave out) become the script's arguments. */
static void add(struct plan *plan, char *name, const char *csv, const char *task, char *title, char *caption, const char *protocol,
                const char *probe)
{
    struct drawing g = {.name = name, .task = mem_strdup(task), .title = title, .caption = caption, .script = mem_printf("%.*s.gp", (int)strcspn(name, "."), name), .csv = mem_strdup(csv)};
    const char *const argument[] = {task, protocol, probe};
    for (size_t i = 0; i < 3; i++)
        g.argument[i] = mem_strdup(argument[i]);
    plan->list->drawing = mem_grow(plan->list->drawing, plan->list->n, &plan->capacity, sizeof g);
    plan->list->drawing[plan->list->n++] = g;
}

/* ---- of a task ---- */

/* A task under one protocol: the first row of its test part says n. */
struct view {
    const char *study, *task, *protocol, *probe, *n, *n_patients, *level, *method;
};

static const struct {
    const char *name, *csv /* begins with, then TASK.csv; NULL: NAME.csv, of all tasks */, *title, *band;
} KIND[] = {
    {"roc", "figures/roc.", "ROC", "Band: 95% percentile interval of the sensitivity, by patient"},
    {"precision_recall", "figures/precision_recall.", "Precision and recall", "Band: 95% percentile interval of the precision, by patient"},
    {"calibration", "figures/calibration.", "Calibration", "Bars: 95% Wilson interval of the observed share; below: images a bin"},
    {"decision", "figures/decision.", "Decision curve", "Band: 95% percentile interval of the net benefit, by patient"},
    {"confusion", "figures/confusion.", "Confusion matrix", "Images, and under them the share of their true class with its 95% Wilson interval"},
    {"bland_altman", "figures/bland_altman.", "Bland-Altman", "Lines: bias and limits of agreement, each with its 95% interval"},
    {"subgroups", NULL, "Subgroups", "Beside each group: images, patients; bars: intervals as subgroups.csv names them"},
    {"embedding", "embedding.", "Map of the features", "Principal components of the standardised features, in per cent of their variance; no interval"},
};

/* Does the CSV have a row of this task and protocol? */
static bool has_rows(const struct folder *f, const char *csv, const char *task, const char *protocol)
{
    struct table t;
    size_t c_task, c_protocol;
    struct status ignored = {0};
    char *path = path_join(f->directory, csv);
    bool found = false;
    if (file_exists(path) && !table_read(&t, path, &ignored)) {
        bool has = !table_column(&t, "task", &c_task, &ignored) && !table_column(&t, "protocol", &c_protocol, &ignored);
        for (size_t i = 0; has && i < t.n_rows && !found; i++)
            found = !strcmp(table_cell(&t, i, c_protocol), protocol) && !strcmp(table_cell(&t, i, c_task), task);
        table_free(&t);
    }
    free(path);
    return found;
}

static char *caption_of(const struct view *v, const char *more)
{
    return mem_printf("Study %s, protocol %s, probe %s; test part: %s images of %s patients. %s.", v->study, v->protocol, v->probe, v->n, v->n_patients, more);
}

static void plan_task(struct plan *plan, const struct view *v)
{
    for (size_t k = 0; k < sizeof KIND / sizeof *KIND; k++) {
        char *csv = KIND[k].csv ? mem_printf("%s%s.csv", KIND[k].csv, v->task) : mem_printf("%s.csv", KIND[k].name);
        if (has_rows(plan->folder, csv, v->task, v->protocol))
            add(plan, mem_printf("%s.%s.%s", KIND[k].name, v->task, v->protocol), csv, v->task, mem_printf("%s of %s", KIND[k].title, v->task),
                caption_of(v, KIND[k].band), v->protocol, v->probe);
        free(csv);
    }
    if (has_file(plan->folder, "path.csv") && strcmp(v->protocol, "official") != 0)
        add(plan, mem_printf("path.%s.%s", v->task, v->protocol), "path.csv", v->task, mem_printf("Regularisation paths of %s", v->task),
            mem_printf("Study %s, protocol %s, probe %s: the criterion on validation folds over the penalty; ring: the value chosen, the test part had no "
                       "say. Band: from the least to the most of the folds, no confidence interval.", v->study, v->protocol, v->probe), v->protocol, v->probe);
}

/* Every task and protocol that the main table shows, by the first probe of its first model. */
static void plan_tasks(struct plan *plan, const struct main_table *t)
{
    const struct folder *f = plan->folder;
    for (size_t i = 0; i < t->n; i++) {
        const struct main_row *r = &t->row[i];
        bool seen = strcmp(r->partition, "test") != 0;
        for (size_t j = 0; j < i && !seen; j++)
            seen = !strcmp(t->row[j].task, r->task) && !strcmp(t->row[j].protocol, r->protocol) && !strcmp(t->row[j].partition, "test");
        size_t first = SIZE_MAX;
        for (size_t k = 0; k < t->n_models && first == SIZE_MAX; k++)
            first = r->cell[k].row;
        if (seen || first == SIZE_MAX)
            continue;
        struct view v = {m(f, first, "study"), r->task, r->protocol, r->probe, m(f, first, "n"), m(f, first, "n_patients"), m(f, first, "level"), m(f, first, "method")};
        plan_task(plan, &v);
    }
}

/* ---- of the study ---- */

static bool knows_baselines(const struct main_table *t)
{
    bool model = false, baseline = false;
    for (size_t k = 0; k < t->n_models; k++) {
        bool is_baseline = !strcmp(t->model[k], "thumbnail") || !strcmp(t->model[k], "acquisition");
        baseline |= is_baseline;
        model |= !is_baseline;
    }
    return model && baseline;
}

/* Of ranks.csv: what its rows over tasks say of the critical difference. */
static void plan_ranks(struct plan *plan, const char *study)
{
    const struct folder *f = plan->folder;
    for (size_t i = 0; i < f->table[FOLDER_RANKS].n_rows; i++) {
        const char *protocol = folder_cell(f, FOLDER_RANKS, i, "protocol"), *reason = folder_cell(f, FOLDER_RANKS, i, "reason");
        const char *warning = folder_cell(f, FOLDER_RANKS, i, "warning");
        if (!folder_is(f, FOLDER_RANKS, i, "statistic", "critical_difference") || !folder_is(f, FOLDER_RANKS, i, "basis", "tasks"))
            continue;
        add(plan, mem_printf("ranks.%s", protocol), "ranks.csv", "", mem_strdup("Mean ranks over tasks"),
            mem_printf("Study %s, protocol %s: %s tasks. %s%s%s%s%s", study, protocol, folder_cell(f, FOLDER_RANKS, i, "n"),
                       *reason ? "No critical difference: " : "Bars: half of Nemenyi's critical difference to each side; two models whose bars do not meet differ.",
                       reason, *reason ? "." : "", *warning ? " Caution: " : "", warning),
            protocol, "");
    }
}

/* A cohort's external.csv; `name` "": of the folder itself. */
static void plan_external(struct plan *plan, const char *study, const struct main_row *r, const char *name)
{
    char *csv = *name ? mem_printf("external/%s/external.csv", name) : mem_strdup("external.csv"), *path = path_join(plan->folder->directory, csv);
    struct table t;
    struct status ignored;
    if (file_exists(path) && !table_read(&t, path, &ignored)) {
        const char *n[4] = {"", "", "", ""};
        static const char *const column[] = {"internal_n", "internal_n_patients", "external_n", "external_n_patients"};
        for (size_t k = 0, c; k < 4 && t.n_rows; k++)
            n[k] = table_column(&t, column[k], &c, &ignored) ? "" : table_cell(&t, 0, c);
        add(plan, *name ? mem_printf("external.%s", name) : mem_strdup("external"), csv, "",
            *name ? mem_printf("Internal test against %s", name) : mem_strdup("Internal test against external cohort"),
            mem_printf("Study %s, protocol %s, probe %s, carried as it was kept; of the first task %s images of %s patients against %s of %s. Bars: both intervals, as external.csv "
                       "names them. Under the diagonal (of errors: above it) a model does worse elsewhere.", study, r->protocol, r->probe, n[0], n[1], n[2], n[3]),
            r->protocol, r->probe);
        table_free(&t);
    }
    free(path);
    free(csv);
}

static void plan_externals(struct plan *plan, const char *study, const struct main_row *r)
{
    struct file_list names = {0};
    struct status ignored;
    char *folder = path_join(plan->folder->directory, "external");
    plan_external(plan, study, r, "");
    if (file_is_directory(folder) && !file_list_directory(&names, folder, &ignored)) {
        for (size_t i = 0; i < names.n; i++)
            if (folder_names_external(plan->folder, names.name[i]))
                plan_external(plan, study, r, names.name[i]);
        file_list_free(&names);
    }
    free(folder);
}

static void plan_study(struct plan *plan, const struct main_table *t)
{
    const struct folder *f = plan->folder;
    if (!t->n)
        return;
    const struct main_row *r = &t->row[0];
    const char *study = m(f, 0, "study");
    char *interval = mem_printf("Study %s, probe %s; each task's test part (n beside its name: images, patients). Bars: intervals as main_table.csv names them", study, r->probe);
    add(plan, mem_strdup("forest"), "main_table.csv", "", mem_strdup("Models by task"), mem_printf("%s.", interval), r->protocol, r->probe);
    if (knows_baselines(t))
        add(plan, mem_strdup("shortcut"), "main_table.csv", "", mem_strdup("Beside the trivial baselines"),
            mem_printf("%s. Under the diagonal a model does worse than a 16x16 thumbnail, or than size, bit depth, brightness and file size alone.", interval),
            r->protocol, r->probe);
    free(interval);
    plan_ranks(plan, study);
    plan_externals(plan, study, r);
    if (has_file(f, "efficiency.csv"))
        add(plan, mem_strdup("label_efficiency"), "efficiency.csv", "", mem_strdup("Label efficiency"),
            mem_printf("Study %s, probe %s: mean over draws of labelled training patients. Bars below 100 %%: percentiles of the draws; at 100 %%: bootstrap interval "
                       "of the test part.", study, r->probe), r->protocol, r->probe);
}

void drawings_plan(struct drawing_list *list, const struct folder *f)
{
    struct plan plan = {list, 0, f};
    struct main_table t;
    *list = (struct drawing_list){0};
    main_table_make(&t, f);
    plan_study(&plan, &t);
    plan_tasks(&plan, &t);
    main_table_free(&t);
}

/* ---- drawing ---- */

static int draw(struct drawing *g, const char *scripts, const char *directory, struct status *st)
{
    char *out = mem_printf("figures/%s", g->name), *path = mem_printf("%s/figures/%s.svg", directory, g->name);
    const char *argument[] = {g->csv, out, g->title, g->caption, g->argument[0], g->argument[1], g->argument[2], NULL};
    int code = gnuplot_run(scripts, g->script, directory, argument, st);
    g->drawn = !code && file_exists(path);
    free(path);
    free(out);
    return code;
}

int drawings_draw(struct drawing_list *list, const struct folder *f, int n_threads, struct status *st)
{
    const char *why;
    char *scripts = gnuplot_find(&why), *folder = path_join(f->directory, "figures");
    if (!scripts) {
        list->missing = mem_strdup(why);
        free(folder);
        return STATUS_OK;
    }
    int code = file_make_directories(folder, st);
    struct status *said = NEW0(list->n + 1, struct status);
    if (!code) {
#pragma omp parallel for schedule(dynamic) num_threads(n_threads)
        for (size_t i = 0; i < list->n; i++)
            said[i].code = draw(&list->drawing[i], scripts, f->directory, &said[i]);
    }
    size_t failed = 0, first = 0;
    for (size_t i = list->n; i-- > 0 && !code;)
        if (said[i].code) {
            failed++;
            first = i;
        }
    if (failed)
        list->missing = mem_printf("%zu of %zu could not be drawn; the first, %s: %s", failed, list->n, list->drawing[first].name, said[first].text);
    free(said);
    free(folder);
    free(scripts);
    return code;
}

void drawings_free(struct drawing_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        struct drawing *g = &list->drawing[i];
        for (size_t k = 0; k < sizeof g->argument / sizeof *g->argument; k++)
            free(g->argument[k]);
        free(g->name);
        free(g->script);
        free(g->task);
        free(g->title);
        free(g->caption);
        free(g->csv);
    }
    free(list->drawing);
    free(list->missing);
    *list = (struct drawing_list){0};
}
