#include "interval/unpaired.h"

#include <math.h>

/* fmax would turn a NaN into 0. */
static double reach(double from, double to)
{
    double gap = to - from;
    return gap < 0 ? 0 : gap;
}

struct limits unpaired_limits(double a, struct limits of_a, double b, struct limits of_b)
{
    double below = hypot(reach(of_a.low, a), reach(b, of_b.high)), above = hypot(reach(a, of_a.high), reach(of_b.low, b));
    struct limits limits = {a - b - below, a - b + above};
    if (isnan(limits.low) || isnan(limits.high) || isnan(of_a.low) || isnan(of_b.low) || isnan(of_a.high) || isnan(of_b.high))
        limits.low = limits.high = NAN;
    return limits;
}
