/* CSV as people's programs write it, and as they break it; errors name the line. */
#include "unit/scratch.h"

#include <fcntl.h>

#include "base/outfile.h"
#include "base/table.h"

static int parse(struct table *t, const char *text, struct status *st)
{
    size_t size = strlen(text);
    unsigned char *exact = mem_alloc(size, 1); /* no NUL behind it: reading on would be seen */
    memcpy(exact, text, size);
    int code = table_parse(t, "t.csv", exact, size, st);
    free(exact);
    return code;
}

static void test_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t rows, last_line;
        const char *last; /* last cell */
    } good[] = {
        {"a,b\n1,2\n", 1, 2, "2"},
        {"a,b\r\n1,2\r\n3,4\r\n", 2, 3, "4"},
        {"a,b\r1,2\r3,4", 2, 3, "4"},
        {"\xef\xbb\xbf" "a,b\n1,2", 1, 2, "2"},
        {"\xef\xbb\xbf\"a\",b\n1,2", 1, 2, "2"},
        {"a,b\n1,\n", 1, 2, ""},
        {"a,b\n,\n", 1, 2, ""},
        {"a,b\n\n\n1,2\n\n", 1, 4, "2"},
        {"a,b\r\n\r\n1,2\r\n", 1, 3, "2"},
        {"a,b\n1,\"x,y\"\n", 1, 2, "x,y"},
        {"a,b\n1,\"say \"\"x\"\"\"\n", 1, 2, "say \"x\""},
        {"a,b\n1,\"two\nlines\"\n3,4\n", 2, 4, "4"},
        {"a,b\r\n1,\"two\r\nlines\"\r\n3,4\r\n", 2, 4, "4"},
        {"a,b\n\"x\ny\nz\",\"\n\"\n3,4", 2, 6, "4"},
        {"a,b\n1,2  \t\n", 1, 2, "2"},
        {"a , b\n 1 , 2 \n", 1, 2, "2"},
        {"a,b\n1, \"2\" \n", 1, 2, "2"},
        {"a,b\n1,\"2\"", 1, 2, "2"},
        {"a\n1\n\n3\n", 2, 4, "3"},
        {"a,b\n1,\"\"\n", 1, 2, ""},
        {"\n\na,b\n1,2\n", 1, 4, "2"},
        {"a,b\n1,Gr\xc3\xbc\xc3\x9f" "e\n", 1, 2, "Gr\xc3\xbc\xc3\x9f" "e"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct table t;
        struct status st;
        if (parse(&t, good[i].text, &st))
            fail_msg("case %zu: %s", i, st.text);
        if (t.n_rows != good[i].rows || t.line[t.n_rows - 1] != good[i].last_line)
            fail_msg("case %zu: %zu rows, the last in line %zu", i, t.n_rows, t.line[t.n_rows - 1]);
        assert_string_equal(table_cell(&t, t.n_rows - 1, t.n_columns - 1), good[i].last);
        assert_string_equal(t.header[0], "a");
        assert_true(table_has(&t, "a"));
        table_free(&t);
        table_free(&t);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "empty"},
        {"\xef\xbb\xbf", "empty"},
        {"\n\n", "empty"},
        {"a,b\n1\n", "t.csv:2: 1 fields where the header has 2"},
        {"a,b\n1,2\n1,2,3\n", "t.csv:3: 3 fields"},
        {"a,b\n1,2\n\n1,2,\n", "t.csv:4: 3 fields"},
        {"a,b\r\n1,2\r\n1\r\n", "t.csv:3: 1 fields"},
        {"a,b\r1,2\r1\r", "t.csv:3: 1 fields"},
        {"a,b\n\"1\n1\n1\",2\n1\n", "t.csv:5: 1 fields"},
        {"a,b\n1,2\n\"1\n1\n1\"\n", "t.csv:3: 1 fields"},
        {"a,a\n1,2\n", "t.csv:1: column 'a' appears twice (columns 1 and 2)"},
        {"a, a\n1,2\n", "appears twice"},
        {"a,\n1,2\n", "t.csv:1: column 2 has no name"},
        {"\n\na,\n1,2\n", "t.csv:3: column 2 has no name"},
        {"a,b\n1,2\"x\n", "t.csv:2: a quote"},
        {"a,b\n1,\"2\"x\n", "t.csv:2: a quote"},
        {"a,b\n1,2\n3,\"4\n5,6\n", "t.csv:3: a quoted field begins here and never ends"},
        {"a,b\n1,\"2\n\"x\n", "t.csv:3: a quote"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct table t;
        struct status st;
        if (parse(&t, bad[i].text, &st) != STATUS_DATA)
            fail_msg("case %zu was taken", i);
        assert_text(st.text, bad[i].says);
        table_free(&t);
    }
}

static void test_nul_bytes(void **state)
{
    (void)state;
    struct table t;
    struct status st;
    static const unsigned char middle[] = "a,b\n1,2\n1,x\0y\n", alone[] = "a,b\n\0,2\n", head[] = "a\0,b\n", quoted[] = "a,b\n1,\"\0\"\n",
                               utf16[] = "\xff\xfe" "a\0,\0b\0\n\0";
    assert_int_equal(table_parse(&t, "t.csv", middle, sizeof middle - 1, &st), STATUS_DATA);
    assert_text(st.text, "t.csv:3: a NUL");
    assert_int_equal(table_parse(&t, "t.csv", alone, sizeof alone - 1, &st), STATUS_DATA);
    assert_int_equal(table_parse(&t, "t.csv", head, sizeof head - 1, &st), STATUS_DATA);
    assert_int_equal(table_parse(&t, "t.csv", quoted, sizeof quoted - 1, &st), STATUS_DATA);
    assert_int_equal(table_parse(&t, "t.csv", utf16, sizeof utf16 - 1, &st), STATUS_DATA);
}

