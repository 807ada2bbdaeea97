/* check: everything that a run needs looked at, nothing computed; ends with a preflight list. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/version.h"
#include "cmd/answer.h"
#include "cmd/command.h"
#include "cmd/preflight.h"
#include "cohort/audit.h"
#include "report/gnuplot.h"

/* ---- the cohorts, beside what is published of them ---- */

/* "published N", and by how much the cohort differs; nothing if the publication does not say. */
static void print_published(size_t ours, size_t theirs)
{
    if (!theirs)
        return;
    printf("   published: %zu", theirs);
    if (ours != theirs)
        printf(", differs by %+lld", (long long)ours - (long long)theirs);
}

/* Images, patients and classes of a task beside the published counts. */
static void print_cohort(const struct cohort *c)
{
    const struct task *task = c->source->task;
    size_t n = task->n_classes ? task->n_classes : 1;
    struct audit_count *count = NEW(n, struct audit_count);
    audit_counts(count, c);
    printf("%s (%s%s%s)\n", task->name, task_kind_name((enum task_kind)task->kind), task->title ? "; " : "", task->title ? task->title : "");
    if (task->n_layouts)
        printf("  layout: %s\n", task->cohort.name);
    printf("  %-32s %6zu", "images", c->n);
    print_published(c->n, task->counts ? task->counts->images : 0);
    printf("\n  %-32s %6zu", c->has_patients ? "patients" : "patients (none named)", c->n_units);
    print_published(c->n_units, task->counts ? task->counts->patients : 0);
    putchar('\n');
    for (size_t k = 0; k < n; k++) {
        printf("  %-32s %6zu images %6zu patients", task->n_classes ? task->classes[k].name : "all", count[k].images[2], count[k].units[2]);
        if (c->has_partitions)
            printf("   given: %zu development, %zu test", count[k].images[0], count[k].images[1]);
        print_published(count[k].images[2], task->counts && k < task->counts->n_classes ? task->class_images[k] : 0);
        putchar('\n');
    }
    if (task->counts)
        printf("  counts as published by: %s\n", task->counts->source);
    free(count);
}

/* Every code that was found, gravest first, over all tasks. */
static void print_findings(const struct pipeline *p)
{
    bool any = false;
    for (int s = FINDING_ERROR; s >= 0; s--)
        for (size_t i = 0; i < N_AUDIT_CODES; i++) {
            size_t n = 0;
            for (size_t t = 0; t < p->study.n_tasks; t++)
                n += findings_count_code(&p->cohort[t].findings, (enum severity)s, AUDIT_CODES[i].name);
            if (!n)
                continue;
            if (!any)
                printf("%-20s %-9s %6s\n", "audit", "severity", "rows");
            any = true;
            printf("%-20s %-9s %6zu\n", AUDIT_CODES[i].name, severity_name((enum severity)s), n);
        }
    printf("%sall rows: %s/audit.csv\n", any ? "" : "the audit found nothing; ", p->study.output);
}

/* ---- the preflight list ---- */

/* Codes of the audit that belong together, and what to do about them. */
static const struct {
    const char *what, *fine, *next;
    bool needs_images;
    const char *code[8];
} GROUPS[] = {
    {"images", "there and readable", "put the files in place, correct the table or `data_root`; on_missing_image: skip and on_bad_image: skip leave them out",
     true, {"missing", "unreadable", "ignored", "absent"}},
    {"labels", "of known classes", "add the values to the task's `classes`, or leave such rows out with on_bad_label: skip",
     false, {"label", "class", "empty", "two_labels", "other_class"}},
    {"partitions", "can be made", "see audit.csv; another protocol, fewer folds or a larger test_fraction may do",
     true, {"partition", "few", "split", "fold_class", "leak_patient", "leak_duplicate", "leak_near_duplicate", "repeated"}},
    {"patients", "named", "name the patient's column or a patient_pattern in the task; without, images of one patient may part",
     false, {"patients", "duplicate_patient", "overlap_image", "overlap_patient"}},
    {"pictures", "without contradiction or near copy", "look at these rows; accept: [CODE] lets them pass, and reports say so",
     true, {"contradiction", "near_duplicate", "inverted", "duplicate"}},
    {"hints", "of drift or shortcut: none", "the figures need this said beside them; accept: [CODE] takes note",
     true, {"drift", "shortcut", "published_count"}},
};

