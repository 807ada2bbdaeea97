# Map of a task's features, from embedding.TASK.csv: two principal components, a panel a model, colours and markers by class (or by target).
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_readout = column_of("readout"); c_x = column_of("component_1"); c_y = column_of("component_2")
c_share1 = column_of("share_1"); c_share2 = column_of("share_2"); c_shown = column_of("n_shown"); c_class = column_of("label_number"); c_target = column_of("target"); c_name = column_of("label")
of = sprintf("%s && %s", is(c_task, task), is(c_protocol, protocol))
models = distinct(c_model, of)
m = words(models)
if (m == 0) { exit }
of_model(model) = of . "&&" . is(c_model, model)
k = int(most(c_class, of)) + 1 # 1: a regression
few = k > 1 && k <= 8
plain = count(of . sprintf("&& ($%d ~ / / || NF != %d)", c_name, c_name)) == 0
names = ""
do for [i = 1:k] { names = names . " " . (plain && few ? first(c_name, of . "&&" . is(c_class, sprintf("%d", i - 1))) . " " : sprintf("class_%d", i - 1)) }
columns = min(m, 3)
lanes = (m + columns - 1) / columns
w = max(520, 330 * columns)
n_legend = few ? k : 0
h = 320 * lanes + head + legend(w, n_legend) + foot(w)
set palette defined (0 "#2c1e5c", 0.5 "#21908c", 1 "#fde725")
set cbrange [least(c_target, of):most(c_target, of)]
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    set multiplot
    eval(frame(kind, w, h))
    if (few) { do for [i = 1:k] { eval(entry(i, k, word(names, i), w, h)) } }
    do for [j = 1:m] {
        model = word(models, j)
        eval(panel(j, columns, lanes, w, h, n_legend, 60, 62))
        if (!few) { set colorbox user origin screen 0.3, screen 1 - (head + 6) / h size screen 0.4, screen 8.0 / h horizontal } else { unset colorbox }
        x0 = least(c_x, of_model(model)); x1 = most(c_x, of_model(model)); y0 = least(c_y, of_model(model)); y1 = most(c_y, of_model(model))
        set xrange [x0 - 0.05 * (x1 - x0 + 1e-9):x1 + 0.05 * (x1 - x0 + 1e-9)]
        set yrange [y0 - 0.05 * (y1 - y0 + 1e-9):y1 + 0.05 * (y1 - y0 + 1e-9)]
        set xtics step(x1 - x0, 4)
        set ytics step(y1 - y0, 4)
        set title sprintf("%s, %s, %s images", model, first(c_readout, of_model(model)), first(c_shown, of_model(model))) offset 0, -0.6 noenhanced font size_of(kind, 12)
        set xlabel sprintf("component 1 (%.0f%%)", 100 * real(first(c_share1, of_model(model))))
        set ylabel sprintf("component 2 (%.0f%%)", 100 * real(first(c_share2, of_model(model))))
        if (few) {
            plot for [i = 1:k] rows(of_model(model) . "&&" . is(c_class, sprintf("%d", i - 1))) using c_x:c_y with points lc rgb hue(i) pt marker[(i - 1) % 8 + 1] ps 0.55
        } else {
            plot rows(of_model(model)) using c_x:c_y:(k > 1 ? column(c_class) : column(c_target)) with points palette pt 7 ps 0.55
        }
        eval(unframe)
    }
    unset multiplot
    set output
}
