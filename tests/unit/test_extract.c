/* Extraction: same vectors whatever the threads, the shards or the stops; a bad picture stops nobody else. */
#include "unit/scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <zlib.h>

#include "base/interrupt.h"
#include "base/safetensors.h"
#include "embed/extract.h"
#include "fake_timm.h"
#include "synth/tiny_checkpoint.h"

#define N_GOOD 9
#define N_MODELS 3

struct world {
    char *directory, *checkpoint;
    struct study_model model[N_MODELS];
    struct featurizer featurizer[N_MODELS];
    struct survey survey;
    bool used[64];
};

/* A PNG whose checksums hold and whose image data do not: only decoding finds out. */
static void write_corrupt(const char *directory, const char *name)
{
    unsigned char *data;
    size_t size;
    struct status st;
    scratch_png(directory, name, 77);
    char *path = path_join(directory, name);
    assert_int_equal(file_read(&data, &size, path, 0, &st), STATUS_OK);
    for (size_t at = 8; at + 12 <= size;) {
        size_t length = (size_t)data[at] << 24 | (size_t)data[at + 1] << 16 | (size_t)data[at + 2] << 8 | data[at + 3];
        if (!memcmp(data + at + 4, "IDAT", 4)) {
            for (size_t i = 2; i < length; i++)
                data[at + 8 + i] = (unsigned char)~data[at + 8 + i];
            uint32_t sum = (uint32_t)crc32(0, data + at + 4, (uInt)(length + 4));
            for (int i = 0; i < 4; i++)
                data[at + 8 + length + (size_t)i] = (unsigned char)(sum >> (24 - 8 * i));
        }
        at += length + 12;
    }
    free(scratch_write(directory, name, data, size));
    free(data);
    free(path);
}

static void look_again(struct world *w, const char *const *extra, size_t n_extra)
{
    struct status st;
    const char *path[64];
    char *made[64];
    size_t n = 0;
    for (unsigned i = 0; i < N_GOOD; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "good%u.png", i);
        scratch_png(w->directory, name, i);
        made[n++] = path_join(w->directory, name);
    }
    scratch_png(w->directory, "twin.png", 4); /* the bytes of good4 */
    made[n++] = path_join(w->directory, "twin.png");
    for (size_t i = 0; i < n_extra; i++)
        made[n++] = path_join(w->directory, extra[i]);
    for (size_t i = 0; i < n; i++)
        path[i] = made[i];
    survey_free(&w->survey);
    if (survey_make(&w->survey, path, n, 1, true, &st))
        fail_msg("%s", st.text);
    for (size_t i = 0; i < n; i++) {
        w->used[i] = true;
        free(made[i]);
    }
}

static void world_begin(struct world *w)
{
    static char thumbnail[] = "thumbnail", acquisition[] = "acquisition", tiny[] = "tiny", cls[] = "cls", features[] = "features";
    static char *readouts[] = {cls}, *baseline[] = {features};
    struct status st;
    *w = (struct world){.directory = scratch_new()};
    w->checkpoint = path_join(w->directory, "tiny");
    if (tiny_checkpoint_write(w->checkpoint, 1, &st))
        fail_msg("%s", st.text);
    w->model[0] = (struct study_model){.name = tiny, .source = SOURCE_ENCODER, .path = w->checkpoint, .readout = readouts, .n_readouts = 1};
    w->model[1] = (struct study_model){.name = thumbnail, .source = SOURCE_THUMBNAIL, .readout = baseline, .n_readouts = 1};
    w->model[2] = (struct study_model){.name = acquisition, .source = SOURCE_ACQUISITION, .readout = baseline, .n_readouts = 1};
    for (size_t m = 0; m < N_MODELS; m++)
        if (featurizer_open(&w->featurizer[m], &w->model[m], &st))
            fail_msg("%s", st.text);
    look_again(w, NULL, 0);
}

static void world_end(struct world *w)
{
    for (size_t m = 0; m < N_MODELS; m++)
        featurizer_close(&w->featurizer[m]);
    survey_free(&w->survey);
    free(w->checkpoint);
    scratch_remove(w->directory);
}

static struct store *open_store(const struct world *w, const char *name)
{
    struct store *store;
    struct status st;
    char *path = path_join(w->directory, name);
    if (store_open(&store, path, false, &st))
        fail_msg("%s", st.text);
    free(path);
    return store;
}

