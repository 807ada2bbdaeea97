/* Saved probes: read as written, equal predictions, and nothing that was changed, cut or made up is taken. */
#include "unit/scratch.h"

#include <jansson.h>
#include <math.h>

#include "base/blas.h"
#include "probe/apply.h"
#include "probe/saved.h"

#define N 60
#define D 7
#define M 33

struct data {
    float x[N * D], test[M * D];
    int32_t label[N];
    double target[N];
};

static void make_data(struct data *a, size_t n_classes)
{
    uint32_t word = 99;
    for (size_t i = 0; i < (N + M) * D; i++) {
        word = word * 1664525u + 1013904223u;
        float value = (float)(word >> 8) / (1 << 24);
        if (i < N * D)
            a->x[i] = value + (i % D == 1 ? 0.3f * (float)(i / D % n_classes) : 0);
        else
            a->test[i - N * D] = value;
    }
    for (size_t i = 0; i < N; i++) {
        a->label[i] = (int32_t)(i % n_classes);
        a->target[i] = 3 * (double)a->x[i * D] + 0.1 * (double)a->label[i];
    }
}

static void describe(struct saved_probe *p, enum task_kind kind, size_t n_classes, enum saved_form form, double parameter)
{
    static const char *const name[] = {"intact", "\"fractured\", healed", "\xc3\xa4hnlich", "d"};
    *p = (struct saved_probe){.kind = kind, .task = mem_strdup("t"), .class_name = NEW0(n_classes, char *), .n_classes = n_classes,
                              .unit = mem_strdup(kind == KIND_REGRESSION ? "months" : ""), .form = form, .d = D, .parameter = parameter,
                              .threshold = kind == KIND_BINARY ? 1.0 / 3 : NAN, .threshold_exams = NAN, .recalibration = {0.1, -2.0 / 3, 1.25},
                              .recalibration_exams = {NAN, NAN, NAN}, .n_test = 12, .study = mem_strdup("s"),
                              .protocol = mem_strdup("grouped"), .model = mem_strdup("m"), .readout = mem_strdup("cls+mean"), .probe = mem_strdup("linear"),
                              .preprocess = mem_strdup("checkpoint"), .precision = mem_strdup("fp32"), .features = mem_strdup("vit, in words"),
                              .n_folds = 5, .seed = UINT32_MAX, .n_images = N, .n_patients = N - 3};
    for (size_t k = 0; k < n_classes; k++)
        p->class_name[k] = mem_strdup(name[k]);
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        p->fingerprint[i] = (uint8_t)(i * 37);
        p->development[i] = (uint8_t)(255 - i);
        p->embeddings[i] = (uint8_t)(i + 1);
        p->test[i] = (uint8_t)(i * 3);
    }
}

static void *copy_of(const void *data, size_t bytes)
{
    return memcpy(mem_alloc(bytes, 1), data, bytes);
}

/* Of each form one, fitted where there is a fit; want[M, n_out]: what its own module says. */
enum { BINARY, MULTICLASS, ORDINAL, RIDGE, NEIGHBOURS, NEIGHBOURS_OF_TARGET, N_MADE };

