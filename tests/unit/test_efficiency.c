/* Label efficiency: the whole part gives the cell's own figure, a draw sees its own patients only, what it lacks is NA. */
#include "unit/cohort_scratch.h"

#include <math.h>

#include "evaluate/efficiency.h"
#include "split/nested.h"

#define N_PATIENTS 90
#define D 6
#define CLASSES "name: t\nkind: multiclass\nclasses: [{name: a}, {name: b}, {name: rare}]\ncohort: {table: cohort.csv}\n"
#define AGE "name: t\nkind: regression\ncohort: {table: cohort.csv}\n"

struct world {
    struct scene s;
    struct partitions parts;
    struct cell_task t;
    struct efficiency_draws draws;
    float *x; /* [cohort n, D] */
    struct outfile sink[3];
    struct study_model model;
    struct progress progress;
};

/* Patients of 1 to 3 images, every tenth of the rare class; the first features follow the label, weakly. */
static void begin(struct world *w, const char *task, bool regression)
{
    char *text = NULL;
    size_t size;
    struct status st;
    *w = (struct world){.model = {.name = (char *)"m", .source = SOURCE_THUMBNAIL}};
    scene_begin(&w->s, task);
    w->s.study.name = (char *)"s";
    w->s.study.n_folds = 3;
    w->s.study.replicates = 100;
    w->s.study.level = 0.9;
    w->s.study.draws = 5;
    FILE *f = open_memstream(&text, &size);
    fputs("image,label,patient\n", f);
    for (unsigned p = 0; p < N_PATIENTS; p++)
        for (unsigned k = 0; k <= p % 3; k++)
            if (regression)
                fprintf(f, "p%02u_%u.png,%u,P%02u\n", p, k, p * 7 % 31, p);
            else
                fprintf(f, "p%02u_%u.png,%s,P%02u\n", p, k, p % 10 == 0 ? "rare" : p % 3 ? "a" : "b", p);
    fclose(f);
    scratch_text(w->s.directory, "cohort.csv", text);
    free(text);
    if (scene_load(&w->s, &st))
        fail_msg("%s", st.text);
    struct cohort *c = &w->s.cohort;
    w->s.survey = (struct survey){.picture = NEW0(c->n, struct picture), .n = c->n};
    for (size_t i = 0; i < c->n; i++) {
        c->sample[i].picture = i;
        digest_bytes(w->s.survey.picture[i].digest, &i, sizeof i);
    }
    cohort_number_units(c, &w->s.survey);
    survey_free(&w->s.survey);
    w->x = NEW(c->n * D, float);
    uint32_t word = 12345;
    for (size_t i = 0; i < c->n * D; i++) {
        word = word * 1664525u + 1013904223u;
        double noise = (double)(word >> 8) / (1 << 24), signal = regression ? c->sample[i / D].target / 30 : c->sample[i / D].label / 2.0;
        w->x[i] = (float)(noise + (i % D < 2 ? 0.4 * signal : 0));
    }
    if (partitions_make(&w->parts, c, &w->s.study, PROTOCOL_GROUPED, &st))
        fail_msg("%s", st.text);
    cell_task_make(&w->t, &w->s.study, c, &w->parts, PROTOCOL_GROUPED);
    efficiency_draws_make(&w->draws, &w->t);
    for (size_t i = 0; i < 3; i++)
        w->sink[i].stream = fopen("/dev/null", "w");
    w->t.metrics = &w->sink[0];
    w->t.path = &w->sink[1];
    w->t.predictions = &w->sink[2];
    progress_begin(&w->progress, "test", "fits", 1, true);
}

static void end(struct world *w)
{
    for (size_t i = 0; i < 3; i++)
        fclose(w->sink[i].stream);
    efficiency_draws_free(&w->draws);
    cell_task_free(&w->t);
    partitions_free(&w->parts);
    free(w->x);
    scene_end(&w->s);
}

