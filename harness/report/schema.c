#include "report/schema.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define CELL "study,task,protocol,model,readout,probe,preprocess,precision"
#define CURVE ",low,high,n,n_patients,n_positive,level,replicates,undefined_replicates,method,class"

const struct schema_file SCHEMA_FILES[] = {
    {"metrics.csv", "a figure of a model's cell on one part",
     CELL ",partition,metric,n,n_patients,value,low,high,level,method,replicates,undefined_replicates,reason"},
    {"path.csv", "a point of a regularisation path, of one fold or the mean of the folds",
     CELL ",criterion,parameter,parameter_value,fold,score,chosen,edge"},
    {"readouts.csv", "a readout of a model that has several",
     "study,task,protocol,model,probe,readout,criterion,validation,chosen,value,low,high"},
    {"efficiency.csv", "a draw of labelled training patients, or the mean of the draws",
     CELL ",metric,fraction,draw,n_images,n_patients,choice,parameter_value,value,low,high,interval,draws,"
     "undefined_draws,reason"},
    {"efficiency_reach.csv", "the share of labels with which a model reaches another",
     CELL ",metric,fraction,value,reference_model,reference_readout,reference_value,reason"},
    {"compare.csv", "two models on one task",
     "study,task,protocol,partition,metric,model_a,readout_a,probe_a,model_b,readout_b,probe_b,n,n_patients,value_a,"
     "value_b,difference,low,high,level,method,replicates,undefined_replicates,better,test,p,p_holm,p_bh,family,"
     "family_size,reason"},
    {"ranks.csv", "a statistic of all models, or of two, over all tasks",
     "study,protocol,family,basis,statistic,model_a,model_b,n,n_models,value,p,p_holm,method,warning,reason"},
    {"subgroups.csv", "a figure in a subgroup, or a test over its groups",
     CELL ",partition,column,group,metric,n,n_patients,n_positive,value,low,high,level,method,replicates,"
     "undefined_replicates,statistic,df,p,reason"},
    {"external.csv", "a figure of the internal test beside the external cohort's",
     "study,task,development,development_task,protocol,model,readout,probe,preprocess,precision,partition,"
     "recalibration,metric,internal_n,internal_n_patients,internal,internal_low,internal_high,internal_method,"
     "external_n,external_n_patients,external,external_low,external_high,external_method,level,difference,"
     "difference_low,difference_high,difference_method,internal_reason,external_reason"},
    {"casemix.csv", "a variable of the cohorts, or a level of it",
     "study,task,development,development_task,protocol,variable,level,measure,development_n,development_value,"
     "development_sd,internal_n,internal_value,internal_sd,external_n,external_value,external_sd,"
     "standardised_difference,reason"},
    {"shift.csv", "a measure of how far features have moved",
     "study,task,development,development_task,protocol,model,readout,preprocess,precision,cohort,measure,n,"
     "n_patients,value,low,high,level,method,replicates,reason"},
    {"reporting.csv", "an item of a reporting checklist",
     "checklist,item,topic,status,value,file,where"},
    {"paper_table.csv", "a task, model and probe, protocols side by side",
     "task,partition,model,readout,probe,preprocess,precision,metric,official_value,official_sd,official_n,"
     "grouped_value,grouped_low,grouped_high,grouped_n,grouped_n_patients,given_value,given_low,given_high,given_n,"
     "given_n_patients,published,reason"},
    {"main_table.csv", "a figure of the main table",
     CELL ",partition,metric,n,n_patients,value,low,high,level,method,sd,best,significant,reason"},
    {"audit.csv", "a finding of the audit",
     "task,severity,check,sample,line,detail,group"},
    {"cohort.csv", "a class of a task in one part",
     "task,class,partition,images,patients"},
    {"pictures.csv", "a picture of the development, by which an external cohort knows it again",
     "sha256,pixels_sha256,width,height,channels,bits,bytes,mean,sd,contrast"},
    {"worst.csv", "a worst error, or one of its nearest training images",
     "study,task,protocol,model,readout,probe,rank,role,prediction,score,similarity,sample,image,patient,label"},
    {"embedding.TASK.csv", "a test image on the map of the features",
     "study,task,protocol,model,readout,probe,component_1,component_2,share_1,share_2,n,n_shown,label_number,target,"
     "sample,label"},
    {"splits/TASK.csv", "an image and where a protocol puts it",
     "sample,patient,site,label,protocol,partition,fold,unit,sha256,*"},
    {"predictions/TASK.csv", "an image and what a model's cell said of it",
     "sample,patient,site,protocol,partition,fold,label,model,readout,probe,prediction,score_*"},
    {"predictions_external/TASK.csv", "an image of an external cohort and what a carried probe said of it",
     "sample,patient,site,protocol,partition,fold,label,model,readout,probe,prediction,score_*"},
    {"figures/roc.TASK.csv", "a point of a ROC curve",
     CELL ",class_number,false_positive_rate,sensitivity" CURVE},
    {"figures/precision_recall.TASK.csv", "a point of a precision-recall curve",
     CELL ",class_number,recall,precision_value" CURVE},
    {"figures/decision.TASK.csv", "a point of a decision curve",
     CELL ",class_number,threshold,treat_all,net_benefit" CURVE},
    {"figures/calibration.TASK.csv", "a bin of a calibration plot",
     CELL ",bin,edge_low,edge_high,count,mean_probability,observed,low,high,n,level,method,class"},
    {"figures/confusion.TASK.csv", "a cell of a confusion matrix",
     CELL ",truth_number,prediction_number,count,share,low,high,n_truth,level,method,truth,prediction"},
    {"figures/bland_altman.TASK.csv", "an image, or a line of the plot",
     CELL ",what,mean,difference,low,high,n,level,method,sample"},
    {"regions.csv", "a region of an image, or the whole image",
     "model,image,patient,site,part,region,label,confidence,left,top,right,bottom,trained_on,class_*"},
    {"region_predictions.csv", "an image, from its regions",
     "model,image,patient,site,part,n_regions,is_*,max_class_*,predicted *"},
    {"region_metrics.csv", "a figure of the regions' head",
     "study,model,readout,protocol,head,part,site,regions,score,metric,n,n_patients,n_positive,value,low,high,level,"
     "method,replicates,undefined_replicates,reason"},
    {"region_confusion.csv", "a cell of a two- or three-way confusion matrix",
     "study,model,readout,protocol,part,site,matrix,truth,predicted,count,n_truth,n_truth_patients,share,wilson_low,"
     "wilson_high,bootstrap_low,bootstrap_high,level,replicates,undefined_replicates,threshold_tumour,"
     "threshold_malignant"},
    {"region_heads.csv", "a part of the regions' head",
     "model,readout,head,first,outputs,source,n_regions,criterion,validation_score,C,at_edge,reason"},
    {"error_maps.csv", "a picture and its error map",
     "image,name,width,height,error,schedule,mask_ratio,seed,passes,hits_least,hits_mean,hits_most,mean,maximum,p99,"
     "standard_error,noise_share,png_white,reason"},
    {"localisation.csv", "how well a map finds the regions",
     "map,metric,n,n_with_regions,n_regions,value,low,high,level,method,replicates,undefined_replicates,n_patients,"
     "regions,reason"},
};
const size_t N_SCHEMA_FILES = sizeof SCHEMA_FILES / sizeof *SCHEMA_FILES;

