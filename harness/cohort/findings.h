/* What the audit finds, row by row; the list becomes audit.csv. */
#ifndef COHORT_FINDINGS_H
#define COHORT_FINDINGS_H

#include <stddef.h>

enum severity {
    FINDING_INFO,     /* a note, for the record */
    FINDING_WARNING,  /* the reader of the numbers should know */
    FINDING_EXCLUDED, /* a row left out because the study allows it, or its task says so */
    FINDING_ACCEPTED, /* an error or warning that the study knowingly lets pass */
    FINDING_ERROR,    /* the run stops */
    N_SEVERITIES
};

struct finding {
    enum severity severity;
    const char *check; /* static: a code of study/audit_codes.c */
    char *sample;      /* image as the cohort names it; "" for the whole task */
    size_t line;       /* of the table; 0 if there is none */
    char *detail;      /* one sentence */
    size_t group;      /* rows of one task that belong together share a number; 0: stands alone */
};

struct findings {
    struct finding *item;
    size_t n, capacity;
    size_t n_groups;
};

void findings_add(struct findings *f, enum severity severity, const char *check, const char *sample, size_t line, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* A new group number, and the last finding put into a group. */
size_t findings_new_group(struct findings *f);
void findings_put_in_group(struct findings *f, size_t group);

size_t findings_count(const struct findings *f, enum severity severity);
size_t findings_count_code(const struct findings *f, enum severity severity, const char *check);
void findings_free(struct findings *f);
const char *severity_name(enum severity severity);

#endif