static int extract(struct extract_counts *counts, struct world *w, struct store *store, struct extract_options o, struct status *st)
{
    o.quiet = true;
    o.n_threads = o.n_threads ? o.n_threads : 1;
    return extract_study(counts, store, w->featurizer, N_MODELS, &w->survey, w->used, &o, st);
}

/* Every vector of every picture, zeros where there is none; *n_found of them there. */
static float *all_vectors(size_t *size, size_t *n_found, const struct world *w, const struct store *store)
{
    size_t width = 0, at = 0;
    for (size_t m = 0; m < N_MODELS; m++)
        width += w->featurizer[m].width;
    float *all = NEW0(width * w->survey.n, float);
    *n_found = 0;
    for (size_t i = 0; i < w->survey.n; i++)
        for (size_t m = 0; m < N_MODELS; m++) {
            struct store_key key;
            struct status st;
            bool there;
            memcpy(key.image, w->survey.picture[i].digest, DIGEST_BYTES);
            memcpy(key.fingerprint, w->featurizer[m].fingerprint, DIGEST_BYTES);
            assert_int_equal(store_get(&there, all + at, w->featurizer[m].width, store, &key, NULL, &st), STATUS_OK);
            *n_found += there;
            at += w->featurizer[m].width;
        }
    *size = at * sizeof *all;
    return all;
}

/* The whole thing at one go, with one thread: what all others are compared with. */
static float *reference(size_t *size, struct world *w)
{
    struct store *store = open_store(w, "reference");
    struct extract_counts counts;
    struct status st;
    size_t n;
    if (extract(&counts, w, store, (struct extract_options){0}, &st))
        fail_msg("%s", st.text);
    assert_int_equal(counts.pictures, N_GOOD); /* the twin is not done twice */
    assert_int_equal(counts.computed, N_GOOD);
    assert_int_equal(counts.vectors, N_GOOD * N_MODELS);
    assert_int_equal(counts.failed + counts.damaged, 0);
    float *all = all_vectors(size, &n, w, store);
    assert_int_equal(n, (N_GOOD + 1) * N_MODELS);
    assert_int_equal(extract(&counts, w, store, (struct extract_options){0}, &st), STATUS_OK); /* again: nothing to do */
    assert_int_equal(counts.computed + counts.vectors, 0);
    store_close(store);
    return all;
}

static void check_same(struct world *w, const struct store *store, const float *expected, size_t expected_size)
{
    size_t size, n;
    float *all = all_vectors(&size, &n, w, store);
    assert_int_equal(size, expected_size);
    assert_memory_equal(all, expected, size);
    free(all);
}

static void test_threads_and_shards(void **state)
{
    (void)state;
    struct world w;
    struct extract_counts counts;
    struct status st;
    size_t size, pictures = 0;
    world_begin(&w);
    float *expected = reference(&size, &w);
    struct store *store = open_store(&w, "threads");
    if (extract(&counts, &w, store, (struct extract_options){.n_threads = 4}, &st))
        fail_msg("%s", st.text);
    check_same(&w, store, expected, size);
    store_close(store);
    store = open_store(&w, "shards");
    for (size_t shard = 3; shard >= 1; shard--) {
        if (extract(&counts, &w, store, (struct extract_options){.n_threads = 2, .shard = shard, .n_shards = 3}, &st))
            fail_msg("%s", st.text);
        assert_int_equal(counts.computed, counts.pictures);
        pictures += counts.pictures;
    }
    assert_int_equal(pictures, N_GOOD);
    check_same(&w, store, expected, size);
    store_close(store);
    free(expected);
    world_end(&w);
}

