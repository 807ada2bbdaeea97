/* A folder of its own for a test, under $TMPDIR, and small files in it. */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "synth/grey_png.h"

static inline char *scratch_new(void)
{
    const char *base = getenv("TMPDIR");
    char *path = mem_printf("%s/skelex-test.XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline int scratch_unlink(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static inline void scratch_remove(char *path)
{
    nftw(path, scratch_unlink, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}

/* The file's path, to be freed; folders on the way are made. */
static inline char *scratch_write(const char *directory, const char *name, const void *data, size_t size)
{
    struct status st;
    char *path = path_join(directory, name), *folder = path_directory(path);
    if (file_make_directories(folder, &st))
        fail_msg("%s", st.text);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    if (size)
        assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
    free(folder);
    return path;
}

static inline void scratch_text(const char *directory, const char *name, const char *text)
{
    free(scratch_write(directory, name, text, strlen(text)));
}

/* A small grey picture; equal shades give equal bytes. */
static inline void scratch_png(const char *directory, const char *name, unsigned shade)
{
    uint16_t pixel[12 * 10];
    size_t size;
    for (size_t i = 0; i < 120; i++)
        pixel[i] = (uint16_t)((shade * 7 + i * (shade % 5 + 1)) & 255);
    unsigned char *png = grey_png_encode(&size, pixel, 12, 10, 8);
    png = mem_realloc(png, size, 1);
    free(scratch_write(directory, name, png, size));
    free(png);
}

#define assert_text(haystack, needle)                                                            \
    do {                                                                                         \
        if (!strstr((haystack), (needle)))                                                       \
            fail_msg("'%s' does not say '%s'", (haystack), (needle));                            \
    } while (0)

#endif
