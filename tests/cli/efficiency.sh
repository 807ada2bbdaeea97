# Label efficiency and the paper's table of a small study: the same bytes for any number of threads, the last point the
# cell's own figure, draws nested.
. tests/cli/lib.sh

make_study "$scratch" 60 || { not_ok "synth"; exit 1; }
sed -i 's/, readout: .*tokens\]/, readout: [cls]/' "$scratch/study.yaml"
plots=$top/plots
cd "$scratch" || exit 1
cp study.yaml plain.yaml
cp study.yaml given.yaml
echo 'label_efficiency: {fractions: [2, 10, 40, 100], draws: 4}' >> study.yaml
for threads in 1 2; do
    "$program" run -q --threads $threads -o "out$threads" study.yaml > table 2> said
    check "the study runs, $threads threads" test $? -eq 0
done
check "equal bytes for 1 and 2 threads" reports_equal out1 out2
e=out1/efficiency.csv
at='NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }'
check "a row for each draw and one for each fraction" test "$(grep -c . $e)" = $((1 + 2 * 2 * 3 * (3 * 4 + 1 + 4)))
check "the resolved study says what was drawn" grep -qF 'label_efficiency: {fractions: [2, 10, 40, 100], draws: 4}' out1/study.resolved.yaml

# the figure and interval at 100 % against metrics.csv, text for text
awk -F, "$at"' $at["fraction"] == 100 && $at["draw"] == "mean" { print $at["task"], $at["model"], $at["readout"], $at["probe"], $at["metric"], $at["value"], $at["low"], $at["high"] }' $e > whole
awk -F, "$at"' $at["partition"] == "test" && ($at["metric"] == "mae" || $at["metric"] == "auroc") { print $at["task"], $at["model"], $at["readout"], $at["probe"], $at["metric"], $at["value"], $at["low"], $at["high"] }' out1/metrics.csv > cells
check "100 % is the cell of metrics.csv" sh -c "test -s whole && cmp whole cells"

check "means are those of the draws" awk -F, "$at"' { k = $at["task"] $at["model"] $at["probe"] $at["fraction"] }
    $at["draw"] != "mean" { if ($at["value"] != "NA") { sum[k] += $at["value"]; n[k]++ } else na[k]++; next }
    { rows++; if ($at["undefined_draws"] != na[k] + 0 || (n[k] ? 0 : 1) != ($at["value"] == "NA")) bad = 1
      d = n[k] ? $at["value"] - sum[k] / n[k] : 0; if (d > 1e-9 || d < -1e-9) bad = 1
      if ($at["low"] != "" && $at["low"] != "NA" && ($at["low"] > $at["value"] + 1e-12 || $at["value"] > $at["high"] + 1e-12) && $at["fraction"] < 100) bad = 1 }
    END { exit bad || rows != 48 }' $e
check "models and probes share the draws, larger draws hold the smaller" awk -F, "$at"' $at["draw"] != "mean" {
    k = $at["task"] " " $at["fraction"] " " $at["draw"]; if (k in size && size[k] != $at["n_images"]) bad = 1; size[k] = $at["n_images"]
    d = $at["task"] " " $at["draw"] " " $at["model"] $at["probe"]; if ($at["n_images"] + 0 < last[d] + 0 || $at["n_patients"] + 0 > $at["n_images"] + 0) bad = 1; last[d] = $at["n_images"] }
    END { exit bad }' $e
check "2 % is one patient: no AUROC, and why" grep -q "^small,fracture,.*,auroc,2,1,[0-9]*,1,,NA,NA,.*no image of class 'fractured'\$" $e
check "fewer labels reach what all give another" awk -F, "$at"' { rows++ } $at["fraction"] != "NA" { n++; better = $at["metric"] == "mae" ? $at["value"] <= $at["reference_value"] : $at["value"] >= $at["reference_value"]; if (!better) bad = 1 }
    END { exit bad || rows != 2 * 3 * 2 || !n }' out1/efficiency_reach.csv

"$program" run -q -o outp plain.yaml > table 2> said
check "without the key: no such file" test $? -eq 0 -a ! -e outp/efficiency.csv -a ! -e outp/efficiency_reach.csv
check "and the same figures" cmp outp/metrics.csv out1/metrics.csv
for form in csv md tex; do
    check "paper_table.$form is there either way, and the same" cmp outp/paper_table.$form out1/paper_table.$form
done
check "its figures are those of metrics.csv" sh -c "awk -F, '$at "'{ print $at["task"], $at["model"], $at["readout"], $at["probe"], $at["metric"], $at["grouped_value"], $at["grouped_low"], $at["grouped_high"] }'"' outp/paper_table.csv | sort > paper; sort cells | cmp - paper"

for bad in '{fractions: [10, 5]}' '{fractions: [0]}' '{fractions: [101]}' '{fractions: [5, 5]}' '{draws: 0}' '{fractions: [1O]}' '{shares: [1]}'; do
    { cat plain.yaml; echo "label_efficiency: $bad"; } > bad.yaml
    expect "refused: $bad" 3 "bad.yaml:" "$program" check -q bad.yaml
done
if command -v gnuplot > /dev/null; then
    for probe in linear knn; do
        GNUPLOT_LIB="$plots" gnuplot -c "$plots/label_efficiency.gp" "$e" curve "A title" "A caption" "" grouped $probe 2> said
        check "the picture, $probe" test $? -eq 0 -a -s curve.svg -a -s curve.png
        check "has every model's curve, $probe" sh -c "grep -q tiny/cls curve.svg && grep -q thumbnail/features curve.svg"
        check "and gnuplot says nothing, $probe" test ! -s said
        rm -f curve.svg curve.png
    done
else
    skip "the picture" "gnuplot is not installed"
fi
check "every table is read strictly, its columns as documented" tables_are_read out1
echo "1..$count"
