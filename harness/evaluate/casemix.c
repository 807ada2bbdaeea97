#include "evaluate/casemix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "metric/standardised.h"

const char CASEMIX_HEADER[] = "study,task,development,development_task,protocol,variable,level,measure,development_n,development_value,development_sd,internal_n,internal_value,"
                              "internal_sd,external_n,external_value,external_sd,standardised_difference,reason";

#define MISSING "(missing)"
#define MOST_LEVELS 50 /* more are names, and not listed */
#define FEW_NUMBERS 6  /* so many different numbers, and they are codes */

enum { DEVELOPMENT, INTERNAL, EXTERNAL, N_SIDES };

struct side {
    const struct cohort *cohort;
    const struct survey *survey;
    size_t *row; /* [n] owned */
    size_t n;
};

struct casemix {
    FILE *out;
    const char *study, *task, *development, *development_task, *protocol;
    struct side side[N_SIDES];
};

struct amount { /* of one side */
    size_t n;
    double value, sd; /* sd NaN: none */
    bool there;
};

static void write_row(const struct casemix *m, const char *variable, const char *level, const char *measure, const struct amount amount[N_SIDES],
                      double difference, const char *reason)
{
    const char *const text[] = {m->study, m->task, m->development, m->development_task, m->protocol, variable, level, measure};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        fputs(i ? "," : "", m->out);
        csv_field(m->out, text[i]);
    }
    for (int s = 0; s < N_SIDES; s++) {
        if (amount[s].there)
            fprintf(m->out, ",%zu,", amount[s].n);
        else
            fputs(",,", m->out);
        csv_number(m->out, amount[s].there ? amount[s].value : NAN);
        fputc(',', m->out);
        if (amount[s].there && !isnan(amount[s].sd))
            csv_number(m->out, amount[s].sd);
    }
    fputc(',', m->out);
    if (strcmp(measure, "count") != 0)
        csv_number(m->out, difference);
    fputc(',', m->out);
    csv_field(m->out, reason);
    fputc('\n', m->out);
}

/* ---- numbers ---- */

/* Mean and SD of value[n], NaN left out. */
static struct amount mean_of(const double *value, size_t n)
{
    struct amount a = {.value = 0, .sd = 0, .there = true};
    for (size_t i = 0; i < n; i++)
        if (!isnan(value[i])) {
            a.n++;
            a.value += value[i];
        }
    a.value /= (double)a.n; /* NaN of none */
    for (size_t i = 0; i < n; i++)
        if (!isnan(value[i]))
            a.sd += (value[i] - a.value) * (value[i] - a.value);
    a.sd = a.n > 1 ? sqrt(a.sd / ((double)a.n - 1)) : NAN;
    return a;
}

/* value[side][n of the side], NULL: the side has none. */
static void write_numbers(const struct casemix *m, const char *variable, double *const value[N_SIDES], const char *reason)
{
    struct amount mean[N_SIDES] = {{0}}, missing[N_SIDES] = {{0}};
    bool any = false;
    for (int s = 0; s < N_SIDES; s++) {
        if (!value[s])
            continue;
        mean[s] = mean_of(value[s], m->side[s].n);
        missing[s] = (struct amount){m->side[s].n, 1 - (double)mean[s].n / (double)m->side[s].n, NAN, true};
        any |= mean[s].n < m->side[s].n;
    }
    bool both = value[DEVELOPMENT] && value[EXTERNAL];
    write_row(m, variable, "", "mean", mean,
              both ? standardised_means(mean[EXTERNAL].value, mean[EXTERNAL].sd, mean[DEVELOPMENT].value, mean[DEVELOPMENT].sd) : NAN, reason);
    if (any)
        write_row(m, variable, "", "missing_share", missing, both ? standardised_shares(missing[EXTERNAL].value, missing[DEVELOPMENT].value) : NAN, reason);
}

/* ---- levels ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Distinct texts of all sides, sorted; n_distinct. */
static const char **levels_of(size_t *n_distinct, const struct casemix *m, const char **const cell[N_SIDES])
{
    size_t n = 0;
    for (int s = 0; s < N_SIDES; s++)
        n += cell[s] ? m->side[s].n : 0;
    const char **level = NEW(n, const char *);
    n = 0;
    for (int s = 0; s < N_SIDES; s++)
        for (size_t i = 0; cell[s] && i < m->side[s].n; i++)
            level[n++] = cell[s][i];
    if (n)
        qsort(level, n, sizeof *level, by_text);
    *n_distinct = 0;
    for (size_t i = 0; i < n; i++)
        if (!*n_distinct || strcmp(level[i], level[*n_distinct - 1]) != 0)
            level[(*n_distinct)++] = level[i];
    return level;
}

