/* Boxes from COCO, LabelMe, VOC, YOLO and CSV files, masks from pictures and polygons, and what is refused, by file and line or entry. */
#include <math.h>

#include "base/png_encode.h"
#include "encoder_folder.h"
#include "region/boxes.h"

static char *folder, *coco;

#define IMAGES "\"images\": [{\"id\": 7, \"file_name\": \"x/b.png\", \"width\": 20, \"height\": 10}, {\"id\": 3, \"file_name\": \"a.png\", \"width\": 5, \"height\": 5}]"

static void read_text(struct boxes *b, const char *text)
{
    struct status st = {0};
    put_text(folder, "c.json", text);
    if (boxes_read(b, coco, &st))
        fail_msg("%s", st.text);
}

static void refuse(const char *text, const char *word)
{
    struct boxes b;
    struct status st = {0};
    put_text(folder, "c.json", text);
    assert_int_equal(boxes_read(&b, coco, &st), STATUS_DATA);
    if (!strstr(st.text, word) || !strstr(st.text, "c.json"))
        fail_msg("'%s' does not hold '%s'", st.text, word);
}

static void coco_boxes_belong_to_their_images(void **state)
{
    (void)state;
    struct boxes b;
    read_text(&b, "{" IMAGES ", \"annotations\": [{\"id\": 0, \"image_id\": 7, \"bbox\": [1, 2, 3.5, 4]}, {\"id\": 1, \"image_id\": 7, \"bbox\": [-0.4, 0, 20.9, 10]}]}");
    assert_int_equal(b.n, 2);
    assert_int_equal(b.n_boxes, 2);
    const struct boxes_image *image = boxes_find(&b, "some/where/b.png"), *none = boxes_find(&b, "a.png");
    assert_non_null(image);
    assert_non_null(none);
    assert_null(boxes_find(&b, "c.png"));
    assert_int_equal(none->n, 0);
    assert_true(image->n == 2 && image->width == 20 && image->height == 10);
    assert_true(image->box[0].left == 1 && image->box[0].top == 2 && image->box[0].right == 4.5 && image->box[0].bottom == 6);
    assert_true(image->box[1].left == 0 && image->box[1].right == 20); /* rounding beyond the edge is cut off */
    boxes_free(&b);
}

static void bad_coco_files_are_refused(void **state)
{
    (void)state;
    refuse("{\n\"images\": [,]}", "line 2");
    refuse("{\"annotations\": []}", "no COCO file");
    refuse("{\"images\": [{\"id\": 1, \"file_name\": \"a.png\", \"width\": 0, \"height\": 5}], \"annotations\": []}", "image 1");
    refuse("{\"images\": [{\"id\": 1, \"file_name\": \"a.png\", \"width\": 5, \"height\": 5}, {\"id\": 1, \"file_name\": \"b.png\", \"width\": 5, \"height\": 5}], \"annotations\": []}", "two images have the id 1");
    refuse("{\"images\": [{\"id\": 1, \"file_name\": \"a.png\", \"width\": 5, \"height\": 5}, {\"id\": 2, \"file_name\": \"q/a.png\", \"width\": 5, \"height\": 5}], \"annotations\": []}", "stands twice");
    refuse("{" IMAGES ", \"annotations\": [{\"id\": 4, \"image_id\": 9, \"bbox\": [1, 1, 1, 1]}]}", "annotation 1 (id 4): its image_id is none");
    refuse("{" IMAGES ", \"annotations\": [{\"id\": 4, \"image_id\": 7, \"bbox\": [1, 1, 0, 1]}]}", "annotation 1 (id 4): a box of 0 x 1 px");
    refuse("{" IMAGES ", \"annotations\": [{\"id\": 4, \"image_id\": 7, \"bbox\": [1, 1, 2, 11]}]}", "lies outside 'b.png' of 20x10 px");
    refuse("{" IMAGES ", \"annotations\": [{\"id\": 4, \"image_id\": 7, \"bbox\": [1, 1, 2]}]}", "bbox is not");
    refuse("{" IMAGES ", \"annotations\": [{\"id\": 4, \"image_id\": 7, \"bbox\": [-0.8, 3, 0.6, 5]}]}", "lies in the margin of 'b.png'");
    refuse("{" IMAGES ", \"annotations\": [{\"id\": 4, \"image_id\": 7, \"bbox\": [1, 1, 2, \"3\"]}]}", "no number");
}

