#include "cmd/command.h"

#include <gsl/gsl_errno.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/terminal.h"
#include "base/version.h"
#include "cmd/answer.h"
#include "cmd/command_words.h"
#include "cmd/completion.h"
#include "cmd/suggest.h"

_Static_assert(N_OPTIONS <= 32, "a bit of command.options each");
#define BIT(option) (1u << (option))
#define COMMON (BIT(OPTION_THREADS) | BIT(OPTION_QUIET) | BIT(OPTION_JSON) | BIT(OPTION_HELP))
#define STUDY (COMMON | BIT(OPTION_OUTPUT) | BIT(OPTION_STORE))

const struct option_words OPTIONS[N_OPTIONS] = {
    [OPTION_THREADS] = {"--threads", "-t", "N", NULL, "threads to use (default: as many as there are processors); no number depends on it"},
    [OPTION_BATCH] = {"--batch", NULL, "N", NULL,
        "images each thread puts through an encoder at once (default: 1); no number depends on it"},
    [OPTION_QUIET] = {"--quiet", "-q", NULL, NULL, "print results and errors only, no progress"},
    [OPTION_OUTPUT] = {"--output", "-o", "DIR", "DIR",
        "where reports go, in place of the study's `output` (heatmap: of `heatmaps`; compare: of the folder itself)"},
    [OPTION_STORE] = {"--store", NULL, "DIR", "DIR", "where embeddings are kept, in place of the study's `store`"},
    [OPTION_SHARD] = {"--shard", NULL, "I/N", NULL, "only share I of N of the images (1/4 ... 4/4), for several processes"},
    [OPTION_TO] = {"--to", NULL, "DIR", "DIR", "where exported files go (default: export)"},
    [OPTION_METADATA_ONLY] = {"--metadata-only", NULL, NULL, NULL, "read the tables alone: no image is needed, no file of a model opened"},
    [OPTION_SEED] = {"--seed", NULL, "S", NULL, "seed of what is drawn, masks included (default: 2025)"},
    [OPTION_PATIENTS] = {"--patients", NULL, "N", NULL, "number of synthetic patients (default: 240)"},
    [OPTION_BENCHMARK] = {"--benchmark", NULL, NULL, NULL, "draw small versions of the seven public data sets in place of the cohort"},
    [OPTION_SCALE] = {"--scale", NULL, "X", NULL, "with --benchmark: so many times its usual number of pictures, 0.05 to 20 (default: 1)"},
    [OPTION_IMAGE] = {"--image", NULL, "FILE", "FILE", "put this picture through the checkpoint and print what comes out"},
    [OPTION_LAYERS] = {"--layers", NULL, NULL, NULL, "with --image: also mean, norm and largest value of every layer"},
    [OPTION_REFERENCE] = {"--reference", NULL, "NPY", "FILE",
        "with --image: compare with this array, made elsewhere, and say where it first departs"},
    [OPTION_READOUT] = {"--readout", NULL, "NAME", NULL,
        "which readout --reference holds, where its width does not tell (compare: this one in place of the declared)"},
    [OPTION_PRECISION] = {"--precision", NULL, "NAME", "fp32 bf16", "fp32 (default) or bf16: of the checkpoint's products"},
    [OPTION_PASSES] = {"--passes", NULL, "N", "auto",
        "masks per picture (default: 10), or auto: as many as the map's standard error asks for"},
    [OPTION_MASK_RATIO] = {"--mask-ratio", NULL, "R", NULL,
        "share of the patches hidden in each pass (default: the checkpoint's own, 0.75)"},
    [OPTION_SCHEDULE] = {"--schedule", NULL, "NAME", "official even",
        "official (default): random masks; even: every patch is hidden equally often"},
    [OPTION_ABSOLUTE] = {"--absolute", NULL, NULL, NULL, "absolute differences in place of squared ones"},
    [OPTION_BOXES] = {"--boxes", NULL, "PATH", "FILE",
        "COCO .json, .csv, or folder of LabelMe, VOC or YOLO files: draw the boxes, and score how well the maps find them"},
    [OPTION_MASKS] = {"--masks", NULL, "PATH", "FILE",
        "the same by what is outlined: folder of .png of the radiographs' sizes, COCO .json with polygons, or folder of LabelMe files"},
    [OPTION_PATIENT_PATTERN] = {"--patient-pattern", NULL, "REGEX", NULL,
        "the patient is its first group in a picture's file name: scores' intervals are by patient"},
    [OPTION_AGAINST] = {"--against", NULL, "MODEL", NULL, "compare each model with this one only; `all pairs`: with each other"},
    [OPTION_METRIC] = {"--metric", NULL, "NAME", "headline",
        "compare by this metric, in place of the declared; `headline`: what each task is known by"},
    [OPTION_PROBE] = {"--probe", NULL, "NAME", "linear knn knn_uniform linear_balanced ordinal attentive",
        "compare the models of this probe, in place of the declared"},
    [OPTION_JSON] = {"--json", NULL, NULL, NULL, "print one JSON document and nothing else, errors too (error: code, message, and file and line if named)"},
    [OPTION_HELP] = {"--help", "-h", NULL, NULL, "this text"},
};

