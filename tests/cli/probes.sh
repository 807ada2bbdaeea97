# The linear probes of a study: balanced, ordinal, and which readout validation chooses.
. tests/cli/lib.sh

make_study "$scratch" 60 || { not_ok "synth"; exit 1; }
cd "$scratch" || exit 1
sed 's/readout: \[.*\]}/readout: [cls, mean]}/; s/^probes:.*/probes: [linear, linear_balanced, ordinal]/; s/tasks:.*/tasks: [{task: fracture.yaml}, {task: grade.yaml}, {task: age.yaml}]/' study.yaml > probes.yaml
cat > grade.yaml <<'Y'
name: grade
kind: ordinal
classes: [{name: none, values: ["0"]}, {name: some, values: ["1", "2"]}, {name: much, values: ["3", "4"]}]
cohort: {table: cohort.csv, label: joint_space}
Y
"$program" run -q -t 2 -o out probes.yaml > said 2> errors
check "a study of three linear probes" test $? -eq 0
column() { head -1 out/metrics.csv | tr , '\n' | grep -n "^$1\$" | cut -d: -f1; }
value() { awk -F, -v t="$1" -v p="$2" -v m="$3" -v tc="$(column task)" -v pc="$(column probe)" -v mc="$(column metric)" -v part="$(column partition)" \
    -v rc="$(column readout)" -v vc="$(column value)" '$tc == t && $pc == p && $mc == m && $part == "test" && $rc == "cls" { print $vc }' out/metrics.csv; }
check "the balanced probe is another one" sh -c "awk -F, '\$2 == \"fracture\" && \$5 == \"cls\" && \$12 == \"mean\" { print \$11 > \$6 \".c\"; print \$13 > \$6 \".path\" }' out/path.csv; cmp -s linear.c linear_balanced.c && ! cmp -s linear.path linear_balanced.path"
check "the ordinal probe has its kappa" sh -c "echo '$(value grade ordinal kappa_quadratic)' | grep -q '^-\{0,1\}[01]'"
check "and differs from the multinomial one" test "$(value grade ordinal kappa_quadratic)" != "$(value grade linear kappa_quadratic)"
check "an ordinal probe of a binary task is NA with its reason" grep -q "fracture,grouped,tiny,cls,ordinal,.*,NA,.*probe ordinal is of another kind of task: this one is binary" out/metrics.csv
check "a balanced one of a regression too" grep -q "age,grouped,tiny,cls,linear_balanced,.*,NA,.*another kind of task: this one is regression" out/metrics.csv
check "the probe is kept as cumulative logit" grep -q cumulative_logit out/probes/grade.grouped.tiny.cls.ordinal.json
check "with thresholds in order" sh -c "python3 -c 1 2> /dev/null || exit 0; python3 - out/probes/grade.grouped.tiny.cls.ordinal.safetensors <<'P'
import json, struct, sys
data = open(sys.argv[1], 'rb').read()
n, = struct.unpack('<Q', data[:8])
begin, end = json.loads(data[8:8 + n])['threshold']['data_offsets']
t = struct.unpack('<%dd' % ((end - begin) // 8), data[8 + n + begin:8 + n + end])
sys.exit(0 if len(t) == 2 and list(t) == sorted(t) else 1)
P"

# readouts.csv: study,task,protocol,model,probe,readout,criterion,validation,chosen,value,low,high
r=out/readouts.csv
check "readouts.csv has a row a cell of the encoder" test "$(grep -c ',tiny,' $r)" = 18
check "one readout of each is chosen, where any can be" test "$(awk -F, '$9 == 1' $r | cut -d, -f2-5 | sort | uniq -d | wc -l)" = 0 -a "$(awk -F, '$9 == 1' $r | wc -l)" = 6
check "the one that validation likes better" awk -F, 'NR > 1 && $8 != "NA" { k = $2 $5; s = $7 == "mae" ? -$8 : $8; if (!(k in best) || s > best[k]) { best[k] = s; name[k] = $6 } if ($9) chosen[k] = $6 }
    END { for (k in best) if (name[k] != chosen[k]) exit 1 }' $r
check "its validation is the path's" sh -c "awk -F, 'NR > 1 && \$2 == \"fracture\" && \$5 == \"linear\" && \$6 == \"mean\" { print \$8 }' $r > a; awk -F, 'NR > 1 && \$2 == \"fracture\" && \$5 == \"mean\" && \$6 == \"linear\" && \$12 == \"mean\" && \$14 == 1 { print \$13 }' out/path.csv > b; cat a b | uniq | wc -l | grep -q '^ *1\$'"
"$program" run -q -t 1 -o one probes.yaml > /dev/null 2>&1
check "one thread: equal bytes" reports_equal out one
sed -i 's/readout: \[.*\]}/readout: [cls]}/' probes.yaml
"$program" run -q -t 2 -o out probes.yaml > /dev/null 2>&1
check "with one readout an old readouts.csv goes" test ! -e $r
echo "1..$count"
