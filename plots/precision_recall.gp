# Precision over recall with its bands, from figures/precision_recall.TASK.csv; dashed: the class's share, which guessing reaches.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_x = column_of("recall"); c_y = column_of("precision_value")
x_name = "recall (sensitivity)"; y_name = "precision (PPV)"
reference(x, share) = share
set xrange [0:1]; set yrange [0:1]
set xtics 0.2; set ytics 0.2
load "curves.gp"
