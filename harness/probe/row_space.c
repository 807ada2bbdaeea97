#include "probe/row_space.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/lapack.h"

void row_space_fit(struct row_space *space, double *z, const double *x, size_t n, size_t d)
{
    int lwork = -1, info = 0;
    double ask;
    *space = (struct row_space){.qr = NEW(n * d, double), .tau = NEW(n, double), .n = (int)n, .d = (int)d};
    memcpy(space->qr, x, n * d * sizeof *x);
    dgeqrf_(&space->d, &space->n, space->qr, &space->d, space->tau, &ask, &lwork, &info);
    lwork = (int)ask;
    double *room = NEW((size_t)lwork, double);
    dgeqrf_(&space->d, &space->n, space->qr, &space->d, space->tau, room, &lwork, &info);
    assert(!info);
    free(room);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            z[i * n + j] = j <= i ? space->qr[i * d + j] : 0;
}

void row_space_expand(double *wide, const double *narrow, const struct row_space *space)
{
    int lwork = -1, info = 0, one = 1;
    double ask;
    memset(wide, 0, (size_t)space->d * sizeof *wide);
    memcpy(wide, narrow, (size_t)space->n * sizeof *wide);
    dormqr_("L", "N", &space->d, &one, &space->n, space->qr, &space->d, space->tau, wide, &space->d, &ask, &lwork,
            &info, 1, 1);
    lwork = (int)ask;
    double *room = NEW((size_t)lwork, double);
    dormqr_("L", "N", &space->d, &one, &space->n, space->qr, &space->d, space->tau, wide, &space->d, room, &lwork,
            &info, 1, 1);
    assert(!info);
    free(room);
}

void row_space_free(struct row_space *space)
{
    free(space->qr);
    free(space->tau);
    *space = (struct row_space){0};
}