const struct schema_column SCHEMA_COLUMNS[] = {
    {"study", "the study's name"},
    {"task", "the task's name"},
    {"protocol", "how images were parted: official, grouped, given"},
    {"model", "the model's name in the study"},
    {"readout", "what is read from the encoder"},
    {"probe", "linear, linear_balanced, ordinal, knn, knn_uniform, attentive"},
    {"preprocess", "how pictures were made ready: checkpoint, skelex; empty of a baseline"},
    {"precision", "of the encoder's products: fp32, bf16; empty of a baseline"},
    {"partition", "test, validation, development, `test exams` (means over examinations)"},
    {"metric", "the figure's name"},
    {"n", "images that the figure is of; of ranks: tasks or sources"},
    {"n_patients", "patients that the figure is of; where none is named, images"},
    {"value", "the figure; NA: undefined, see reason"},
    {"low", "lower limit of its interval"},
    {"high", "upper limit of its interval"},
    {"level", "confidence level of the interval, 0 to 1"},
    {"method", "how the interval, or the figure, was made"},
    {"replicates", "bootstrap replicates"},
    {"undefined_replicates", "replicates in which the figure is undefined, left out of the interval"},
    {"reason", "why something is NA, or what a reader should know"},
    {"criterion", "what the choice was made by, on validation"},
    {"parameter", "C, alpha or k"},
    {"parameter_value", "its value"},
    {"fold", "number of the fold, from 1; mean: over the folds; empty: none"},
    {"score", "value of the criterion, or probability given to the true class; of regions: which of the image's scores"},
    {"chosen", "1: chosen on validation"},
    {"edge", "1: chosen at the edge of the grid"},
    {"validation", "value of the criterion on validation"},
    {"fraction", "per cent of the training patients, or of the labels that are enough"},
    {"draw", "number of the draw; mean: over the draws"},
    {"n_images", "labelled training images"},
    {"choice", "how the penalty was chosen"},
    {"interval", "what low and high are: of the draws, or of the test part"},
    {"draws", "draws that count"},
    {"undefined_draws", "draws in which the figure is undefined"},
    {"reference_model", "the model that is reached"},
    {"reference_readout", "its readout"},
    {"reference_value", "its figure with all labels"},
    {"model_a", "the first model"},
    {"readout_a", "its readout"},
    {"probe_a", "its probe"},
    {"model_b", "the second model"},
    {"readout_b", "its readout"},
    {"probe_b", "its probe"},
    {"value_a", "its figure"},
    {"value_b", "its figure"},
    {"difference", "a less b; external less internal; prediction less target"},
    {"better", "the better model by the values alone; empty: neither"},
    {"test", "the test of no difference"},
    {"p", "its p, two-sided"},
    {"p_holm", "p after Holm's correction over the family"},
    {"p_bh", "p after Benjamini and Hochberg's correction over the family"},
    {"family", "the hypotheses that were declared together"},
    {"family_size", "how many of them could be tested"},
    {"basis", "tasks, or sources (tasks of the same pictures count once)"},
    {"statistic", "name of the statistic"},
    {"n_models", "models ranked"},
    {"warning", "what speaks against the figure"},
    {"column", "the column that parts the cohort"},
    {"group", "the group's name; of the audit: rows of one finding share a number"},
    {"n_positive", "images of the class in question"},
    {"df", "degrees of freedom"},
    {"development", "the study that the probes are from; of development data: the measure there"},
    {"development_task", "its task"},
    {"recalibration", "how scores were recalibrated; empty: not"},
    {"internal_n", "images of the internal test"},
    {"internal_n_patients", "its patients"},
    {"internal", "figure of the internal test"},
    {"internal_low", "lower limit"},
    {"internal_high", "upper limit"},
    {"internal_method", "how its interval was made"},
    {"external_n", "images of the external cohort"},
    {"external_n_patients", "its patients"},
    {"external", "figure of the external cohort"},
    {"external_low", "lower limit"},
    {"external_high", "upper limit"},
    {"external_method", "how its interval was made"},
    {"difference_low", "lower limit of the difference"},
    {"difference_high", "upper limit of the difference"},
    {"difference_method", "how its interval was made"},
    {"internal_reason", "as reason, of the internal test"},
    {"external_reason", "as reason, of the external cohort"},
    {"variable", "what is compared"},
    {"measure", "how it is measured"},
    {"development_n", "images of the development"},
    {"development_value", "the measure there"},
    {"development_sd", "its standard deviation"},
    {"internal_value", "the measure on the internal test"},
    {"internal_sd", "its standard deviation"},
    {"external_value", "the measure on the external cohort"},
    {"external_sd", "its standard deviation"},
    {"standardised_difference", "external less development, in pooled standard deviations"},
    {"cohort", "whose features are measured"},
    {"checklist", "CLAIM 2024 or TRIPOD+AI"},
    {"item", "its number there"},
    {"topic", "what it asks for"},
    {"status", "answered, or the author's to write"},
    {"file", "file that the value stands in"},
    {"where", "place in that file"},
    {"official_value", "mean over the folds, protocol official"},
    {"official_sd", "population SD over the folds"},
    {"official_n", "images of its test set"},
    {"grouped_value", "figure by protocol grouped"},
    {"grouped_low", "lower limit"},
    {"grouped_high", "upper limit"},
    {"grouped_n", "images"},
    {"grouped_n_patients", "patients"},
    {"given_value", "figure by protocol given"},
    {"given_low", "lower limit"},
    {"given_high", "upper limit"},
    {"given_n", "images"},
    {"given_n_patients", "patients"},
    {"published", "the paper's figure; empty: none is known"},
    {"sd", "of the folds (official), or of grey levels from 0 to 1"},
    {"best", "1: the best of its row"},
    {"significant", "1: better than every other of its row after correction"},
    {"severity", "error, warning, note, accepted, excluded"},
    {"check", "code of the finding"},
    {"sample", "the image's name in its table"},
    {"line", "line of the table, from 1"},
    {"detail", "the finding in words"},
    {"class", "the class's name"},
    {"images", "how many images"},
    {"patients", "how many patients"},
    {"sha256", "SHA-256 of the file"},
    {"pixels_sha256", "SHA-256 of the decoded pixels"},
    {"width", "pixels"},
    {"height", "pixels"},
    {"channels", "1 to 4"},
    {"bits", "a channel"},
    {"bytes", "of the file"},
    {"mean", "of grey levels from 0 to 1; of Bland-Altman: of prediction and target; of an error map: its mean"},
    {"contrast", "difference of high and low grey levels, 0 to 1"},
    {"rank", "1: the worst"},
    {"role", "case, or neighbour of the case before it"},
    {"prediction", "class or number that was said"},
    {"similarity", "cosine of the features"},
    {"image", "path of the picture"},
    {"patient", "the patient's name; empty: none is named"},
    {"label", "the true class or number; of a region: its name"},
    {"component_1", "first principal component"},
    {"component_2", "second principal component"},
    {"share_1", "share of variance of the first"},
    {"share_2", "share of variance of the second"},
    {"n_shown", "images on the map"},
    {"label_number", "number of the class, from 0"},
    {"target", "the label as a number"},
    {"site", "the site's name; empty: none"},
    {"unit", "number of the patient, or of the image where none is named"},
    {"*", "further columns: examinations, covariates of the task"},
    {"score_*", "probability of the class behind the underscore"},
    {"class_number", "number of the class, from 0"},
    {"false_positive_rate", "1 less specificity"},
    {"sensitivity", "recall of the class"},
    {"recall", "sensitivity"},
    {"precision_value", "positive predictive value"},
    {"threshold", "probability from which one would treat"},
    {"treat_all", "net benefit of treating everybody"},
    {"net_benefit", "net benefit of the model"},
    {"bin", "number of the bin, from 1"},
    {"edge_low", "lower edge of the bin"},
    {"edge_high", "upper edge"},
    {"count", "images in the bin or cell"},
    {"mean_probability", "mean of what was said in the bin"},
    {"observed", "share of the class in the bin"},
    {"truth_number", "number of the true class"},
    {"prediction_number", "number of the class said"},
    {"share", "count over n_truth"},
    {"n_truth", "images of the true class"},
    {"truth", "the true class"},
    {"what", "image, bias, or a limit of agreement"},
    {"part", "development or test"},
    {"region", "number of the region; whole: the image"},
    {"confidence", "of the detector; empty: none was given"},
    {"left", "px in the picture, from 0"},
    {"top", "px"},
    {"right", "px, behind the last"},
    {"bottom", "px, behind the last"},
    {"trained_on", "1: the head was fitted with it"},
    {"class_*", "output of the 38-output head, by number"},
    {"n_regions", "regions of the image, or of all"},
    {"is_*", "what is known of the image, by group of outputs"},
    {"max_class_*", "largest output over the regions; _box, _label: the region it is of"},
    {"predicted *", "1: the image is called so at the thresholds"},
    {"head", "group of outputs"},
    {"regions", "which regions count; of localisation: how many there are"},
    {"matrix", "two-way or three-way"},
    {"predicted", "the class said"},
    {"n_truth_patients", "patients of the true class"},
    {"wilson_low", "Wilson's lower limit of the share"},
    {"wilson_high", "upper limit"},
    {"bootstrap_low", "bootstrap's lower limit, by patient"},
    {"bootstrap_high", "upper limit"},
    {"threshold_tumour", "above it: tumour"},
    {"threshold_malignant", "from it on: malignant"},
    {"first", "number of its first output"},
    {"outputs", "how many outputs"},
    {"source", "checkpoint, or probe"},
    {"validation_score", "the criterion's value"},
    {"C", "inverse penalty chosen"},
    {"at_edge", "1: at the edge of the grid"},
    {"name", "what its files are called"},
    {"error", "squared or absolute"},
    {"schedule", "official or even"},
    {"mask_ratio", "share of patches hidden a pass"},
    {"seed", "of the masks"},
    {"passes", "masks of the picture"},
    {"hits_least", "passes that hid the least hidden pixel"},
    {"hits_mean", "mean over the pixels"},
    {"hits_most", "passes that hid the most hidden pixel"},
    {"maximum", "of the map"},
    {"p99", "99th percentile of the map"},
    {"standard_error", "of the map's mean, over passes"},
    {"noise_share", "share of the map's variance that is noise of the passes"},
    {"png_white", "error that is white in the 16-bit PNG"},
    {"map", "error, or a map that knows nothing, or a difference of two"},
    {"n_with_regions", "pictures with regions"},
};
const size_t N_SCHEMA_COLUMNS = sizeof SCHEMA_COLUMNS / sizeof *SCHEMA_COLUMNS;

