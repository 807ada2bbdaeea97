/* Boxes from COCO, LabelMe, VOC, YOLO and CSV files, and what is refused, by file and line or entry. */
#include <math.h>

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
    };
    return cmocka_run_group_tests(tests, make, drop);
}