static void labelme_folders_are_read(void **state)
{
    (void)state;
    char *labels = make_folder();
    struct boxes b;
    struct status st = {0};
    assert_int_equal(boxes_read(&b, labels, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "holds no boxes"));
    put_text(labels, "1.json", "{\"imagePath\": \"..\\\\images\\\\IMG1.jpeg\", \"imageWidth\": 30, \"imageHeight\": 40, \"shapes\": ["
                               "{\"label\": \"t\", \"shape_type\": \"polygon\", \"points\": [[3, 9], [8, 2], [5, 20]]}]}");
    if (boxes_read(&b, labels, &st))
        fail_msg("%s", st.text);
    const struct boxes_image *image = boxes_find(&b, "IMG1.jpeg");
    assert_non_null(image);
    assert_true(image->n == 1 && image->box[0].left == 3 && image->box[0].top == 2 && image->box[0].right == 8 && image->box[0].bottom == 20);
    boxes_free(&b);
    put_text(labels, "1.json", "{\"imagePath\": \"IMG1.jpeg\", \"imageWidth\": 30, \"imageHeight\": 40, \"shapes\": ["
                               "{\"label\": \"t\", \"shape_type\": \"polygon\", \"points\": [[3, 9], [8, 2], [5, 20]]}, "
                               "{\"label\": \"cyst\", \"shape_type\": \"rectangle\", \"points\": [[9, 21], [2, 1]]}]}");
    if (boxes_read(&b, labels, &st))
        fail_msg("%s", st.text);
    image = boxes_find(&b, "IMG1.jpeg"); /* the polygon of the same tumour does not count beside its rectangle */
    assert_true(image->n == 1 && image->box[0].left == 2 && image->box[0].bottom == 21 && !strcmp(image->box[0].label, "cyst"));
    boxes_free(&b);
    put_text(labels, "2.json", "{\"imagePath\": \"b.png\", \"imageWidth\": 30, \"imageHeight\": 40, \"shapes\": [{\"points\": [[3, 9], [31.5, 12]]}]}");
    assert_int_equal(boxes_read(&b, labels, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "2.json', shape 1: the box from (3, 9) to (31.5, 12) lies outside 'b.png'"));
    put_text(labels, "2.json", "{\"imagePath\": \"b.png\", \"imageWidth\": 30, \"imageHeight\": 40, \"shapes\": [{\"points\": []}]}");
    assert_int_equal(boxes_read(&b, labels, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "shape 1 has no points"));
    remove_folder(labels);
}

/* Into a picture of 200x100 px. */
static int fit(struct boxes *b, const char *path, const char *picture, struct status *st)
{
    int code = boxes_read(b, path, st);
    if (code)
        return code;
    struct boxes_image *image = boxes_find(b, picture);
    assert_non_null(image);
    code = boxes_fit(image, 200, 100, picture, st);
    if (code)
        boxes_free(b);
    return code;
}

static void refuse_fit(const char *path, const char *word)
{
    struct boxes b;
    struct status st = {0};
    assert_int_equal(fit(&b, path, "a.jpeg", &st), STATUS_DATA);
    if (!strstr(st.text, word))
        fail_msg("'%s' does not hold '%s'", st.text, word);
}