/* "2 missing, 1 unreadable" of a severity, new string; NULL: none. */
static char *list_codes(const struct cohort *c, enum severity severity, const char *const code[8])
{
    char *list = NULL;
    for (size_t i = 0; i < 8 && code[i]; i++) {
        size_t n = findings_count_code(&c->findings, severity, code[i]);
        char *longer = n ? mem_printf("%s%s%zu %s", list ? list : "", list ? ", " : "", n, code[i]) : NULL;
        if (longer) {
            free(list);
            list = longer;
        }
    }
    return list;
}

/* One line for all that is fine, one each for what is not. */
static void look_at_cohort(struct preflight *f, const struct cohort *c, bool metadata_only)
{
    const char *task = c->source->task->name;
    char *fine = mem_strdup("");
    preflight_add(f, PREFLIGHT_OK, "task", NULL, "%s: %zu rows, %zu images of %zu patients%s, %zu left out", task, c->n_rows, c->n, c->n_units,
                  c->has_patients ? "" : " (none named: by image)", findings_count(&c->findings, FINDING_EXCLUDED));
    for (size_t g = 0; g < sizeof GROUPS / sizeof *GROUPS; g++) {
        char *errors = list_codes(c, FINDING_ERROR, GROUPS[g].code), *warnings = list_codes(c, FINDING_WARNING, GROUPS[g].code);
        if (errors) {
            struct status st;
            status_set(&st, STATUS_DATA, "%s: %s%s%s (audit.csv)", task, errors, warnings ? "; warnings: " : "", warnings ? warnings : "");
            preflight_fail(f, GROUPS[g].what, GROUPS[g].next, &st);
        } else if (warnings) {
            preflight_add(f, PREFLIGHT_WARN, GROUPS[g].what, GROUPS[g].next, "%s: %s (audit.csv)", task, warnings);
        } else if (metadata_only && GROUPS[g].needs_images) {
            preflight_add(f, PREFLIGHT_SKIP, GROUPS[g].what, NULL, "%s: not looked at (--metadata-only)", task);
        } else {
            char *longer = mem_printf("%s%s%s %s", fine, *fine ? "; " : "", GROUPS[g].what, GROUPS[g].fine);
            free(fine);
            fine = longer;
        }
        free(errors);
        free(warnings);
    }
    if (*fine)
        preflight_add(f, PREFLIGHT_OK, task, NULL, "%s", fine);
    free(fine);
}

/* Every checkpoint for itself, so that one that is not there does not hide another's fault.  *per_thread: bytes of the workspaces of
 * one thread. */
static void look_at_models(struct preflight *f, struct pipeline *p, size_t *per_thread)
{
    p->featurizer = NEW0(p->study.n_models, struct featurizer);
    *per_thread = 0;
    for (size_t m = 0; m < p->study.n_models; m++) {
        struct featurizer *feature = &p->featurizer[m];
        struct status st;
        if (featurizer_open(feature, &p->study.models[m], &st)) {
            preflight_fail(f, "model", "get the checkpoint's folder whole (`skelex-eval inspect FOLDER` says what is missing), or correct its `path` or `readout`", &st);
            continue;
        }
        if (feature->encoder)
            study_default_readout(&p->study.models[m], encoder_readout_name(feature->encoder, 0));
        const char *assumed = feature->encoder ? encoder_info(feature->encoder)->assumed : NULL;
        char *words = feature->encoder ? encoder_describe(feature->encoder) : mem_strdup(feature->words);
        preflight_add(f, assumed ? PREFLIGHT_WARN : PREFLIGHT_OK, "model", assumed ? "say it in the study: `architecture` and `heads`" : NULL, "%s: %s%s%s",
                      p->study.models[m].name, words, assumed ? "; no file says so, assumed: " : "", assumed ? assumed : "");
        free(words);
        struct mallinfo2 before = mallinfo2();
        struct featurizer_workspace *w = featurizer_workspace_new(feature, 1);
        struct mallinfo2 after = mallinfo2();
        *per_thread += after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
        featurizer_workspace_free(w);
    }
}

#define PICTURE_MB 64 /* a thread has a file and the picture decoded from it in hand: 6 MB of a knee, 50 of the largest scans */

