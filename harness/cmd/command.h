/* The commands and their options, in one table: dispatch, --help, the man
 * page (command_words.c) and the completion of shells (completion.c) are made from it. */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "base/status.h"
#include "evaluate/pipeline.h"
#include "evaluate/redraw.h"

enum option {
    OPTION_THREADS,
    OPTION_BATCH,
    OPTION_QUIET,
    OPTION_OUTPUT,
    OPTION_STORE,
    OPTION_SHARD,
    OPTION_TO,
    OPTION_METADATA_ONLY,
    OPTION_SEED,
    OPTION_PATIENTS,
    OPTION_BENCHMARK,
    OPTION_SCALE,
    OPTION_IMAGE,
    OPTION_LAYERS,
    OPTION_REFERENCE,
    OPTION_READOUT,
    OPTION_PRECISION,
    OPTION_PASSES,
    OPTION_MASK_RATIO,
    OPTION_SCHEDULE,
    OPTION_ABSOLUTE,
    OPTION_BOXES,
    OPTION_MASKS,
    OPTION_PATIENT_PATTERN,
    OPTION_AGAINST,
    OPTION_METRIC,
    OPTION_PROBE,
    OPTION_JSON,
    OPTION_HELP,
    N_OPTIONS
};

struct option_words {
    const char *name, *letter, *argument; /* NULL where there is none */
    const char *values;                   /* for completion: FILE, DIR, or words with blanks between them; NULL: nothing to offer */
    const char *help;
};
extern const struct option_words OPTIONS[N_OPTIONS];

struct invocation {
    const struct command *command;
    const char *value[N_OPTIONS]; /* NULL: not given; "" for a given flag */
    char **argument;
    size_t n_arguments;
    char *command_line;
    int n_threads;
    bool quiet;
    json_t *answer; /* with --json: the object that the command fills, in place of printing; else NULL */
};

struct command {
    const char *name, *arguments, *summary, *description;
    size_t least, most;      /* number of arguments */
    unsigned options;        /* bit 1 << option */
    int (*run)(const struct invocation *in, struct status *st);
};

extern const struct command COMMANDS[];
extern const size_t N_COMMANDS;

static inline bool command_has_option(const struct command *c, size_t option)
{
    return c->options >> option & 1;
}

int cmd_run(const struct invocation *in, struct status *st);
int cmd_check(const struct invocation *in, struct status *st);
int cmd_extract(const struct invocation *in, struct status *st);
int cmd_evaluate(const struct invocation *in, struct status *st);
int cmd_compare(const struct invocation *in, struct status *st);
int cmd_export(const struct invocation *in, struct status *st);
int cmd_external(const struct invocation *in, struct status *st);
int cmd_report(const struct invocation *in, struct status *st);
int cmd_schema(const struct invocation *in, struct status *st);
int cmd_heatmap(const struct invocation *in, struct status *st);
int cmd_regions(const struct invocation *in, struct status *st);
int cmd_inspect(const struct invocation *in, struct status *st);
int cmd_synth(const struct invocation *in, struct status *st);

/* Parses, dispatches, prints; the exit code of the program. */
int command_main(int argc, char **argv);

/* ---- shared by commands ---- */

/* Draws the page of a results folder and says where it is; on stderr why it has no figures. */
int command_report(const char *directory, const struct invocation *in, struct status *st) MUST_CHECK;

/* From options to the pipeline's. */
int command_pipeline_options(struct pipeline_options *o, const struct invocation *in, struct status *st) MUST_CHECK;
/* Study, audit and models, as every command begins; on failure p is freed. */
int command_begin(struct pipeline *p, const struct invocation *in, struct status *st) MUST_CHECK;
/* What the audit found, in words on stderr; STATUS_DATA if there are errors. */
int command_judge_audit(const struct pipeline *p, bool quiet, struct status *st) MUST_CHECK;
/* How many hypotheses, how many of them significant, and where it stands: a line a family. */
void command_print_comparison(const struct compare_summary *s, const char *directory);

/* ---- the external cohorts that a study names ---- */

struct external_cohorts {
    struct pipeline *item; /* [n] */
    size_t n;
};

/* Read, audited, compared with the development's cohorts, judged.  On failure freed. */
int command_externals_prepare(struct external_cohorts *e, const struct pipeline *p, const struct invocation *in, struct status *st) MUST_CHECK;
/* p's models are used, and its store is closed first. */
int command_externals_extract(struct external_cohorts *e, struct pipeline *p, struct status *st) MUST_CHECK;
/* With the probes under p's output; decode_only: embeddings that are missing are an error. */
int command_externals_evaluate(struct external_cohorts *e, struct pipeline *p, const struct invocation *in, bool decode_only, struct status *st) MUST_CHECK;
void command_externals_free(struct external_cohorts *e);

#endif
