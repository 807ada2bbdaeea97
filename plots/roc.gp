# ROC curves of a task with their bands, from figures/roc.TASK.csv.
csv = ARG1; out = ARG2; title = ARG3; caption = ARG4; task = ARG5; protocol = ARG6; probe = ARG7
load "style.gp"
c_x = column_of("false_positive_rate"); c_y = column_of("sensitivity")
x_name = "1 - specificity"; y_name = "sensitivity"
reference(x, share) = x
set xrange [0:1]; set yrange [0:1]
set xtics 0.2; set ytics 0.2
load "curves.gp"
