#include "region/region_split.h"

#include <stdlib.h>

#include "base/memory.h"
#include "split/grouped.h"

static int32_t stratum_of(const struct region_image *image)
{
    static const enum group_head order[] = {HEAD_TUMOUR, HEAD_FRACTURE, HEAD_ABNORMAL, HEAD_IMPLANT};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (image->label[order[i]] != LABEL_UNKNOWN)
            return (int32_t)(GROUP_HEADS[order[i]].first * 2) + image->label[order[i]];
    return -1;
}

static int given(struct region_split *p, const struct region_set *s, struct status *st)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->image[i].partition == PARTITION_NONE)
            return status_set(st, STATUS_DATA, "protocol given: no task says whether image '%s' is for development or for testing", s->image[i].path);
        p->is_test[i] = s->image[i].partition == PARTITION_TEST;
    }
    return STATUS_OK;
}

int region_split_make(struct region_split *p, const struct region_set *s, const struct study *study, bool folds, struct status *st)
{
    *p = (struct region_split){.is_test = NEW0(s->n + 1, uint8_t), .fold = NEW0(s->n + 1, uint32_t), .n_folds = study->n_folds};
    uint32_t *unit = NEW(s->n + 1, uint32_t), *fold = NEW(s->n + 1, uint32_t);
    int32_t *stratum = NEW(s->n + 1, int32_t);
    int code = STATUS_OK;
    for (size_t i = 0; i < s->n; i++) {
        unit[i] = s->image[i].unit;
        stratum[i] = stratum_of(&s->image[i]);
    }
    if (study->n_protocols != 1 || study->protocol[0] == PROTOCOL_OFFICIAL)
        code = status_set(st, STATUS_DATA, "'%s': regions go by one protocol, grouped or given", study->path);
    else if (study->protocol[0] == PROTOCOL_GIVEN)
        code = given(p, s, st);
    else
        code = grouped_test_split(p->is_test, unit, s->n, s->n_units, stratum, study->test_fraction, (uint32_t)study->seed, st);
    for (size_t i = 0; i < s->n && !code; i++) {
        if (p->is_test[i]) {
            p->n_test++;
            continue;
        }
        unit[p->n_development] = unit[i];
        stratum[p->n_development++] = stratum[i];
    }
    if (!code && !p->n_test)
        code = status_set(st, STATUS_DATA, "'%s': no image is left to test on", study->path);
    if (!code && folds && !p->n_development)
        code = status_set(st, STATUS_DATA, "'%s': no image is for development, on which the head is fitted or a threshold chosen", study->path);
    if (!code && folds)
        code = grouped_folds(fold, unit, p->n_development, s->n_units, stratum, p->n_folds, (uint32_t)study->seed, st);
    for (size_t i = 0, dev = 0; i < s->n && !code; i++)
        if (!p->is_test[i])
            p->fold[i] = folds ? fold[dev++] : 0;
    free(unit);
    free(fold);
    free(stratum);
    if (code)
        region_split_free(p);
    return code;
}

void region_split_free(struct region_split *p)
{
    free(p->is_test);
    free(p->fold);
    *p = (struct region_split){.is_test = NULL};
}
