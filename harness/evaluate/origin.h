/* Where a saved probe comes from: the cohort it was developed and tested on, read
 * back from the reports beside it, without an image.
 *
 *   RESULTS/probes/NAME.json      the probe
 *   RESULTS/splits/TASK.csv       the cohort: who was trained on, who was tested on
 *   RESULTS/predictions/TASK.csv  what the probe said of the test part
 *   RESULTS/pictures.csv          what each picture is
 *
 * Nothing is believed: the digests in the probe's record are of its development part and of its test part with the
 * predictions, and files that give others are refused.  Patients get the numbers that they had in the study. */
#ifndef EVALUATE_ORIGIN_H
#define EVALUATE_ORIGIN_H

#include "base/status.h"
#include "base/table.h"
#include "cohort/cohort.h"
#include "evaluate/cell.h"
#include "evaluate/partitions.h"
#include "probe/saved.h"

struct origin {
    char *results;             /* folder */
    char *protocol;
    struct task task;          /* named as in the study; classes borrowed from the task it was opened with */
    struct study_task source;
    struct cohort cohort;      /* samples have no path */
    struct partitions parts;
    struct survey survey;
    struct table predictions;  /* read when first asked for */
    enum study_protocol protocol_number;
};

/* The folder of a probe's reports: the one that holds the folder the .json is in (new string). */
char *origin_results(const char *probe_path);

/* Cohort and parts of a probe's task and protocol; kind and classes are those of `like`, which have been compared with the probe's.
 * STATUS_DATA if a file is missing or not of the probe's study. */
int origin_open(struct origin *o, const char *results, const struct saved_probe *p, const struct task *like, struct status *st) MUST_CHECK;
/* After it was moved in memory: it points into itself. */
void origin_settle(struct origin *o);
void origin_close(struct origin *o); /* a zeroed one too */

/* Is the probe of this origin's study?  STATUS_DATA saying what differs. */
int origin_check(const struct origin *o, const struct saved_probe *p, const char *path, struct status *st) MUST_CHECK;
/* score[n_test, n_out]: what the probe at `path` said of the test part. */
int origin_scores(double *score, struct origin *o, const struct saved_probe *p, const char *path, struct status *st) MUST_CHECK;

#endif
