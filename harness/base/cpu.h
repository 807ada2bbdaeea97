/* Which instructions this run uses.  The processor decides, and the environment
 * variable SKELEX_CPU may ask for less: "portable", "avx2" (with FMA), "avx512"
 * or "avx512bf16".  It serves tests, and whoever must repeat the figures of a
 * lesser machine.  What was computed keeps to what it was computed with: the
 * way of adding up is part of an embedding's fingerprint (encoder_arithmetic). */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include "base/status.h"

enum cpu_level { CPU_PORTABLE, CPU_AVX2, CPU_AVX512, CPU_AVX512_BF16 };

/* The same answer for the whole run; any thread may ask. */
enum cpu_level cpu_level(void);
const char *cpu_level_name(enum cpu_level level);

/* STATUS_USAGE if SKELEX_CPU is set to something else, or to more than the processor has: a test that asked for
 * instructions must not pass without them. */
int cpu_check(struct status *st) MUST_CHECK;

#endif
