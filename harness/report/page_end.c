/* The page's last parts: reporting sheet, costs, provenance. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "report/markup.h"
#include "report/page.h"

void page_reporting(const struct page *p)
{
    fputs("<section id=reporting><h2>Reporting sheet</h2>\n<p>Items of CLAIM and TRIPOD+AI that the run answers, and those left to the authors.</p>\n", p->f);
    page_plain_table(p, FOLDER_REPORTING, NULL, NULL);
    fputs("</section>\n", p->f);
}

void page_costs(const struct page *p)
{
    const json_t *stages = json_object_get(p->folder->provenance, "stages"), *attentive = json_object_get(p->folder->provenance, "attentive");
    fputs("<section id=costs><h2>Costs</h2>\n<p class=soft>Of the last run, by stage; what the store held already was not computed again. "
          "Peak memory is that of the process up to the stage's end.</p>\n<div class=wide><table><thead><tr><th>stage</th><th class=n>items</th><th class=n>seconds</th>"
          "<th class=n>items a second</th><th class=n>peak memory, MB</th></tr></thead><tbody>\n", p->f);
    for (size_t i = 0; i < json_array_size(stages); i++) {
        const json_t *s = json_array_get(stages, i);
        const char *name = json_string_value(json_object_get(s, "stage"));
        double seconds = json_number_value(json_object_get(s, "seconds")), items = json_number_value(json_object_get(s, "items"));
        fputs("<tr>", p->f);
        page_cell(p, "td", NULL, name ? name : "");
        fprintf(p->f, "<td class=n>%.0f %s</td><td class=n>%.2f</td><td class=n>", items,
                !name ? "" : !strcmp(name, "evaluate") ? "cells" : !strcmp(name, "load") ? "models" : !strcmp(name, "gallery") ? "tasks" : "images", seconds);
        if (seconds > 0 && items > 0)
            fprintf(p->f, "%.1f", items / seconds);
        fprintf(p->f, "</td><td class=n>%.0f</td></tr>\n", json_number_value(json_object_get(s, "peak_memory_kib")) * 1024 / 1e6);
    }
    fputs("</tbody></table></div>\n", p->f);
    for (size_t i = 0; i < json_array_size(attentive); i++) {
        const json_t *a = json_array_get(attentive, i);
        const char *task = json_string_value(json_object_get(a, "task")), *model = json_string_value(json_object_get(a, "model"));
        fputs("<p>Attentive probe of ", p->f);
        page_text(p, task ? task : "");
        fputs(", ", p->f);
        page_text(p, model ? model : "");
        fprintf(p->f, ": %.1f s, %.2f GB of tokens read.</p>\n", json_number_value(json_object_get(a, "seconds")),
                json_number_value(json_object_get(a, "bytes_read")) / 1e9);
    }
    fputs("</section>\n", p->f);
}

static void term(const struct page *p, const char *name, const char *text)
{
    if (!*text)
        return;
    fprintf(p->f, "<dt>%s</dt><dd>", name);
    page_text(p, text);
    fputs("</dd>\n", p->f);
}

static void number_term(const struct page *p, const char *name)
{
    const json_t *value = json_object_get(p->folder->provenance, name);
    if (json_is_integer(value))
        fprintf(p->f, "<dt>%s</dt><dd>%lld</dd>\n", name, (long long)json_integer_value(value));
}

/* Members that are texts, of each element of a list. */
static void list_terms(const struct page *p, const char *list, const char *const *member, size_t n)
{
    const json_t *array = json_object_get(p->folder->provenance, list);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(array, i), "name"));
        fprintf(p->f, "<dt>%.*s ", (int)strlen(list) - 1, list);
        page_text(p, name ? name : "");
        fputs("</dt><dd>", p->f);
        for (size_t k = 0; k < n; k++) {
            const char *text = json_string_value(json_object_get(json_array_get(array, i), member[k]));
            if (!text || !*text)
                continue;
            fprintf(p->f, "%s <code>", member[k]);
            page_text(p, text);
            fputs("</code><br>", p->f);
        }
        fputs("</dd>\n", p->f);
    }
}

void page_provenance(const struct page *p)
{
    static const char *const of_task[] = {"file", "layout", "data", "cohort_sha256"}, *const of_model[] = {"weights_sha256", "features", "fingerprint"};
    fputs("<section id=provenance><h2>Provenance</h2>\n", p->f);
    if (!p->folder->provenance) {
        fputs("<p class=\"note warning\">provenance.json is not there.</p></section>\n", p->f);
        return;
    }
    fputs("<dl>\n", p->f);
    term(p, "program", folder_said(p->folder, "program"));
    term(p, "version", folder_said(p->folder, "version"));
    term(p, "command", folder_said(p->folder, "command_line"));
    term(p, "study", folder_said(p->folder, "study_file"));
    term(p, "study's SHA-256", folder_said(p->folder, "study_sha256"));
    number_term(p, "seed");
    number_term(p, "threads");
    number_term(p, "batch");
    term(p, "processor", folder_said(p->folder, "cpu"));
    term(p, "instructions", folder_said(p->folder, "instructions"));
    term(p, "BLAS", folder_said(p->folder, "blas"));
    list_terms(p, "models", of_model, sizeof of_model / sizeof *of_model);
    list_terms(p, "tasks", of_task, sizeof of_task / sizeof *of_task);
    fputs("</dl>\n<p class=soft>The study with every default written out: <code>study.resolved.yaml</code>.</p>"
          "</section>\n", p->f);
}
