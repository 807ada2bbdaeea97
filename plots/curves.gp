# What roc.gp, precision_recall.gp and decision.gp share: a panel a class, a curve a model with its band.  They set c_x and c_y,
# names of the axes, and may set a line that shows what no model reaches (reference).
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_readout = column_of("readout"); c_probe = column_of("probe")
c_class = column_of("class_number"); c_low = column_of("low"); c_high = column_of("high"); c_positive = column_of("n_positive"); c_n = column_of("n"); c_name = column_of("class")
of = sprintf("%s && %s && %s", is(c_task, task), is(c_protocol, protocol), is(c_probe, probe))
models = distinct(c_model, of)
# Of many classes the nine that are most frequent; the CSV has all.
classes = system(sprintf("awk -F, 'NR > 1 && %s && !seen[$%d]++ {print $%d \" \" $%d}' '%s' | sort -k1,1nr -k2,2n | head -9 | sort -k2,2n | cut -d' ' -f2", of, c_class, c_positive, c_class, csv))
m = words(models)
n = words(classes)
if (n == 0) { exit }
# Most lines are passed over before they are cut into fields: there are many classes and models, and each is read for itself.
curve(model, k) = rows(sprintf("index($0, \",%s,%s,%s,\") && %s && %s && %s", task, protocol, model, of, is(c_model, model), is(c_class, k)))
# The class's name may hold commas: everything from its column on.
name_of(k) = system(sprintf("awk -F, 'NR > 1 && %s && %s {t = $%d; for (i = %d; i <= NF; i++) t = t \",\" $i; gsub(/\"/, \"\", t); print t; exit}' '%s'", of, is(c_class, k), c_name, c_name + 1, csv))
columns = min(n, 3)
lanes = (n + columns - 1) / columns
w = max(520, 340 * columns)
h = (n == 1 ? 430 : 330) * lanes + head + legend(w, m) + foot(w)
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    set multiplot
    eval(frame(kind, w, h))
    do for [j = 1:m] { eval(entry(j, m, word(models, j), w, h)) }
    do for [i = 1:n] {
        k = word(classes, i)
        eval(panel(i, columns, lanes, w, h, m, 74, 62))
        set title sprintf("%s (%s of %s)", name_of(k), first(c_positive, of . "&&" . is(c_class, k)), first(c_n, of . "&&" . is(c_class, k))) offset 0, -0.6 noenhanced
        set xlabel x_name
        set ylabel y_name
        share = real(first(c_positive, of . "&&" . is(c_class, k))) / real(first(c_n, of . "&&" . is(c_class, k)))
        plot for [j = 1:m] curve(word(models, j), k) using c_x:c_low:c_high with filledcurves lc rgb hue(j) fs transparent solid 0.12 noborder, \
            for [j = 1:m] curve(word(models, j), k) using c_x:c_y with lines lc rgb hue(j) lw 2 dt dash(j), \
            for [j = 1:m] curve(word(models, j), k) using c_x:c_y every 20::(5 + 2 * j) with points lc rgb hue(j) pt marker[(j - 1) % 8 + 1] ps 0.8, \
            reference(x, share) with lines lc rgb "#808080" dt 2 lw 1.2
        eval(unframe)
    }
    unset multiplot
    set output
}
