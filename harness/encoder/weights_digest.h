/* The digest of a checkpoint's weights, worked out by a thread of its own while
 * the encoder opens: SHA-256 of 1.3 GB takes a second.  Where no thread can be
 * had it is worked out when it is asked for. */
#ifndef ENCODER_WEIGHTS_DIGEST_H
#define ENCODER_WEIGHTS_DIGEST_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "encoder/checkpoint.h"

struct weights_digest {
    const struct checkpoint *checkpoint; /* borrowed; stays where it is and open until the end */
    pthread_t thread;
    bool running; /* a thread is to be joined */
    bool done;    /* `value` is right */
    bool stop;    /* atomic */
    uint8_t value[DIGEST_BYTES];
};

void weights_digest_begin(struct weights_digest *d, const struct checkpoint *c);
void weights_digest_value(uint8_t out[DIGEST_BYTES], struct weights_digest *d); /* waits; one thread at a time may ask */
void weights_digest_end(struct weights_digest *d); /* stops a thread that still runs; one never begun is fine */

#endif
