/* Who is compared: the models of all folders under names that are told apart, and on a task and protocol their scores. */
#ifndef EVALUATE_COMPARE_SET_H
#define EVALUATE_COMPARE_SET_H

#include <stddef.h>

#include "base/status.h"
#include "evaluate/compare_source.h"
#include "interval/contest.h"
#include "report/test_rows.h"

struct compare_model {
    size_t source;
    const char *name; /* in its folder */
    char *label;      /* in the reports: the name; where two folders have it, with the study or folder behind */
};

struct compare_set {
    struct compare_source *source; /* [n_sources] */
    size_t n_sources;
    struct compare_model *model;   /* [n_models] by folder, then as the study lists them */
    size_t n_models;
    struct compare_family family;  /* borrowed; its probe is named */
    size_t reference;              /* model; n_models: all pairs */
};

/* override: members that are not NULL stand in place of the first folder's declaration. */
int compare_set_make(struct compare_set *s, char *const *directory, size_t n, const struct compare_family *override, struct status *st) MUST_CHECK;
void compare_set_free(struct compare_set *s);

/* Is the pair a hypothesis of the family?  a < b. */
bool compare_set_declares(const struct compare_set *s, size_t a, size_t b);

/* A model on a task and protocol. */
struct compare_entry {
    const char *readout; /* "" if none */
    const double **set;  /* [n_sets] owned list of borrowed scores */
    size_t n_sets;       /* 0: reason says why */
    char *reason;
};

/* rows[n_sources], task NULL where the folder has not the task.  Scores of the readout that the family is about. */
int compare_set_find(struct compare_entry *e, const struct compare_set *s, size_t model, const struct test_rows *rows, const char *protocol,
                     struct status *st) MUST_CHECK;
void compare_entry_free(struct compare_entry *e);

/* The protocol's part in a folder; NULL: none. */
const struct test_part *compare_part(const struct test_rows *t, const char *protocol);
/* STATUS_DATA unless both hold the same samples, in the same units, with the same labels. */
int compare_parts_agree(const struct test_rows *a, const struct test_rows *b, const char *protocol, const char *directory_a, const char *directory_b,
                        struct status *st) MUST_CHECK;

#endif
