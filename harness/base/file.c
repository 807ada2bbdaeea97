#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static int open_regular(int *fd, size_t *size, const char *path, struct status *st)
{
    struct stat info;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe would wait for a writer for ever */
    if (*fd < 0)
        return status_errno(st, STATUS_IO, "cannot open '%s'", path);
    if (fstat(*fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(*fd);
        return status_set(st, STATUS_IO, "cannot read '%s': not a regular file", path);
    }
    *size = (size_t)info.st_size;
    return STATUS_OK;
}

int file_map(struct file_map *map, const char *path, struct status *st)
{
    int fd;
    *map = (struct file_map){0};
    int code = open_regular(&fd, &map->size, path, st);
    if (code)
        return code;
    if (map->size) {
        void *data = mmap(NULL, map->size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            code = status_errno(st, STATUS_IO, "cannot map '%s' (%zu bytes)", path, map->size);
        else
            map->data = data;
    }
    close(fd);
    if (code)
        map->size = 0;
    return code;
}

void file_unmap(struct file_map *map)
{
    if (map->data)
        munmap((void *)(uintptr_t)map->data, map->size);
    *map = (struct file_map){0};
}

void file_map_drop(const void *data, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)data + page - 1) / page * page, end = ((uintptr_t)data + size) / page * page;
    if (begin < end)
        (void)madvise((void *)begin, end - begin, MADV_DONTNEED); /* a kernel that will not merely keeps them */
}

void file_will_need(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) {
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
        close(fd);
    }
}

int file_read(unsigned char **data, size_t *size, const char *path, size_t limit, struct status *st)
{
    int fd;
    *data = NULL;
    int code = open_regular(&fd, size, path, st);
    if (code)
        return code;
    if (limit && *size > limit) {
        close(fd);
        return status_set(st, STATUS_DATA, "'%s' is %zu bytes long; more than %zu cannot be right here", path, *size, limit);
    }
    unsigned char *bytes = mem_alloc(*size + 1, 1);
    size_t done = 0;
    while (done < *size) {
        ssize_t n = read(fd, bytes + done, *size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            code = status_errno(st, STATUS_IO, "cannot read '%s'", path);
            break;
        }
        if (n == 0) /* shortened while we read */
            break;
        done += (size_t)n;
    }
    close(fd);
    if (code) {
        free(bytes);
        return code;
    }
    bytes[done] = '\0';
    *size = done;
    *data = bytes;
    return STATUS_OK;
}

bool file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool file_is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int file_make_directories(const char *path, struct status *st)
{
    char *copy = mem_strdup(path);
    int code = STATUS_OK;
    for (char *p = copy + (*copy == '/'); !code; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char kept = *p;
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && !(errno == EEXIST && file_is_directory(copy)))
            code = status_errno(st, STATUS_IO, "cannot make folder '%s'", copy);
        *p = kept;
        if (kept == '\0')
            break;
    }
    free(copy);
    return code;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int file_list_directory(struct file_list *list, const char *path, struct status *st)
{
    *list = (struct file_list){0};
    DIR *directory = opendir(path);
    if (!directory)
        return status_errno(st, STATUS_IO, "cannot list folder '%s'", path);
    size_t capacity = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry)
            break;
        if (entry->d_name[0] == '.')
            continue;
        list->name = mem_grow(list->name, list->n, &capacity, sizeof *list->name);
        list->name[list->n++] = mem_strdup(entry->d_name);
    }
    int error = errno;
    closedir(directory);
    if (error) {
        file_list_free(list);
        errno = error;
        return status_errno(st, STATUS_IO, "cannot list folder '%s'", path);
    }
    if (list->n)
        qsort(list->name, list->n, sizeof *list->name, by_bytes);
    return STATUS_OK;
}

void file_list_free(struct file_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->name[i]);
    free(list->name);
    *list = (struct file_list){0};
}

char *path_join(const char *directory, const char *name)
{
    if (name[0] == '/' || directory[0] == '\0' || !strcmp(directory, "."))
        return mem_strdup(name);
    size_t n = strlen(directory);
    return mem_printf("%s%s%s", directory, directory[n - 1] == '/' ? "" : "/", name);
}

char *path_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return mem_strdup(".");
    return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

const char *path_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Take the last name off path[0, *length): false if there is none, or if ".." behind it leads elsewhere. */
static bool go_up(char *path, size_t *length, size_t root)
{
    struct stat info;
    size_t begin = *length;
    while (begin > root && path[begin - 1] != '/')
        begin--;
    size_t n = *length - begin;
    if (n == 0 || (n == 2 && !memcmp(path + begin, "..", 2)))
        return false;
    char kept = path[*length];
    path[*length] = '\0';
    bool plain = lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
    path[*length] = kept;
    if (plain)
        *length = begin > root ? begin - 1 : root;
    return plain;
}

char *path_stem(const char *path)
{
    const char *base = path_basename(path), *dot = strrchr(base, '.');
    return mem_strndup(base, dot && dot != base ? (size_t)(dot - base) : strlen(base));
}

void path_tidy(char *path)
{
    size_t root = path[0] == '/', length = root;
    if (!*path)
        return;
    for (const char *name = path + root; *name;) {
        size_t n = strcspn(name, "/");
        bool here = n == 0 || (n == 1 && name[0] == '.'), up = n == 2 && name[0] == '.' && name[1] == '.';
        if (!here && !(up && ((root && length == root) || go_up(path, &length, root)))) {
            if (length > root)
                path[length++] = '/';
            memmove(path + length, name, n);
            length += n;
        }
        name += n + (name[n] == '/');
    }
    if (length == 0)
        path[length++] = '.';
    path[length] = '\0';
}
