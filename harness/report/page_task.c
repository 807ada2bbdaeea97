/* A task's part of the page: its models' figures, its pictures, its worst errors. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/markup.h"
#include "report/page.h"

static const char *m(const struct page *p, size_t i, const char *column)
{
    return folder_cell(p->folder, FOLDER_METRICS, i, column);
}

/* ---- every cell's main metric ---- */

static size_t sd_row_of(const struct page *p, size_t row)
{
    static const char *const same[] = {"task", "protocol", "model", "readout", "probe", "preprocess", "precision", "partition"};
    char *sd = mem_printf("%s_sd", m(p, row, "metric"));
    size_t found = SIZE_MAX;
    for (size_t i = row + 1; i < p->folder->table[FOLDER_METRICS].n_rows && found == SIZE_MAX; i++) {
        bool equal = !strcmp(m(p, i, "metric"), sd);
        for (size_t k = 0; equal && k < sizeof same / sizeof *same; k++)
            equal = !strcmp(m(p, i, same[k]), m(p, row, same[k]));
        if (equal)
            found = i;
    }
    free(sd);
    return found;
}

static bool is_test(const struct page *p, size_t i, const char *task)
{
    return !strcmp(m(p, i, "task"), task) && (!strcmp(m(p, i, "partition"), "test") || !strcmp(m(p, i, "partition"), "test exams"));
}

static void cells_table(const struct page *p, const char *task)
{
    const char *metric = main_table_metric(p->folder, task);
    static const char *const column[] = {"protocol", "model", "readout", "probe", "partition"};
    fputs("<div class=wide><table data-sort><thead><tr>", p->f);
    for (size_t k = 0; k < sizeof column / sizeof *column; k++)
        page_cell(p, "th", NULL, column[k]);
    fputs("<th class=n>n</th><th class=n>patients</th>", p->f);
    page_cell(p, "th", NULL, metric);
    fputs("<th>interval by</th></tr></thead><tbody>\n", p->f);
    for (size_t i = 0; i < p->folder->table[FOLDER_METRICS].n_rows; i++) {
        if (!is_test(p, i, task) || strcmp(m(p, i, "metric"), metric) != 0)
            continue;
        fputs("<tr>", p->f);
        for (size_t k = 0; k < sizeof column / sizeof *column; k++)
            page_cell(p, "td", NULL, m(p, i, column[k]));
        page_cell(p, "td", "n", m(p, i, "n"));
        page_cell(p, "td", "n", m(p, i, "n_patients"));
        page_value(p, i, sd_row_of(p, i), false);
        page_cell(p, "td", "soft", m(p, i, "method"));
        fputs("</tr>\n", p->f);
    }
    fputs("</tbody></table></div>\n", p->f);
}

/* ---- every metric of the shown cells ---- */

static bool is_shown(const struct page *p, size_t i, const char *task)
{
    return p->table->shown[i] && is_test(p, i, task);
}

/* Of one block: the same protocol, probe and partition. */
static bool together(const struct page *p, size_t i, size_t j)
{
    return !strcmp(m(p, i, "protocol"), m(p, j, "protocol")) && !strcmp(m(p, i, "probe"), m(p, j, "probe")) && !strcmp(m(p, i, "partition"), m(p, j, "partition"));
}

/* Metrics down, models across, for one protocol, probe and partition: those of row `first`. */
static void block(const struct page *p, const char *task, size_t first)
{
    size_t n = p->folder->table[FOLDER_METRICS].n_rows, n_metrics = 0, capacity = 0;
    const char **metric = NULL;
    size_t *row = NULL;
    for (size_t i = first; i < n; i++) {
        if (!is_shown(p, i, task) || !together(p, i, first))
            continue;
        size_t k = 0, model = 0;
        while (k < n_metrics && strcmp(metric[k], m(p, i, "metric")) != 0)
            k++;
        while (strcmp(p->table->model[model], m(p, i, "model")) != 0)
            model++;
        if (k == n_metrics) {
            metric = mem_grow(metric, n_metrics, &capacity, sizeof *metric);
            metric[n_metrics++] = m(p, i, "metric");
            row = mem_realloc(row, n_metrics * p->table->n_models, sizeof *row);
            for (size_t j = 0; j < p->table->n_models; j++)
                row[k * p->table->n_models + j] = SIZE_MAX;
        }
        row[k * p->table->n_models + model] = i;
    }
    fputs("<p class=soft>Protocol ", p->f);
    page_text(p, m(p, first, "protocol"));
    fputs(", probe ", p->f);
    page_text(p, m(p, first, "probe"));
    fprintf(p->f, ", partition %s", m(p, first, "partition"));
    fputs("</p>\n<div class=wide><table data-sort><thead><tr><th>metric</th>", p->f);
    for (size_t j = 0; j < p->table->n_models; j++)
        page_cell(p, "th", NULL, p->table->model[j]);
    fputs("</tr></thead><tbody>\n", p->f);
    for (size_t k = 0; k < n_metrics; k++) {
        fputs("<tr><th scope=row>", p->f);
        page_text(p, metric[k]);
        fputs("</th>", p->f);
        for (size_t j = 0; j < p->table->n_models; j++)
            page_value(p, row[k * p->table->n_models + j], SIZE_MAX, false);
        fputs("</tr>\n", p->f);
    }
    fputs("</tbody></table></div>\n", p->f);
    free(metric);
    free(row);
}

