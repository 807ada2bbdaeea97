# Calibration of a task, from figures/calibration.TASK.csv: what was said and what was seen, in ten bins, a panel a model; below, images a bin.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_probe = column_of("probe")
c_lo = column_of("edge_low"); c_hi = column_of("edge_high"); c_count = column_of("count"); c_said = column_of("mean_probability"); c_seen = column_of("observed")
c_low = column_of("low"); c_high = column_of("high")
of = sprintf("%s && %s && %s", is(c_task, task), is(c_protocol, protocol), is(c_probe, probe))
models = distinct(c_model, of)
m = words(models)
if (m == 0) { exit }
of_model(model) = of . "&&" . is(c_model, model)
columns = min(m, 3)
lanes = (m + columns - 1) / columns
w = max(520, 320 * columns)
lane = 340.0
h = lane * lanes + head + foot(w)
set xrange [0:1]
set xtics 0.2
tallest = most(c_count, of)
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    set multiplot
    eval(frame(kind, w, h))
    do for [j = 1:m] {
        model = word(models, j)
        set lmargin at screen (70.0 + ((j - 1) % columns) * (w - 14.0) / columns) / w
        set rmargin at screen ((((j - 1) % columns) + 1) * (w - 14.0) / columns - 8) / w
        top = head + ((j - 1) / columns) * lane
        set tmargin at screen 1 - (top + 22) / h
        set bmargin at screen 1 - (top + lane - 125) / h
        set title model offset 0, -0.6 noenhanced
        set yrange [0:1]
        set ytics 0.2
        set format x ""
        unset xlabel
        set ylabel "observed share"
        plot x with lines lc rgb "#808080" dt 2 lw 1.2, \
            rows(of_model(model)) using c_said:c_seen:c_low:c_high with yerrorbars lc rgb hue(j) pt marker[(j - 1) % 8 + 1] ps 0.9 lw 1.5
        eval(unframe)
        unset title
        set tmargin at screen 1 - (top + lane - 115) / h
        set bmargin at screen 1 - (top + lane - 58) / h
        set format x "%g"
        set xlabel "probability said"
        set ylabel "images"
        set yrange [0:tallest * 1.15]
        set ytics step(tallest, 1.5)
        plot rows(of_model(model)) using (column(c_lo)):(0):(column(c_lo)):(column(c_hi)):(0):(column(c_count)) with boxxyerror lc rgb hue(j) fs solid 0.45
    }
    unset multiplot
    set output
}
