#include "interval/newcombe.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>

static bool is_inside(double t, double area, double p, double n, double z2)
{
    double m = (p + n) / 2 - 1;
    double variance = t * (1 - t) * (1 + m * (1 - t) / (2 - t) + m * t / (1 + t)) / (p * n);
    return (area - t) * (area - t) <= z2 * variance;
}

struct limits newcombe_method5(double area, double n_positive, double n_negative, double level)
{
    if (isnan(area))
        return (struct limits){NAN, NAN};
    double z = gsl_cdf_ugaussian_Pinv((1 + level) / 2), limit[2] = {0, 1};
    for (int side = 0; side < 2; side++) {
        double outside = side, inside = area; /* bisection to the last bit: 0 (or 1) is outside unless the area lies there */
        while (outside != inside) {
            double middle = (outside + inside) / 2;
            if (middle == outside || middle == inside)
                break;
            if (is_inside(middle, area, n_positive, n_negative, z * z))
                inside = middle;
            else
                outside = middle;
        }
        limit[side] = inside;
    }
    return (struct limits){limit[0], limit[1]};
}

double hanley_mcneil_se(double area, double n_positive, double n_negative)
{
    double q1 = area / (2 - area), q2 = 2 * area * area / (1 + area), square = area * area;
    return sqrt(fmax(0, area * (1 - area) + (n_positive - 1) * (q1 - square) + (n_negative - 1) * (q2 - square)) /
                (n_positive * n_negative));
}