const struct command COMMANDS[] = {
    {"run", "STUDY.yaml", "the whole way, from image files to reports; goes on where an earlier run stopped",
     "Reads the study and its tasks, audits the cohorts, extracts the embeddings that the store lacks, trains and chooses the probes on the\n"
     "development part, scores the test part once, and writes metrics.csv, path.csv, predictions/, splits/, audit.csv, cohort.csv and\n"
     "provenance.json.  The main figures are printed at the end.  Cohorts under `external:` are then scored with the probes kept (see external).",
     1, 1, STUDY | BIT(OPTION_BATCH), cmd_run},
    {"check", "STUDY.yaml", "read everything, audit, compute nothing; the first thing to run",
     "Reads study, tasks, tables and every image; audits the cohorts; opens the checkpoints; prints what it found, beside the counts that\n"
     "the datasets' publications give, and writes audit.csv and cohort.csv.  Errors stop it, and run, unless the study lists their codes\n"
     "under `accept:`.  What pictures look like is kept beside the store, so that a second time is quick.",
     1, 1, STUDY | BIT(OPTION_METADATA_ONLY), cmd_check},
    {"extract", "STUDY.yaml", "embeddings only, into the store",
     "Ctrl-C finishes the images in hand and stores them; the same command goes on from there.", 1, 1,
     STUDY | BIT(OPTION_SHARD) | BIT(OPTION_BATCH), cmd_extract},
    {"evaluate", "STUDY.yaml", "from stored embeddings to reports", "As run, but nothing is extracted: embeddings that are missing are an error.", 1, 1,
     STUDY, cmd_evaluate},
    {"external", "PROBES... COHORT.yaml", "external validation: what a study has kept, on a cohort it has never seen",
     "PROBES are the .json of saved probes, or folders of them (RESULTS/probes), with the reports they were kept with beside them (RESULTS/splits,\n"
     "predictions, pictures.csv).  COHORT.yaml is a study that names the other cohort: its tasks, data and models.  A probe is carried to the\n"
     "task of its name, or whose `of:` names it, and to the model of its name, or the only one that computes the same features.  Refused by name: other\n"
     "classes or kind, another width or readout, other weights, preprocessing or precision; reports whose digests are not the probe's; pictures\n"
     "or patients of the development (unless COHORT.yaml accepts them).  Scaler, weights, threshold and recalibration stay what they were; every image\n"
     "is scored, whatever partition it has.  Writes external.csv (internal test and external side by side, with the difference), casemix.csv, shift.csv,\n"
     "predictions_external/TASK.csv and provenance_external.json.  `external:` in a study does the same at the end of run and evaluate.",
     2, SIZE_MAX, STUDY | BIT(OPTION_BATCH), cmd_external},
    {"report", "RESULTS", "redraw tables, figures and the page from a folder of results",
     "RESULTS is a folder that run or evaluate has written.  From its CSVs alone: main_table.csv, .md, .tex (booktabs), figures/ (SVG and\n"
     "PNG, by gnuplot, and the CSVs they are drawn from), report.html (one file, no network).  Thumbnails are made from the image files where\n"
     "they still are.  run and evaluate end with it.",
     1, 1, COMMON, cmd_report},
    {"schema", "[FILE.csv...]", "what the columns of the reports mean",
     "Lists every CSV that the program writes, what a row of it is, and each column with its meaning.  Of FILEs: their columns, and an error\n"
     "where they are not those documented; with --quiet only which kind of report each is.",
     0, SIZE_MAX, BIT(OPTION_QUIET) | BIT(OPTION_JSON) | BIT(OPTION_HELP), cmd_schema},
    {"compare", "RESULTS...", "which model is significantly better, of one or several results folders",
     "Reads splits/, predictions/, provenance.json and readouts.csv, and writes compare.csv (each pair's difference on each task with its paired\n"
     "interval, a test, and p after Holm's and Benjamini and Hochberg's corrections) and ranks.csv (mean ranks over the tasks, Friedman's and\n"
     "Nemenyi's tests, signed ranks).  run and evaluate do the same at their end.  What is compared is what the study declared under `compare:`\n"
     "(of several folders the first one's), so that the family of hypotheses is known before the first is tested; the options declare\n"
     "another, which column family names.  Several folders: --output is needed; their tasks of one name must have the same test rows, labels and\n"
     "patients; models of one name get their study's or folder's behind.",
     1, 1000, COMMON | BIT(OPTION_OUTPUT) | BIT(OPTION_AGAINST) | BIT(OPTION_METRIC) | BIT(OPTION_PROBE) | BIT(OPTION_READOUT), cmd_compare},
    {"export", "STUDY.yaml", "embeddings as .npy with a .csv of their rows",
     "Writes TASK.csv (row, sample, patient, site, label, partition) and TASK.MODEL.READOUT.npy (float32 [rows, width]).", 1, 1,
     STUDY | BIT(OPTION_TO), cmd_export},
    {"inspect", "PATH", "what a checkpoint, store, image, table or .npy holds", 
     "PATH is a file or a folder; what it is, is found out.  With --image a checkpoint's readouts for that picture are printed, prepared as\n"
     "the checkpoint says.  --reference is one of: pixels [3, h, w]; hidden states [layers + 1, tokens, width]; last hidden state\n"
     "[tokens, width]; a stage [channels, h, w]; a readout or logits [width]; all but hidden states also with a first axis of several\n"
     "pictures, of which the closest counts.  With --precision bf16 as much difference is allowed as bfloat16 makes.",
     1, 1, BIT(OPTION_QUIET) | BIT(OPTION_JSON) | BIT(OPTION_HELP) | BIT(OPTION_IMAGE) | BIT(OPTION_LAYERS) | BIT(OPTION_REFERENCE) | BIT(OPTION_READOUT) |
         BIT(OPTION_PRECISION), cmd_inspect},
    {"heatmap", "CHECKPOINT IMAGES...", "where a masked autoencoder reconstructs a radiograph badly: unsupervised error maps",
     "CHECKPOINT is a whole vit_mae folder; IMAGES are files, or folders for the pictures in them.  Each pass hides patches and takes the\n"
     "squared error of what the decoder makes of them, in grey levels from 0 to 1; the map is the mean over the passes that hid the pixel.\n"
     "Writes error_maps.csv (mean, maximum, 99th percentile, hit counts, standard error), maps/ (.npy, 16-bit PNG), overlays/ (on the\n"
     "radiograph, with a colour bar) and panels/ (original, what was seen, reconstruction, both).  With the official schedule each map is\n"
     "that of the published script run on that picture alone on a CPU behind torch.manual_seed(S).  Ctrl-C loses nothing.\n"
     "With --boxes or --masks also localisation.csv; pictures that they do not know count as pictures without any.",
     2, SIZE_MAX, COMMON | BIT(OPTION_OUTPUT) | BIT(OPTION_SEED) | BIT(OPTION_PASSES) | BIT(OPTION_MASK_RATIO) | BIT(OPTION_SCHEDULE) |
         BIT(OPTION_ABSOLUTE) | BIT(OPTION_PRECISION) | BIT(OPTION_BOXES) | BIT(OPTION_MASKS) | BIT(OPTION_PATIENT_PATTERN), cmd_heatmap},
    {"regions", "STUDY.yaml", "the region-guided tumour classifier on detected regions and whole images",
     "Cuts every box of the study's `regions:` out of its image at full resolution, encodes it and the whole image, and scores both with the\n"
     "38-output head: the checkpoint's own, or one fitted on the frozen regions of the development part.  Of an image counts the largest\n"
     "over its regions; tumour and malignant follow from thresholds.  Writes regions.csv, region_predictions.csv (columns as the published\n"
     "script's), region_metrics.csv, region_confusion.csv (two- and three-way, per site), region_heads.csv, region_overlays/ and\n"
     "provenance_regions.json.  Regions are kept in the store: Ctrl-C loses nothing.",
     1, 1, STUDY | BIT(OPTION_BATCH), cmd_regions},
    {"synth", "DIR", "a small synthetic radiograph cohort and a tiny random checkpoint",
     "Draws bone-like pictures with three labels of known difficulty (fracture, joint space grade, age) and a tiny vit_mae checkpoint with\n"
     "random weights: enough to try the program without data.  The same seed gives the same bytes.\n"
     "With --benchmark: small synthetic versions of seven public data sets (pesplanus, boneage, MURA-v1.1, FracAtlas, kneeoa,\n"
     "GRAZPEDWRI-DX, BTXRD) in their own layouts, with their traps (TRAPS.csv lists them), and two tiny checkpoints.",
     1, 1, COMMON | BIT(OPTION_SEED) | BIT(OPTION_PATIENTS) | BIT(OPTION_BENCHMARK) | BIT(OPTION_SCALE), cmd_synth},
};
const size_t N_COMMANDS = sizeof COMMANDS / sizeof *COMMANDS;

