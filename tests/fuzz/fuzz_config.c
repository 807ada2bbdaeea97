/* Any bytes as the config.json of a folder whose weights suit a tiny model of
 * each architecture: refused with a sentence, or an encoder that describes
 * itself, tells its sizes and turns a picture into finite numbers. */
#include <string.h>

#include "encoder/encoder.h"
#include "fake_timm.h"
#include "fuzz_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REGISTERS "registers.safetensors"

static void write_weights(const char *name, struct fake *f)
{
    char *path = path_join(fuzz_folder, name);
    must(fake_write(f, path, 1));
    free(path);
    fake_free(f);
}

/* One file for all but the one with registers: their prefixes keep them apart. */
static void set_up(void)
{
    static const struct fake_vit vit = {.prefix = "vit.", .width = 8, .layers = 2, .heads = 2, .intermediate = 16, .patch = 4, .image = 12,
                                        .qkv_bias = true};
    static const struct fake_resnet resnet = {"resnet.", true, false, false, 4, 2, {1, 2}, {8, 12}};
    struct fake_vit dino = vit;
    struct fake f = {.n = 0};
    fuzz_folder_make("fuzz-config");
    dino.prefix = "dinov2.";
    dino.dinov2 = true;
    dino.width = 4; /* its classifier is twice as wide: one serves both */
    fake_add_vit(&f, &vit);
    fake_add_vit(&f, &dino);
    fake_add_resnet(&f, &resnet);
    fake_add_timm(&f, &vit, &(struct fake_timm){.theirs = "", .own = "visual.trunk."});
    fake_add_linear(&f, "", "classifier", 3, 8, true);
    fake_add_linear(&f, "", "classifier.1", 2, 12, true);
    write_weights("model.safetensors", &f);
    dino.prefix = "dinov2_with_registers.";
    dino.width = 8;
    dino.gated = true;
    dino.registers = 2;
    fake_add_vit(&f, &dino);
    write_weights(REGISTERS, &f);
}

static void run(struct encoder *e)
{
    struct status st = {0};
    must(encoder_set_input(e, 19, 30, &st) == STATUS_OK || *st.text != '\0'); /* only some take it */
    const struct encoder_info *info = encoder_info(e);
    size_t n = 3 * info->input_height * info->input_width, width = encoder_output_width(e), n_unused, sum = 0;
    must(n > 0 && info->input_height <= 4096 && info->input_width <= 4096);
    for (size_t i = 0; i < encoder_n_readouts(e); i++) {
        must(encoder_readout_name(e, i) != NULL);
        sum += encoder_readout_width(e, i);
    }
    must(sum == width && width > 0 && encoder_unused(e, &n_unused) && n_unused + info->n_used == info->n_tensors);
    char *words = encoder_describe(e);
    must(strstr(words, info->architecture) != NULL);
    free(words);
    float *pixels = NEW0(n, float), *out = NEW(width, float), *logits = NEW(info->n_labels + 1, float);
    struct encoder_workspace *w = encoder_workspace_new(e);
    encoder_workspace_trace(e, w);
    if (encoder_forward(e, w, pixels, out, &st) == STATUS_OK && info->n_labels > 0) {
        must(encoder_logits(e, w, logits, &st) == STATUS_OK);
    }
    for (size_t k = 0; k <= info->layers; k++) {
        const float *hidden = encoder_hidden_state(e, w, k);
        volatile float last = hidden[encoder_hidden_size(e, k) - 1]; /* inside its memory */
        (void)last;
    }
    encoder_workspace_free(w);
    free(pixels);
    free(out);
    free(logits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct encoder *e;
    struct status st = {0};
    if (!fuzz_folder) {
        set_up();
    }
    fuzz_folder_write("config.json", data, size);
    char *path = path_join(fuzz_folder, memmem(data, size, "register", 8) ? REGISTERS : ".");
    if (encoder_open(&e, path, &st) == STATUS_OK) {
        run(e);
    } else {
        must(e == NULL && st.code != STATUS_OK && *st.text != '\0');
    }
    encoder_close(e);
    free(path);
    return 0;
}