static void every_metric(const struct page *p, const char *task)
{
    size_t *first = NULL, n = 0, capacity = 0;
    fputs("<details><summary>Every metric</summary>\n", p->f);
    for (size_t i = 0; i < p->folder->table[FOLDER_METRICS].n_rows; i++) {
        bool known = !is_shown(p, i, task);
        for (size_t k = 0; k < n && !known; k++)
            known = together(p, i, first[k]);
        if (known)
            continue;
        block(p, task, i);
        first = mem_grow(first, n, &capacity, sizeof *first);
        first[n++] = i;
    }
    fputs("</details>\n", p->f);
    free(first);
}

/* ---- worst errors ---- */

static const char *w(const struct page *p, size_t i, const char *column)
{
    return folder_cell(p->folder, FOLDER_WORST, i, column);
}

static int by_path(const void *path, const void *thumbnail)
{
    return strcmp(path, ((const struct page_thumbnail *)thumbnail)->path);
}

static void thumbnail(const struct page *p, size_t i)
{
    const struct page_thumbnail *t = p->n_thumbnails ? bsearch(w(p, i, "image"), p->thumbnail, p->n_thumbnails, sizeof *t, by_path) : NULL;
    if (!t || !t->png)
        return;
    fputs("<img alt=\"", p->f);
    page_text(p, w(p, i, "sample"));
    fputs("\" src=\"data:image/png;base64,", p->f);
    markup_base64(p->f, t->png, t->size);
    fputs("\">", p->f);
}

static void worst_case(const struct page *p, size_t i)
{
    bool is_case = !strcmp(w(p, i, "role"), "case");
    fprintf(p->f, "<figure%s>", is_case ? " class=wrong" : "");
    thumbnail(p, i);
    fputs("<figcaption>", p->f);
    if (is_case) {
        fprintf(p->f, "<strong>%s.</strong> is ", w(p, i, "rank"));
        page_text(p, w(p, i, "label"));
        fputs(", said ", p->f);
        const char *said = w(p, i, "prediction"), *score = w(p, i, "score");
        if (*score) {
            page_text(p, said);
            fputs(" (", p->f);
            markup_rounded_html(p->f, score, 2);
            fputs(" for what it is)", p->f);
        } else {
            markup_rounded_html(p->f, said, 1);
        }
    } else {
        fputs("like it in training: ", p->f);
        page_text(p, w(p, i, "label"));
        fputs(" (cosine ", p->f);
        markup_rounded_html(p->f, w(p, i, "similarity"), 3);
        fputs(")", p->f);
    }
    fputs("<br><code>", p->f);
    page_text(p, w(p, i, "sample"));
    fputs("</code></figcaption></figure>\n", p->f);
}

static void worst_errors(const struct page *p, const char *task)
{
    const char *model = "", *protocol = "";
    size_t n = p->folder->table[FOLDER_WORST].n_rows;
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(w(p, i, "task"), task) != 0)
            continue;
        bool is_case = !strcmp(w(p, i, "role"), "case"), other = strcmp(w(p, i, "model"), model) != 0 || strcmp(w(p, i, "protocol"), protocol) != 0;
        if (!any)
            fputs("<h3>Worst errors</h3><p class=soft>Test images whose true class got the least probability (furthest from the target, for a "
                  "regression), and the training images most like them in the same features: a wrong label, a copy or a shortcut often shows here.</p>\n", p->f);
        if (is_case && any)
            fputs("</div>\n", p->f);
        if (other) {
            model = w(p, i, "model");
            protocol = w(p, i, "protocol");
            fputs(any ? "</details>\n<details>" : "<details open>", p->f);
            fputs("<summary>", p->f);
            page_text(p, model);
            fputs(", ", p->f);
            page_text(p, w(p, i, "readout"));
            fputs(", ", p->f);
            page_text(p, w(p, i, "probe"));
            fputs(", protocol ", p->f);
            page_text(p, protocol);
            fputs("</summary>\n", p->f);
        }
        if (is_case)
            fputs("<div class=strip>\n", p->f);
        worst_case(p, i);
        any = true;
    }
    if (any)
        fputs("</div></details>\n", p->f);
}

void page_task(const struct page *p, const char *task)
{
    fputs("<section class=task id=\"", p->f);
    page_anchor(p, task);
    fputs("\"><h2>", p->f);
    page_text(p, task);
    fputs("</h2>\n", p->f);
    cells_table(p, task);
    every_metric(p, task);
    fputs("<div class=pair>\n", p->f);
    page_figures(p, task, NULL);
    fputs("</div>\n", p->f);
    if (folder_has(p->folder, FOLDER_SUBGROUPS)) {
        fputs("<details><summary>Subgroups and sites</summary>\n", p->f);
        page_plain_table(p, FOLDER_SUBGROUPS, NULL, task);
        fputs("</details>\n", p->f);
    }
    worst_errors(p, task);
    fputs("</section>\n", p->f);
}