static void yolo_fractions_become_pixels(void **state)
{
    (void)state;
    char *labels = make_folder();
    struct boxes b;
    struct status st = {0};
    put_text(labels, "classes.txt", "femur\ntibia \n");
    put_text(labels, "a.txt", "1 0.5 0.5 0.2 0.4 0.875\r\n\n0 0.1 0.2 0.2 0.4");
    put_text(labels, "none.txt", "");
    if (fit(&b, labels, "x/a.jpeg", &st))
        fail_msg("%s", st.text);
    const struct boxes_image *image = boxes_find(&b, "a.png");
    assert_int_equal(b.n, 2);
    assert_int_equal(image->n, 2);
    assert_true(fabs(image->box[0].left - 80) < 1e-9);
    assert_true(fabs(image->box[0].top - 30) < 1e-9);
    assert_true(fabs(image->box[0].right - 120) < 1e-9);
    assert_true(fabs(image->box[0].bottom - 70) < 1e-9);
    assert_true(fabs(image->box[1].left - 0) < 1e-9);
    assert_true(image->box[0].confidence == 0.875 && isnan(image->box[1].confidence));
    assert_string_equal(image->box[0].label, "tibia");
    boxes_free(&b);
    put_text(labels, "a.txt", "1 0.5 0.5 0.2 0.4\n0 412 90 30 20\n");
    refuse_fit(labels, "a.txt', line 2: 412 is no fraction of the picture's side");
    put_text(labels, "a.txt", "0 0.05 0.5 0.2 0.4");
    refuse_fit(labels, "a.txt', line 1: the box from (-10, 30)");
    put_text(labels, "a.txt", "0 0.5 0.5 0 0.4");
    refuse_fit(labels, "a.txt', line 1: a box of 0 x 0.4 of the picture");
    put_text(labels, "a.txt", "0 0.5 0.5 0.2");
    refuse_fit(labels, "a.txt', line 1: 4 fields");
    put_text(labels, "a.txt", "0 0.5 0.5 0.2 0.4 0.5 7");
    refuse_fit(labels, "a.txt', line 1: more than 6 fields");
    put_text(labels, "a.txt", "2 0.5 0.5 0.2 0.4");
    refuse_fit(labels, "a.txt', line 1: class 2, but classes.txt names 2");
    put_text(labels, "a.txt", "0.5 0.5 0.5 0.2 0.4");
    refuse_fit(labels, "class 0.5 is no whole number");
    put_text(labels, "a.txt", "0 0.5 0.5 0.2 0.4 1.5");
    refuse_fit(labels, "confidence 1.5 is not between 0 and 1");
    put_text(labels, "a.txt", "0 0.5 0.5 x 0.4");
    refuse_fit(labels, "'x' is no number");
    put_text(labels, "b.json", "{}");
    refuse_fit(labels, "holds boxes of two formats: 'b.json' and 'a.txt'");
    remove_folder(labels);
}

static void csv_boxes_are_checked_by_line(void **state)
{
    (void)state;
    char *path = path_join(folder, "b.csv");
    struct boxes b;
    struct status st = {0};
    put_text(folder, "b.csv", "image,xmin,ymin,xmax,ymax,confidence,label\nx/a.jpeg,1,2,30,40,0.5,bone\nc.png,,,,,,\na.jpeg,5,6,200.5,9,,\n");
    if (fit(&b, path, "a.jpeg", &st))
        fail_msg("%s", st.text);
    const struct boxes_image *image = boxes_find(&b, "a.jpeg");
    assert_true(b.n == 2 && image->n == 2 && image->box[0].right == 30 && image->box[0].confidence == 0.5 && image->box[1].right == 200);
    assert_int_equal(boxes_find(&b, "c.png")->n, 0);
    boxes_free(&b);
    put_text(folder, "b.csv", "image,left,top,right,bottom\na.jpeg,1,2,30,40\na.jpeg,150,6,260,9\n");
    refuse_fit(path, "b.csv', line 3: the box from (150, 6) to (260, 9) lies outside 'a.jpeg' of 200x100 px");
    put_text(folder, "b.csv", "image,left,top,right,bottom\na.jpeg,1,2,1,40\n");
    refuse_fit(path, "b.csv', line 2: a box of 0 x 38 px");
    put_text(folder, "b.csv", "image,left,top,right,bottom\na.jpeg,1,2,,40\n");
    refuse_fit(path, "line 2: a side of the box is missing");
    put_text(folder, "b.csv", "image,left,top,right\na.jpeg,1,2,3\n");
    refuse_fit(path, "bottom");
    free(path);
}

