#include "base/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_begin(struct progress *p, const char *what, const char *unit, size_t total, bool quiet)
{
    *p = (struct progress){.what = what, .unit = unit, .total = total, .terminal = isatty(STDERR_FILENO) == 1, .quiet = quiet};
    p->began = p->printed = clock_seconds();
}

static void clock_text(char *text, size_t size, double seconds)
{
    long s = (long)(seconds + 0.5);
    if (s >= 3600)
        (void)snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        (void)snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
}

static void print(const struct progress *p, double now)
{
    double spent = now - p->began, rate = spent > 0 ? (double)p->done / spent : 0;
    char left[32] = "?";
    if (rate > 0)
        clock_text(left, sizeof left, (double)(p->total - p->done) / rate);
    if (p->terminal) {
        static const char full[] = "########################";
        int width = (int)sizeof full - 1, filled = p->total ? (int)((double)width * (double)p->done / (double)p->total) : width;
        fprintf(stderr, "\r%-8s [%-*.*s] %zu/%zu %s  %.1f/s  %s left \033[K", p->what, width, filled, full, p->done, p->total, p->unit, rate, left);
    } else {
        fprintf(stderr, "%s: %zu of %zu %s, %.1f/s, %s left\n", p->what, p->done, p->total, p->unit, rate, left);
    }
    fflush(stderr);
}

void progress_step(struct progress *p, size_t n)
{
#pragma omp critical(progress)
    {
        p->done += n;
        double now = clock_seconds();
        if (!p->quiet && now - p->printed >= (p->terminal ? 0.1 : 5.0)) {
            p->printed = now;
            print(p, now);
        }
    }
}

void progress_end(struct progress *p)
{
    double spent = clock_seconds() - p->began;
    if (p->quiet || !p->total)
        return;
    char text[32];
    clock_text(text, sizeof text, spent);
    fprintf(stderr, "%s%s: %zu of %zu %s in %s (%.1f/s)%s\n", p->terminal ? "\r" : "", p->what, p->done, p->total, p->unit, text,
            spent > 0 ? (double)p->done / spent : 0, p->terminal ? "\033[K" : "");
}