static struct efficiency_value draw(struct world *w, enum study_probe probe, size_t number, size_t n_patients)
{
    struct efficiency_value v;
    struct status st;
    float *x_test = NEW(w->parts.n_test * D, float);
    for (size_t i = 0; i < w->parts.n_test; i++)
        memcpy(x_test + i * D, w->x + w->parts.test[i] * D, D * sizeof *x_test);
    if (efficiency_draw(&v, &w->draws, &w->t, probe, w->x, x_test, D, number, n_patients, &st))
        fail_msg("%s", st.text);
    free(x_test);
    return v;
}

static struct headline full(struct world *w, enum study_probe probe)
{
    struct headline h;
    struct status st;
    if (cell_evaluate(&h, &w->t, &w->model, "features", probe, w->x, D, &st))
        fail_msg("%s", st.text);
    return h;
}

/* Fitted on every training patient, any draw gives bit for bit what metrics.csv says. */
static void test_whole(void **state)
{
    (void)state;
    for (int regression = 0; regression < 2; regression++) {
        struct world w;
        begin(&w, regression ? AGE : CLASSES, regression);
        for (int probe = 0; probe < N_STUDY_PROBES; probe++) {
            if (probe == PROBE_ATTENTIVE || !study_probe_suits((enum study_probe)probe, (enum task_kind)w.t.cohort->source->task->kind))
                continue;
            struct headline h = full(&w, (enum study_probe)probe);
            for (size_t number = 0; number < 2; number++) {
                struct efficiency_value v = draw(&w, (enum study_probe)probe, number, w.draws.n_units);
                assert_int_equal(v.n_images, w.parts.n_development);
                assert_int_equal(v.n_folds, 3);
                assert_memory_equal(&v.value, &h.value, sizeof v.value);
                assert_memory_equal(&v.parameter, &h.parameter, sizeof v.parameter);
            }
            assert_true(isfinite(h.value) != 0);
            headline_free(&h);
        }
        end(&w);
    }
}

/* What the undrawn patients, or the choice on them, look like changes nothing. */
static void test_own_patients(void **state)
{
    (void)state;
    struct world w;
    begin(&w, CLASSES, false);
    size_t m = nested_size(50, w.draws.n_units);
    struct efficiency_value before = draw(&w, PROBE_LINEAR, 1, m), other = draw(&w, PROBE_LINEAR, 2, m);
    assert_int_equal(before.n_folds, 3);
    assert_true(isfinite(before.value) != 0);
    assert_memory_not_equal(&before.value, &other.value, sizeof before.value);
    for (size_t i = 0; i < w.parts.n_development; i++)
        if (w.draws.rank[1 * w.draws.n_units + w.draws.unit[i]] >= m)
            for (size_t j = 0; j < D; j++)
                w.x[w.parts.development[i] * D + j] = 1e6f * (float)(j + i);
    struct efficiency_value after = draw(&w, PROBE_LINEAR, 1, m);
    assert_memory_equal(&before.value, &after.value, sizeof before.value);
    other = draw(&w, PROBE_LINEAR, 2, m); /* another draw sees some of them */
    struct efficiency_value whole = draw(&w, PROBE_LINEAR, 1, w.draws.n_units);
    assert_memory_not_equal(&whole.value, &after.value, sizeof whole.value);
    end(&w);
}

