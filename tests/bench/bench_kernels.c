/* Our elementwise kernels against libm's, one thread, rounds interleaved. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoder/kernels.h"
#include "product_sets.h"
#include "timing.h"

enum { ROWS = 197, WIDTH = 4096, ROUNDS = 9 };

int main(void)
{
    float *from = NEW(ROWS * WIDTH, float), *x = NEW(ROWS * WIDTH, float), *bias = NEW0(WIDTH, float);
    const struct product_end end = {.bias = bias, .activation = ACTIVATION_GELU};
    double own[ROUNDS], libm[ROUNDS], ratio[ROUNDS];
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        from[i] = (float)((i * 7919) % 2001) * 0.006f - 6.0f;
    for (size_t r = 0; r < ROUNDS; r++) {
        memcpy(x, from, ROWS * WIDTH * sizeof *x);
        double start = now();
        finish_all(product_set(), x, ROWS, WIDTH, &end); /* with the copies to tiles and back */
        own[r] = now() - start;
        memcpy(x, from, ROWS * WIDTH * sizeof *x);
        start = now();
        for (size_t i = 0; i < ROWS * WIDTH; i++)
            x[i] = kernel_gelu_libm(x[i]);
        libm[r] = now() - start;
        ratio[r] = libm[r] / own[r];
    }
    printf("gelu, [%d, %d]: own %.3f ms, libm %.3f ms, %.1f times\n", ROWS, WIDTH, median(own, ROUNDS) * 1e3, median(libm, ROUNDS) * 1e3,
           median(ratio, ROUNDS));
    free(from);
    free(x);
    free(bias);
    return 0;
}
