# Bland-Altman plots of a regression, from figures/bland_altman.TASK.csv: difference over mean, bias and limits of agreement, a panel a model.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_probe = column_of("probe")
c_what = column_of("what"); c_mean = column_of("mean"); c_difference = column_of("difference"); c_low = column_of("low"); c_high = column_of("high")
of = sprintf("%s && %s && %s", is(c_task, task), is(c_protocol, protocol), is(c_probe, probe))
models = distinct(c_model, of)
m = words(models)
if (m == 0) { exit }
of_model(model, what) = of . "&&" . is(c_model, model) . "&&" . is(c_what, what)
columns = min(m, 3)
lanes = (m + columns - 1) / columns
w = max(520, 340 * columns)
h = 320 * lanes + head + legend(w, 0) + foot(w)
x0 = least(c_mean, of . "&&" . is(c_what, "image")); x1 = most(c_mean, of . "&&" . is(c_what, "image"))
y0 = min(least(c_low, of), least(c_difference, of)); y1 = max(most(c_high, of), most(c_difference, of))
room(a, b) = 0.05 * (b > a ? b - a : 1)
set xrange [x0 - room(x0, x1):x1 + room(x0, x1)]
set yrange [y0 - room(y0, y1):y1 + room(y0, y1)]
set xtics step(x1 - x0, 5)
set ytics step(y1 - y0, 6)
set xzeroaxis lc rgb "#b0b0b0" lw 1
lines_of(what) = sprintf("< awk -F, 'NR > 1 && %s {print %.10g \",\" $%d \",\" $%d \",\" $%d; print %.10g \",\" $%d \",\" $%d \",\" $%d}' '%s'", of_model(model, what), x0 - room(x0, x1), c_difference, c_low, c_high, x1 + room(x0, x1), c_difference, c_low, c_high, csv)
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    set multiplot
    eval(frame(kind, w, h))
    do for [j = 1:m] {
        model = word(models, j)
        eval(panel(j, columns, lanes, w, h, 0, 74, 62))
        set title sprintf("%s: bias %.2f, limits %.2f to %.2f", model, real(first(c_difference, of_model(model, "bias"))), real(first(c_difference, of_model(model, "lower limit"))), \
            real(first(c_difference, of_model(model, "upper limit")))) offset 0, -0.6 noenhanced font size_of(kind, 12)
        set xlabel "mean of target and prediction"
        set ylabel "prediction - target"
        plot for [what in "bias 'lower limit' 'upper limit'"] lines_of(what) using 1:3:4 with filledcurves lc rgb "#808080" fs transparent solid 0.25 noborder, \
            rows(of_model(model, "image")) using c_mean:c_difference with points lc rgb hue(j) pt marker[(j - 1) % 8 + 1] ps 0.5, \
            lines_of("bias") using 1:2 with lines lc rgb "#000000" lw 1.5, \
            for [what in "'lower limit' 'upper limit'"] lines_of(what) using 1:2 with lines lc rgb "#000000" lw 1.2 dt 2
        eval(unframe)
    }
    unset multiplot
    set output
}
