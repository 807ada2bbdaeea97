/* A folder of a fuzzer's own under TMPDIR, removed at its end. */
#ifndef FUZZ_FOLDER_H
#define FUZZ_FOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

static char *fuzz_folder;

static inline void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static inline void fuzz_folder_remove(void)
{
    struct file_list list;
    if (file_list_directory(&list, fuzz_folder, NULL) == STATUS_OK) {
        for (size_t i = 0; i < list.n; i++) {
            char *path = path_join(fuzz_folder, list.name[i]);
            unlink(path);
            free(path);
        }
        file_list_free(&list);
    }
    rmdir(fuzz_folder);
    free(fuzz_folder);
}

static inline void fuzz_folder_make(const char *name)
{
    const char *base = getenv("TMPDIR");
    fuzz_folder = mem_printf("%s/%s.XXXXXX", base && *base ? base : "/tmp", name);
    must(mkdtemp(fuzz_folder) != NULL);
    atexit(fuzz_folder_remove);
}

static inline void fuzz_folder_write(const char *name, const void *data, size_t size)
{
    char *path = path_join(fuzz_folder, name);
    FILE *f = fopen(path, "wb");
    must(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
    free(path);
}

#endif