/* ---- arguments ---- */

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!strcmp(COMMANDS[i].name, name))
            return &COMMANDS[i];
    return NULL;
}

/* The option `text` names ("--threads", "-t", "--threads=4"); *value is set to what stands behind '='. */
static size_t find_option(const char *text, const char **value)
{
    size_t n = strcspn(text, "=");
    *value = text[n] ? text + n + 1 : NULL;
    for (size_t o = 0; o < N_OPTIONS; o++) {
        if (strlen(OPTIONS[o].name) == n && !strncmp(OPTIONS[o].name, text, n))
            return o;
        if (OPTIONS[o].letter && !strcmp(OPTIONS[o].letter, text))
            return o;
    }
    return N_OPTIONS;
}

/* "; did you mean `run`?", or nothing; a new string. */
static char *did_you_mean(const char *word, const char *const *name, size_t n)
{
    const char *near = suggest(word, name, n);
    return near ? mem_printf("; did you mean `%s`?", near) : mem_strdup("");
}

static int refuse_command(const char *word, struct status *st)
{
    const char **name = NEW(N_COMMANDS + N_PROGRAM_OPTIONS, const char *);
    size_t n = 0;
    for (size_t i = 0; i < N_COMMANDS; i++)
        name[n++] = COMMANDS[i].name;
    for (size_t i = 0; i < N_PROGRAM_OPTIONS; i++)
        name[n++] = PROGRAM_OPTIONS[i].name;
    char *hint = did_you_mean(word, name, n);
    int code = status_set(st, STATUS_USAGE, "there is no command '%s'%s%s `%s --help` lists them", word, hint, *hint ? "" : ";", PROGRAM_NAME);
    free(hint);
    free(name);
    return code;
}

