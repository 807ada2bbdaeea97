/* Any bytes as a CSV file: refused with a sentence, or a table whose every cell can be read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

static void walk(const struct table *t, size_t size)
{
    size_t characters = 0, column;
    struct status st;
    must(t->n_columns >= 1 && t->header_line >= 1);
    for (size_t row = 0; row < t->n_rows; row++) {
        must(t->line[row] >= 1 && t->line[row] <= size + 1 && (row == 0 || t->line[row] >= t->line[row - 1]));
        for (size_t c = 0; c < t->n_columns; c++)
            characters += strlen(table_cell(t, row, c));
    }
    must(characters <= size);
    for (size_t c = 0; c < t->n_columns; c++)
        must(table_column(t, t->header[c], &column, &st) == STATUS_OK && column == c);
    must(table_column(t, "", &column, &st) == STATUS_DATA && *st.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const header[] = {"image", "label"};
    struct table t;
    struct status st = {0};
    if (size > 1 << 16) /* column names are compared pairwise */
        return 0;
    if (table_parse(&t, "t.csv", data, size, &st) == STATUS_OK)
        walk(&t, size);
    else
        must(*st.text != '\0');
    table_free(&t);
    if (table_parse_headless(&t, "t.csv", data, size, header, 2, &st) == STATUS_OK)
        walk(&t, size);
    table_free(&t);
    return 0;
}
