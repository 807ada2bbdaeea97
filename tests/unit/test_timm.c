/* The same weights under transformers' names, timm's and open_clip's give the same bytes; open_clip's projection against
 * double precision; everything of another arithmetic is refused by name. */
#include "unit/scratch.h"

#include <math.h>

#include "encoder/encoder.h"
#include "encoder/timm_config.h"
#include "batch_check.h"
#include "fake_timm.h"

static const struct fake_vit small = {.prefix = "vit.", .width = 24, .layers = 2, .heads = 3, .intermediate = 40, .patch = 8, .image = 26,
                                      .qkv_bias = true};
/* open_clip knows no other widths than the published */
static const struct fake_vit tiny = {.prefix = "", .width = 192, .layers = 12, .heads = 3, .intermediate = 768, .patch = 16, .image = 32,
                                     .qkv_bias = true};
#define EPS ", \"layer_norm_eps\": 1e-6"
#define NAME "vit_base_patch8_26"

/* ---- folders ---- */

static void put_weights(const char *folder, const char *name, const struct fake *f)
{
    char *path = path_join(folder, name);
    assert_true(fake_write(f, path, 1));
    free(path);
}

static void put_hugging_face(const char *folder, const struct fake_vit *v, const struct fake *f, const char *type, const char *more)
{
    char *path = path_join(folder, "config.json");
    assert_true(fake_write_config(path, v, type, more));
    free(path);
    put_weights(folder, "model.safetensors", f);
}

static void put_timm(const char *folder, const struct fake_vit *v, const struct fake *f, const char *architecture, bool nested, const char *more)
{
    char *path = path_join(folder, "config.json");
    assert_true(fake_write_timm_config(path, v, architecture, nested, more));
    free(path);
    put_weights(folder, "model.safetensors", f);
}

static void put_open_clip(const char *folder, const struct fake *f, const char *vision)
{
    char *text = mem_printf("{\"model_cfg\": {\"embed_dim\": 20, \"vision_cfg\": {\"image_size\": 32%s}, \"text_cfg\": {}},\n"
                            " \"preprocess_cfg\": {\"mean\": [0.48145466, 0.4578275, 0.40821073], \"std\": [0.26862954, 0.26130258, 0.27577711]}}\n",
                            vision);
    scratch_text(folder, "open_clip_config.json", text);
    free(text);
    if (f) {
        put_weights(folder, "open_clip_model.safetensors", f);
    }
}

#define BIOMED ", \"timm_model_name\": \"vit_tiny_patch16_224\", \"timm_model_pretrained\": false, \"timm_pool\": \"\", \"timm_proj\": \"linear\""

/* Every readout of one picture. */
struct result {
    struct encoder *e;
    float *out;
};

static struct result run(const char *path)
{
    struct result r = {0};
    struct status st = {0};
    if (encoder_open(&r.e, path, &st)) {
        fail_msg("%s", st.text);
    }
    const struct encoder_info *info = encoder_info(r.e);
    size_t n = 3 * info->image_size * info->image_size;
    float *pixels = NEW(n, float);
    for (size_t i = 0; i < n; i++) {
        pixels[i] = (float)((i * 2654435761u >> 7) % 1001) / 250.0f - 2.0f;
    }
    r.out = NEW(encoder_output_width(r.e), float);
    struct encoder_workspace *w = encoder_workspace_new(r.e);
    if (encoder_forward(r.e, w, pixels, r.out, &st)) {
        fail_msg("%s", st.text);
    }
    encoder_workspace_free(w);
    free(pixels);
    check_batch(r.e);
    return r;
}

static void drop(struct result *r)
{
    encoder_close(r->e);
    free(r->out);
}

static void same_bytes(const char *reference, const char *path, size_t n_readouts)
{
    struct result a = run(reference), b = run(path);
    size_t width = encoder_output_width(a.e);
    assert_int_equal(encoder_n_readouts(b.e), n_readouts);
    for (size_t i = 0; i < encoder_n_readouts(a.e); i++) {
        assert_string_equal(encoder_readout_name(a.e, i), encoder_readout_name(b.e, i));
        assert_int_equal(encoder_readout_width(a.e, i), encoder_readout_width(b.e, i));
    }
    assert_memory_equal(a.out, b.out, width * sizeof *a.out);
    assert_int_equal(encoder_info(a.e)->n_parameters, encoder_info(b.e)->n_parameters);
    drop(&a);
    drop(&b);
}

