#include "report/page.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/outfile.h"
#include "base/version.h"
#include "report/markup.h"

void page_text(const struct page *p, const char *text)
{
    markup_html(p->f, text);
}

void page_cell(const struct page *p, const char *tag, const char *class, const char *text)
{
    fprintf(p->f, "<%s", tag);
    if (class)
        fprintf(p->f, " class=%s", class);
    fputc('>', p->f);
    page_text(p, text);
    fprintf(p->f, "</%s>", tag);
}

/* Into an open <td>. */
static void interval(const struct page *p, const char *low, const char *high, int digits)
{
    if (!*low || !strcmp(low, "NA"))
        return;
    fputs("<span class=i>", p->f);
    markup_rounded_html(p->f, low, digits);
    fputs(" to ", p->f);
    markup_rounded_html(p->f, high, digits);
    fputs("</span>", p->f);
}

void page_estimate(const struct page *p, const char *value, const char *low, const char *high, const char *metric)
{
    fprintf(p->f, "<td class=v data-key=\"%s\">", value);
    if (*value)
        markup_rounded_html(p->f, value, markup_digits(metric));
    interval(p, low, high, markup_digits(metric));
    fputs("</td>", p->f);
}

void page_probability(const struct page *p, const char *probability)
{
    double x;
    if (!number_parse_double(probability, &x))
        page_text(p, probability);
    else if (x < 0.001)
        fputs("below 0.001", p->f);
    else
        fprintf(p->f, x < 0.0995 ? "%.2g" : "%.2f", x);
}

void page_value(const struct page *p, size_t row, size_t sd_row, bool bold)
{
    if (row == SIZE_MAX) {
        fputs("<td></td>", p->f);
        return;
    }
    const char *value = folder_cell(p->folder, FOLDER_METRICS, row, "value"), *low = folder_cell(p->folder, FOLDER_METRICS, row, "low");
    const char *reason = folder_cell(p->folder, FOLDER_METRICS, row, "reason");
    int digits = markup_digits(folder_cell(p->folder, FOLDER_METRICS, row, "metric"));
    fprintf(p->f, "<td class=v data-key=\"%s\">%s", value, bold ? "<strong>" : "");
    markup_rounded_html(p->f, value, digits);
    fputs(bold ? "</strong>" : "", p->f);
    if (sd_row != SIZE_MAX) {
        fputs("<span class=i>SD ", p->f);
        markup_rounded_html(p->f, folder_cell(p->folder, FOLDER_METRICS, sd_row, "value"), digits);
        fputs("</span>", p->f);
    } else {
        interval(p, low, folder_cell(p->folder, FOLDER_METRICS, row, "high"), digits);
    }
    if (*reason && !strcmp(value, "NA")) {
        fputs("<span class=i>", p->f);
        page_text(p, reason);
        fputs("</span>", p->f);
    }
    fputs("</td>", p->f);
}

void page_anchor(const struct page *p, const char *task)
{
    fputs("task-", p->f);
    page_text(p, task);
}

/* Several panels beside one another: gnuplot says viewBox="0 0 WIDTH HEIGHT". */
static bool is_wide(const char *svg)
{
    const char *box = strstr(svg, "viewBox=\"0 0 ");
    return box && strtol(box + 13, NULL, 10) > 700;
}

static void write_image(const struct page *p, const struct drawing *g)
{
    char *name = mem_printf("figures/%s.svg", g->name), *path = path_join(p->folder->directory, name);
    unsigned char *data;
    size_t size;
    struct status ignored = {0};
    if (!file_read(&data, &size, path, 0, &ignored)) {
        fprintf(p->f, "<figure%s><img alt=\"", is_wide((const char *)data) ? " class=broad" : "");
        page_text(p, g->title);
        fputs(". ", p->f);
        page_text(p, g->caption);
        fputs("\" src=\"data:image/svg+xml;base64,", p->f);
        markup_base64(p->f, data, size);
        fputs("\"><figcaption class=narrow><strong>", p->f); /* for phones, on which the picture's own is too small */
        page_text(p, g->title);
        fputs(".</strong> ", p->f);
        page_text(p, g->caption);
        fputs("</figcaption></figure>\n", p->f);
        free(data);
    }
    free(path);
    free(name);
}

void page_figures(const struct page *p, const char *task, const char *kind)
{
    for (size_t i = 0; i < p->figures->n; i++) {
        const struct drawing *g = &p->figures->drawing[i];
        if (g->drawn && !strcmp(g->task, task) && (!kind || !strncmp(g->name, kind, strlen(kind))))
            write_image(p, g);
    }
}

static bool is_wanted(const char *column, const char *const *columns)
{
    for (size_t i = 0; columns && columns[i]; i++)
        if (!strcmp(columns[i], column))
            return true;
    return !columns;
}