static void make(struct saved_probe *p, double *want, int which)
{
    struct data a;
    struct status st;
    blas_use_one_thread();
    make_data(&a, which == BINARY || which == NEIGHBOURS ? 2 : 4);
    struct scaler scaler;
    double z[N * D], C = 0.7;
    scaler_fit(&scaler, a.x, N, D);
    scaler_apply(z, &scaler, a.x, N);
    if (which == BINARY || which == MULTICLASS) {
        struct logistic fit;
        size_t n_classes = which == BINARY ? 2 : 4;
        describe(p, which == BINARY ? KIND_BINARY : KIND_MULTICLASS, n_classes, SAVED_LOGISTIC, C);
        if (which == MULTICLASS) /* class 2 has no rows */
            for (size_t i = 0; i < N; i++)
                a.label[i] = a.label[i] == 2 ? 1 : a.label[i];
        assert_int_equal(logistic_fit_path(&fit, &C, 1, z, N, D, a.label, n_classes, NULL, &st), STATUS_OK);
        p->scaler = scaler;
        p->rows = p->n_intercepts = fit.rows;
        p->coef = fit.coef;
        p->intercept = fit.intercept;
        probe_apply_logistic(want, &scaler, &fit, a.test, M);
    } else if (which == RIDGE) {
        struct ridge fit;
        describe(p, KIND_REGRESSION, 0, SAVED_RIDGE, C);
        assert_int_equal(ridge_fit_path(&fit, NULL, &C, 1, z, N, D, a.target, NULL, &st), STATUS_OK);
        p->scaler = scaler;
        p->rows = p->n_intercepts = 1;
        p->coef = fit.coef;
        p->intercept = copy_of(&fit.intercept, sizeof(double));
        probe_apply_ridge(want, &scaler, &fit, a.test, M);
    } else if (which == ORDINAL) {
        static const double coef[D] = {0.5, -1, 0.25, 0, 2, -0.125, 1}, threshold[3] = {-1, 0.5, 2};
        describe(p, KIND_ORDINAL, 4, SAVED_CUMULATIVE_LOGIT, C);
        p->scaler = scaler;
        p->rows = 1;
        p->n_intercepts = 3;
        p->coef = copy_of(coef, sizeof coef);
        p->intercept = copy_of(threshold, sizeof threshold);
        for (size_t i = 0; i < M; i++) { /* by the formula, in other words */
            double score = 0, below = 0;
            for (size_t j = 0; j < D; j++)
                score += coef[j] * ((double)a.test[i * D + j] - scaler.mean[j]) / scaler.scale[j];
            for (size_t k = 0; k < 4; k++) {
                double upto = k < 3 ? 1 / (1 + exp(score - threshold[k])) : 1;
                want[i * 4 + k] = upto - below;
                below = upto;
            }
        }
    } else {
        bool target = which == NEIGHBOURS_OF_TARGET;
        uint32_t neighbour[M * 5];
        double distance[M * 5], prob[M * 2];
        scaler_free(&scaler);
        describe(p, target ? KIND_REGRESSION : KIND_BINARY, target ? 0 : 2, SAVED_KNN, 5);
        p->k = 5;
        p->n_train = N;
        p->metric = target ? KNN_EUCLIDEAN : KNN_COSINE;
        p->vote = target ? KNN_DISTANCE : KNN_SOFTMAX;
        p->train = copy_of(a.x, sizeof a.x);
        if (target)
            p->target = copy_of(a.target, sizeof a.target);
        else
            p->label = copy_of(a.label, sizeof a.label);
        assert_int_equal(knn_neighbours(neighbour, distance, 5, p->metric, a.x, N, a.test, M, D, 1, &st), STATUS_OK);
        if (target)
            knn_regress(want, neighbour, distance, 5, M, 5, p->metric, p->vote, a.target);
        else {
            knn_classify(prob, neighbour, distance, 5, M, 5, p->metric, p->vote, a.label, 2);
            for (size_t i = 0; i < M; i++)
                want[i] = prob[2 * i + 1];
        }
    }
}

static void write_probe(const struct saved_probe *p, const char *directory, const char *name)
{
    struct outfile file[2];
    struct status st;
    if (saved_probe_write(file, p, directory, name, &st) || outfile_commit(&file[0], &st) || outfile_commit(&file[1], &st))
        fail_msg("%s", st.text);
}

