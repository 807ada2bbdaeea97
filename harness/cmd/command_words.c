#include "cmd/command_words.h"

#include "base/cpu.h"
#include "base/version.h"

const struct option_words PROGRAM_OPTIONS[] = {
    {"--help", "-h", NULL, NULL, "this text; behind a command: its options"},
    {"--version", NULL, NULL, NULL, "version, BLAS, processor"},
    {"--man", NULL, NULL, NULL, "the manual page in roff"},
    {"--completion", NULL, "SHELL", "bash zsh", "completion of commands and options for bash or zsh, to be sourced by it"},
};
const size_t N_PROGRAM_OPTIONS = sizeof PROGRAM_OPTIONS / sizeof *PROGRAM_OPTIONS;

static const struct {
    const char *name, *help;
} ENVIRONMENT[] = {
    {"SKELEX_CPU", "at most these instructions: portable, avx2, avx512 or avx512bf16"},
    {"SKELEX_PLOTS", "where the gnuplot scripts of the figures are, if not beside the program"},
    {"NO_COLOR", "if set: no colours on a terminal (TERM=dumb: no bars either)"},
};
#define N_ENVIRONMENT (sizeof ENVIRONMENT / sizeof *ENVIRONMENT)

#define CODES "0 done, 2 usage, 3 the data, 4 the file system, 70 internal; after Ctrl-C as the signal"

/* "-t, --threads N" */
static void print_option(FILE *f, const struct option_words *o)
{
    char left[40];
    (void)snprintf(left, sizeof left, "%s%s%s%s%s", o->letter ? o->letter : "", o->letter ? ", " : "", o->name, o->argument ? " " : "",
                   o->argument ? o->argument : "");
    fprintf(f, "  %-18s %s\n", left, o->help);
}

void command_print_usage(FILE *f)
{
    fprintf(f, "%s %s - evaluate frozen encoders of musculoskeletal radiographs\n\nusage: %s COMMAND [options] ARGUMENT\n\ncommands\n", PROGRAM_NAME,
            PROGRAM_VERSION, PROGRAM_NAME);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(f, "  %-9s %-21s %s\n", COMMANDS[i].name, COMMANDS[i].arguments, COMMANDS[i].summary);
    fprintf(f, "\noptions of a command: %s COMMAND --help; in a command's place\n", PROGRAM_NAME);
    for (size_t i = 0; i < N_PROGRAM_OPTIONS; i++)
        print_option(f, &PROGRAM_OPTIONS[i]);
    fprintf(f, "\nenvironment\n");
    for (size_t i = 0; i < N_ENVIRONMENT; i++)
        fprintf(f, "  %-18s %s\n", ENVIRONMENT[i].name, ENVIRONMENT[i].help);
    fprintf(f, "\nexit codes: " CODES "\n");
    fprintf(f, "\nto begin: %s synth DATA draws a cohort to try it on; %s check STUDY.yaml looks a study over\n", PROGRAM_NAME, PROGRAM_NAME);
}

void command_print_help(FILE *f, const struct command *c)
{
    fprintf(f, "usage: %s %s [options] %s\n\n%s\n\noptions\n", PROGRAM_NAME, c->name, c->arguments, c->description);
    for (size_t o = 0; o < N_OPTIONS; o++)
        if (command_has_option(c, o))
            print_option(f, &OPTIONS[o]);
    if (c->run != cmd_check)
        return;
    fprintf(f, "\ncodes of the audit (audit.csv, column check; the gravest severity; * may stand in `accept:`)\n");
    for (size_t i = 0; i < N_AUDIT_CODES; i++)
        fprintf(f, "%c %-20s %-8s %s\n", AUDIT_CODES[i].acceptable ? '*' : ' ', AUDIT_CODES[i].name, AUDIT_CODES[i].severity, AUDIT_CODES[i].meaning);
}

static void print_man_option(FILE *f, const struct option_words *o)
{
    fprintf(f, ".TP\n.B ");
    if (o->letter)
        fprintf(f, "\\%s, ", o->letter);
    fprintf(f, "\\%s%s%s\n%s\n", o->name, o->argument ? " " : "", o->argument ? o->argument : "", o->help);
}

void command_print_man(FILE *f)
{
    fprintf(f, ".TH SKELEX-EVAL 1 \"\" \"%s %s\"\n.SH NAME\n%s \\- evaluate frozen encoders of musculoskeletal radiographs\n", PROGRAM_NAME,
            PROGRAM_VERSION, PROGRAM_NAME);
    fprintf(f, ".SH SYNOPSIS\n.B %s\nCOMMAND [options] ARGUMENT\n.SH OPTIONS\nIn a command's place:\n", PROGRAM_NAME);
    for (size_t i = 0; i < N_PROGRAM_OPTIONS; i++)
        print_man_option(f, &PROGRAM_OPTIONS[i]);
    fprintf(f, ".SH COMMANDS\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const struct command *c = &COMMANDS[i];
        fprintf(f, ".SS %s %s\n%s.\n.PP\n%s\n", c->name, c->arguments, c->summary, c->description);
        for (size_t o = 0; o < N_OPTIONS; o++)
            if (command_has_option(c, o))
                print_man_option(f, &OPTIONS[o]);
    }
    fprintf(f, ".SH AUDIT CODES\nThose marked * may stand in the study's accept list.\n");
    for (size_t i = 0; i < N_AUDIT_CODES; i++)
        fprintf(f, ".TP\n.BR %s \" (%s)%s\"\n%s.\n", AUDIT_CODES[i].name, AUDIT_CODES[i].severity, AUDIT_CODES[i].acceptable ? " *" : "",
                AUDIT_CODES[i].meaning);
    fprintf(f, ".SH EXIT STATUS\n" CODES ".\n.SH ENVIRONMENT\n");
    for (size_t i = 0; i < N_ENVIRONMENT; i++)
        fprintf(f, ".TP\n.B %s\n%s.\n", ENVIRONMENT[i].name, ENVIRONMENT[i].help);
}
