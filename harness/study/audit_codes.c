#include "study/audit_codes.h"

#include <string.h>

const struct audit_code AUDIT_CODES[] = {
    {"missing", "error", true, "an image that a table names is not on disk; accepted, the row is left out"},
    {"unreadable", "error", true, "an image cannot be decoded; accepted, the row is left out"},
    {"label", "error", true, "a label is no class of the task, or no number; accepted, the row is left out"},
    {"contradiction", "error", true, "pictures of equal pixels have different labels"},
    {"leak_duplicate", "error", true, "protocol given: pictures of equal pixels are on both sides of the split (also: on_leak: warn)"},
    {"leak_patient", "error", true, "a patient is on both sides of a split (also: on_leak: warn)"},
    {"overlap_image", "error", true, "external: a picture also stands in the development's cohort (equal bytes or pixels)"},
    {"overlap_patient", "error", true, "external: a patient's name also stands in the development's cohort"},
    {"class", "error", true, "a class has no image, or very few patients"},
    {"published_count", "warning", true, "a count differs from the published one"},
    {"duplicate_patient", "warning", true, "pictures of equal pixels belong to different patients, who then count as one"},
    {"leak_near_duplicate", "warning", true, "protocol given: near duplicates are on both sides of the split"},
    {"near_duplicate", "warning", true, "pictures of different units are nearly equal by their perceptual hash (at most 24 of 255 bits differ)"},
    {"patients", "warning", true, "nothing names the patient: each image counts as one"},
    {"fold_class", "warning", true, "a class is absent from a validation fold"},
    {"drift", "warning", true, "a class is more or less frequent in a partition or site (exact or chi-square test by patient, Holm, p < 0.01)"},
    {"inverted", "warning", true, "grey scale probably inverted: edges brighter than the middle, far from the cohort's other pictures"},
    {"shortcut", "warning", true, "size, bit depth, brightness and file size alone predict the label (AUROC >= 0.60, R2 >= 0.10)"},
    {"absent", "warning", true, "an optional table or folder of the layout is not there"},
    {"duplicate", "note", true, "pictures of equal pixels; they are kept in one unit"},
    {"rule", "note", false, "left out by the task's own rule"},
    {"part", "note", false, "left out: of another partition or site than the study takes"},
    {"two_labels", "note", false, "left out: two of the task's 0/1 label columns are marked"},
    {"other_class", "note", false, "left out by the task's own rule: a label of no class of it"},
    {"layout", "note", false, "which of the task's layouts was found"},
    {"ignored", "note", false, "a file that is no image"},
    {"appledouble", "note", false, "a file ._NAME that macOS left in the archive; not read"},
    {"partition", "error", false, "protocol given: an image without a partition, or a side without images"},
    {"repeated", "error", false, "an image stands in two rows"},
    {"empty", "error", false, "no usable image"},
    {"few", "error", false, "too few patients for a test set and the folds"},
    {"split", "error", false, "no split can be made"},
};
const size_t N_AUDIT_CODES = sizeof AUDIT_CODES / sizeof *AUDIT_CODES;
_Static_assert(sizeof AUDIT_CODES / sizeof *AUDIT_CODES <= N_AUDIT_CODES_MOST, "a study has a place for each code");

size_t audit_code_find(const char *name)
{
    size_t i = 0;
    while (i < N_AUDIT_CODES && strcmp(AUDIT_CODES[i].name, name) != 0)
        i++;
    return i;
}
