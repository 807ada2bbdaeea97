/* The tables of a region study, in its output folder:
 *
 *   regions.csv             every region: its box, label and confidence, and the 38 probabilities class_0 .. class_37
 *   region_predictions.csv  every image: the largest of each output with its box and label, in the published script's column names
 *                           (max_class_1, max_class_1_box, max_class_1_label, ..., predicted tumor, ...), and what is known of it
 *   region_metrics.csv      of the test part, and of each site of it: AUROC and average precision of each output against its label, from the
 *                           maximum over regions ("max") and from the whole image alone ("whole"); of the main score also from the number
 *                           of regions alone ("count"): boxes that only positives have tell the label by being there, as a reader's
 *                           annotations do, and no figure of "max" means anything then; of the two- and three-way decision
 *                           accuracy, sensitivity, ...
 *   region_confusion.csv    two- and three-way matrices, counts and row shares, with Wilson's interval (images as if independent) and
 *                           the percentile bootstrap by patient
 *   region_heads.csv        where each head's answers come from; of a probe its rows, C and validation score
 *
 * Column part: test; validation, of images that the probe was fitted with, each by a fit that its fold had no part in; development, of a
 * checkpoint's head.  Three-way: an intermediate tumour is a tumour in the two-way matrix and stands in none of the three-way's rows, as
 * no data set of the published script names one. */
#ifndef REGION_REGION_REPORT_H
#define REGION_REGION_REPORT_H

#include "base/outfile.h"
#include "base/status.h"
#include "region/region_score.h"

struct region_report {
    struct outfile regions, predictions, metrics, confusion, heads;
};

struct region_headline { /* the figure to print */
    char score[32];
    size_t n, n_positive;
    double value, low, high;
    double whole; /* from the whole image alone */
    double count, count_low; /* from the number of regions alone */
};

/* What the rows of a model are about. */
struct region_context {
    const struct study *study;
    const struct region_set *set;
    const struct region_split *split;
    const struct region_scores *scores;
    const char *model, *readout;
    int n_threads;
};

int region_report_open(struct region_report *r, const char *output, struct status *st) MUST_CHECK;
/* All rows of a model. */
int region_report_write(struct region_report *r, const struct region_context *c, struct region_headline *headline, struct status *st) MUST_CHECK;
int region_report_commit(struct region_report *r, struct status *st) MUST_CHECK;
void region_report_discard(struct region_report *r);

/* The score that a study is about: the tumour sum where its labels are known, else fracture, abnormal, implant. */
size_t region_main_score(const struct region_set *s);
const char *region_score_name(char name[32], size_t score);
/* 1, 0, or LABEL_UNKNOWN: what is known of the image for that score. */
int32_t region_truth(const struct region_image *image, size_t score);
const char *region_part(const struct region_context *c, size_t image);

/* For region_report.c: region_figures.c. */
int region_figures_write(struct outfile *metrics, struct outfile *confusion, const struct region_context *c, struct region_headline *headline,
                         struct status *st) MUST_CHECK;

#endif
