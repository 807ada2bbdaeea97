/* How a checkpoint wants its pictures: preprocessor_config.json of the Hugging
 * Face image processors ViT, BiT (DINOv2) and ConvNeXT (ResNet), in their
 * Pillow form (names ending in Fast or FeatureExtractor mean the same); timm's
 * config.json; open_clip_config.json. */
#ifndef IMAGE_PREPROCESS_H
#define IMAGE_PREPROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "image/resample.h"

struct preprocess {
    size_t width, height; /* of the picture handed to the encoder */
    bool do_resize;
    enum resample_filter filter;
    size_t shortest_edge;               /* resize the shorter side to this, aspect kept; 0: to the two below */
    size_t resize_width, resize_height;
    size_t crop_width, crop_height;     /* centre crop after the resize; 0: none */
    bool crop_to_even;                  /* an odd margin: half of it rounded to even (torchvision); false: down (transformers) */
    double rescale;                     /* 1 when the file says do_rescale: false */
    float mean[3], std[3];              /* 0 and 1 when it says do_normalize: false */
};

/* The published scripts' way: straight to image_size x image_size, bilinear, 1/255, ImageNet's mean and std. */
void preprocess_default(struct preprocess *p, size_t image_size);

/* open_clip_config.json of an open_clip folder (base/layout.h), else preprocessor_config.json, else timm's config.json;
 * the default when there is none of them.  What the file leaves out is the class's own
 * default in transformers, timm or open_clip.  STATUS_DATA, naming file and key: unknown class, wrong type, settings that contradict one
 * another or that this program does not carry out.  Whether the size suits the encoder is the encoder's to say. */
int preprocess_read(struct preprocess *p, const char *directory, size_t image_size, struct status *st) MUST_CHECK;

/* The same from text[size], any of the three kinds; `name` stands in messages. */
int preprocess_parse(struct preprocess *p, const char *name, const char *text, size_t size, struct status *st) MUST_CHECK;

/* One line that differs whenever pixels would; goes into the encoder's fingerprint.  New string. */
char *preprocess_describe(const struct preprocess *p);

#endif
