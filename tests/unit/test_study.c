/* Tasks and studies: defaults, refusals with their line, the resolved study. */
#include "unit/scratch.h"

#include "study/study.h"

#define COHORT "cohort: {table: cohort.csv}\n"
#define CLASSES "classes: [{name: a, values: [\"0\"]}, {name: b, values: [\"1\", yes]}]\n"

static void test_tasks_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"name: a\nkind: regresion\n" COHORT, "t.yaml:2: kind is 'regresion'; expected one of: binary, multiclass, ordinal, regression"},
        {"name: a/b\nkind: regression\n" COHORT, "t.yaml:1: name 'a/b'"},
        {"name: ..\nkind: regression\n" COHORT, "name '..'"},
        {"name: \"a,b\"\nkind: regression\n" COHORT, "name 'a,b'"},
        {"name: a\nkind: regression\n" CLASSES COHORT, "t.yaml:3: a regression has no classes"},
        {"name: a\nkind: binary\n" COHORT, "t.yaml:2: kind binary needs `classes`"},
        {"name: a\nkind: binary\nclasses: [{name: a}]\n" COHORT, "t.yaml:3:"},
        {"name: a\nkind: binary\nclasses: [{name: a}, {name: b}, {name: c}]\n" COHORT, "t.yaml:3: kind binary has two classes, here are 3"},
        {"name: a\nkind: ordinal\nclasses: [{name: a}, {name: a}]\n" COHORT, "two classes are called 'a'"},
        {"name: a\nkind: ordinal\nclasses: [{name: a}, {name: b}]\n" COHORT, "t.yaml:3: two classes are of kind binary; kind ordinal needs three"},
        {"name: a\nkind: multiclass\n" CLASSES COHORT, "two classes are of kind binary"},
        {"name: a\nkind: ordinal\nclasses: [{name: a, values: [x]}, {name: a, values: [y]}]\n" COHORT, "two classes are called 'a'"},
        {"name: a\nkind: ordinal\nclasses: [{name: a, values: [\"1\"]}, {name: b, values: [\"1.0\"]}]\n" COHORT,
         "label value '1.0' belongs to class 'a' and to class 'b'"},
        {"name: a\nkind: ordinal\nclasses: [{name: \"1\"}, {name: b, values: [\"1\"]}]\n" COHORT, "label value '1' belongs"},
        {"name: a\nkind: regression\ncohort: {}\n", "t.yaml:3: cohort needs one of `table`"},
        {"name: a\nkind: regression\ncohort: {table: a.csv, folders: [{path: x}]}\n", "cohort needs one of"},
        {"name: a\nkind: regression\ncohort: {folders: [{path: x}]}\n", "a regression takes its labels from a column"},
        {"name: a\nkind: binary\n" CLASSES "cohort: {folders: [{path: x}], patient: p}\n", "name columns of a table"},
        {"name: a\nkind: regression\ncohort: {table: a.csv, patient_pattern: \"([0-9\"}\n", "t.yaml:3: patient_pattern"},
        {"name: a\nkind: regression\ncohort: {table: a.csv, patient_pattern: \"[0-9]\"}\n", "has no group"},
        {"name: a\nkind: regression\ncohort: {table: a.csv, exclude: [{column: x}]}\n", "key 'values' is missing"},
        {"kind: regression\n" COHORT, "key 'name' is missing"},
        {"name: a\nkind: regression\n" COHORT "metrics: [auroc]\n", "t.yaml:4: unknown key 'metrics'"},
    };
    char *directory = scratch_new(), *here = getcwd(NULL, 0);
    assert_int_equal(chdir(directory), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct task *task;
        struct status st = {0};
        scratch_text(".", "t.yaml", bad[i].text);
        if (task_load(&task, "t.yaml", &st) != STATUS_DATA)
            fail_msg("case %zu was taken: %s", i, bad[i].text);
        assert_null(task);
        assert_text(st.text, bad[i].says);
    }
    assert_int_equal(chdir(here), 0);
    free(here);
    scratch_remove(directory);
}