#define VOC(x) "<annotation>\n<filename>a.jpeg</filename>\n<size><width>200</width><height>100</height></size>\n<object><name>tumour</name>\n" \
    "<bndbox><xmin>10</xmin><ymin>20</ymin><xmax>" x "</xmax><ymax>60</ymax></bndbox></object>\n</annotation>"

static void voc_files_are_read(void **state)
{
    (void)state;
    char *labels = make_folder();
    struct boxes b;
    struct status st = {0};
    put_text(labels, "a.xml", VOC("50"));
    if (fit(&b, labels, "a.jpeg", &st))
        fail_msg("%s", st.text);
    const struct boxes_image *image = boxes_find(&b, "a.jpeg");
    assert_true(image->n == 1 && image->box[0].left == 10 && image->box[0].top == 20 && image->box[0].right == 50 && image->box[0].bottom == 60);
    assert_string_equal(image->box[0].label, "tumour");
    boxes_free(&b);
    put_text(labels, "a.xml", VOC("250"));
    refuse_fit(labels, "a.xml', line 4, object 1: the box from (10, 20) to (250, 60) lies outside");
    put_text(labels, "a.xml", VOC("5x"));
    refuse_fit(labels, "a.xml', line 5: '5x' in <xmax> is no number");
    put_text(labels, "a.xml", VOC("50</name>"));
    refuse_fit(labels, "a.xml', line 5: mismatched tag");
    put_text(labels, "a.xml", "<annotation><filename>a.jpeg</filename></annotation>");
    refuse_fit(labels, "<size> is missing");
    put_text(labels, "a.xml", "<annotation><filename>a.jpeg</filename><size><width>20</width><height>100</height></size></annotation>");
    refuse_fit(labels, "'a.jpeg' is given as 20x100 px, but 'a.jpeg' has 200x100");
    remove_folder(labels);
}

/* ---- masks ---- */

static bool inside_polygon(const double *p, size_t n, double x, double y)
{
    bool inside = false;
    for (size_t i = 0, j = n - 1; i < n; j = i++)
        if ((p[2 * i + 1] > y) != (p[2 * j + 1] > y) && x < (p[2 * j] - p[2 * i]) * (y - p[2 * i + 1]) / (p[2 * j + 1] - p[2 * i + 1]) + p[2 * i])
            inside = !inside;
    return inside;
}

static bool covers(const struct outline *o, size_t x, size_t y)
{
    size_t hits = 0;
    for (size_t i = 0; i < o->n; i++)
        hits += o->run[i].y == y && x >= o->run[i].first && x < o->run[i].end;
    assert_true(hits <= 1);
    return hits;
}

/* Every pixel of stars with crossing sides and corners outside, by the ray's rule; of two the union. */
static void polygons_cover_the_pixels_whose_centres_they_hold(void **state)
{
    (void)state;
    enum { W = 40, H = 30, N = 7 };
    uint32_t seed = 5;
    for (int round = 0; round < 200; round++) {
        double point[2][2 * N];
        struct outline o = {0};
        for (size_t p = 0; p < 2; p++) {
            for (size_t i = 0; i < 2 * N; i++) {
                seed = seed * 1664525u + 1013904223u;
                point[p][i] = (seed >> 8) / 16777216.0 * 50 - 5;
                if (round % 3 == 0)
                    point[p][i] = floor(point[p][i]) + (i % 2 ? 0.5 : 0); /* corners on centres' rows, sides along them */
            }
            outline_add_polygon(&o, point[p], N, W, H);
        }
        for (size_t y = 0; y < H; y++)
            for (size_t x = 0; x < W; x++) {
                bool due = false, edge = false;
                for (size_t p = 0; p < 2; p++) {
                    due |= inside_polygon(point[p], N, (double)x + 0.5, (double)y + 0.5);
                    edge |= inside_polygon(point[p], N, (double)x + 0.5 - 1e-9, (double)y + 0.5) != inside_polygon(point[p], N, (double)x + 0.5 + 1e-9, (double)y + 0.5);
                }
                if (!edge && covers(&o, x, y) != due)
                    fail_msg("round %d: pixel %zu, %zu", round, x, y);
            }
        free(o.run);
    }
}

