/* Section a: numpy's stream and scikit-learn's splitters, compared for equality.
 * What a file asks is read off its name and its header; the values come from
 * the file itself. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/number.h"
#include "base/table.h"
#include "golden/golden.h"
#include "split/mt19937.h"
#include "split/official.h"
#include "split/philox.h"
#include "split/splitters.h"

/* ---- a case under way ------------------------------------------------- */

#define TEXT 256

struct outcome { /* of one case: what was equal, and the first thing that was not */
    size_t n_equal;
    size_t n_values;
    char wrong[TEXT];   /* empty: nothing */
    char skipped[4 * TEXT]; /* names, empty: nothing */
};

static void outcome_wrong(struct outcome *o, const char *what, const char *why)
{
    if (!o->wrong[0])
        snprintf(o->wrong, sizeof o->wrong, "%.100s: %.140s", what, why);
}

static void outcome_skip(struct outcome *o, const char *what)
{
    size_t used = strlen(o->skipped);
    snprintf(o->skipped + used, sizeof o->skipped - used, "%s%.80s", used ? " " : "", what);
}

static void outcome_count(struct outcome *o, const char *what, bool equal, size_t n_values)
{
    if (equal) {
        o->n_equal++;
        o->n_values += n_values;
    } else {
        outcome_wrong(o, what, "differs");
    }
}

static void outcome_tell(const struct outcome *o, const char *name)
{
    if (o->wrong[0])
        golden_fail(name, "%s", o->wrong);
    else if (o->n_equal > 0)
        golden_pass(name, "%zu results, %zu values, all equal", o->n_equal, o->n_values);
    if (o->skipped[0])
        golden_skip(name, "not implemented here: %s", o->skipped);
    else if (!o->wrong[0] && o->n_equal == 0)
        golden_skip(name, "nothing to compare");
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Cell as a whole number; what is none gives a number that nothing equals. */
static int64_t whole(const struct table *t, size_t row, size_t column)
{
    int64_t value;
    return number_parse_int(table_cell(t, row, column), &value) ? value : INT64_MIN;
}

static bool column_equals(const struct table *t, size_t column, size_t first, const size_t *value, size_t n)
{
    bool equal = first + n <= t->n_rows;
    for (size_t i = 0; i < n && equal; i++)
        equal = whole(t, first + i, column) == (int64_t)value[i];
    return equal;
}

static bool has_columns(const struct table *t, size_t n, const char *const *name)
{
    if (t->n_columns < n)
        return false;
    for (size_t c = 0; c < n; c++)
        if (strcmp(t->header[c], name[c]) != 0)
            return false;
    return true;
}
#define HAS_COLUMNS(t, ...) \
    has_columns(t, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *const[]){__VA_ARGS__})

/* ---- a_rng ------------------------------------------------------------ */

enum draw_kind { DRAW_RAW, DRAW_PERMUTATION, DRAW_RANDINT, DRAW_DOUBLE };

/* Rows that agree in their leading columns come from one fresh generator. */
static bool check_draws(const struct table *t, enum draw_kind kind, size_t n_keys)
{
    struct mt19937 stream;
    size_t *order = NULL;
    int64_t n_words = 0; /* drawn; raw words are listed with gaps */
    bool equal = true;
    for (size_t r = 0; r < t->n_rows && equal; r++) {
        bool fresh = r == 0;
        for (size_t c = 0; c < n_keys && !fresh; c++)
            fresh = whole(t, r, c) != whole(t, r - 1, c);
        size_t argument = n_keys > 1 ? (size_t)whole(t, r, 1) : 0;
        if (fresh) {
            mt19937_seed(&stream, (uint32_t)whole(t, r, 0));
            n_words = 0;
            if (kind == DRAW_PERMUTATION) {
                order = mem_realloc(order, argument + 1, sizeof *order);
                mt19937_permutation(&stream, order, argument);
            }
        }
        if (kind == DRAW_DOUBLE) {
            double value;
            equal = number_parse_double(table_cell(t, r, n_keys + 1), &value) && value == mt19937_double(&stream);
            continue;
        }
        int64_t position = whole(t, r, n_keys);
        for (; kind == DRAW_RAW && n_words < position; n_words++)
            (void)mt19937_next(&stream);
        n_words++;
        int64_t drawn = kind == DRAW_RAW       ? (int64_t)mt19937_next(&stream)
                        : kind == DRAW_RANDINT ? (int64_t)mt19937_bounded(&stream, (uint32_t)(argument - 1))
                        : position >= 0 && (size_t)position < argument ? (int64_t)order[position] : -1;
        equal = drawn == whole(t, r, n_keys + 1);
    }
    free(order);
    return equal;
}

