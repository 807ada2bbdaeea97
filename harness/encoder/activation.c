#include "encoder/activation.h"

#include <stdio.h>
#include <string.h>

static const struct activation activations[] = {
    {"gelu", ACTIVATION_GELU},
    {"gelu_new", ACTIVATION_GELU_TANH},
    {"gelu_pytorch_tanh", ACTIVATION_GELU_TANH},
    {"quick_gelu", ACTIVATION_QUICK_GELU},
    {"relu", ACTIVATION_RELU},
    {"silu", ACTIVATION_SILU},
};
#define N_ACTIVATIONS (sizeof activations / sizeof *activations)

int activation_read(const struct activation **a, const struct model_config *c, struct status *st)
{
    const char *name;
    char known[128] = "";
    int code = model_config_text(&name, c, "hidden_act", "gelu", st);
    if (code != STATUS_OK) {
        return code;
    }
    for (size_t i = 0, used = 0; i < N_ACTIVATIONS; i++) {
        if (strcmp(activations[i].name, name) == 0) {
            *a = &activations[i];
            return STATUS_OK;
        }
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", activations[i].name);
    }
    return status_set(st, STATUS_DATA, "'%s': hidden_act '%s' is not built; %s are", c->path, name, known);
}
