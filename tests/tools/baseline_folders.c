/* Random little stand-ins in the folder layouts of the published comparison, under DIR, named as manifests/baselines.yaml
 * names them: what `check` and `run` need to show that a study over all six opens.
 *   baseline_folders DIR */
#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "fake_timm.h"

#define SMALL .width = 48, .layers = 2, .heads = 4, .intermediate = 96, .patch = 16, .image = 224, .qkv_bias = true
static const struct fake_vit mae = {.prefix = "vit.", SMALL}, bare = {.prefix = "", SMALL};
/* open_clip's config cannot say of another width than the published */
static const struct fake_vit clip = {.prefix = "", .width = 192, .layers = 12, .heads = 3, .intermediate = 768, .patch = 16, .image = 224,
                                     .qkv_bias = true};

static char *folder;

static bool file(const char *name, const char *text)
{
    char *path = path_join(folder, name);
    bool fine = fake_write_text(path, text);
    free(path);
    return fine;
}

static bool weights(const char *name, struct fake *f)
{
    char *path = path_join(folder, name);
    bool fine = fake_write(f, path, 7);
    free(path);
    fake_free(f);
    return fine;
}

static bool vit(const struct fake_vit *v, const char *type)
{
    struct fake f = {0};
    char *path = path_join(folder, "config.json");
    fake_add_vit(&f, v);
    bool fine = fake_write_config(path, v, type, "") && weights("model.safetensors", &f);
    free(path);
    return fine;
}

static bool skelex(void)
{
    return vit(&mae, "vit_mae");
}

static bool vit_in21k(void)
{
    return vit(&bare, "vit") && file("preprocessor_config.json", "{\"image_processor_type\": \"ViTImageProcessor\", \"size\": 224, \"resample\": 2,\n"
                                                                 " \"image_mean\": [0.5, 0.5, 0.5], \"image_std\": [0.5, 0.5, 0.5]}\n");
}

static bool vit_mae(void)
{
    return vit(&mae, "vit_mae") && file("preprocessor_config.json", "{\"feature_extractor_type\": \"ViTFeatureExtractor\", \"size\": 224, \"resample\": 3,\n"
                                                                    " \"image_mean\": [0.485, 0.456, 0.406], \"image_std\": [0.229, 0.224, 0.225]}\n");
}

static bool resnet(void)
{
    const struct fake_resnet r = {"resnet.", true, false, false, 8, 4, {1, 1, 2, 1}, {16, 32, 64, 96}};
    struct fake f = {0};
    char *path = path_join(folder, "config.json");
    fake_add_resnet(&f, &r);
    bool fine = fake_write_resnet_config(path, &r, "") && weights("model.safetensors", &f);
    free(path);
    return fine && file("preprocessor_config.json", "{\"feature_extractor_type\": \"ConvNextFeatureExtractor\", \"size\": 224, \"crop_pct\": 0.875,\n"
                                                    " \"resample\": 3, \"image_mean\": [0.485, 0.456, 0.406], \"image_std\": [0.229, 0.224, 0.225]}\n");
}

static bool biomedclip(void)
{
    struct fake f = {0};
    fake_add_timm(&f, &clip, &(struct fake_timm){.theirs = "", .own = "visual.trunk."});
    fake_add_linear(&f, "visual.head.", "proj", 32, clip.width, false);
    fake_add_linear(&f, "text.", "transformer.embeddings.word_embeddings", 9, 8, false);
    return weights("open_clip_model.safetensors", &f) &&
           file("open_clip_config.json", "{\"model_cfg\": {\"embed_dim\": 32, \"vision_cfg\": {\"timm_model_name\": \"vit_tiny_patch16_224\",\n"
                                         "  \"timm_model_pretrained\": false, \"timm_pool\": \"\", \"timm_proj\": \"linear\", \"image_size\": 224},\n"
                                         "  \"text_cfg\": {}},\n"
                                         " \"preprocess_cfg\": {\"mean\": [0.48145466, 0.4578275, 0.40821073],\n"
                                         "  \"std\": [0.26862954, 0.26130258, 0.27577711]}}\n");
}

static bool radiodino(void)
{
    struct fake f = {0};
    char *path = path_join(folder, "config.json");
    fake_add_timm(&f, &bare, &(struct fake_timm){.theirs = "", .own = ""});
    bool fine = fake_write_timm_config(path, &bare, "vit_base_patch16_224", true, "") && weights("model.safetensors", &f);
    free(path);
    return fine;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        bool (*write)(void);
    } baselines[] = {{"skelex", skelex},     {"vit-large-patch16-224-in21k", vit_in21k}, {"vit-mae-large", vit_mae},
                     {"resnet-101", resnet}, {"BiomedCLIP", biomedclip},                 {"RadioDino-b16", radiodino}};
    struct status st;
    if (argc != 2) {
        fputs("usage: baseline_folders DIR\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < sizeof baselines / sizeof *baselines; i++) {
        folder = path_join(argv[1], baselines[i].name);
        if (file_make_directories(folder, &st) || !baselines[i].write()) {
            fprintf(stderr, "cannot write %s\n", folder);
            return 4;
        }
        free(folder);
    }
    return 0;
}