static void test_label_cells(void **state)
{
    (void)state;
    static const char text[] = "name: a\nkind: multiclass\n"
                               "classes: [{name: \"0\"}, {name: \"one, \\\"two\\\"\", values: [\"1\", \"a,b\", \"\"]}, {name: x}]\n" COHORT;
    static const struct {
        const char *cell;
        int class;
    } t[] = {{"0", 0},   {"0.0", 0},  {"-0", 0}, {"00", 0}, {"1", 1},   {"1.0", 1}, {"1e0", 1},   {"a,b", 1}, {"", 1},
             {"x", 2},   {"X", -1},   {"nan", -1}, {"O", -1}, {"2", -1}, {"one, \"two\"", -1}, {" x", -1}, {"0x0", -1}, {"NA", -1}};
    struct task *task;
    struct status st;
    if (task_parse(&task, "t.yaml", (const unsigned char *)text, sizeof text - 1, &st))
        fail_msg("%s", st.text);
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        if (task_class_of(task, t[i].cell) != t[i].class)
            fail_msg("'%s' is class %d", t[i].cell, task_class_of(task, t[i].cell));
    assert_string_equal(task->classes[1].name, "one, \"two\"");
    assert_string_equal(task_kind_name((enum task_kind)task->kind), "multiclass");
    task_free(task);
    task_free(NULL);
}

/* ---- studies ---- */

static char *place(void)
{
    char *directory = scratch_new();
    struct status st;
    char *inner = path_join(directory, "data"), *model = path_join(directory, "model");
    assert_int_equal(file_make_directories(inner, &st), STATUS_OK);
    assert_int_equal(file_make_directories(model, &st), STATUS_OK);
    scratch_text(directory, "t1.yaml", "name: t1\nkind: binary\n" CLASSES COHORT);
    scratch_text(directory, "t2.yaml", "name: t2\nkind: regression\n" COHORT);
    scratch_text(directory, "t1again.yaml", "name: t1\nkind: regression\n" COHORT);
    scratch_text(directory, "broken.yaml", "name: t1\nkind: regression\ncohorrt: 1\n");
    free(inner);
    free(model);
    return directory;
}

static int load(struct study *s, const char *directory, const char *text, struct status *st)
{
    char *path = scratch_write(directory, "study.yaml", text, strlen(text));
    int code = study_load(s, path, st);
    free(path);
    return code;
}

#define MODELS "models: [{name: thumb, baseline: thumbnail}]\n"
#define TASKS "tasks: [{task: t1.yaml, data: data}]\n"
#define WHOLE "name: s\n" MODELS TASKS

