#include "region/region_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/results.h"

/* The published columns in their order, then the other outputs. */
static const size_t published[] = {0, 37, 1, 2, 3, SCORE_TUMOUR, 34, 35, 36};
#define N_PUBLISHED (sizeof published / sizeof *published)

static size_t column_score(size_t column)
{
    if (column < N_PUBLISHED)
        return published[column];
    size_t rest = column - N_PUBLISHED;
    return 4 + rest; /* 4 .. 33 */
}

const char *region_score_name(char name[32], size_t score)
{
    (void)snprintf(name, 32, score == SCORE_TUMOUR ? "class_1_2_3_sum" : "class_%zu", score);
    return name;
}

int32_t region_truth(const struct region_image *image, size_t score)
{
    if (score == SCORE_TUMOUR)
        return image->label[HEAD_TUMOUR] == LABEL_UNKNOWN ? LABEL_UNKNOWN : image->label[HEAD_TUMOUR] != LABEL_NO_TUMOUR - 1;
    for (size_t h = 0; h < N_GROUP_HEADS; h++) {
        const struct group_outputs *g = &GROUP_HEADS[h];
        if (score < g->first || score >= g->first + g->n || image->label[h] == LABEL_UNKNOWN)
            continue;
        return g->n == 1 ? image->label[h] : (size_t)image->label[h] == score - g->first;
    }
    return LABEL_UNKNOWN;
}

size_t region_main_score(const struct region_set *s)
{
    static const size_t order[] = {SCORE_TUMOUR, LABEL_FRACTURE, 0, LABEL_IMPLANT};
    for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
        bool is[2] = {false};
        for (size_t i = 0; i < s->n; i++) {
            int32_t truth = region_truth(&s->image[i], order[k]);
            if (truth != LABEL_UNKNOWN)
                is[truth] = true;
        }
        if (is[0] && is[1])
            return order[k];
    }
    return SCORE_TUMOUR;
}

const char *region_part(const struct region_context *c, size_t image)
{
    return c->split->is_test[image] ? "test" : c->scores->probe ? "validation" : "development";
}

static void write_image(FILE *f, const struct region_context *c, size_t i)
{
    const struct region_image *image = &c->set->image[i];
    csv_field(f, c->model);
    fputc(',', f);
    csv_field(f, image->id);
    fputc(',', f);
    csv_field(f, image->patient ? image->patient : "");
    fputc(',', f);
    csv_field(f, image->site ? image->site : "");
    fprintf(f, ",%s,", region_part(c, i));
}

static void write_regions(FILE *f, const struct region_context *c)
{
    for (size_t i = 0; i < c->set->n_regions; i++) {
        const struct region *r = &c->set->region[i];
        write_image(f, c, r->image);
        fprintf(f, "%zu,", i - c->set->image[r->image].first_region);
        csv_field(f, r->label);
        fputc(',', f);
        if (!isnan(r->confidence))
            csv_number(f, r->confidence);
        fprintf(f, ",%zu,%zu,%zu,%zu,%d", r->box.left, r->box.top, r->box.right, r->box.bottom,
                c->scores->probe && !c->split->is_test[r->image] && r->trainable);
        for (size_t k = 0; k < GROUPS_LABELS; k++) {
            fputc(',', f);
            csv_number(f, c->scores->p[i * GROUPS_LABELS + k]);
        }
        fputc('\n', f);
    }
}

static void write_truth(FILE *f, const struct region_image *image)
{
    for (size_t h = 0; h < N_GROUP_HEADS; h++) {
        if (image->label[h] != LABEL_UNKNOWN && GROUP_HEADS[h].n == 1)
            fprintf(f, "%d", (int)image->label[h]);
        else if (image->label[h] != LABEL_UNKNOWN)
            csv_field(f, GROUP_LABELS[GROUP_HEADS[h].first + (size_t)image->label[h]]);
        fputc(',', f);
    }
}

static void write_predictions(FILE *f, const struct region_context *c)
{
    for (size_t i = 0; i < c->set->n; i++) {
        int32_t decision = c->scores->decision[i];
        write_image(f, c, i);
        fprintf(f, "%zu,", c->set->image[i].n_regions);
        write_truth(f, &c->set->image[i]);
        for (size_t k = 0; k < N_REGION_SCORES; k++) {
            const struct region_peak *peak = &c->scores->peak[i * N_REGION_SCORES + column_score(k)];
            const struct region *r = &c->set->region[peak->region];
            csv_number(f, peak->value);
            if (isnan(peak->value)) {
                fputs(",,,", f);
                continue;
            }
            fprintf(f, ",\"[%zu, %zu, %zu, %zu]\",", r->box.left, r->box.top, r->box.right, r->box.bottom);
            csv_field(f, r->label);
            fputc(',', f);
        }
        if (decision == NOT_DECIDED)
            fputs("NA,NA,NA\n", f);
        else
            fprintf(f, "%d,%d,%d\n", decision != DECIDED_NORMAL, decision == DECIDED_MALIGNANT, decision == DECIDED_BENIGN);
    }
}

