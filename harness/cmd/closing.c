#include "cmd/closing.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/terminal.h"
#include "cmd/command.h"
#include "cmd/wrap.h"
#include "report/markup.h"

#define INDENT 2
#define GAP 2
#define STAR 3 /* "  *" */

enum { MODEL, READOUT, PROBE, N_NAMES };
static const char *const NAMES[N_NAMES] = {"model", "readout", "probe"};

struct columns {
    size_t name[N_NAMES], value, interval;
};

void closing_value(char *text, const char *metric, double value)
{
    if (isnan(value))
        strcpy(text, "NA");
    else
        (void)snprintf(text, CLOSING_WIDE, "%.*f", markup_digits(metric), value);
}

void closing_interval(char *text, const char *metric, double low, double high)
{
    int digits = markup_digits(metric);
    if (isnan(low) || isnan(high))
        strcpy(text, "NA");
    else
        (void)snprintf(text, CLOSING_WIDE, "%.*f to %.*f", digits, low, digits, high);
}

static void interval_of(char *text, const struct headline *h)
{
    if (isnan(h->sd))
        closing_interval(text, h->metric, h->low, h->high);
    else
        (void)snprintf(text, CLOSING_WIDE, "SD %.*f", markup_digits(h->metric), h->sd);
}

static const char *name_of(const struct headline *h, int which)
{
    return which == MODEL ? h->model : which == READOUT ? h->readout : h->probe;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* As wide as their contents, but where that is more than a line, names longer than 15 columns give way, models first. */
static struct columns measure(const struct headline *h, size_t n, const char *interval_head)
{
    struct columns c = {.value = strlen("value"), .interval = strlen(interval_head)};
    char text[CLOSING_WIDE];
    for (int k = 0; k < N_NAMES; k++)
        c.name[k] = strlen(NAMES[k]);
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < N_NAMES; k++)
            c.name[k] = larger(c.name[k], wrap_width(name_of(&h[i], k)));
        closing_value(text, h[i].metric, h[i].value);
        c.value = larger(c.value, strlen(text));
        interval_of(text, &h[i]);
        c.interval = larger(c.interval, strlen(text));
    }
    size_t used = INDENT + c.name[MODEL] + c.name[READOUT] + c.name[PROBE] + 4 * GAP + c.value + c.interval + STAR;
    for (int k = 0; k < N_NAMES && used > WRAP_COLUMNS; k++) {
        size_t least = 15, over = used - WRAP_COLUMNS, room = c.name[k] > least ? c.name[k] - least : 0, cut = over < room ? over : room;
        c.name[k] -= cut;
        used -= cut;
    }
    return c;
}

static bool same_heading(const struct headline *a, const struct headline *b)
{
    return !strcmp(a->task, b->task) && !strcmp(a->protocol, b->protocol) && !strcmp(a->metric, b->metric);
}

/* before: the row above under the same heading, or NULL */
static void print_row(FILE *f, const struct columns *c, const struct headline *h, const struct headline *before)
{
    char value[CLOSING_WIDE], interval[CLOSING_WIDE];
    bool wide[N_NAMES];
    for (int k = 0; k < N_NAMES; k++) {
        wide[k] = wrap_width(name_of(h, k)) > c->name[k];
        if (wide[k] && !(k == MODEL && before && !strcmp(h->model, before->model)))
            fprintf(f, "%*s%s %s\n", INDENT, "", NAMES[k], name_of(h, k));
    }
    fprintf(f, "%*s", INDENT, "");
    for (int k = 0; k < N_NAMES; k++)
        wrap_pad(f, wide[k] ? "\"" : name_of(h, k), c->name[k] + GAP);
    closing_value(value, h->metric, h->value);
    interval_of(interval, h);
    fprintf(f, "%*s  %s%s\n", (int)c->value, value, interval, h->edge ? "  *" : "");
}

void closing_table(FILE *f, const struct headline *h, size_t n, double level)
{
    char head[CLOSING_WIDE];
    (void)snprintf(head, sizeof head, "%g%% interval", 100 * level);
    struct columns c = measure(h, n, head);
    const char *bold = terminal_colour(fileno(f), TERMINAL_BOLD), *plain = terminal_colour(fileno(f), TERMINAL_PLAIN);
    fprintf(f, "\n%*s", INDENT, "");
    for (int k = 0; k < N_NAMES; k++)
        wrap_pad(f, NAMES[k], c.name[k] + GAP);
    fprintf(f, "%*s  %s\n", (int)c.value, "value", head);
    bool edge = false;
    for (size_t i = 0; i < n; i++) {
        bool first = i == 0 || !same_heading(&h[i], &h[i - 1]);
        if (first) {
            fprintf(f, "%s%s", i ? "\n" : "", bold);
            wrap_print(f, 0, INDENT, "%s, %s: %s", h[i].task, h[i].protocol, h[i].metric);
            fputs(plain, f);
        }
        print_row(f, &c, &h[i], first ? NULL : &h[i - 1]);
        edge |= h[i].edge;
    }
    if (edge)
        fprintf(f, "* the chosen hyper-parameter lies at the edge of its grid (path.csv)\n");
}

void closing_print(FILE *f, const struct pipeline *p)
{
    closing_table(f, p->headline, p->n_headlines, p->study.level);
    for (size_t i = 0; i < p->n_headlines; i++) {
        const struct headline *h = &p->headline[i];
        if (h->cost.images_read)
            wrap_print(f, 0, INDENT, "attentive probe of %s, %s, %s: %.1f s; %zu models, %zu passes over the tokens, %.3g GB read", h->task, h->protocol, h->model,
                       h->cost.seconds, h->cost.n_fits, h->cost.n_passes, (double)h->cost.bytes_read / 1e9);
    }
    fputc('\n', f);
    wrap_print(f, 0, INDENT, "seed %llu", (unsigned long long)p->study.seed);
    if (study_has_protocol(&p->study, PROTOCOL_GROUPED) || study_has_protocol(&p->study, PROTOCOL_GIVEN))
        wrap_print(f, 0, INDENT, "intervals: chosen by what was measured and named in metrics.csv, column method; bootstraps of %zu replicates", p->study.replicates);
    if (study_has_protocol(&p->study, PROTOCOL_OFFICIAL))
        wrap_print(f, 0, INDENT, "official: mean and population SD of five folds on one test set, no interval");
    command_print_comparison(&p->compared, p->study.output);
    wrap_print(f, 0, INDENT, "reports in %s: metrics.csv, predictions/, path.csv, splits/, cohort.csv, audit.csv, provenance.json", p->study.output);
}
