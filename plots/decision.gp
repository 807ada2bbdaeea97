# Net benefit over the threshold with its bands, from figures/decision.TASK.csv; dashed: treating everybody (nobody: 0).
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_x = column_of("threshold"); c_y = column_of("net_benefit")
x_name = "threshold probability"; y_name = "net benefit"
# Treating everybody falls without end: the axis stops where it has lost what it can win.
top = real(first(column_of("treat_all"), sprintf("%s && %s && %s", is(column_of("task"), task), is(column_of("protocol"), protocol), is(column_of("threshold"), "0"))))
reference(x, share) = x < 1 ? share - (1 - share) * x / (1 - x) : 1 / 0
set xrange [0:1]; set yrange [-0.35 * top:1.1 * top]
set xtics 0.2
set xzeroaxis lc rgb "#808080" lw 1
load "curves.gp"
