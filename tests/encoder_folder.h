/* Small checkpoints in folders of their own, for the encoders' tests; includes cmocka's checks. */
#ifndef TESTS_ENCODER_FOLDER_H
#define TESTS_ENCODER_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "batch_check.h"
#include "base/file.h"
#include "encoder/encoder.h"
#include "fake_checkpoint.h"

static inline char *make_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = mem_printf("%s/test_encoder.XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static inline void remove_folder(char *folder)
{
    struct file_list list;
    assert_int_equal(file_list_directory(&list, folder, NULL), STATUS_OK);
    for (size_t i = 0; i < list.n; i++) {
        char *path = path_join(folder, list.name[i]);
        unlink(path);
        free(path);
    }
    file_list_free(&list);
    rmdir(folder);
    free(folder);
}

static inline void put_text(const char *folder, const char *name, const char *text)
{
    char *path = path_join(folder, name);
    assert_true(fake_write_text(path, text));
    free(path);
}

static inline void put_config(const char *folder, const struct fake_vit *v, const char *type, const char *more)
{
    char *path = path_join(folder, "config.json");
    assert_true(fake_write_config(path, v, type, more));
    free(path);
}

static inline void put_part(const char *folder, const char *name, const struct fake *f, size_t from, size_t to, bool odd)
{
    char *path = path_join(folder, name);
    assert_true(fake_write_part(f, from, to, path, 1, odd));
    free(path);
}

static inline void put_weights(const char *folder, const struct fake *f)
{
    put_part(folder, "model.safetensors", f, 0, f->n, false);
}

static inline char *make_checkpoint(const struct fake_vit *v, const char *type)
{
    char *folder = make_folder();
    struct fake f = {0};
    fake_add_vit(&f, v);
    put_config(folder, v, type, "");
    put_weights(folder, &f);
    fake_free(&f);
    return folder;
}

static inline struct encoder *open_good(const char *path)
{
    struct encoder *e;
    struct status st = {0};
    if (encoder_open(&e, path, &st) != STATUS_OK) {
        fail_msg("%s", st.text);
    }
    return e;
}

static inline void fill_pixels(float *pixels, size_t n, size_t salt)
{
    for (size_t i = 0; i < n; i++) {
        pixels[i] = (float)((i * 2654435761u + salt * 40503u) % 1009) * 0.004f - 2.0f;
    }
}

static inline float *run_once(const struct encoder *e)
{
    const struct encoder_info *info = encoder_info(e);
    size_t n = 3 * info->image_size * info->image_size;
    float *pixels = NEW(n, float), *out = NEW(encoder_output_width(e), float);
    struct encoder_workspace *w = encoder_workspace_new(e);
    struct status st = {0};
    fill_pixels(pixels, n, 1);
    if (encoder_forward(e, w, pixels, out, &st) != STATUS_OK) {
        fail_msg("%s", st.text);
    }
    encoder_workspace_free(w);
    free(pixels);
    return out;
}

static inline float *run_path(const char *path)
{
    struct encoder *e = open_good(path);
    check_batch(e);
    float *out = run_once(e);
    encoder_close(e);
    return out;
}

static inline void refused(const char *path, const char *word)
{
    struct encoder *e;
    struct status st = {0};
    int code = encoder_open(&e, path, &st);
    assert_int_not_equal(code, STATUS_OK);
    assert_null(e);
    assert_int_equal(code, st.code);
    if (!strstr(st.text, word)) {
        fail_msg("'%s' does not hold '%s'", st.text, word);
    }
}

#endif
