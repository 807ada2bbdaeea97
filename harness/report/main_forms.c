/* The three forms of the main table: CSV, Markdown, LaTeX. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/main_table.h"
#include "report/markup.h"
#include "report/results.h"

const char MAIN_TABLE_HEADER[] = "study,task,protocol,model,readout,probe,preprocess,precision,partition,metric,n,n_patients,value,low,high,level,method,sd,"
                                 "best,significant,reason";

static const char *m(const struct main_table *t, size_t row, const char *column)
{
    return folder_cell(t->folder, FOLDER_METRICS, row, column);
}

/* The first figure of a row, which says its n. */
static size_t first_of(const struct main_table *t, const struct main_row *r)
{
    for (size_t k = 0; k < t->n_models; k++)
        if (r->cell[k].row != SIZE_MAX)
            return r->cell[k].row;
    return SIZE_MAX;
}

void main_table_write_csv(FILE *f, const struct main_table *t)
{
    static const char *const column[] = {"study", "task", "protocol", "model", "readout", "probe", "preprocess", "precision", "partition",
                                         "metric", "n", "n_patients", "value", "low", "high", "level", "method"};
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < t->n_models; k++) {
            const struct main_cell *c = &t->row[i].cell[k];
            if (c->row == SIZE_MAX)
                continue;
            for (size_t j = 0; j < sizeof column / sizeof *column; j++) {
                csv_field(f, m(t, c->row, column[j]));
                fputc(',', f);
            }
            fprintf(f, "%s,%d,%d,", c->sd_row == SIZE_MAX ? "" : m(t, c->sd_row, "value"), c->best, c->bold);
            csv_field(f, m(t, c->row, "reason"));
            fputc('\n', f);
        }
}

/* What Markdown and LaTeX differ in. */
struct form {
    void (*text)(FILE *f, const char *text);
    const char *bold, *plain, *plus_minus, *minus; /* around a bold value; before an SD; in place of '-' */
};

static void number(FILE *f, const char *text, int digits, const struct form *form)
{
    if (*text == '-') {
        fputs(form->minus, f);
        text++;
    }
    markup_rounded(f, text, digits);
}

static void write_value(FILE *f, const struct main_table *t, const struct main_row *r, const struct main_cell *c, const struct form *form)
{
    int digits = markup_digits(r->metric);
    if (c->row == SIZE_MAX)
        return;
    if (!strcmp(m(t, c->row, "value"), "NA")) {
        fputs("NA", f);
        return;
    }
    fputs(c->bold ? form->bold : "", f);
    number(f, m(t, c->row, "value"), digits, form);
    fputs(c->bold ? form->plain : "", f);
    if (c->sd_row != SIZE_MAX) {
        fputs(form->plus_minus, f);
        number(f, m(t, c->sd_row, "value"), digits, form);
    } else if (*m(t, c->row, "low")) {
        fputs(" (", f);
        number(f, m(t, c->row, "low"), digits, form);
        fputs(" to ", f);
        number(f, m(t, c->row, "high"), digits, form);
        fputc(')', f);
    }
}

static void write_n(FILE *f, const struct main_table *t, const struct main_row *r)
{
    size_t first = first_of(t, r);
    if (first != SIZE_MAX)
        fprintf(f, "%s (%s)", m(t, first, "n"), m(t, first, "n_patients"));
}

/* The sentence under the table: what is shown, how the intervals were made, what bold means. */
static void write_legend(FILE *f, const struct main_table *t, const struct form *form)
{
    const char *method = "";
    bool official = false, mae = false;
    for (size_t i = 0; i < t->n; i++) {
        size_t first = first_of(t, &t->row[i]);
        if (first != SIZE_MAX && !*method)
            method = m(t, first, "method");
        official |= !strcmp(t->row[i].protocol, "official");
        mae |= main_table_less_is_better(t->row[i].metric);
    }
    fputs("Frozen encoders, probes chosen on validation folds, test part scored once. n: images (patients) of the test part. ", f);
    if (official)
        fputs("Mean and population SD of five folds that share one test set; an SD is no interval. ", f);
    else if (*method) {
        fputs("In brackets: interval, ", f);
        form->text(f, method);
        fputs(". ", f);
    }
    fputs(folder_has(t->folder, FOLDER_READOUTS) ? "Of a model with several readouts the one that validation chose. " : "", f);
    fputs(mae ? "MAE: less is better. " : "", f);
    fputs(folder_has(t->folder, FOLDER_COMPARE)
              ? "Bold: the best of its row, and significantly better than every other model of the row after correction (compare.csv)."
              : "Nothing is bold: no comparison of models was made.", f);
}

static bool several(const struct main_table *t, size_t offset)
{
    for (size_t i = 1; i < t->n; i++)
        if (strcmp(*(const char *const *)((const char *)&t->row[i] + offset), *(const char *const *)((const char *)&t->row[0] + offset)) != 0)
            return true;
    return false;
}

