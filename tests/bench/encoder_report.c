#include "encoder_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const struct peer_mode peer_modes[N_PEER_MODES] = {
    {"fp32", "fp32", "pytorch"},
    {"fp32-onednn", "fp32", "pytorch onednn"},
    {"bf16", "bf16", "pytorch"},
    {"bf16-autocast", "bf16", "pytorch autocast"},
    {"bf16-onednn", "bf16", "pytorch onednn"},
};

#define BEST "pytorch best"

enum peak_kind report_peak_kind(const char *precision)
{
    enum peak_kind own = !strcmp(precision, "bf16") ? PEAK_BF16 : !strcmp(precision, "int8") ? PEAK_INT8 : PEAK_FP32;
    return peak_loop(own) ? own : PEAK_FP32;
}

const char *report_peer_precision(const char *precision)
{
    return !strcmp(precision, "fp32") ? "fp32" : "bf16";
}

static bool is(const struct figure *g, const char *what, const char *who, const char *precision, size_t threads)
{
    return !strcmp(g->what, what) && (!who || !strcmp(g->who, who)) && (!precision || !strcmp(g->precision, precision)) &&
           (!threads || g->threads == threads) && figure_rounds(g);
}

static const struct figure *first_of(const struct figures *f, const char *what, const char *who, const char *precision, size_t threads)
{
    for (size_t i = 0; i < f->n; i++)
        if (is(&f->item[i], what, who, precision, threads))
            return &f->item[i];
    return NULL;
}

/* The rate with the highest median; NULL if there is none.  who NULL: any but ours. */
static const struct figure *best_rate(const struct figures *f, const char *who, const char *precision, size_t threads)
{
    const struct figure *best = NULL;
    for (size_t i = 0; i < f->n; i++) {
        const struct figure *g = &f->item[i];
        if (is(g, "rate", who, precision, threads) && (who || strcmp(g->who, "ours")) && (!best || figure_median(g) > figure_median(best)))
            best = g;
    }
    return best;
}

static const char *peak_name(const char *precision)
{
    static const char *const names[N_PEAKS] = {[PEAK_FP32] = "fp32", [PEAK_BF16] = "bf16", [PEAK_INT8] = "int8"};
    return names[report_peak_kind(precision)];
}

/* Figures are copied first: making another may move them. */
static void derive_share(struct figures *f, const struct model *m, struct figure rate)
{
    const struct figure *there = first_of(f, "peak", NULL, peak_name(rate.precision), rate.threads);
    if (!there)
        return;
    struct figure peak = *there;
    struct figure *share = figures_of(f, "share", rate.who, rate.precision, rate.threads, rate.batch, 0, "of peak");
    figure_divide(share, &rate, &peak, model_flop(m) * 1e-9);
}

static void derive_ratio(struct figures *f, const char *precision, const char *who, const char *name, size_t threads)
{
    const struct figure *a = best_rate(f, "ours", precision, threads), *b = best_rate(f, who, report_peer_precision(precision), threads);
    if (!a || !b)
        return;
    struct figure mine = *a, other = *b;
    figure_divide(figures_of(f, "ratio", name, precision, threads, 0, 0, "times"), &mine, &other, 1);
}

void report_derive(struct figures *f, const struct model *m, size_t threads)
{
    for (size_t i = 0, n = f->n; i < n; i++)
        if (is(&f->item[i], "rate", "ours", NULL, 0))
            derive_share(f, m, f->item[i]);
    for (const char *const *p = ours_precisions; *p; p++) {
        derive_ratio(f, *p, NULL, BEST, threads);
        for (size_t k = 0; k < N_PEER_MODES; k++)
            if (!strcmp(peer_modes[k].precision, report_peer_precision(*p)))
                derive_ratio(f, *p, peer_modes[k].who, peer_modes[k].who, threads);
    }
}

/* ---- printing ---- */

