/* Localisation scores against their definitions, counted naively; replicates
 * against the sample; what is undefined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metric/localisation.h"

#define N 6
#define P 40

static float map[N][P];
static uint32_t first[4] = {3, 4, 5, 6}, second[3] = {5, 20, 21}, third[1] = {39};
static struct localisation_region two[2] = {{first, 4}, {second, 3}}, one[1] = {{third, 1}}, other[1] = {{first, 4}};
static struct localisation_image image[N];

static void make(unsigned levels)
{
    uint32_t state = 17;
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < P; k++) {
            state = state * 1664525u + 1013904223u;
            map[i][k] = (float)(state >> 8) / 16777216.0f - 0.3f;
            if (levels)
                map[i][k] = floorf(map[i][k] * (float)levels) / (float)levels;
        }
        image[i] = (struct localisation_image){.map = map[i], .half = (unsigned)(i / 2 % 2)};
    }
    image[0].region = two;
    image[0].n_regions = 2;
    image[2].region = one;
    image[2].n_regions = 1;
    image[3].region = other;
    image[3].n_regions = 1;
    map[0][4] = map[3][5] = 2; /* found */
}

static bool inside(size_t i, size_t k)
{
    bool any = false;
    for (size_t r = 0; r < image[i].n_regions; r++)
        for (size_t j = 0; j < image[i].region[r].n; j++)
            any |= image[i].region[r].pixel[j] == k;
    return any;
}

/* Mean over some images with regions of intersection over union at t. */
static double naive_iou(double t, int half)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < N; i++) {
        double both = 0, either = 0;
        if (!image[i].n_regions || (half >= 0 && (int)image[i].half != half))
            continue;
        for (size_t k = 0; k < P; k++) {
            bool called = (double)map[i][k] >= t, is = inside(i, k);
            both += called && is;
            either += called || is;
        }
        sum += both / either;
        n++;
    }
    return sum / n;
}

static double naive_best(double *at, int half)
{
    double best = -1;
    for (size_t j = 0; j < N * P; j++) {
        double t = (double)map[j / P][j % P], value = naive_iou(t, half);
        if (value > best + 1e-15 || (value > best - 1e-15 && t > *at)) { /* the highest on a tie */
            best = value;
            *at = t;
        }
    }
    return best;
}

static double naive_auroc(void)
{
    double u = 0, pairs = 0;
    for (size_t a = 0; a < N * P; a++)
        for (size_t b = 0; b < N * P; b++)
            if (inside(a / P, a % P) && !inside(b / P, b % P)) {
                float x = map[a / P][a % P], y = map[b / P][b % P];
                u += x > y ? 1 : x < y ? 0 : 0.5;
                pairs++;
            }
    return u / pairs;
}

