/* Who is trained on and who is tested on: no patient on two sides, whatever the order of the rows. */
#include "unit/cohort_scratch.h"

#include "evaluate/cell.h"
#include "evaluate/partitions.h"

#define N_PATIENTS 60
#define BINARY "name: t\nkind: binary\nclasses: [{name: \"0\"}, {name: \"1, or \\\"more\\\"\", values: [\"1\"]}]\n"
#define TABLE "cohort: {table: cohort.csv}\n"

/* 1 to 3 images of each patient; rows in an order given by `turn`. */
static void write_rows(const struct scene *s, size_t turn, bool regression)
{
    char *row[3 * N_PATIENTS], *text = NULL;
    size_t n = 0, size;
    for (unsigned p = 0; p < N_PATIENTS; p++)
        for (unsigned k = 0; k <= p % 3; k++)
            row[n++] = mem_printf("p%02u_%u.png,%u,%s%02u,%s\n", p, k, regression ? p * 7 % 31 : (p % 4 == 0), "P", p * 37 % N_PATIENTS, p % 5 ? "train" : "test");
    FILE *f = open_memstream(&text, &size);
    fputs("image,label,patient,partition\n", f);
    for (size_t i = 0; i < n; i++)
        fputs(row[(i * 7 + turn * 11) % n], f);
    fclose(f);
    for (size_t i = 0; i < n; i++)
        free(row[i]);
    scratch_text(s->directory, "cohort.csv", text);
    free(text);
}

static void check_disjoint(const struct partitions *p, const struct cohort *c)
{
    int *side = NEW(c->n_units, int), *seen = NEW0(c->n, int);
    memset(side, 0xff, c->n_units * sizeof *side);
    assert_int_equal(p->n_development + p->n_test, c->n);
    for (size_t i = 0; i < p->n_test; i++) {
        assert_true(i == 0 || p->test[i] > p->test[i - 1]);
        side[c->sample[p->test[i]].unit] = 1000;
        seen[p->test[i]]++;
    }
    for (size_t i = 0; i < p->n_development; i++) {
        assert_true(i == 0 || p->development[i] > p->development[i - 1]);
        assert_true(p->fold[i] < p->n_folds);
        int *s = &side[c->sample[p->development[i]].unit];
        assert_true(*s == -1 || *s == (int)p->fold[i]); /* one fold, and no test image */
        *s = (int)p->fold[i];
        seen[p->development[i]]++;
    }
    for (size_t i = 0; i < c->n; i++)
        assert_int_equal(seen[i], 1);
    free(side);
    free(seen);
}

static void load(struct scene *s)
{
    struct status st;
    if (scene_load(s, &st))
        fail_msg("%s", st.text);
    /* All have patients: pictures need not exist, but each has bytes of its own. */
    s->survey = (struct survey){.picture = NEW0(s->cohort.n, struct picture), .n = s->cohort.n};
    for (size_t i = 0; i < s->cohort.n; i++) {
        s->cohort.sample[i].picture = i;
        digest_bytes(s->survey.picture[i].digest, &i, sizeof i);
    }
    cohort_number_units(&s->cohort, &s->survey);
    survey_free(&s->survey);
}

static void disjoint_and_independent(const char *task, bool regression, enum study_protocol protocol)
{
    struct scene s;
    struct partitions first = {0}, p;
    struct status st;
    scene_begin(&s, task);
    s.study.n_folds = 5;
    for (size_t turn = 0; turn < 5; turn++) {
        write_rows(&s, turn, regression);
        load(&s);
        assert_int_equal(s.cohort.n_units, N_PATIENTS);
        if (partitions_make(&p, &s.cohort, &s.study, protocol, &st))
            fail_msg("%s", st.text);
        check_disjoint(&p, &s.cohort);
        if (protocol == PROTOCOL_GIVEN)
            for (size_t i = 0; i < p.n_test; i++)
                assert_int_equal(s.cohort.sample[p.test[i]].partition, PARTITION_TEST);
        if (turn == 0) {
            first = p;
            continue;
        }
        assert_int_equal(p.n_test, first.n_test);
        assert_memory_equal(p.test, first.test, p.n_test * sizeof *p.test);
        assert_memory_equal(p.development, first.development, p.n_development * sizeof *p.development);
        assert_memory_equal(p.fold, first.fold, p.n_development * sizeof *p.fold);
        partitions_free(&p);
        partitions_free(&p);
    }
    partitions_free(&first);
    scene_end(&s);
}

static void test_disjoint_and_independent_of_row_order(void **state)
{
    (void)state;
    disjoint_and_independent(BINARY TABLE, false, PROTOCOL_GROUPED);
    disjoint_and_independent(BINARY TABLE, false, PROTOCOL_GIVEN);
    disjoint_and_independent("name: t\nkind: regression\n" TABLE, true, PROTOCOL_GROUPED);
    disjoint_and_independent("name: t\nkind: regression\n" TABLE, true, PROTOCOL_GIVEN);
}

