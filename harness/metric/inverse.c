#include "metric/inverse.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

double inverse_beta(double share, double a, double b)
{
    double low = 0, high = 1;
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return middle;
        /* From the tail that is small: 1 - P has no digits left where P is near 1. */
        int below = share < 0.5 ? gsl_cdf_beta_P(middle, a, b) < share : gsl_cdf_beta_Q(middle, a, b) > 1 - share;
        if (below)
            low = middle;
        else
            high = middle;
    }
}

double inverse_f(double share, double df1, double df2)
{
    double low = -700, high = 700; /* of the logarithm */
    if (gsl_cdf_fdist_P(exp(high), df1, df2) < share)
        return INFINITY;
    if (gsl_cdf_fdist_P(exp(low), df1, df2) >= share)
        return 0;
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return exp(middle);
        if (gsl_cdf_fdist_P(exp(middle), df1, df2) < share)
            low = middle;
        else
            high = middle;
    }
}

double inverse_t(double share, double df)
{
    double tail = share < 0.5 ? share : 1 - share, low = 0, high = 1;
    while (high < 1e300 && gsl_cdf_tdist_Q(high, df) > tail)
        high *= 2;
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return share < 0.5 ? -middle : middle;
        if (gsl_cdf_tdist_Q(middle, df) > tail)
            low = middle;
        else
            high = middle;
    }
}
