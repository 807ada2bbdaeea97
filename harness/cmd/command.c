#include "cmd/command.h"

#include <omp.h>
#include <gsl/gsl_errno.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/version.h"

#define BIT(option) (1u << (option))
#define COMMON (BIT(OPTION_THREADS) | BIT(OPTION_QUIET) | BIT(OPTION_HELP))
#define STUDY (COMMON | BIT(OPTION_OUTPUT) | BIT(OPTION_STORE))

static const struct {
    const char *name, *letter, *argument, *help;
} OPTIONS[N_OPTIONS] = {
    [OPTION_THREADS] = {"--threads", "-t", "N", "threads to use (default: as many as there are processors); no number depends on it"},
    [OPTION_BATCH] = {"--batch", NULL, "N", "images each thread puts through an encoder at once (default: 1); no number depends on it"},
    [OPTION_QUIET] = {"--quiet", "-q", NULL, "print results and errors only, no progress"},
    [OPTION_OUTPUT] = {"--output", "-o", "DIR", "where reports go, in place of the study's `output` (heatmap: of `heatmaps`; compare: of the folder itself)"},
    [OPTION_STORE] = {"--store", NULL, "DIR", "where embeddings are kept, in place of the study's `store`"},
    [OPTION_SHARD] = {"--shard", NULL, "I/N", "only share I of N of the images (1/4 ... 4/4), for several processes"},
    [OPTION_TO] = {"--to", NULL, "DIR", "where exported files go (default: export)"},
    [OPTION_METADATA_ONLY] = {"--metadata-only", NULL, NULL, "read the tables alone: no image is needed, no file of a model opened"},
    [OPTION_SEED] = {"--seed", NULL, "S", "seed of what is drawn, masks included (default: 2025)"},
    [OPTION_PATIENTS] = {"--patients", NULL, "N", "number of synthetic patients (default: 240)"},
    [OPTION_BENCHMARK] = {"--benchmark", NULL, NULL, "draw small versions of the seven public data sets in place of the cohort"},
    [OPTION_SCALE] = {"--scale", NULL, "X", "with --benchmark: so many times its usual number of pictures, 0.05 to 20 (default: 1)"},
    [OPTION_IMAGE] = {"--image", NULL, "FILE", "put this picture through the checkpoint and print what comes out"},
    [OPTION_LAYERS] = {"--layers", NULL, NULL, "with --image: also mean, norm and largest value of every layer"},
    [OPTION_REFERENCE] = {"--reference", NULL, "NPY", "with --image: compare with this array, made elsewhere, and say where it first departs"},
    [OPTION_READOUT] = {"--readout", NULL, "NAME", "which readout --reference holds, where its width does not tell (compare: this one in place of the declared)"},
    [OPTION_PRECISION] = {"--precision", NULL, "NAME", "fp32 (default) or bf16: of the checkpoint's products"},
    [OPTION_PASSES] = {"--passes", NULL, "N", "masks per picture (default: 10), or auto: as many as the map's standard error asks for"},
    [OPTION_MASK_RATIO] = {"--mask-ratio", NULL, "R", "share of the patches hidden in each pass (default: the checkpoint's own, 0.75)"},
    [OPTION_SCHEDULE] = {"--schedule", NULL, "NAME", "official (default): random masks; even: every patch is hidden equally often"},
    [OPTION_ABSOLUTE] = {"--absolute", NULL, NULL, "absolute differences in place of squared ones"},
    [OPTION_BOXES] = {"--boxes", NULL, "PATH", "COCO .json, .csv, or folder of LabelMe, VOC or YOLO files: draw the boxes, and score how well the maps find them"},
    [OPTION_MASKS] = {"--masks", NULL, "PATH", "the same by what is outlined: folder of .png of the radiographs' sizes, COCO .json with polygons, or folder of LabelMe files"},
    [OPTION_PATIENT_PATTERN] = {"--patient-pattern", NULL, "REGEX", "the patient is its first group in a picture's file name: scores' intervals are by patient"},
    [OPTION_AGAINST] = {"--against", NULL, "MODEL", "compare each model with this one only; `all pairs`: with each other"},
    [OPTION_METRIC] = {"--metric", NULL, "NAME", "compare by this metric, in place of the declared; `headline`: what each task is known by"},
    [OPTION_PROBE] = {"--probe", NULL, "NAME", "compare the models of this probe, in place of the declared"},
    [OPTION_HELP] = {"--help", "-h", NULL, "this text"},
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
     1, 1, BIT(OPTION_QUIET) | BIT(OPTION_HELP) | BIT(OPTION_IMAGE) | BIT(OPTION_LAYERS) | BIT(OPTION_REFERENCE) | BIT(OPTION_READOUT) |
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

/* ---- help ---- */

#define SKELEX_CPU_HELP "at most these instructions: portable, avx2, avx512 or avx512bf16"

static void print_usage(FILE *f)
{
    fprintf(f, "%s %s - evaluate frozen encoders of musculoskeletal radiographs\n\nusage: %s COMMAND [options] ARGUMENT\n\ncommands\n", PROGRAM_NAME,
            PROGRAM_VERSION, PROGRAM_NAME);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(f, "  %-9s %-21s %s\n", COMMANDS[i].name, COMMANDS[i].arguments, COMMANDS[i].summary);
    fprintf(f, "\n%s COMMAND --help   options of a command\n%s --version        version, BLAS, processor\n%s --man            this manual in roff\n\n"
               "exit codes: 0 done, 2 usage, 3 the data, 4 the file system, 70 internal; after Ctrl-C as the signal\n"
               "environment: SKELEX_CPU  " SKELEX_CPU_HELP "\n",
            PROGRAM_NAME, PROGRAM_NAME, PROGRAM_NAME);
}

static void print_command(FILE *f, const struct command *c)
{
    fprintf(f, "usage: %s %s [options] %s\n\n%s\n\noptions\n", PROGRAM_NAME, c->name, c->arguments, c->description);
    for (size_t o = 0; o < N_OPTIONS; o++) {
        if (!(c->options & BIT(o)))
            continue;
        char left[32];
        (void)snprintf(left, sizeof left, "%s%s%s%s%s", OPTIONS[o].letter ? OPTIONS[o].letter : "", OPTIONS[o].letter ? ", " : "", OPTIONS[o].name,
                       OPTIONS[o].argument ? " " : "", OPTIONS[o].argument ? OPTIONS[o].argument : "");
        fprintf(f, "  %-18s %s\n", left, OPTIONS[o].help);
    }
}

static void print_codes(FILE *f)
{
    fprintf(f, "\ncodes of the audit (audit.csv, column check; the gravest severity; * may stand in `accept:`)\n");
    for (size_t i = 0; i < N_AUDIT_CODES; i++)
        fprintf(f, "%c %-20s %-8s %s\n", AUDIT_CODES[i].acceptable ? '*' : ' ', AUDIT_CODES[i].name, AUDIT_CODES[i].severity, AUDIT_CODES[i].meaning);
}

static void print_man(FILE *f)
{
    fprintf(f, ".TH SKELEX-EVAL 1 \"\" \"%s %s\"\n.SH NAME\n%s \\- evaluate frozen encoders of musculoskeletal radiographs\n", PROGRAM_NAME,
            PROGRAM_VERSION, PROGRAM_NAME);
    fprintf(f, ".SH SYNOPSIS\n.B %s\nCOMMAND [options] ARGUMENT\n.SH COMMANDS\n", PROGRAM_NAME);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const struct command *c = &COMMANDS[i];
        fprintf(f, ".SS %s %s\n%s.\n.PP\n%s\n", c->name, c->arguments, c->summary, c->description);
        for (size_t o = 0; o < N_OPTIONS; o++)
            if (c->options & BIT(o))
                fprintf(f, ".TP\n.B \\%s%s%s\n%s\n", OPTIONS[o].name, OPTIONS[o].argument ? " " : "",
                        OPTIONS[o].argument ? OPTIONS[o].argument : "", OPTIONS[o].help);
    }
    fprintf(f, ".SH AUDIT CODES\nThose marked * may stand in the study's accept list.\n");
    for (size_t i = 0; i < N_AUDIT_CODES; i++)
        fprintf(f, ".TP\n.BR %s \" (%s)%s\"\n%s.\n", AUDIT_CODES[i].name, AUDIT_CODES[i].severity, AUDIT_CODES[i].acceptable ? " *" : "",
                AUDIT_CODES[i].meaning);
    fprintf(f, ".SH EXIT STATUS\n0 done; 2 usage; 3 the data; 4 the file system; 70 internal; after Ctrl\\-C as the signal.\n");
    fprintf(f, ".SH ENVIRONMENT\n.TP\n.B SKELEX_CPU\n" SKELEX_CPU_HELP ".\n");
}

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
        if (o == N_OPTIONS || !(c->options & BIT(o)))
            return status_set(st, STATUS_USAGE, "%s has no option '%s'; see `%s %s --help`", c->name, argv[i], PROGRAM_NAME, c->name);
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