/* The values of one step of stream.csv; NULL if the call is unknown.  *n comes in
 * as the number listed, which for raw words is the only place that tells. */
static size_t *draw_call(struct mt19937 *stream, const char *call, size_t *n)
{
    size_t a = 0, b = 0, size = 0;
    int end = 0;
    if (strcmp(call, "next raw 32-bit") == 0) {
        size_t *value = NEW(*n + 1, size_t);
        for (size_t i = 0; i < *n; i++)
            value[i] = mt19937_next(stream);
        return value;
    }
    if (sscanf(call, "randint(%zu;%zu;%zu)%n", &a, &b, &size, &end) == 3 && end && a < b) {
        size_t *value = NEW(size + 1, size_t);
        for (size_t i = 0; i < size; i++)
            value[i] = a + mt19937_bounded(stream, (uint32_t)(b - a - 1));
        *n = size;
        return value;
    }
    size_t slope = 1, offset = 0, width = 0;
    bool choice = false;
    if (sscanf(call, "permutation(%zu)%n", n, &end) == 1 && end)
        ;
    else if (sscanf(call, "permutation(list %zu*i+%zu i<%zu)%n", &slope, &offset, n, &end) == 3 && end)
        ;
    else if (sscanf(call, "shuffle(int32 arange %zu)%n", n, &end) == 1 && end)
        slope = 1;
    else if (sscanf(call, "shuffle(2-D %zux%zu first column)%n", n, &width, &end) == 2 && end)
        slope = 1; /* the first column holds the row's number; the width costs no draws */
    else if (sscanf(call, "choice(arange %zu size %zu no replacement)%n", n, &size, &end) == 2 && end)
        choice = true;
    else
        return NULL;
    size_t *value = NEW(*n + 1, size_t);
    for (size_t i = 0; i < *n; i++)
        value[i] = slope * i + offset;
    if (choice) {
        size_t *chosen = NEW(size + 1, size_t);
        mt19937_choice(stream, chosen, size, value, *n);
        free(value);
        *n = size;
        return chosen;
    }
    mt19937_shuffle(stream, value, *n);
    return value;
}

#define STREAM_SEED 2025 /* the README of the golden set fixes it for stream.csv */

static void check_stream(struct outcome *o, const struct table *t)
{
    struct mt19937 stream;
    mt19937_seed(&stream, STREAM_SEED);
    for (size_t r = 0; r < t->n_rows;) {
        const char *call = table_cell(t, r, 1);
        size_t first = r;
        while (r < t->n_rows && whole(t, r, 0) == whole(t, first, 0))
            r++;
        size_t n = r - first;
        size_t *value = draw_call(&stream, call, &n);
        if (!value) {
            outcome_wrong(o, call, "unknown call, what follows cannot be checked");
            return;
        }
        outcome_count(o, call, n == r - first && column_equals(t, 3, first, value, n), n);
        free(value);
    }
}

static void check_permutation_npy(struct outcome *o, const char *path, const char *name, uint32_t seed, size_t n)
{
    struct npy array = {0};
    struct status st = {0};
    if (npy_read(&array, path, &st) != STATUS_OK) {
        outcome_wrong(o, name, st.text);
        return;
    }
    size_t *order = NEW(n + 1, size_t);
    struct mt19937 stream;
    mt19937_seed(&stream, seed);
    mt19937_permutation(&stream, order, n);
    bool equal = array.n == n;
    for (size_t i = 0; i < n && equal; i++)
        equal = npy_value(&array, i) == (double)order[i];
    outcome_count(o, name, equal, n);
    free(order);
    npy_free(&array);
}