/* A child is stopped at several moments; whoever goes on ends with the same bytes. */
static void stopped_and_resumed(int signal_number, size_t batch, const char *name)
{
    struct world w;
    struct extract_counts counts;
    struct status st;
    size_t size, before = 0, stops = 0;
    world_begin(&w);
    float *expected = reference(&size, &w);
    for (long turn = 0; turn < 6; turn++) {
        int channel[2];
        assert_int_equal(pipe(channel), 0);
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            int null = open("/dev/null", O_WRONLY);
            dup2(null, STDERR_FILENO);
            interrupt_install();
            struct store *own = open_store(&w, name);
            if (write(channel[1], "x", 1) != 1)
                _exit(9);
            int code = extract(&counts, &w, own, (struct extract_options){.batch = batch}, &st);
            store_close(own);
            if (write(channel[1], &counts, sizeof counts) != sizeof counts)
                _exit(9);
            _exit(code);
        }
        char byte;
        close(channel[1]);
        assert_int_equal(read(channel[0], &byte, 1), 1);
        struct timespec pause = {0, turn * 4000000};
        nanosleep(&pause, NULL);
        kill(child, signal_number);
        bool told = read(channel[0], &counts, sizeof counts) == sizeof counts;
        close(channel[0]);
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        struct store *store = open_store(&w, name);
        size_t n, ignored;
        free(all_vectors(&ignored, &n, &w, store));
        store_close(store);
        assert_true(n >= before); /* nothing is lost again */
        if (signal_number == SIGINT) {
            assert_true(told && WIFEXITED(how));
            assert_true(WEXITSTATUS(how) == STATUS_INTERRUPTED || WEXITSTATUS(how) == STATUS_OK);
            stops += WEXITSTATUS(how) == STATUS_INTERRUPTED;
            assert_true(n >= before + counts.vectors); /* what it says it did is stored */
        } else {
            stops += WIFSIGNALED(how);
        }
        before = n;
    }
    assert_true(stops > 0);
    struct store *store = open_store(&w, name);
    if (extract(&counts, &w, store, (struct extract_options){0}, &st))
        fail_msg("%s", st.text);
    check_same(&w, store, expected, size);
    store_close(store);
    free(expected);
    world_end(&w);
}

static void test_interrupted_and_resumed(void **state)
{
    (void)state;
    stopped_and_resumed(SIGINT, 1, "interrupted");
    stopped_and_resumed(SIGINT, 3, "interrupted by three");
}

static void test_killed_and_resumed(void **state)
{
    (void)state;
    stopped_and_resumed(SIGKILL, 1, "killed");
    stopped_and_resumed(SIGKILL, 3, "killed by three");
}

static void test_corrupt_picture(void **state)
{
    (void)state;
    static const char *const extra[] = {"corrupt.png", "corrupt_too.png", "cut.png", "gone.png"};
    struct world w;
    struct extract_counts counts;
    struct status st;
    size_t size, n;
    world_begin(&w);
    write_corrupt(w.directory, "corrupt.png");
    write_corrupt(w.directory, "corrupt_too.png"); /* the same bytes */
    scratch_text(w.directory, "cut.png", "\x89PNG\r\n\x1a\n");
    for (int turn = 0; turn < 4; turn++) { /* corrupt.png is first in path order, and so first of a batch */
        static const char *const name[] = {"one", "four", "batch", "batches"};
        int n_threads = turn % 2 ? 4 : 1;
        size_t batch = turn < 2 ? 1 : 5;
        struct store *store = open_store(&w, name[turn]);
        look_again(&w, extra, 4);
        assert_null(w.survey.picture[0].reason); /* corrupt.png: nothing to be seen from outside */
        if (extract(&counts, &w, store, (struct extract_options){.n_threads = n_threads, .batch = batch}, &st))
            fail_msg("%s", st.text);
        assert_int_equal(counts.pictures, N_GOOD + 1);
        assert_int_equal(counts.computed, N_GOOD + 1);
        assert_int_equal(counts.failed, 1);
        assert_int_equal(counts.vectors, N_GOOD * N_MODELS);
        assert_non_null(w.survey.picture[0].reason);
        assert_string_equal(w.survey.picture[0].reason, w.survey.picture[1].reason);
        free(all_vectors(&size, &n, &w, store));
        assert_int_equal(n, (N_GOOD + 1) * N_MODELS);
        look_again(&w, extra, 4); /* decode_only: the bad ones are told from the missing ones */
        assert_int_equal(extract(&counts, &w, store, (struct extract_options){.decode_only = true}, &st), STATUS_OK);
        assert_int_equal(counts.failed, 1);
        assert_int_equal(counts.vectors, 0);
        assert_non_null(w.survey.picture[0].reason);
        store_close(store);
    }
    world_end(&w);
}

