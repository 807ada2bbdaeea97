#include "base/outfile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/number.h"

int outfile_open(struct outfile *out, const char *path, struct status *st)
{
    *out = (struct outfile){.path = mem_strdup(path)};
    out->temporary = mem_printf("%s.tmp-%ld", path, (long)getpid());
    out->stream = fopen(out->temporary, "we");
    if (!out->stream) {
        int code = status_errno(st, STATUS_IO, "cannot write '%s'", path);
        outfile_discard(out);
        return code;
    }
    return STATUS_OK;
}

int outfile_finish(struct outfile *out, struct status *st)
{
    int code = STATUS_OK;
    FILE *stream = out->stream;
    out->stream = NULL;
    bool lost = ferror(stream) != 0; /* its errno is long gone */
    if (fflush(stream) != 0 || (!lost && fsync(fileno(stream)) != 0))
        code = status_errno(st, STATUS_IO, "cannot write '%s'", out->path);
    else if (lost)
        code = status_set(st, STATUS_IO, "cannot write '%s': an earlier write failed (is the disk full?)", out->path);
    if (fclose(stream) != 0 && !code)
        code = status_errno(st, STATUS_IO, "cannot close '%s'", out->path);
    if (code)
        outfile_discard(out);
    return code;
}

int outfile_commit(struct outfile *out, struct status *st)
{
    int code = out->stream ? outfile_finish(out, st) : STATUS_OK;
    if (code)
        return code;
    if (rename(out->temporary, out->path) != 0) {
        code = status_errno(st, STATUS_IO, "cannot put '%s' in its place", out->path);
    } else {
        free(out->temporary);
        out->temporary = NULL;
    }
    outfile_discard(out);
    return code;
}

void outfile_discard(struct outfile *out)
{
    if (out->stream)
        fclose(out->stream);
    if (out->temporary)
        unlink(out->temporary);
    free(out->temporary);
    free(out->path);
    *out = (struct outfile){0};
}

void csv_field(FILE *stream, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

void csv_number(FILE *stream, double value)
{
    char text[NUMBER_TEXT];
    fputs(number_format(text, value), stream);
}
