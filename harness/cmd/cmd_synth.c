/* synth: the embedded default. */
#include "base/file.h"
#include "base/number.h"
#include "cmd/command.h"
#include "synth/synth.h"

int cmd_synth(const struct invocation *in, struct status *st)
{
    struct synth_options o;
    size_t seed = 2025;
    synth_defaults(&o);
    if (in->value[OPTION_SEED] && !number_parse_size(in->value[OPTION_SEED], &seed))
        return status_set(st, STATUS_USAGE, "--seed is '%s'; a whole number was expected", in->value[OPTION_SEED]);
    if (in->value[OPTION_PATIENTS] && !number_parse_size(in->value[OPTION_PATIENTS], &o.n_patients))
        return status_set(st, STATUS_USAGE, "--patients is '%s'; a whole number was expected", in->value[OPTION_PATIENTS]);
    o.seed = seed;
    int code = synth_write(in->argument[0], &o, in->n_threads, st);
    if (!code && !in->quiet)
        printf("%s: %zu synthetic patients, cohort.csv, images/, tiny-random-vit/ (random weights)\n", in->argument[0], o.n_patients);
    return code;
}