static void remove_config(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    assert_int_equal(remove(path), 0);
    free(path);
}

/* ---- the same weights ---- */

static void timm_names_give_the_same_bytes(void **state)
{
    (void)state;
    char *reference = scratch_new(), *folder = scratch_new();
    static const char *const prefix[] = {"", "model.", "visual.trunk."};
    struct fake f = {0};
    fake_add_vit(&f, &small);
    put_hugging_face(reference, &small, &f, "vit", EPS);
    fake_free(&f);
    for (size_t i = 0; i < 3; i++) {
        fake_add_timm(&f, &small, &(struct fake_timm){.theirs = "vit.", .own = prefix[i]});
        put_timm(folder, &small, &f, NAME, i != 1, "");
        same_bytes(reference, folder, 3);
        char *lone = path_join(folder, "model.safetensors");
        same_bytes(reference, lone, 3);
        free(lone);
        fake_free(&f);
    }
    scratch_remove(reference);
    scratch_remove(folder);
}

static void without_qkv_bias_and_in_half_precision(void **state)
{
    (void)state;
    char *reference = scratch_new(), *folder = scratch_new();
    struct fake_vit v = small;
    v.qkv_bias = false;
    static const char *const dtype[] = {"F32", "F16", "BF16"};
    for (size_t k = 0; k < 3; k++) {
        struct fake f = {0}, g = {0};
        fake_add_vit(&f, &v);
        fake_add_timm(&g, &v, &(struct fake_timm){.theirs = "vit.", .own = ""});
        for (size_t i = 0; i < g.n; i++) {
            g.tensor[i].dtype = strstr(g.tensor[i].name, "qkv") ? dtype[k] : "F32";
        }
        put_hugging_face(reference, &v, &f, "vit", EPS);
        put_timm(folder, &v, &g, NAME, true, "");
        same_bytes(reference, folder, 3);
        fake_free(&f);
        fake_free(&g);
    }
    scratch_remove(reference);
    scratch_remove(folder);
}

static void layer_scale_runs_as_dinov2(void **state)
{
    (void)state;
    char *reference = scratch_new(), *folder = scratch_new();
    struct fake f = {0}, g;
    struct fake_vit v = small;
    v.intermediate = 48;
    fake_add_timm(&f, &v, &(struct fake_timm){.theirs = "", .own = "", .layer_scale = true});
    g = fake_sources(&f);
    put_hugging_face(reference, &v, &g, "dinov2", ", \"mlp_ratio\": 2");
    put_timm(folder, &v, &f, "vit_base_patch8_dinov2", true, "");
    same_bytes(reference, folder, 3);

    struct encoder *e;
    struct status st = {0};
    assert_int_equal(encoder_open(&e, folder, &st), STATUS_OK);
    assert_int_equal(encoder_set_input(e, 40, 40, &st), STATUS_DATA); /* transformers' dinov2 would take it */
    assert_text(st.text, "26x26");
    encoder_close(e);
    fake_free(&f);
    fake_free(&g);
    scratch_remove(reference);
    scratch_remove(folder);
}

static void a_head_is_the_classifier(void **state)
{
    (void)state;
    char *reference = scratch_new(), *folder = scratch_new();
    struct fake f = {0}, g = {0};
    fake_add_vit(&f, &small);
    fake_add_linear(&f, "", "classifier", 5, small.width, true);
    fake_add_timm(&g, &small, &(struct fake_timm){.theirs = "vit.", .own = ""});
    fake_give_pair(&g, "", "head", "", "classifier", 2, (size_t[]){5, small.width});
    put_hugging_face(reference, &small, &f, "vit", EPS);
    put_timm(folder, &small, &g, NAME, true, ", \"global_pool\": \"token\"");
    same_bytes(reference, folder, 3);
    struct encoder *e;
    struct status st = {0};
    assert_int_equal(encoder_open(&e, folder, &st), STATUS_OK);
    assert_int_equal(encoder_info(e)->n_labels, 5);
    assert_int_equal(encoder_info(e)->n_tensors, encoder_info(e)->n_used);
    encoder_close(e);
    fake_free(&f);
    fake_free(&g);
    scratch_remove(reference);
    scratch_remove(folder);
}

