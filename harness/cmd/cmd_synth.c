/* synth: the embedded default, and the benchmark of seven data sets. */
#include "base/file.h"
#include "base/number.h"
#include "cmd/answer.h"
#include "cmd/command.h"
#include "synth/benchmark.h"
#include "synth/synth.h"

static int write_benchmark(const struct invocation *in, uint64_t seed, struct status *st)
{
    struct benchmark_options o = {.seed = seed, .scale = 1};
    struct benchmark_size made;
    if (in->value[OPTION_PATIENTS])
        return status_set(st, STATUS_USAGE, "--patients does not go with --benchmark; --scale does");
    if (in->value[OPTION_SCALE] && !number_parse_double(in->value[OPTION_SCALE], &o.scale))
        return status_set(st, STATUS_USAGE, "--scale is '%s'; a number was expected", in->value[OPTION_SCALE]);
    int code = benchmark_write(in->argument[0], &o, in->n_threads, &made, st);
    if (!code && in->answer) {
        json_object_set_new(in->answer, "output", answer_text(in->argument[0]));
        json_object_set_new(in->answer, "images", answer_count(made.n_images));
        json_object_set_new(in->answer, "bytes", answer_count(made.n_bytes));
        json_object_set_new(in->answer, "traps", answer_count(made.n_traps));
    } else if (!code && !in->quiet)
        printf("%s: seven synthetic data sets, %zu pictures, %.0f MB, %zu planted traps (TRAPS.csv); tiny-random-vit/, tiny-random-vit-2/ "
               "(random weights)\n", in->argument[0], made.n_images, (double)made.n_bytes / 1e6, made.n_traps);
    return code;
}

int cmd_synth(const struct invocation *in, struct status *st)
{
    struct synth_options o;
    size_t seed = 2025;
    synth_defaults(&o);
    if (in->value[OPTION_SEED] && !number_parse_size(in->value[OPTION_SEED], &seed))
        return status_set(st, STATUS_USAGE, "--seed is '%s'; a whole number was expected", in->value[OPTION_SEED]);
    if (in->value[OPTION_BENCHMARK])
        return write_benchmark(in, seed, st);
    if (in->value[OPTION_SCALE])
        return status_set(st, STATUS_USAGE, "--scale goes with --benchmark only; --patients sizes the cohort");
    if (in->value[OPTION_PATIENTS] && !number_parse_size(in->value[OPTION_PATIENTS], &o.n_patients))
        return status_set(st, STATUS_USAGE, "--patients is '%s'; a whole number was expected", in->value[OPTION_PATIENTS]);
    o.seed = seed;
    int code = synth_write(in->argument[0], &o, in->n_threads, st);
    if (!code && in->answer) {
        json_object_set_new(in->answer, "output", answer_text(in->argument[0]));
        json_object_set_new(in->answer, "patients", answer_count(o.n_patients));
    } else if (!code && !in->quiet)
        printf("%s: %zu synthetic patients, cohort.csv, images/, tiny-random-vit/ (random weights)\n", in->argument[0], o.n_patients);
    return code;
}
