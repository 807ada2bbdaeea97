#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/status.h"

static _Noreturn void out_of_memory(size_t count, size_t size)
{
    fprintf(stderr, "skelex-eval: out of memory: %zu elements of %zu bytes; what is already stored is kept\n", count, size);
    _Exit(STATUS_INTERNAL);
}

bool size_mul(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

static size_t bytes_of(size_t count, size_t size)
{
    size_t bytes;
    if (!size_mul(count, size, &bytes) || bytes > PTRDIFF_MAX)
        out_of_memory(count, size);
    return bytes ? bytes : 1;
}

void *mem_alloc(size_t count, size_t size)
{
    void *p = malloc(bytes_of(count, size));
    if (!p)
        out_of_memory(count, size);
    return p;
}

void *mem_calloc(size_t count, size_t size)
{
    void *p = calloc(1, bytes_of(count, size));
    if (!p)
        out_of_memory(count, size);
    return p;
}

void *mem_realloc(void *old, size_t count, size_t size)
{
    void *p = realloc(old, bytes_of(count, size));
    if (!p)
        out_of_memory(count, size);
    return p;
}

void *mem_aligned(size_t count, size_t size)
{
    size_t bytes = (bytes_of(count, size) + 63) / 64 * 64;
    void *p = aligned_alloc(64, bytes);
    if (!p)
        out_of_memory(count, size);
    return p;
}

void *mem_huge(size_t bytes)
{
    size_t page = (size_t)2 << 20;
    if (bytes < page / 8)
        return mem_aligned(bytes, 1);
    size_t whole = bytes_of((bytes_of(bytes, 1) - 1) / page + 1, page);
    void *p = aligned_alloc(page, whole);
    if (!p)
        out_of_memory(whole, 1);
    madvise(p, whole, MADV_HUGEPAGE); /* a wish */
    return p;
}

void *mem_grow(void *base, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return base;
    size_t larger = *capacity ? *capacity + *capacity / 2 + 1 : 16;
    base = mem_realloc(base, larger, size);
    *capacity = larger;
    return base;
}

char *mem_strndup(const char *text, size_t n)
{
    char *copy = mem_alloc(n + 1, 1);
    memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

char *mem_printf(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (n < 0)
        out_of_memory(strlen(format), 1);
    return text;
}

size_t mem_resident(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*u %lu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

size_t mem_available(void)
{
    unsigned long kib = 0;
    char line[128];
    FILE *f = fopen("/proc/meminfo", "r");
    while (f && !kib && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %lu kB", &kib) != 1)
            kib = 0;
    if (f)
        fclose(f);
    return (size_t)kib * 1024;
}
