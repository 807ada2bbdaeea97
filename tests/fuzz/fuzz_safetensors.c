/* libFuzzer: any bytes as a safetensors file.  What is accepted must lie inside
 * the bytes, tile the data, and be found again by name. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct safetensors s;
    struct status st;
    size_t covered = 0;
    if (safetensors_parse(&s, "fuzz", bytes, size, &st) != STATUS_OK) {
        return 0;
    }
    for (size_t i = 0; i < s.n; i++) {
        const struct safetensors_tensor *t = &s.tensor[i];
        char shape[SAFETENSORS_SHAPE_TEXT];
        safetensors_shape_text(shape, t->shape, t->n_dims);
        bool inside = t->size == 0 || (t->data >= bytes && t->size <= size - (size_t)(t->data - bytes));
        const struct safetensors_tensor *found = strlen(t->name) == t->name_length ? safetensors_find(&s, t->name) : t;
        if (!inside || found != t || (i && safetensors_compare_names(t - 1, t) >= 0)) {
            abort();
        }
        covered += t->size;
    }
    if (covered != s.data_size) {
        abort();
    }
    safetensors_close(&s);
    return 0;
}
