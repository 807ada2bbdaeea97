/* Files: read whole, map, list, make folders.  Sizes are those of the open
 * descriptor, never of a header inside the file. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct file_map { /* read-only view of a file; data is NULL when size is 0 */
    const unsigned char *data;
    size_t size;
};

int file_map(struct file_map *map, const char *path, struct status *st) MUST_CHECK;
void file_unmap(struct file_map *map);
/* Lets go of the memory behind the whole pages inside data[size), a range of a map; touched again, they are read again. */
void file_map_drop(const void *data, size_t size);

/* A hint that the file will be read soon: the kernel begins to fetch it while the caller goes on.  Failures show when it is read. */
void file_will_need(const char *path);

/* Whole file in memory, with a NUL behind the last byte.  Refuses more than `limit` bytes (0: no limit). */
int file_read(unsigned char **data, size_t *size, const char *path, size_t limit, struct status *st) MUST_CHECK;

bool file_exists(const char *path);
bool file_is_directory(const char *path);
int file_make_directories(const char *path, struct status *st) MUST_CHECK; /* as mkdir -p */

/* Names in a folder, sorted by byte value; hidden names (".x") and AppleDouble ("._x") left out. */
struct file_list {
    char **name;
    size_t n;
};
int file_list_directory(struct file_list *list, const char *path, struct status *st) MUST_CHECK;
void file_list_free(struct file_list *list);

/* New strings, to be freed.  An absolute `name` wins over `directory`. */
char *path_join(const char *directory, const char *name);
char *path_directory(const char *path); /* "a/b.c" -> "a", "b.c" -> "." */
const char *path_basename(const char *path);
char *path_stem(const char *path); /* "a/b.c" -> "b", ".b" -> ".b" */
/* In place: "a/../b" -> "b", "./a" -> "a", "a//b/" -> "a/b", "./" -> "."; a folder that is a symbolic link, or not
 * there, is left, as ".." behind it leads elsewhere. */
void path_tidy(char *path);

#endif
