/* Workbooks: the same table as a CSV of the sheet gives, and a sentence for whatever is none. */
#include "unit/workbook.h"

#include "base/table.h"
#include "base/xlsx.h"

#define STRINGS                                                                                                       \
    "<si><t>image</t></si><si><t>age, years</t></si><si><t xml:space=\"preserve\"> label </t></si>"                    \
    "<si><r><t>two</t></r><r><rPr/><t> runs</t></r><rPh sb=\"0\" eb=\"1\"><t>PHON</t></rPh></si><si><t/></si>"

static void equal_tables(const struct table *a, const struct table *b)
{
    assert_int_equal(a->n_columns, b->n_columns);
    assert_int_equal(a->n_rows, b->n_rows);
    for (size_t i = 0; i < a->n_columns; i++)
        assert_string_equal(a->header[i], b->header[i]);
    for (size_t i = 0; i < a->n_rows * a->n_columns; i++)
        assert_string_equal(a->cell[i], b->cell[i]);
}

static void test_same_as_csv(void **state)
{
    (void)state;
    char *directory = scratch_new();
    struct table x, c;
    struct status st;
    /* gaps, missing references, blank rows, every type of cell */
    char *path = workbook_of(directory, "t.xlsx",
                             "<x:row r=\"2\"><x:c r=\"A2\" t=\"s\"><x:v>0</x:v></x:c><x:c r=\"B2\" t=\"s\"><x:v>1</x:v></x:c>"
                             "<x:c r=\"C2\" t=\"s\"><x:v>2</x:v></x:c><x:c r=\"D2\" t=\"inlineStr\"><x:is><x:t>in</x:t><x:rPh><x:t>no</x:t></x:rPh></x:is></x:c>"
                             "<x:c r=\"E2\" s=\"3\"/></x:row>"
                             "<x:row r=\"3\"><x:c r=\"A3\" t=\"s\"><x:v>4</x:v></x:c></x:row>"
                             "<x:row r=\"5\"><x:c r=\"A5\" t=\"s\"><x:v>3</x:v></x:c><x:c r=\"C5\"><x:v>1.0</x:v></x:c><x:c t=\"b\"><x:v>1</x:v></x:c></x:row>"
                             "<x:row><x:c t=\"str\"><x:f>A1&amp;B1</x:f><x:v>x&amp;y</x:v></x:c><x:c><x:v>1E-3</x:v></x:c><x:c t=\"e\"><x:v>#N/A</x:v></x:c>"
                             "<x:c t=\"b\"><x:v>0</x:v></x:c></x:row>"
                             "<x:row r=\"9\"><x:c r=\"D9\"><x:v>12.5</x:v></x:c></x:row>",
                             STRINGS);
    static const char csv[] = "image,\"age, years\",label,in\ntwo runs,,1,TRUE\nx&y,0.001,#N/A,FALSE\n,,,12.5\n";
    if (table_read(&x, path, &st))
        fail_msg("%s", st.text);
    assert_int_equal(table_parse(&c, "t.csv", (const unsigned char *)csv, sizeof csv - 1, &st), STATUS_OK);
    equal_tables(&x, &c);
    assert_int_equal(x.header_line, 2);
    assert_int_equal(x.line[0], 5);
    assert_int_equal(x.line[1], 6);
    assert_int_equal(x.line[2], 9);
    table_free(&x);
    table_free(&c);
    /* the same sheet without a header */
    static const char *const names[] = {"a", "b", "c", "d"};
    if (table_read_headless(&x, path, names, 4, &st))
        fail_msg("%s", st.text);
    assert_int_equal(x.n_rows, 4);
    assert_string_equal(x.header[3], "d");
    assert_string_equal(table_cell(&x, 0, 1), "age, years");
    table_free(&x);
    free(path);
    scratch_remove(directory);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *rows, *says;
    } bad[] = {
        {"", "empty: a header line was expected"},
        {"<x:row r=\"1\"><x:c r=\"A1\" t=\"s\"><x:v>5</x:v></x:c></x:row>", "cell A1: shared string '5'; the workbook has 5"},
        {"<x:row r=\"1\"><x:c r=\"A1\" t=\"s\"><x:v>-1</x:v></x:c></x:row>", "cell A1: shared string '-1'"},
        {"<x:row r=\"1\"><x:c r=\"AB1\"><x:v>1O</x:v></x:c></x:row>", "cell AB1: '1O' is not a number"},
        {"<x:row r=\"1\"><x:c r=\"A1\" t=\"b\"><x:v>2</x:v></x:c></x:row>", "cell A1: '2' is not a truth value"},
        {"<x:row r=\"1\"><x:c r=\"A1\"><x:v>1</x:v></x:c></x:row><x:row r=\"2\"><x:c r=\"B2\"><x:v>2</x:v></x:c></x:row>",
         "cell B2: text right of the header's last column"},
        {"<x:row r=\"1\"><x:c r=\"B1\"><x:v>1</x:v></x:c></x:row>", "t.xlsx:1: column 1 has no name"},
        {"<x:row r=\"1\"><x:c r=\"A1\"><x:v>1</x:v></x:c><x:c r=\"B1\"><x:v>1</x:v></x:c></x:row>", "t.xlsx:1: column '1' appears twice"},
        {"<x:row r=\"2\"/><x:row r=\"2\"/>", "row '2' behind row 2"},
        {"<x:row r=\"1048577\"/>", "row 1048577; a sheet has at most"},
        {"<x:row r=\"1\"><x:c r=\"B1\"/><x:c r=\"A1\"/></x:row>", "a cell called 'A1' where row 1"},
        {"<x:row r=\"1\"><x:c r=\"XFE1\"/></x:row>", "a cell called 'XFE1'"},
        {"<x:row r=\"1\"><x:c r=\"A7\"/></x:row>", "a cell called 'A7'"},
        {"<x:row><x:c t=\"str\"><x:v>a</x:v><x:row/></x:c><x:c t=\"str\"><x:v>a</x:v></x:c></x:row>", "t.xlsx:1: column 'a' appears twice"},
        {"<x:row r=\"1\"><x:c></x:row>", "part 'xl/worksheets/sheet2.xml', line 1: mismatched tag"},
    };
    char *directory = scratch_new();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct table t;
        struct status st;
        char *path = workbook_of(directory, "t.xlsx", bad[i].rows, STRINGS);
        if (table_read(&t, path, &st) != STATUS_DATA)
            fail_msg("case %zu was taken", i);
        assert_text(st.text, "t.xlsx");
        assert_text(st.text, bad[i].says);
        free(path);
    }
    scratch_remove(directory);
}