/* Each third of the fused tensor has a place of its own: exchanging any two shows. */
static void the_order_in_qkv_matters(void **state)
{
    (void)state;
    char *folder = scratch_new(), *other = scratch_new();
    for (size_t k = 0; k < 3; k++) {
        struct fake f = {0};
        fake_add_timm(&f, &small, &(struct fake_timm){.theirs = "vit.", .own = ""});
        put_timm(folder, &small, &f, NAME, true, "");
        struct fake_tensor *t = fake_find(&f, "blocks.1.attn.qkv.weight");
        char *kept = t->source[k];
        t->source[k] = t->source[(k + 1) % 3];
        t->source[(k + 1) % 3] = kept;
        put_timm(other, &small, &f, NAME, true, "");
        struct result a = run(folder), b = run(other);
        assert_memory_not_equal(a.out, b.out, small.width * sizeof *a.out);
        drop(&a);
        drop(&b);
        fake_free(&f);
    }
    scratch_remove(folder);
    scratch_remove(other);
}

/* ---- open_clip ---- */

static void add_clip(struct fake *f)
{
    fake_add_timm(f, &tiny, &(struct fake_timm){.theirs = "", .own = "visual.trunk."});
    fake_add_linear(f, "", "text.transformer.embeddings.word_embeddings", 7, 6, false);
    fake_add(f, mem_strdup("logit_scale"), 1, (size_t[]){1});
}

/* y = W x + b from the tensors' names, in double */
static void project(double *y, struct fake *f, const char *name, const double *x, size_t n_out, size_t n_in)
{
    char *weight = mem_printf("%s.weight", name), *bias = mem_printf("%s.bias", name);
    struct fake_tensor *w = fake_find(f, weight), *b = fake_find(f, bias);
    float *values = NEW(n_out * n_in, float), *offset = NEW0(n_out, float);
    fake_values(values, w, 1);
    if (b) {
        fake_values(offset, b, 1);
    }
    for (size_t i = 0; i < n_out; i++) {
        y[i] = (double)offset[i];
        for (size_t j = 0; j < n_in; j++) {
            y[i] += (double)values[i * n_in + j] * x[j];
        }
    }
    free(weight);
    free(bias);
    free(values);
    free(offset);
}

static void check_projection(const char *folder, struct fake *f, bool mlp)
{
    struct result r = run(folder);
    double x[192], hidden[40], expected[20], largest = 0;
    assert_int_equal(encoder_n_readouts(r.e), 4);
    assert_string_equal(encoder_readout_name(r.e, 3), "projected");
    assert_int_equal(encoder_readout_width(r.e, 3), 20);
    for (size_t i = 0; i < 192; i++) {
        x[i] = (double)r.out[i];
    }
    if (mlp) {
        project(hidden, f, "visual.head.mlp.fc1", x, 40, 192);
        for (size_t i = 0; i < 40; i++) {
            hidden[i] *= 0.5 * (1 + erf(hidden[i] / sqrt(2)));
        }
        project(expected, f, "visual.head.mlp.fc2", hidden, 20, 40);
    } else {
        project(expected, f, "visual.head.proj", x, 20, 192);
    }
    for (size_t i = 0; i < 20; i++) {
        double error = fabs((double)r.out[3 * 192 + i] - expected[i]);
        largest = error > largest ? error : largest;
    }
    assert_true(largest < 2e-6); /* float sums of 192 terms against double ones */
    size_t n;
    const char *const *unused = encoder_unused(r.e, &n);
    assert_int_equal(n, 2);
    assert_string_equal(unused[0], "logit_scale");
    assert_string_equal(unused[1], "text.transformer.embeddings.word_embeddings.weight");
    drop(&r);
}