static void test_small(void **state)
{
    (void)state;
    struct world w;
    begin(&w, CLASSES, false);
    struct efficiency_value v = draw(&w, PROBE_LINEAR, 0, 2); /* the two large classes only */
    assert_true(isnan(v.value) && isnan(v.parameter));
    assert_text(v.why, "no image of class 'rare'");
    v = draw(&w, PROBE_LINEAR, 0, 3); /* one patient each: nothing to choose by */
    assert_int_equal(v.n_folds, 0);
    assert_true(isfinite(v.value) != 0);
    assert_true(v.parameter == 1);
    v = draw(&w, PROBE_KNN, 0, 3);
    assert_true(v.parameter == 5 || v.parameter == (double)v.n_images);
    size_t m = 3, rare = 1;
    while (rare < 2) { /* until the rare class has two patients */
        m++;
        for (size_t i = 0; i < w.parts.n_development; i++) {
            const struct sample *s = &w.s.cohort.sample[w.parts.development[i]];
            if (s->label == 2 && w.draws.rank[w.draws.unit[i]] == m - 1) {
                rare++;
                break;
            }
        }
    }
    assert_int_equal(draw(&w, PROBE_LINEAR, 0, m - 1).n_folds, 0);
    assert_int_equal(draw(&w, PROBE_LINEAR, 0, m).n_folds, 2);
    end(&w);
    begin(&w, AGE, true);
    v = draw(&w, PROBE_LINEAR, 0, 1);
    assert_int_equal(v.n_folds, 0);
    assert_true(isfinite(v.value) != 0);
    assert_int_equal(draw(&w, PROBE_LINEAR, 0, 2).n_folds, 2);
    assert_int_equal(draw(&w, PROBE_KNN, 0, 40).n_folds, 3);
    end(&w);
}

static char *contents(const char *directory, const char *name)
{
    unsigned char *data;
    size_t size;
    struct status st;
    char *path = path_join(directory, name);
    if (file_read(&data, &size, path, 0, &st))
        fail_msg("%s", st.text);
    free(path);
    return (char *)data;
}

/* Both files, by one thread and by four. */
static void test_files(void **state)
{
    (void)state;
    struct world w;
    struct status st;
    char *text[2][2];
    double fraction[] = {2, 4, 20, 50, 100};
    begin(&w, CLASSES, false);
    w.s.study.fraction = fraction;
    w.s.study.n_fractions = 5;
    assert_int_equal(efficiency_steps(&w.s.study), 20);
    for (size_t k = 0; k < 2; k++) {
        struct efficiency e;
        struct study_model other = {.name = (char *)"n", .source = SOURCE_ACQUISITION};
        w.t.n_threads = k ? 4 : 1;
        w.s.study.output = mem_printf("%s/out%zu", w.s.directory, k);
        assert_int_equal(efficiency_begin(&e, &w.s.study, &st), STATUS_OK);
        struct headline h = full(&w, PROBE_LINEAR);
        for (size_t m = 0; m < 2; m++)
            if (efficiency_cell(&e, &w.draws, &w.t, m ? &other : &w.model, "features", PROBE_LINEAR, w.x, D, &h, &w.progress, &st))
                fail_msg("%s", st.text);
        assert_int_equal(efficiency_commit(&e, &st), STATUS_OK);
        efficiency_discard(&e);
        headline_free(&h);
        text[k][0] = contents(w.s.study.output, "efficiency.csv");
        text[k][1] = contents(w.s.study.output, "efficiency_reach.csv");
        free(w.s.study.output);
    }
    assert_string_equal(text[0][0], text[1][0]);
    assert_string_equal(text[0][1], text[1][1]);
    assert_text(text[0][0], ",auroc_macro,2,mean,,2,,,NA,,,,5,5,\"5 of 5 draws undefined, the first: the draw has no image of class 'rare'\"\n");
    assert_text(text[0][0], ",auroc_macro,100,mean,,67,,,");
    assert_text(text[0][0], "percentiles over draws of training patients,5,0,\n");
    assert_text(text[0][0], "bootstrap of the test part (metrics.csv),1,0,\n");
    /* a model reaches its equal with all labels, or earlier by luck, and never at 2 %, where it has no figure */
    size_t rows = 0;
    for (const char *line = text[0][1]; (line = strchr(line, '\n')) && line[1]; line++)
        rows++;
    assert_int_equal(rows, 2);
    assert_text(text[0][1], "s,t,grouped,m,features,linear,,,auroc_macro,");
    assert_null(strstr(text[0][1], "auroc_macro,2,"));
    assert_null(strstr(text[0][1], ",NA,"));
    for (size_t k = 0; k < 4; k++)
        free(text[k / 2][k % 2]);
    w.s.study.fraction = NULL;
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole), cmocka_unit_test(test_own_patients), cmocka_unit_test(test_small),
                                       cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