static void test_defaults(void **state)
{
    (void)state;
    struct study s;
    struct status st;
    char *directory = place();
    if (load(&s, directory, WHOLE, &st))
        fail_msg("%s", st.text);
    assert_int_equal(s.seed, 2025);
    assert_int_equal(s.n_protocols, 1);
    assert_int_equal(s.protocol[0], PROTOCOL_GROUPED);
    assert_true(s.test_fraction == 0.2 && s.level == 0.95);
    assert_int_equal(s.n_folds, 5);
    assert_int_equal(s.replicates, 10000);
    assert_int_equal(s.bootstrap, BOOTSTRAP_BCA);
    assert_int_equal(s.cluster, CLUSTER_PATIENT);
    assert_int_equal(s.stratify, STRATIFY_AUTO);
    assert_int_equal(s.proportions, PROPORTION_WILSON);
    assert_true(s.probe[PROBE_LINEAR] && s.probe[PROBE_KNN] && !s.probe[PROBE_KNN_UNIFORM]);
    assert_false(s.skip_bad_images || s.skip_missing_images || s.skip_bad_labels);
    assert_string_equal(s.output, "results/s");
    assert_string_equal(s.store, "results/store");
    assert_int_equal(s.models[0].n_readouts, 1);
    assert_string_equal(s.models[0].readout[0], "features");
    assert_string_equal(study_preprocess_name(&s.models[0]), "");
    assert_string_equal(study_precision_name(&s.models[0]), "");
    study_free(&s);
    study_free(&s);
    if (load(&s, directory, "name: s\nprobes: [knn]\nmodels: [{name: m, path: model, readout: [cls, cls+mean]}, {name: n, path: model}]\n"
                            "data_root: ./\ntasks: [{task: t1.yaml}, {task: ./t2.yaml, data: data/}]\nprotocol: given\non_bad_label: skip\n"
                            "bootstrap: {level: 0.9}\noutput: out\n", &st))
        fail_msg("%s", st.text);
    assert_true(!s.probe[PROBE_LINEAR] && s.probe[PROBE_KNN] && s.skip_bad_labels && !s.skip_bad_images);
    assert_int_equal(s.n_protocols, 1);
    assert_int_equal(s.protocol[0], PROTOCOL_GIVEN);
    assert_true(study_has_protocol(&s, PROTOCOL_GIVEN) && !study_has_protocol(&s, PROTOCOL_GROUPED));
    assert_int_equal(s.models[0].n_readouts, 2);
    assert_int_equal(s.models[1].n_readouts, 0); /* the encoder is asked */
    study_default_readout(&s.models[1], "pooled");
    study_default_readout(&s.models[0], "pooled");
    assert_string_equal(s.models[1].readout[0], "pooled");
    assert_int_equal(s.models[0].n_readouts, 2);
    assert_string_equal(study_preprocess_name(&s.models[1]), "checkpoint");
    assert_true(!s.models[1].architecture && !s.models[1].old_interpolation);
    assert_string_equal(study_precision_name(&s.models[0]), "fp32");
    assert_string_equal(s.tasks[0].data, directory);
    char *data = path_join(directory, "data"), *store = path_join(directory, "store");
    assert_string_equal(s.tasks[1].data, data);
    assert_string_equal(s.store, store);
    free(data);
    free(store);
    study_free(&s);
    scratch_remove(directory);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"name: s\n" TASKS, "key 'models' is missing"},
        {"name: s\n" MODELS, "key 'tasks' is missing"},
        {"name: s\nmodels: []\n" TASKS, "study.yaml:2:"},
        {"name: a b\n" MODELS TASKS, "study.yaml:1: name is 'a b'"},
        {"name: ../up\n" MODELS TASKS, "name is '../up'"},
        {WHOLE "seed: 1O\n", "study.yaml:4: seed is '1O'"},
        {WHOLE "seed: -1\n", "study.yaml:4: seed is '-1'"},
        {WHOLE "seed: 4294967296\n", "seed is '4294967296'"},
        {WHOLE "seed: 1.5\n", "seed is '1.5'"},
        {WHOLE "seed: ~\n", "seed is '~'"},
        {WHOLE "folds: 1\n", "study.yaml:4: folds is '1'; a whole number from 2 to 100"},
        {WHOLE "test_fraction: 1\n", "test_fraction is '1'; a number from 0.01 to 0.9"},
        {WHOLE "test_fraction: nan\n", "test_fraction is 'nan'"},
        {WHOLE "bootstrap: {replicates: 5}\n", "study.yaml:4: bootstrap/replicates is '5'"},
        {WHOLE "bootstrap:\n  level: 95\n", "study.yaml:5: bootstrap/level is '95'"},
        {WHOLE "bootstrap: {metod: bca}\n", "study.yaml:4: unknown key 'metod'; expected one of: replicates, level, method, cluster, stratify"},
        {WHOLE "bootstrap: {method: bcb}\n", "study.yaml:4: bootstrap/method is 'bcb'; expected one of: percentile, bca, basic"},
        {WHOLE "bootstrap: {replicates: 4999, method: bca}\n", "study.yaml:4: bootstrap: method bca needs at least 5000 replicates, here are 4999"},
        {WHOLE "bootstrap: {cluster: site}\n", "study.yaml:4: bootstrap/cluster is 'site'; expected one of: patient, image"},
        {WHOLE "bootstrap: {stratify: yes}\n", "study.yaml:4: bootstrap/stratify is 'yes'; expected one of: auto, class, none"},
        {WHOLE "proportions: wald\n", "study.yaml:4: proportions is 'wald'; expected one of: wilson, clopper_pearson"},
        {WHOLE "protocol: offical\n", "study.yaml:4: protocol is 'offical'; expected one of: grouped, given, official"},
        {WHOLE "protocols: [grouped, offical]\n", "study.yaml:4: protocols/1 is 'offical'; expected one of: grouped, given, official"},
        {WHOLE "protocols: [official, grouped, official]\n", "study.yaml:4: protocol 'official' is listed twice"},
        {WHOLE "protocols: []\n", "study.yaml:4:"},
        {WHOLE "protocol: grouped\nprotocols: [official]\n", "study.yaml:4: `protocol` is short for a list of one"},
        {WHOLE "probes: [linear, svm]\n", "study.yaml:4: probes/1 is 'svm'; expected one of: linear, knn"},
        {WHOLE "probes: []\n", "study.yaml:4:"},
        {WHOLE "on_bad_image: ignore\n", "on_bad_image is 'ignore'; expected one of: fail, skip"},
        {WHOLE "seed: 1\nseed: 2\n", "study.yaml:5: key 'seed' appears twice"},
        {WHOLE "sede: 1\n", "study.yaml:4: unknown key 'sede'"},
        {"name: s\n" TASKS "models:\n- {name: m}\n", "study.yaml:4: model 'm' needs either `path`"},
        {"name: s\n" TASKS "models:\n- {name: m, path: model, baseline: thumbnail}\n", "needs either `path`"},
        {"name: s\n" TASKS "models:\n- {name: m, baseline: thumbnial}\n", "study.yaml:4: models/0/baseline is 'thumbnial'"},
        {"name: s\n" TASKS "models:\n- {name: m, baseline: thumbnail, readout: [cls]}\n", "has no readouts"},
        {"name: s\n" TASKS "models:\n- {name: m, baseline: thumbnail, preprocess: skelex}\n", "baseline 'm' has no checkpoint"},
        {"name: s\n" TASKS "models:\n- {name: m, baseline: thumbnail, interpolation: new}\n", "baseline 'm' has no checkpoint"},
        {"name: s\n" TASKS "models:\n- {name: m, path: model, preprocess: own}\n",
         "study.yaml:4: models/0/preprocess is 'own'; expected one of: checkpoint, skelex"},
        {"name: s\n" TASKS "models:\n- {name: m, path: model, interpolation: older}\n", "interpolation is 'older'; expected one of: new, old"},
        {"name: s\n" TASKS "models:\n- {name: m, path: model, precision: fp32}\n- {name: n, path: model, precision: fp16}\n",
         "study.yaml:5: models/1/precision is 'fp16'; expected one of: fp32, bf16"},
        {"name: s\n" TASKS "models:\n- {name: m, path: model, precision: BF16}\n", "precision is 'BF16'"},
        {"name: s\n" TASKS "models:\n- {name: m, path: model, precision: }\n", "study.yaml:4:"},
        {"name: s\n" TASKS "models:\n- {name: m, baseline: thumbnail, precision: fp32}\n",
         "study.yaml:4: baseline 'm' has no checkpoint, and so no preprocess, architecture, heads, interpolation or precision"},
        {"name: s\n" TASKS "models:\n- {name: m, path: model}\n- {name: m, baseline: thumbnail}\n", "study.yaml:5: two models are called 'm'"},
        {"name: s\n" TASKS "models:\n- {name: m, path: gone}\n", "study.yaml:4: model 'm': no checkpoint at"},
        {"name: s\n" TASKS "models:\n- {name: m, path: model, readout: [cls, mean, cls]}\n", "readout 'cls' is listed twice"},
        {"name: s\n" TASKS "models:\n- {name: \"m,n\", path: model}\n", "'m,n'"},
        {"name: s\n" TASKS "models:\n- {name: m, path: \"${SKELEX_TEST_UNSET}/m\"}\n", "study.yaml:4: models/0/path: environment variable 'SKELEX_TEST_UNSET'"},
        {"name: s\n" MODELS "tasks:\n- {task: gone.yaml}\n", "study.yaml:4: no task file at"},
        {"name: s\n" MODELS "tasks:\n- {task: broken.yaml}\n", "broken.yaml:3: unknown key 'cohorrt'"},
        {"name: s\n" MODELS "tasks:\n- {task: t1.yaml}\n- {task: t1again.yaml}\n", "study.yaml:5: two tasks are called 't1'"},
        {"name: s\n" MODELS "tasks:\n- {task: t1.yaml, data: gone}\n", "study.yaml:4: task 't1': no folder"},
        {"name: s\n" MODELS "tasks:\n- {task: t1.yaml, data: t2.yaml}\n", "no folder"},
        {"name: s\n" MODELS "tasks:\n- {task: data}\n", "not a regular file"},
        {"", "empty"},
    };
    char *directory = place();
    unsetenv("SKELEX_TEST_UNSET");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct study s;
        struct status st = {0};
        if (!load(&s, directory, bad[i].text, &st))
            fail_msg("case %zu was taken: %s", i, bad[i].text);
        assert_text(st.text, bad[i].says);
        study_free(&s); /* nothing is left to free */
    }
    scratch_remove(directory);
}

