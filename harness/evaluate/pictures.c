#include "evaluate/pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/table.h"
#include "report/results.h"

static const char HEADER[] = "sha256,pixels_sha256,width,height,channels,bits,bytes,mean,sd,contrast";
enum { FILE_DIGEST, PIXELS, WIDTH, HEIGHT, CHANNELS, BITS, BYTES, MEAN, SD, CONTRAST, N_COLUMNS };

static int by_digest(const void *a, const void *b)
{
    const struct picture *const *x = a, *const *y = b;
    return memcmp((*x)->digest, (*y)->digest, DIGEST_BYTES);
}

int pictures_write(const struct survey *survey, const bool *used, const char *output, struct status *st)
{
    struct outfile out;
    int code = results_open(&out, output, "", "pictures.csv", HEADER, st);
    if (code)
        return code;
    const struct picture **picture = NEW(survey->n, const struct picture *);
    size_t n = 0;
    for (size_t i = 0; i < survey->n; i++)
        if (used[i])
            picture[n++] = &survey->picture[i];
    if (n)
        qsort(picture, n, sizeof *picture, by_digest);
    for (size_t i = 0; i < n; i++) {
        const struct picture *p = picture[i];
        char hex[DIGEST_HEX], pixels[DIGEST_HEX];
        if (i && !by_digest(&picture[i - 1], &picture[i]))
            continue;
        fprintf(out.stream, "%s,%s,%zu,%zu,%zu,%u,%zu,", digest_hex(hex, p->digest), p->decoded ? digest_hex(pixels, p->signature.pixels) : "NA",
                p->info.width, p->info.height, p->info.channels, p->info.bits, p->bytes);
        csv_number(out.stream, p->decoded ? p->signature.mean : NAN);
        fputc(',', out.stream);
        csv_number(out.stream, p->decoded ? p->signature.sd : NAN);
        fputc(',', out.stream);
        csv_number(out.stream, p->decoded ? p->signature.contrast : NAN);
        fputc('\n', out.stream);
    }
    free(picture);
    return outfile_commit(&out, st);
}

static bool read_row(struct picture *p, const struct table *t, size_t row)
{
    const char *cell[N_COLUMNS];
    size_t bits;
    for (size_t k = 0; k < N_COLUMNS; k++)
        cell[k] = table_cell(t, row, k);
    if (!digest_from_hex(p->digest, cell[FILE_DIGEST]) || !number_parse_size(cell[WIDTH], &p->info.width) || !number_parse_size(cell[HEIGHT], &p->info.height) ||
        !number_parse_size(cell[CHANNELS], &p->info.channels) || !number_parse_size(cell[BITS], &bits) || !number_parse_size(cell[BYTES], &p->bytes) ||
        bits > 64)
        return false;
    p->path = mem_strdup(cell[FILE_DIGEST]);
    p->info.bits = (unsigned)bits;
    p->decoded = strcmp(cell[PIXELS], "NA") != 0;
    return !p->decoded || (digest_from_hex(p->signature.pixels, cell[PIXELS]) && number_parse_double(cell[MEAN], &p->signature.mean) &&
                           number_parse_double(cell[SD], &p->signature.sd) && number_parse_double(cell[CONTRAST], &p->signature.contrast));
}

int pictures_read(struct survey *survey, const char *path, struct status *st)
{
    struct table t;
    *survey = (struct survey){0};
    int code = table_read(&t, path, st);
    if (code)
        return code;
    char *header = mem_strdup(t.header[0]);
    for (size_t k = 1; k < t.n_columns; k++) {
        char *longer = mem_printf("%s,%s", header, t.header[k]);
        free(header);
        header = longer;
    }
    if (strcmp(header, HEADER) != 0)
        code = status_set(st, STATUS_DATA, "'%s': its columns are not %s", path, HEADER);
    free(header);
    survey->picture = NEW0(code ? 0 : t.n_rows, struct picture);
    for (size_t i = 0; i < t.n_rows && !code; i++) {
        struct picture *p = &survey->picture[survey->n++];
        if (!read_row(p, &t, i) || (i && memcmp(p[-1].digest, p->digest, DIGEST_BYTES) >= 0))
            code = status_set(st, STATUS_DATA, "'%s', line %zu: not a row that this program writes", path, t.line[i]);
    }
    table_free(&t);
    if (code)
        survey_free(survey);
    return code;
}

size_t pictures_find(const struct survey *survey, const uint8_t digest[DIGEST_BYTES])
{
    size_t low = 0, high = survey->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(survey->picture[middle].digest, digest, DIGEST_BYTES);
        if (!order)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return survey->n;
}
