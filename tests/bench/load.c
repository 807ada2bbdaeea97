#include "load.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "timing.h"

static double own_seconds(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

struct load load_now(void)
{
    struct load l = {.begin = now(), .own = own_seconds(RUSAGE_SELF) + own_seconds(RUSAGE_CHILDREN)};
    double user, nice, system, idle, wait, hard, soft, stolen, tick = (double)sysconf(_SC_CLK_TCK);
    FILE *f = fopen("/proc/stat", "r");
    if (f && fscanf(f, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &system, &idle, &wait, &hard, &soft, &stolen) == 8) {
        l.busy = (user + nice + system + hard + soft) / tick;
        l.stolen = stolen / tick;
    }
    if (f)
        fclose(f);
    return l;
}

void load_print(const struct load *before)
{
    struct load l = load_now();
    double elapsed = l.begin - before->begin, others = l.busy - before->busy - (l.own - before->own);
    printf("meanwhile other processes used %.0f%% of one processor, a host took %.0f%%; %.0f s in all\n",
           100 * (others > 0 ? others : 0) / elapsed, 100 * (l.stolen - before->stolen) / elapsed, elapsed);
}