static void look_at_machine(struct preflight *f, const struct pipeline *p, size_t per_thread)
{
    size_t needed = mem_resident() + (per_thread + ((size_t)PICTURE_MB << 20)) * (size_t)p->options.n_threads, free_bytes = mem_available() + mem_resident();
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    bool enough = !mem_available() || needed < free_bytes;
    preflight_add(f, enough ? PREFLIGHT_OK : PREFLIGHT_WARN, "memory", enough ? NULL : "fewer --threads, or precision: bf16 of the largest model",
                  "about %.2f GB needed with %d threads, %.2f GB available", (double)needed / 1e9, p->options.n_threads, (double)free_bytes / 1e9);
    bool many = processors > 0 && p->options.n_threads > processors;
    preflight_add(f, many ? PREFLIGHT_WARN : PREFLIGHT_OK, "threads", many ? "as many --threads as processors are quickest" : NULL, "%d, of %ld processors; %s",
                  p->options.n_threads, processors, version_cpu());
}

/* A folder in which a file can be made: made if it is not there, and one is made and removed. */
static bool look_at_folder(struct preflight *f, const char *what, const char *option, const char *path)
{
    struct status st;
    char *file = mem_printf("%s/.writable.XXXXXX", path), *next = mem_printf("give %s a folder of yours, or the rights to write there", option);
    int code = file_make_directories(path, &st), descriptor = code ? -1 : mkstemp(file);
    if (!code && descriptor < 0)
        code = status_errno(&st, STATUS_IO, "cannot write into '%s'", path);
    if (descriptor >= 0) {
        close(descriptor);
        unlink(file);
        preflight_add(f, PREFLIGHT_OK, what, NULL, "%s can be written", path);
    } else {
        preflight_fail(f, what, next, &st);
    }
    free(file);
    free(next);
    return !code;
}

/* Room for every embedding that the study asks for, as if none were stored yet. */
static void look_at_disk(struct preflight *f, const struct pipeline *p)
{
    struct statvfs disk;
    double floats = 0;
    for (size_t m = 0; p->featurizer && m < p->study.n_models; m++)
        floats += (double)p->featurizer[m].width + (double)p->featurizer[m].token_floats;
    double needed = floats * 4 * (double)p->survey.n;
    if (!p->survey.n || statvfs(p->study.store, &disk))
        return;
    double room = (double)disk.f_bavail * (double)disk.f_frsize;
    bool enough = needed < room;
    preflight_add(f, enough ? PREFLIGHT_OK : PREFLIGHT_WARN, "disk", enough ? NULL : "another disk with --store, or without readout `tokens`",
                  "at most %.2f GB of embeddings, %.1f GB free at %s", needed / 1e9, room / 1e9, p->study.store);
}

static void look_at_gnuplot(struct preflight *f)
{
    const char *why;
    char *scripts = gnuplot_find(&why);
    if (scripts)
        preflight_add(f, PREFLIGHT_OK, "figures", NULL, "gnuplot and its scripts are there");
    else
        preflight_add(f, PREFLIGHT_WARN, "figures", "or leave it: tables and page come without them", "%s", why);
    free(scripts);
}

/* The study could not be prepared: each task by itself, so that all that is wrong with the tables is said at once.  why: NULL where
 * that is said already. */
static void look_at_tasks(struct preflight *f, const struct study *study, const struct status *why)
{
    size_t failed = f->count[PREFLIGHT_FAIL];
    for (size_t t = 0; t < study->n_tasks; t++) {
        struct cohort c = {0};
        struct status st;
        if (cohort_load(&c, study, &study->tasks[t], &st))
            preflight_fail(f, "task", "correct the file named, or `data_root`, the task's `cohort` and its columns", &st);
        else
            preflight_add(f, PREFLIGHT_OK, "task", NULL, "%s: %zu rows in its tables", study->tasks[t].task->name, c.n_rows);
        cohort_free(&c);
    }
    if (why && f->count[PREFLIGHT_FAIL] == failed) /* it was none of these */
        preflight_fail(f, "cohorts", NULL, why);
}