/* share[n_levels] of one side's cells. */
static void count_levels(double *share, const char **cell, size_t n, const char *const *level, size_t n_levels)
{
    for (size_t k = 0; k < n_levels; k++) {
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
            count += !strcmp(cell[i], level[k]);
        share[k] = (double)count / (double)n;
    }
}

/* Shares of given levels in groups of n[side]; share[side][n_levels], NULL: the side has none. */
static void write_shares(const struct casemix *m, const char *variable, const char *measure, const char *const *level, size_t n_levels,
                         double *const share[N_SIDES], const size_t n[N_SIDES], const char *reason)
{
    bool both = share[DEVELOPMENT] && share[EXTERNAL];
    for (size_t k = 0; k < n_levels; k++) {
        struct amount amount[N_SIDES] = {{0}};
        for (int s = 0; s < N_SIDES; s++)
            if (share[s])
                amount[s] = (struct amount){n[s], share[s][k], NAN, true};
        write_row(m, variable, *level[k] ? level[k] : MISSING, measure, amount, both ? standardised_shares(share[EXTERNAL][k], share[DEVELOPMENT][k]) : NAN,
                  reason);
    }
    if (n_levels < 3)
        return;
    struct amount count[N_SIDES] = {{0}};
    for (int s = 0; s < N_SIDES; s++) {
        size_t there = 0;
        for (size_t k = 0; share[s] && k < n_levels; k++)
            there += share[s][k] > 0;
        if (share[s])
            count[s] = (struct amount){n[s], (double)there, NAN, true};
    }
    write_row(m, variable, "", "levels", count, both ? standardised_levels(share[EXTERNAL], share[DEVELOPMENT], n_levels) : NAN, reason);
}

static void write_levels(const struct casemix *m, const char *variable, const char **const cell[N_SIDES], const char *reason)
{
    size_t n_levels, n[N_SIDES];
    const char **level = levels_of(&n_levels, m, cell);
    double *share[N_SIDES] = {NULL};
    for (int s = 0; s < N_SIDES; s++) {
        n[s] = m->side[s].n;
        if (cell[s] && n_levels <= MOST_LEVELS) {
            share[s] = NEW(n_levels, double);
            count_levels(share[s], cell[s], n[s], level, n_levels);
        }
    }
    if (n_levels > MOST_LEVELS) {
        const struct amount none[N_SIDES] = {{0}};
        char *many = mem_printf("%zu different texts: not listed", n_levels);
        write_row(m, variable, "", "levels", none, NAN, many);
        free(many);
    } else {
        write_shares(m, variable, "share", level, n_levels, share, n, reason);
    }
    for (int s = 0; s < N_SIDES; s++)
        free(share[s]);
    free(level);
}

/* Are all cells that are not empty numbers, and more than a few different ones?  value[side] then holds them (owned), NaN where empty. */
static bool read_numbers(double *value[N_SIDES], const struct casemix *m, const char **const cell[N_SIDES])
{
    size_t n_levels;
    const char **level = levels_of(&n_levels, m, cell);
    double number;
    bool numeric = n_levels > FEW_NUMBERS;
    for (size_t k = 0; k < n_levels && numeric; k++)
        numeric = !*level[k] || number_parse_double(level[k], &number);
    free(level);
    for (int s = 0; s < N_SIDES && numeric; s++) {
        if (!cell[s])
            continue;
        value[s] = NEW(m->side[s].n, double);
        for (size_t i = 0; i < m->side[s].n; i++)
            if (!*cell[s][i] || !number_parse_double(cell[s][i], &value[s][i]))
                value[s][i] = NAN;
    }
    return numeric;
}

/* ---- covariates and sites ---- */

/* Position of a covariate in a cohort's task, by its first name ("a|b" is a); n_covariates if there is none. */
static unsigned covariate_of(const struct cohort *c, const char *name, size_t length)
{
    const struct task_cohort *rule = &c->source->task->cohort;
    unsigned v = 0;
    while (v < rule->n_covariates && (strcspn(rule->covariates[v], "|") != length || strncmp(rule->covariates[v], name, length) != 0))
        v++;
    return v;
}

static void write_covariate(const struct casemix *m, const char *name, size_t length)
{
    const char **cell[N_SIDES] = {NULL};
    double *value[N_SIDES] = {NULL};
    char *own = mem_strndup(name, length);
    const char *reason = "";
    for (int s = 0; s < N_SIDES; s++) {
        const struct cohort *c = m->side[s].cohort;
        unsigned v = covariate_of(c, name, length);
        if (v == c->source->task->cohort.n_covariates) {
            reason = s == EXTERNAL ? "the external data name no such column" : "the development's data name no such column";
            continue;
        }
        cell[s] = NEW(m->side[s].n, const char *);
        for (size_t i = 0; i < m->side[s].n; i++) {
            const struct sample *sample = &c->sample[m->side[s].row[i]];
            cell[s][i] = sample->covariate ? sample->covariate[v] : "";
        }
    }
    if (read_numbers(value, m, (const char **const *)cell))
        write_numbers(m, own, value, reason);
    else
        write_levels(m, own, (const char **const *)cell, reason);
    for (int s = 0; s < N_SIDES; s++) {
        free(cell[s]);
        free(value[s]);
    }
    free(own);
}

