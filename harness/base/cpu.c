#include "base/cpu.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [CPU_PORTABLE] = "portable", [CPU_AVX2] = "avx2", [CPU_AVX512] = "avx512", [CPU_AVX512_BF16] = "avx512bf16"};
#define N_LEVELS (sizeof names / sizeof *names)

static enum cpu_level processor(void)
{
#if defined(EMULATED_AVX512)
    return CPU_AVX512_BF16;
#elif defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return CPU_PORTABLE;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512vl"))
        return CPU_AVX2;
    return __builtin_cpu_supports("avx512bf16") ? CPU_AVX512_BF16 : CPU_AVX512;
#else
    return CPU_PORTABLE;
#endif
}

/* N_LEVELS if the variable names none; the processor's own if it is not set. */
static size_t wanted(void)
{
    const char *name = getenv("SKELEX_CPU");
    if (!name || !*name)
        return processor();
    size_t i = 0;
    while (i < N_LEVELS && strcmp(names[i], name) != 0)
        i++;
    return i;
}

enum cpu_level cpu_level(void)
{
    static int known = -1; /* every thread would write the same */
    int level = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (level < 0) {
        size_t asked = wanted();
        level = (int)(asked < processor() ? asked : processor());
        __atomic_store_n(&known, level, __ATOMIC_RELAXED);
    }
    return (enum cpu_level)level;
}

const char *cpu_level_name(enum cpu_level level)
{
    return names[level];
}

int cpu_check(struct status *st)
{
    size_t asked = wanted();
    if (asked == N_LEVELS)
        return status_set(st, STATUS_USAGE, "SKELEX_CPU is '%s'; it may be portable, avx2, avx512 or avx512bf16", getenv("SKELEX_CPU"));
    if (asked > processor())
        return status_set(st, STATUS_USAGE, "SKELEX_CPU asks for %s, this processor has %s", names[asked], names[processor()]);
    return STATUS_OK;
}
