/* The peer: PyTorch's encoder or scikit-learn's probes in a process of their own (torch_peer.py
 * and sklearn_peer.py say what they understand). */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>

#include "process.h"

struct peer {
    struct process process;
    char *blas;   /* the BLAS it has loaded, as it says */
    char *notes;  /* everything it said of itself, lines */
    double start; /* seconds until it was ready */
};

enum peer_answer { PEER_OK, PEER_SLOW, PEER_ERROR };

/* script NULL: the script `name` beside the benches' sources, under the first Python that has what it imports.  library_path: a folder whose BLAS
 * is loaded before the system's choice; NULL: that choice.  false with why[size] where there is no such peer. */
bool peer_start(struct peer *p, const char *name, const char *script, const char *folder, const char *library_path, char *why, size_t size);
void peer_stop(struct peer *p); /* a zeroed one is fine */

/* One question, one answer: its word's meaning, the number behind it; why[size] holds the whole line. */
enum peer_answer peer_ask(struct peer *p, const char *question, double *value, char *why, size_t size);
/* *value: seconds (PEER_SLOW: seconds an image would take); why[size] holds what went wrong. */
enum peer_answer peer_time(struct peer *p, double *value, const char *mode, size_t batch, size_t images, size_t threads, bool once,
                           char *why, size_t size);
/* out[n, 2, width] of pixels[n, values]; files go to `folder`. */
bool peer_embed(struct peer *p, float *out, const char *mode, const float *pixels, size_t n, size_t values, size_t width, const char *folder,
                char *why, size_t size);
double peer_memory(struct peer *p); /* MB; 0 if it does not say */

#endif
