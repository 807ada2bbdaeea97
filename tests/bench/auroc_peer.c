#include "auroc_peer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

#define PATIENCE_S 300.0

void auroc_peer_start(struct auroc_peer *p, const char *interpreter, const char *script, const int32_t *label,
                      const uint32_t *unit, const double *score, size_t n)
{
    *p = (struct auroc_peer){.there = false};
    char *build = process_build(), *folder = path_join(build, "../../tests/bench"), *file = path_join(folder, script);
    const char *arguments[] = {interpreter, file, NULL}, *environment[] = {NULL, NULL};
    char line[1024] = "it does not start";
    if (process_start(&p->process, arguments, environment)) {
        fprintf(p->process.to, "%zu\n", n);
        for (size_t i = 0; i < n; i++)
            fprintf(p->process.to, "%d %u %.17g\n", label[i], unit[i], score[i]);
        fflush(p->process.to);
        while (!p->there && process_read(&p->process, line, sizeof line, PATIENCE_S))
            p->there = !strncmp(line, "ready ", 6);
    }
    snprintf(p->name, sizeof p->name, "%.100s", p->there ? line + 6 : line);
    free(file);
    free(folder);
    free(build);
}

double auroc_peer_time(struct auroc_peer *p, const char *word, size_t replicates, double *area)
{
    char line[1024];
    double seconds;
    if (!p->there)
        return NAN;
    fprintf(p->process.to, "%s %zu\n", word, replicates);
    fflush(p->process.to);
    if (process_read(&p->process, line, sizeof line, PATIENCE_S) && sscanf(line, "ok %lf %lf", &seconds, area) == 2)
        return seconds;
    p->there = false;
    return NAN;
}

void auroc_peer_stop(struct auroc_peer *p)
{
    process_stop(&p->process);
}