static void test_seed_and_share(void **state)
{
    (void)state;
    struct scene s;
    struct partitions a, b;
    struct status st;
    scene_begin(&s, BINARY TABLE);
    s.study.n_folds = 5;
    write_rows(&s, 0, false);
    load(&s);
    assert_int_equal(partitions_make(&a, &s.cohort, &s.study, PROTOCOL_GROUPED, &st), STATUS_OK);
    s.study.seed = 2026;
    assert_int_equal(partitions_make(&b, &s.cohort, &s.study, PROTOCOL_GROUPED, &st), STATUS_OK);
    assert_true(a.n_test != b.n_test || memcmp(a.test, b.test, a.n_test * sizeof *a.test) != 0);
    uint8_t tested[N_PATIENTS] = {0};
    size_t n = 0, positive = 0;
    for (size_t i = 0; i < a.n_test; i++) {
        const struct sample *x = &s.cohort.sample[a.test[i]];
        if (!tested[x->unit]++) {
            n++;
            positive += x->label == 1;
        }
    }
    assert_int_equal(n, 15); /* a quarter of 60 patients */
    assert_in_range(positive, 3, 4); /* of 15 positive ones */
    partitions_free(&a);
    partitions_free(&b);
    scene_end(&s);
}

static void test_refusals_name_the_task(void **state)
{
    (void)state;
    struct scene s;
    struct partitions p;
    struct status st;
    scene_begin(&s, BINARY TABLE);
    scratch_text(s.directory, "cohort.csv", "image,label,patient\na.png,0,A\nb.png,1,B\nc.png,0,C\nd.png,0,D\n");
    load(&s);
    assert_int_equal(partitions_make(&p, &s.cohort, &s.study, PROTOCOL_GROUPED, &st), STATUS_DATA);
    assert_text(st.text, "task 't'");
    partitions_free(&p);
    s.study.n_folds = 5;
    assert_int_equal(partitions_make(&p, &s.cohort, &s.study, PROTOCOL_GIVEN, &st), STATUS_DATA);
    partitions_free(&p);
    write_rows(&s, 0, false);
    load(&s);
    for (size_t i = 0; i < s.cohort.n; i++)
        s.cohort.sample[i].partition = PARTITION_DEVELOPMENT;
    assert_int_equal(partitions_make(&p, &s.cohort, &s.study, PROTOCOL_GIVEN, &st), STATUS_DATA);
    assert_text(st.text, "no image is left to test on");
    partitions_free(&p);
    scene_end(&s);
}

/* What the bootstrap is given: the test part's own patients, numbered without gaps, with their largest class. */
static void test_cell_task(void **state)
{
    (void)state;
    struct scene s;
    struct partitions p;
    struct cell_task t;
    struct status st;
    scene_begin(&s, BINARY TABLE);
    s.study.n_folds = 5;
    write_rows(&s, 0, false);
    load(&s);
    assert_int_equal(partitions_make(&p, &s.cohort, &s.study, PROTOCOL_GROUPED, &st), STATUS_OK);
    cell_task_make(&t, &s.study, &s.cohort, &p, PROTOCOL_GROUPED);
    assert_int_equal(t.n_units, 15);
    assert_int_equal(t.n_strata, 2);
    uint8_t seen[15] = {0};
    for (size_t i = 0; i < p.n_test; i++) {
        assert_true(t.unit[i] < t.n_units);
        seen[t.unit[i]] = 1;
        assert_int_equal(t.label[i], s.cohort.sample[p.test[i]].label);
        assert_true(t.stratum[t.unit[i]] >= (uint32_t)t.label[i]);
        for (size_t j = 0; j < i; j++)
            assert_int_equal(t.unit[i] == t.unit[j], s.cohort.sample[p.test[i]].unit == s.cohort.sample[p.test[j]].unit);
    }
    for (size_t u = 0; u < 15; u++)
        assert_true(seen[u]);
    cell_task_free(&t);
    cell_task_free(&t);
    char *header = cell_predictions_header(s.source.task);
    assert_string_equal(header, "sample,patient,site,protocol,partition,fold,label,model,readout,probe,prediction,score_0,\"score_1, or \"\"more\"\"\"");
    free(header);
    partitions_free(&p);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_disjoint_and_independent_of_row_order), cmocka_unit_test(test_seed_and_share),
                                       cmocka_unit_test(test_refusals_name_the_task), cmocka_unit_test(test_cell_task)};
    return cmocka_run_group_tests_name("partitions", tests, NULL, NULL);
}