static void open_clip_trunk_and_projection(void **state)
{
    (void)state;
    char *reference = scratch_new(), *folder = scratch_new();
    struct fake f = {0};
    fake_add_vit(&f, &tiny);
    put_hugging_face(reference, &tiny, &f, "vit", EPS);
    fake_free(&f);

    add_clip(&f);
    put_open_clip(folder, &f, ", \"timm_model_name\": \"vit_tiny_patch16_224\", \"timm_pool\": \"token\", \"timm_proj\": null");
    same_bytes(reference, folder, 3); /* no projection */

    fake_add_linear(&f, "visual.head.", "proj", 20, 192, false);
    put_open_clip(folder, &f, BIOMED);
    same_bytes(reference, folder, 4);
    check_projection(folder, &f, false);
    fake_free(&f);

    add_clip(&f);
    fake_add_linear(&f, "visual.head.", "mlp.fc1", 40, 192, true);
    fake_add_linear(&f, "visual.head.", "mlp.fc2", 20, 40, false);
    put_open_clip(folder, &f, ", \"timm_model_name\": \"vit_tiny_patch16_224\", \"timm_pool\": \"\", \"timm_proj\": \"mlp\"");
    same_bytes(reference, folder, 4);
    check_projection(folder, &f, true);
    fake_free(&f);

    char *lone = path_join(folder, "open_clip_model.safetensors");
    same_bytes(reference, lone, 4);
    free(lone);

    /* under the name open_clip gives it in a folder of its own */
    char *from = path_join(folder, "open_clip_model.safetensors"), *to = path_join(folder, "model.safetensors");
    assert_int_equal(rename(from, to), 0);
    same_bytes(reference, folder, 4);
    free(from);
    free(to);
    scratch_remove(reference);
    scratch_remove(folder);
}

/* ---- names ---- */

/* timm 1.0, models/vision_transformer.py and deit.py: embed_dim, depth, num_heads of each entry point. */
static void names_tell_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        size_t width, layers, heads, patch, image;
    } cases[] = {
        {"{\"architecture\": \"vit_tiny_patch16_224\"}", 192, 12, 3, 16, 224},
        {"{\"architecture\": \"vit_small_patch32_384\", \"input_size\": [3, 384, 384]}", 384, 12, 6, 32, 384},
        {"{\"architecture\": \"vit_base_patch16_224\", \"num_features\": 768, \"global_pool\": \"token\"}", 768, 12, 12, 16, 224},
        {"{\"architecture\": \"vit_base_patch16_224.dino\"}", 768, 12, 12, 16, 224},
        {"{\"architecture\": \"vit_large_patch16_224_in21k\"}", 1024, 24, 16, 16, 224},
        {"{\"architecture\": \"vit_large_patch14_dinov2\", \"pretrained_cfg\": {\"input_size\": [3, 518, 518]}}", 1024, 24, 16, 14, 518},
        {"{\"architecture\": \"vit_huge_patch14_224\"}", 1280, 32, 16, 14, 224},
        {"{\"architecture\": \"deit_small_patch16_224\"}", 384, 12, 6, 16, 224},
        {"{\"architecture\": \"vit_base_patch16_224\", \"model_args\": {\"img_size\": 512, \"dynamic_img_size\": true}}", 768, 12, 12, 16, 512},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[] = "config.json";
        struct checkpoint c = {.path = path, .config = {.path = path, .json = json_loads(cases[i].config, 0, NULL)}};
        struct timm_config t;
        struct status st;
        if (timm_config_read(&t, &c, &st))
            fail_msg("%s", st.text);
        assert_true(t.width == cases[i].width && t.layers == cases[i].layers && t.heads == cases[i].heads && t.intermediate == 4 * t.width);
        assert_true(t.patch == cases[i].patch && t.image_size == cases[i].image);
        json_decref(c.config.json);
    }
}

/* ---- refusals ---- */

static void refused(const char *path, const char *reason)
{
    struct encoder *e;
    struct status st = {0};
    assert_int_equal(encoder_open(&e, path, &st), STATUS_DATA);
    assert_null(e);
    assert_text(st.text, reason);
}

