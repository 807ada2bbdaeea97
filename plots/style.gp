# What all figures of a study share.  Loaded by the scripts beside it, which `skelex-eval report RESULTS` calls; by hand:
#
#   cd RESULTS; GNUPLOT_LIB=PLOTS gnuplot -c PLOTS/roc.gp figures/roc.TASK.csv figures/my-roc "A title" "A caption" TASK PROTOCOL PROBE
#
# writes figures/my-roc.svg and .png.  Reads one CSV and nothing else.
# Colours: Okabe and Ito's set, told apart by marker and dash as well, so that a grey print can be read.
# Names of tasks, models, readouts and probes hold no comma, blank or quote, and stand before any column that may: awk's
# fields are the CSV's as far as they are used.
set encoding utf8
set datafile separator ","
set datafile missing "NA"
array colour[8] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#808080"]
array marker[8] = [7, 5, 9, 11, 13, 15, 6, 4]
array hollow[8] = [6, 4, 8, 10, 12, 14, 6, 4]
hue(i) = colour[(i - 1) % 8 + 1]
dash(i) = (i - 1) % 5 + 1

# Columns by their name, from 1; 0: there is none.
column_of(name) = int(system(sprintf("awk -F, 'NR == 1 {for (i = NF; i > 0 && $i != \"%s\"; i--); print i; exit}' '%s'", name, csv)))
# Rows by their cells (a condition in awk's words), and what can be asked of them.
is(column, text) = sprintf("$%d == \"%s\"", column, text)
# Task and protocol stand beside each other in every CSV: most lines of a large one are passed over before they are cut into fields.
beside(task, protocol) = sprintf("index($0, \",%s,%s,\")", task, protocol)
rows(condition) = sprintf("< awk -F, 'NR > 1 && %s' '%s'", condition, csv)
count(condition) = int(system(sprintf("awk -F, 'NR > 1 && %s {n++} END {print n + 0}' '%s'", condition, csv)))
distinct(column, condition) = system(sprintf("awk -F, 'NR > 1 && %s && !seen[$%d]++ {print $%d}' '%s'", condition, column, column, csv))
first(column, condition) = system(sprintf("awk -F, 'NR > 1 && %s {print $%d; exit}' '%s'", condition, column, csv))
# The least and the most number of a column (NA and empty cells left out).
extreme(sign, column, condition) = real(system(sprintf("awk -F, 'NR > 1 && $%d != \"NA\" && $%d != \"\" && %s && (!k++ || %s ($%d - m) > 0) {m = $%d} END {print m + 0}' '%s'", \
    column, column, condition, sign, column, column, csv)))
most(column, condition) = extreme("+", column, condition)
least(column, condition) = extreme("-", column, condition)

min(a, b) = a < b ? a : b
max(a, b) = a > b ? a : b
# A step of 1, 2 or 5 times a power of ten that cuts a range into about `parts`.
power(x) = 10.0 ** floor(log10(x))
nice(x) = x / power(x) < 1.5 ? power(x) : x / power(x) < 3.5 ? 2 * power(x) : x / power(x) < 7.5 ? 5 * power(x) : 10 * power(x)
step(range, parts) = range > 0 ? nice(range / parts) : 1
blank(t, k) = k < 2 ? 0 : t[k:k] eq " " ? k : blank(t, k - 1)
wrap(t, n) = strlen(t) <= n || blank(t, n) == 0 ? t : t[1:blank(t, n) - 1] . "\n" . wrap(t[blank(t, n) + 1:*], n)
lines(t) = strlen(t) == 0 ? 0 : strstrt(t, "\n") == 0 ? 1 : 1 + lines(t[strstrt(t, "\n") + 1:*])

set border 3 lw 1
set tics nomirror out
set grid ytics xtics lc rgb "#d8d8d8" lw 1 dt 1
set xlabel offset 0, 0.6
set ylabel offset 1.2, 0
set key noautotitle noenhanced samplen 2.5 spacing 1.15
# A page of w x h pixels: title and legend above, caption below, panels between.
begin(kind, w, h) = kind eq "svg" ? \
    sprintf("set terminal svg size %d,%d dynamic font 'DejaVu Sans,12' background 'white'; set output '%s.svg'", w, h, out) : \
    sprintf("set terminal pngcairo size %d,%d font 'DejaVu Sans,9' background 'white'; set output '%s.png'", w, h, out)
size_of(kind, pixels) = sprintf(",%g", kind eq "svg" ? pixels : 0.75 * pixels)
foot(w) = 15.0 * lines(wrap(caption, int(w / 7.0))) + 20
head = 34.0
# Set for the first panel, unset behind it.
frame(kind, w, h) = sprintf("set label 1 wrap(caption, int(%d / 7.0)) at screen %g, screen %g left front noenhanced font '%s' textcolor rgb '#333333'; set label 2 title at screen 0.5, screen %g center front noenhanced font '%s'", \
    w, 10.0 / w, (foot(w) - 10) / h, size_of(kind, 12), 1 - 17.0 / h, size_of(kind, 16))
# The legend's entries, i from 1, 200 px each, under the title; hollow markers and lines are explained in captions.
across(w) = int(max(1, min(4, (w - 20) / 210)))
legend(w, n) = 20.0 * ((n + across(w) - 1) / across(w)) + 8
entry(i, n, name, w, h) = sprintf("set label %d '%s' at screen %g, screen %g left offset character 1.2, 0 front noenhanced point pt %d lc rgb '%s' ps 1", \
    10 + i, name, (w / 2.0 - 105 * min(n, across(w)) + 210 * ((i - 1) % across(w)) + 15) / w, 1 - (head + 10 + 20 * ((i - 1) / across(w))) / h, marker[(i - 1) % 8 + 1], hue(i))
unframe = "unset label"
# Panel i (from 1) of `columns` columns and `lanes` rows between legend and caption; l and b: room for its tics and axis' name, in pixels.
panel(i, columns, lanes, w, h, n, l, b) = sprintf("set lmargin at screen %g; set rmargin at screen %g; set tmargin at screen %g; set bmargin at screen %g", \
    (l + ((i - 1) % columns) * (w - 14.0) / columns) / w, ((((i - 1) % columns) + 1) * (w - 14.0) / columns - 8) / w, \
    1 - (head + legend(w, n) + ((i - 1) / columns) * (h - head - legend(w, n) - foot(w)) / lanes + 22) / h, \
    1 - (head + legend(w, n) + ((i - 1) / columns + 1) * (h - head - legend(w, n) - foot(w)) / lanes - b) / h)