static void test_written_and_read(void **state)
{
    (void)state;
    for (int which = 0; which < N_MADE; which++) {
        struct saved_probe p, q;
        struct status st;
        struct data a;
        double want[M * 4], got[M * 4], alone[4];
        char *directory = scratch_new(), *path = path_join(directory, "p.json");
        make(&p, want, which);
        make_data(&a, 2); /* the test rows do not depend on the classes */
        write_probe(&p, directory, "p");
        if (saved_probe_read(&q, path, &st))
            fail_msg("%d: %s", which, st.text);
        size_t n_out = saved_probe_n_out(&q);
        assert_int_equal(n_out, which == MULTICLASS || which == ORDINAL ? 4 : 1);
        assert_int_equal(saved_probe_predict(got, &q, a.test, M, &st), STATUS_OK);
        for (size_t i = 0; i < M * n_out; i++)
            if (which == ORDINAL)
                assert_float_equal(got[i], want[i], 1e-14);
            else
                assert_memory_equal(&got[i], &want[i], sizeof *got);
        for (size_t i = 0; i < M; i++) { /* a row alone */
            assert_int_equal(saved_probe_predict(alone, &q, a.test + i * D, 1, &st), STATUS_OK);
            assert_memory_equal(alone, got + i * n_out, n_out * sizeof *alone);
        }
        assert_int_equal(q.kind, p.kind);
        assert_int_equal(q.form, p.form);
        assert_int_equal(q.n_classes, p.n_classes);
        for (size_t k = 0; k < p.n_classes; k++)
            assert_string_equal(q.class_name[k], p.class_name[k]);
        assert_string_equal(q.readout, "cls+mean");
        assert_string_equal(q.unit, p.unit);
        assert_int_equal(q.seed, UINT32_MAX);
        assert_memory_equal(q.fingerprint, p.fingerprint, DIGEST_BYTES);
        assert_memory_equal(q.development, p.development, DIGEST_BYTES);
        assert_memory_equal(q.embeddings, p.embeddings, DIGEST_BYTES);
        assert_memory_equal(&q.parameter, &p.parameter, sizeof(double));
        assert_memory_equal(&p.recalibration, &q.recalibration, sizeof p.recalibration);
        assert_true(isnan(q.recalibration_exams.slope) && isnan(q.recalibration_exams.in_the_large));
        assert_int_equal(q.n_test, 12);
        assert_memory_equal(p.test, q.test, DIGEST_BYTES);
        assert_true(isnan(p.threshold) ? isnan(q.threshold) : !memcmp(&p.threshold, &q.threshold, sizeof(double)));
        if (which == MULTICLASS)
            assert_true(isinf(q.intercept[2]) && got[2] < 1e-300);
        write_probe(&q, directory, "again"); /* the same arrays, byte for byte */
        uint8_t one[DIGEST_BYTES], two[DIGEST_BYTES];
        char *first = path_join(directory, "p.safetensors"), *second = path_join(directory, "again.safetensors");
        assert_int_equal(digest_file(one, first, &st), STATUS_OK);
        assert_int_equal(digest_file(two, second, &st), STATUS_OK);
        assert_memory_equal(one, two, DIGEST_BYTES);
        a.test[3 * D + 2] = NAN;
        assert_int_equal(saved_probe_predict(got, &q, a.test, M, &st), STATUS_DATA);
        assert_text(st.text, "feature 2 of row 3");
        free(first);
        free(second);
        saved_probe_free(&p);
        saved_probe_free(&q);
        free(path);
        scratch_remove(directory);
    }
}

struct files {
    unsigned char *json, *tensors;
    size_t json_size, tensors_size;
};

static void read_files(struct files *f, const char *directory)
{
    struct status st;
    char *json = path_join(directory, "p.json"), *tensors = path_join(directory, "p.safetensors");
    assert_int_equal(file_read(&f->json, &f->json_size, json, 0, &st), STATUS_OK);
    assert_int_equal(file_read(&f->tensors, &f->tensors_size, tensors, 0, &st), STATUS_OK);
    free(json);
    free(tensors);
}

static int read_from(const char *directory, const void *json, size_t json_size, const void *tensors, size_t tensors_size, struct status *st)
{
    struct saved_probe q;
    free(scratch_write(directory, "p.json", json, json_size));
    free(scratch_write(directory, "p.safetensors", tensors, tensors_size));
    char *path = path_join(directory, "p.json");
    int code = saved_probe_read(&q, path, st);
    free(path);
    if (!code)
        saved_probe_free(&q);
    return code;
}

