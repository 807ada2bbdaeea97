#include "region/region_run.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "region/region_overlay.h"

static int do_model(struct region_summary *summary, struct region_report *report, struct region_context *c, size_t m, struct store *store,
                    const struct survey *survey, const struct featurizer *f, const struct region_run_options *o, struct status *st)
{
    const struct region_embed_options embed = {o->n_threads, o->batch, o->quiet, c->study->regions->stored ? INTENSITY_STORED : INTENSITY_MINMAX};
    struct region_scores scores = {0};
    size_t n_overlays = 0;
    int code = region_embed(&summary->embed[m], store, f, c->set, survey, &embed, st);
    if (!code)
        code = region_score(&scores, c->set, c->split, c->study, f, store, survey, o->n_threads, st);
    if (code)
        return code;
    c->scores = &scores;
    c->model = f->model->name;
    c->readout = scores.probe ? f->model->readout[0] : "classifier";
    code = region_report_write(report, c, &summary->headline[m], st);
    if (!code)
        code = region_overlays(&n_overlays, c, c->study->output, st);
    summary->probe[m] = scores.probe;
    summary->n_overlays += n_overlays;
    region_scores_free(&scores);
    return code;
}

int region_run(struct region_summary *summary, const struct study *study, const struct cohort *cohort, const struct survey *survey,
               const struct featurizer *featurizer, const struct region_run_options *o, struct status *st)
{
    struct region_set set = {0};
    struct region_split split = {0};
    struct region_report report = {0};
    struct store *store = NULL;
    bool folds = isnan(study->regions->threshold_tumour) || isnan(study->regions->threshold_malignant);
    int code = STATUS_OK;
    *summary = (struct region_summary){.n_models = study->n_models, .headline = NEW0(study->n_models, struct region_headline),
                                       .embed = NEW0(study->n_models, struct region_embed_counts), .probe = NEW0(study->n_models, bool)};
    for (size_t m = 0; m < study->n_models && !code; m++) {
        bool probe = false;
        code = region_wants_probe(&probe, study, &featurizer[m], st);
        folds |= probe;
    }
    if (!code)
        code = region_set_make(&set, study, cohort, survey, st);
    if (!code)
        code = region_split_make(&split, &set, study, folds, st);
    if (!code)
        code = store_open(&store, study->store, false, st);
    if (!code)
        code = region_report_open(&report, study->output, st);
    summary->n_images = set.n;
    summary->n_regions = set.n_regions;
    summary->n_missing = set.n_missing;
    summary->n_test = split.n_test;
    struct region_context c = {.study = study, .set = &set, .split = &split, .n_threads = o->n_threads};
    for (size_t m = 0; m < study->n_models && !code; m++)
        code = do_model(summary, &report, &c, m, store, survey, &featurizer[m], o, st);
    if (!code)
        code = region_report_commit(&report, st);
    region_report_discard(&report);
    store_close(store);
    region_split_free(&split);
    region_set_free(&set);
    if (code)
        region_summary_free(summary);
    return code;
}

void region_summary_free(struct region_summary *summary)
{
    free(summary->headline);
    free(summary->embed);
    free(summary->probe);
    *summary = (struct region_summary){.n_models = 0};
}