/* Written out and loaded again, a study is the same study; output and store do not count. */
static void test_resolved_study(void **state)
{
    (void)state;
    struct study s, again;
    struct status st;
    char *directory = place(), *text = NULL;
    size_t size;
    if (load(&s, directory, "name: s\nmodels: [{name: m, path: model, readout: [mean, cls], preprocess: skelex, architecture: dinov2, interpolation: old},\n"
                            "         {name: t, baseline: acquisition}]\n" TASKS
                            "seed: 7\nfolds: 3\nprobes: [linear]\ntest_fraction: 0.3\nbootstrap: {replicates: 100, level: 0.8}\n", &st))
        fail_msg("%s", st.text);
    FILE *f = open_memstream(&text, &size);
    study_write(&s, f, true);
    fclose(f);
    if (load(&again, directory, text, &st))
        fail_msg("%s\n%s", st.text, text);
    assert_memory_equal(s.digest, again.digest, DIGEST_BYTES);
    study_free(&again);
    char *other = mem_printf("%soutput: elsewhere\nstore: there\n", text);
    assert_int_equal(load(&again, directory, other, &st), STATUS_OK);
    assert_memory_equal(s.digest, again.digest, DIGEST_BYTES);
    study_free(&again);
    free(other);
    memcpy(strstr(text, "interpolation: old"), "interpolation: new", 18);
    assert_int_equal(load(&again, directory, text, &st), STATUS_OK);
    assert_memory_not_equal(s.digest, again.digest, DIGEST_BYTES);
    assert_string_equal(study_preprocess_name(&again.models[0]), "skelex");
    assert_string_equal(again.models[0].architecture, "dinov2");
    study_free(&again);
    memcpy(strstr(text, "interpolation: new"), "interpolation: old", 18);
    assert_non_null(strstr(text, "    precision: fp32\n"));
    memcpy(strstr(text, "precision: fp32"), "precision: bf16", 15);
    assert_int_equal(load(&again, directory, text, &st), STATUS_OK);
    assert_memory_not_equal(s.digest, again.digest, DIGEST_BYTES);
    assert_int_equal(again.models[0].precision, PRECISION_BF16);
    assert_string_equal(study_precision_name(&again.models[0]), "bf16");
    study_free(&again);
    memcpy(strstr(text, "precision: bf16"), "precision: fp32", 15);
    strstr(text, "seed: 7")[6] = '8';
    assert_int_equal(load(&again, directory, text, &st), STATUS_OK);
    assert_memory_not_equal(s.digest, again.digest, DIGEST_BYTES);
    study_free(&again);
    study_free(&s);
    free(text);
    scratch_remove(directory);
}