static void write_covariates(const struct casemix *m)
{
    const struct cohort *development = m->side[DEVELOPMENT].cohort, *external = m->side[EXTERNAL].cohort;
    const struct task_cohort *ours = &development->source->task->cohort, *theirs = &external->source->task->cohort;
    for (unsigned v = 0; v < ours->n_covariates; v++)
        write_covariate(m, ours->covariates[v], strcspn(ours->covariates[v], "|"));
    for (unsigned v = 0; v < theirs->n_covariates; v++) {
        size_t length = strcspn(theirs->covariates[v], "|");
        if (covariate_of(development, theirs->covariates[v], length) == ours->n_covariates)
            write_covariate(m, theirs->covariates[v], length);
    }
}

static void write_sites(const struct casemix *m)
{
    const char **cell[N_SIDES] = {NULL}, *reason = "";
    bool any = false;
    for (int s = 0; s < N_SIDES; s++) {
        if (!m->side[s].cohort->has_sites) {
            reason = s == EXTERNAL ? "the external data name no site" : "the development's data name no site";
            continue;
        }
        any = true;
        cell[s] = NEW(m->side[s].n, const char *);
        for (size_t i = 0; i < m->side[s].n; i++) {
            const char *site = m->side[s].cohort->sample[m->side[s].row[i]].site;
            cell[s][i] = site ? site : "";
        }
    }
    if (any)
        write_levels(m, "site", (const char **const *)cell, reason);
    for (int s = 0; s < N_SIDES; s++)
        free(cell[s]);
}

/* ---- images, patients, labels ---- */

/* Of each patient of a side: images, and largest label or mean target. */
struct patient {
    size_t images;
    int32_t label;
};

static struct patient *patients_of(const struct side *s)
{
    struct patient *patient = NEW0(s->cohort->n_units, struct patient);
    for (size_t i = 0; i < s->n; i++) {
        const struct sample *sample = &s->cohort->sample[s->row[i]];
        struct patient *p = &patient[sample->unit];
        p->label = !p->images || sample->label > p->label ? sample->label : p->label;
        p->images++;
    }
    return patient;
}

static void write_counts(const struct casemix *m, struct patient *const patient[N_SIDES])
{
    struct amount images[N_SIDES], units[N_SIDES], each[N_SIDES];
    for (int s = 0; s < N_SIDES; s++) {
        const struct side *side = &m->side[s];
        size_t n = 0, most = 0;
        double *count = NEW(side->cohort->n_units, double);
        for (size_t u = 0; u < side->cohort->n_units; u++)
            if (patient[s][u].images) {
                most = patient[s][u].images > most ? patient[s][u].images : most;
                count[n++] = (double)patient[s][u].images;
            }
        images[s] = (struct amount){side->n, (double)side->n, NAN, true};
        units[s] = (struct amount){side->n, (double)n, NAN, true};
        each[s] = mean_of(count, n);
        free(count);
    }
    bool named = m->side[DEVELOPMENT].cohort->has_patients && m->side[EXTERNAL].cohort->has_patients;
    const char *reason = named ? "" : "where no patient is named, images of equal bytes count as one patient";
    write_row(m, "images", "", "count", images, NAN, "");
    write_row(m, "patients", "", "count", units, NAN, reason);
    write_row(m, "images per patient", "", "mean", each,
              standardised_means(each[EXTERNAL].value, each[EXTERNAL].sd, each[DEVELOPMENT].value, each[DEVELOPMENT].sd), reason);
}

