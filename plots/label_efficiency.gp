# Label efficiency: a panel a task, a curve a model, from efficiency.csv alone.
# Bars below 100 % are percentiles over the draws of training patients; the bar at 100 % is the bootstrap interval of
# the test part: two different things (column `interval`).  A fraction whose draws are all NA has no point; one
# of whose draws some are NA is drawn hollow.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_readout = column_of("readout")
c_probe = column_of("probe"); c_metric = column_of("metric"); c_fraction = column_of("fraction"); c_draw = column_of("draw")
c_value = column_of("value"); c_low = column_of("low"); c_high = column_of("high"); c_undefined = column_of("undefined_draws")
mean = sprintf("%s && %s && %s", is(c_draw, "mean"), is(c_probe, probe), is(c_protocol, protocol))
tasks = distinct(c_task, mean)
curves = system(sprintf("awk -F, 'NR > 1 && %s && !seen[$%d \"/\" $%d]++ {print $%d \"/\" $%d}' '%s'", mean, c_model, c_readout, c_model, c_readout, csv))
n = words(tasks)
m = words(curves)
if (n == 0) { exit }
curve(t, c, more) = sprintf("%s && %s && $%d \"/\" $%d == \"%s\" && $%d != \"NA\" && %s", mean, is(c_task, t), c_model, c_readout, c, c_value, more)
columns = n < 4 ? n : 3
lanes = (n + columns - 1) / columns
w = max(560, 340 * columns)
h = 260 * lanes + head + legend(w, m) + foot(w)
aside(j) = 1 + 0.035 * (j - (m + 1) / 2.0) # so that bars do not hide one another
set logscale x
set xrange [0.7:140]
set xtics ("1" 1, "5" 5, "10" 10, "25" 25, "50" 50, "100" 100)
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    set multiplot
    eval(frame(kind, w, h))
    do for [j = 1:m] { eval(entry(j, m, word(curves, j), w, h)) }
    do for [i = 1:n] {
        t = word(tasks, i)
        eval(panel(i, columns, lanes, w, h, m, 74, 62))
        set title t offset 0, -0.6 noenhanced
        set xlabel (i > n - columns ? "labelled training patients, %" : "")
        set ylabel first(c_metric, mean . "&&" . is(c_task, t)) noenhanced
        p = ""
        do for [j = 1:m] { c = word(curves, j)
            if (count(curve(t, c, "1")) > 0) {
                p = p . (strlen(p) ? ", " : "plot ") . sprintf("rows(curve('%s', '%s', '1')) using (column(c_fraction) * aside(%d)):c_value with lines lc rgb hue(%d) lw 1.5 dt %d", t, c, j, j, dash(j))
                p = p . sprintf(", rows(curve('%s', '%s', '$%d == 0')) using (column(c_fraction) * aside(%d)):c_value:c_low:c_high with yerrorbars lc rgb hue(%d) pt marker[%d] ps 0.9", t, c, c_undefined, j, j, (j - 1) % 8 + 1)
                if (count(curve(t, c, sprintf("$%d > 0", c_undefined))) > 0) {
                    p = p . sprintf(", rows(curve('%s', '%s', '$%d > 0')) using (column(c_fraction) * aside(%d)):c_value with points lc rgb hue(%d) pt hollow[%d] ps 0.9", t, c, c_undefined, j, j, (j - 1) % 8 + 1)
                }
            }
        }
        if (strlen(p)) { eval(p) } else { plot NaN }
        eval(unframe)
    }
    unset multiplot
    set output
}
