#include "base/archive.h"

#include <stdlib.h>
#include <zip.h>

#include "base/memory.h"

#define BLOCK ((size_t)1 << 16)

int archive_open(struct archive *a, const char *name, const unsigned char *data, size_t size, struct status *st)
{
    zip_error_t error;
    *a = (struct archive){.name = name};
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(data, size, 0, &error);
    if (source && !(a->zip = zip_open_from_source(source, ZIP_RDONLY, &error)))
        zip_source_free(source);
    int code = a->zip ? STATUS_OK : status_set(st, STATUS_DATA, "%s: not a readable zip archive: %s", name, zip_error_strerror(&error));
    zip_error_fini(&error);
    return code;
}

int archive_read(char **part, size_t *size, const struct archive *a, const char *path, size_t limit, struct status *st)
{
    *part = NULL;
    *size = 0;
    zip_int64_t index = zip_name_locate(a->zip, path, 0);
    if (index < 0)
        return STATUS_OK;
    zip_file_t *file = zip_fopen_index(a->zip, (zip_uint64_t)index, 0);
    if (!file)
        return status_set(st, STATUS_DATA, "%s: part '%s': %s", a->name, path, zip_strerror(a->zip));
    size_t capacity = BLOCK;
    int code = STATUS_OK;
    *part = mem_alloc(capacity, 1);
    for (;;) {
        if (capacity - *size < BLOCK) {
            capacity *= 2;
            *part = mem_realloc(*part, capacity, 1);
        }
        zip_int64_t n = zip_fread(file, *part + *size, BLOCK);
        if (n < 0)
            code = status_set(st, STATUS_DATA, "%s: part '%s' is damaged: %s", a->name, path, zip_file_strerror(file));
        if (n <= 0)
            break;
        *size += (size_t)n;
        if (*size > limit) {
            code = status_set(st, STATUS_DATA, "%s: part '%s' is longer than %zu bytes", a->name, path, limit);
            break;
        }
    }
    zip_fclose(file);
    if (code) {
        free(*part);
        *part = NULL;
    }
    return code;
}

void archive_close(struct archive *a)
{
    if (a->zip)
        zip_discard(a->zip);
    *a = (struct archive){0};
}
