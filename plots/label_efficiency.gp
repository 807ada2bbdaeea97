# Label efficiency: a panel a task, a curve a model, from efficiency.csv alone.
#
#   gnuplot -e "csv='results/paper/efficiency.csv'; out='label_efficiency.png'" plots/label_efficiency.gp
#   gnuplot -e "csv='...'; out='curve.svg'; probe='knn'; protocol='given'" plots/label_efficiency.gp
#
# Bars below 100 % are percentiles over the draws of training patients; the bar at 100 % is the bootstrap interval of
# the test part: two different things (column `interval`).  A fraction whose draws are all NA has no point; one
# of whose draws some are NA is drawn hollow.  out ends in .png or .svg.
if (!exists("probe")) { probe = "linear" }
if (!exists("protocol")) { protocol = "grouped" }
set datafile separator ","
set datafile missing "NA"

# Columns by their name in the header.
column_of(name) = int(system(sprintf("awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == \"%s\") print i; exit}' '%s'", name, csv)))
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_readout = column_of("readout")
c_probe = column_of("probe"); c_metric = column_of("metric"); c_fraction = column_of("fraction"); c_draw = column_of("draw")
c_value = column_of("value"); c_low = column_of("low"); c_high = column_of("high"); c_undefined = column_of("undefined_draws")

# Names hold no comma, blank or quote (study/study.h, study/task.h), so awk's fields are the CSV's up to the reason.
mean = sprintf("NR > 1 && $%d == \"mean\" && $%d == \"%s\" && $%d == \"%s\"", c_draw, c_probe, probe, c_protocol, protocol)
tasks = system(sprintf("awk -F, '%s && !seen[$%d]++ {print $%d}' '%s'", mean, c_task, c_task, csv))
curves = system(sprintf("awk -F, '%s && !seen[$%d \"/\" $%d]++ {print $%d \"/\" $%d}' '%s'", mean, c_model, c_readout, c_model, c_readout, csv))
if (words(tasks) == 0) { print sprintf("%s has no curve of probe %s, protocol %s", csv, probe, protocol); exit }
metric_of(t) = system(sprintf("awk -F, '%s && $%d == \"%s\" {print $%d; exit}' '%s'", mean, c_task, t, c_metric, csv))
rows(t, c, more) = sprintf("< awk -F, '%s && $%d == \"%s\" && $%d \"/\" $%d == \"%s\" && $%d != \"NA\" && %s' '%s'", \
    mean, c_task, t, c_model, c_readout, c, c_value, more, csv)
count(t, c, more) = int(system(rows(t, c, more)[3:] . " | wc -l"))

n = words(tasks)
across = n < 4 ? n : n < 7 ? 3 : 4
down = (n + across - 1) / across
width = 360 * across + 40; height = (270 + 18 * words(curves)) * down + 70
if (out[strlen(out)-3:] eq ".svg") { set terminal svg size width,height font "DejaVu Sans,12" background "white" } \
else { set terminal pngcairo size width,height font "DejaVu Sans,10" background "white" }
set output out

# Okabe and Ito's colours, told apart by marker and dash as well.
array colour[8] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#808080"]
array solid[8] = [7, 5, 9, 11, 13, 15, 7, 5]
array hollow[8] = [6, 4, 8, 10, 12, 14, 6, 4]
hue(i) = colour[(i - 1) % 8 + 1]

set grid ytics lc rgb "#e0e0e0"
set border 3
set tics nomirror out
set logscale x
set xrange [0.7:140]
set xtics (1, 5, 10, 25, 50, 100)
set key below vertical noenhanced samplen 2 maxcols 1
set multiplot layout down,across title sprintf("Label efficiency, probe %s, protocol %s: mean of the draws over labelled training patients, %%", probe, protocol) noenhanced font ",13"
do for [k = 1:n] {
    t = word(tasks, k)
    set title t noenhanced
    set ylabel metric_of(t) noenhanced
    p = ""
    do for [i = 1:words(curves)] { c = word(curves, i)
        if (count(t, c, "1") > 0) {
            look = sprintf("lc rgb '%s' lw 1.5 dt %d", hue(i), (i - 1) / 8 + 1)
            p = p . (strlen(p) ? ", " : "") . sprintf("rows('%s', '%s', '1') using %d:%d with lines %s notitle", t, c, c_fraction, c_value, look)
            p = p . sprintf(", rows('%s', '%s', '$%d == 0') using %d:%d:%d:%d with yerrorbars %s pt %d ps 0.8 title '%s'", \
                t, c, c_undefined, c_fraction, c_value, c_low, c_high, look, solid[(i - 1) % 8 + 1], c)
            if (count(t, c, sprintf("$%d > 0", c_undefined)) > 0) {
                p = p . sprintf(", rows('%s', '%s', '$%d > 0') using %d:%d with points %s pt %d ps 0.8 notitle", \
                    t, c, c_undefined, c_fraction, c_value, look, hollow[(i - 1) % 8 + 1])
            }
        }
    }
    if (strlen(p)) { eval("plot " . p) } else { plot NaN notitle }
}
unset multiplot
