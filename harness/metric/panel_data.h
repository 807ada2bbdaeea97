/* What a panel and its scratch hold: for panel.c, panel_make.c and panel_reason.c alone. */
#ifndef METRIC_PANEL_DATA_H
#define METRIC_PANEL_DATA_H

#include "metric/curve.h"
#include "metric/panel.h"
#include "metric/rank_correlation.h"
#include "metric/ranking.h"
#include "metric/regression.h"
#include "metric/reliability.h"

enum { PANEL_REASON = 160, PANEL_BUCKETS = PANEL_NET_BENEFITS + 1, PANEL_BINARY_CELLS = 8 * PANEL_BUCKETS };

struct panel {
    enum task_kind kind;
    size_t n, n_classes;
    bool full, probabilities; /* probabilities: every score lies in [0, 1] */
    struct panel_list list;
    char **class_name;        /* [n_classes] */
    /* classes; columns of score: 1 for binary, else n_classes */
    size_t n_columns;
    struct ranking *ranking;  /* [n_columns] */
    struct ranking *at_least; /* [n_classes], from 1 on; of a full ordinal panel */
    struct ranking *pair;     /* [n_classes, n_classes] row's class against column's by row's scores; of a full panel of many classes */
    uint32_t *cell;           /* [n] label * n_classes + prediction; binary: panel_binary_cell */
    bool has_threshold;
    struct reliability said;  /* binary: P(1); else of the predicted class; of a full panel of probabilities */
    struct reliability *class_said; /* [n_classes], likewise; NULL for binary */
    /* regression: rows by (target, prediction) */
    uint32_t *order;          /* [n] */
    double *target, *prediction;
    struct rank_correlation ranks; /* of a full panel */
};

struct panel_scratch {
    uint64_t n;                        /* samples counted */
    uint64_t *count, *threshold_count; /* [n_classes, n_classes] */
    uint64_t net[PANEL_BUCKETS][2];    /* binary: samples that reach just so many of the net benefit's thresholds, by label */
    struct auroc_count *area, *at_least, *pair;
    struct curve curve;
    bool has_curve;
    struct reliability_figures said;
    double class_error;
    uint32_t *weight;                  /* [n] regression: in the panel's order */
    double *rank;                      /* [2 n] */
    struct regression_moments moments;
    double error_sd;
    char (*reason)[PANEL_REASON];      /* [n_metrics] */
};

/* strict: above 0.5; reached: at the threshold; bucket: how many of the net benefit's thresholds. */
static inline uint32_t panel_binary_cell(uint32_t label, bool strict, bool reached, size_t bucket)
{
    return ((label * 2 + strict) * 2 + reached) * PANEL_BUCKETS + (uint32_t)bucket;
}

/* Why value, of the last panel_compute, is undefined, or what it leaves out; NULL: nothing to say. */
const char *panel_reason(const struct panel *p, struct panel_scratch *s, size_t metric, double value);

#endif
