#include "study/study_text.h"

#define TEXT(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, CYAML_UNLIMITED)
#define OPTIONAL_TEXT(key, type, member) \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, CYAML_UNLIMITED)

static const cyaml_schema_value_t value_text = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CYAML_UNLIMITED)};

static const cyaml_schema_field_t model_fields[] = {
    TEXT("name", struct raw_model, name), OPTIONAL_TEXT("path", struct raw_model, path),
    OPTIONAL_TEXT("baseline", struct raw_model, baseline),
    OPTIONAL_TEXT("preprocess", struct raw_model, preprocess),
    OPTIONAL_TEXT("architecture", struct raw_model, architecture),
    OPTIONAL_TEXT("heads", struct raw_model, heads),
    OPTIONAL_TEXT("interpolation", struct raw_model, interpolation),
    OPTIONAL_TEXT("precision", struct raw_model, precision),
    CYAML_FIELD_SEQUENCE_COUNT("readout", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_model, readout, n_readout, &value_text, 1, 64),
    CYAML_FIELD_END};
static const cyaml_schema_value_t model_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_model, model_fields)};

static const cyaml_schema_field_t task_fields[] = {
    TEXT("task", struct raw_task, task), OPTIONAL_TEXT("data", struct raw_task, data), OPTIONAL_TEXT("partition", struct raw_task, partition),
    OPTIONAL_TEXT("of", struct raw_task, of),
    CYAML_FIELD_SEQUENCE_COUNT("sites", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_task, sites, n_sites, &value_text, 1, 1000),
    CYAML_FIELD_SEQUENCE_COUNT("classes", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_task, classes, n_classes, &value_text, 2, 1000),
    CYAML_FIELD_END};
static const cyaml_schema_value_t task_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_task, task_fields)};

static const cyaml_schema_field_t external_fields[] = {
    TEXT("name", struct raw_external, name), OPTIONAL_TEXT("data_root", struct raw_external, data_root),
    CYAML_FIELD_SEQUENCE_COUNT("tasks", CYAML_FLAG_POINTER, struct raw_external, tasks, n_tasks, &task_value, 1, 1000),
    CYAML_FIELD_SEQUENCE_COUNT("accept", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_external, accept, n_accept, &value_text, 0,
                               N_AUDIT_CODES_MOST),
    CYAML_FIELD_END};
static const cyaml_schema_value_t external_value = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_external, external_fields)};

static const cyaml_schema_field_t bootstrap_fields[] = {OPTIONAL_TEXT("replicates", struct raw_bootstrap, replicates),
                                                        OPTIONAL_TEXT("level", struct raw_bootstrap, level),
                                                        OPTIONAL_TEXT("method", struct raw_bootstrap, method),
                                                        OPTIONAL_TEXT("cluster", struct raw_bootstrap, cluster),
                                                        OPTIONAL_TEXT("stratify", struct raw_bootstrap, stratify), CYAML_FIELD_END};

static const cyaml_schema_field_t label_efficiency_fields[] = {
    CYAML_FIELD_SEQUENCE_COUNT("fractions", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_label_efficiency, fractions, n_fractions, &value_text, 1, 64),
    OPTIONAL_TEXT("draws", struct raw_label_efficiency, draws), CYAML_FIELD_END};

static const cyaml_schema_field_t compare_fields[] = {
    OPTIONAL_TEXT("reference", struct raw_compare, reference), OPTIONAL_TEXT("metric", struct raw_compare, metric),
    OPTIONAL_TEXT("probe", struct raw_compare, probe), OPTIONAL_TEXT("readout", struct raw_compare, readout), CYAML_FIELD_END};

static const cyaml_schema_field_t study_fields[] = {
    TEXT("name", struct raw_study, name),
    OPTIONAL_TEXT("seed", struct raw_study, seed),
    OPTIONAL_TEXT("output", struct raw_study, output),
    OPTIONAL_TEXT("store", struct raw_study, store),
    OPTIONAL_TEXT("data_root", struct raw_study, data_root),
    CYAML_FIELD_SEQUENCE_COUNT("models", CYAML_FLAG_POINTER, struct raw_study, models, n_models, &model_value, 1, 1000),
    CYAML_FIELD_SEQUENCE_COUNT("tasks", CYAML_FLAG_POINTER, struct raw_study, tasks, n_tasks, &task_value, 1, 1000),
    OPTIONAL_TEXT("protocol", struct raw_study, protocol),
    CYAML_FIELD_SEQUENCE_COUNT("protocols", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, protocols, n_protocols, &value_text, 1,
                               N_STUDY_PROTOCOLS),
    OPTIONAL_TEXT("test_fraction", struct raw_study, test_fraction),
    OPTIONAL_TEXT("folds", struct raw_study, folds),
    CYAML_FIELD_SEQUENCE_COUNT("probes", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, probes, n_probes, &value_text, 1, 8),
    OPTIONAL_TEXT("save_probes", struct raw_study, save_probes),
    OPTIONAL_TEXT("proportions", struct raw_study, proportions),
    CYAML_FIELD_MAPPING("bootstrap", CYAML_FLAG_OPTIONAL, struct raw_study, bootstrap, bootstrap_fields),
    CYAML_FIELD_MAPPING_PTR("label_efficiency", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, label_efficiency, label_efficiency_fields),
    CYAML_FIELD_SEQUENCE_COUNT("subgroups", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, subgroups, n_subgroups, &SUBGROUP_SCHEMA, 1, 64),
    CYAML_FIELD_MAPPING_PTR("regions", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, regions, study_regions_fields),
    CYAML_FIELD_MAPPING("compare", CYAML_FLAG_OPTIONAL, struct raw_study, compare, compare_fields),
    OPTIONAL_TEXT("on_bad_image", struct raw_study, on_bad_image),
    OPTIONAL_TEXT("on_missing_image", struct raw_study, on_missing_image),
    OPTIONAL_TEXT("on_bad_label", struct raw_study, on_bad_label),
    OPTIONAL_TEXT("on_leak", struct raw_study, on_leak),
    CYAML_FIELD_SEQUENCE_COUNT("accept", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, accept, n_accept, &value_text, 0,
                               N_AUDIT_CODES_MOST),
    CYAML_FIELD_SEQUENCE_COUNT("external", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_study, external, n_external, &external_value, 1, 100),
    CYAML_FIELD_END};
const cyaml_schema_value_t STUDY_SCHEMA = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_study, study_fields)};
