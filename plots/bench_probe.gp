# What the logistic path costs over rows, features, classes and grid: seconds of
# the probe bench's part "cost", both axes logarithmic.
#
#   gnuplot -e "probe='probe.csv'; out='probe.png'" plots/bench_probe.gp
#
# Reads the CSV of tests/bench/bench_probe alone; out ends in .png or .svg.
if (out[strlen(out)-3:] eq ".svg") { set terminal svg size 1200,900 font "DejaVu Sans,15" background "white" } \
else { set terminal pngcairo size 1200,900 font "DejaVu Sans,12" background "white" }
set output out
set datafile separator ","
set datafile missing "NA"

# $1 what $2 who $3 n $4 d $5 queries $6 classes $7 folds $8 grid $9 threads $10 unit $11 median $12 low $13 high $14 rounds
# Rows of a sweep, ascending in its column.
rows(what, column) = "< awk -F, '$1 == \"cost of " . what . "\"' '" . probe . "' | sort -t, -g -k" . column
said(column) = system("awk -F, '$1 == \"cost of grid\" {print $" . column . "; exit}' '" . probe . "'")

set style line 1 lc rgb "#0072B2" lw 2.5 pt 7 ps 1.3
set style line 8 lc rgb "#808080" lw 1.5 dt 2

set grid ytics xtics lc rgb "#e0e0e0"
set border 3
set tics nomirror out
set key top left reverse Left noautotitle
set logscale xy
set ylabel "seconds"
set offsets graph 0.05, graph 0.05, 0, 0
set multiplot layout 2,2 title sprintf("Logistic path, %s x %s, 2 classes, %s folds, 45 values of C, %s threads; one of them varied", \
    said(3), said(4), said(7), said(9)) font ",15" margins 0.07,0.98,0.08,0.90 spacing 0.09,0.16

names = "rows features classes grid"
columns = "3 4 6 8"
label(i) = i == 4 ? "values of C" : word(names, i)
do for [i = 1:4] {
    data = rows(word(names, i), word(columns, i))
    column = int(word(columns, i))
    first = system(data[3:] . " | head -1")
    last = system(data[3:] . " | tail -1")
    cell(line, k) = real(system("echo '" . line . "' | cut -d, -f" . sprintf("%d", k)))
    if (strlen(first) == 0) {
        unset logscale; set xrange [0:1]; set yrange [0:1]; set title "not measured"; unset xlabel
        plot NaN
    } else {
        set title sprintf("Cost of %s", label(i))
        set logscale xy; set yrange [*:*]
        x0 = cell(first, column); y0 = cell(first, 11); x1 = cell(last, column)
        set xlabel label(i)
        set xrange [x0 / 1.2:x1 * 1.2]
        plot y0 * x / x0 with lines ls 8 title "in proportion", data using column:11:12:13 with yerrorlines ls 1 title "ours"
    }
}
unset multiplot
