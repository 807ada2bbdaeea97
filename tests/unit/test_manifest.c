/* Manifests: what is written wrongly is refused with the line it stands in. */
#include "unit/scratch.h"

#include "base/manifest.h"

static char schema_marker; /* something that is not NULL */

struct thing {
    char *name, *size;
};
struct notes {
    char *title, *count;
    struct thing *things;
    unsigned n_things;
};

#define TEXT(key, flags, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), type, member, 1, CYAML_UNLIMITED)
static const cyaml_schema_field_t thing_fields[] = {TEXT("name", 0, struct thing, name), TEXT("size", CYAML_FLAG_OPTIONAL, struct thing, size),
                                                    CYAML_FIELD_END};
static const cyaml_schema_value_t thing_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct thing, thing_fields)};
static const cyaml_schema_field_t notes_fields[] = {
    TEXT("title", 0, struct notes, title), TEXT("count", CYAML_FLAG_OPTIONAL, struct notes, count),
    CYAML_FIELD_SEQUENCE_COUNT("things", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct notes, things, n_things, &thing_value, 1, 100),
    CYAML_FIELD_END};
static const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct notes, notes_fields)};

static int parse(void **data, const char *text, size_t size, struct status *st)
{
    unsigned char *exact = mem_alloc(size, 1);
    memcpy(exact, text, size);
    int code = manifest_parse(data, &schema, "m.yaml", exact, size, st);
    free(exact);
    return code;
}

static void test_loads(void **state)
{
    (void)state;
    void *data;
    struct status st;
    static const char text[] = "# a comment\ntitle: \"a: b\"\ncount: 1O\nthings:\n- {name: x, size: 3}\n- name: y\n";
    if (parse(&data, text, sizeof text - 1, &st))
        fail_msg("%s", st.text);
    const struct notes *notes = data;
    assert_string_equal(notes->title, "a: b");
    assert_string_equal(notes->count, "1O"); /* text until somebody reads it strictly */
    assert_int_equal(notes->n_things, 2);
    assert_null(notes->things[1].size);
    manifest_free(data, &schema);
    manifest_free(NULL, &schema);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "m.yaml: empty"},
        {"# nothing\n", "m.yaml: empty"},
        {"---\n", "m.yaml"},
        {"title: a\ntitel: b\n", "m.yaml:2: unknown key 'titel'; expected one of: title, count, things"},
        {"titel: b\n", "m.yaml:1: unknown key 'titel'"},
        {"title: a\nthings:\n- name: x\n- name: y\n  sise: 3\n", "m.yaml:5: unknown key 'sise'; expected one of: name, size"},
        {"title: a\ntitle: b\n", "m.yaml:2: key 'title' appears twice"},
        {"title: a\ncount: 1\ntitle: b\n", "m.yaml:3: key 'title' appears twice"},
        {"title: a\nthings:\n- {name: x, name: y}\n- {name: z}\n", "m.yaml:3: key 'name' appears twice"},
        {"count: 1\n", "key 'title' is missing (at the top)"},
        {"title: a\nthings:\n- name: x\n- size: y\n", "m.yaml:4: key 'name' is missing (in sequence"},
        {"title: [a]\n", "m.yaml:1: Expecting STRING"},
        {"title: {a: b}\n", "m.yaml:1: Expecting STRING"},
        {"title: a\nthings: 3\n", "m.yaml:2: Expecting SEQUENCE"},
        {"title: a\nthings: [3]\n", "m.yaml:2: Expecting MAPPING"},
        {"title: a\nthings: []\n", "m.yaml:2:"},
        {"title:\n", "m.yaml:1: STRING length"},
        {"- a\n", "Expecting MAPPING"},
        {"hello\n", "Expecting MAPPING"},
        {"title: &x a\ncount: *x\n", "alias"},
        {"title: a\ncount: *nobody\n", "m.yaml:2"},
        {"a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\ntitle: [*c,*c,*c,*c]\n", "m.yaml:1: unknown key 'a'"},
        {"title: a\n---\ntitle: b\n", "m.yaml:2: a second document"},
        {"title: a\n...\njunk\n", "m.yaml:3"},
        {"title: a\nthings: {<<: {name: x}}\n", "m.yaml:2"},
        {"title: \"a\\0b\"\n", "m.yaml:1: a NUL"},
        {"title: 'a\ncount: 1\n", "m.yaml:"},
        {"title: a\n\tcount: 1\n", "m.yaml:2: this is not YAML"},
        {"title: a\ncount: [1\n", "this is not YAML"},
        {"title: a\ncount: @1\n", "m.yaml:2: this is not YAML"},
        {"title: a\n\ncount: \x01\n", "m.yaml:3: this is not YAML: control characters"},
        {"\x7f" "ELF\x02\x01", "this is not YAML"},
        {"title: \xff\xfe\n", "this is not YAML"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        void *data = &schema_marker;
        struct status st = {0};
        if (parse(&data, bad[i].text, strlen(bad[i].text), &st) != STATUS_DATA)
            fail_msg("case %zu was taken: %s", i, bad[i].text);
        assert_null(data);
        assert_text(st.text, bad[i].says);
    }
}

