/* regions: the region-guided classifier on every region of a study's images. */
#include <math.h>

#include "cmd/answer.h"
#include "cmd/command.h"
#include "evaluate/provenance.h"
#include "region/region_run.h"

static void print_summary(const struct pipeline *p, const struct region_summary *s)
{
    printf("%zu images, %zu regions (the whole images among them), %zu images of the test part\n", s->n_images, s->n_regions, s->n_test);
    if (s->n_missing)
        printf("%zu images of the box files are not there (on_missing_image: skip)\n", s->n_missing);
    for (size_t m = 0; m < s->n_models; m++) {
        const struct region_headline *h = &s->headline[m];
        printf("%s: head of %s; ", p->study.models[m].name, s->probe[m] ? "a probe on frozen regions" : "the checkpoint");
        if (isnan(h->value))
            printf("AUROC of %s: NA", h->score);
        else
            printf("AUROC of max_%s %.3f, %g%% interval %.3f to %.3f (%zu of %zu positive); whole image alone %.3f", h->score, h->value, 100 * p->study.level,
                   h->low, h->high, h->n_positive, h->n, h->whole);
        if (s->embed[m].computed)
            printf("; %zu regions encoded in %.1f s", s->embed[m].computed, s->embed[m].seconds);
        putchar('\n');
    }
    if (s->n_models && s->headline[0].count_low > 0.5)
        fprintf(stderr, "warning: the number of regions alone tells %s at AUROC %.3f: are the boxes a reader's annotations, which only positives have? "
                        "Then no figure from them is a detector's\n", s->headline[0].score, s->headline[0].count);
    printf("reports: %s/regions.csv, region_predictions.csv, region_metrics.csv, region_confusion.csv, region_heads.csv, provenance_regions.json", p->study.output);
    if (s->n_overlays)
        printf(", region_overlays/ (%zu)", s->n_overlays);
    putchar('\n');
}

static void answer_regions(json_t *answer, const struct pipeline *p, const struct region_summary *s)
{
    json_t *models = json_array();
    for (size_t m = 0; m < s->n_models; m++) {
        const struct region_headline *h = &s->headline[m];
        json_t *model = json_object();
        json_object_set_new(model, "model", answer_text(p->study.models[m].name));
        json_object_set_new(model, "score", answer_text(h->score));
        json_object_set_new(model, "auroc", answer_number(h->value));
        json_object_set_new(model, "low", answer_number(h->low));
        json_object_set_new(model, "high", answer_number(h->high));
        json_object_set_new(model, "images", answer_count(h->n));
        json_object_set_new(model, "positive", answer_count(h->n_positive));
        json_object_set_new(model, "whole_image_auroc", answer_number(h->whole));
        json_array_append_new(models, model);
    }
    json_object_set_new(answer, "images", answer_count(s->n_images));
    json_object_set_new(answer, "regions", answer_count(s->n_regions));
    json_object_set_new(answer, "test_images", answer_count(s->n_test));
    json_object_set_new(answer, "missing_images", answer_count(s->n_missing));
    json_object_set_new(answer, "models", models);
}

int cmd_regions(const struct invocation *in, struct status *st)
{
    struct pipeline p;
    struct region_summary summary;
    int code = command_begin(&p, in, st);
    if (code)
        return code;
    const struct region_run_options o = {p.options.n_threads, p.options.batch, p.options.quiet};
    if (!p.study.regions)
        code = status_set(st, STATUS_DATA, "'%s' says nothing of regions: `regions:` names their boxes and what the classes mean", p.study.path);
    if (!code)
        code = region_run(&summary, &p.study, p.cohort, &p.survey, p.featurizer, &o, st);
    if (!code) {
        code = provenance_write_regions(&p, st);
        if (!code && in->answer)
            answer_regions(in->answer, &p, &summary);
        else if (!code)
            print_summary(&p, &summary);
        region_summary_free(&summary);
    }
    pipeline_free(&p);
    return code;
}