static void test_header_only(void **state)
{
    (void)state;
    struct table t;
    struct status st;
    size_t column;
    assert_int_equal(parse(&t, "a,b", &st), STATUS_OK);
    assert_int_equal(t.n_rows, 0);
    assert_int_equal(t.n_columns, 2);
    assert_int_equal(table_column(&t, "b", &column, &st), STATUS_OK);
    assert_int_equal(column, 1);
    assert_int_equal(table_column(&t, "c", &column, &st), STATUS_DATA);
    assert_text(st.text, "t.csv:1: no column 'c'; there are: a, b");
    assert_false(table_has(&t, "A"));
    table_free(&t);
}

static void test_headless(void **state)
{
    (void)state;
    static const char *const names[] = {"image", "label"};
    static const unsigned char text[] = "x.png,1\ny.png,0\n";
    struct table t;
    struct status st;
    assert_int_equal(table_parse_headless(&t, "t.csv", text, sizeof text - 1, names, 2, &st), STATUS_OK);
    assert_int_equal(t.n_rows, 2);
    assert_int_equal(t.line[0], 1);
    assert_string_equal(table_cell(&t, 1, 0), "y.png");
    table_free(&t);
    assert_int_equal(table_parse_headless(&t, "t.csv", text, 3, names, 2, &st), STATUS_DATA);
    assert_text(st.text, "t.csv:1: 1 fields");
    assert_int_equal(table_parse_headless(&t, "t.csv", text, 0, names, 2, &st), STATUS_OK);
    assert_int_equal(t.n_rows, 0);
    table_free(&t);
}

static void test_files(void **state)
{
    (void)state;
    struct table t;
    struct status st;
    char *directory = scratch_new(), *huge = path_join(directory, "huge.csv"), *empty = scratch_write(directory, "empty.csv", "", 0);
    int fd = open(huge, O_CREAT | O_WRONLY, 0666);
    assert_int_equal(ftruncate(fd, ((off_t)1 << 30) + 1), 0);
    close(fd);
    assert_int_equal(table_read(&t, huge, &st), STATUS_DATA);
    assert_text(st.text, "huge.csv");
    assert_int_equal(table_read(&t, empty, &st), STATUS_DATA);
    assert_int_equal(table_read(&t, directory, &st), STATUS_IO);
    assert_int_equal(table_read(&t, "/nonexistent.csv", &st), STATUS_IO);
    table_free(&t);
    free(huge);
    free(empty);
    scratch_remove(directory);
}

/* What our own writer writes comes back as it was, blanks at the ends apart. */
static void test_written_fields_come_back(void **state)
{
    (void)state;
    static const char *const field[] = {"plain", "", "a,b", "\"", "\"\"", "say \"x\"", "two\nlines", "a\rb", "a\r\nb", ",", "Grüße", "a;b", "'x'", "=1+1"};
    size_t n = sizeof field / sizeof *field, size;
    char *text = NULL;
    struct table t;
    struct status st;
    FILE *f = open_memstream(&text, &size);
    fputs("i,a,b\n", f);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            fprintf(f, "%zu,", i);
            csv_field(f, field[i]);
            fputc(',', f);
            csv_field(f, field[j]);
            fputc('\n', f);
        }
    fclose(f);
    if (table_parse(&t, "t.csv", (const unsigned char *)text, size, &st))
        fail_msg("%s", st.text);
    assert_int_equal(t.n_rows, n * n);
    for (size_t i = 0; i < n * n; i++) {
        assert_string_equal(table_cell(&t, i, 1), field[i / n]);
        assert_string_equal(table_cell(&t, i, 2), field[i % n]);
    }
    table_free(&t);
    free(text);
}

/* A cell of many megabytes in a wide and a long table. */
static void test_large(void **state)
{
    (void)state;
    size_t big = (size_t)8 << 20, size;
    char *text = NULL, *cell = mem_alloc(big + 1, 1);
    struct table t;
    struct status st;
    memset(cell, 'x', big);
    cell[big] = '\0';
    FILE *f = open_memstream(&text, &size);
    fprintf(f, "a,b\n%s,1\n", cell);
    for (size_t i = 0; i < 50000; i++)
        fprintf(f, "%zu,\"%zu\"\n", i, i);
    fclose(f);
    assert_int_equal(table_parse(&t, "t.csv", (const unsigned char *)text, size, &st), STATUS_OK);
    assert_int_equal(t.n_rows, 50001);
    assert_int_equal(t.line[50000], 50002);
    assert_string_equal(table_cell(&t, 0, 0), cell);
    assert_string_equal(table_cell(&t, 50000, 1), "49999");
    table_free(&t);
    free(text);
    free(cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused),  cmocka_unit_test(test_nul_bytes),
                                       cmocka_unit_test(test_header_only), cmocka_unit_test(test_headless), cmocka_unit_test(test_files),
                                       cmocka_unit_test(test_written_fields_come_back), cmocka_unit_test(test_large)};
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
