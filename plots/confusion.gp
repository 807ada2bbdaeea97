# Confusion matrices of a task, from figures/confusion.TASK.csv: counts and shares of the true class, a panel a model.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_task = column_of("task"); c_protocol = column_of("protocol"); c_model = column_of("model"); c_probe = column_of("probe")
c_truth = column_of("truth_number"); c_said = column_of("prediction_number"); c_count = column_of("count"); c_share = column_of("share"); c_low = column_of("low"); c_high = column_of("high")
c_name = column_of("truth")
of = sprintf("%s && %s && %s", is(c_task, task), is(c_protocol, protocol), is(c_probe, probe))
models = distinct(c_model, of)
m = words(models)
if (m == 0) { exit }
k = int(most(c_truth, of)) + 1
# Names without commas stand at the axes; others are numbered.
plain = count(of . "&& NF != " . sprintf("%d", column_of("prediction"))) == 0 && count(of . sprintf("&& length($%d) > 12", c_name)) == 0 && count(of . sprintf("&& $%d ~ / /", c_name)) == 0
names = plain ? distinct(c_name, of . "&&" . is(c_model, word(models, 1))) : ""
side = k < 3 ? 210 : min(400, 72 * k)
columns = max(1, min(m, int(1150 / (side + 110))))
lanes = (m + columns - 1) / columns
w = max(460, (side + 110) * columns + 20)
h = (side + 80) * lanes + head + foot(w)
set palette defined (0 "#f7fbff", 0.5 "#8fc1e3", 1 "#0b5394")
set cbrange [0:1]
unset colorbox
unset grid
set border 15
set xrange [-0.5:k - 0.5]
set yrange [k - 0.5:-0.5]
tics = ""
do for [i = 1:k] { tics = tics . (i > 1 ? ", " : "") . sprintf("'%s' %d", plain ? word(names, i) : sprintf("%d", i - 1), i - 1) }
eval("set xtics scale 0 (" . tics . ") noenhanced" . (plain && k > 2 && count(of . sprintf("&& length($%d) > 4", c_name)) > 0 ? " rotate by 30 right" : ""))
eval("set ytics scale 0 (" . tics . ") noenhanced")
percent(share, low, high) = sprintf("%.0f%% (%.0f-%.0f)", 100 * share, 100 * low, 100 * high)
up = k > 5 ? 0 : 0.6
large = k > 8 ? 9 : 13
ink(share) = share > 0.8 ? 0xffffff : 0x111111
do for [kind in "svg png"] {
    eval(begin(kind, w, h))
    set multiplot
    eval(frame(kind, w, h))
    do for [j = 1:m] {
        model = word(models, j)
        x0 = 100.0 + ((j - 1) % columns) * (side + 110)
        y0 = head + 26 + ((j - 1) / columns) * (side + 80)
        set lmargin at screen x0 / w
        set rmargin at screen (x0 + side) / w
        set tmargin at screen 1 - y0 / h
        set bmargin at screen 1 - (y0 + side - 30) / h
        set title model offset 0, -0.6 noenhanced
        set xlabel "predicted"
        set ylabel ((j - 1) % columns == 0 ? "true" : "") offset 0.3, 0
        data = rows(of . "&&" . is(c_model, model))
        counted = k > 8 ? rows(of . "&&" . is(c_model, model) . sprintf("&& $%d > 0", c_count)) : data
        p = "plot data using c_said:c_truth:c_share with image pixels, counted using c_said:c_truth:(sprintf('%d', column(c_count))):(ink(column(c_share))) with labels offset 0, character up font size_of(kind, large) textcolor rgb variable"
        if (k <= 5) {
            p = p . ", data using c_said:c_truth:(percent(column(c_share), column(c_low), column(c_high))):(ink(column(c_share))) with labels offset 0, character -0.6 font size_of(kind, 9.5) textcolor rgb variable"
        }
        eval(p)
        eval(unframe)
    }
    unset multiplot
    set output
}
