#include "probe/criterion.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/auroc.h"
#include "metric/confusion.h"
#include "metric/regression.h"

const char *criterion_name(enum task_kind kind)
{
    static const char *const name[] = {
        [KIND_BINARY] = "auroc", [KIND_MULTICLASS] = "auroc_macro", [KIND_ORDINAL] = "kappa_quadratic", [KIND_REGRESSION] = "mae"};
    return name[kind];
}

double criterion_value(enum task_kind kind, size_t n_classes, const int32_t *label, const double *target, const double *prediction, size_t n)
{
    double value = NAN;
    size_t n_defined;
    if (kind == KIND_REGRESSION)
        return regression_mae(target, prediction, NULL, n);
    if (kind == KIND_BINARY)
        return auroc_binary(&value, label, prediction, n, NULL) ? NAN : value;
    if (kind == KIND_MULTICLASS)
        return auroc_macro_ovr_defined(&value, &n_defined, label, prediction, n, n_classes, NULL) ? NAN : value;
    uint64_t *count = NEW0(n_classes * n_classes, uint64_t);
    int32_t *grade = NEW(n, int32_t);
    for (size_t i = 0; i < n; i++)
        grade[i] = confusion_argmax(prediction + i * n_classes, n_classes);
    confusion_count(count, n_classes, label, grade, NULL, n);
    value = confusion_kappa(count, n_classes, KAPPA_QUADRATIC);
    free(grade);
    free(count);
    return value;
}

bool criterion_better(double a, double b, enum task_kind kind)
{
    return kind == KIND_REGRESSION ? a < b : a > b;
}
