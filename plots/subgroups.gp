# A task's main metric in its subgroups, from subgroups.csv: a line a group, a mark a model, with intervals.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_probe = column_of("probe"); c_partition = column_of("partition")
c_column = column_of("column"); c_group = column_of("group"); c_metric = column_of("metric"); c_n = column_of("n"); c_patients = column_of("n_patients")
c_value = column_of("value"); c_low = column_of("low"); c_high = column_of("high"); c_statistic = column_of("statistic")
known = sprintf("($%d == \"auroc\" || $%d == \"auroc_macro\" || $%d == \"kappa_quadratic\" || $%d == \"mae\")", c_metric, c_metric, c_metric, c_metric)
of = sprintf("%s && %s && %s && %s && %s && $%d == \"\" && $%d != \"\"", is(c_task, task), is(c_protocol, protocol), is(c_probe, probe), is(c_partition, "test"), known, c_statistic, c_group)
# The first of them that the task has: its main metric.
metric = word(distinct(c_metric, of), 1)
if (metric eq "") { exit }
here = of . "&&" . is(c_metric, metric)
models = distinct(c_model, here)
m = words(models)
# Groups are numbered as they come; their names may hold blanks.
numbered = sprintf("g = $%d \": \" $%d; if (!(g in k)) {k[g] = ++n; fresh = 1} else fresh = 0;", c_column, c_group)
limit(c) = sprintf("($%d == \"\" || $%d == \"NA\" ? $%d : $%d)", c, c, c_value, c)
series(model) = sprintf("< awk -F, 'NR > 1 && %s {%s if (%s && $%d != \"NA\") print k[g] \",\" $%d \",\" %s \",\" %s}' '%s'", here, numbered, is(c_model, model), c_value, c_value, limit(c_low), limit(c_high), csv)
n = int(system(sprintf("awk -F, 'NR > 1 && %s {%s} END {print n + 0}' '%s'", here, numbered, csv)))
groups = sprintf("< awk -F, 'NR > 1 && %s {%s if (fresh) print n \",\" g \",\" $%d \",\" $%d}' '%s'", here, numbered, c_n, c_patients, csv)
w = 760
h = n * (m * 14 + 26) + head + legend(w, m) + 80 + foot(w)
set grid noytics
lo = min(least(c_low, here), least(c_value, here))
hi = max(most(c_high, here), most(c_value, here))
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    set multiplot
    eval(frame(kind, w, h))
    do for [j = 1:m] { eval(entry(j, m, word(models, j), w, h)) }
    eval(panel(1, 1, 1, w, h, m, 230, 62))
    set xtics step(hi - lo, 5)
    set xrange [lo - 0.04 * (hi - lo):hi + 0.04 * (hi - lo)]
    set xlabel metric noenhanced
    set ytics scale 0 () noenhanced
    set yrange [-n - 0.5:-0.5]
    plot groups using (lo):(-$1):ytic(stringcolumn(2) . "\n" . stringcolumn(3) . "," . stringcolumn(4)) with points ps 0, \
        for [j = 1:m] series(word(models, j)) using 2:(-$1 + 0.38 - 0.76 * (j - 0.5) / m):3:4 with xerrorbars lc rgb hue(j) pt marker[(j - 1) % 8 + 1] ps 0.9 lw 1.5
    eval(unframe)
    unset multiplot
    set output
}
