#include "study/subgroup.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/manifest.h"
#include "base/memory.h"
#include "base/number.h"

static const cyaml_schema_value_t band_text = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CYAML_UNLIMITED)};
static const cyaml_schema_field_t fields[] = {
    CYAML_FIELD_STRING_PTR("column", CYAML_FLAG_POINTER, struct subgroup_text, column, 1, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE_COUNT("bands", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct subgroup_text, bands, n_bands, &band_text, 1, 64),
    CYAML_FIELD_END};
const cyaml_schema_value_t SUBGROUP_SCHEMA = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct subgroup_text, fields)};

int subgroups_resolve(struct subgroups *s, const struct subgroup_text *text, unsigned n, bool required, const char *path, struct status *st)
{
    char keys[64];
    *s = (struct subgroups){.item = NEW0(n, struct subgroup), .n = n};
    int code = STATUS_OK;
    for (unsigned i = 0; i < n && !code; i++) {
        struct subgroup *g = &s->item[i];
        *g = (struct subgroup){.column = mem_strdup(text[i].column), .band = NEW0(text[i].n_bands, double), .n_bands = text[i].n_bands, .required = required};
        (void)snprintf(keys, sizeof keys, "subgroups/%u/column", i);
        for (unsigned j = 0; j < i && !code; j++)
            if (!strcmp(s->item[j].column, g->column))
                code = status_set(st, STATUS_DATA, "%s:%zu: subgroups: column '%s' is listed twice", path, manifest_line(path, keys), g->column);
        for (unsigned b = 0; b < text[i].n_bands && !code; b++) {
            (void)snprintf(keys, sizeof keys, "subgroups/%u/bands/%u", i, b);
            code = manifest_number(&g->band[b], text[i].bands[b], 0, -1e300, 1e300, path, keys, st);
            if (!code && b && g->band[b] <= g->band[b - 1])
                code = status_set(st, STATUS_DATA, "%s:%zu: subgroups: bands must ascend, each once", path, manifest_line(path, keys));
        }
    }
    return code;
}

void subgroups_copy(struct subgroups *to, const struct subgroups *from)
{
    *to = (struct subgroups){.item = NEW0(from->n, struct subgroup), .n = from->n};
    for (size_t i = 0; i < from->n; i++) {
        const struct subgroup *g = &from->item[i];
        to->item[i] = *g;
        to->item[i].column = mem_strdup(g->column);
        to->item[i].band = NEW(g->n_bands, double);
        for (size_t b = 0; b < g->n_bands; b++)
            to->item[i].band[b] = g->band[b];
    }
}

void subgroups_free(struct subgroups *s)
{
    for (size_t i = 0; s->item && i < s->n; i++) {
        free(s->item[i].column);
        free(s->item[i].band);
    }
    free(s->item);
    *s = (struct subgroups){0};
}

void subgroups_write(const struct subgroups *s, FILE *stream)
{
    char number[NUMBER_TEXT];
    if (!s->n)
        return;
    fputs("subgroups:\n", stream);
    for (size_t i = 0; i < s->n; i++) {
        fputs("  - {column: \"", stream);
        for (const char *c = s->item[i].column; *c; c++) {
            if (*c == '"' || *c == '\\')
                fputc('\\', stream);
            fputc(*c, stream);
        }
        fputc('"', stream);
        for (size_t b = 0; b < s->item[i].n_bands; b++)
            fprintf(stream, "%s%s", b ? ", " : ", bands: [", number_format(number, s->item[i].band[b]));
        fputs(s->item[i].n_bands ? "]}\n" : "}\n", stream);
    }
}

char *subgroup_name(const struct subgroup *g, const char *cell)
{
    char low[NUMBER_TEXT], high[NUMBER_TEXT];
    double value;
    size_t b = 0;
    if (!cell || !*cell || !strcasecmp(cell, "na") || !strcasecmp(cell, "nan"))
        return NULL;
    if (!g->n_bands) /* 1 and 1.0 are one group */
        return number_parse_double(cell, &value) ? mem_strdup(number_format(low, value)) : mem_strdup(cell);
    if (!number_parse_double(cell, &value))
        return NULL;
    while (b < g->n_bands && value >= g->band[b])
        b++;
    if (b == 0)
        return mem_printf("below %s", number_format(high, g->band[0]));
    if (b == g->n_bands)
        return mem_printf("%s and above", number_format(low, g->band[b - 1]));
    return mem_printf("%s to below %s", number_format(low, g->band[b - 1]), number_format(high, g->band[b]));
}