/* Of the command; where another has it, that is said. */
static int refuse_option(const struct command *c, const char *text, struct status *st)
{
    const char *value, *name[N_OPTIONS];
    size_t o = find_option(text, &value), n = 0;
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (command_has_option(c, i))
            name[n++] = OPTIONS[i].name;
    for (size_t i = 0; o < N_OPTIONS && i < N_COMMANDS; i++)
        if (command_has_option(&COMMANDS[i], o))
            return status_set(st, STATUS_USAGE, "%s has no option '%s', which is one of %s; `%s %s --help` lists its own", c->name, text, COMMANDS[i].name,
                              PROGRAM_NAME, c->name);
    char *hint = did_you_mean(text, name, n);
    int code = status_set(st, STATUS_USAGE, "%s has no option '%s'%s%s `%s %s --help` lists them", c->name, text, hint, *hint ? "" : ";", PROGRAM_NAME, c->name);
    free(hint);
    return code;
}

static int parse(struct invocation *in, int argc, char **argv, struct status *st)
{
    const struct command *c = in->command;
    bool only_arguments = false;
    in->argument = NEW0((size_t)argc, char *);
    for (int i = 2; i < argc; i++) {
        const char *value;
        if (only_arguments || argv[i][0] != '-' || argv[i][1] == '\0') {
            in->argument[in->n_arguments++] = argv[i];
            continue;
        }
        if (!strcmp(argv[i], "--")) {
            only_arguments = true;
            continue;
        }
        size_t o = find_option(argv[i], &value);
        if (o == N_OPTIONS || !command_has_option(c, o))
            return refuse_option(c, argv[i], st);
        if (in->value[o])
            return status_set(st, STATUS_USAGE, "%s is given twice", OPTIONS[o].name);
        if (!OPTIONS[o].argument && value)
            return status_set(st, STATUS_USAGE, "%s takes no value", OPTIONS[o].name);
        if (OPTIONS[o].argument && !value) {
            if (i + 1 >= argc)
                return status_set(st, STATUS_USAGE, "%s needs a value (%s)", OPTIONS[o].name, OPTIONS[o].argument);
            value = argv[++i];
        }
        in->value[o] = value ? value : "";
    }
    if (in->value[OPTION_HELP])
        return STATUS_OK;
    if (in->n_arguments < c->least || in->n_arguments > c->most)
        return status_set(st, STATUS_USAGE, "%s takes %s, here are %zu arguments; see `%s %s --help`", c->name, c->arguments, in->n_arguments,
                          PROGRAM_NAME, c->name);
    in->quiet = in->value[OPTION_QUIET] != NULL;
    size_t threads = (size_t)omp_get_max_threads();
    if (in->value[OPTION_THREADS] && (!number_parse_size(in->value[OPTION_THREADS], &threads) || threads < 1 || threads > 4096))
        return status_set(st, STATUS_USAGE, "--threads is '%s'; a whole number from 1 to 4096 was expected", in->value[OPTION_THREADS]);
    in->n_threads = (int)threads;
    return STATUS_OK;
}

