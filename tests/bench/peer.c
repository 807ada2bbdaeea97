#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"

#define PATIENCE_S 600.0 /* for one answer; the peer itself refuses what would take longer */
#define SCRIPTS "../../tests/bench" /* from the build's folder */

/* name, value: what holds a BLAS or OpenMP back goes, so that the peer is at its best. */
static const char *const environment_of[] = {
    "OPENBLAS_CORETYPE", NULL, "OPENBLAS_L2_SIZE", NULL, "OPENBLAS_NUM_THREADS", NULL, "GOTO_NUM_THREADS", NULL, "OMP_NUM_THREADS", NULL,
    "MKL_NUM_THREADS", NULL, "DNNL_MAX_CPU_ISA", NULL, "ATEN_CPU_CAPABILITY", NULL, NULL,
};

static void keep_note(struct peer *p, const char *text)
{
    char *all = mem_printf("%s  %s\n", p->notes, text);
    free(p->notes);
    p->notes = all;
    if (!strncmp(text, "BLAS ", 5)) {
        free(p->blas);
        p->blas = mem_strdup(text + 5);
    }
}

static bool start_with(struct peer *p, const char *python, const char *script, const char *folder, const char *library_path, char *why,
                       size_t size)
{
    enum { N = sizeof environment_of / sizeof *environment_of };
    const char *arguments[] = {python, script, folder, NULL}, *environment[N + 2] = {NULL};
    memcpy(environment, environment_of, sizeof environment_of);
    if (library_path) {
        environment[N - 1] = "LD_LIBRARY_PATH";
        environment[N] = library_path;
    }
    *p = (struct peer){.blas = mem_strdup(""), .notes = mem_strdup("")};
    bool started = process_start(&p->process, arguments, environment);
    char line[1024];
    snprintf(why, size, "'%s %s' ended without a word", python, script);
    while (started && process_read(&p->process, line, sizeof line, PATIENCE_S)) {
        if (!strncmp(line, "ready ", 6) && number_parse_double(line + 6, &p->start))
            return true;
        if (!strncmp(line, "note ", 5))
            keep_note(p, line + 5);
        else
            snprintf(why, size, "%s says: %s", python, line);
    }
    peer_stop(p);
    return false;
}

bool peer_start(struct peer *p, const char *name, const char *script, const char *folder, const char *library_path, char *why, size_t size)
{
    if (script)
        return start_with(p, script, "-", folder, library_path, why, size);
    /* Debian's Python has Debian's packages; another may come first in PATH. */
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    char *build = process_build(), *scripts = path_join(build, SCRIPTS), *file = path_join(scripts, name);
    bool started = false;
    for (size_t i = 0; i < sizeof pythons / sizeof *pythons && !started; i++)
        started = start_with(p, pythons[i], file, folder, library_path, why, size);
    free(file);
    free(scripts);
    free(build);
    return started;
}

void peer_stop(struct peer *p)
{
    process_stop(&p->process);
    free(p->blas);
    free(p->notes);
    *p = (struct peer){0};
}

enum peer_answer peer_ask(struct peer *p, const char *question, double *value, char *why, size_t size)
{
    char line[1024];
    if (p->process.pid <= 0) {
        snprintf(why, size, "the peer has ended");
        return PEER_ERROR;
    }
    fputs(question, p->process.to);
    fputc('\n', p->process.to);
    fflush(p->process.to);
    if (!process_read(&p->process, line, sizeof line, PATIENCE_S)) {
        snprintf(why, size, "no answer to '%s'", question);
        process_stop(&p->process); /* an answer that comes later would be taken for the next one's */
        return PEER_ERROR;
    }
    snprintf(why, size, "%s", line);
    if (!strncmp(line, "ok ", 3) && number_parse_double(line + 3, value))
        return PEER_OK;
    if (!strncmp(line, "slow ", 5) && number_parse_double(line + 5, value))
        return PEER_SLOW;
    return PEER_ERROR;
}

enum peer_answer peer_time(struct peer *p, double *value, const char *mode, size_t batch, size_t images, size_t threads, bool once,
                           char *why, size_t size)
{
    char question[256];
    snprintf(question, sizeof question, "%s %s %zu %zu %zu", once ? "once" : "time", mode, batch, images, threads);
    return peer_ask(p, question, value, why, size);
}

static bool write_floats(const char *path, const float *x, size_t n)
{
    FILE *f = fopen(path, "wb");
    bool fine = f && fwrite(x, sizeof *x, n, f) == n;
    return f && fclose(f) == 0 && fine;
}

static bool read_floats(const char *path, float *x, size_t n)
{
    FILE *f = fopen(path, "rb");
    bool fine = f && fread(x, sizeof *x, n, f) == n && fgetc(f) == EOF;
    if (f)
        fclose(f);
    return fine;
}

bool peer_embed(struct peer *p, float *out, const char *mode, const float *pixels, size_t n, size_t values, size_t width, const char *folder,
                char *why, size_t size)
{
    char *in = path_join(folder, "pixels.f32"), *back = path_join(folder, "embeddings.f32");
    char *question = mem_printf("embed %s %s %zu %s", mode, in, n, back);
    double seconds;
    bool fine = write_floats(in, pixels, n * values);
    if (!fine) {
        snprintf(why, size, "cannot write '%s'", in);
    } else if ((fine = peer_ask(p, question, &seconds, why, size) == PEER_OK) && !(fine = read_floats(back, out, n * 2 * width))) {
        snprintf(why, size, "'%s' does not hold %zu numbers", back, n * 2 * width);
    }
    remove(back);
    free(question);
    free(back);
    free(in);
    return fine;
}

double peer_memory(struct peer *p)
{
    char why[256];
    double mb;
    return peer_ask(p, "memory", &mb, why, sizeof why) == PEER_OK ? mb : 0;
}