static void what_touches_in_a_mask_is_one_finding(void **state)
{
    (void)state;
    static const char *const picture[] = {
        "#..#....",
        ".#.#..##", /* joined at corners */
        "..#....#",
        "........",
        "##.###.#",
        "##.#.#.#",
        "...###..",
    };
    enum { W = 8, H = 7 };
    uint16_t sample[W * H * 3] = {0};
    size_t n, size[5] = {0};
    for (size_t i = 0; i < (size_t)W * H; i++)
        sample[3 * i + i % 3] = picture[i / W][i % W] == '#' ? 7 : 0; /* any channel counts */
    struct outline *o = outline_components(&n, sample, W, H, 3);
    assert_int_equal(n, 5);
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < (size_t)W * H; i++)
            if (covers(&o[k], i % W, i / W)) {
                assert_int_equal(picture[i / W][i % W], '#');
                size[k]++;
            }
        free(o[k].run);
    }
    free(o);
    const size_t due[] = {5, 3, 4, 8, 2};
    assert_memory_equal(size, due, sizeof due);
}

static void put_mask(const char *directory, const char *name, const uint16_t *grey, size_t w, size_t h)
{
    size_t size;
    char *path = path_join(directory, name);
    unsigned char *png = png_encode(&size, grey, w, h, 1, 8);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(png, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
    free(png);
    free(path);
}

static void refuse_masks(const char *path, const char *word)
{
    struct boxes b;
    struct status st = {0};
    int code = boxes_read_masks(&b, path, &st);
    if (!code) {
        struct boxes_image *image = boxes_find(&b, "x/a.jpeg");
        assert_non_null(image);
        code = boxes_fit(image, 20, 10, "x/a.jpeg", &st);
        boxes_free(&b);
    }
    assert_int_equal(code, STATUS_DATA);
    if (!strstr(st.text, word))
        fail_msg("'%s' does not hold '%s'", st.text, word);
}

static void folders_of_masks_are_read(void **state)
{
    (void)state;
    char *masks = make_folder();
    struct boxes b;
    struct status st = {0};
    uint16_t grey[200] = {0};
    grey[3 * 20 + 4] = grey[3 * 20 + 5] = grey[4 * 20 + 6] = 255;
    grey[9 * 20 + 19] = 1;
    put_mask(masks, "a.png", grey, 20, 10);
    put_mask(masks, "none.png", grey + 100, 5, 5);
    if (boxes_read_masks(&b, masks, &st))
        fail_msg("%s", st.text);
    struct boxes_image *image = boxes_find(&b, "x/a.jpeg");
    assert_non_null(image);
    assert_int_equal(boxes_fit(image, 20, 10, "x/a.jpeg", &st), STATUS_OK);
    assert_int_equal(image->n, 2);
    assert_true(image->box[0].left == 4 && image->box[0].top == 3 && image->box[0].right == 7 && image->box[0].bottom == 5);
    assert_true(image->box[1].left == 19 && image->box[1].bottom == 10);
    assert_int_equal(image->box[0].outline.n, 2);
    assert_int_equal(boxes_find(&b, "none.jpg")->n, 0);
    boxes_free(&b);
    put_mask(masks, "a.png", grey, 10, 20);
    refuse_masks(masks, "a.png': 'a' is given as 10x20 px, but 'x/a.jpeg' has 20x10");
    put_text(masks, "a.png", "no picture");
    refuse_masks(masks, "a.png'");
    assert_int_equal(boxes_read(&b, masks, &st), STATUS_DATA); /* they are no boxes */
    remove_folder(masks);
    masks = make_folder();
    put_text(masks, "a.txt", "0 0.5 0.5 0.2 0.2");
    refuse_masks(masks, "a.txt' holds boxes alone");
    remove_folder(masks);
}

#define SEGMENTS(x) "{" IMAGES ", \"annotations\": [{\"id\": 4, \"image_id\": 7, \"bbox\": [0, 0, 1, 1], \"segmentation\": " x "}]}"

static void refuse_segments(const char *text, const char *word)
{
    struct boxes b;
    struct status st = {0};
    put_text(folder, "c.json", text);
    assert_int_equal(boxes_read_masks(&b, coco, &st), STATUS_DATA);
    if (!strstr(st.text, word))
        fail_msg("'%s' does not hold '%s'", st.text, word);
}

static void polygons_of_json_files_are_read(void **state)
{
    (void)state;
    struct boxes b;
    struct status st = {0};
    put_text(folder, "c.json", SEGMENTS("[[2, 2, 6, 2, 6, 5, 2, 5], [5, 4, 9, 4, 9, 6, 5, 6]]"));
    if (boxes_read_masks(&b, coco, &st))
        fail_msg("%s", st.text);
    struct boxes_image *image = boxes_find(&b, "b.png");
    assert_true(image->n == 1 && image->box[0].left == 2 && image->box[0].right == 9 && image->box[0].bottom == 6); /* not the bbox */
    assert_int_equal(image->box[0].outline.n, 4); /* 2, 3: 2..6; 4: 2..9; 5: 5..9 */
    assert_true(covers(&image->box[0].outline, 8, 4) && !covers(&image->box[0].outline, 8, 3));
    boxes_free(&b);
    refuse_segments(SEGMENTS("[]"), "annotation 1 (id 4): its segmentation is no list of polygons");
    refuse_segments(SEGMENTS("{\"counts\": [3, 4], \"size\": [10, 20]}"), "no list of polygons");
    refuse_segments(SEGMENTS("[[1, 1, 2, 2]]"), "three points or more");
    refuse_segments(SEGMENTS("[[1, 1, 2, 2, 3]]"), "three points or more");
    refuse_segments(SEGMENTS("[[1, 1, 2, 2, 3, \"4\"]]"), "no number");
    refuse_segments(SEGMENTS("[[1, 1, 30, 2, 3, 4]]"), "lies outside 'b.png' of 20x10 px");
    refuse_segments(SEGMENTS("[[1, 1, 1e300, 2, 3, 4]]"), "lies outside 'b.png' of 20x10 px");
    refuse_segments(SEGMENTS("[[1, 1, 2, 1, 3, 1]]"), "has no size");
    char *labels = make_folder();
    put_text(labels, "1.json", "{\"imagePath\": \"a.jpeg\", \"imageWidth\": 20, \"imageHeight\": 10, \"shapes\": ["
                               "{\"label\": \"t\", \"shape_type\": \"polygon\", \"points\": [[3, 1], [8, 1], [8, 4], [3, 4]]}, "
                               "{\"label\": \"t\", \"shape_type\": \"rectangle\", \"points\": [[2, 1], [9, 8]]}]}");
    if (boxes_read_masks(&b, labels, &st))
        fail_msg("%s", st.text);
    image = boxes_find(&b, "a.jpeg"); /* the rectangle of the same tumour does not count beside its polygon */
    assert_true(image->n == 1 && image->box[0].left == 3 && image->box[0].outline.n == 3);
    boxes_free(&b);
    remove_folder(labels);
}

static int make(void **state)
{
    (void)state;
    folder = make_folder();
    coco = path_join(folder, "c.json");
    return 0;
}

static int drop(void **state)
{
    (void)state;
    remove_folder(folder);
    free(coco);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coco_boxes_belong_to_their_images),
        cmocka_unit_test(bad_coco_files_are_refused),
        cmocka_unit_test(labelme_folders_are_read),
        cmocka_unit_test(yolo_fractions_become_pixels),
        cmocka_unit_test(csv_boxes_are_checked_by_line),
        cmocka_unit_test(voc_files_are_read),
        cmocka_unit_test(polygons_cover_the_pixels_whose_centres_they_hold),
        cmocka_unit_test(what_touches_in_a_mask_is_one_finding),
        cmocka_unit_test(folders_of_masks_are_read),
        cmocka_unit_test(polygons_of_json_files_are_read),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
