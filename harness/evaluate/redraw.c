#include "evaluate/redraw.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "evaluate/figure_data.h"
#include "evaluate/thumbnail.h"
#include "report/drawings.h"
#include "report/folder.h"
#include "report/main_table.h"
#include "report/page.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of every different picture of worst.csv, by path. */
static struct page_thumbnail *make_thumbnails(size_t *n, const struct folder *f, int n_threads)
{
    const char **path = folder_distinct(n, f, FOLDER_WORST, "image");
    struct page_thumbnail *t = NEW0(*n + 1, struct page_thumbnail);
    if (*n)
        qsort(path, *n, sizeof *path, by_text);
#pragma omp parallel for schedule(dynamic) num_threads(n_threads)
    for (size_t i = 0; i < *n; i++) {
        t[i].path = path[i];
        t[i].png = thumbnail_png(&t[i].size, path[i]);
    }
    free(path);
    return t;
}

static int write_page(struct redraw_result *r, const struct folder *f, const struct main_table *table, int n_threads, struct status *st)
{
    struct drawing_list figures;
    size_t n;
    drawings_plan(&figures, f);
    int code = drawings_draw(&figures, f, n_threads, st);
    struct page_thumbnail *thumbnail = code ? NULL : make_thumbnails(&n, f, n_threads);
    if (!code)
        code = page_write(&r->page, f, table, &figures, thumbnail, n, st);
    for (size_t i = 0; thumbnail && i < n; i++)
        free(thumbnail[i].png);
    free(thumbnail);
    for (size_t i = 0; i < figures.n; i++)
        r->n_figures += figures.drawing[i].drawn;
    if (figures.missing)
        r->missing = mem_strdup(figures.missing);
    drawings_free(&figures);
    return code;
}

int redraw(struct redraw_result *r, const char *directory, int n_threads, struct status *st)
{
    struct folder f;
    struct main_table table;
    *r = (struct redraw_result){0};
    int code = folder_read(&f, directory, st);
    if (code)
        return code;
    main_table_make(&table, &f);
    code = main_table_write(&table, st);
    if (!code)
        code = figure_data_write(&table, n_threads, st);
    if (!code)
        code = write_page(r, &f, &table, n_threads, st);
    main_table_free(&table);
    folder_free(&f);
    if (code)
        redraw_free(r);
    return code;
}

void redraw_free(struct redraw_result *r)
{
    free(r->page);
    free(r->missing);
    *r = (struct redraw_result){0};
}
