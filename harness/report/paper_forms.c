/* The three forms of the paper's table: CSV, Markdown, LaTeX. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/markup.h"
#include "report/paper_table.h"
#include "report/results.h"

const char PAPER_TABLE_HEADER[] = "task,partition,model,readout,probe,preprocess,precision,metric,official_value,official_sd,official_n,grouped_value,"
                                  "grouped_low,grouped_high,grouped_n,grouped_n_patients,given_value,given_low,given_high,given_n,given_n_patients,"
                                  "published,reason";

/* ---- CSV: numbers as they are ---- */

void paper_write_csv(FILE *f, const struct paper_table *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct paper_row *r = &t->row[i];
        const struct paper_cell *o = &r->cell[PAPER_OFFICIAL];
        const char *const name[] = {r->task, r->partition, r->model, r->readout, r->probe, r->preprocess, r->precision, r->metric};
        for (size_t k = 0; k < sizeof name / sizeof *name; k++) {
            csv_field(f, name[k]);
            fputc(',', f);
        }
        fprintf(f, "%s,%s,%s,", o->value, o->sd, o->n);
        for (int p = PAPER_GROUPED; p <= PAPER_GIVEN; p++) {
            const struct paper_cell *c = &r->cell[p];
            fprintf(f, "%s,%s,%s,%s,%s,", c->value, c->low, c->high, c->n, c->n_patients);
        }
        csv_field(f, r->published);
        char *reason = mem_strdup("");
        for (int p = 0; p < N_PAPER_PROTOCOLS; p++)
            if (*r->cell[p].reason) {
                char *longer = mem_printf("%s%s%s: %s", reason, *reason ? "; " : "", paper_protocol_name((enum paper_protocol)p), r->cell[p].reason);
                free(reason);
                reason = longer;
            }
        fputc(',', f);
        csv_field(f, reason);
        fputc('\n', f);
        free(reason);
    }
}

/* ---- what Markdown and LaTeX share ---- */

struct notes { /* footnotes, each text once, numbered from 1 */
    const char **text;
    size_t n, capacity;
};

static size_t note_number(struct notes *notes, const char *text)
{
    for (size_t i = 0; i < notes->n; i++)
        if (!strcmp(notes->text[i], text))
            return i + 1;
    notes->text = mem_grow(notes->text, notes->n, &notes->capacity, sizeof *notes->text);
    notes->text[notes->n++] = text;
    return notes->n;
}

/* "0.741 +- 0.012", "0.741 [0.625, 0.855]", "NA", or nothing. */
static void write_value(FILE *f, const struct paper_cell *c, enum paper_protocol protocol, const char *metric, const char *plus_minus)
{
    int digits = markup_digits(metric);
    if (!*c->value)
        return;
    markup_rounded(f, c->value, digits);
    if (!strcmp(c->value, "NA"))
        return;
    if (protocol == PAPER_OFFICIAL && *c->sd) {
        fputs(plus_minus, f);
        markup_rounded(f, c->sd, digits);
    } else if (*c->low) {
        fputs(" [", f);
        markup_rounded(f, c->low, digits);
        fputs(", ", f);
        markup_rounded(f, c->high, digits);
        fputc(']', f);
    }
}

static void used_protocols(bool used[N_PAPER_PROTOCOLS], const struct paper_table *t)
{
    memset(used, 0, N_PAPER_PROTOCOLS * sizeof *used);
    for (size_t i = 0; i < t->n; i++)
        for (int p = 0; p < N_PAPER_PROTOCOLS; p++)
            used[p] = used[p] || *t->row[i].cell[p].value;
}

static const char *const COLUMN_OF[] = {[PAPER_OFFICIAL] = "official: mean {} SD of 5 folds", [PAPER_GROUPED] = "grouped: value [interval]",
                                        [PAPER_GIVEN] = "given: value [interval]"};

static const char EXPLANATION[] = "Frozen encoders; every readout and probe of the study is listed, none is picked by its test score. official: five "
                                  "folds score one and the same test set, so that their SD is no confidence interval. grouped, given: bootstrap "
                                  "intervals. n: images (or examinations) of the test part, by protocol. Published figures are of other splits and "
                                  "settings, as labelled, and not to be compared row by row.";

/* A heading with its {} replaced. */
static void heading(FILE *f, const char *text, const char *plus_minus)
{
    const char *hole = strstr(text, "{}");
    if (hole)
        fprintf(f, "%.*s%s%s", (int)(hole - text), text, plus_minus, hole + 2);
    else
        fputs(text, f);
}

/* Sizes of the test parts, in the order of the columns; equal neighbours once. */
static void write_n(FILE *f, const struct paper_row *r, const bool *used)
{
    const char *before = "";
    bool any = false;
    for (int p = 0; p < N_PAPER_PROTOCOLS; p++) {
        const char *n = r->cell[p].n;
        if (!used[p] || !*n || !strcmp(n, before))
            continue;
        fputs(any ? ", " : "", f);
        fputs(n, f);
        before = n;
        any = true;
    }
}

/* ---- Markdown ---- */

