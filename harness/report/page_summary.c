/* The page's first parts: what the audit found, the main table, how the cases came to be what they are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "report/markup.h"
#include "report/page.h"

/* ---- audit ---- */

static size_t count_findings(const struct folder *f, const char *severity, const char *check, const char *task, size_t *first)
{
    size_t n = 0;
    for (size_t i = f->table[FOLDER_AUDIT].n_rows; i-- > 0;)
        if (folder_is(f, FOLDER_AUDIT, i, "severity", severity) && (!check || folder_is(f, FOLDER_AUDIT, i, "check", check)) &&
            (!task || folder_is(f, FOLDER_AUDIT, i, "task", task))) {
            n++;
            *first = i;
        }
    return n;
}

static void list_findings(const struct page *p, const char *severity, const char *class, const char *words)
{
    const struct folder *f = p->folder;
    size_t n_checks, n_tasks, first = 0;
    if (!count_findings(f, severity, NULL, NULL, &first))
        return;
    const char **check = folder_distinct(&n_checks, f, FOLDER_AUDIT, "check"), **task = folder_distinct(&n_tasks, f, FOLDER_AUDIT, "task");
    fprintf(p->f, "<div class=\"note %s\"><strong>%s</strong><ul>\n", class, words);
    for (size_t t = 0; t < n_tasks; t++)
        for (size_t c = 0; c < n_checks; c++) {
            size_t n = count_findings(f, severity, check[c], task[t], &first);
            if (!n)
                continue;
            fputs("<li>", p->f);
            page_text(p, task[t]);
            fprintf(p->f, ": <code>%s</code>, %zu row%s. ", check[c], n, n == 1 ? "" : "s");
            const char *sample = folder_cell(f, FOLDER_AUDIT, first, "sample");
            if (*sample) {
                fputs(n == 1 ? "" : "The first: ", p->f);
                page_text(p, sample);
                fputs(": ", p->f);
            }
            page_text(p, folder_cell(f, FOLDER_AUDIT, first, "detail"));
            fputs("</li>\n", p->f);
        }
    fputs("</ul></div>\n", p->f);
    free(check);
    free(task);
}

void page_audit(const struct page *p)
{
    const struct folder *f = p->folder;
    size_t first = 0, n = 0;
    fputs("<section id=audit><h2>Audit</h2>\n", p->f);
    if (!folder_has(f, FOLDER_AUDIT)) {
        fputs("<p class=soft>audit.csv is not there.</p></section>\n", p->f);
        return;
    }
    static const char *const grave[] = {"error", "warning", "accepted"};
    for (size_t i = 0; i < 3; i++)
        n += count_findings(f, grave[i], NULL, NULL, &first);
    fprintf(p->f, "<p>Every picture and every row was looked at before a figure was computed%s</p>\n",
            n ? ". What the reader of the figures should know:" : "; nothing was found that speaks against them.");
    list_findings(p, "error", "error", "Errors");
    list_findings(p, "accepted", "error", "Errors and warnings that the study knowingly let pass");
    list_findings(p, "warning", "warning", "Warnings");
    if (count_findings(f, "note", NULL, NULL, &first)) {
        fputs("<details><summary>Notes for the record</summary>\n", p->f);
        list_findings(p, "note", "", "Notes");
        fputs("</details>\n", p->f);
    }
    fputs("<p class=soft>All rows: <code>audit.csv</code>.</p></section>\n", p->f);
}

/* ---- the main table ---- */

static bool several_protocols(const struct main_table *t)
{
    for (size_t i = 1; i < t->n; i++)
        if (strcmp(t->row[i].protocol, t->row[0].protocol) != 0)
            return true;
    return false;
}

