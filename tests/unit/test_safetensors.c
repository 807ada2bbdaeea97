/* The container: what is read, what is refused, and that no damage to a header
 * is survived with other tensors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/safetensors.h"

/* Header and n_data bytes 0, 1, 2, ... as a file; to be freed. */
static unsigned char *make(size_t *size, const char *header, size_t length, size_t n_data)
{
    unsigned char *bytes = mem_alloc(8 + length + n_data, 1);
    for (size_t i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)((uint64_t)length >> (8 * i));
    }
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < n_data; i++) {
        bytes[8 + length + i] = (unsigned char)i;
    }
    *size = 8 + length + n_data;
    return bytes;
}

static int parse(struct safetensors *s, const char *header, size_t n_data, struct status *st)
{
    size_t size;
    unsigned char *bytes = make(&size, header, strlen(header), n_data);
    int code = safetensors_parse(s, "f", bytes, size, st);
    free(bytes); /* names and shapes are ours; data is not looked at by the callers */
    return code;
}

#define W "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}"
#define B "\"b\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[24,32]}"

static void tensors_are_found_by_name(void **state)
{
    (void)state;
    size_t size;
    const char *header = "{\"__metadata__\":{\"format\":\"pt\"}," B "," W "}   ";
    unsigned char *bytes = make(&size, header, strlen(header), 32);
    struct safetensors s;
    struct status st = {0};
    assert_int_equal(safetensors_parse(&s, "f", bytes, size, &st), STATUS_OK);
    assert_int_equal(s.n, 2);
    const struct safetensors_tensor *w = safetensors_find(&s, "w"), *b = safetensors_find(&s, "b");
    assert_non_null(w);
    assert_non_null(b);
    assert_null(safetensors_find(&s, "x"));
    assert_null(safetensors_find(&s, ""));
    assert_int_equal(w->n, 6);
    assert_int_equal(w->n_dims, 2);
    assert_int_equal(w->shape[1], 3);
    assert_int_equal(w->data[0], 0);
    assert_int_equal(b->data[0], 24);
    assert_int_equal(b->size, 8);
    assert_string_equal(safetensors_dtype_name(b->dtype), "BF16");
    char text[SAFETENSORS_SHAPE_TEXT];
    assert_string_equal(safetensors_shape_text(text, w->shape, w->n_dims), "[2,3]");
    safetensors_close(&s);
    free(bytes);
}

static void legal_oddities_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t n_data, n;
    } cases[] = {
        {"{}", 0, 0},
        {" \n{ } \t", 0, 0},
        {"{\"__metadata__\":null," W "}", 24, 1},
        {"{" W "," B "}", 32, 2},
        {"{\"\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}}", 8, 1},
        {"{\"a\\u0000b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, 2},
        {"{\"e\":{\"dtype\":\"F32\",\"shape\":[0,9],\"data_offsets\":[24,24]}," W "}", 24, 2},
        {"{\"w\":{\"extra\":{\"]\":[\"}\"]},\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[0,2]}}", 2, 1},
        {"{\"q\\\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct safetensors s;
        struct status st = {0};
        if (parse(&s, cases[i].header, cases[i].n_data, &st) != STATUS_OK) {
            fail_msg("%s: %s", cases[i].header, st.text);
        }
        assert_int_equal(s.n, cases[i].n);
        assert_int_equal(s.n_duplicates, 0);
        safetensors_close(&s);
    }
}

static void a_name_given_twice_is_recorded(void **state)
{
    (void)state;
    struct safetensors s;
    struct status st = {0};
    assert_int_equal(parse(&s, "{" W "," B "," W "}", 32, &st), STATUS_OK);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.n_duplicates, 1);
    assert_string_equal(s.duplicate[0], "w");
    safetensors_close(&s);
    /* the last one counts */
    assert_int_equal(parse(&s, "{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[5,6]}," W "}", 24, &st), STATUS_OK);
    assert_int_equal(s.tensor[0].n, 6);
    safetensors_close(&s);
    assert_int_equal(parse(&s, "{" W ",\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[5,6]}}", 24, &st), STATUS_DATA);
}

