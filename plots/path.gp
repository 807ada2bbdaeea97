# Regularisation paths of a task, from path.csv: the criterion on validation over the penalty (or the number of neighbours), a
# curve a model and readout, its choice ringed.  A panel a probe.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_readout = column_of("readout"); c_probe = column_of("probe")
c_criterion = column_of("criterion"); c_parameter = column_of("parameter"); c_x = column_of("parameter_value"); c_fold = column_of("fold"); c_score = column_of("score"); c_chosen = column_of("chosen")
of = beside(task, protocol) . sprintf(" && %s && %s && $%d > 0 && $%d != \"NA\"", is(c_task, task), is(c_protocol, protocol), c_x, c_score)
probes = distinct(c_probe, of)
n = words(probes)
curves = system(sprintf("awk -F, 'NR > 1 && %s && !seen[$%d \"/\" $%d]++ {print $%d \"/\" $%d}' '%s'", of, c_model, c_readout, c_model, c_readout, csv))
m = words(curves)
if (n == 0) { exit }
curve(q, c) = sprintf("%s && %s && $%d \"/\" $%d == \"%s\"", of, is(c_probe, q), c_model, c_readout, c)
mean(q, c) = rows(curve(q, c) . "&&" . is(c_fold, "mean"))
chosen(q, c) = rows(curve(q, c) . "&&" . is(c_fold, "mean") . "&&" . is(c_chosen, "1"))
# penalty, least and most of the folds, in the order of the penalties
band(q, c) = sprintf("< awk -F, 'NR > 1 && %s && $%d != \"mean\" {x = $%d; if (!(x in lo)) {k[++n] = x; lo[x] = hi[x] = $%d} if ($%d < lo[x]) lo[x] = $%d; if ($%d > hi[x]) hi[x] = $%d} END {for (i = 1; i <= n; i++) print k[i] \",\" lo[k[i]] \",\" hi[k[i]]}' '%s'", \
    curve(q, c), c_fold, c_x, c_score, c_score, c_score, c_score, c_score, csv)
w = max(560, 460 * min(n, 2))
lanes = (n + 1) / 2
h = 330 * lanes + head + legend(w, m) + foot(w)
set logscale x
set autoscale xfix
set format x "10^{%T}"
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    set multiplot
    eval(frame(kind, w, h))
    do for [j = 1:m] { eval(entry(j, m, word(curves, j), w, h)) }
    do for [i = 1:n] {
        q = word(probes, i)
        eval(panel(i, min(n, 2), lanes, w, h, m, 74, 62))
        # k-NN's grid is short and of whole numbers
        if (first(c_parameter, of . "&&" . is(c_probe, q)) eq "k") { set format x "%g" } else { set format x "10^{%T}" }
        set xlabel q . ": " . first(c_parameter, of . "&&" . is(c_probe, q)) noenhanced
        set ylabel first(c_criterion, of . "&&" . is(c_probe, q)) noenhanced
        # Not every probe reads every readout.
        js = ""
        do for [j = 1:m] { if (words(distinct(c_probe, curve(q, word(curves, j)))) > 0) { js = js . sprintf(" %d", j) } }
        plot for [j in js] band(q, word(curves, j + 0)) using 1:2:3 with filledcurves lc rgb hue(j + 0) fs transparent solid 0.10 noborder, \
            for [j in js] mean(q, word(curves, j + 0)) using c_x:c_score with lines lc rgb hue(j + 0) lw 2 dt dash(j + 0), \
            for [j in js] chosen(q, word(curves, j + 0)) using c_x:c_score with points lc rgb hue(j + 0) pt marker[(j - 1) % 8 + 1] ps 1.1, \
            for [j in js] chosen(q, word(curves, j + 0)) using c_x:c_score with points lc rgb "#000000" pt 6 ps 2 lw 1.5
        eval(unframe)
    }
    unset multiplot
    set output
}