static void other_architectures_are_refused(void **state)
{
    (void)state;
    char *folder = scratch_new();
    struct fake f = {0};
    fake_add_timm(&f, &small, &(struct fake_timm){.theirs = "vit.", .own = ""});
    static const struct {
        const char *architecture, *more, *reason;
    } cases[] = {
        {"vit_base_patch8_clip_quickgelu_224", "", "'vit_base_patch8_clip_quickgelu_224' is not built"},
        {"vit_base_patch8_siglip_224", "", "is not built"},
        {"vit_base_patch8_rpn_224", "", "is not built"},
        {"vit_giant_patch8_224", "", "is not built"},
        {"vit_base_patch_224", "", "is not built"},
        {"swin_base_patch4_window7_224", "", "is not built"},
        {"resnet50", "", "is not built"},
        {"", "", "is not built"},
        {NAME, ", \"global_pool\": \"avg\"", "global_pool 'avg'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_timm(folder, &small, &f, cases[i].architecture, true, cases[i].more);
        refused(folder, cases[i].reason);
    }
    static const struct {
        const char *text, *reason;
    } configs[] = {
        {"{\"architecture\": \"" NAME "\", \"pretrained_cfg\": {\"input_size\": [3, 26, 26]}}", "has shape [1,1,24], config.json asks for [1,1,768]"},
        {"{\"architecture\": \"" NAME "\", \"num_features\": 24, \"pretrained_cfg\": {\"input_size\": [3, 26, 26]}}", "num_features is 24"},
        {"{\"architecture\": \"" NAME "\", \"pretrained_cfg\": {\"input_size\": [3, 26, 28]}}", "input_size"},
        {"{\"architecture\": \"" NAME "\", \"pretrained_cfg\": {\"input_size\": [1, 26, 26]}}", "input_size"},
        {"{\"architecture\": \"" NAME "\", \"model_args\": {\"act_layer\": \"quick_gelu\"}}", "act_layer"},
        {"{\"architecture\": \"" NAME "\", \"model_args\": {\"reg_tokens\": 4}}", "reg_tokens"},
        {"{\"architecture\": \"" NAME "\", \"model_args\": {\"num_heads\": 7}}", "7 heads"},
        {"{\"architecture\": \"" NAME "\", \"model_args\": {\"depth\": 0}}", "depth is 0"},
    };
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        scratch_text(folder, "config.json", configs[i].text);
        refused(folder, configs[i].reason);
    }
    fake_free(&f);
    scratch_remove(folder);
}

static void contradictory_tensors_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *drop, *add, *reason;
    } cases[] = {
        {"blocks.1.attn.qkv.bias", NULL, "lacks tensor 'blocks.1.attn.qkv.bias'"},
        {"norm.weight", NULL, "lacks tensor 'norm.weight'"},
        {"cls_token", NULL, "lacks tensor 'cls_token'"},
        {"pos_embed", NULL, "lacks tensor 'pos_embed'"},
        {NULL, "reg_token", "register tokens"},
        {NULL, "norm_pre.weight", "a norm before the blocks"},
        {NULL, "fc_norm.weight", "fc_norm.weight"},
        {NULL, "blocks.2.norm1.weight", "'blocks.2.norm1.weight', for which the encoder has no place"},
        {NULL, "blocks.1.ls1.gamma", "'blocks.1.ls1.gamma', for which the encoder has no place"},
        {NULL, "blocks.0.ls1.gamma", "lacks tensor 'blocks.0.ls2.gamma'"},
        {NULL, "gate.weight", "'gate.weight', for which"},
    };
    char *folder = scratch_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake f = {0};
        fake_add_timm(&f, &small, &(struct fake_timm){.theirs = "vit.", .own = ""});
        if (cases[i].drop) {
            fake_drop(&f, cases[i].drop);
        }
        if (cases[i].add) {
            fake_add(&f, mem_strdup(cases[i].add), 1, &small.width);
        }
        put_timm(folder, &small, &f, NAME, true, "");
        refused(folder, cases[i].reason);
        fake_free(&f);
    }
    struct fake f = {0};
    fake_add_timm(&f, &small, &(struct fake_timm){.theirs = "vit.", .own = ""});
    fake_drop(&f, "blocks.0.attn.qkv.weight");
    fake_add(&f, mem_strdup("blocks.0.attn.qkv.weight"), 2, (size_t[]){2 * small.width, small.width});
    put_timm(folder, &small, &f, NAME, true, "");
    refused(folder, "'blocks.0.attn.qkv.weight' has shape [48,24], config.json asks for [72,24]");
    fake_free(&f);

    fake_add_timm(&f, &small, &(struct fake_timm){.theirs = "vit.", .own = ""});
    struct fake_tensor *t = fake_find(&f, "blocks.0.attn.qkv.weight");
    t->poked = true;
    t->poke = NAN;
    put_timm(folder, &small, &f, NAME, true, "");
    refused(folder, "nan at place 1727 of 1728"); /* 72 x 24: found in the third that holds it */
    fake_free(&f);

    fake_add_timm(&f, &small, &(struct fake_timm){.theirs = "vit.", .own = "student."});
    fake_add_timm(&f, &small, &(struct fake_timm){.theirs = "vit.", .own = "teacher."});
    put_timm(folder, &small, &f, NAME, true, "");
    refused(folder, "two encoders");
    fake_free(&f);
    scratch_remove(folder);
}