static void broken_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t n_data;
        const char *word; /* stands in the sentence */
    } cases[] = {
        {"", 0, "no JSON object"},
        {"[]", 0, "no JSON object"},
        {"{" W "}x", 24, "follows"},
        {"{" W ",}", 24, "name"},
        {"{" W, 24, "breaks off"},
        {"{\"w", 0, "name"},
        {"{\"w\\", 0, "name"},
        {"{\"w\"}", 0, "colon"},
        {"{\"w\":1}", 0, "no JSON object"},
        {"{\"w\":}", 0, "broken"},
        {"{" W "}", 25, "25 bytes"},
        {"{" W "}", 23, "cut short"},
        {"{" W "," W "}", 48, "48 bytes"},
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[6]}}", 24, "data_offsets"},
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[7],\"data_offsets\":[0,24]}}", 24, "224 bits"},
        {"{\"w\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 1, "12 bits"},
        {"{\"w\":{\"dtype\":\"Q8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "Q8"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1, "integers"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1, "integers"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]}}", 1, "3 data_offsets"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}", 1, "1 to 0"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, "overflows"},
        {"{\"w\":{\"dtype\":\"F64\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0, "overflows"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, "9 dimensions"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, "gap"},
        {"{\"__metadata__\":3}", 0, "__metadata__"},
        {"{\"__metadata__\":{\"a\":1}}", 0, "'a'"},
        {"{\"__metadata__\":null,\"__metadata__\":null}", 0, "twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct safetensors s;
        struct status st = {0};
        assert_int_equal(parse(&s, cases[i].header, cases[i].n_data, &st), STATUS_DATA);
        if (!strstr(st.text, cases[i].word)) {
            fail_msg("%s: '%s' does not hold '%s'", cases[i].header, st.text, cases[i].word);
        }
        assert_int_equal(s.n, 0);
    }
}

static void nesting_ends_where_the_official_parser_ends_it(void **state)
{
    (void)state;
    for (size_t depth = 124; depth <= 126; depth++) { /* inside the header's and the entry's braces */
        char header[600] = "{\"w\":{\"x\":";
        memset(header + strlen(header), '[', depth);
        size_t at = strlen(header);
        memset(header + at, ']', depth);
        header[at + depth] = '\0';
        strcat(header, ",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}");
        struct safetensors s;
        struct status st = {0};
        int code = parse(&s, header, 1, &st);
        assert_int_equal(code, depth <= 125 ? STATUS_OK : STATUS_DATA);
        safetensors_close(&s);
    }
}

static bool same_tensors(const struct safetensors *a, const struct safetensors *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        const struct safetensors_tensor *x = &a->tensor[i], *y = &b->tensor[i];
        same = safetensors_compare_names(x, y) == 0 && x->n == y->n && x->begin == y->begin && x->size == y->size;
    }
    return same;
}

/* Every cut is refused; after every single flipped bit the parser refuses, or stays inside the file. */
static void no_damage_is_read_past(void **state)
{
    (void)state;
    size_t size;
    const char *header = "{\"__metadata__\":{\"format\":\"pt\"}," W "," B "}";
    unsigned char *bytes = make(&size, header, strlen(header), 32);
    struct safetensors whole, s;
    assert_int_equal(safetensors_parse(&whole, "f", bytes, size, NULL), STATUS_OK);
    for (size_t cut = 0; cut < size; cut++) {
        unsigned char *part = mem_alloc(cut + 1, 1); /* the sanitizer watches its end */
        memcpy(part, bytes, cut);
        assert_int_equal(safetensors_parse(&s, "f", part, cut, NULL), STATUS_DATA);
        free(part);
    }
    for (size_t i = 0; i < 8 + strlen(header); i++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] ^= (unsigned char)(1 << bit);
            if (safetensors_parse(&s, "f", bytes, size, NULL) == STATUS_OK) {
                size_t covered = 0;
                for (size_t j = 0; j < s.n; j++) {
                    assert_true(s.tensor[j].data >= s.data && s.tensor[j].size <= s.data_size);
                    covered += s.tensor[j].size;
                }
                assert_int_equal(covered, s.data_size);
                safetensors_close(&s);
            }
            bytes[i] ^= (unsigned char)(1 << bit);
        }
    }
    assert_int_equal(safetensors_parse(&s, "f", bytes, size, NULL), STATUS_OK);
    assert_true(same_tensors(&whole, &s));
    safetensors_close(&s);
    safetensors_close(&whole);
    free(bytes);
}

static void lengths_that_lie_are_refused(void **state)
{
    (void)state;
    static const uint64_t lies[] = {3, 1000, 100000001, (uint64_t)1 << 63, UINT64_MAX, UINT64_MAX - 7};
    struct safetensors s;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        unsigned char bytes[10] = {0, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
        for (size_t j = 0; j < 8; j++) {
            bytes[j] = (unsigned char)(lies[i] >> (8 * j));
        }
        assert_int_equal(safetensors_parse(&s, "f", bytes, sizeof bytes, NULL), STATUS_DATA);
    }
    struct status st = {0};
    assert_int_not_equal(safetensors_open(&s, "/nonexistent/file", &st), STATUS_OK);
    assert_non_null(strstr(st.text, "/nonexistent/file"));
    safetensors_close(&s); /* zeroed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_found_by_name),
        cmocka_unit_test(legal_oddities_are_accepted),
        cmocka_unit_test(a_name_given_twice_is_recorded),
        cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(nesting_ends_where_the_official_parser_ends_it),
        cmocka_unit_test(no_damage_is_read_past),
        cmocka_unit_test(lengths_that_lie_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
