/* L-BFGS that is told: a quadratic to its minimum, Rosenbrock's valley, a function that is not finite everywhere. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "probe/lbfgs.h"

enum { N = 20 };

/* Scales from 1 to 400, minimum at i. */
static double quadratic(double *g, const double *x)
{
    double f = 0;
    for (int i = 0; i < N; i++) {
        double scale = 1 + 21.0 * i, off = x[i] - i;
        f += scale * off * off / 2;
        g[i] = scale * off;
    }
    return f;
}

static double rosenbrock(double *g, const double *x)
{
    double a = 1 - x[0], b = x[1] - x[0] * x[0];
    g[0] = -2 * a - 400 * x[0] * b;
    g[1] = 200 * b;
    return a * a + 100 * b * b;
}

/* x - log x: no number left of 0, which the first step overshoots to. */
static double with_wall(double *g, const double *x)
{
    g[0] = 1 - 1 / x[0];
    return x[0] > 0 ? x[0] - log(x[0]) : NAN;
}

static unsigned walk(struct lbfgs *l, double (*f)(double *, const double *), const double *start, size_t n, double first_step)
{
    double g[N], before = INFINITY;
    unsigned told = 0;
    lbfgs_begin(l, start, n, first_step);
    for (; !l->done && told < 500; told++) {
        double value = f(g, l->trial);
        if (lbfgs_tell(l, value, g)) {
            assert_true(l->f <= before); /* never uphill */
            before = l->f;
        }
    }
    return told;
}

static void test_minima(void **state)
{
    (void)state;
    struct lbfgs l;
    double zeros[N] = {0}, valley[2] = {-1.2, 1}, six = 6;
    assert_true(walk(&l, quadratic, zeros, N, 0.1) < 100 && l.done);
    for (int i = 0; i < N; i++)
        assert_true(fabs(l.x[i] - i) < 1e-3);
    lbfgs_free(&l);
    assert_true(walk(&l, rosenbrock, valley, 2, 0.1) < 100 && l.done);
    assert_true(fabs(l.x[0] - 1) < 1e-3 && fabs(l.x[1] - 1) < 1e-3);
    lbfgs_free(&l);
    assert_true(walk(&l, with_wall, &six, 1, 8) < 100 && l.done);
    assert_true(fabs(l.x[0] - 1) < 1e-4);
    lbfgs_free(&l);
}

static void test_start_at_the_minimum(void **state)
{
    (void)state;
    struct lbfgs l;
    double at[2] = {1, 1};
    assert_int_equal(walk(&l, rosenbrock, at, 2, 0.1), 1);
    assert_true(l.x[0] == 1 && l.x[1] == 1);
    lbfgs_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_minima), cmocka_unit_test(test_start_at_the_minimum)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