/* median (low to high) */
static void print_spread(const struct figure *g, const char *format)
{
    printf(format, figure_median(g));
    printf(" (");
    printf(format, figure_low(g));
    printf(" to ");
    printf(format, figure_high(g));
    printf(")");
}

static void print_rates(const struct figures *f)
{
    printf("\nimages a second: median (least to most of the rounds)\n");
    for (size_t i = 0; i < f->n; i++) {
        const struct figure *g = &f->item[i];
        if (!is(g, "rate", NULL, NULL, 0))
            continue;
        printf("  %-17s %-5s %zu thread%s batch %2zu  ", g->who, g->precision, g->threads, g->threads == 1 ? " " : "s", g->batch);
        print_spread(g, "%.3f");
        for (size_t k = 0; k < f->n; k++) {
            const struct figure *s = &f->item[k];
            if (is(s, "share", g->who, g->precision, g->threads) && s->batch == g->batch)
                printf("  %3.0f%% of peak", 100 * figure_median(s));
        }
        if (figure_rounds(g) == 1)
            printf("  [one measurement]");
        putchar('\n');
    }
}

static void print_ratios(const struct figures *f, const char *precision, size_t threads)
{
    const struct figure *ours = best_rate(f, "ours", precision, threads);
    if (!ours)
        return;
    printf("\n%s, %zu threads: ours %.3f images/s at its best batch, %zu\n", precision, threads, figure_median(ours), ours->batch);
    for (size_t i = 0; i < f->n; i++) {
        const struct figure *g = &f->item[i];
        if (is(g, "share", "ours", precision, threads) && g->batch == ours->batch) {
            printf("  share of the peak of %s over the whole forward pass: ", first_of(f, "peak", NULL, peak_name(precision), threads)->who);
            print_spread(g, "%.3f");
            printf("%s\n", report_peak_kind(precision) == PEAK_FP32 && strcmp(precision, "fp32")
                               ? " [no instruction of this precision here: the fp32 loop counts]" : "");
        }
    }
    for (size_t i = 0; i < f->n; i++) {
        const struct figure *g = &f->item[i];
        if (!is(g, "ratio", NULL, precision, threads))
            continue;
        const struct figure *peer = best_rate(f, strcmp(g->who, BEST) ? g->who : NULL, report_peer_precision(precision), threads);
        printf("  to %-17s %s batch %2zu: ", g->who, peer->precision, peer->batch);
        print_spread(g, "%.2f");
        printf(" times%s\n", figure_rounds(g) == 1 ? " [one measurement]" : "");
    }
    const struct figure *one = best_rate(f, "ours", precision, 1);
    if (threads > 1 && one)
        printf("  %zu threads against 1, each at its best batch: %.2f times\n", threads, figure_median(ours) / figure_median(one));
}

void report_print(const struct figures *f, const struct model *m, size_t threads)
{
    double flop = model_flop(m);
    printf("\nmultiply-add loops in registers, GFLOP/s (the best this machine could do)\n");
    for (size_t i = 0; i < f->n; i++) {
        const struct figure *g = &f->item[i];
        if (!is(g, "peak", NULL, NULL, 0))
            continue;
        printf("  %-18s %-5s %zu thread%s ", g->who, g->precision, g->threads, g->threads == 1 ? " " : "s");
        print_spread(g, "%.1f");
        printf("  at most %.2f images/s\n", figure_median(g) * 1e9 / flop);
    }
    print_rates(f);
    for (const char *const *p = ours_precisions; *p; p++)
        print_ratios(f, *p, threads);
    printf("\nmemory and start\n");
    for (size_t i = 0; i < f->n; i++) {
        const struct figure *g = &f->item[i];
        if (is(g, "memory", NULL, NULL, 0))
            printf("  %-17s %-5s peak resident %.0f MB, mapped weights included\n", g->who, g->precision, figure_median(g));
        if (is(g, "start", NULL, NULL, 0))
            printf("  %-17s %-5s %.2f s from opening to the first embedding\n", g->who, g->precision, figure_median(g));
    }
}
