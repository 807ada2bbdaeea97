/* Any bytes as a study, in a folder with a task, a checkpoint's folder and data:
 * refused with a sentence, or a study that, written out, loads as the same study. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "study/study.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *directory;

static void must(int holds)
{
    if (!holds)
        abort();
}

static void write_file(const char *name, const void *data, size_t size)
{
    char *path = path_join(directory, name);
    FILE *f = fopen(path, "wb");
    must(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
    free(path);
}

static void tidy_up(void)
{
    static const char *const names[] = {"study.yaml", "task.yaml", "model", "data", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_join(directory, names[i]);
        (void)remove(path);
        free(path);
    }
    free(directory);
}

static void set_up(void)
{
    static const char task[] = "name: t\nkind: regression\ncohort: {table: a.csv}\n";
    const char *base = getenv("TMPDIR");
    struct status st;
    directory = mem_printf("%s/fuzz-study.XXXXXX", base ? base : "/tmp");
    must(mkdtemp(directory) != NULL);
    atexit(tidy_up);
    write_file("task.yaml", task, sizeof task - 1);
    char *model = path_join(directory, "model"), *inner = path_join(directory, "data");
    must(!file_make_directories(model, &st) && !file_make_directories(inner, &st));
    free(model);
    free(inner);
}

static int load(struct study *s, const void *data, size_t size, struct status *st)
{
    write_file("study.yaml", data, size);
    char *path = path_join(directory, "study.yaml");
    int code = study_load(s, path, st);
    free(path);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct study study, again;
    struct status st = {0};
    if (!directory)
        set_up();
    if (load(&study, data, size, &st)) {
        must(*st.text != '\0');
        study_free(&study);
        return 0;
    }
    char *text = NULL;
    size_t length;
    FILE *f = open_memstream(&text, &length);
    must(f != NULL);
    study_write(&study, f, true);
    fclose(f);
    if (!strchr(text, '$')) { /* which would be a variable now */
        must(load(&again, text, length, &st) == STATUS_OK);
        must(!memcmp(study.digest, again.digest, DIGEST_BYTES));
        study_free(&again);
    }
    free(text);
    study_free(&study);
    return 0;
}