static void test_decode_only_misses(void **state)
{
    (void)state;
    struct world w;
    struct extract_counts counts;
    struct status st;
    size_t size, n;
    world_begin(&w);
    struct store *store = open_store(&w, "store");
    assert_int_equal(extract(&counts, &w, store, (struct extract_options){.decode_only = true}, &st), STATUS_DATA);
    assert_text(st.text, "embeddings of 9 of 9 images are not in the store yet; run `extract` first");
    free(all_vectors(&size, &n, &w, store));
    assert_int_equal(n, 0);
    w.used[0] = false; /* good0 */
    assert_int_equal(extract(&counts, &w, store, (struct extract_options){0}, &st), STATUS_OK);
    assert_int_equal(counts.pictures, N_GOOD - 1);
    assert_int_equal(extract(&counts, &w, store, (struct extract_options){.decode_only = true}, &st), STATUS_OK);
    assert_int_equal(counts.computed, 0);
    w.used[0] = true;
    assert_int_equal(extract(&counts, &w, store, (struct extract_options){.decode_only = true}, &st), STATUS_DATA);
    assert_text(st.text, "embeddings of 1 of 9");
    store_close(store);
    world_end(&w);
}

static void test_changed_and_damaged(void **state)
{
    (void)state;
    struct world w;
    struct extract_counts counts;
    struct status st;
    size_t size;
    world_begin(&w);
    float *expected = reference(&size, &w);
    struct store *store = open_store(&w, "store");
    scratch_png(w.directory, "good0.png", 50); /* after the survey looked */
    assert_int_equal(extract(&counts, &w, store, (struct extract_options){0}, &st), STATUS_IO);
    assert_text(st.text, "changed while the program ran");
    assert_null(w.survey.picture[0].reason); /* no fault of the picture: `skip` must not drop it */
    look_again(&w, NULL, 0);
    assert_int_equal(extract(&counts, &w, store, (struct extract_options){0}, &st), STATUS_OK);
    assert_int_equal(counts.failed, 0);
    float wrong[3] = {0};
    struct store_record record = {.value = wrong, .n = 3};
    memcpy(record.key.image, w.survey.picture[2].digest, DIGEST_BYTES);
    memcpy(record.key.fingerprint, w.featurizer[0].fingerprint, DIGEST_BYTES);
    assert_int_equal(store_put(store, &record, 1, &st), STATUS_OK);
    assert_int_equal(extract(&counts, &w, store, (struct extract_options){0}, &st), STATUS_OK);
    assert_int_equal(counts.damaged, 1);
    assert_int_equal(counts.vectors, 1);
    check_same(&w, store, expected, size);
    store_close(store);
    free(expected);
    world_end(&w);
}

static void test_readouts(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "cls+", "+cls", "cls++mean", "CLS", "cl", "clss", "cls, mean", "+", "cls+nothing", "cls mean"};
    struct world w;
    struct extract_counts counts;
    struct status st;
    size_t cls, mean, both, picture[2] = {3, 1};
    world_begin(&w);
    struct store *store = open_store(&w, "store");
    const struct featurizer *f = &w.featurizer[0];
    assert_int_equal(featurizer_readout_width(&cls, f, "cls", &st), STATUS_OK);
    assert_int_equal(featurizer_readout_width(&mean, f, "mean", &st), STATUS_OK);
    assert_int_equal(featurizer_readout_width(&both, f, "mean+cls", &st), STATUS_OK);
    assert_int_equal(cls, 64);
    assert_int_equal(mean, 64);
    assert_int_equal(both, 128);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t width;
        if (!featurizer_readout_width(&width, f, bad[i], &st))
            fail_msg("readout '%s' was taken", bad[i]);
        assert_text(st.text, "it has cls, ");
    }
    float *a = NEW(2 * cls, float), *b = NEW(2 * mean, float), *ba = NEW(2 * both, float);
    assert_int_equal(extract_read(a, store, f, "cls", &w.survey, picture, 2, &st), STATUS_DATA);
    assert_text(st.text, "model 'tiny': 2 of 2 embeddings are not in the store");
    assert_int_equal(extract(&counts, &w, store, (struct extract_options){0}, &st), STATUS_OK);
    assert_int_equal(extract_read(a, store, f, "cls", &w.survey, picture, 2, &st), STATUS_OK);
    assert_int_equal(extract_read(b, store, f, "mean", &w.survey, picture, 2, &st), STATUS_OK);
    assert_int_equal(extract_read(ba, store, f, "mean+cls", &w.survey, picture, 2, &st), STATUS_OK);
    assert_int_equal(extract_read(ba, store, f, "nothing", &w.survey, picture, 0, &st), STATUS_DATA);
    for (size_t i = 0; i < 2; i++) {
        assert_memory_equal(ba + i * both, b + i * mean, mean * sizeof *b);
        assert_memory_equal(ba + i * both + mean, a + i * cls, cls * sizeof *a);
    }
    assert_memory_not_equal(a, a + cls, cls * sizeof *a);
    float thumb[256];
    size_t width;
    assert_int_equal(featurizer_readout_width(&width, &w.featurizer[1], "features", &st), STATUS_OK);
    assert_int_equal(width, 256);
    assert_int_equal(extract_read(thumb, store, &w.featurizer[1], "features", &w.survey, picture, 1, &st), STATUS_OK);
    for (size_t i = 0; i < 256; i++)
        assert_true(thumb[i] >= 0 && thumb[i] <= 1);
    free(a);
    free(b);
    free(ba);
    store_close(store);
    world_end(&w);
}

