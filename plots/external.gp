# Internal test against an external cohort, from its external.csv: a panel a metric, a point a task and model, both intervals.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_probe = column_of("probe"); c_metric = column_of("metric")
c_again = column_of("recalibration"); c_in = column_of("internal"); c_out = column_of("external")
c_in_low = column_of("internal_low"); c_in_high = column_of("internal_high"); c_out_low = column_of("external_low"); c_out_high = column_of("external_high")
known = sprintf("($%d == \"auroc\" || $%d == \"auroc_macro\" || $%d == \"kappa_quadratic\" || $%d == \"mae\")", c_metric, c_metric, c_metric, c_metric)
of = sprintf("%s && %s && %s && $%d == \"\" && $%d != \"NA\" && $%d != \"\" && $%d != \"NA\" && $%d != \"\"", is(c_protocol, protocol), is(c_probe, probe), known, c_again, \
    c_in, c_in, c_out, c_out)
metrics = distinct(c_metric, of)
models = distinct(c_model, of)
n = words(metrics)
m = words(models)
if (n == 0) { exit }
limit(c, else_c) = sprintf("($%d == \"\" || $%d == \"NA\" ? $%d : $%d)", c, c, else_c, c)
points(metric, model) = sprintf("< awk -F, 'NR > 1 && %s && %s && %s {print $%d \",\" %s \",\" %s \",\" $%d \",\" %s \",\" %s \",\" $%d}' '%s'", of, is(c_metric, metric), is(c_model, model), \
    c_in, limit(c_in_low, c_in), limit(c_in_high, c_in), c_out, limit(c_out_low, c_out), limit(c_out_high, c_out), c_task, csv)
columns = min(n, 2)
lanes = (n + 1) / 2
w = max(480, 440 * columns)
h = 430 * lanes + head + legend(w, m) + foot(w)
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    set multiplot
    eval(frame(kind, w, h))
    do for [j = 1:m] { eval(entry(j, m, word(models, j), w, h)) }
    do for [i = 1:n] {
        metric = word(metrics, i)
        here = of . "&&" . is(c_metric, metric)
        lo = min(min(least(c_in, here), least(c_out, here)), min(least(c_in_low, here), least(c_out_low, here)))
        hi = max(max(most(c_in, here), most(c_out, here)), max(most(c_in_high, here), most(c_out_high, here)))
        eval(panel(i, columns, lanes, w, h, m, 70, 62))
        set xrange [lo - 0.04 * (hi - lo):hi + 0.04 * (hi - lo)]
        set yrange [lo - 0.04 * (hi - lo):hi + 0.04 * (hi - lo)]
        set xtics step(hi - lo, 5)
        set ytics step(hi - lo, 5)
        set xlabel metric . ", internal test" noenhanced
        set ylabel metric . ", external" noenhanced
        plot x with lines lc rgb "#808080" dt 2 lw 1.5, \
            for [j = 1:m] points(metric, word(models, j)) using 1:4:2:3:5:6 with xyerrorbars lc rgb hue(j) pt marker[(j - 1) % 8 + 1] ps 0.9 lw 0.8
        eval(unframe)
    }
    unset multiplot
    set output
}
