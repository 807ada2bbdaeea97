/* Which patches each pass sees.
 *
 * OFFICIAL  the published script, run on the CPU behind torch.manual_seed(seed): every pass draws L numbers and sees the
 *           patches of the `keep` smallest; the script's first, discarded pass has used up L numbers before.  A torch
 *           CPU stream is MT19937, each number the low 24 bits of a word times 2^-24.
 * EVEN      patches are dealt as cards: each pass sees the next `keep` of a shuffled deck, and a new deck is shuffled
 *           when one is used up.  After any number of passes no patch has been masked more than once oftener than
 *           another; after each mask_schedule_round all equally often.
 * The masks belong to the seed alone: every picture begins the stream anew, as the script run on it alone would. */
#ifndef ANOMALY_MASK_SCHEDULE_H
#define ANOMALY_MASK_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "split/mt19937.h"

enum mask_schedule_kind { MASKS_OFFICIAL, MASKS_EVEN };

struct mask_schedule {
    enum mask_schedule_kind kind;
    struct mt19937 stream;
    size_t n_patches, keep;
    float *noise;             /* [L] */
    uint32_t *deck;           /* [L] cards not dealt yet stand from `dealt` on */
    size_t dealt;
    uint8_t *seen;            /* [L] by the pass being made */
};

/* keep <= n_patches. */
void mask_schedule_init(struct mask_schedule *s, enum mask_schedule_kind kind, uint32_t seed, size_t n_patches, size_t keep);
void mask_schedule_free(struct mask_schedule *s);
/* order[L] of the next pass, as encoder/mae.h takes it. */
void mask_schedule_next(struct mask_schedule *s, uint32_t *order);

/* Passes after which EVEN has masked every patch equally often: L / gcd(L, keep). */
size_t mask_schedule_round(size_t n_patches, size_t keep);

#endif
