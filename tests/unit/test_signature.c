/* What pictures are known by: equal pixels, near copies, inverted scales. */
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image_write.h>
#pragma GCC diagnostic pop

#include <math.h>

#include "unit/scratch.h"

#include "image/signature.h"

/* A grey level at a point of a lattice of 20 x 20, the same for the same seed. */
static double level(unsigned seed, size_t i, size_t j)
{
    uint32_t h = seed * 2654435761u + (uint32_t)(i * 73856093u) + (uint32_t)(j * 19349663u);
    h ^= h >> 15;
    h *= 2246822519u;
    h ^= h >> 13;
    h *= 3266489917u;
    h ^= h >> 16;
    return (double)(h % 1000) / 1000;
}

/* A bright shaft on dark ground, under texture: the same scene at any size. */
static double shade(unsigned seed, double u, double v)
{
    double x = u * 19, y = v * 19, fx = x - floor(x), fy = y - floor(y);
    size_t i = (size_t)x, j = (size_t)y;
    double texture = (1 - fy) * ((1 - fx) * level(seed, i, j) + fx * level(seed, i + 1, j)) + fy * ((1 - fx) * level(seed, i, j + 1) + fx * level(seed, i + 1, j + 1));
    double across = 60 * (u - 0.5) * (u - 0.5);
    return 10 + 130 / (1 + across) + 110 * texture;
}

static struct radiograph scene(unsigned seed, size_t width, size_t height, size_t channels, unsigned bits)
{
    struct radiograph r = {.width = width, .height = height, .channels = channels, .bits = bits, .format = "test"};
    r.sample = NEW(width * height * channels, uint16_t);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            double t = shade(seed, ((double)x + 0.5) / (double)width, ((double)y + 0.5) / (double)height);
            for (size_t c = 0; c < channels; c++)
                r.sample[(y * width + x) * channels + c] = (uint16_t)(bits == 16 ? t * 257 : t);
        }
    return r;
}

static struct signature sign(struct radiograph r)
{
    struct signature s;
    signature_make(&s, &r);
    radiograph_free(&r);
    return s;
}

static void test_pixels(void **state)
{
    (void)state;
    struct signature grey = sign(scene(1, 60, 50, 1, 8)), rgb = sign(scene(1, 60, 50, 3, 8)), wide = sign(scene(1, 60, 50, 1, 16));
    assert_memory_equal(grey.pixels, rgb.pixels, DIGEST_BYTES);
    assert_memory_not_equal(grey.pixels, wide.pixels, DIGEST_BYTES);
    struct radiograph one = scene(1, 60, 50, 1, 8), colour = scene(1, 60, 50, 3, 8);
    one.sample[1777] ^= 1;
    colour.sample[3 * 1777 + 1] ^= 1; /* not grey any more */
    struct signature changed = sign(one), tinted = sign(colour);
    assert_memory_not_equal(grey.pixels, changed.pixels, DIGEST_BYTES);
    assert_memory_not_equal(rgb.pixels, tinted.pixels, DIGEST_BYTES);
    struct radiograph flat = scene(1, 50, 60, 1, 8); /* the same samples at another width */
    struct radiograph same = scene(1, 60, 50, 1, 8);
    memcpy(flat.sample, same.sample, 3000 * sizeof *flat.sample);
    radiograph_free(&same);
    struct signature turned = sign(flat);
    assert_memory_not_equal(grey.pixels, turned.pixels, DIGEST_BYTES);
}

static void jpeg_bytes(void *context, void *data, int size)
{
    struct { unsigned char *data; size_t size; } *out = context;
    out->data = mem_realloc(out->data, out->size + (size_t)size, 1);
    memcpy(out->data + out->size, data, (size_t)size);
    out->size += (size_t)size;
}

static struct signature as_jpeg(struct radiograph r, int quality)
{
    struct { unsigned char *data; size_t size; } file = {NULL, 0};
    struct radiograph again;
    struct status st;
    uint8_t *bytes = NEW(r.width * r.height, uint8_t);
    for (size_t i = 0; i < r.width * r.height; i++)
        bytes[i] = (uint8_t)r.sample[i];
    assert_true(stbi_write_jpg_to_func(jpeg_bytes, &file, (int)r.width, (int)r.height, 1, bytes, quality));
    if (radiograph_decode(&again, file.data, file.size, &st))
        fail_msg("%s", st.text);
    free(file.data);
    free(bytes);
    radiograph_free(&r);
    return sign(again);
}

static void test_near(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct signature s = sign(scene(seed, 300, 240, 1, 8)), jpeg = as_jpeg(scene(seed, 300, 240, 1, 8), 40);
        struct signature half = sign(scene(seed, 150, 120, 1, 8)), deep = sign(scene(seed, 300, 240, 1, 16));
        struct radiograph dark = scene(seed, 300, 240, 1, 8);
        for (size_t i = 0; i < 300 * 240; i++)
            dark.sample[i] = (uint16_t)(dark.sample[i] * 0.7 + 5);
        struct signature darker = sign(dark);
        assert_int_equal(signature_distance(s.hash, (const uint64_t[4]){0, 0, 0, 0}), 127); /* half of 255, whatever the picture */
        assert_memory_not_equal(s.pixels, jpeg.pixels, DIGEST_BYTES);
        assert_in_range(signature_distance(s.hash, jpeg.hash), 0, 24);
        assert_in_range(signature_distance(s.hash, half.hash), 0, 24);
        assert_in_range(signature_distance(s.hash, deep.hash), 0, 24);
        assert_in_range(signature_distance(s.hash, darker.hash), 0, 24);
        for (unsigned other = 1; other < seed; other++) {
            struct signature o = sign(scene(other, 300, 240, 1, 8));
            assert_in_range(signature_distance(s.hash, o.hash), 25, 255);
        }
    }
}

static void test_distance(void **state)
{
    (void)state;
    uint64_t a[4] = {0, 0, 0, 0}, b[4] = {UINT64_MAX, 1, 0, UINT64_MAX >> 1};
    assert_int_equal(signature_distance(a, b), 64 + 1 + 63);
    assert_int_equal(signature_distance(b, b), 0);
    for (int i = 0; i < 256; i++) {
        uint64_t one[4] = {0, 0, 0, 0};
        one[i / 64] = (uint64_t)1 << (i % 64);
        assert_int_equal(signature_distance(a, one), 1);
    }
}

static void test_contrast(void **state)
{
    (void)state;
    struct radiograph r = scene(3, 224, 224, 1, 8), inverse = scene(3, 224, 224, 1, 8), constant = scene(3, 5, 7, 1, 8);
    for (size_t i = 0; i < 224 * 224; i++)
        inverse.sample[i] = (uint16_t)(255 - inverse.sample[i]);
    for (size_t i = 0; i < 35; i++)
        constant.sample[i] = 51;
    struct signature s = sign(r), t = sign(inverse), u = sign(constant), tiny = sign(scene(1, 1, 1, 1, 8));
    assert_true(s.contrast > 0.2);
    assert_float_equal(s.contrast, -t.contrast, 1e-12);
    assert_true(u.contrast == 0 && u.sd == 0 && tiny.contrast == 0);
    assert_float_equal(u.mean, 0.2, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pixels), cmocka_unit_test(test_near), cmocka_unit_test(test_distance),
                                       cmocka_unit_test(test_contrast)};
    return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
