# Models by task with their intervals, from main_table.csv: a panel a metric, a line a task.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7 # before load, which has arguments of its own
load "style.gp"
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_probe = column_of("probe"); c_metric = column_of("metric")
c_partition = column_of("partition"); c_value = column_of("value"); c_low = column_of("low"); c_high = column_of("high"); c_n = column_of("n"); c_patients = column_of("n_patients")
of = sprintf("%s && %s && $%d != \"NA\"", is(c_probe, probe), is(c_partition, "test"), c_value)
metrics = distinct(c_metric, of)
models = distinct(c_model, of)
n = words(metrics)
m = words(models)
# Number of each task among its metric's, value and interval (the value where there is none).
limit(c) = sprintf("($%d == \"\" || $%d == \"NA\" ? $%d : $%d)", c, c, c_value, c)
numbered = sprintf("t = $%d \" \" $%d; if (!(t in k)) {k[t] = ++n; fresh = 1} else fresh = 0;", c_task, c_protocol)
series(metric, model) = sprintf("< awk -F, 'NR > 1 && %s && %s {%s if (%s) print k[t] \",\" $%d \",\" %s \",\" %s}' '%s'", \
    of, is(c_metric, metric), numbered, is(c_model, model), c_value, limit(c_low), limit(c_high), csv)
names(metric) = system(sprintf("awk -F, 'NR > 1 && %s && %s {%s if (fresh) print $%d \"|\" $%d \",\" $%d}' '%s'", of, is(c_metric, metric), numbered, c_task, c_n, c_patients, csv))
tallest = 1
do for [i = 1:n] { tallest = max(tallest, words(names(word(metrics, i)))) }
w = max(760, 380 * n)
h = tallest * (m * 12 + 26) + head + legend(w, m) + 70 + foot(w)
set grid noytics
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    set multiplot
    eval(frame(kind, w, h))
    do for [j = 1:m] { eval(entry(j, m, word(models, j), w, h)) }
    do for [i = 1:n] {
        metric = word(metrics, i)
        tasks = names(metric)
        k = words(tasks)
        eval(panel(i, n, 1, w, h, m, 170, 62))
        lo = min(least(c_low, of . "&&" . is(c_metric, metric)), least(c_value, of . "&&" . is(c_metric, metric)))
        hi = max(most(c_high, of . "&&" . is(c_metric, metric)), most(c_value, of . "&&" . is(c_metric, metric)))
        set xtics step(hi - lo, 4)
        set xrange [lo - 0.04 * (hi - lo):hi + 0.04 * (hi - lo)]
        set xlabel metric noenhanced
        tics = ""
        do for [j = 1:k] {
            t = word(tasks, j)
            bar = strstrt(t, "|")
            tics = tics . (j > 1 ? ", " : "") . sprintf("\"%s\\n%s\" %d", t[1:bar - 1], t[bar + 1:*], -j)
        }
        eval("set ytics scale 0 (" . tics . ") noenhanced")
        set yrange [-tallest - 0.5:-0.5]
        plot for [j = 1:m] series(metric, word(models, j)) using 2:(-$1 + 0.38 - 0.76 * (j - 0.5) / m):3:4 with xerrorbars lc rgb hue(j) pt marker[(j - 1) % 8 + 1] ps 0.9 lw 1.5
        eval(unframe)
    }
    unset multiplot
    set output
}
