/* A study as it stands in its manifest, before study.c resolves it; numbers stay
 * text until they are parsed strictly.  The schema that libcyaml reads it by. */
#ifndef STUDY_STUDY_TEXT_H
#define STUDY_STUDY_TEXT_H

#include <cyaml/cyaml.h>

#include "study/study.h"

struct raw_model {
    char *name, *path, *baseline, *preprocess, *architecture, *heads, *interpolation, *precision;
    char **readout;
    unsigned n_readout;
};
struct raw_task {
    char *task, *data, *partition, *of;
    char **sites, **classes;
    unsigned n_sites, n_classes;
};
struct raw_external {
    char *name, *data_root;
    struct raw_task *tasks;
    unsigned n_tasks;
    char **accept;
    unsigned n_accept;
};
struct raw_bootstrap {
    char *replicates, *level, *method, *cluster, *stratify;
};
struct raw_label_efficiency {
    char **fractions, *draws;
    unsigned n_fractions;
};
struct raw_compare {
    char *reference, *metric, *probe, *readout;
};
struct raw_study {
    char *name, *seed, *output, *store, *data_root, *protocol, *test_fraction, *folds, *on_bad_image, *on_missing_image, *on_bad_label, *on_leak, *save_probes, *proportions;
    struct raw_model *models;
    unsigned n_models;
    struct raw_task *tasks;
    unsigned n_tasks;
    char **protocols;
    unsigned n_protocols;
    char **probes, **accept;
    unsigned n_probes, n_accept;
    struct raw_external *external;
    unsigned n_external;
    struct raw_bootstrap bootstrap;
    struct subgroup_text *subgroups;
    unsigned n_subgroups;
    struct raw_label_efficiency *label_efficiency; /* NULL: not asked for */
    struct raw_regions *regions;                   /* NULL: none */
    struct raw_compare compare;
};

extern const cyaml_schema_value_t STUDY_SCHEMA;

#endif