#define SEVERAL(t, member) several(t, offsetof(struct main_row, member))

static void write_task(FILE *f, const struct main_row *r, const struct form *form)
{
    form->text(f, r->task);
    fputs(strcmp(r->partition, "test exams") ? "" : " (exams)", f);
}

void main_table_write_markdown(FILE *f, const struct main_table *t)
{
    static const struct form form = {markup_markdown, "**", "**", " ± ", "\xe2\x88\x92"};
    bool protocols = SEVERAL(t, protocol), probes = SEVERAL(t, probe);
    fprintf(f, "| task | metric |%s%s n |", protocols ? " protocol |" : "", probes ? " probe |" : "");
    for (size_t k = 0; k < t->n_models; k++) {
        fputc(' ', f);
        markup_markdown(f, t->model[k]);
        fputs(" |", f);
    }
    fprintf(f, "\n|---|---|%s%s---|", protocols ? "---|" : "", probes ? "---|" : "");
    for (size_t k = 0; k < t->n_models; k++)
        fputs("---|", f);
    fputc('\n', f);
    for (size_t i = 0; i < t->n; i++) {
        const struct main_row *r = &t->row[i];
        fputs("| ", f);
        write_task(f, r, &form);
        fputs(" | ", f);
        markup_markdown(f, r->metric);
        if (protocols)
            fprintf(f, " | %s", r->protocol);
        if (probes) {
            fputs(" | ", f);
            markup_markdown(f, r->probe);
        }
        fputs(" | ", f);
        write_n(f, t, r);
        for (size_t k = 0; k < t->n_models; k++) {
            fputs(" | ", f);
            write_value(f, t, r, &r->cell[k], &form);
        }
        fputs(" |\n", f);
    }
    fputc('\n', f);
    write_legend(f, t, &form);
    fputc('\n', f);
}

void main_table_write_latex(FILE *f, const struct main_table *t)
{
    static const struct form form = {markup_latex, "\\textbf{", "}", " $\\pm$ ", "$-$"};
    bool protocols = SEVERAL(t, protocol), probes = SEVERAL(t, probe);
    fprintf(f, "%% \\usepackage{booktabs} \\usepackage[T1]{fontenc}; wide: \\resizebox or a landscape page\n\\begin{table}\n\\centering\n\\small\n"
               "\\begin{tabular}{ll%s%sr", protocols ? "l" : "", probes ? "l" : "");
    for (size_t k = 0; k < t->n_models; k++)
        fputc('l', f);
    fprintf(f, "}\n\\toprule\ntask & metric%s%s & n", protocols ? " & protocol" : "", probes ? " & probe" : "");
    for (size_t k = 0; k < t->n_models; k++) {
        fputs(" & ", f);
        markup_latex(f, t->model[k]);
    }
    fputs(" \\\\\n\\midrule\n", f);
    for (size_t i = 0; i < t->n; i++) {
        const struct main_row *r = &t->row[i];
        write_task(f, r, &form);
        fputs(" & ", f);
        markup_latex(f, r->metric);
        if (protocols)
            fprintf(f, " & %s", r->protocol);
        if (probes) {
            fputs(" & ", f);
            markup_latex(f, r->probe);
        }
        fputs(" & ", f);
        write_n(f, t, r);
        for (size_t k = 0; k < t->n_models; k++) {
            fputs(" & ", f);
            write_value(f, t, r, &r->cell[k], &form);
        }
        fputs(" \\\\\n", f);
    }
    fputs("\\bottomrule\n\\end{tabular}\n\\caption{", f);
    write_legend(f, t, &form);
    fputs("}\n\\end{table}\n", f);
}

int main_table_write(const struct main_table *t, struct status *st)
{
    struct outfile csv = {0}, md = {0}, tex = {0};
    const char *directory = t->folder->directory;
    int code = results_open(&csv, directory, "", "main_table.csv", MAIN_TABLE_HEADER, st);
    if (!code)
        code = results_open(&md, directory, "", "main_table.md", "# Results", st);
    if (!code)
        code = results_open(&tex, directory, "", "main_table.tex", "% written by skelex-eval from metrics.csv", st);
    if (!code) {
        main_table_write_csv(csv.stream, t);
        fputc('\n', md.stream);
        main_table_write_markdown(md.stream, t);
        main_table_write_latex(tex.stream, t);
        code = outfile_finish(&csv, st);
    }
    if (!code)
        code = outfile_finish(&md, st);
    if (!code)
        code = outfile_finish(&tex, st);
    if (!code)
        code = outfile_commit(&csv, st);
    if (!code)
        code = outfile_commit(&md, st);
    if (!code)
        code = outfile_commit(&tex, st);
    outfile_discard(&csv);
    outfile_discard(&md);
    outfile_discard(&tex);
    return code;
}