static void open_clip_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *vision, *reason;
    } cases[] = {
        {", \"timm_model_name\": \"vit_tiny_patch16_224\", \"timm_proj\": \"linear\"", "timm_pool 'avg'"},
        {", \"timm_model_name\": \"vit_tiny_patch16_224\", \"timm_pool\": \"abs_attn\"", "timm_pool 'abs_attn'"},
        {", \"timm_model_name\": \"vit_tiny_patch16_224\", \"timm_pool\": \"\", \"timm_proj\": \"odd\"", "timm_proj 'odd'"},
        {", \"timm_model_name\": \"vit_tiny_patch16_224\", \"timm_pool\": \"\", \"timm_gate\": 1", "timm_gate"},
        {", \"timm_model_name\": \"vit_tiny_patch16_224\", \"timm_pool\": \"\", \"timm_proj\": \"mlp\"", "lacks tensor 'visual.head.mlp.fc1.weight'"},
        {", \"timm_model_name\": \"vit_tiny_patch16_224\", \"timm_pool\": \"\", \"timm_proj\": null",
         "'visual.head.proj.weight', for which the encoder has no place"},
        {", \"layers\": 12, \"width\": 192", "no timm_model_name"},
        {", \"timm_model_name\": \"convnext_base\", \"timm_pool\": \"\"", "'convnext_base' is not built"},
    };
    char *folder = scratch_new();
    struct fake f = {0};
    add_clip(&f);
    fake_add_linear(&f, "visual.head.", "proj", 20, 192, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_open_clip(folder, &f, cases[i].vision);
        refused(folder, cases[i].reason);
    }
    fake_free(&f);
    scratch_remove(folder);
}

static void pickles_are_refused(void **state)
{
    (void)state;
    char *folder = scratch_new();
    put_open_clip(folder, NULL, BIOMED);
    refused(folder, "neither open_clip_model.safetensors");
    scratch_text(folder, "open_clip_pytorch_model.bin", "x");
    refused(folder, "torch.load('open_clip_pytorch_model.bin', weights_only=True)");
    remove_config(folder, "open_clip_config.json");
    scratch_text(folder, "config.json", "{\"architecture\": \"vit_base_patch16_224\"}");
    scratch_text(folder, "pytorch_model.bin", "x");
    refused(folder, "'model.safetensors')");
    scratch_text(folder, "config.json", "{\"model_type\": \"vit\"}");
    refused(folder, "safe_serialization=True");
    scratch_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timm_names_give_the_same_bytes), cmocka_unit_test(without_qkv_bias_and_in_half_precision),
        cmocka_unit_test(layer_scale_runs_as_dinov2),     cmocka_unit_test(a_head_is_the_classifier),
        cmocka_unit_test(the_order_in_qkv_matters),       cmocka_unit_test(open_clip_trunk_and_projection),
        cmocka_unit_test(other_architectures_are_refused), cmocka_unit_test(contradictory_tensors_are_refused),
        cmocka_unit_test(names_tell_sizes),               cmocka_unit_test(open_clip_refusals),
        cmocka_unit_test(pickles_are_refused),
    };
    return cmocka_run_group_tests_name("timm", tests, NULL, NULL);
}
