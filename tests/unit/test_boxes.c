/* Boxes from COCO and LabelMe files, and what is refused, by file and entry. */
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
    assert_non_null(strstr(st.text, "holds no LabelMe file"));
    put_text(labels, "1.json", "{\"imagePath\": \"..\\\\images\\\\IMG1.jpeg\", \"imageWidth\": 30, \"imageHeight\": 40, \"shapes\": ["
                               "{\"label\": \"t\", \"shape_type\": \"polygon\", \"points\": [[3, 9], [8, 2], [5, 20]]}]}");
    if (boxes_read(&b, labels, &st))
        fail_msg("%s", st.text);
    const struct boxes_image *image = boxes_find(&b, "IMG1.jpeg");
    assert_non_null(image);
    assert_true(image->n == 1 && image->box[0].left == 3 && image->box[0].top == 2 && image->box[0].right == 8 && image->box[0].bottom == 20);
    boxes_free(&b);
    put_text(labels, "2.json", "{\"imagePath\": \"b.png\", \"imageWidth\": 30, \"imageHeight\": 40, \"shapes\": [{\"points\": [[3, 9], [31.5, 12]]}]}");
    assert_int_equal(boxes_read(&b, labels, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "2.json', shape 1: the box from (3, 9) to (31.5, 12) lies outside 'b.png'"));
    put_text(labels, "2.json", "{\"imagePath\": \"b.png\", \"imageWidth\": 30, \"imageHeight\": 40, \"shapes\": [{\"points\": []}]}");
    assert_int_equal(boxes_read(&b, labels, &st), STATUS_DATA);
    assert_non_null(strstr(st.text, "shape 1 has no points"));
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
    };
    return cmocka_run_group_tests(tests, make, drop);
}