static void test_open_refuses(void **state)
{
    (void)state;
    static char name[] = "m", wrong[] = "cls+middle", *readouts[] = {wrong};
    char *directory = scratch_new(), *tiny = path_join(directory, "tiny");
    struct status st;
    struct featurizer f;
    assert_int_equal(tiny_checkpoint_write(tiny, 1, &st), STATUS_OK);
    struct study_model model = {.name = name, .source = SOURCE_ENCODER, .path = tiny, .readout = readouts, .n_readouts = 1};
    assert_int_equal(featurizer_open(&f, &model, &st), STATUS_DATA);
    assert_text(st.text, "model 'm' has no readout 'cls+middle'");
    featurizer_close(&f);
    model.path = directory; /* no checkpoint there */
    assert_int_not_equal(featurizer_open(&f, &model, &st), STATUS_OK);
    featurizer_close(&f);
    free(tiny);
    scratch_remove(directory);
}

/* The mode decides the pictures, and is part of the fingerprint even where both make the same ones. */
static void test_preprocess_modes(void **state)
{
    (void)state;
    static char name[] = "m", cls[] = "cls", pooled[] = "pooled", *of_vit[] = {cls}, *of_resnet[] = {pooled};
    const struct fake_resnet small = {"", true, false, false, 8, 2, {1, 1}, {16, 32}};
    const struct fake_vit scaled = {.prefix = "", .width = 24, .layers = 1, .heads = 3, .intermediate = 96, .patch = 14, .image = 28, .qkv_bias = true};
    char *directory = scratch_new(), *tiny = path_join(directory, "tiny"), *resnet = path_join(directory, "resnet"),
         *dinov2 = path_join(directory, "dinov2");
    struct fake tensors = {0};
    struct status st;
    struct featurizer f[2];
    assert_int_equal(tiny_checkpoint_write(tiny, 1, &st), STATUS_OK); /* its preprocessor_config.json is SKELEX's way */
    assert_int_equal(file_make_directories(resnet, &st), STATUS_OK);
    char *config = path_join(resnet, "config.json"), *weights = path_join(resnet, "model.safetensors");
    fake_add_resnet(&tensors, &small);
    assert_true(fake_write_resnet_config(config, &small, "") && fake_write(&tensors, weights, 1));
    scratch_text(resnet, "preprocessor_config.json", "{\"image_processor_type\": \"ConvNextImageProcessor\", \"size\": 96, \"resample\": 3}");
    fake_free(&tensors);
    free(config);
    free(weights);
    assert_int_equal(file_make_directories(dinov2, &st), STATUS_OK);
    config = path_join(dinov2, "config.json");
    weights = path_join(dinov2, "model.safetensors");
    struct fake timm = {0};
    fake_add_timm(&timm, &scaled, &(struct fake_timm){.theirs = "", .own = "", .layer_scale = true});
    tensors = fake_sources(&timm);
    fake_free(&timm);
    assert_true(fake_write_config(config, &scaled, "dinov2", "") && fake_write(&tensors, weights, 1)); /* without a word on pictures */

    const size_t own[] = {224, 96, 28};
    char *const path[] = {tiny, resnet, dinov2};
    for (int k = 0; k < 3; k++) {
        struct study_model model[2] = {{.name = name, .source = SOURCE_ENCODER, .path = path[k], .readout = k == 1 ? of_resnet : of_vit, .n_readouts = 1}};
        model[1] = model[0];
        model[1].preprocess = PREPROCESS_SKELEX;
        for (int i = 0; i < 2; i++)
            if (featurizer_open(&f[i], &model[i], &st))
                fail_msg("%s", st.text);
        assert_text(f[0].words, "preprocess checkpoint: ");
        assert_text(f[1].words, "preprocess skelex: ");
        assert_memory_not_equal(f[0].fingerprint, f[1].fingerprint, DIGEST_BYTES);
        assert_int_equal(f[0].preprocess.width, own[k]);
        assert_int_equal(f[1].preprocess.width, 224); /* also of a backbone that takes any size */
        assert_int_equal(encoder_info(f[1].encoder)->input_width, 224);
        assert_int_equal(f[1].preprocess.crop_width, 0);
        assert_true(f[1].preprocess.filter == RESAMPLE_BILINEAR && f[1].preprocess.mean[0] == 0.485f && f[1].preprocess.std[2] == 0.225f);
        featurizer_close(&f[0]);
        featurizer_close(&f[1]);
    }
    fake_free(&tensors);
    free(config);
    free(weights);
    free(tiny);
    free(resnet);
    free(dinov2);
    scratch_remove(directory);
}

