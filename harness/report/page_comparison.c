/* The page's part on what is better than what: the differences that stand after correction in words, all of them in a table,
 * and ranks over tasks.  Of compare.csv and ranks.csv. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/markup.h"
#include "report/page.h"
#include "report/verdict.h"

#define IN_WORDS 12    /* at most so many differences are said in words */
#define SHOWN_OPEN 30  /* a longer table is folded */

static const char *c(const struct page *p, size_t i, const char *column)
{
    return folder_cell(p->folder, FOLDER_COMPARE, i, column);
}

static size_t n_rows(const struct page *p)
{
    return p->folder->table[FOLDER_COMPARE].n_rows;
}

/* ---- in words ---- */

static void in_words(const struct page *p, size_t i)
{
    bool first = !strcmp(c(p, i, "better"), c(p, i, "model_a"));
    int digits = markup_digits(c(p, i, "metric"));
    fputs("<li><strong>", p->f);
    page_text(p, c(p, i, first ? "model_a" : "model_b"));
    fputs("</strong> over ", p->f);
    page_text(p, c(p, i, first ? "model_b" : "model_a"));
    fputs(" on ", p->f);
    page_text(p, c(p, i, "task"));
    fputs(": ", p->f);
    page_text(p, c(p, i, "metric"));
    fputc(' ', p->f);
    markup_rounded_html(p->f, c(p, i, first ? "value_a" : "value_b"), digits);
    fputs(" against ", p->f);
    markup_rounded_html(p->f, c(p, i, first ? "value_b" : "value_a"), digits);
    fputs(", p ", p->f);
    page_probability(p, c(p, i, "p_holm"));
    fputs("</li>\n", p->f);
}

static void family(const struct page *p, const char *name)
{
    size_t significant = 0, said = 0, first = n_rows(p);
    for (size_t i = n_rows(p); i-- > 0;)
        if (!strcmp(c(p, i, "family"), name)) {
            significant += verdict_significant(p->folder, i);
            first = i;
        }
    fputs("<p>", p->f);
    page_text(p, c(p, first, "family_size"));
    fputs(" hypotheses (family: ", p->f);
    page_text(p, name);
    fprintf(p->f, "); %zu of them significant after Holm's correction%s</p>\n", significant, significant ? ":" : ".");
    if (!significant)
        return;
    fputs("<ul>\n", p->f);
    for (size_t i = first; i < n_rows(p) && said < IN_WORDS; i++)
        if (!strcmp(c(p, i, "family"), name) && verdict_significant(p->folder, i)) {
            in_words(p, i);
            said++;
        }
    if (said < significant)
        fprintf(p->f, "<li>and %zu more, in the table</li>\n", significant - said);
    fputs("</ul>\n", p->f);
}

/* ---- the table ---- */

static void difference_row(const struct page *p, size_t i, bool protocols)
{
    const char *metric = c(p, i, "metric");
    bool significant = verdict_significant(p->folder, i);
    fputs("<tr><th scope=row>", p->f);
    page_text(p, c(p, i, "task"));
    fprintf(p->f, "%s</th>", !strcmp(c(p, i, "partition"), "test exams") ? " (examinations)" : "");
    if (protocols)
        page_cell(p, "td", NULL, c(p, i, "protocol"));
    page_cell(p, "td", NULL, metric);
    page_cell(p, "td", "v", c(p, i, "model_a"));
    page_estimate(p, c(p, i, "value_a"), "", "", metric);
    page_cell(p, "td", "v", c(p, i, "model_b"));
    page_estimate(p, c(p, i, "value_b"), "", "", metric);
    page_estimate(p, c(p, i, "difference"), c(p, i, "low"), c(p, i, "high"), metric);
    fprintf(p->f, "<td class=n data-key=\"%s\">", c(p, i, "p"));
    page_probability(p, c(p, i, "p"));
    fprintf(p->f, "</td><td class=n data-key=\"%s\">%s", c(p, i, "p_holm"), significant ? "<strong>" : "");
    page_probability(p, c(p, i, "p_holm"));
    fprintf(p->f, "%s</td>", significant ? "</strong>" : "");
    page_cell(p, "td", "soft", *c(p, i, "reason") ? c(p, i, "reason") : c(p, i, "test"));
    fputs("</tr>\n", p->f);
}