static char *join(int argc, char **argv)
{
    char *line = mem_strdup(PROGRAM_NAME);
    for (int i = 1; i < argc; i++) {
        char *longer = mem_printf("%s %s", line, argv[i]);
        free(line);
        line = longer;
    }
    return line;
}

static int flush_output(struct status *st)
{
    return fflush(stdout) != 0 || ferror(stdout) ? status_errno(st, STATUS_IO, "cannot write to standard output") : STATUS_OK;
}

/* Texts that stand in a command's place, whose only failure is a full disk behind standard output. */
static int print_texts(bool *printed, int argc, char **argv, struct status *st)
{
    *printed = true;
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        const struct command *c = argc > 2 ? find_command(argv[2]) : NULL;
        if (c)
            command_print_help(stdout, c);
        else
            command_print_usage(stdout);
    } else if (!strcmp(argv[1], "--version")) {
        printf("%s %s\nBLAS: %s\nprocessor: %s, %s\n", PROGRAM_NAME, PROGRAM_VERSION, blas_description(), version_cpu(), cpu_level_name(cpu_level()));
    } else if (!strcmp(argv[1], "--man")) {
        command_print_man(stdout);
    } else if (!strcmp(argv[1], "--completion") || !strncmp(argv[1], "--completion=", 13)) {
        const char *shell = argv[1][12] ? argv[1] + 13 : argc > 2 ? argv[2] : "";
        if (!completion_print(stdout, shell))
            return status_set(st, STATUS_USAGE, "--completion is '%s'; expected one of: bash, zsh", shell);
    } else {
        *printed = false;
        return STATUS_OK;
    }
    return flush_output(st);
}

