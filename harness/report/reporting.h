/* reporting.csv and reporting.md: which items of CLAIM 2024 (Tejani et al. 2024, Radiol Artif
 * Intell 6:e240300) and TRIPOD+AI (Collins et al. 2024, BMJ 385:e078378) a results folder answers, with what, and where it stands.
 *
 * Items are known by their numbers and by a few words of ours; the checklists themselves have to be read. status:
 *   answered  the value is the answer
 *   in part   the value belongs to the answer, which the author completes
 *   author    nothing in the folder answers it
 * Each value is read from the file that its row names, at the place that `where` names, and copied as it stands there. */
#ifndef REPORT_REPORTING_H
#define REPORT_REPORTING_H

#include <stddef.h>

#include "base/status.h"

struct reporting_item {
    const char *checklist, *number, *topic;
    /* Where answers are, several separated by '|'; "" or none of them there: the author's.
     *   json PATH       provenance.json; "tasks[].images" is a row an element, known by its name
     *   yaml KEY        study.resolved.yaml, what stands behind "KEY: "
     *   csv FILE COLUMN each row of a table, known by its first cells
     *   main FILE COLUMN     of those each task's main figure on test parts, as it was scored (not recalibrated)
     *   updated FILE COLUMN  of those the calibration slopes after recalibration
     *                   FILE external/X: X of every external cohort that study.resolved.yaml names
     *   headline COLUMN metrics.csv, each task's main figure on its test part
     *   metric NAME     metrics.csv, column value of each row of that metric
     *   probes          each file of probes/ by its own digest */
    const char *sources;
    int whole; /* the sources answer it; else in part */
};
extern const struct reporting_item REPORTING_ITEMS[];
extern const size_t N_REPORTING_ITEMS;

/* From what lies in `directory`, whose provenance.json, study.resolved.yaml and metrics.csv must be there. */
int reporting_write(const char *directory, struct status *st) MUST_CHECK;

extern const char REPORTING_HEADER[];

#endif
