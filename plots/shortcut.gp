# Each model against the trivial baselines, from main_table.csv: a panel a baseline, a point a task.  Metrics of which more is
# better; errors have a scale of their own.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_probe = column_of("probe"); c_metric = column_of("metric")
c_partition = column_of("partition"); c_value = column_of("value"); c_low = column_of("low"); c_high = column_of("high")
of = sprintf("%s && %s && $%d != \"NA\" && $%d != \"mae\"", is(c_probe, probe), is(c_partition, "test"), c_value, c_metric)
a_baseline = sprintf("($%d == \"thumbnail\" || $%d == \"acquisition\")", c_model, c_model)
models = distinct(c_model, of . "&& !" . a_baseline)
baselines = distinct(c_model, of . "&&" . a_baseline)
m = words(models)
n = words(baselines)
limit(c) = sprintf("($%d == \"\" || $%d == \"NA\" ? $%d : $%d)", c, c, c_value, c)
# baseline's value, low, high, model's value, low, high, task
pairs(baseline, model) = sprintf("< awk -F, 'NR > 1 && %s {k = $%d \" \" $%d; if (%s) x[k] = $%d \",\" %s \",\" %s; if (%s) {y[k] = $%d \",\" %s \",\" %s; t[++n] = k; name[k] = $%d}} END {for (i = 1; i <= n; i++) if (t[i] in x) print x[t[i]] \",\" y[t[i]] \",\" name[t[i]]}' '%s'", \
    of, c_task, c_protocol, is(c_model, baseline), c_value, limit(c_low), limit(c_high), is(c_model, model), c_value, limit(c_low), limit(c_high), c_task, csv)
if (m == 0 || n == 0) { exit }
lo = min(0.4, min(least(c_low, of), least(c_value, of)) - 0.02)
hi = 1.02
w = max(480, 440 * n)
h = 430 + head + legend(w, m) + foot(w)
set xrange [lo:hi]
set yrange [lo:hi]
set xtics 0.2
set ytics 0.2
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    set multiplot
    eval(frame(kind, w, h))
    do for [j = 1:m] { eval(entry(j, m, word(models, j), w, h)) }
    do for [i = 1:n] {
        b = word(baselines, i)
        eval(panel(i, n, 1, w, h, m, 70, 62))
        set xlabel "baseline: " . b noenhanced
        set ylabel "model" noenhanced
        plot x with lines lc rgb "#808080" dt 2 lw 1.5, \
            for [j = 1:m] pairs(b, word(models, j)) using 1:4:2:3:5:6 with xyerrorbars lc rgb hue(j) pt marker[(j - 1) % 8 + 1] ps 0.9 lw 0.8, \
            pairs(b, word(models, 1)) using 1:4:7 with labels left offset character 0.7, 0.5 noenhanced font size_of(kind, 10) textcolor rgb "#444444"
        eval(unframe)
    }
    unset multiplot
    set output
}