static bool asks_for_json(int argc, char **argv)
{
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (!strcmp(argv[i], OPTIONS[OPTION_JSON].name))
            return true;
    return false;
}

static int dispatch(struct invocation *in, int argc, char **argv, struct status *st)
{
    in->command = find_command(argv[1]);
    if (!in->command)
        return refuse_command(argv[1], st);
    int code = cpu_check(st);
    if (!code)
        code = parse(in, argc, argv, st);
    if (code)
        return code;
    if (in->value[OPTION_HELP]) {
        json_decref(in->answer);
        in->answer = NULL;
        command_print_help(stdout, in->command);
        return STATUS_OK;
    }
    omp_set_num_threads(in->n_threads); /* of every parallel region that asks for no number of its own */
    interrupt_install();
    return in->command->run(in, st);
}

/* The sentence of a failure, on standard error. */
static void complain(const char *command, const struct status *st)
{
    fprintf(stderr, "%s%s%s: %s%s%s\n", PROGRAM_NAME, command ? " " : "", command ? command : "", terminal_colour(STDERR_FILENO, TERMINAL_RED), st->text,
            terminal_colour(STDERR_FILENO, TERMINAL_PLAIN));
}

/* Where a failure leaves the reader: what to do next, a new string; NULL where the message says it itself. */
static char *next_step(const struct invocation *in, int code)
{
    if (code == STATUS_INTERRUPTED)
        return mem_printf("what is done is kept; to go on, the same again: %s", in->command_line);
    if (!in->command || !in->n_arguments || (code != STATUS_DATA && code != STATUS_IO))
        return NULL;
    int (*const run)(const struct invocation *, struct status *) = in->command->run;
    if (run != cmd_run && run != cmd_check && run != cmd_extract && run != cmd_evaluate && run != cmd_export && run != cmd_external && run != cmd_regions)
        return NULL;
    const char *study = in->argument[in->n_arguments - 1];
    if (!file_exists(study) || file_is_directory(study))
        return mem_printf("name the study, a .yaml file as the README shows one; `%s synth DIR` draws data to try it on", PROGRAM_NAME);
    return run == cmd_check ? NULL : mem_printf("`%s check %s` lists all that is amiss, and what to do about it", PROGRAM_NAME, study);
}

int command_main(int argc, char **argv)
{
    struct status st = {0};
    bool printed;
    gsl_set_error_handler_off();
    blas_use_one_thread();
    if (argc < 2) {
        command_print_usage(stderr);
        return STATUS_USAGE;
    }
    int code = print_texts(&printed, argc, argv, &st);
    if (printed) {
        if (code)
            complain(NULL, &st);
        return code;
    }
    struct invocation in = {.answer = asks_for_json(argc, argv) ? json_object() : NULL, .command_line = join(argc, argv)};
    code = dispatch(&in, argc, argv, &st);
    char *next = next_step(&in, code);
    if (in.answer)
        answer_print(stdout, in.answer, in.command ? in.command->name : argv[1], code, &st, next);
    json_decref(in.answer);
    struct status full;
    if (flush_output(&full) && !code) {
        st = full;
        code = full.code;
    }
    if (code)
        complain(in.command ? in.command->name : NULL, &st);
    if (next)
        fprintf(stderr, "next: %s\n", next);
    free(next);
    free(in.argument);
    free(in.command_line);
    if (code == STATUS_INTERRUPTED)
        interrupt_finish();
    return code == STATUS_UNDEFINED ? STATUS_DATA : code;
}
