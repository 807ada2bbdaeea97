/* A minimal .xlsx made of the parts given (libzip). */
#ifndef UNIT_WORKBOOK_H
#define UNIT_WORKBOOK_H

#include <zip.h>

#include "unit/scratch.h"

struct part {
    const char *path, *text;
};

#define RELATIONS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE_PART                                                                                                     \
    {"_rels/.rels", "<Relationships><Relationship Id=\"a\" Type=\"" RELATIONS "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"}
/* The first sheet listed is not the first file: its relation decides. */
#define BOOK_PART                                                                                                        \
    {"xl/workbook.xml", "<workbook xmlns:r=\"" RELATIONS "\"><sheets><sheet name=\"Data\" sheetId=\"7\" r:id=\"r2\"/>"      \
                        "<sheet name=\"Notes\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"},                          \
    {"xl/_rels/workbook.xml.rels", "<Relationships><Relationship Id=\"r1\" Type=\"" RELATIONS "/worksheet\" Target=\"worksheets/sheet1.xml\"/>" \
                                   "<Relationship Id=\"r2\" Type=\"" RELATIONS "/worksheet\" Target=\"/xl/worksheets/sheet2.xml\"/>"           \
                                   "<Relationship Id=\"r3\" Type=\"" RELATIONS "/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"}
#define NOTES_PART {"xl/worksheets/sheet1.xml", "<worksheet><sheetData><row><c t=\"str\"><v>wrong sheet</v></c></row></sheetData></worksheet>"}

/* The file's path, to be freed. */
static inline char *workbook_write(const char *directory, const char *name, const struct part *part, size_t n)
{
    int error = 0;
    char *path = path_join(directory, name);
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);
    assert_non_null(z);
    for (size_t i = 0; i < n; i++)
        assert_true(zip_file_add(z, part[i].path, zip_source_buffer(z, part[i].text, strlen(part[i].text), 0), ZIP_FL_OVERWRITE) >= 0);
    assert_int_equal(zip_close(z), 0);
    return path;
}

/* A workbook whose first sheet holds `rows` (XML of <row>s) and whose shared strings are `strings` (XML of <si>s). */
static inline char *workbook_of(const char *directory, const char *name, const char *rows, const char *strings)
{
    char *sheet = mem_printf("<?xml version=\"1.0\"?><x:worksheet xmlns:x=\"main\"><x:sheetData>%s</x:sheetData></x:worksheet>", rows);
    char *shared = mem_printf("<sst>%s</sst>", strings);
    const struct part parts[] = {PACKAGE_PART, BOOK_PART, NOTES_PART, {"xl/worksheets/sheet2.xml", sheet}, {"xl/sharedStrings.xml", shared}};
    char *path = workbook_write(directory, name, parts, sizeof parts / sizeof *parts);
    free(sheet);
    free(shared);
    return path;
}

#endif