static bool says_the_same(const unsigned char *a, const unsigned char *b, size_t size)
{
    json_t *x = json_loadb((const char *)a, size, 0, NULL), *y = json_loadb((const char *)b, size, 0, NULL);
    bool same = x && y && json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return same;
}

/* Every byte changed, every length cut: refused, unless the JSON says the same (other blanks, a 17th digit that rounds alike). */
static void test_damage(void **state)
{
    (void)state;
    struct saved_probe p;
    struct status st;
    double want[M * 4];
    struct files f;
    char *directory = scratch_new();
    make(&p, want, BINARY);
    write_probe(&p, directory, "p");
    saved_probe_free(&p);
    read_files(&f, directory);
    unsigned char *whole = copy_of(f.json, f.json_size);
    for (size_t i = 0; i < f.tensors_size; i++) {
        f.tensors[i] ^= 1;
        assert_int_equal(read_from(directory, f.json, f.json_size, f.tensors, f.tensors_size, &st), STATUS_DATA);
        assert_text(st.text, "is damaged or belongs to another probe");
        f.tensors[i] ^= 1;
    }
    for (size_t n = 0; n < f.tensors_size; n += 7)
        assert_int_equal(read_from(directory, f.json, f.json_size, f.tensors, n, &st), STATUS_DATA);
    for (size_t i = 0; i < f.json_size; i++)
        for (int bit = 0; bit < 7; bit += 3) {
            unsigned char kept = f.json[i];
            f.json[i] = (unsigned char)(kept ^ 1u << bit);
            if (!read_from(directory, f.json, f.json_size, f.tensors, f.tensors_size, &st) && !says_the_same(f.json, whole, f.json_size))
                fail_msg("byte %zu of the record changed from '%c' to '%c', and nobody noticed", i, kept, f.json[i]);
            f.json[i] = kept;
        }
    for (size_t n = 0; n + 2 < f.json_size; n++)
        assert_int_equal(read_from(directory, f.json, n, f.tensors, f.tensors_size, &st), STATUS_DATA);
    assert_int_equal(read_from(directory, f.json, f.json_size, f.tensors, f.tensors_size, &st), STATUS_OK);
    free(whole);
    free(f.json);
    free(f.tensors);
    scratch_remove(directory);
}

/* Without the digests, as an attacker would make them right: whatever is read then holds what a probe must hold. */
static void test_forged(void **state)
{
    (void)state;
    for (int which = 0; which < N_MADE; which++) {
        struct saved_probe p, q;
        struct status st;
        double want[M * 4], got[M * 4];
        struct files f;
        struct data a;
        size_t accepted = 0;
        make_data(&a, 2);
        char *directory = scratch_new();
        make(&p, want, which);
        write_probe(&p, directory, "p");
        saved_probe_free(&p);
        read_files(&f, directory);
        for (size_t i = 0; i < f.json_size + f.tensors_size; i++)
            for (int change = 0; change < 3; change++) {
                unsigned char *at = i < f.json_size ? f.json + i : f.tensors + i - f.json_size, kept = *at;
                *at = change == 0 ? 0xff : change == 1 ? (unsigned char)(kept ^ 1) : (unsigned char)(kept ^ 0x40);
                if (saved_probe_parse(&q, "p", f.json, f.json_size, f.tensors, f.tensors_size, &st) == STATUS_OK) {
                    accepted++;
                    if (q.d == D)
                        assert_int_equal(saved_probe_predict(got, &q, a.test, 1, &st), STATUS_OK);
                    for (size_t k = 0; q.d == D && k < saved_probe_n_out(&q); k++)
                        assert_false(isnan(got[k]) && q.form == SAVED_KNN);
                    saved_probe_free(&q);
                } else {
                    assert_int_equal(st.code, STATUS_DATA);
                }
                *at = kept;
            }
        for (size_t n = 0; n < f.tensors_size; n++) { /* at the end of its own block, for the sanitizer */
            unsigned char *cut = copy_of(f.tensors, n + !n);
            assert_int_equal(saved_probe_parse(&q, "p", f.json, f.json_size, cut, n, &st), STATUS_DATA);
            free(cut);
        }
        assert_true(accepted > 0); /* other coefficients are a probe's too */
        free(f.json);
        free(f.tensors);
        scratch_remove(directory);
    }
}

