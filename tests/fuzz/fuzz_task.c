/* Any bytes as a task file: refused with a sentence, or a task that keeps its own rules. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "study/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

/* glibc's regcomp takes memory without bound for nested repetitions, which is no news to be found here. */
static int repeats(const uint8_t *data, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < size; i++)
        n += data[i] == '{' && data[i + 1] >= '0' && data[i + 1] <= '9';
    return n > 1 || size > 1 << 16;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct task *task;
    struct status st = {0};
    if (repeats(data, size))
        return 0;
    if (task_parse(&task, "/dev/null", data, size, &st)) {
        must(*st.text != '\0' && !task);
        return 0;
    }
    must(*task->name && !strchr(task->name, '/') && task->name[0] != '.');
    must((task->kind == KIND_REGRESSION) == (task->n_classes == 0));
    must(task->n_layouts || (task->cohort.table != NULL) + (task->cohort.n_tables > 0) + (task->cohort.n_folders > 0) == 1);
    must(task_choose_layout(task, "/dev/null", &st) == STATUS_OK ? !task->n_layouts : *st.text && task->n_layouts);
    for (unsigned c = 0; c < task->n_classes; c++)
        for (unsigned v = 0; v < task->classes[c].n_values; v++)
            must(task_class_of(task, task->classes[c].values[v]) == (int)c);
    (void)task_class_of(task, "1.0");
    task_free(task);
    return 0;
}
