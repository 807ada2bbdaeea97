#include "interval/studentized_range.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_randist.h>
#include <math.h>

enum { POINTS = 400 };
#define END 10.0 /* phi(10) is below 1e-22 */

double studentized_range_cdf(double q, size_t k)
{
    if (!(q > 0))
        return isnan(q) ? NAN : 0;
    gsl_integration_glfixed_table *table = gsl_integration_glfixed_table_alloc(POINTS);
    double sum = 0;
    for (size_t i = 0; i < POINTS; i++) {
        double z, w;
        gsl_integration_glfixed_point(-END, END, i, &z, &w, table);
        sum += w * gsl_ran_ugaussian_pdf(z) * pow(gsl_cdf_ugaussian_P(z) - gsl_cdf_ugaussian_P(z - q), (double)(k - 1));
    }
    gsl_integration_glfixed_table_free(table);
    return fmin(1, (double)k * sum);
}

double studentized_range_tail(double q, size_t k)
{
    return fmax(0, 1 - studentized_range_cdf(q, k));
}

double studentized_range_quantile(double alpha, size_t k)
{
    double low = 0, high = 1;
    while (studentized_range_tail(high, k) > alpha && high < 1024)
        high *= 2;
    for (int i = 0; i < 60 && high - low > 1e-14 * high; i++) {
        double middle = (low + high) / 2;
        if (studentized_range_tail(middle, k) > alpha)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}
