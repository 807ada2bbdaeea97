/* What a task asks for; it decides probes, metrics and strata. */
#ifndef METRIC_KIND_H
#define METRIC_KIND_H

enum task_kind {
    KIND_BINARY,     /* labels 0, 1; scores are P(1) */
    KIND_MULTICLASS, /* labels 0 .. K-1 without order; scores are [n, K] probabilities */
    KIND_ORDINAL,    /* labels 0 .. K-1 in order; scores as multiclass */
    KIND_REGRESSION  /* a real target; scores are predictions */
};

#endif
