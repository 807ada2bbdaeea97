#include "anomaly/mask_schedule.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/mae.h"

static void draw(struct mask_schedule *s)
{
    for (size_t i = 0; i < s->n_patches; i++)
        s->noise[i] = (float)(mt19937_next(&s->stream) & 0xffffffu) * 0x1p-24f;
}

void mask_schedule_init(struct mask_schedule *s, enum mask_schedule_kind kind, uint32_t seed, size_t n_patches, size_t keep)
{
    assert(n_patches > 0 && keep <= n_patches);
    *s = (struct mask_schedule){.kind = kind, .n_patches = n_patches, .keep = keep, .dealt = n_patches};
    s->noise = NEW(n_patches, float);
    s->deck = NEW(n_patches, uint32_t);
    s->seen = NEW(n_patches, uint8_t);
    mt19937_seed(&s->stream, seed);
    if (kind == MASKS_OFFICIAL)
        draw(s);
}

void mask_schedule_free(struct mask_schedule *s)
{
    free(s->noise);
    free(s->deck);
    free(s->seen);
    *s = (struct mask_schedule){.n_patches = 0};
}

/* The next card that this pass has not seen yet.  Cards passed over (the last of the old deck, again in the new one)
 * change places with it and stay in the deck. */
static uint32_t deal(struct mask_schedule *s)
{
    if (s->dealt == s->n_patches) {
        draw(s);
        mae_order(s->deck, s->noise, s->n_patches);
        s->dealt = 0;
    }
    size_t at = s->dealt;
    while (s->seen[s->deck[at]])
        at++;
    uint32_t card = s->deck[at];
    s->deck[at] = s->deck[s->dealt];
    s->deck[s->dealt++] = card;
    s->seen[card] = 1;
    return card;
}

void mask_schedule_next(struct mask_schedule *s, uint32_t *order)
{
    if (s->kind == MASKS_OFFICIAL) {
        draw(s);
        mae_order(order, s->noise, s->n_patches);
        return;
    }
    memset(s->seen, 0, s->n_patches);
    for (size_t k = 0; k < s->keep; k++)
        order[k] = deal(s);
    for (size_t i = 0, at = s->keep; i < s->n_patches; i++)
        if (!s->seen[i])
            order[at++] = (uint32_t)i;
}

size_t mask_schedule_round(size_t n_patches, size_t keep)
{
    size_t a = n_patches, b = keep;
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return n_patches / a;
}
