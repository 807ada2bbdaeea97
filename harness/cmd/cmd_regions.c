/* regions: the region-guided classifier on every region of a study's images. */
#include <math.h>

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
        if (!code)
            print_summary(&p, &summary);
        region_summary_free(&summary);
    }
    pipeline_free(&p);
    return code;
}
