/* The processor's peak rate, measured: a loop of independent multiply-adds that
 * stay in registers. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

#include <stdbool.h>
#include <stddef.h>

enum peak_kind { PEAK_FP32, PEAK_BF16, PEAK_INT8, N_PEAKS };

/* The instruction of the loop that peak_measure runs on this processor, such as "vfmadd, 512 bit"; NULL where it has none of
 * that kind (or we have no loop for it). */
const char *peak_loop(enum peak_kind kind);

/* Operations a second (a multiply-add counts two) of `threads` threads at once, each busy for about `seconds`.
 * 0 if peak_loop is NULL. */
double peak_measure(enum peak_kind kind, size_t threads, double seconds);

#endif
