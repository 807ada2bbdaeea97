/* torch.manual_seed(S); torch.rand on the CPU: MT19937 seeded as numpy's, the low 24
 * bits of each word times 2^-24; its stable argsort by row; and the error maps' masks. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anomaly/mask_schedule.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "golden/golden.h"
#include "split/mt19937.h"

static void check(const char *name, const struct npy *noise, const struct npy *order, unsigned seed)
{
    struct mt19937 stream;
    size_t columns = noise->n_dims == 2 ? noise->shape[1] : noise->n, wrong = 0, unordered = 0;
    mt19937_seed(&stream, seed);
    for (size_t i = 0; i < noise->n; i++)
        wrong += (double)(mt19937_next(&stream) & 0xffffffu) / 16777216.0 != npy_value(noise, i);
    for (size_t row = 0; order->n == noise->n && row < noise->n / columns; row++)
        for (size_t j = 1; j < columns; j++) { /* ascending, equal values by index */
            size_t a = (size_t)npy_value(order, row * columns + j - 1), b = (size_t)npy_value(order, row * columns + j);
            double x = npy_value(noise, row * columns + a), y = npy_value(noise, row * columns + b);
            unordered += x > y || (x >= y && a >= b);
        }
    /* The error maps' masks: each row behind the first, which the published script's discarded pass used up. */
    struct mask_schedule schedule;
    uint32_t *row_order = NEW(columns, uint32_t);
    mask_schedule_init(&schedule, MASKS_OFFICIAL, seed, columns, 0);
    for (size_t row = 1; order->n == noise->n && row < noise->n / columns; row++) {
        mask_schedule_next(&schedule, row_order);
        for (size_t j = 0; j < columns; j++)
            unordered += (double)row_order[j] != npy_value(order, row * columns + j);
    }
    mask_schedule_free(&schedule);
    free(row_order);
    if (wrong || unordered || (order->data && order->n != noise->n))
        golden_fail(name, "%zu of %zu values differ, %zu pairs out of order", wrong, noise->n, unordered);
    else
        golden_pass(name, "%zu values equal%s", noise->n, order->data ? ", order ascending, stable, and that of the error maps' masks" : "");
}

bool golden_torch_rand(const char *directory, const char *name)
{
    struct file_list files;
    struct status st;
    bool any = false;
    if (file_list_directory(&files, directory, &st))
        return false;
    for (size_t i = 0; i < files.n; i++) {
        unsigned seed;
        struct npy noise = {0}, order = {0};
        if (sscanf(files.name[i], "rand_seed%u_", &seed) != 1)
            continue;
        any = true;
        char *path = path_join(directory, files.name[i]), *sorted = mem_printf("%s/argsort_%s", directory, files.name[i] + strlen("rand_"));
        char *label = mem_printf("%s/%s", name, files.name[i]);
        if (npy_read(&noise, path, &st) || noise.n == 0 || (file_exists(sorted) && npy_read(&order, sorted, &st)))
            golden_fail(label, "%s", noise.data && noise.n == 0 ? "empty" : st.text);
        else
            check(label, &noise, &order, seed);
        npy_free(&noise);
        npy_free(&order);
        free(label);
        free(sorted);
        free(path);
    }
    file_list_free(&files);
    return any;
}