/* Enough pictures for whole batches at the beginning and shrinking ones at the end; tokens too.  Bytes of the whole store. */
#define N_MANY 70

static float *many_vectors(size_t *size, const struct featurizer *f, const struct survey *s, const struct store *store)
{
    size_t each = f->width + f->token_floats;
    float *all = NEW(N_MANY * each, float);
    for (size_t i = 0; i < N_MANY; i++) {
        struct store_key key;
        struct status st;
        bool there;
        memcpy(key.image, s->picture[i].digest, DIGEST_BYTES);
        memcpy(key.fingerprint, f->fingerprint, DIGEST_BYTES);
        assert_int_equal(store_get(&there, all + i * each, f->width, store, &key, NULL, &st), STATUS_OK);
        assert_true(there);
        if (extract_read_tokens(all + i * each + f->width, store, f, &s->picture[i], &st))
            fail_msg("%s", st.text);
    }
    *size = N_MANY * each * sizeof *all;
    return all;
}

static void test_threads_and_batches(void **state)
{
    (void)state;
    static char name[] = "tiny", cls[] = "cls", tokens[] = "tokens";
    static const int threads[] = {1, 2, 8};
    static const size_t batches[] = {1, 3, 16};
    char *directory = scratch_new(), *readouts[] = {cls, tokens}, *path[N_MANY], *checkpoint = path_join(directory, "small");
    struct fake_vit small = {.prefix = "", .width = 24, .layers = 2, .heads = 3, .intermediate = 48, .patch = 8, .image = 32, .qkv_bias = true};
    struct fake tensors = {0};
    struct survey survey;
    struct featurizer f;
    struct status st;
    bool used[N_MANY];
    float *expected = NULL;
    size_t size, expected_size = 0;
    assert_int_equal(file_make_directories(checkpoint, &st), STATUS_OK);
    char *config = path_join(checkpoint, "config.json"), *weights = path_join(checkpoint, "model.safetensors");
    fake_add_vit(&tensors, &small);
    assert_true(fake_write_config(config, &small, "vit", "") && fake_write(&tensors, weights, 1));
    scratch_text(checkpoint, "preprocessor_config.json", "{\"image_processor_type\": \"ViTImageProcessor\", \"size\": 32}");
    for (unsigned i = 0; i < N_MANY; i++) {
        char file[16];
        (void)snprintf(file, sizeof file, "p%02u.png", i);
        scratch_png(directory, file, i);
        path[i] = path_join(directory, file);
        used[i] = true;
    }
    if (survey_make(&survey, (const char *const *)path, N_MANY, 1, true, &st))
        fail_msg("%s", st.text);
    struct study_model model = {.name = name, .source = SOURCE_ENCODER, .path = checkpoint, .readout = readouts, .n_readouts = 2};
    if (featurizer_open(&f, &model, &st))
        fail_msg("%s", st.text);
    for (size_t t = 0; t < 3; t++)
        for (size_t b = 0; b < 3; b++) {
            struct extract_counts counts;
            struct extract_options o = {.n_threads = threads[t], .batch = batches[b], .quiet = true};
            struct store *store;
            char *at = mem_printf("%s/store%zu%zu", directory, t, b);
            assert_int_equal(store_open(&store, at, false, &st), STATUS_OK);
            if (extract_study(&counts, store, &f, 1, &survey, used, &o, &st))
                fail_msg("%s", st.text);
            assert_int_equal(counts.computed, counts.pictures);
            assert_int_equal(counts.vectors, 2 * counts.pictures);
            float *all = many_vectors(&size, &f, &survey, store);
            if (!expected) {
                expected = all;
                expected_size = size;
                assert_memory_not_equal(all, all + 3 * (f.width + f.token_floats), f.width * sizeof *all); /* p00 and p03 */
            } else {
                assert_int_equal(size, expected_size);
                assert_memory_equal(all, expected, size);
                free(all);
            }
            store_close(store);
            free(at);
        }
    for (unsigned i = 0; i < N_MANY; i++)
        free(path[i]);
    free(expected);
    featurizer_close(&f);
    survey_free(&survey);
    fake_free(&tensors);
    free(config);
    free(weights);
    free(checkpoint);
    scratch_remove(directory);
}