/* One member or number at a time, and what is said of it. */
static int parse_edited(const struct files *f, const char *find, const char *put, struct status *st)
{
    struct saved_probe q;
    const char *at = strstr((const char *)f->json, find);
    assert_non_null(at);
    size_t before = (size_t)(at - (const char *)f->json);
    char *text = mem_printf("%.*s%s%s", (int)before, f->json, put, at + strlen(find));
    int code = saved_probe_parse(&q, "p", (unsigned char *)text, strlen(text), f->tensors, f->tensors_size, st);
    free(text);
    if (!code)
        saved_probe_free(&q);
    return code;
}

static void test_contents(void **state)
{
    (void)state;
    static const struct {
        const char *find, *put, *says;
    } cases[] = {
        {"skelex-eval probe", "skelex-eval prob", "is no saved probe"},
        {"\"version\": 2", "\"version\": 1", "another version than 2"},
        {"\"version\": 2", "\"version\": 2.0", "another version than 2"},
        {"\"width\": 7", "\"width\": 8", "tensor 'coef' is F64[1,7]; the record says F64[1,8]"},
        {"\"width\": 7", "\"width\": -7", "the features' width"},
        {"\"width\": 7", "\"width\": 4294967303", "the features' width"},
        {"\"width\": 7", "\"width\": \"7\"", "'features': Expected integer, got string"},
        {"\"kind\": \"binary\"", "\"kind\": \"ordinal\"", "the number of classes"},
        {"\"kind\": \"binary\"", "\"kind\": \"regression\"", "the number of classes"},
        {"\"kind\": \"binary\"", "\"kind\": \"bin\"", "the task's kind"},
        {"\"intact\",", "", "the number of classes"},
        {"\"intact\"", "7", "a class's name"},
        {"\"form\": \"logistic\"", "\"form\": \"ridge\"", "a probe of the form ridge cannot answer a binary task"},
        {"\"form\": \"logistic\"", "\"form\": \"cumulative_logit\"", "a probe of the form cumulative_logit cannot answer a binary task"},
        {"\"form\": \"logistic\"", "\"form\": \"tree\"", "the probe's form"},
        {"\"parameter\": \"C\"", "\"parameter\": \"k\"", "the hyper-parameter"},
        {"\"threshold\": 0.3", "\"threshold\": \"0\", \"x\": 0.3", "'probe'"},
        {"\"threshold_exams\": null", "\"threshold_exams\": true", "a threshold"},
        {"\"slope\": 1.25", "\"slope\": null", "a recalibration"},
        {"\"slope\": 1.25", "\"slope\": \"1\"", "a recalibration"},
        {"\"in_the_large\": 0.1", "\"large\": 0.1", "a recalibration"},
        {"\"test_images\": 12", "\"test_images\": -1", "a count"},
        {"\"threshold_exams\": null", "\"threshold_exams\": null, \"more\": 1", "'probe': 1 object item(s) left unpacked: more"},
        {"\"unit\": \"\"", "\"unit\": null", "'task'"},
        {"\"fold\": 0", "\"fold\": 6", "the fold"},
        {"\"images\": 60", "\"images\": 0", "a count of the development part"},
        {"p.safetensors", "../p.safetensors", "the name of the file of arrays"},
        {"\"fingerprint\": \"00", "\"fingerprint\": \"0G", "the features' fingerprint"},
        {"\"fingerprint\": \"00", "\"fingerprint\": \"", "the features' fingerprint"},
    };
    struct saved_probe p;
    struct status st;
    double want[M * 4];
    struct files f;
    char *directory = scratch_new();
    make(&p, want, BINARY);
    write_probe(&p, directory, "p");
    saved_probe_free(&p);
    read_files(&f, directory);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int code = parse_edited(&f, cases[i].find, cases[i].put, &st);
        assert_int_equal(code, cases[i].says ? STATUS_DATA : STATUS_OK);
        if (cases[i].says)
            assert_text(st.text, cases[i].says);
    }
    free(f.json);
    free(f.tensors);
    scratch_remove(directory);
}

