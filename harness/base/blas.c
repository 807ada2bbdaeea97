#include "base/blas.h"

#include <cblas.h>

void blas_use_one_thread(void)
{
    if (openblas_get_num_threads() != 1)
        openblas_set_num_threads(1);
}

const char *blas_description(void)
{
    return openblas_get_config();
}
