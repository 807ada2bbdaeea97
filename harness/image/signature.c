#include "image/signature.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define SIDE 32
#define TERMS 16
#define PI 3.14159265358979323846

static bool all_grey(const struct radiograph *r)
{
    const uint16_t *s = r->sample;
    for (size_t i = 0; i < r->width * r->height; i++, s += 3)
        if (s[0] != s[1] || s[1] != s[2])
            return false;
    return true;
}

/* Every `step`-th sample, big-endian where two bytes are needed, behind the numbers that give them their meaning. */
static void digest_pixels(uint8_t out[DIGEST_BYTES], const struct radiograph *r, size_t channels, size_t step)
{
    size_t n = r->width * r->height * channels, wide = r->bits == 16 ? 2 : 1;
    const uint64_t head[4] = {r->width, r->height, channels, r->bits};
    uint8_t *text = NEW(sizeof head + n * wide, uint8_t), *to = text + sizeof head;
    memcpy(text, head, sizeof head);
    if (wide == 1)
        for (size_t i = 0; i < n; i++)
            to[i] = (uint8_t)r->sample[i * step];
    else
        for (size_t i = 0; i < n; i++) {
            to[2 * i] = (uint8_t)(r->sample[i * step] >> 8);
            to[2 * i + 1] = (uint8_t)r->sample[i * step];
        }
    digest_bytes(out, text, sizeof head + n * wide);
    free(text);
}

/* First sample row or column of a cell, and the one behind its last; pictures smaller than the grid share them. */
static void span(size_t *from, size_t *to, size_t cell, size_t length)
{
    *from = cell * length / SIDE;
    *to = (cell + 1) * length / SIDE;
    if (*to == *from)
        ++*to;
}

/* Means of the samples of all channels; integer sums, so that nothing depends on their order. */
static void cell_means(double grid[SIDE * SIDE], const struct radiograph *r)
{
    for (size_t y = 0; y < SIDE; y++)
        for (size_t x = 0; x < SIDE; x++) {
            size_t y0, y1, x0, x1;
            uint64_t sum = 0;
            span(&y0, &y1, y, r->height);
            span(&x0, &x1, x, r->width);
            for (size_t row = y0; row < y1; row++) {
                const uint16_t *s = r->sample + (row * r->width + x0) * r->channels;
                for (size_t i = 0; i < (x1 - x0) * r->channels; i++)
                    sum += s[i];
            }
            grid[y * SIDE + x] = (double)sum / (double)((y1 - y0) * (x1 - x0) * r->channels);
        }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void perceptual_hash(uint64_t hash[SIGNATURE_WORDS], const double grid[SIDE * SIDE])
{
    double wave[TERMS][SIDE], half[SIDE * TERMS], term[TERMS * TERMS], sorted[TERMS * TERMS];
    for (size_t k = 0; k < TERMS; k++)
        for (size_t i = 0; i < SIDE; i++)
            wave[k][i] = cos(PI * (double)k * (2.0 * (double)i + 1) / (2.0 * SIDE));
    for (size_t y = 0; y < SIDE; y++)
        for (size_t k = 0; k < TERMS; k++) {
            double sum = 0;
            for (size_t x = 0; x < SIDE; x++)
                sum += grid[y * SIDE + x] * wave[k][x];
            half[y * TERMS + k] = sum;
        }
    for (size_t j = 0; j < TERMS; j++)
        for (size_t k = 0; k < TERMS; k++) {
            double sum = 0;
            for (size_t y = 0; y < SIDE; y++)
                sum += half[y * TERMS + k] * wave[j][y];
            term[j * TERMS + k] = sum;
        }
    memcpy(sorted, term, sizeof sorted);
    qsort(sorted + 1, TERMS * TERMS - 1, sizeof *sorted, by_value);
    double median = sorted[1 + (TERMS * TERMS - 2) / 2];
    memset(hash, 0, SIGNATURE_WORDS * sizeof *hash);
    for (size_t i = 1; i < TERMS * TERMS; i++)
        if (term[i] > median)
            hash[(i - 1) / 64] |= (uint64_t)1 << ((i - 1) % 64);
}

static double mean_of(const double grid[SIDE * SIDE], size_t y0, size_t y1, size_t x0, size_t x1)
{
    double sum = 0;
    for (size_t y = y0; y < y1; y++)
        for (size_t x = x0; x < x1; x++)
            sum += grid[y * SIDE + x];
    return sum / (double)((y1 - y0) * (x1 - x0));
}

void signature_make(struct signature *s, const struct radiograph *r)
{
    size_t n = r->width * r->height * r->channels;
    uint64_t sum = 0, squares = 0;
    uint16_t least = UINT16_MAX, most = 0;
    for (size_t i = 0; i < n; i++) {
        uint16_t v = r->sample[i];
        sum += v;
        squares += (uint64_t)v * v;
        least = v < least ? v : least;
        most = v > most ? v : most;
    }
    double largest = r->bits == 16 ? 65535 : 255, mean = (double)sum / (double)n;
    double variance = (double)squares / (double)n - mean * mean;
    double grid[SIDE * SIDE];
    *s = (struct signature){.mean = mean / largest, .sd = sqrt(variance > 0 ? variance : 0) / largest};
    bool grey = r->channels == 3 && all_grey(r);
    digest_pixels(s->pixels, r, grey ? 1 : r->channels, grey ? 3 : 1);
    cell_means(grid, r);
    perceptual_hash(s->hash, grid);
    if (most > least)
        s->contrast = (mean_of(grid, 8, 24, 8, 24) - (mean_of(grid, 0, SIDE, 0, 2) + mean_of(grid, 0, SIDE, SIDE - 2, SIDE)) / 2) /
                      (double)(most - least);
}

/* Set bits, added up in ever wider fields: most processors at hand are asked for nothing newer than x86-64, which has no such
 * instruction. */
static unsigned bits_of(uint64_t x)
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (unsigned)(x * 0x0101010101010101u >> 56);
}

unsigned signature_distance(const uint64_t a[SIGNATURE_WORDS], const uint64_t b[SIGNATURE_WORDS])
{
    unsigned n = 0;
    for (int i = 0; i < SIGNATURE_WORDS; i++)
        n += bits_of(a[i] ^ b[i]);
    return n;
}

size_t signature_next_near(const uint64_t hash[][SIGNATURE_WORDS], size_t from, size_t n, const uint64_t a[SIGNATURE_WORDS], unsigned limit)
{
    for (size_t i = from; i < n; i++) /* unlike pictures differ in half of the first word: most end there */
        if (bits_of(hash[i][0] ^ a[0]) <= limit && signature_distance(hash[i], a) <= limit)
            return i;
    return n;
}
