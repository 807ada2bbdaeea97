/* report.html: one file that needs no network and no script, light and dark,
 * for screen, phone and paper.  Drawn from a results folder: its CSVs,
 * provenance.json and the SVG files of figures/; what is not there is left out.
 * The parts of the page call one another through this header. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "report/drawings.h"
#include "report/folder.h"
#include "report/main_table.h"

/* A small PNG of the picture at `path` (a cell of worst.csv); png NULL if the picture is not there any more. */
struct page_thumbnail {
    const char *path;
    unsigned char *png;
    size_t size;
};

struct page {
    FILE *f;
    const struct folder *folder;
    const struct main_table *table;
    const struct drawing_list *figures;
    const struct page_thumbnail *thumbnail; /* [n_thumbnails] by path */
    size_t n_thumbnails;
};

/* RESULTS/report.html; *path (new string) says where. */
int page_write(char **path, const struct folder *folder, const struct main_table *table, const struct drawing_list *figures,
               const struct page_thumbnail *thumbnail, size_t n_thumbnails, struct status *st) MUST_CHECK;

extern const char PAGE_STYLE[], PAGE_SCRIPT[];

/* ---- parts, in the order of the page ---- */
void page_audit(const struct page *p);
void page_summary(const struct page *p);
void page_comparison(const struct page *p);
void page_flow(const struct page *p);
void page_task(const struct page *p, const char *task);
bool page_has_external(const struct page *p);
void page_external(const struct page *p);
void page_reporting(const struct page *p);
void page_costs(const struct page *p);
void page_provenance(const struct page *p);

/* ---- for the parts ---- */
void page_text(const struct page *p, const char *text); /* escaped */
/* <th> or <td> with escaped text; class may be NULL. */
void page_cell(const struct page *p, const char *tag, const char *class, const char *text);
/* A value and its interval, or NA with the reason as a title, of a row of metrics.csv. */
void page_value(const struct page *p, size_t row, size_t sd_row, bool bold);
/* The same of any table's cells: low or high "" or NA: no interval.  `metric` says how many digits. */
void page_estimate(const struct page *p, const char *value, const char *low, const char *high, const char *metric);
/* p to two digits, "below 0.001" where it is. */
void page_probability(const struct page *p, const char *probability);
/* The figures of a task ("": of the study) whose name begins with `kind` (NULL: all). */
void page_figures(const struct page *p, const char *task, const char *kind);
/* A whole table of results, every column, as it is; `columns`: NULL, or which, ended by NULL. */
void page_plain_table(const struct page *p, enum folder_file file, const char *const *columns, const char *task);
/* id="" of a task's section */
void page_anchor(const struct page *p, const char *task);

#endif