/* An edge in the picture times 2e38 is more than float32 holds; a picture of one shade stays finite. */
static void write_exploding(const char *directory, const struct fake_vit *v)
{
    struct fake tensors = {0};
    struct status st;
    struct safetensors s;
    char *config = path_join(directory, "config.json"), *weights = path_join(directory, "model.safetensors");
    fake_add_vit(&tensors, v);
    assert_int_equal(file_make_directories(directory, &st), STATUS_OK);
    assert_true(fake_write_config(config, v, "vit", "") && fake_write(&tensors, weights, 1));
    scratch_text(directory, "preprocessor_config.json", "{\"image_processor_type\": \"ViTImageProcessor\", \"size\": 32}");
    assert_int_equal(safetensors_open(&s, weights, &st), STATUS_OK);
    const struct safetensors_tensor *t = safetensors_find(&s, "embeddings.patch_embeddings.projection.weight");
    long at = (long)(t->data - s.map.data);
    size_t n = t->n / v->width;
    float *row = NEW0(n, float);
    row[0] = 2e38f;
    row[v->patch - 1] = -2e38f; /* left and right end of the first line of a patch */
    safetensors_close(&s);
    FILE *file = fopen(weights, "r+b");
    assert_true(file && fseek(file, at, SEEK_SET) == 0 && fwrite(row, sizeof *row, n, file) == n && fclose(file) == 0);
    free(row);
    fake_free(&tensors);
    free(config);
    free(weights);
}

static void test_one_of_a_batch_explodes(void **state)
{
    (void)state;
    enum { N = 40, BAD = 7 };
    static char name[] = "m", cls[] = "cls", tokens[] = "tokens";
    const struct fake_vit small = {.prefix = "", .width = 24, .layers = 2, .heads = 3, .intermediate = 48, .patch = 8, .image = 32, .qkv_bias = true};
    char *directory = scratch_new(), *readouts[] = {cls, tokens}, *checkpoint = path_join(directory, "exploding"), *path[N];
    struct featurizer f;
    struct status st;
    bool used[N];
    write_exploding(checkpoint, &small);
    for (size_t i = 0; i < N; i++) { /* of one shade but for one; sizes tell their bytes apart */
        uint16_t pixel[64 * 32] = {0};
        char file[16];
        size_t size;
        (void)snprintf(file, sizeof file, "p%02zu.png", i);
        for (size_t k = 0; i == BAD && k < 64 * 32; k++)
            pixel[k] = k % 4 < 2 ? 255 : 0;
        unsigned char *png = grey_png_encode(&size, pixel, i == BAD ? 32 : 10 + i, 32, 8);
        path[i] = scratch_write(directory, file, png, size);
        free(png);
        used[i] = true;
    }
    struct study_model model = {.name = name, .source = SOURCE_ENCODER, .path = checkpoint, .readout = readouts, .n_readouts = 2};
    if (featurizer_open(&f, &model, &st))
        fail_msg("%s", st.text);
    for (size_t batch = 1; batch <= 16; batch += 15) {
        struct extract_counts counts;
        struct extract_options o = {.n_threads = 1, .batch = batch, .quiet = true};
        struct survey survey;
        struct store *store;
        char *at = mem_printf("%s/store%zu", directory, batch);
        float vector[24];
        if (survey_make(&survey, (const char *const *)path, N, 1, true, &st))
            fail_msg("%s", st.text);
        assert_int_equal(store_open(&store, at, false, &st), STATUS_OK);
        if (extract_study(&counts, store, &f, 1, &survey, used, &o, &st))
            fail_msg("%s", st.text);
        assert_int_equal(counts.failed, 1);
        assert_int_equal(counts.vectors, 2 * (N - 1));
        for (size_t i = 0; i < N; i++) {
            assert_int_equal(survey.picture[i].reason != NULL, i == BAD);
            assert_int_equal(extract_read(vector, store, &f, "cls", &survey, &i, 1, &st), i == BAD ? STATUS_DATA : STATUS_OK);
        }
        assert_text(survey.picture[BAD].reason, "the encoder's output");
        store_close(store);
        survey_free(&survey);
        free(at);
    }
    for (size_t i = 0; i < N; i++)
        free(path[i]);
    featurizer_close(&f);
    free(checkpoint);
    scratch_remove(directory);
}

