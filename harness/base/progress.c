#include "base/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"

#define BAR_PAUSE 0.1
#define LINE_PAUSE 5.0
#define LINE_PAUSE_MOST 60.0
#define BAR_MOST 24 /* columns */

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_begin(struct progress *p, const char *what, const char *unit, size_t total, bool quiet)
{
    *p = (struct progress){.what = what, .unit = unit, .total = total, .terminal = terminal_moves(STDERR_FILENO), .quiet = quiet};
    p->began = p->printed = clock_seconds();
    p->pause = p->terminal ? BAR_PAUSE : LINE_PAUSE;
}

static void clock_text(char *text, size_t size, double seconds)
{
    long s = (long)(seconds + 0.5);
    if (s >= 3600)
        (void)snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        (void)snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
}

/* "extract  [######      ] 120/465 images  35.1/s  0:10 left  220 MB", the bar as long as the line leaves room for, or none. */
static void print_bar(const struct progress *p, double rate, const char *left)
{
    static const char full[BAR_MOST + 1] = "########################";
    char text[160];
    int columns = (int)terminal_columns(STDERR_FILENO) - 1; /* the last one stays free: some terminals wrap there */
    int used = snprintf(text, sizeof text, " %zu/%zu %s  %.1f/s  %s left  %.0f MB", p->done, p->total, p->unit, rate, left, (double)mem_resident() / 1e6);
    int width = columns - 11 - used, filled;
    width = width > BAR_MOST ? BAR_MOST : width;
    fprintf(stderr, "\r%-8.*s", columns > 0 ? columns : 0, p->what);
    if (width >= 4) {
        filled = p->total ? (int)((double)width * (double)p->done / (double)p->total) : width;
        fprintf(stderr, " %s[%-*.*s]%s", terminal_colour(STDERR_FILENO, TERMINAL_BLUE), width, filled, full, terminal_colour(STDERR_FILENO, TERMINAL_PLAIN));
    }
    if (columns > 8)
        fprintf(stderr, "%.*s", columns - 8, text);
    fputs("\033[K", stderr);
}

static void print(const struct progress *p, double now)
{
    double spent = now - p->began, rate = spent > 0 ? (double)p->done / spent : 0;
    char left[32] = "?";
    if (rate > 0)
        clock_text(left, sizeof left, (double)(p->total - p->done) / rate);
    if (p->terminal)
        print_bar(p, rate, left);
    else
        fprintf(stderr, "%s: %zu of %zu %s, %.1f/s, %s left, %.0f MB\n", p->what, p->done, p->total, p->unit, rate, left, (double)mem_resident() / 1e6);
    fflush(stderr);
}

void progress_step(struct progress *p, size_t n)
{
#pragma omp critical(progress)
    {
        p->done += n;
        double now = clock_seconds();
        if (!p->quiet && now - p->printed >= p->pause) {
            p->printed = now;
            if (!p->terminal)
                p->pause = p->pause * 2 > LINE_PAUSE_MOST ? LINE_PAUSE_MOST : p->pause * 2;
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

void progress_stop(struct progress *p)
{
    if (p->terminal && !p->quiet && p->printed > p->began)
        fputc('\n', stderr);
}

void progress_stage(const char *what, const char *detail, bool quiet)
{
    if (!quiet)
        fprintf(stderr, "%s: %s\n", what, detail);
}