static void differences(const struct page *p)
{
    size_t n_protocols;
    free(folder_distinct(&n_protocols, p->folder, FOLDER_COMPARE, "protocol"));
    fprintf(p->f, "<details%s><summary>Every difference, A less B, with its interval</summary>\n<div class=wide><table data-sort><thead><tr><th>task</th>%s<th>metric</th>"
            "<th>A</th><th>A's value</th><th>B</th><th>B's value</th><th>difference</th><th class=n>p</th><th class=n>p, Holm</th><th>test, or why none</th></tr></thead><tbody>\n",
            n_rows(p) <= SHOWN_OPEN ? " open" : "", n_protocols > 1 ? "<th>protocol</th>" : "");
    for (size_t i = 0; i < n_rows(p); i++)
        difference_row(p, i, n_protocols > 1);
    fputs("</tbody></table></div></details>\n<p class=soft>Readouts, methods, replicates, Benjamini and Hochberg's p: <code>compare.csv</code>.</p>\n", p->f);
}

/* ---- ranks ---- */

static const char *r(const struct page *p, size_t i, const char *column)
{
    return folder_cell(p->folder, FOLDER_RANKS, i, column);
}

static bool same_ranks(const struct page *p, size_t i, size_t j)
{
    return !strcmp(r(p, i, "family"), r(p, j, "family")) && !strcmp(r(p, i, "basis"), r(p, j, "basis"));
}

/* A test of all models: its p or figure, or why there is none. */
static void whole_test(const struct page *p, size_t first, const char *statistic, const char *words, const char *column)
{
    for (size_t i = first; i < p->folder->table[FOLDER_RANKS].n_rows; i++) {
        if (!same_ranks(p, i, first) || strcmp(r(p, i, "statistic"), statistic) != 0)
            continue;
        fputs(words, p->f);
        if (!strcmp(column, "p"))
            page_probability(p, r(p, i, column));
        else
            markup_rounded_html(p->f, r(p, i, column), 2);
        if (*r(p, i, "reason")) {
            fputs(" (", p->f);
            page_text(p, r(p, i, "reason"));
            fputs(")", p->f);
        }
        return;
    }
}

static void ranks_of(const struct page *p, size_t first)
{
    bool sources = !strcmp(r(p, first, "basis"), "sources");
    fprintf(p->f, "<h3>%s</h3>\n<p class=soft>", sources ? "Ranks over sources of pictures" : "Ranks over tasks");
    page_text(p, r(p, first, "family"));
    fprintf(p->f, "; %s %s</p>\n<div class=wide><table data-sort><thead><tr><th>model</th><th class=n>mean rank, 1 is the best</th></tr></thead><tbody>\n",
            r(p, first, "n"), sources ? "sources (tasks of the same pictures count once)" : "tasks");
    for (size_t i = first; i < p->folder->table[FOLDER_RANKS].n_rows; i++)
        if (same_ranks(p, i, first) && !strcmp(r(p, i, "statistic"), "mean_rank")) {
            fputs("<tr><th scope=row>", p->f);
            page_text(p, r(p, i, "model_a"));
            fprintf(p->f, "</th><td class=n data-key=\"%s\">", r(p, i, "value"));
            markup_rounded_html(p->f, r(p, i, "value"), 2);
            fputs("</td></tr>\n", p->f);
        }
    fputs("</tbody></table></div>\n<p>", p->f);
    whole_test(p, first, "friedman_chi2", "Friedman's test that all are alike: p ", "p");
    whole_test(p, first, "critical_difference", "; Nemenyi's critical difference of mean ranks: ", "value");
    fputs(".</p>\n", p->f);
    if (*r(p, first, "warning")) {
        fputs("<p class=\"note warning\">", p->f);
        page_text(p, r(p, first, "warning"));
        fputs("</p>\n", p->f);
    }
}

static void ranks(const struct page *p)
{
    for (size_t i = 0; i < p->folder->table[FOLDER_RANKS].n_rows; i++) {
        bool known = false;
        for (size_t k = 0; k < i && !known; k++)
            known = same_ranks(p, k, i);
        if (!known)
            ranks_of(p, i);
    }
    fputs("<p class=soft>Pairs of models, signed ranks, wins and losses: <code>ranks.csv</code>.</p>\n", p->f);
}

void page_comparison(const struct page *p)
{
    size_t n;
    const char **name = folder_distinct(&n, p->folder, FOLDER_COMPARE, "family");
    fputs("<section id=comparison><h2>What is better than what</h2>\n", p->f);
    for (size_t i = 0; i < n; i++)
        family(p, name[i]);
    free(name);
    differences(p);
    if (folder_has(p->folder, FOLDER_RANKS))
        ranks(p);
    page_figures(p, "", "ranks");
    fputs("</section>\n", p->f);
}
