# probes: [linear, attentive]: rows like any other probe's, their cost said, equal bytes on any number of threads.
. tests/cli/lib.sh

make_study "$scratch" 60 || { not_ok "synth"; exit 1; }
cd "$scratch" || exit 1
sed 's/readout: \[.*\]}/readout: [mean, tokens]}/; s/^probes:.*/probes: [linear, attentive]/; s/tasks:.*/tasks: [{task: fracture.yaml}, {task: grade.yaml}, {task: age.yaml}]/' study.yaml > both.yaml
echo 'protocols: [grouped, official]' >> both.yaml
cat > grade.yaml <<'Y'
name: grade
kind: ordinal
classes: [{name: none, values: ["0"]}, {name: some, values: ["1", "2"]}, {name: much, values: ["3", "4"]}]
cohort: {table: cohort.csv, label: joint_space}
Y

"$program" run -q -t 1 -o one both.yaml > table 2> errors
check "run" test $? -eq 0
head -3 errors | sed 's/^/# /'
check "the table has both probes" awk '/: (auroc|kappa_quadratic|mae)$/ { m = $NF } / mean +linear / { l[m] } / tokens +attentive / { a[m] } END { exit !("auroc" in l && "auroc" in a && "kappa_quadratic" in a && "mae" in a) }' table
check "and what attention cost" sh -c 'tr "\n" " " < table | tr -s " " | grep -q "attentive probe of fracture, grouped, tiny: [0-9.]* s; 25 models, [0-9]* passes over the tokens, [0-9.e+-]* GB read"'
check "test rows hold intervals" grep -q "^small,fracture,grouped,tiny,tokens,attentive,checkpoint,fp32,test,auroc,.*,0.95,Newcombe method 5 by patient" one/metrics.csv
check "official: mean of five folds" grep -q "^small,age,official,tiny,tokens,attentive,checkpoint,fp32,test,mae,.*,mean of 5 folds" one/metrics.csv
check "cost in metrics.csv" grep -q "^small,grade,grouped,tiny,tokens,attentive,checkpoint,fp32,validation,token_passes,.*25 models trained together" one/metrics.csv
check "cost in provenance.json" sh -c 'grep -A4 "\"attentive\": \[" one/provenance.json | grep -q "\"model\": \"tiny\"" && grep -q "\"bytes_read\": [1-9]" one/provenance.json'
check "the whole path: 8 C, 5 passes" test "$(grep -c '^small,fracture,grouped,tiny,tokens,attentive,.*,mean,' one/path.csv)" = 40
check "one of it is chosen" test "$(grep '^small,fracture,grouped,tiny,tokens,attentive,.*,mean,' one/path.csv | awk -F, '$14 == 1' | wc -l)" = 1
check "the probes read each their own readouts" sh -c '! grep -q "mean,attentive\|tokens,linear\|features,attentive" one/metrics.csv'
check "predictions of every image" test "$(grep -c 'tiny,tokens,attentive' one/predictions/fracture.csv)" -gt 0 -a "$(grep -c 'tiny,tokens,attentive' one/predictions/fracture.csv)" = "$(grep -c 'tiny,mean,linear' one/predictions/fracture.csv)"
check "probabilities sum to 1" sh -c "grep 'tokens,attentive' one/predictions/grade.csv | awk -F, '{ n++; s = \$(NF) + \$(NF-1) + \$(NF-2); if (s < 0.999999 || s > 1.000001) bad = 1 } END { exit bad || !n }'"
# Without passes it is the linear probe on the mean of the same tokens, which are float16 in the store.
awk -F, '$2 == "fracture" && $3 == "grouped" && $4 == "tiny" && $12 == "mean" && $11 == 1 && ($5 == "tokens" && $10 == "C (0 passes)" || $5 == "mean") { print $13 }' one/path.csv > zero
check "no passes: the linear probe's score" sh -c "awk 'NR == 1 { a = \$1 } { d = a - \$1 } END { exit !(NR == 2 && d < 0.02 && d > -0.02) }' zero"

"$program" run -q -t 3 -o three both.yaml > /dev/null 2>&1
check "three threads: equal bytes" reports_equal one three

sed 's/readout: \[.*\]}/readout: [mean]}/' both.yaml > none.yaml
expect "no tokens to read" 3 "none.yaml:$(grep -n '^probes' none.yaml | cut -d: -f1): probe 'attentive' reads patch tokens" "$program" check none.yaml
sed 's/readout: \[.*\]}/readout: [tokens]}/; s/^probes:.*/probes: [attentive]/; s/^protocols.*/label_efficiency: {fractions: [50, 100], draws: 2}/; s/tasks:.*/tasks: [{task: fracture.yaml}]/' both.yaml > alone.yaml
expect "tokens alone; label efficiency leaves it out" 0 "attentive" "$program" run -q -o alone alone.yaml
check "the same figure as beside others" test "$(grep 'grouped,tiny,tokens,attentive,.*,test,auroc,' alone/metrics.csv)" = "$(grep 'fracture,grouped,tiny,tokens,attentive,.*,test,auroc,' one/metrics.csv)"
echo "1..$count"