static void main_row(const struct page *p, const struct main_row *r, bool protocols)
{
    const struct main_table *t = p->table;
    size_t first = SIZE_MAX;
    for (size_t k = 0; k < t->n_models && first == SIZE_MAX; k++)
        first = r->cell[k].row;
    fputs("<tr><th scope=row><a href=\"#", p->f);
    page_anchor(p, r->task);
    fputs("\">", p->f);
    page_text(p, r->task);
    fprintf(p->f, "</a>%s<span class=i>", !strcmp(r->partition, "test exams") ? " (examinations)" : "");
    page_text(p, r->metric);
    fputs(", ", p->f);
    page_text(p, r->probe);
    if (protocols) {
        fputs(", ", p->f);
        page_text(p, r->protocol);
    }
    if (first != SIZE_MAX)
        fprintf(p->f, "<br>%s images, %s patients", folder_cell(p->folder, FOLDER_METRICS, first, "n"), folder_cell(p->folder, FOLDER_METRICS, first, "n_patients"));
    fputs("</span></th>", p->f);
    for (size_t k = 0; k < t->n_models; k++)
        page_value(p, r->cell[k].row, r->cell[k].sd_row, r->cell[k].bold);
    fputs("</tr>\n", p->f);
}

void page_summary(const struct page *p)
{
    const struct main_table *t = p->table;
    bool protocols = several_protocols(t), less = false, any_sd = false;
    for (size_t i = 0; i < t->n; i++) {
        less |= main_table_less_is_better(t->row[i].metric);
        for (size_t k = 0; k < t->n_models; k++)
            any_sd |= t->row[i].cell[k].sd_row != SIZE_MAX;
    }
    fputs("<section id=summary><h2>Summary</h2>\n<p class=soft>Each task's main metric on its test part, one column a model. Under each value: ", p->f);
    fputs(any_sd ? "SD of five folds that share one test set (no interval). " : "its interval. ", p->f);
    fprintf(p->f, "%s%s</p>\n<div class=wide><table data-sort><thead><tr><th>task</th>",
            less ? "Of <code>mae</code> less is better, of all others more. " : "More is better. ",
            folder_has(p->folder, FOLDER_COMPARE) ? "Bold: best of its row, and significantly better than each other model of the row after correction." :
                                                    "No comparison of models was made, so that nothing is bold.");
    for (size_t k = 0; k < t->n_models; k++)
        page_cell(p, "th", NULL, t->model[k]);
    fputs("</tr></thead><tbody>\n", p->f);
    for (size_t i = 0; i < t->n; i++)
        main_row(p, &t->row[i], protocols);
    fputs("</tbody></table></div>\n<p class=soft>To paste: <code>main_table.md</code>, <code>main_table.tex</code>, <code>main_table.csv</code>. Every metric: "
          "<code>metrics.csv</code>.</p>\n", p->f);
    page_figures(p, "", "forest");
    page_figures(p, "", "shortcut");
    page_figures(p, "", "label_efficiency");
    if (p->figures->missing) {
        fputs("<p class=\"note warning\">Figures: ", p->f);
        page_text(p, p->figures->missing);
        fputs("</p>\n", p->f);
    }
    fputs("</section>\n", p->f);
}

/* ---- flow of cases ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Images and different patients of a partition in a task's split; a row that names nobody is a patient of its own. */
static size_t count_split(size_t *patients, const struct table *s, const size_t column[3], const char *protocol, const char *partition)
{
    size_t n = 0, named = 0;
    const char **name = NEW(s->n_rows + 1, const char *);
    *patients = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        if (strcmp(table_cell(s, i, column[0]), protocol) != 0 || strcmp(table_cell(s, i, column[1]), partition) != 0)
            continue;
        n++;
        const char *patient = table_cell(s, i, column[2]);
        if (*patient)
            name[named++] = patient;
        else
            ++*patients;
    }
    qsort(name, named, sizeof *name, by_text);
    for (size_t i = 0; i < named; i++)
        *patients += i == 0 || strcmp(name[i], name[i - 1]) != 0;
    free(name);
    return n;
}

static void flow_row(const struct page *p, const char *words, size_t images, size_t patients)
{
    fprintf(p->f, "<tr><td>%s</td><td class=n>%zu</td><td class=n>%zu</td></tr>\n", words, images, patients);
}

