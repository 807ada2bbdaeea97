#include "study/study_words.h"

#include <string.h>

#include "study/study.h"

const char *const STUDY_PROTOCOLS[] = {[PROTOCOL_GROUPED] = "grouped", [PROTOCOL_GIVEN] = "given",
                                        [PROTOCOL_OFFICIAL] = "official", NULL};
const char *const STUDY_BASELINES[] = {"thumbnail", "acquisition", NULL};
const char *const STUDY_PROBES[] = {[PROBE_LINEAR] = "linear", [PROBE_KNN] = "knn", [PROBE_KNN_UNIFORM] = "knn_uniform",
                                     [PROBE_LINEAR_BALANCED] = "linear_balanced", [PROBE_ORDINAL] = "ordinal",
                                     [PROBE_ATTENTIVE] = "attentive", NULL};
const char *const STUDY_SAVES[] = {[SAVE_LINEAR] = "linear", [SAVE_ALL] = "all", [SAVE_NONE] = "none", NULL};
const char *const STUDY_PREPROCESSES[] = {[PREPROCESS_CHECKPOINT] = "checkpoint", [PREPROCESS_SKELEX] = "skelex", NULL};
const char *const STUDY_INTERPOLATIONS[] = {"new", "old", NULL};
const char *const STUDY_PRECISIONS[] = {[PRECISION_FP32] = "fp32", [PRECISION_BF16] = "bf16", NULL};
const char *const STUDY_BOOTSTRAPS[] = {[BOOTSTRAP_PERCENTILE] = "percentile", [BOOTSTRAP_BCA] = "bca", [BOOTSTRAP_BASIC] = "basic", NULL};
const char *const STUDY_CLUSTERS[] = {[CLUSTER_PATIENT] = "patient", [CLUSTER_IMAGE] = "image", NULL};
const char *const STUDY_STRATIFIES[] = {[STRATIFY_AUTO] = "auto", [STRATIFY_CLASS] = "class", [STRATIFY_NONE] = "none", NULL};
const char *const STUDY_PROPORTIONS[] = {[PROPORTION_WILSON] = "wilson", [PROPORTION_CLOPPER_PEARSON] = "clopper_pearson", NULL};
const char *const STUDY_POLICIES[] = {"fail", "skip", NULL};
const char *const STUDY_LEAK_POLICIES[] = {"fail", "warn", NULL};
const char *const STUDY_PARTS[] = {[PART_ALL] = "all", [PART_DEVELOPMENT] = "development", [PART_TEST] = "test", NULL};

const char *study_protocol_name(enum study_protocol protocol)
{
    return STUDY_PROTOCOLS[protocol];
}

bool study_has_protocol(const struct study *study, enum study_protocol protocol)
{
    for (size_t i = 0; i < study->n_protocols; i++)
        if (study->protocol[i] == protocol)
            return true;
    return false;
}

const char *study_probe_name(enum study_probe probe)
{
    return STUDY_PROBES[probe];
}

const char *study_cluster_name(enum bootstrap_cluster cluster)
{
    return STUDY_CLUSTERS[cluster];
}

const char *study_stratify_name(enum bootstrap_stratify stratify)
{
    return STUDY_STRATIFIES[stratify];
}

bool study_probe_is_linear(enum study_probe probe)
{
    return probe == PROBE_LINEAR || probe == PROBE_LINEAR_BALANCED || probe == PROBE_ORDINAL;
}

bool study_probe_suits(enum study_probe probe, enum task_kind kind)
{
    return probe == PROBE_ORDINAL ? kind == KIND_ORDINAL : probe != PROBE_LINEAR_BALANCED || kind != KIND_REGRESSION;
}

bool study_probe_reads(enum study_probe probe, const char *readout)
{
    return (probe == PROBE_ATTENTIVE) == !strcmp(readout, STUDY_TOKENS);
}

const char *study_preprocess_name(const struct study_model *model)
{
    return model->source == SOURCE_ENCODER ? STUDY_PREPROCESSES[model->preprocess] : "";
}

const char *study_precision_name(const struct study_model *model)
{
    return model->source == SOURCE_ENCODER ? STUDY_PRECISIONS[model->precision] : "";
}