/* A whole cell as a 64-bit word; number_parse_size stops at 63. */
static bool parse_word(const char *text, uint64_t *word)
{
    char *end;
    errno = 0;
    *word = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

/* Rows key0, key1, counter0, draw, value: 64-bit words without a sign. */
static bool check_philox(const struct table *t)
{
    struct philox p;
    uint64_t cell[5], before[3] = {0};
    bool equal = t->n_rows > 0;
    for (size_t r = 0; r < t->n_rows && equal; r++) {
        for (size_t c = 0; c < 5 && equal; c++)
            equal = parse_word(table_cell(t, r, c), &cell[c]);
        if (equal && (r == 0 || memcmp(before, cell, sizeof before) != 0))
            philox_seed(&p, (const uint64_t[]){cell[0], cell[1]}, (const uint64_t[]){cell[2], 0, 0, 0});
        memcpy(before, cell, sizeof before);
        equal = equal && philox_next(&p) == cell[4];
    }
    return equal;
}

static void check_rng_file(const char *case_name, const char *path, const char *name)
{
    struct outcome o = {0};
    struct status st = {0};
    struct table t = {0};
    char *label = mem_printf("%s/%s", case_name, name);
    uint32_t seed;
    size_t n;
    if (sscanf(name, "permutation_seed%u_n%zu.npy", &seed, &n) == 2) {
        check_permutation_npy(&o, path, name, seed, n);
    } else if (!ends_with(name, ".csv")) {
        outcome_skip(&o, name);
    } else if (table_read(&t, path, &st) != STATUS_OK) {
        outcome_wrong(&o, name, st.text);
    } else if (HAS_COLUMNS(&t, "seed", "draw", "value")) {
        outcome_count(&o, name, check_draws(&t, DRAW_RAW, 1), t.n_rows);
    } else if (HAS_COLUMNS(&t, "seed", "n", "pos", "value")) {
        outcome_count(&o, name, check_draws(&t, DRAW_PERMUTATION, 2), t.n_rows);
    } else if (HAS_COLUMNS(&t, "seed", "high", "pos", "value")) {
        outcome_count(&o, name, check_draws(&t, DRAW_RANDINT, 2), t.n_rows);
    } else if (HAS_COLUMNS(&t, "seed", "pos", "value")) {
        outcome_count(&o, name, check_draws(&t, DRAW_DOUBLE, 1), t.n_rows);
    } else if (HAS_COLUMNS(&t, "key0", "key1", "counter0", "draw", "value")) {
        outcome_count(&o, name, check_philox(&t), t.n_rows);
    } else if (HAS_COLUMNS(&t, "step", "call", "pos", "value")) {
        check_stream(&o, &t);
    } else {
        outcome_skip(&o, name);
    }
    outcome_tell(&o, label);
    table_free(&t);
    free(label);
}

/* ---- a_splits and a_groups -------------------------------------------- */

struct samples {
    size_t n;
    int32_t *label; /* NULL: none */
    uint32_t *unit; /* NULL: none */
    size_t n_units;
    bool every_unit; /* no sample without a patient */
};

static void samples_free(struct samples *s)
{
    free(s->label);
    free(s->unit);
    *s = (struct samples){0};
}

static void samples_from_table(struct samples *s, const struct table *t)
{
    s->n = t->n_rows;
    for (size_t c = 0; c < t->n_columns; c++) {
        if (strcmp(t->header[c], "label") == 0) {
            s->label = NEW(s->n + 1, int32_t);
            for (size_t i = 0; i < s->n; i++)
                s->label[i] = (int32_t)whole(t, i, c);
        } else if (strcmp(t->header[c], "patient_id") == 0) {
            const char **id = NEW(s->n + 1, const char *);
            for (size_t i = 0; i < s->n; i++)
                id[i] = table_cell(t, i, c);
            s->unit = NEW(s->n + 1, uint32_t);
            official_number_units(s->unit, &s->n_units, id, s->n);
            free(id);
            s->every_unit = true;
            for (size_t i = 0; i < s->n; i++)
                s->every_unit = s->every_unit && s->unit[i] != OFFICIAL_UNIT_MISSING;
        }
    }
}

/* Samples of a case: its table, or where it has none the number of rows of its folds. */
static bool samples_read(struct samples *s, const char *directory, const struct file_list *files)
{
    struct table t = {0};
    struct status st = {0};
    bool found = false;
    for (size_t pass = 0; pass < 2 && !found; pass++) {
        const char *wanted = pass == 0 ? "samples.csv" : "folds.csv";
        for (size_t f = 0; f < files->n; f++) {
            if (strcmp(files->name[f], wanted) != 0)
                continue;
            char *path = path_join(directory, wanted);
            found = table_read(&t, path, &st) == STATUS_OK;
            free(path);
            if (found && pass == 0)
                samples_from_table(s, &t);
            else if (found)
                s->n = t.n_rows;
            table_free(&t);
        }
    }
    return found;
}

struct parts { /* room for all samples in each */
    size_t *train, *test;
    size_t n_train, n_test;
};

static struct parts parts_new(size_t n)
{
    return (struct parts){.train = NEW(n + 1, size_t), .test = NEW(n + 1, size_t)};
}

static void parts_free(struct parts *p)
{
    free(p->train);
    free(p->test);
}

static bool folds_equal(const struct table *t, size_t column, const uint32_t *fold, size_t n)
{
    bool equal = n == t->n_rows;
    for (size_t i = 0; i < n && equal; i++)
        equal = whole(t, i, column) == (int64_t)fold[i];
    return equal;
}

static bool subset_is(const struct table *t, size_t first, size_t n, int64_t split, const char *subset)
{
    bool equal = first + n <= t->n_rows;
    for (size_t i = first; i < first + n && equal; i++)
        equal = whole(t, i, 0) == split && strcmp(table_cell(t, i, 1), subset) == 0;
    return equal;
}

struct shuffled { /* what sss_, ss_ and gss_ names say */
    char splitter[8];
    double fraction;      /* or else: */
    size_t n_test, n_train;
    uint32_t seed;
    size_t n_splits;
};

static bool parse_shuffled(struct shuffled *s, const char *name)
{
    char fraction[32];
    int end = 0;
    *s = (struct shuffled){0};
    if (sscanf(name, "%7[^_]_t%31[0-9.]_s%u_n%zu.csv%n", s->splitter, fraction, &s->seed, &s->n_splits, &end) == 4 && end)
        return number_parse_double(fraction, &s->fraction) && s->fraction > 0 && s->fraction < 1;
    return sscanf(name, "%7[^_]_test%zu_train%zu_s%u_n%zu.csv%n", s->splitter, &s->n_test, &s->n_train, &s->seed,
                  &s->n_splits, &end) == 5 && end;
}

static int draw_shuffled(struct parts *p, const struct samples *s, const struct shuffled *what, struct mt19937 *stream,
                         struct status *st)
{
    if (strcmp(what->splitter, "gss") == 0)
        return group_shuffle_split(p->train, &p->n_train, p->test, &p->n_test, s->unit, s->n, s->n_units,
                                   what->fraction, stream, st);
    p->n_train = what->n_train;
    p->n_test = what->n_test;
    if (what->fraction > 0) {
        int code = split_sizes(&p->n_train, &p->n_test, s->n, what->fraction, st);
        if (code != STATUS_OK)
            return code;
    }
    if (strcmp(what->splitter, "sss") == 0)
        return stratified_shuffle_split(p->train, p->n_train, p->test, p->n_test, s->label, s->n, stream, st);
    return shuffle_split(p->train, p->n_train, p->test, p->n_test, s->n, stream, st);
}

static void check_shuffled(struct outcome *o, const struct samples *s, const struct table *t, const char *name,
                           const struct shuffled *what)
{
    bool stratified = strcmp(what->splitter, "sss") == 0, grouped = strcmp(what->splitter, "gss") == 0;
    if ((stratified && !s->label) || (grouped && (!s->every_unit || what->fraction == 0)) ||
        (!stratified && !grouped && strcmp(what->splitter, "ss") != 0)) {
        outcome_skip(o, name);
        return;
    }
    struct parts p = parts_new(s->n);
    struct status st = {0};
    struct mt19937 stream;
    mt19937_seed(&stream, what->seed);
    size_t row = 0;
    bool equal = HAS_COLUMNS(t, "split", "subset", "index");
    for (size_t k = 0; k < what->n_splits && equal; k++) {
        if (draw_shuffled(&p, s, what, &stream, &st) != STATUS_OK) {
            outcome_wrong(o, name, st.text);
            break;
        }
        equal = subset_is(t, row, p.n_train, (int64_t)k, "train") && column_equals(t, 2, row, p.train, p.n_train);
        row += p.n_train;
        equal = equal && subset_is(t, row, p.n_test, (int64_t)k, "test") && column_equals(t, 2, row, p.test, p.n_test);
        row += p.n_test;
    }
    outcome_count(o, name, equal && row == t->n_rows, t->n_rows);
    parts_free(&p);
}

/* Columns such as skf_k5_s2025, kf_k4_s0, skf_k5_noshuffle, sgkf_k5_s2025_fixed. */
static void check_fold_column(struct outcome *o, const struct samples *s, const struct table *t, size_t column)
{
    const char *name = t->header[column];
    char splitter[8], rest[32] = "";
    size_t k = 0;
    uint32_t seed = 0;
    bool shuffle = sscanf(name, "%7[^_]_k%zu_s%u%31s", splitter, &k, &seed, rest) >= 3;
    int end = 0;
    if (!shuffle && (sscanf(name, "%7[^_]_k%zu_noshuffle%n", splitter, &k, &end) != 2 || end == 0)) {
        outcome_skip(o, name);
        return;
    }
    uint32_t *fold = NEW(s->n + 1, uint32_t);
    struct status st = {0};
    int code = STATUS_OK;
    if (strcmp(splitter, "kf") == 0 && !rest[0] && k >= 2) {
        code = kfold(fold, s->n, k, shuffle, seed, &st);
    } else if (strcmp(splitter, "skf") == 0 && !rest[0] && s->label && k >= 2) {
        code = stratified_kfold(fold, s->label, s->n, k, shuffle, seed, &st);
    } else if (strcmp(splitter, "sgkf") == 0 && s->label && s->every_unit && k >= 2 &&
               (!shuffle || strcmp(rest, "_fixed") == 0 || strcmp(rest, "_sklearn1.2.1") == 0)) {
        enum group_shuffle meaning = !shuffle                       ? GROUP_SHUFFLE_NONE
                                     : strcmp(rest, "_fixed") == 0 ? GROUP_SHUFFLE_CORRECTED
                                                                   : GROUP_SHUFFLE_SKLEARN_1_2_1;
        code = stratified_group_kfold(fold, s->label, s->unit, s->n, s->n_units, k, meaning, seed, &st);
    } else {
        outcome_skip(o, name);
        free(fold);
        return;
    }
    if (code != STATUS_OK)
        outcome_wrong(o, name, st.text);
    else
        outcome_count(o, name, folds_equal(t, column, fold, s->n), s->n);
    free(fold);
}

static void check_patient_test(struct outcome *o, const struct samples *s, const struct table *t, const char *name,
                               double fraction, uint32_t seed)
{
    struct parts p = parts_new(s->n);
    struct status st = {0};
    int code = official_test_split(p.train, &p.n_train, p.test, &p.n_test, s->label, s->unit, s->n, s->n_units,
                                   fraction, seed, &st);
    if (code != STATUS_OK)
        outcome_wrong(o, name, st.text);
    else
        outcome_count(o, name, p.n_test == t->n_rows && column_equals(t, 0, 0, p.test, p.n_test), t->n_rows);
    parts_free(&p);
}

/* The official order of things: test set, then folds of what is left. */
static void check_pipeline(struct outcome *o, const struct samples *s, const struct table *t, const char *name)
{
    struct parts p = parts_new(s->n);
    struct status st = {0};
    uint32_t *fold = NEW(s->n + 1, uint32_t);
    int code = official_test_split(p.train, &p.n_train, p.test, &p.n_test, s->label, s->unit, s->n, s->n_units,
                                   OFFICIAL_FRACTION, OFFICIAL_SEED, &st);
    if (code != STATUS_OK) {
        outcome_wrong(o, name, st.text);
    } else if (strcmp(name, "pipeline_test.csv") == 0) {
        outcome_count(o, name, p.n_test == t->n_rows && column_equals(t, 0, 0, p.test, p.n_test), t->n_rows);
    } else if (HAS_COLUMNS(t, "index", "fold")) {
        bool quirk = strcmp(name, "pipeline_pesplanus_trainval.csv") == 0;
        code = (quirk ? official_folds_pes_planus : official_folds)(fold, s->label, p.train, p.n_train, OFFICIAL_FOLDS,
                                                                   OFFICIAL_SEED, &st);
        if (code != STATUS_OK)
            outcome_wrong(o, name, st.text);
        else
            outcome_count(o, name, column_equals(t, 0, 0, p.train, p.n_train) && folds_equal(t, 1, fold, p.n_train),
                          2 * t->n_rows);
    } else {
        outcome_skip(o, name);
    }
    free(fold);
    parts_free(&p);
}

static void check_split_file(struct outcome *o, const struct samples *s, const struct table *t, const char *name)
{
    struct shuffled what;
    char fraction_text[32];
    double fraction;
    uint32_t seed;
    int end = 0;
    if (strcmp(name, "folds.csv") == 0 || strcmp(name, "group_folds.csv") == 0)
        for (size_t c = 0; c < t->n_columns; c++)
            check_fold_column(o, s, t, c);
    else if (strcmp(name, "pipeline_test.csv") == 0 || strcmp(name, "pipeline_trainval.csv") == 0 ||
             strcmp(name, "pipeline_pesplanus_trainval.csv") == 0)
        check_pipeline(o, s, t, name);
    else if (s->unit && sscanf(name, "patient_test_t%31[0-9.]_s%u.csv%n", fraction_text, &seed, &end) == 2 && end &&
             number_parse_double(fraction_text, &fraction) && fraction > 0 && fraction < 1)
        check_patient_test(o, s, t, name, fraction, seed);
    else if (parse_shuffled(&what, name))
        check_shuffled(o, s, t, name, &what);
    else
        outcome_skip(o, name);
}

/* ---- refusals --------------------------------------------------------- */

/* Labels described in words: "20 of class 0 and 1 of class 1", "counts 8 6 6 (...)", "4 samples". */
static bool parse_described(struct samples *s, const char *text)
{
    size_t count[64], n_classes = 0;
    int end = 0;
    bool counts = strncmp(text, "counts ", 7) == 0, of_class = strstr(text, " of class ") != NULL;
    if (!counts && !of_class)
        return sscanf(text, "%zu sample%n", &s->n, &end) == 1 && end;
    if (counts)
        text += 7;
    while (n_classes < 64 && sscanf(text, counts ? "%zu%n" : "%zu of class %*d%n", &count[n_classes], &end) == 1) {
        text += end;
        text += strspn(text, " ");
        if (strncmp(text, "and ", 4) == 0)
            text += 4;
        s->n += count[n_classes++];
    }
    s->label = NEW(s->n + 1, int32_t);
    for (size_t c = 0, i = 0; c < n_classes; c++)
        for (size_t j = 0; j < count[c]; j++)
            s->label[i++] = (int32_t)c;
    return n_classes > 0;
}

/* Make the call; false if it is not one of ours. */
static bool refusal_call(int *code, const char *call, const struct samples *s, struct status *st)
{
    char file_name[64];
    struct shuffled what;
    size_t k;
    int end = 0;
    bool known = true;
    snprintf(file_name, sizeof file_name, "%.48s_n1.csv", call);
    if (strstr(call, "_s") == NULL)
        snprintf(file_name, sizeof file_name, "%.48s_s0_n1.csv", call);
    struct parts p = parts_new(s->n);
    uint32_t *fold = NEW(s->n + 1, uint32_t);
    struct mt19937 stream;
    mt19937_seed(&stream, 0);
    if (sscanf(call, "skf_k%zu%n", &k, &end) == 1 && end && s->label)
        *code = stratified_kfold(fold, s->label, s->n, k, true, 0, st);
    else if (sscanf(call, "kf_k%zu%n", &k, &end) == 1 && end)
        *code = kfold(fold, s->n, k, true, 0, st);
    else if (parse_shuffled(&what, file_name) &&
             (strcmp(what.splitter, "ss") == 0 || (strcmp(what.splitter, "sss") == 0 && s->label)))
        *code = draw_shuffled(&p, s, &what, &stream, st);
    else
        known = false;
    free(fold);
    parts_free(&p);
    return known;
}

static void check_refusals(struct outcome *o, const struct table *t)
{
    for (size_t r = 0; r < t->n_rows; r++) {
        const char *call = table_cell(t, r, 0), *input = table_cell(t, r, 1);
        bool expected = strcmp(table_cell(t, r, 2), "none") != 0;
        char *what = mem_printf("%s of %s", call, input);
        struct samples s = {0};
        struct status st = {0};
        int code = STATUS_OK;
        if (!parse_described(&s, input) || !refusal_call(&code, call, &s, &st))
            outcome_skip(o, what);
        else if (expected && code != STATUS_DATA)
            outcome_wrong(o, what, "accepted, but must be refused");
        else if (!expected && code != STATUS_OK)
            outcome_wrong(o, what, st.text);
        else
            outcome_count(o, what, true, 1);
        samples_free(&s);
        free(what);
    }
}

/* ---- walk ------------------------------------------------------------- */

static void check_split_case(const char *case_name, const char *directory, const struct file_list *files)
{
    struct outcome o = {0};
    struct samples s = {0};
    bool have_samples = samples_read(&s, directory, files);
    for (size_t f = 0; f < files->n; f++) {
        const char *name = files->name[f];
        if (strcmp(name, "samples.csv") == 0)
            continue;
        struct table t = {0};
        struct status st = {0};
        char *path = path_join(directory, name);
        if (!ends_with(name, ".csv"))
            outcome_skip(&o, name);
        else if (table_read(&t, path, &st) != STATUS_OK)
            outcome_wrong(&o, name, st.text);
        else if (HAS_COLUMNS(&t, "call", "input", "message"))
            check_refusals(&o, &t);
        else if (have_samples)
            check_split_file(&o, &s, &t, name);
        else
            outcome_wrong(&o, name, "the case has neither samples.csv nor folds.csv");
        table_free(&t);
        free(path);
    }
    samples_free(&s);
    outcome_tell(&o, case_name);
}

static void check_case(const char *section, const char *section_directory, const char *name)
{
    struct file_list files = {0};
    struct status st = {0};
    char *directory = path_join(section_directory, name);
    char *case_name = mem_printf("%s/%s", section, name);
    if (!file_is_directory(directory)) {
        golden_skip(case_name, "not a case: no folder");
    } else if (file_list_directory(&files, directory, &st) != STATUS_OK) {
        golden_fail(case_name, "%s", st.text);
    } else if (strcmp(section, "a_rng") == 0) {
        for (size_t f = 0; f < files.n; f++) {
            char *path = path_join(directory, files.name[f]);
            check_rng_file(case_name, path, files.name[f]);
            free(path);
        }
    } else {
        check_split_case(case_name, directory, &files);
    }
    file_list_free(&files);
    free(case_name);
    free(directory);
}

void golden_splits(const char *stats)
{
    static const char *const sections[] = {"a_rng", "a_splits", "a_groups"};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        struct file_list cases = {0};
        struct status st = {0};
        char *directory = path_join(stats, sections[i]);
        if (!file_is_directory(directory))
            golden_skip(sections[i], "no such folder");
        else if (file_list_directory(&cases, directory, &st) != STATUS_OK)
            golden_fail(sections[i], "%s", st.text);
        for (size_t c = 0; c < cases.n; c++)
            check_case(sections[i], directory, cases.name[c]);
        file_list_free(&cases);
        free(directory);
    }
}