/* One checkpoint in two precisions is two models: other fingerprints, and the store keeps both. */
static void test_precisions(void **state)
{
    (void)state;
    struct world w;
    struct extract_counts counts;
    struct status st;
    struct featurizer f[2];
    struct survey *s;
    size_t one = 1;
    world_begin(&w);
    for (size_t i = 0; i < N_STUDY_PRECISIONS; i++) { /* the two lists of names are one */
        enum encoder_precision precision;
        struct study_model m = {.source = SOURCE_ENCODER, .precision = (enum study_precision)i};
        assert_true(encoder_precision_parse(&precision, study_precision_name(&m)));
        assert_string_equal(encoder_precision_name(precision), study_precision_name(&m));
        assert_false(encoder_precision_parse(&precision, "fp31"));
    }
    struct study_model model[2] = {w.model[0], w.model[0]};
    model[1].precision = PRECISION_BF16;
    for (size_t i = 0; i < 2; i++)
        if (featurizer_open(&f[i], &model[i], &st))
            fail_msg("%s", st.text);
    assert_text(f[0].words, ", fp32, weights ");
    assert_text(f[1].words, ", bf16, weights ");
    assert_memory_equal(f[0].fingerprint, w.featurizer[0].fingerprint, DIGEST_BYTES);
    assert_memory_not_equal(f[0].fingerprint, f[1].fingerprint, DIGEST_BYTES);
    char *says[2] = {encoder_describe(f[0].encoder), encoder_describe(f[1].encoder)};
    uint8_t digest[2][DIGEST_BYTES];
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(encoder_digest(digest[i], f[i].encoder, &st), STATUS_OK);
    assert_memory_not_equal(digest[0], digest[1], DIGEST_BYTES);
    assert_text(says[1], ", bf16");
    struct store *store = open_store(&w, "store");
    struct extract_options o = {.n_threads = 1, .quiet = true};
    s = &w.survey;
    for (size_t i = 0; i < 2; i++) { /* one after the other: neither finds its own in the other's */
        assert_int_equal(extract_study(&counts, store, &f[i], 1, s, w.used, &o, &st), STATUS_OK);
        assert_int_equal(counts.vectors, N_GOOD);
    }
    assert_int_equal(extract_study(&counts, store, f, 2, s, w.used, &o, &st), STATUS_OK);
    assert_int_equal(counts.computed, 0);
    float x[64];
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(extract_read(x, store, &f[i], "cls", s, &one, 1, &st), STATUS_OK);
    store_close(store);
    for (size_t i = 0; i < 2; i++) {
        free(says[i]);
        featurizer_close(&f[i]);
    }
    world_end(&w);
}

int main(void)
{
    /* The two that fork come first: OpenMP's threads do not survive a fork. */
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_interrupted_and_resumed), cmocka_unit_test(test_killed_and_resumed),
                                       cmocka_unit_test(test_threads_and_shards),      cmocka_unit_test(test_corrupt_picture),
                                       cmocka_unit_test(test_decode_only_misses),      cmocka_unit_test(test_changed_and_damaged),
                                       cmocka_unit_test(test_readouts),                cmocka_unit_test(test_open_refuses),
                                       cmocka_unit_test(test_preprocess_modes),        cmocka_unit_test(test_precisions),
                                       cmocka_unit_test(test_threads_and_batches),     cmocka_unit_test(test_one_of_a_batch_explodes)};
    return cmocka_run_group_tests_name("extract", tests, NULL, NULL);
}