static void test_deep_nesting(void **state)
{
    (void)state;
    size_t n = 1000000;
    char *text = mem_alloc(n + 8, 1);
    void *data;
    struct status st;
    static const char opening[] = "[{";
    memcpy(text, "title: ", 7);
    for (size_t i = 0; i < 2; i++) {
        memset(text + 7, opening[i], n);
        assert_int_equal(parse(&data, text, n + 7, &st), STATUS_DATA);
        assert_text(st.text, "m.yaml:1");
        assert_int_equal(parse(&data, text + 7, n, &st), STATUS_DATA);
    }
    memset(text + 7, 'x', n); /* a long text is no sin */
    assert_int_equal(parse(&data, text, n + 7, &st), STATUS_OK);
    manifest_free(data, &schema);
    free(text);
}

static void test_lines_of_values(void **state)
{
    (void)state;
    char *directory = scratch_new();
    static const char text[] = "# c\ntitle: a\nthings:\n  - {name: x}\n  - name: y\n    size: 3\n";
    char *path = scratch_write(directory, "m.yaml", text, sizeof text - 1);
    assert_int_equal(manifest_line(path, "title"), 2);
    assert_int_equal(manifest_line(path, "things/0/name"), 4);
    assert_int_equal(manifest_line(path, "things/1/size"), 6);
    assert_int_equal(manifest_line(path, "things/2/size"), 0);
    assert_int_equal(manifest_line(path, "things/99999999999999999999"), 0);
    assert_int_equal(manifest_line(path, "title/0"), 0);
    assert_int_equal(manifest_line(path, "absent"), 0);
    assert_int_equal(manifest_line("/nonexistent", "title"), 0);
    free(path);
    scratch_remove(directory);
}

static void test_scalars(void **state)
{
    (void)state;
    struct status st;
    size_t n = 0;
    double x = 0;
    static const char *const names[] = {"fail", "skip", NULL};
    assert_int_equal(manifest_size(&n, NULL, 7, 1, 9, "m.yaml", "k", &st), STATUS_OK);
    assert_int_equal(n, 7);
    assert_int_equal(manifest_size(&n, "9", 7, 1, 9, "m.yaml", "k", &st), STATUS_OK);
    assert_int_equal(n, 9);
    static const char *const bad[] = {"1O", "-1", "0", "10", "1.0", "", " 1", "0x5", "five", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(manifest_size(&n, bad[i], 7, 1, 9, "m.yaml", "k", &st), STATUS_DATA);
        assert_text(st.text, "a whole number from 1 to 9 was expected");
    }
    static const char *const odd[] = {"nan", "inf", "0.4", "1.1", "1e400", "0,5", ".", "-0.5", "0.5x"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        assert_int_equal(manifest_number(&x, odd[i], 1, 0.5, 1, "m.yaml", "k", &st), STATUS_DATA);
    assert_int_equal(manifest_number(&x, "0.5", 1, 0.5, 1, "m.yaml", "k", &st), STATUS_OK);
    assert_true(x == 0.5);
    assert_int_equal(manifest_choice(&n, "skip", 0, names, "m.yaml", "k", &st), STATUS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(manifest_choice(&n, "Skip", 0, names, "m.yaml", "k", &st), STATUS_DATA);
    assert_text(st.text, "expected one of: fail, skip");
}

static void test_paths(void **state)
{
    (void)state;
    setenv("SKELEX_TEST_ROOT", "/data", 1);
    setenv("SKELEX_TEST_PART", "knee", 1);
    unsetenv("SKELEX_TEST_UNSET");
    static const char *const good[][2] = {{"a/b", "dir/a/b"},
                                          {"/a/b", "/a/b"},
                                          {"${SKELEX_TEST_ROOT}/x", "/data/x"},
                                          {"$SKELEX_TEST_ROOT/x", "/data/x"},
                                          {"${SKELEX_TEST_PART}_x", "dir/knee_x"},
                                          {"a/$SKELEX_TEST_PART", "dir/a/knee"},
                                          {"./", "dir"},
                                          {".//x", "dir/x"}};
    static const char *const bad[] = {"${SKELEX_TEST_UNSET}/x", "$SKELEX_TEST_UNSET", "$", "${}", "${SKELEX_TEST_ROOT", "a$/b", "${SKELEX-X}"};
    struct status st;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *path;
        if (manifest_path(&path, good[i][0], "dir", "m.yaml", "k", &st))
            fail_msg("%s", st.text);
        assert_string_equal(path, good[i][1]);
        free(path);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *path;
        assert_int_equal(manifest_path(&path, bad[i], "dir", "m.yaml", "k", &st), STATUS_DATA);
        assert_null(path);
        assert_text(st.text, "environment variable");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loads),           cmocka_unit_test(test_refused), cmocka_unit_test(test_deep_nesting),
                                       cmocka_unit_test(test_lines_of_values), cmocka_unit_test(test_scalars), cmocka_unit_test(test_paths)};
    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