static void flow_split(const struct page *p, const char *task)
{
    static const char *const protocols[] = {"official", "grouped", "given"}, *const names[] = {"protocol", "partition", "patient"};
    char *file = mem_printf("splits/%s.csv", task), *path = path_join(p->folder->directory, file);
    struct table s;
    struct status ignored = {0};
    size_t column[3];
    if (file_exists(path) && !table_read(&s, path, &ignored)) {
        int code = STATUS_OK;
        for (size_t c = 0; c < 3 && !code; c++)
            code = table_column(&s, names[c], &column[c], &ignored);
        for (size_t k = 0; k < 3 && !code; k++) {
            size_t patients, n = count_split(&patients, &s, column, protocols[k], "development");
            char words[96];
            if (!n)
                continue;
            (void)snprintf(words, sizeof words, "development, protocol %s (training and choice)", protocols[k]);
            flow_row(p, words, n, patients);
            n = count_split(&patients, &s, column, protocols[k], "test");
            (void)snprintf(words, sizeof words, "test, protocol %s", protocols[k]);
            flow_row(p, words, n, patients);
        }
        table_free(&s);
    }
    free(path);
    free(file);
}

static void flow_classes(const struct page *p, const char *task)
{
    const struct folder *f = p->folder;
    for (size_t i = 0; i < f->table[FOLDER_COHORT].n_rows; i++) {
        const char *class = folder_cell(f, FOLDER_COHORT, i, "class");
        if (!folder_is(f, FOLDER_COHORT, i, "task", task) || !*class || !folder_is(f, FOLDER_COHORT, i, "partition", "all"))
            continue;
        fputs("<tr><td>of them ", p->f);
        page_text(p, class);
        fprintf(p->f, "</td><td class=n>%s</td><td class=n>%s</td></tr>\n", folder_cell(f, FOLDER_COHORT, i, "images"), folder_cell(f, FOLDER_COHORT, i, "patients"));
    }
}

static void flow_task(const struct page *p, const json_t *task)
{
    const char *name = json_string_value(json_object_get(task, "name"));
    const struct folder *f = p->folder;
    size_t n_checks, first = 0;
    if (!name)
        return;
    fputs("<div><h3>", p->f);
    page_text(p, name);
    fputs("</h3><div class=wide><table><thead><tr><th></th><th class=n>images</th><th class=n>patients</th></tr></thead><tbody>\n", p->f);
    fprintf(p->f, "<tr><td>rows seen</td><td class=n>%lld</td><td></td></tr>\n", (long long)json_integer_value(json_object_get(task, "rows")));
    const char **check = folder_distinct(&n_checks, f, FOLDER_AUDIT, "check");
    for (size_t c = 0; c < n_checks; c++) {
        size_t n = count_findings(f, "excluded", check[c], name, &first);
        if (!n)
            continue;
        fprintf(p->f, "<tr><td>left out: <code>%s</code><span class=i>", check[c]);
        page_text(p, folder_cell(f, FOLDER_AUDIT, first, "detail"));
        fprintf(p->f, "%s</span></td><td class=n>%zu</td><td></td></tr>\n", n > 1 ? " (the first)" : "", n);
    }
    free(check);
    bool named = json_is_true(json_object_get(task, "patients_named"));
    flow_row(p, named ? "<strong>cohort</strong>" : "<strong>cohort</strong> (no patient named: each image counts as one)",
             (size_t)json_integer_value(json_object_get(task, "images")), (size_t)json_integer_value(json_object_get(task, "patients")));
    flow_classes(p, name);
    flow_split(p, name);
    fputs("</tbody></table></div></div>\n", p->f);
}

void page_flow(const struct page *p)
{
    const json_t *tasks = json_object_get(p->folder->provenance, "tasks");
    fputs("<section id=flow><h2>Flow of cases</h2>\n<p>From the rows of each data set to the images that were scored. A patient with images of several "
          "classes counts in each of them.</p>\n<div class=pair>\n", p->f);
    for (size_t i = 0; i < json_array_size(tasks); i++)
        flow_task(p, json_array_get(tasks, i));
    fputs("</div></section>\n", p->f);
}
