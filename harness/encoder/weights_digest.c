#include "encoder/weights_digest.h"

#include <signal.h>
#include <string.h>

static void *work(void *argument)
{
    struct weights_digest *d = argument;
    d->done = checkpoint_digest(d->value, d->checkpoint, &d->stop);
    return NULL;
}

void weights_digest_begin(struct weights_digest *d, const struct checkpoint *c)
{
    sigset_t all, before;
    *d = (struct weights_digest){.checkpoint = c};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the threads that look for them */
    d->running = pthread_create(&d->thread, NULL, work, d) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void join(struct weights_digest *d)
{
    if (d->running) {
        pthread_join(d->thread, NULL);
        d->running = false;
    }
}

void weights_digest_value(uint8_t out[DIGEST_BYTES], struct weights_digest *d)
{
    join(d);
    if (!d->done) {
        d->done = checkpoint_digest(d->value, d->checkpoint, NULL);
    }
    memcpy(out, d->value, DIGEST_BYTES);
}

void weights_digest_end(struct weights_digest *d)
{
    __atomic_store_n(&d->stop, true, __ATOMIC_RELAXED);
    join(d);
}
