# Mean ranks over tasks, from ranks.csv, the best model on top; bars reach half of Nemenyi's critical difference to each side.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_protocol = column_of("protocol"); c_basis = column_of("basis"); c_statistic = column_of("statistic"); c_model = column_of("model_a"); c_value = column_of("value")
of = sprintf("%s && %s", is(c_protocol, protocol), is(c_basis, "tasks"))
ranked = sprintf("%s && %s", of, is(c_statistic, "mean_rank"))
cd = first(c_value, sprintf("%s && %s", of, is(c_statistic, "critical_difference")))
half = cd eq "NA" || cd eq "" ? 0 : real(cd) / 2
n = count(ranked)
if (n == 0) { exit }
# number from the top, mean rank, model
sorted = sprintf("awk -F, 'NR > 1 && %s {print $%d \",\" $%d}' '%s' | sort -t, -k1,1g -s | awk -F, '{print NR \",\" $0}'", ranked, c_value, c_model, csv)
w = 760
h = 26 * n + head + 78 + foot(w)
set grid noytics
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    eval(frame(kind, w, h))
    set lmargin at screen 210.0 / w
    set rmargin at screen (w - 20.0) / w
    set tmargin at screen 1 - (head + 6) / h
    set bmargin at screen (foot(w) + 56) / h
    set xrange [min(1, 1 - half):max(n, n + half)]
    set yrange [-n - 0.5:-0.5]
    set xtics 1
    set xlabel "mean rank, 1 is the best"
    set ytics scale 0 noenhanced
    if (half > 0) {
        plot "< " . sorted using 2:(-$1):(half):ytic(3) with xerrorbars lc rgb hue(1) pt marker[1] ps 1 lw 2
    } else {
        plot "< " . sorted using 2:(-$1):ytic(3) with points lc rgb hue(1) pt marker[1] ps 1
    }
    eval(unframe)
    set output
}