static void refuse_parts(const struct part *part, size_t n, const char *says)
{
    struct table t;
    struct status st;
    char *directory = scratch_new(), *path = workbook_write(directory, "t.xlsx", part, n);
    if (table_read(&t, path, &st) != STATUS_DATA)
        fail_msg("was taken, not '%s'", says);
    assert_text(st.text, says);
    free(path);
    scratch_remove(directory);
}

static void test_packages(void **state)
{
    (void)state;
    const struct part no_book[] = {{"word/document.xml", "<a/>"}}, no_sheet[] = {PACKAGE_PART, BOOK_PART, NOTES_PART};
    const struct part entities[] = {
        PACKAGE_PART, {"xl/workbook.xml", "<!DOCTYPE w [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><w><sheet r:id=\"&b;\"/></w>"}};
    refuse_parts(no_book, 1, "no .xlsx workbook");
    refuse_parts(no_sheet, sizeof no_sheet / sizeof *no_sheet, "'xl/worksheets/sheet2.xml' is not in the workbook");
    refuse_parts(entities, 2, "declares a DOCTYPE");
}

/* Cut anywhere, one byte wrong anywhere: a sentence, or the same table where the byte does not matter. */
static void test_damaged(void **state)
{
    (void)state;
    char *directory = scratch_new();
    struct table t;
    struct status st;
    unsigned char *data;
    size_t size, refused = 0;
    char *path = workbook_of(directory, "t.xlsx", "<x:row><x:c t=\"str\"><x:v>image</x:v></x:c></x:row><x:row><x:c t=\"str\"><x:v>a.png</x:v></x:c></x:row>", "");
    assert_int_equal(file_read(&data, &size, path, 0, &st), STATUS_OK);
    for (size_t cut = 0; cut < size; cut += 7)
        assert_int_equal(xlsx_parse(&t, "t.xlsx", data, cut, NULL, 0, &st), STATUS_DATA);
    for (size_t i = 0; i < size; i++) {
        data[i] ^= 0x41;
        int code = xlsx_parse(&t, "t.xlsx", data, size, NULL, 0, &st);
        data[i] ^= 0x41;
        refused += code != STATUS_OK;
        if (code)
            continue;
        assert_int_equal(t.n_rows, 1);
        assert_string_equal(table_cell(&t, 0, 0), "a.png");
        table_free(&t);
    }
    assert_true(refused > size / 2);
    free(data);
    free(path);
    scratch_text(directory, "old.xls", "\xd0\xcf\x11\xe0 and more");
    path = path_join(directory, "old.xls");
    assert_int_equal(table_read(&t, path, &st), STATUS_DATA);
    assert_text(st.text, "old .xls format");
    free(path);
    scratch_remove(directory);
}

/* A part of zeros that inflates beyond the limit is given up there. */
static void test_bomb(void **state)
{
    (void)state;
    size_t n = XLSX_PART + 1;
    char *blank = mem_alloc(n + 1, 1);
    memset(blank, ' ', n);
    blank[n] = '\0';
    const struct part parts[] = {PACKAGE_PART, {"xl/workbook.xml", blank}};
    refuse_parts(parts, 2, "part 'xl/workbook.xml' is longer than");
    free(blank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_as_csv), cmocka_unit_test(test_refused), cmocka_unit_test(test_packages),
                                       cmocka_unit_test(test_damaged), cmocka_unit_test(test_bomb)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
