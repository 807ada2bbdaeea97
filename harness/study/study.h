/* A study: which models are compared on which tasks, and how, as written in
 * one YAML file and resolved (every default filled in, every path absolute or
 * relative to the working folder, every task loaded).
 *
 *   name: knee
 *   seed: 2025
 *   output: ../results/knee          # default results/<name> in the working folder
 *   store: ../results/store          # embeddings; default `store` beside the output, shared by studies
 *   data_root: ${DATASETS}           # default folder of the tasks' data
 *   models:
 *     - {name: skelex, path: ${CHECKPOINTS}/skelex, readout: [cls, mean, cls+mean]}   # default: the encoder's first, cls or pooled
 *       # of a checkpoint also: preprocess: checkpoint | skelex (pictures as its files say; or as the published script made
 *       # them for every backbone), architecture and heads where no file says them, interpolation: new | old (DINOv2),
 *       # precision: fp32 | bf16 (of the encoder's products; two models may share a path and differ in it)
 *     - {name: thumbnail, baseline: thumbnail}
 *   tasks:
 *     - {task: ../tasks/kneeoa.yaml, data: kneeKL224}
 *       # a part of the cohort: partition: development | test (as the dataset gives it), sites: ["1"]; other rows are left out by rule.
 *       # classes: [fracture-free, fractured] calls the task's classes so, in their order: for cohorts that name them otherwise
 *   protocols: [official, grouped]   # of grouped | official | given; every task is evaluated by each (default: grouped)
 *   protocol: grouped                # short for a list of one
 *   test_fraction: 0.2               # grouped; official has its own: a tenth, and five folds (split/official.h)
 *   folds: 5                         # grouped, given
 *   probes: [linear, knn]            # also knn_uniform; linear_balanced; ordinal; attentive, of models with readout tokens (minutes to hours: probe/attentive.h)
 *   save_probes: linear              # linear | all (k-NN too, whose files hold its training embeddings) | none: into output/probes/
 *   bootstrap: {replicates: 10000, level: 0.95, method: bca, cluster: patient, stratify: auto}
 *     # method: percentile | bca | basic (default: bca from 5,000 replicates on, which it needs, else percentile)
 *     # cluster: patient | image (as if images of a patient were independent of each other: their intervals are too short)
 *     # stratify: auto (by class where a class has fewer than 20 patients) | class | none
 *   proportions: wilson              # wilson | clopper_pearson, of independent images (interval/estimates.h: what each figure gets)
 *   label_efficiency: {fractions: [1, 5, 10, 25, 50, 100], draws: 20}   # per cent of the training patients; default: not computed
 *   on_bad_image: fail               # fail | skip: truncated, undecodable
 *   on_missing_image: fail           # fail | skip: named in a table, not on disk
 *   on_bad_label: fail               # fail | skip: a label cell that is no class and no number
 *   on_leak: fail                    # fail | warn: protocol given, a patient or a picture on both sides; the same as
 *                                    # accept: [leak_patient, leak_duplicate]
 *   accept: [near_duplicate]         # findings of the audit knowingly let pass (study/audit_codes.c); reports say so
 *   external:                        # cohorts that are only scored, with the probes kept (save_probes); reports in output/external/NAME
 *     - name: centres-2-and-3
 *       data_root: ${ELSEWHERE}      # default: the study's
 *       tasks: [{task: ../tasks/btxrd.yaml, partition: test, of: btxrd}]   # of: the task whose probes it gets (default: the one of its name);
 *                                    # keys as above; also in the study that `skelex-eval external` is given
 *       accept: [overlap_patient]    # of its own audit */
#ifndef STUDY_STUDY_H
#define STUDY_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/status.h"
#include "metric/interval_choice.h"
#include "study/audit_codes.h"
#include "study/task.h"

#define STUDY_TOKENS "tokens" /* the readout that is every token */

enum study_source { SOURCE_ENCODER, SOURCE_THUMBNAIL, SOURCE_ACQUISITION };
enum study_probe {
    PROBE_LINEAR,      /* logistic or ridge regression */
    PROBE_KNN,         /* cosine neighbours, votes softmax(similarity / 0.07) */
    PROBE_KNN_UNIFORM, /* cosine neighbours, one vote each */
    PROBE_LINEAR_BALANCED, /* logistic regression in which all classes weigh the same; of tasks of classes */
    PROBE_ORDINAL,     /* cumulative logit, of ordinal tasks */
    PROBE_ATTENTIVE,   /* queries that pool patch tokens: of readout tokens alone, as the others are of every readout but that */
    N_STUDY_PROBES
};
enum study_preprocess {
    PREPROCESS_CHECKPOINT, /* as the checkpoint's own files say */
    PREPROCESS_SKELEX      /* straight to the input size, bilinear, ImageNet's mean and std, whatever the backbone */
};
enum study_precision { PRECISION_FP32, PRECISION_BF16, N_STUDY_PRECISIONS }; /* names: those of encoder/encoder.h */
enum study_save { SAVE_LINEAR, SAVE_ALL, SAVE_NONE };
enum study_protocol { PROTOCOL_GROUPED, PROTOCOL_GIVEN, PROTOCOL_OFFICIAL, N_STUDY_PROTOCOLS };