/* Every task and study that ships loads. */
static void test_shipped_tasks(void **state)
{
    (void)state;
    struct file_list list;
    struct status st;
    if (!file_is_directory("tasks")) {
        print_message("skipped: no folder `tasks` here\n");
        skip();
    }
    assert_int_equal(file_list_directory(&list, "tasks", &st), STATUS_OK);
    assert_true(list.n > 0);
    for (size_t i = 0; i < list.n; i++) {
        struct task *task;
        char *path = path_join("tasks", list.name[i]);
        if (task_load(&task, path, &st))
            fail_msg("%s", st.text);
        task_free(task);
        free(path);
    }
    file_list_free(&list);
}

/* Parts of cohorts, and cohorts that are only scored. */
static void test_external(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {WHOLE "external: [{name: e, tasks: [{task: t2.yaml, data: data}]}]\n", "study.yaml:4: external cohort 'e': the study has no task 't2'"},
        {WHOLE "external: [{name: e, tasks: [{task: t1.yaml, of: t3}]}]\n", "the study has no task 't3'"},
        {WHOLE "external: [{name: e, tasks: [{task: t1.yaml}]}, {name: e, tasks: [{task: t1.yaml}]}]\n", "two external cohorts are called 'e'"},
        {WHOLE "external: [{name: a/b, tasks: [{task: t1.yaml}]}]\n", "external/0/name is 'a/b'"},
        {WHOLE "external: [{name: e, tasks: []}]\n", "study.yaml:4"},
        {WHOLE "external: [{name: e}]\n", "key 'tasks' is missing"},
        {WHOLE "external: [{name: e, threshold: 0.5, tasks: [{task: t1.yaml}]}]\n", "unknown key 'threshold'"},
        {WHOLE "save_probes: none\nexternal: [{name: e, tasks: [{task: t1.yaml}]}]\n", "study.yaml:5: external cohort 'e' is scored with the probes kept"},
        {WHOLE "external: [{name: e, accept: [empty], tasks: [{task: t1.yaml}]}]\n", "external/0/accept/0 is 'empty', which cannot be let pass"},
        {WHOLE "external: [{name: e, data_root: nowhere, tasks: [{task: t1.yaml}]}]\n", "no folder"},
        {"name: s\n" MODELS "tasks: [{task: t1.yaml, partition: train}]\n", "study.yaml:3: tasks/0/partition is 'train'"},
        {"name: s\n" MODELS "tasks: [{task: t1.yaml, classes: [x, y, z]}]\n", "study.yaml:3: 3 names for the classes of task 't1', which has 2"},
        {"name: s\n" MODELS "tasks: [{task: t1.yaml, classes: [x, x]}]\n", "cannot be told apart when 2 is called 'x'"},
        {"name: s\n" MODELS "tasks: [{task: t2.yaml, classes: [x, y]}]\n", "2 names for the classes of task 't2', which has 0"},
    };
    char *directory = place();
    struct study s, e;
    struct status st = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (load(&s, directory, bad[i].text, &st) != STATUS_DATA)
            fail_msg("case %zu was taken: %s", i, bad[i].text);
        assert_text(st.text, bad[i].says);
    }
    if (load(&s, directory,
             WHOLE "seed: 7\nexternal:\n  - {name: e, accept: [overlap_patient], tasks: [{task: t1again.yaml, of: t1, data: data}]}\n"
                   "  - {name: f, tasks: [{task: t1.yaml, data: data, partition: test, sites: [\"2\", \"3\"], classes: [p, q]}]}\n",
             &st))
        fail_msg("%s", st.text);
    assert_int_equal(s.n_external, 2);
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    study_write(&s, stream, true);
    fclose(stream);
    assert_text(text, "accept: []\nexternal:\n  - name: \"e\"\n    tasks:\n      - task: ");
    assert_text(text, "        partition: test\n        sites: [\"2\", \"3\"]\n        classes: [\"p\", \"q\"]\n");
    assert_text(text, "        of: \"t1\"\n");
    assert_text(text, "    accept: [overlap_patient]\n");
    free(text);
    study_take_external(&e, &s, 1);
    assert_int_equal(s.external[1].n_tasks, 0);
    study_free(&s);
    assert_string_equal(e.name, "f");
    assert_text(e.output, "results/s/external/f");
    assert_int_equal(e.seed, 7);
    assert_int_equal(e.n_tasks, 1);
    assert_string_equal(e.models[0].name, "thumb");
    assert_int_equal(e.tasks[0].part, PART_TEST);
    assert_string_equal(e.tasks[0].site[1], "3");
    assert_string_equal(e.tasks[0].task->classes[1].name, "q");
    assert_int_equal(task_class_of(e.tasks[0].task, "yes"), 1); /* cells mean what they meant */
    assert_int_equal(task_class_of(e.tasks[0].task, "q"), -1);
    assert_false(study_accepts(&e, "overlap_patient"));
    study_free(&e);
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tasks_refused), cmocka_unit_test(test_label_cells),    cmocka_unit_test(test_defaults),
                                       cmocka_unit_test(test_refused),       cmocka_unit_test(test_resolved_study), cmocka_unit_test(test_shipped_tasks),
                                       cmocka_unit_test(test_external)};
    return cmocka_run_group_tests_name("study", tests, NULL, NULL);
}
