/* Any bytes as a model.safetensors.index.json in a folder with two whole
 * shards, one that repeats a tensor and one that is cut short: refused with a
 * sentence, or a checkpoint of the whole shards alone, its tensors in order
 * and readable. */
#include <string.h>

#include "encoder/checkpoint.h"
#include "fake_checkpoint.h"
#include "fuzz_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_part(const struct fake *f, size_t from, size_t to, const char *name)
{
    char *path = path_join(fuzz_folder, name);
    must(fake_write_part(f, from, to, path, 1, false));
    free(path);
}

static void set_up(void)
{
    static const char *const names[] = {"a", "b", "c.weight", "d.bias"};
    static const char config[] = "{\"model_type\": \"vit\"}";
    struct fake f = {.n = 0};
    fuzz_folder_make("fuzz-index");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fake_add(&f, mem_strdup(names[i]), 1, (size_t[]){i + 1});
    }
    write_part(&f, 0, 2, "1.safetensors");
    write_part(&f, 2, 4, "2.safetensors");
    write_part(&f, 1, 3, "again.safetensors");
    fuzz_folder_write("cut.safetensors", "\100\0\0\0\0\0\0\0{", 9);
    fuzz_folder_write("config.json", config, sizeof config - 1);
    fake_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct checkpoint c;
    struct status st = {0};
    if (!fuzz_folder) {
        set_up();
    }
    fuzz_folder_write("model.safetensors.index.json", data, size);
    if (checkpoint_open(&c, fuzz_folder, &st) != STATUS_OK) {
        must(st.code != STATUS_OK && *st.text != '\0');
        return 0;
    }
    must(c.n_shards >= 1 && c.n_shards <= 2 && c.n >= 2 && c.n <= 4);
    for (size_t i = 0; i < c.n_shards; i++) {
        must(!strchr(c.shard_name[i], '/') && strcmp(c.shard_name[i], "cut.safetensors") != 0);
    }
    for (size_t i = 0; i < c.n; i++) {
        const struct safetensors_tensor *t = c.entry[i].tensor;
        const float *values;
        must(checkpoint_find(&c, t->name) == &c.entry[i]);
        must(checkpoint_weight(&values, &c, t->name, t->shape, t->n_dims, &st) == STATUS_OK);
        must(values[t->n - 1] < 1e9f);
    }
    must(c.n_used == c.n);
    checkpoint_close(&c);
    return 0;
}