void page_plain_table(const struct page *p, enum folder_file file, const char *const *columns, const char *task)
{
    const struct table *t = &p->folder->table[file];
    fputs("<div class=wide><table data-sort><thead><tr>", p->f);
    for (size_t c = 0; c < t->n_columns; c++)
        if (is_wanted(t->header[c], columns))
            page_cell(p, "th", NULL, t->header[c]);
    fputs("</tr></thead><tbody>\n", p->f);
    for (size_t i = 0; i < t->n_rows; i++) {
        if (task && !folder_is(p->folder, file, i, "task", task))
            continue;
        fputs("<tr>", p->f);
        for (size_t c = 0; c < t->n_columns; c++) {
            const char *text = table_cell(t, i, c);
            char *end;
            if (!is_wanted(t->header[c], columns))
                continue;
            (void)strtod(text, &end);
            if (end != text && !*end && strchr(text, '.')) {
                fprintf(p->f, "<td class=n data-key=\"%s\">", text);
                markup_rounded_html(p->f, text, 3);
                fputs("</td>", p->f);
            } else {
                page_cell(p, "td", end != text && !*end ? "n" : NULL, text);
            }
        }
        fputs("</tr>\n", p->f);
    }
    fputs("</tbody></table></div>\n", p->f);
}

/* ---- the page ---- */

static void navigation(const struct page *p, const char **task, size_t n)
{
    const struct { bool there; const char *anchor, *words; } part[] = {
        {true, "audit", "Audit"},
        {true, "summary", "Summary"},
        {folder_has(p->folder, FOLDER_COMPARE), "comparison", "What is better than what"},
        {true, "flow", "Flow of cases"},
        {page_has_external(p), "external", "External validation"},
    }, end[] = {{folder_has(p->folder, FOLDER_REPORTING), "reporting", "Reporting sheet"}, {p->folder->provenance != NULL, "costs", "Costs"},
                {true, "provenance", "Provenance"}};
    fputs("<nav aria-label=\"Parts of the report\"><ul>", p->f);
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (part[i].there)
            fprintf(p->f, "<li><a href=\"#%s\">%s</a></li>", part[i].anchor, part[i].words);
    for (size_t i = 0; i < n; i++) {
        fputs("<li><a href=\"#", p->f);
        page_anchor(p, task[i]);
        fputs("\">", p->f);
        page_text(p, task[i]);
        fputs("</a></li>", p->f);
    }
    for (size_t i = 0; i < sizeof end / sizeof *end; i++)
        if (end[i].there)
            fprintf(p->f, "<li><a href=\"#%s\">%s</a></li>", end[i].anchor, end[i].words);
    fputs("</ul></nav>\n", p->f);
}

static void write_head(const struct page *p, const char *study, size_t n_tasks)
{
    const json_t *protocols = json_object_get(p->folder->provenance, "protocols");
    fputs("<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width,initial-scale=1\">\n<title>", p->f);
    page_text(p, study);
    fprintf(p->f, " - %s</title>\n<style>\n%s</style></head>\n<body>\n<header><h1>", PROGRAM_NAME, PAGE_STYLE);
    page_text(p, study);
    fprintf(p->f, "</h1>\n<p>Frozen encoders of radiographs, judged by probes: %zu task%s, %zu model%s", n_tasks, n_tasks == 1 ? "" : "s", p->table->n_models,
            p->table->n_models == 1 ? "" : "s");
    if (json_array_size(protocols)) {
        fputs(", protocol ", p->f);
        for (size_t i = 0; i < json_array_size(protocols); i++) {
            const char *name = json_string_value(json_array_get(protocols, i));
            fputs(i ? " and " : "", p->f);
            page_text(p, name ? name : "");
        }
    }
    fputs(". Each probe was trained and its settings chosen on the development part alone; the test part was scored once. "
          "Every figure comes from the CSV files beside this page.</p></header>\n", p->f);
}

static void write_page(const struct page *p)
{
    size_t n;
    const char **task = folder_distinct(&n, p->folder, FOLDER_METRICS, "task");
    const char *study = p->folder->table[FOLDER_METRICS].n_rows ? folder_cell(p->folder, FOLDER_METRICS, 0, "study") : "study";
    write_head(p, study, n);
    navigation(p, task, n);
    fputs("<main>\n", p->f);
    page_audit(p);
    page_summary(p);
    if (folder_has(p->folder, FOLDER_COMPARE))
        page_comparison(p);
    page_flow(p);
    if (page_has_external(p))
        page_external(p);
    for (size_t i = 0; i < n; i++)
        page_task(p, task[i]);
    if (folder_has(p->folder, FOLDER_REPORTING))
        page_reporting(p);
    if (p->folder->provenance)
        page_costs(p);
    page_provenance(p);
    fprintf(p->f, "</main>\n<script>%s</script>\n</body></html>\n", PAGE_SCRIPT);
    free(task);
}

int page_write(char **path, const struct folder *folder, const struct main_table *table, const struct drawing_list *figures,
               const struct page_thumbnail *thumbnail, size_t n_thumbnails, struct status *st)
{
    struct outfile out;
    *path = path_join(folder->directory, "report.html");
    int code = outfile_open(&out, *path, st);
    if (!code) {
        struct page p = {out.stream, folder, table, figures, thumbnail, n_thumbnails};
        write_page(&p);
        code = outfile_commit(&out, st);
    }
    if (code) {
        free(*path);
        *path = NULL;
    }
    return code;
}