struct study_model {
    char *name;
    enum study_source source;
    char *path;       /* checkpoint; NULL for a baseline */
    char **readout;   /* [n_readouts]; none named: the encoder's first, set by study_default_readout; a baseline has "features" */
    size_t n_readouts;
    enum study_preprocess preprocess;
    char *architecture;     /* NULL: what the files say */
    size_t heads;           /* 0: what the files say */
    bool old_interpolation; /* of DINOv2's positions: encoder_options */
    enum study_precision precision;
};

enum study_part { PART_ALL, PART_DEVELOPMENT, PART_TEST };

struct study_task {
    struct task *task;
    char *path;   /* of the task file */
    char *data;   /* folder its paths are relative to */
    char *of;     /* task whose probes are carried to it; NULL: the one of its name */
    bool renamed; /* the study names its classes */
    enum study_part part; /* rows taken, by their given partition */
    char **site;  /* [n_sites] sites taken; none: all rows, those without a site too */
    size_t n_sites;
    uint8_t digest[DIGEST_BYTES]; /* of the task file */
};

struct study_external { /* a cohort that is only scored */
    char *name;
    struct study_task *tasks;
    size_t n_tasks;
    bool accept[N_AUDIT_CODES_MOST];
};

struct study {
    char *path, *name, *output, *store;
    uint64_t seed;
    struct study_model *models;
    size_t n_models;
    struct study_task *tasks;
    size_t n_tasks;
    enum study_protocol protocol[N_STUDY_PROTOCOLS]; /* [n_protocols], each once, as listed */
    size_t n_protocols;
    double test_fraction;
    size_t n_folds;
    bool probe[N_STUDY_PROBES];
    enum study_save save_probes;
    size_t replicates;
    double level;
    enum bootstrap_method bootstrap;
    enum bootstrap_cluster cluster;
    enum bootstrap_stratify stratify;
    enum proportion_method proportions;
    double *fraction;    /* [n_fractions] label efficiency, per cent of the training patients, ascending; none: not computed */
    size_t n_fractions, draws;
    bool accept[N_AUDIT_CODES_MOST]; /* findings of the audit let pass, by place in AUDIT_CODES */
    bool skip_bad_images, skip_missing_images, skip_bad_labels, allow_leaks;
    struct study_external *external;
    size_t n_external;
    uint8_t digest[DIGEST_BYTES]; /* of the resolved study with the contents of its tasks, without paths: equal on two machines */
};

int study_load(struct study *study, const char *path, struct status *st) MUST_CHECK;
void study_free(struct study *study);

/* An external cohort as a study of its own, which owns its tasks from then on: models, seed, replicates, store and policies are the
 * study's, reports go to output/external/NAME. */
void study_take_external(struct study *cohort, struct study *study, size_t i);

/* The readout of a model for which the study names none: the first its encoder has ("cls", or "pooled" of a ResNet). */
void study_default_readout(struct study_model *model, const char *readout);

/* Does the study let findings of this code pass?  on_leak: warn lets the leaks pass. */
bool study_accepts(const struct study *study, const char *code);

const char *study_protocol_name(enum study_protocol protocol);
bool study_has_protocol(const struct study *study, enum study_protocol protocol);
const char *study_probe_name(enum study_probe probe);
/* Are its models linear in the features (and small to keep)? */
bool study_probe_is_linear(enum study_probe probe);
/* Is the task of a kind that the probe is for? */
bool study_probe_suits(enum study_probe probe, enum task_kind kind);
/* Is the readout one that the probe reads? */
bool study_probe_reads(enum study_probe probe, const char *readout);
/* Of report rows: "checkpoint", "skelex"; "" for a baseline. */
const char *study_preprocess_name(const struct study_model *model);
const char *study_precision_name(const struct study_model *model); /* "fp32", "bf16"; "" for a baseline */

/* The resolved study as YAML with every default written out; places: with the paths of this machine. */
void study_write(const struct study *study, FILE *stream, bool places);

#endif