/* Rates at threshold t. */
static void naive_rates(double t, double *overlap, double *fpr, double *recall, double *precision)
{
    double regions = 0, sum = 0, fp = 0, negatives = 0, tp = 0, positives = 0;
    for (size_t i = 0; i < N; i++) {
        for (size_t r = 0; r < image[i].n_regions; r++, regions++)
            for (size_t j = 0; j < image[i].region[r].n; j++)
                sum += ((double)map[i][image[i].region[r].pixel[j]] >= t) / (double)image[i].region[r].n;
        for (size_t k = 0; k < P; k++) {
            bool called = (double)map[i][k] >= t, is = inside(i, k);
            positives += is;
            negatives += !is;
            tp += called && is;
            fp += called && !is;
        }
    }
    *overlap = sum / regions;
    *fpr = fp / negatives;
    *recall = tp / positives;
    *precision = tp + fp > 0 ? tp / (tp + fp) : 1;
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static void naive_curves(double *pro, double *ap)
{
    double t[N * P], overlap = 0, fpr = 0, recall = 0;
    for (size_t j = 0; j < N * P; j++)
        t[j] = (double)map[j / P][j % P];
    qsort(t, N * P, sizeof *t, descending);
    *pro = *ap = 0;
    for (size_t j = 0; j < N * P; j++) {
        double o, f, r, p;
        naive_rates(t[j], &o, &f, &r, &p);
        *ap += (r - recall) * p;
        if (fpr < 0.3 && f > fpr) {
            double to = fmin(f, 0.3), there = overlap + (o - overlap) * (to - fpr) / (f - fpr);
            *pro += (to - fpr) * (overlap + there) / 2 / 0.3;
        }
        overlap = o;
        fpr = f;
        recall = r;
    }
}

static void scores_are_what_their_definitions_count(void **state)
{
    (void)state;
    static const unsigned levels[] = {0, 6, 3};
    for (size_t v = 0; v < 3; v++) {
        struct localisation *l;
        double pro, ap, best, fixed[2], at = 0, half[2] = {0, 0};
        make(levels[v]);
        assert_int_equal(localisation_new(&l, image, N, P, NULL), STATUS_OK);
        const double *value = localisation_values(l);
        naive_curves(&pro, &ap);
        assert_true(fabs(value[LOCALISATION_PIXEL_AUROC] - naive_auroc()) < 1e-12);
        assert_true(fabs(value[LOCALISATION_PIXEL_PRECISION] - ap) < 1e-12);
        assert_true(fabs(value[LOCALISATION_PRO] - pro) < 1e-12);
        assert_true(fabs(value[LOCALISATION_IOU_BEST] - naive_best(&at, -1)) < 1e-12);
        localisation_thresholds(l, &best, fixed);
        naive_best(&half[0], 0);
        naive_best(&half[1], 1);
        assert_true(best == at && fixed[0] == half[0] && fixed[1] == half[1]);
        double due = (naive_iou(half[1], 0) * 1 + naive_iou(half[0], 1) * 2) / 3; /* one marked image in half 0, two in half 1 */
        assert_true(fabs(value[LOCALISATION_IOU_FIXED] - due) < 1e-12);
        assert_true(value[LOCALISATION_POINTING] == 2.0 / 3 || levels[v]);
        assert_true(fabs(value[LOCALISATION_REGION_SHARE] - (6.0 + 1 + 4) / 3 / P) < 1e-12);
        localisation_free(l);
    }
}

static void replicates_of_weight_one_are_the_sample(void **state)
{
    (void)state;
    struct localisation *l;
    const uint32_t all[N] = {1, 1, 1, 1, 1, 1};
    double value[LOCALISATION_METRICS];
    make(0);
    assert_int_equal(localisation_new(&l, image, N, P, NULL), STATUS_OK);
    localisation_weighted(l, all, value);
    for (size_t k = 0; k < LOCALISATION_METRICS; k++)
        assert_true(fabs(value[k] - localisation_values(l)[k]) < 1e-12);
    localisation_free(l);
}

/* Image 2 three times and image 4 never: as a set with these images. */
static void weights_count_images(void **state)
{
    (void)state;
    struct localisation *l, *copies;
    const uint32_t weight[N] = {1, 1, 3, 1, 0, 2};
    double value[LOCALISATION_METRICS];
    struct localisation_image drawn[8];
    size_t n = 0;
    make(9);
    for (size_t i = 0; i < N; i++)
        for (uint32_t k = 0; k < weight[i]; k++)
            drawn[n++] = image[i];
    assert_int_equal(localisation_new(&l, image, N, P, NULL), STATUS_OK);
    assert_int_equal(localisation_new(&copies, drawn, n, P, NULL), STATUS_OK);
    localisation_weighted(l, weight, value);
    for (size_t k = 0; k < LOCALISATION_METRICS; k++)
        if (k != LOCALISATION_IOU_FIXED) /* its thresholds stay the sample's */
            assert_true(fabs(value[k] - localisation_values(copies)[k]) < 1e-12);
    localisation_free(l);
    localisation_free(copies);
}

static void what_cannot_be_computed_is_nan(void **state)
{
    (void)state;
    struct localisation *l;
    make(0);
    assert_int_equal(localisation_new(&l, image + 4, 2, P, NULL), STATUS_OK); /* no region at all */
    for (size_t k = 0; k < LOCALISATION_METRICS; k++)
        assert_true(isnan(localisation_values(l)[k]));
    localisation_free(l);
    assert_int_equal(localisation_new(&l, image, 1, P, NULL), STATUS_OK); /* one image: no second half, no image without regions */
    assert_true(isnan(localisation_values(l)[LOCALISATION_IOU_FIXED]) && isnan(localisation_values(l)[LOCALISATION_IMAGE_AUROC]));
    assert_true(localisation_values(l)[LOCALISATION_PRO] >= 0);
    localisation_free(l);
    assert_int_equal(localisation_new(&l, image, 0, P, NULL), STATUS_UNDEFINED);
    map[1][7] = NAN;
    assert_int_equal(localisation_new(&l, image, N, P, NULL), STATUS_DATA);
    assert_null(l);
}

static void perfect_and_constant_maps_have_their_known_scores(void **state)
{
    (void)state;
    struct localisation *l;
    make(0);
    for (size_t j = 0; j < N * P; j++)
        map[j / P][j % P] = inside(j / P, j % P);
    assert_int_equal(localisation_new(&l, image, N, P, NULL), STATUS_OK);
    for (size_t k = 0; k < LOCALISATION_REGION_SHARE; k++)
        assert_true(fabs(localisation_values(l)[k] - 1) < 1e-12);
    localisation_free(l);
    memset(map, 0, sizeof map);
    assert_int_equal(localisation_new(&l, image, N, P, NULL), STATUS_OK);
    const double *value = localisation_values(l);
    assert_true(value[LOCALISATION_PIXEL_AUROC] == 0.5 && value[LOCALISATION_IMAGE_AUROC] == 0.5);
    assert_true(fabs(value[LOCALISATION_POINTING] - value[LOCALISATION_REGION_SHARE]) < 1e-12);
    assert_true(fabs(value[LOCALISATION_PRO] - 0.15) < 1e-12);
    localisation_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_what_their_definitions_count),
        cmocka_unit_test(replicates_of_weight_one_are_the_sample),
        cmocka_unit_test(weights_count_images),
        cmocka_unit_test(what_cannot_be_computed_is_nan),
        cmocka_unit_test(perfect_and_constant_maps_have_their_known_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
