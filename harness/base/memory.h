/* The one checked allocator.  A request that overflows or cannot be met names
 * its size on stderr and ends the run with exit code 70; embeddings already
 * stored survive.  Nothing returned here is NULL; free with free(). */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

void *mem_alloc(size_t count, size_t size) __attribute__((alloc_size(1, 2), malloc)); /* uninitialised */
void *mem_calloc(size_t count, size_t size) __attribute__((alloc_size(1, 2), malloc));
void *mem_realloc(void *old, size_t count, size_t size) __attribute__((alloc_size(2, 3)));
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t n);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* 64-byte aligned, size rounded up to 64: for rows that vector code reads. */
void *mem_aligned(size_t count, size_t size) __attribute__((malloc));

/* Uninitialised, for weights: 64-byte aligned, in pages of 2 MB where it is large and the system grants them. */
void *mem_huge(size_t bytes) __attribute__((alloc_size(1), malloc));

/* Make room for one more element: returns base, perhaps moved, with capacity > n. */
void *mem_grow(void *base, size_t n, size_t *capacity, size_t size);

/* Bytes of this process that are in main memory now; 0 where the system does not say. */
size_t mem_resident(void);
/* Bytes that the system could still give, here and by /proc/meminfo (MemAvailable); 0 where it does not say. */
size_t mem_available(void);

/* *product = a * b; false if that overflows size_t. */
bool size_mul(size_t a, size_t b, size_t *product);

#define NEW(n, type) ((type *)mem_alloc((n), sizeof(type)))
#define NEW0(n, type) ((type *)mem_calloc((n), sizeof(type)))

#endif
