/* Other programs' bootstrap of an AUROC (auroc_peer.py, auroc_peer.R), each in a
 * process of its own that holds the sample. */
#ifndef BENCH_AUROC_PEER_H
#define BENCH_AUROC_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process.h"

struct auroc_peer {
    struct process process;
    char name[128]; /* as it says; or why it is not there */
    bool there;
};

/* script: a file of tests/bench; run by `interpreter`. */
void auroc_peer_start(struct auroc_peer *p, const char *interpreter, const char *script, const int32_t *label,
                      const uint32_t *unit, const double *score, size_t n);
/* Seconds of `word` with B replicates; NaN if it gives none.  *area: of the sample itself. */
double auroc_peer_time(struct auroc_peer *p, const char *word, size_t replicates, double *area);
void auroc_peer_stop(struct auroc_peer *p);

#endif
