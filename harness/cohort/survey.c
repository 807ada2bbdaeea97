#include "cohort/survey.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/progress.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void look(struct picture *p)
{
    struct file_map map;
    struct status st;
    if (!file_exists(p->path)) {
        p->missing = true;
        p->reason = mem_printf("no such file: '%s'", p->path);
        return;
    }
    if (file_map(&map, p->path, &st)) {
        p->reason = mem_strdup(st.text);
        return;
    }
    p->bytes = map.size;
    digest_bytes(p->digest, map.data, map.size);
    if (radiograph_info(&p->info, map.data, map.size, &st))
        p->reason = mem_strdup(st.text);
    file_unmap(&map);
}

int survey_make(struct survey *s, const char *const *path, size_t n, int n_threads, bool quiet, struct status *st)
{
    const char **sorted = NEW(n, const char *);
    *s = (struct survey){.picture = NEW0(n, struct picture)};
    if (n) {
        memcpy(sorted, path, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, by_text);
    }
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
            s->picture[s->n++].path = mem_strdup(sorted[i]);
    free(sorted);
    struct progress progress;
    progress_begin(&progress, "read", "images", s->n, quiet);
#pragma omp parallel for schedule(dynamic, 8) num_threads(n_threads)
    for (size_t i = 0; i < s->n; i++) {
        if (interrupt_requested())
            continue;
        look(&s->picture[i]);
        progress_step(&progress, 1);
    }
    progress_end(&progress);
    if (interrupt_requested()) {
        survey_free(s);
        return status_set(st, STATUS_INTERRUPTED, "stopped while reading the images");
    }
    return STATUS_OK;
}

void survey_free(struct survey *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->picture[i].path);
        free(s->picture[i].reason);
    }
    free(s->picture);
    *s = (struct survey){0};
}

size_t survey_find(const struct survey *s, const char *path)
{
    size_t low = 0, high = s->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(s->picture[middle].path, path) <= 0)
            low = middle;
        else
            high = middle;
    }
    assert(low < s->n && !strcmp(s->picture[low].path, path));
    return low;
}