/* What is never written: numbers that no fit leaves. */
static void test_bad_numbers(void **state)
{
    (void)state;
    static const struct {
        int which;
        const char *tensor;
        double value;
    } cases[] = {{BINARY, "coef", NAN},       {BINARY, "intercept", -INFINITY}, {MULTICLASS, "intercept", INFINITY},
                 {MULTICLASS, "intercept", NAN}, {BINARY, "scaler.mean", INFINITY}, {RIDGE, "scaler.scale", 0},
                 {RIDGE, "scaler.scale", -1}, {ORDINAL, "threshold", 9},       {NEIGHBOURS_OF_TARGET, "target", NAN},
                 {NEIGHBOURS, "train", NAN},  {NEIGHBOURS, "label", 2},         {NEIGHBOURS, "label", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct saved_probe p;
        struct status st;
        struct outfile file[2];
        struct file_list list;
        double want[M * 4];
        char *directory = scratch_new();
        const char *name = cases[i].tensor;
        make(&p, want, cases[i].which);
        if (!strcmp(name, "train"))
            p.train[5] = (float)cases[i].value;
        else if (!strcmp(name, "label"))
            p.label[5] = (int32_t)cases[i].value;
        else
            *(!strcmp(name, "coef") ? p.coef : !strcmp(name, "target") ? p.target : !strcmp(name, "scaler.mean") ? p.scaler.mean
              : !strcmp(name, "scaler.scale") ? p.scaler.scale : p.intercept) = cases[i].value;
        assert_int_equal(saved_probe_write(file, &p, directory, "p", &st), STATUS_DATA);
        assert_text(st.text, name);
        saved_probe_free(&p);
        make(&p, want, cases[i].which);
        p.class_name = mem_realloc(p.class_name, p.n_classes + 1, sizeof *p.class_name);
        free(p.readout);
        p.readout = mem_strdup("\xff");
        assert_int_equal(saved_probe_write(file, &p, directory, "p", &st), STATUS_DATA);
        assert_text(st.text, "not UTF-8");
        assert_int_equal(file_list_directory(&list, directory, &st), STATUS_OK);
        assert_int_equal(list.n, 0); /* no temporary left */
        file_list_free(&list);
        saved_probe_free(&p);
        scratch_remove(directory);
    }
}

static void test_missing(void **state)
{
    (void)state;
    struct saved_probe p, q;
    struct status st;
    double want[M * 4];
    char *directory = scratch_new(), *json = path_join(directory, "p.json"), *tensors = path_join(directory, "p.safetensors");
    assert_int_equal(saved_probe_read(&q, json, &st), STATUS_IO);
    assert_text(st.text, "p.json");
    make(&p, want, RIDGE);
    write_probe(&p, directory, "p");
    assert_int_equal(remove(tensors), 0);
    assert_int_equal(saved_probe_read(&q, json, &st), STATUS_IO);
    assert_text(st.text, "p.safetensors");
    write_probe(&p, directory, "other"); /* of another probe */
    assert_int_equal(saved_probe_read(&q, json, &st), STATUS_IO);
    struct outfile file[2];
    assert_int_equal(saved_probe_write(file, &p, json, "p", &st), STATUS_IO); /* a file in the folder's place */
    saved_probe_free(&p);
    saved_probe_free(&p); /* twice does no harm */
    free(json);
    free(tensors);
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_read), cmocka_unit_test(test_damage),      cmocka_unit_test(test_forged),
        cmocka_unit_test(test_contents),         cmocka_unit_test(test_bad_numbers), cmocka_unit_test(test_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
