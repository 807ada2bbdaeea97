/* What the audit finds, row by row; the list becomes audit.csv. */
#ifndef COHORT_FINDINGS_H
#define COHORT_FINDINGS_H

#include <stddef.h>

enum severity {
    FINDING_INFO,     /* for the record */
    FINDING_WARNING,  /* the reader of the numbers should know */
    FINDING_EXCLUDED, /* a row left out because the study allows it, or its task says so */
    FINDING_ERROR     /* the run stops */
};

struct finding {
    enum severity severity;
    const char *check; /* static: "missing", "unreadable", "label", "duplicate", "leak", ... */
    char *sample;      /* image as the cohort names it; "" for the whole task */
    size_t line;       /* of the table; 0 if there is none */
    char *detail;      /* one sentence */
};

struct findings {
    struct finding *item;
    size_t n, capacity;
};

void findings_add(struct findings *f, enum severity severity, const char *check, const char *sample, size_t line, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
size_t findings_count(const struct findings *f, enum severity severity);
void findings_free(struct findings *f);
const char *severity_name(enum severity severity);

#endif