/* Help and version, whose only failure is a full disk behind standard output. */
static bool print_texts(char **argv)
{
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
        print_usage(stdout);
    else if (!strcmp(argv[1], "--version"))
        printf("%s %s\nBLAS: %s\nprocessor: %s, %s\n", PROGRAM_NAME, PROGRAM_VERSION, blas_description(), version_cpu(), cpu_level_name(cpu_level()));
    else if (!strcmp(argv[1], "--man"))
        print_man(stdout);
    else
        return false;
    return true;
}

static int flush_output(struct status *st)
{
    return fflush(stdout) != 0 || ferror(stdout) ? status_errno(st, STATUS_IO, "cannot write to standard output") : STATUS_OK;
}

int command_main(int argc, char **argv)
{
    struct status st = {0};
    gsl_set_error_handler_off();
    blas_use_one_thread();
    if (argc < 2) {
        print_usage(stderr);
        return STATUS_USAGE;
    }
    if (print_texts(argv)) {
        int code = flush_output(&st);
        if (code)
            fprintf(stderr, "%s: %s\n", PROGRAM_NAME, st.text);
        return code;
    }
    struct invocation in = {.command = find_command(argv[1])};
    if (!in.command) {
        fprintf(stderr, "%s: there is no command '%s'; see `%s --help`\n", PROGRAM_NAME, argv[1], PROGRAM_NAME);
        return STATUS_USAGE;
    }
    in.command_line = join(argc, argv);
    int code = cpu_check(&st);
    if (!code)
        code = parse(&in, argc, argv, &st);
    if (!code && in.value[OPTION_HELP]) {
        print_command(stdout, in.command);
        if (in.command->run == cmd_check)
            print_codes(stdout);
    } else if (!code) {
        omp_set_num_threads(in.n_threads); /* of every parallel region that asks for no number of its own */
        interrupt_install();
        code = in.command->run(&in, &st);
    }
    if (!code)
        code = flush_output(&st);
    free(in.argument);
    free(in.command_line);
    if (!code)
        return 0;
    fprintf(stderr, "%s %s: %s\n", PROGRAM_NAME, in.command->name, st.text);
    if (code == STATUS_INTERRUPTED)
        interrupt_finish();
    return code == STATUS_UNDEFINED ? STATUS_DATA : code;
}