static void write_heads(FILE *f, const struct region_context *c)
{
    for (size_t h = 0; h < N_GROUP_HEADS; h++) {
        const struct multihead_head *head = &c->scores->head[h];
        csv_field(f, c->model);
        fprintf(f, ",%s,%s,%zu,%zu,", c->readout, GROUP_HEADS[h].name, GROUP_HEADS[h].first, GROUP_HEADS[h].n);
        if (!c->scores->probe) {
            fputs("checkpoint,,,,,,\n", f);
            continue;
        }
        fprintf(f, "probe,%zu,%s,", head->n_rows, head->criterion ? head->criterion : "");
        csv_number(f, head->score);
        fputc(',', f);
        csv_number(f, head->C);
        fprintf(f, ",%d,", head->at_edge);
        csv_field(f, head->left_out.code ? head->left_out.text : "");
        fputc('\n', f);
    }
}

#define IMAGE_COLUMNS "model,image,patient,site,part,"

static char *regions_header(void)
{
    char *header = NULL;
    size_t size;
    FILE *f = open_memstream(&header, &size);
    if (!f)
        return NULL;
    fputs(IMAGE_COLUMNS "region,label,confidence,left,top,right,bottom,trained_on", f);
    for (size_t k = 0; k < GROUPS_LABELS; k++)
        fprintf(f, ",class_%zu", k);
    fclose(f);
    return header;
}

static char *predictions_header(void)
{
    char *header = NULL, name[32];
    size_t size;
    FILE *f = open_memstream(&header, &size);
    if (!f)
        return NULL;
    fputs(IMAGE_COLUMNS "n_regions,", f);
    for (size_t h = 0; h < N_GROUP_HEADS; h++)
        fprintf(f, "is_%s,", GROUP_HEADS[h].name);
    for (size_t k = 0; k < N_REGION_SCORES; k++) {
        region_score_name(name, column_score(k));
        fprintf(f, "max_%s,max_%s_box,max_%s_label,", name, name, name);
    }
    fputs("predicted tumor,predicted malignant,predicted benign", f);
    fclose(f);
    return header;
}

static int open_with(struct outfile *out, const char *output, const char *name, char *header, struct status *st)
{
    int code = header ? results_open(out, output, "", name, header, st) : status_errno(st, STATUS_INTERNAL, "cannot write to memory");
    free(header);
    return code;
}

int region_report_open(struct region_report *r, const char *output, struct status *st)
{
    *r = (struct region_report){0};
    int code = open_with(&r->regions, output, "regions.csv", regions_header(), st);
    if (!code)
        code = open_with(&r->predictions, output, "region_predictions.csv", predictions_header(), st);
    if (!code)
        code = results_open(&r->metrics, output, "", "region_metrics.csv",
                            "study,model,readout,protocol,head,part,site,regions,score,metric,n,n_patients,n_positive,value,low,high,level,method,replicates,"
                            "undefined_replicates,reason",
                            st);
    if (!code)
        code = results_open(&r->confusion, output, "", "region_confusion.csv",
                            "study,model,readout,protocol,part,site,matrix,truth,predicted,count,n_truth,n_truth_patients,share,wilson_low,wilson_high,"
                            "bootstrap_low,bootstrap_high,level,replicates,undefined_replicates,threshold_tumour,threshold_malignant",
                            st);
    if (!code)
        code = results_open(&r->heads, output, "", "region_heads.csv", "model,readout,head,first,outputs,source,n_regions,criterion,validation_score,C,at_edge,reason",
                            st);
    if (code)
        region_report_discard(r);
    return code;
}

int region_report_write(struct region_report *r, const struct region_context *c, struct region_headline *headline, struct status *st)
{
    write_regions(r->regions.stream, c);
    write_predictions(r->predictions.stream, c);
    write_heads(r->heads.stream, c);
    return region_figures_write(&r->metrics, &r->confusion, c, headline, st);
}

int region_report_commit(struct region_report *r, struct status *st)
{
    struct outfile *all[] = {&r->regions, &r->predictions, &r->metrics, &r->confusion, &r->heads};
    int code = STATUS_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && !code; i++)
        code = outfile_finish(all[i], st);
    for (size_t i = 0; i < sizeof all / sizeof *all && !code; i++)
        code = outfile_commit(all[i], st);
    return code;
}

void region_report_discard(struct region_report *r)
{
    outfile_discard(&r->regions);
    outfile_discard(&r->predictions);
    outfile_discard(&r->metrics);
    outfile_discard(&r->confusion);
    outfile_discard(&r->heads);
}