/* p is prepared afterwards, or holds options and study alone (its cohort is NULL), which is no failure of this function. */
static int look_at_study(struct preflight *f, struct pipeline *p, const struct invocation *in, struct status *st)
{
    struct pipeline_options options;
    struct study study;
    int code = command_pipeline_options(&options, in, st);
    p->options = options;
    if (!code)
        code = study_load(&study, in->argument[0], st);
    if (code)
        return code;
    preflight_add(f, PREFLIGHT_OK, "study", NULL, "%s: %zu tasks, %zu models, protocol %s%s", in->argument[0], study.n_tasks, study.n_models,
                  study_protocol_name(study.protocol[0]), study.n_protocols > 1 ? " and others" : "");
    bool writable = look_at_folder(f, "reports", "--output", options.output ? options.output : study.output);
    writable &= look_at_folder(f, "store", "--store", options.store ? options.store : study.store);
    if (writable) {
        code = pipeline_prepare_study(p, &study, &options, st);
        if (code == STATUS_INTERRUPTED || !code)
            return code;
        struct status why = *st;
        code = study_load(&study, in->argument[0], st);
        if (code)
            return code;
        look_at_tasks(f, &study, &why);
    } else {
        look_at_tasks(f, &study, NULL);
    }
    p->options = options; /* a preparation that failed has cleared them */
    p->study = study;
    return STATUS_OK;
}

/* The details that people compare with what they know of their data. */
static void print_details(const struct pipeline *p, const struct external_cohorts *e)
{
    for (size_t t = 0; t < p->study.n_tasks; t++)
        print_cohort(&p->cohort[t]);
    for (size_t i = 0; i < e->n; i++) {
        printf("\nexternal cohort %s\n", e->item[i].study.name);
        for (size_t t = 0; t < e->item[i].study.n_tasks; t++)
            print_cohort(&e->item[i].cohort[t]);
    }
    for (size_t m = 0; p->featurizer && m < p->study.n_models; m++)
        if (p->featurizer[m].words)
            printf("model %s: %s\n", p->study.models[m].name, p->featurizer[m].words);
    putchar('\n');
}

static int look_at_externals(struct preflight *f, struct external_cohorts *e, struct pipeline *p, const struct invocation *in)
{
    struct status st;
    int code = command_externals_prepare(e, p, in, &st);
    if (code)
        preflight_fail(f, "external", "see the audit.csv in its folder of reports; accept: [CODE] under the cohort lets findings pass", &st);
    for (size_t i = 0; i < e->n && !code; i++)
        for (size_t t = 0; t < e->item[i].study.n_tasks; t++)
            look_at_cohort(f, &e->item[i].cohort[t], p->options.metadata_only);
    return code == STATUS_INTERRUPTED ? code : STATUS_OK;
}

int cmd_check(const struct invocation *in, struct status *st)
{
    struct preflight f = {0};
    struct pipeline p = {0};
    struct external_cohorts e = {0};
    struct status of_audit = {0};
    size_t per_thread = 0;
    int code = look_at_study(&f, &p, in, st);
    if (code == STATUS_USAGE || code == STATUS_INTERRUPTED) {
        preflight_free(&f);
        pipeline_free(&p);
        return code;
    }
    if (code)
        preflight_fail(&f, "study", "correct the line named; harness/study/study.h and task.h describe every key", st);
    code = STATUS_OK;
    if (p.cohort) {
        if (!in->answer)
            print_findings(&p);
        if (command_judge_audit(&p, in->quiet, &of_audit))
            preflight_fail(&f, "audit", NULL, &of_audit);
        for (size_t t = 0; t < p.study.n_tasks; t++)
            look_at_cohort(&f, &p.cohort[t], p.options.metadata_only);
        if (in->answer)
            answer_study(in->answer, &p);
    }
    if (p.options.metadata_only)
        preflight_add(&f, PREFLIGHT_SKIP, "models", NULL, "not looked at (--metadata-only)");
    else
        look_at_models(&f, &p, &per_thread);
    if (p.cohort && !f.count[PREFLIGHT_FAIL])
        code = look_at_externals(&f, &e, &p, in);
    look_at_machine(&f, &p, per_thread);
    look_at_disk(&f, &p);
    look_at_gnuplot(&f);
    char *ready = mem_printf("skelex-eval run %s", in->argument[0]);
    if (in->answer) {
        preflight_answer(in->answer, &f);
    } else {
        if (p.cohort)
            print_details(&p, &e);
        preflight_print(stdout, &f, ready);
    }
    if (!code && f.count[PREFLIGHT_FAIL])
        code = status_set(st, f.first.code, "%s", f.first.text);
    free(ready);
    command_externals_free(&e);
    pipeline_free(&p);
    preflight_free(&f);
    return code;
}