void paper_write_markdown(FILE *f, const struct paper_table *t)
{
    bool used[N_PAPER_PROTOCOLS];
    struct notes notes = {0};
    used_protocols(used, t);
    fputs("| task | model | readout | probe | metric |", f);
    for (int p = 0; p < N_PAPER_PROTOCOLS; p++)
        if (used[p]) {
            fputc(' ', f);
            heading(f, COLUMN_OF[p], "±");
            fputs(" |", f);
        }
    fputs(" n | published (not ours) |\n|---|---|---|---|---|", f);
    for (int p = 0; p < N_PAPER_PROTOCOLS; p++)
        fputs(used[p] ? "---|" : "", f);
    fputs("---|---|\n", f);
    for (size_t i = 0; i < t->n; i++) {
        const struct paper_row *r = &t->row[i];
        fputs("| ", f);
        markup_markdown(f, r->task);
        fputs(!strcmp(r->partition, "test") ? "" : " (exams)", f);
        const char *const name[] = {r->model, r->readout, r->probe, r->metric};
        for (size_t k = 0; k < sizeof name / sizeof *name; k++) {
            fputs(" | ", f);
            markup_markdown(f, name[k]);
        }
        for (int p = 0; p < N_PAPER_PROTOCOLS; p++) {
            if (!used[p])
                continue;
            fputs(" | ", f);
            write_value(f, &r->cell[p], (enum paper_protocol)p, r->metric, " ± ");
            if (*r->cell[p].reason)
                fprintf(f, " (%zu)", note_number(&notes, r->cell[p].reason));
        }
        fputs(" | ", f);
        write_n(f, r, used);
        fputs(" | ", f);
        markup_markdown(f, r->published);
        fputs(" |\n", f);
    }
    fprintf(f, "\n%s\n", EXPLANATION);
    for (size_t i = 0; i < notes.n; i++) {
        fprintf(f, "%s(%zu) ", i ? "\\\n" : "\n", i + 1);
        markup_markdown(f, notes.text[i]);
    }
    fputs(notes.n ? "\n" : "", f);
    free(notes.text);
}

/* ---- LaTeX ---- */

void paper_write_latex(FILE *f, const struct paper_table *t)
{
    bool used[N_PAPER_PROTOCOLS];
    struct notes notes = {0};
    used_protocols(used, t);
    fputs("% needs \\usepackage{longtable} and \\usepackage[T1]{fontenc}\n\\begin{longtable}{lllll", f);
    for (int p = 0; p < N_PAPER_PROTOCOLS; p++)
        fputs(used[p] ? "l" : "", f);
    fputs("rp{4cm}}\n\\hline\ntask & model & readout & probe & metric &", f);
    for (int p = 0; p < N_PAPER_PROTOCOLS; p++)
        if (used[p]) {
            fputc(' ', f);
            heading(f, COLUMN_OF[p], "$\\pm$");
            fputs(" &", f);
        }
    fputs(" n & published (not ours) \\\\\n\\hline\n\\endhead\n", f);
    for (size_t i = 0; i < t->n; i++) {
        const struct paper_row *r = &t->row[i];
        if (i && strcmp(r->task, t->row[i - 1].task) != 0)
            fputs("\\hline\n", f);
        markup_latex(f, r->task);
        fputs(!strcmp(r->partition, "test") ? "" : " (exams)", f);
        const char *const name[] = {r->model, r->readout, r->probe, r->metric};
        for (size_t k = 0; k < sizeof name / sizeof *name; k++) {
            fputs(" & ", f);
            markup_latex(f, name[k]);
        }
        for (int p = 0; p < N_PAPER_PROTOCOLS; p++) {
            if (!used[p])
                continue;
            fputs(" & ", f);
            write_value(f, &r->cell[p], (enum paper_protocol)p, r->metric, " $\\pm$ ");
            if (*r->cell[p].reason)
                fprintf(f, "\\textsuperscript{%zu}", note_number(&notes, r->cell[p].reason));
        }
        fputs(" & ", f);
        write_n(f, r, used);
        fputs(" & ", f);
        markup_latex(f, r->published);
        fputs(" \\\\\n", f);
    }
    fputs("\\hline\n\\end{longtable}\n\\noindent ", f);
    markup_latex(f, EXPLANATION);
    for (size_t i = 0; i < notes.n; i++) {
        fprintf(f, "\\\\\n\\textsuperscript{%zu} ", i + 1);
        markup_latex(f, notes.text[i]);
    }
    fputs("\n", f);
    free(notes.text);
}

/* ---- the files ---- */

int paper_table_write(const struct paper_table *t, const char *directory, struct status *st)
{
    struct outfile csv = {0}, md = {0}, tex = {0};
    int code = results_open(&csv, directory, "", "paper_table.csv", PAPER_TABLE_HEADER, st);
    if (!code)
        code = results_open(&md, directory, "", "paper_table.md", "# Results", st);
    if (!code)
        code = results_open(&tex, directory, "", "paper_table.tex", "% written by skelex-eval from metrics.csv", st);
    if (!code) {
        paper_write_csv(csv.stream, t);
        fputc('\n', md.stream);
        paper_write_markdown(md.stream, t);
        paper_write_latex(tex.stream, t);
        code = outfile_commit(&csv, st);
    }
    if (!code)
        code = outfile_commit(&md, st);
    if (!code)
        code = outfile_commit(&tex, st);
    outfile_discard(&csv);
    outfile_discard(&md);
    outfile_discard(&tex);
    return code;
}
