/* What the encoder bench concludes from its rounds and prints. */
#ifndef BENCH_ENCODER_REPORT_H
#define BENCH_ENCODER_REPORT_H

#include <stddef.h>

#include "figures.h"
#include "ours.h"
#include "peak.h"

/* The ways of the peer: its name for itself (torch_peer.py), the precision it stands for, its name in figures. */
struct peer_mode {
    const char *mode, *precision, *who;
};
#define N_PEER_MODES 5
extern const struct peer_mode peer_modes[N_PEER_MODES];

/* The loop a precision is measured against: its own instruction's, or that of fp32 where the processor has none. */
enum peak_kind report_peak_kind(const char *precision);
/* The peer's precision to compare with: int8 has none of its own there, and is compared with bf16. */
const char *report_peer_precision(const char *precision);

/* Adds to the figures of each round: share of the peak (what = share) of every rate of ours, and at `threads` threads the
 * ratio of our best batch to the peer's best batch, of every way of the peer and of its best way (what = ratio). */
void report_derive(struct figures *f, const struct model *m, size_t threads);
void report_print(const struct figures *f, const struct model *m, size_t threads);

#endif