/* ---- looking things up ---- */

/* The last components of a path, as many as the name has. */
static const char *tail_of(const char *path, const char *name)
{
    size_t slashes = 0;
    for (const char *at = name; *at; at++)
        slashes += *at == '/';
    const char *at = path + strlen(path);
    while (at > path && (at[-1] != '/' || slashes-- > 0))
        at--;
    return at;
}

const struct schema_file *schema_of_path(const char *path)
{
    for (size_t i = 0; i < N_SCHEMA_FILES; i++) {
        const char *name = SCHEMA_FILES[i].name, *task = strstr(name, "TASK");
        char *pattern = task ? mem_printf("%.*s*%s", (int)(task - name), name, task + 4) : mem_strdup(name);
        bool called = fnmatch(pattern, tail_of(path, name), FNM_PATHNAME) == 0;
        free(pattern);
        if (called)
            return &SCHEMA_FILES[i];
    }
    return NULL;
}

/* Is the name one of the column, which may end in a star? */
static bool stands_for(const char *column, size_t length, const char *name)
{
    return column[length - 1] == '*' ? !strncmp(column, name, length - 1) : strlen(name) == length && !strncmp(column, name, length);
}

const struct schema_column *schema_column(const char *name)
{
    const struct schema_column *among = NULL;
    for (size_t i = 0; i < N_SCHEMA_COLUMNS; i++) {
        const char *column = SCHEMA_COLUMNS[i].name;
        if (!strcmp(column, name))
            return &SCHEMA_COLUMNS[i];
        if (column[1] && stands_for(column, strlen(column), name)) /* the star alone stands for everything: last */
            among = &SCHEMA_COLUMNS[i];
    }
    return among;
}

int schema_check(const struct schema_file *file, const char *path, const struct table *t, struct status *st)
{
    size_t c = 0;
    for (const char *column = file->columns; *column;) {
        size_t length = strcspn(column, ",");
        if (column[length - 1] == '*') {
            while (c < t->n_columns && stands_for(column, length, t->header[c]))
                c++;
        } else if (c == t->n_columns || !stands_for(column, length, t->header[c])) {
            return status_set(st, STATUS_DATA, "%s:1: column %zu is '%s', and '%.*s' is documented there (%s)", path, c + 1,
                              c < t->n_columns ? t->header[c] : "missing", (int)length, column, file->name);
        } else {
            c++;
        }
        column += length + (column[length] == ',');
    }
    return c == t->n_columns ? STATUS_OK : status_set(st, STATUS_DATA, "%s:1: column '%s' is not documented (%s)", path, t->header[c], file->name);
}
