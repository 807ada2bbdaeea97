/* Any bytes as a workbook: refused with a sentence, or a table whose every cell can be read.  As mutated zip archives
 * seldom pass their checksums, bytes that are no archive are also taken as the XML of a sheet in a sound one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/xlsx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

static void try(const uint8_t *data, size_t size)
{
    struct table t;
    struct status st = {0};
    if (xlsx_parse(&t, "t.xlsx", data, size, NULL, 0, &st)) {
        must(*st.text != '\0');
        return;
    }
    must(t.n_columns >= 1 && t.header_line >= 1);
    size_t characters = 0;
    for (size_t row = 0; row < t.n_rows; row++) {
        must(t.line[row] > (row ? t.line[row - 1] : t.header_line));
        for (size_t c = 0; c < t.n_columns; c++)
            characters += strlen(table_cell(&t, row, c));
    }
    must(characters <= (size_t)1 << 30);
    table_free(&t);
}

#define TYPE "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

static void add(zip_t *z, const char *path, const void *data, size_t size)
{
    must(zip_file_add(z, path, zip_source_buffer(z, data, size, 0), ZIP_FL_OVERWRITE) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char package[] = "<a><Relationship Type=\"" TYPE "officeDocument\" Target=\"b.xml\"/></a>";
    static const char book[] = "<a xmlns:r=\"r\"><sheet r:id=\"s\"/></a>";
    static const char relations[] = "<a><Relationship Id=\"s\" Target=\"s.xml\"/><Relationship Type=\"" TYPE "sharedStrings\" Target=\"t.xml\"/></a>";
    static const char strings[] = "<a><si><t>image</t></si><si><t>label</t></si></a>";
    zip_error_t error;
    zip_stat_t stat;
    if (size > 1 << 16)
        return 0;
    if (size >= 2 && !memcmp(data, "PK", 2)) {
        try(data, size);
        return 0;
    }
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    must(source != NULL);
    zip_source_keep(source);
    zip_t *z = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &error);
    must(z != NULL);
    add(z, "_rels/.rels", package, sizeof package - 1);
    add(z, "b.xml", book, sizeof book - 1);
    add(z, "_rels/b.xml.rels", relations, sizeof relations - 1);
    add(z, "t.xml", strings, sizeof strings - 1);
    add(z, "s.xml", data, size);
    must(zip_close(z) == 0);
    must(zip_source_open(source) == 0 && zip_source_stat(source, &stat) == 0);
    uint8_t *whole = malloc(stat.size);
    must(whole && zip_source_read(source, whole, stat.size) == (zip_int64_t)stat.size);
    zip_source_close(source);
    zip_source_free(source);
    try(whole, stat.size);
    free(whole);
    return 0;
}
