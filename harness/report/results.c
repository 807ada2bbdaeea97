#include "report/results.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"

const char RESULTS_METRICS_HEADER[] = "study,task,protocol,model,readout,probe,preprocess,precision,partition,metric,n,n_patients,value,low,high,level,method,"
                                      "replicates,undefined_replicates,reason";
const char RESULTS_PATH_HEADER[] = "study,task,protocol,model,readout,probe,preprocess,precision,criterion,parameter,parameter_value,fold,score,chosen,edge";
const char RESULTS_AUDIT_HEADER[] = "task,severity,check,sample,line,detail,group";
const char RESULTS_COHORT_HEADER[] = "task,class,partition,images,patients";
const char RESULTS_SPLITS_HEADER[] = "sample,patient,site,label,protocol,partition,fold,unit,sha256";

int results_open(struct outfile *out, const char *directory, const char *sub, const char *name, const char *header, struct status *st)
{
    char *folder = *sub ? path_join(directory, sub) : mem_strdup(directory);
    char *path = path_join(folder, name);
    int code = file_make_directories(folder, st);
    if (!code)
        code = outfile_open(out, path, st);
    if (!code)
        fprintf(out->stream, "%s\n", header);
    free(path);
    free(folder);
    return code;
}

int results_open_metrics(struct outfile *out, const char *directory, struct status *st)
{
    return results_open(out, directory, "", "metrics.csv", RESULTS_METRICS_HEADER, st);
}

int results_open_path(struct outfile *out, const char *directory, struct status *st)
{
    return results_open(out, directory, "", "path.csv", RESULTS_PATH_HEADER, st);
}

void results_write_cell(FILE *f, const struct cell_name *c)
{
    const char *const text[] = {c->study, c->task, c->protocol, c->model, c->readout, c->probe, c->preprocess, c->precision};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        csv_field(f, text[i]);
        fputc(',', f);
    }
}

void results_write_interval(FILE *f, const struct metric_row *r)
{
    csv_number(f, r->value);
    if (*r->method && r->level > 0) {
        fputc(',', f);
        csv_number(f, r->low);
        fputc(',', f);
        csv_number(f, r->high);
        fputc(',', f);
        csv_number(f, r->level);
        fputc(',', f);
        csv_field(f, r->method);
        if (r->replicates)
            fprintf(f, ",%zu,%zu,", r->replicates, r->undefined_replicates);
        else
            fputs(",,,", f);
    } else {
        fprintf(f, ",,,,%s,,,", r->method);
    }
}

void results_write_metric(struct outfile *out, const struct metric_row *r)
{
    FILE *f = out->stream;
    results_write_cell(f, &r->cell);
    fprintf(f, "%s,", r->partition);
    csv_field(f, r->metric); /* may hold the name of a class */
    fprintf(f, ",%zu,%zu,", r->n, r->n_patients);
    results_write_interval(f, r);
    csv_field(f, r->reason);
    fputc('\n', f);
}

void results_write_path(struct outfile *out, const struct path_row *r)
{
    FILE *f = out->stream;
    results_write_cell(f, &r->cell);
    fprintf(f, "%s,%s,", r->criterion, r->parameter);
    csv_number(f, r->value);
    if (r->fold < 0)
        fputs(",mean,", f);
    else
        fprintf(f, ",%d,", r->fold + 1);
    csv_number(f, r->score);
    if (r->chosen >= 0)
        fprintf(f, ",%d,%d\n", r->chosen, r->edge);
    else
        fputs(",,\n", f);
}

int results_remove(const char *directory, const char *name, struct status *st)
{
    char *path = path_join(directory, name);
    int code = remove(path) && errno != ENOENT && errno != ENOTDIR ? status_errno(st, STATUS_IO, "cannot remove '%s' of an earlier run", path) : STATUS_OK;
    free(path);
    return code;
}
