#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/half.h"
#include "base/memory.h"
#include "embed/extract.h"
#include "scratch.h"
#include "synth/tiny_checkpoint.h"

/* One encoder with tokens, one picture; what extract leaves in the store. */
static void test_kept_beside_the_readouts(void **state)
{
    (void)state;
    static char name[] = "tiny", cls[] = "cls", mean[] = "mean", tokens_name[] = "tokens";
    char *readouts[] = {cls, tokens_name, mean}, *directory = scratch_new();
    struct status st;
    struct study_model model = {.name = name, .source = SOURCE_ENCODER, .readout = readouts, .n_readouts = 3};
    model.path = path_join(directory, "tiny");
    assert_int_equal(tiny_checkpoint_write(model.path, 1, &st), STATUS_OK);
    scratch_png(directory, "a.png", 3);
    char *picture = path_join(directory, "a.png"), *place = path_join(directory, "store");

    struct featurizer f;
    struct survey survey;
    struct store *store;
    struct extract_counts counts;
    bool used[1] = {true};
    assert_int_equal(featurizer_open(&f, &model, &st), STATUS_OK);
    assert_true(f.keep_tokens);
    assert_int_equal(survey_make(&survey, (const char *const *)&picture, 1, 1, true, &st), STATUS_OK);
    assert_int_equal(store_open(&store, place, false, &st), STATUS_OK);
    struct extract_options options = {.n_threads = 1, .quiet = true};
    assert_int_equal(extract_study(&counts, store, &f, 1, &survey, used, &options, &st), STATUS_OK);
    assert_int_equal(counts.vectors, 2);

    size_t one = 0, T = f.n_tokens, D = f.token_width;
    float *c = NEW(D, float), *m = NEW(D, float), *halves = NEW(f.token_floats, float);
    assert_int_equal(extract_read(c, store, &f, "cls", &survey, &one, 1, &st), STATUS_OK);
    assert_int_equal(extract_read(m, store, &f, "mean", &survey, &one, 1, &st), STATUS_OK);
    assert_int_equal(extract_read_tokens(halves, store, &f, &survey.picture[0], &st), STATUS_OK);
    const uint16_t *token = (const uint16_t *)(const void *)halves;
    for (size_t j = 0; j < D; j++) {
        double sum = 0;
        assert_int_equal(token[j], half_from_float(c[j])); /* token 0 is cls, rounded once */
        for (size_t t = 1; t < T; t++)
            sum += (double)half_to_float(token[t * D + j]);
        assert_true(fabs(sum / (double)(T - 1) - (double)m[j]) < 1e-3); /* a half has 11 bits; values are below 4 */
    }

    /* A store with the vectors alone gets the tokens and nothing twice; the second time nothing is done. */
    assert_int_equal(extract_study(&counts, store, &f, 1, &survey, used, &options, &st), STATUS_OK);
    assert_int_equal(counts.computed, 0);
    store_close(store);
    free(place);
    place = path_join(directory, "second");
    assert_int_equal(store_open(&store, place, false, &st), STATUS_OK);
    f.keep_tokens = false;
    assert_int_equal(extract_study(&counts, store, &f, 1, &survey, used, &options, &st), STATUS_OK);
    assert_int_equal(counts.vectors, 1);
    assert_int_equal(extract_read_tokens(halves, store, &f, &survey.picture[0], &st), STATUS_DATA);
    f.keep_tokens = true;
    assert_int_equal(extract_study(&counts, store, &f, 1, &survey, used, &options, &st), STATUS_OK);
    assert_int_equal(counts.vectors, 1);

    store_close(store);
    survey_free(&survey);
    featurizer_close(&f);
    free(c);
    free(m);
    free(halves);
    free(place);
    free(picture);
    free(model.path);
    scratch_remove(directory);
}

static void test_a_baseline_has_none(void **state)
{
    (void)state;
    static char name[] = "thumb", tokens_name[] = "tokens";
    char *readouts[] = {tokens_name};
    struct study_model model = {.name = name, .source = SOURCE_THUMBNAIL, .readout = readouts, .n_readouts = 1};
    struct featurizer f;
    struct status st;
    assert_int_equal(featurizer_open(&f, &model, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "no tokens"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept_beside_the_readouts), cmocka_unit_test(test_a_baseline_has_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
