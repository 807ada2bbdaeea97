/* The page's part on external validation: of each cohort that was only scored
 * (RESULTS/external/NAME/, or RESULTS itself) the figures a reader asks for
 * first, internal test and external side by side, its case mix and how far the
 * features have moved. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "report/main_table.h"
#include "report/markup.h"
#include "report/page.h"

#define COHORTS "external"

static const char *at(const struct table *t, size_t row, const char *column)
{
    for (size_t c = 0; c < t->n_columns; c++)
        if (!strcmp(t->header[c], column))
            return table_cell(t, row, c);
    return "";
}

/* What the page shows of external.csv; the rest stays there. */
static bool is_shown(const struct table *t, size_t i)
{
    static const char *const metric[] = {"auroc", "auroc_macro", "kappa_quadratic", "mae", "sensitivity_at_threshold", "specificity_at_threshold",
                                         "ppv_at_threshold", "npv_at_threshold", "calibration_slope", "calibration_in_the_large"};
    bool shown = false;
    for (size_t k = 0; k < sizeof metric / sizeof *metric && !shown; k++)
        shown = !strcmp(at(t, i, "metric"), metric[k]);
    return shown && !strstr(at(t, i, "recalibration"), "optimistic");
}

static void side(const struct page *p, const struct table *t, size_t i, const char *name)
{
    char *low = mem_printf("%s_low", name), *high = mem_printf("%s_high", name);
    page_estimate(p, at(t, i, name), at(t, i, low), at(t, i, high), at(t, i, "metric"));
    free(low);
    free(high);
}

static void figures(const struct page *p, const struct table *t)
{
    static const char *const name[] = {"task", "model", "readout", "probe"};
    fputs("<div class=wide><table data-sort><thead><tr><th>task</th><th>model</th><th>readout</th><th>probe</th><th>metric</th><th>internal test</th><th>external</th>"
          "<th>difference</th><th class=n>n</th></tr></thead><tbody>\n", p->f);
    for (size_t i = 0; i < t->n_rows; i++) {
        if (!is_shown(t, i))
            continue;
        fputs("<tr>", p->f);
        for (size_t k = 0; k < sizeof name / sizeof *name; k++)
            page_cell(p, "td", "v", at(t, i, name[k]));
        fputs("<td>", p->f);
        page_text(p, at(t, i, "metric"));
        if (*at(t, i, "recalibration")) {
            fputs("<span class=i>recalibrated: ", p->f);
            page_text(p, at(t, i, "recalibration"));
            fputs("</span>", p->f);
        }
        fputs("</td>", p->f);
        side(p, t, i, "internal");
        side(p, t, i, "external");
        side(p, t, i, "difference");
        fprintf(p->f, "<td class=n>%s<span class=i>%s</span></td></tr>\n", at(t, i, "internal_n"), at(t, i, "external_n"));
    }
    fputs("</tbody></table></div>\n", p->f);
}

/* Some columns of a table, folded; numbers rounded. */
static void folded(const struct page *p, const struct table *t, const char *words, const char *const *column)
{
    fprintf(p->f, "<details><summary>%s</summary>\n<div class=wide><table data-sort><thead><tr>", words);
    for (size_t k = 0; column[k]; k++)
        page_cell(p, "th", NULL, column[k]);
    fputs("</tr></thead><tbody>\n", p->f);
    for (size_t i = 0; i < t->n_rows; i++) {
        fputs("<tr>", p->f);
        for (size_t k = 0; column[k]; k++) {
            const char *text = at(t, i, column[k]);
            if (strchr(text, '.') && !text[strspn(text, "+-.0123456789e")])
                page_estimate(p, text, "", "", "");
            else
                page_cell(p, "td", NULL, text);
        }
        fputs("</tr>\n", p->f);
    }
    fputs("</tbody></table></div></details>\n", p->f);
}

/* false, and the page says why, where there is none to be read; a file that is not there is left out in silence. */
static bool read(struct table *t, const struct page *p, const char *folder, const char *file)
{
    struct status st;
    char *path = path_join(folder, file);
    int code = file_exists(path) ? table_read(t, path, &st) : STATUS_IO;
    if (code && file_exists(path)) {
        fputs("<p class=\"note warning\">", p->f);
        page_text(p, st.text);
        fputs("</p>\n", p->f);
    }
    free(path);
    return !code;
}

/* The tables of one folder; `name` "": the results folder itself. */
static void cohort(const struct page *p, const char *folder, const char *name)
{
    static const char *const casemix[] = {"task", "variable", "level", "measure", "development", "internal", "external", "standardised_difference", NULL},
                      *const shift[] = {"task", "model", "readout", "cohort", "measure", "n", "value", "low", "high", NULL};
    const struct { const char *file, *words; const char *const *column; } more[] = {
        {"casemix.csv", "Case mix: prevalence and covariates", casemix}, {"shift.csv", "Shift of the features", shift}};
    struct table t;
    if (!read(&t, p, folder, "external.csv"))
        return;
    fputs("<h3>", p->f);
    page_text(p, *name ? name : "This cohort");
    fputs("</h3>\n", p->f);
    figures(p, &t);
    table_free(&t);
    for (size_t k = 0; k < sizeof more / sizeof *more; k++)
        if (read(&t, p, folder, more[k].file)) {
            folded(p, &t, more[k].words, more[k].column);
            table_free(&t);
        }
    fputs("<p class=soft>Every metric, method and recalibration, those fitted on the external cohort itself among them: <code>", p->f);
    if (*name) {
        fputs(COHORTS "/", p->f);
        page_text(p, name);
        fputs("/", p->f);
    }
    fputs("external.csv</code>.</p>\n", p->f);
}

/* The folders of the cohorts that the study names. */
static size_t list(struct file_list *names, const struct page *p)
{
    struct status ignored = {0};
    char *folder = path_join(p->folder->directory, COHORTS);
    *names = (struct file_list){0};
    if (file_is_directory(folder) && file_list_directory(names, folder, &ignored))
        *names = (struct file_list){0};
    free(folder);
    size_t n = 0;
    for (size_t i = 0; i < names->n; i++)
        n += folder_names_external(p->folder, names->name[i]);
    return n;
}

bool page_has_external(const struct page *p)
{
    struct file_list names;
    bool any = list(&names, p) > 0 || folder_has(p->folder, FOLDER_EXTERNAL);
    file_list_free(&names);
    return any;
}

void page_external(const struct page *p)
{
    struct file_list names;
    fputs("<section id=external><h2>External validation</h2>\n<p>Scaler, probe, threshold and recalibration as the development data left them; nothing was fitted on "
          "these cohorts. n: images of the internal test, and under it of the external cohort.</p>\n", p->f);
    if (folder_has(p->folder, FOLDER_EXTERNAL))
        cohort(p, p->folder->directory, "");
    (void)list(&names, p);
    for (size_t i = 0; i < names.n; i++) {
        if (!folder_names_external(p->folder, names.name[i]))
            continue;
        char *inner = path_join(COHORTS, names.name[i]), *folder = path_join(p->folder->directory, inner);
        cohort(p, folder, names.name[i]);
        free(folder);
        free(inner);
    }
    file_list_free(&names);
    page_figures(p, "", "external");
    fputs("</section>\n", p->f);
}