static void write_classes(const struct casemix *m, struct patient *const patient[N_SIDES])
{
    const struct task *task = m->side[EXTERNAL].cohort->source->task;
    size_t k = task->n_classes, n_images[N_SIDES], n_patients[N_SIDES];
    const char **level = NEW(k, const char *);
    double *of_images[N_SIDES], *of_patients[N_SIDES];
    for (size_t c = 0; c < k; c++)
        level[c] = task->classes[c].name;
    for (int s = 0; s < N_SIDES; s++) {
        const struct side *side = &m->side[s];
        of_images[s] = NEW0(k, double);
        of_patients[s] = NEW0(k, double);
        n_images[s] = side->n;
        n_patients[s] = 0;
        for (size_t i = 0; i < side->n; i++)
            of_images[s][side->cohort->sample[side->row[i]].label]++;
        for (size_t u = 0; u < side->cohort->n_units; u++)
            n_patients[s] += patient[s][u].images > 0;
        for (size_t u = 0; u < side->cohort->n_units; u++)
            if (patient[s][u].images)
                of_patients[s][patient[s][u].label]++;
        for (size_t c = 0; c < k; c++) {
            of_images[s][c] /= (double)n_images[s];
            of_patients[s][c] /= (double)n_patients[s];
        }
    }
    write_shares(m, "class", "share of images", level, k, of_images, n_images, "");
    write_shares(m, "class", "share of patients", level, k, of_patients, n_patients, "");
    for (int s = 0; s < N_SIDES; s++) {
        free(of_images[s]);
        free(of_patients[s]);
    }
    free(level);
}

/* ---- pictures ---- */

static double width_of(const struct picture *p) { return (double)p->info.width; }
static double height_of(const struct picture *p) { return (double)p->info.height; }
static double bits_of(const struct picture *p) { return (double)p->info.bits; }
static double channels_of(const struct picture *p) { return (double)p->info.channels; }
static double bytes_of(const struct picture *p) { return (double)p->bytes; }
static double mean_of_grey(const struct picture *p) { return p->decoded ? p->signature.mean : NAN; }
static double sd_of_grey(const struct picture *p) { return p->decoded ? p->signature.sd : NAN; }
static double contrast_of(const struct picture *p) { return p->decoded ? p->signature.contrast : NAN; }

static const struct sample *sample_of(const struct side *s, size_t i)
{
    return &s->cohort->sample[s->row[i]];
}

static void write_pictures(const struct casemix *m)
{
    static const struct {
        const char *name;
        double (*figure)(const struct picture *p);
    } ALL[] = {{"width_px", width_of},    {"height_px", height_of}, {"bits", bits_of},       {"channels", channels_of},
               {"file_bytes", bytes_of}, {"grey_mean", mean_of_grey}, {"grey_sd", sd_of_grey}, {"grey_contrast", contrast_of}};
    for (size_t v = 0; v < sizeof ALL / sizeof *ALL; v++) {
        double *value[N_SIDES];
        for (int s = 0; s < N_SIDES; s++) {
            value[s] = NEW(m->side[s].n, double);
            for (size_t i = 0; i < m->side[s].n; i++)
                value[s][i] = ALL[v].figure(&m->side[s].survey->picture[sample_of(&m->side[s], i)->picture]);
        }
        write_numbers(m, ALL[v].name, value, "");
        for (int s = 0; s < N_SIDES; s++)
            free(value[s]);
    }
}

static void write_target(const struct casemix *m)
{
    double *value[N_SIDES];
    for (int s = 0; s < N_SIDES; s++) {
        value[s] = NEW(m->side[s].n, double);
        for (size_t i = 0; i < m->side[s].n; i++)
            value[s][i] = sample_of(&m->side[s], i)->target;
    }
    write_numbers(m, "target", value, "");
    for (int s = 0; s < N_SIDES; s++)
        free(value[s]);
}

/* ---- all ---- */

static struct side side_of(const struct cohort *c, const struct survey *survey, const size_t *row, size_t n)
{
    struct side s = {c, survey, NEW(n, size_t), n};
    for (size_t i = 0; i < n; i++)
        s.row[i] = row ? row[i] : i;
    return s;
}

void casemix_rows_write(struct outfile *out, const struct pipeline *p, size_t number, const struct origin *o, const char *development)
{
    const struct cohort *c = &p->cohort[number];
    struct casemix m = {.out = out->stream, .study = p->study.name, .task = c->source->task->name, .development = development, .development_task = o->task.name,
                        .protocol = o->protocol};
    struct patient *patient[N_SIDES];
    m.side[DEVELOPMENT] = side_of(&o->cohort, &o->survey, o->parts.development, o->parts.n_development);
    m.side[INTERNAL] = side_of(&o->cohort, &o->survey, o->parts.test, o->parts.n_test);
    m.side[EXTERNAL] = side_of(c, &p->survey, NULL, c->n);
    for (int s = 0; s < N_SIDES; s++)
        patient[s] = patients_of(&m.side[s]);
    write_counts(&m, patient);
    if (c->source->task->kind == KIND_REGRESSION)
        write_target(&m);
    else
        write_classes(&m, patient);
    write_sites(&m);
    write_covariates(&m);
    write_pictures(&m);
    for (int s = 0; s < N_SIDES; s++) {
        free(patient[s]);
        free(m.side[s].row);
    }
}
