# Saved probes on another cohort: the study's own test images get the same bytes again, and what does not match is refused.
. tests/cli/lib.sh

make_study "$scratch" 60 || { not_ok "synth"; exit 1; }
cd "$scratch" || exit 1
sed -i 's/^folds: 3/folds: 3\nsave_probes: all\nprotocols: [grouped, official]/' study.yaml
"$program" run -q -t 2 -o one study.yaml > /dev/null 2> said
check "run" test $? -eq 0
# of 2 tasks, 5 readouts and 3 probes: one by protocol grouped, five by official
check "every probe is kept, and nothing else" sh -c 'test "$(ls one/probes | wc -l)" -eq 360 && test "$(ls one/probes | grep -c "grouped.*json$")" -eq 30'
sed 's/^save_probes: .*/save_probes: none/; s/^protocols: .*/protocol: grouped/' study.yaml > none.yaml
"$program" run -q -o none none.yaml > /dev/null 2>&1
check "save_probes: none" test ! -e none/probes
sed '/^save_probes/d; s/^protocols: .*/protocol: grouped/' study.yaml > linear.yaml
"$program" run -q -o linear linear.yaml > /dev/null 2>&1
check "default: linear probes" sh -c 'test "$(ls linear/probes/*.json | grep -c "\.linear\.json$")" -eq 10 && test "$(ls linear/probes/*.json | wc -l)" -eq 10'
expect "another word for save_probes" 3 "save_probes" sh -c "sed 's/^save_probes: .*/save_probes: some/' study.yaml > some.yaml; '$program' check -q some.yaml"

# part PROTOCOL: a study of the task's test images
part() {
    { head -1 data/cohort.csv; awk -F, -v p="$1" 'NR == FNR { if ($5 == p && $6 == "test") want[$1] = 1; next } $1 in want' "one/splits/$2.csv" data/cohort.csv; } > "data/part_$2.csv"
    sed "s/cohort.csv/part_$2.csv/" "$2.yaml" > "part_$2.yaml"
    cat > "$3" <<Y
name: elsewhere
store: store
data_root: data
models:
  - {name: tiny, path: data/tiny-random-vit}
  - {name: thumbnail, baseline: thumbnail}
tasks: [{task: part_$2.yaml}]
bootstrap: {replicates: 200}
Y
}
for task in fracture age; do
    for protocol in grouped official; do
        part $protocol $task other.yaml
        rm -rf chosen && mkdir chosen && cp one/probes/$task.$protocol.* chosen
        expect "$task, $protocol: applied" 0 "(external)" "$program" apply -q -t 2 -o out chosen other.yaml
        grep "^[^,]*,[^,]*,[^,]*,$protocol,test," one/predictions/$task.csv | sed 's/,test,/,external,/' | sort > want
        tail -n +2 out/predictions_external/$task.csv | sort > got
        check "$task, $protocol: predictions are the study's own, byte for byte" sh -c 'test -s want && cmp want got'
        [ $protocol = grouped ] || continue
        # the same images in the same order of patients: also the same intervals, but for what bears the study's and the part's name
        grep "^small,$task,grouped,.*,test," one/metrics.csv | sed 's/^small/elsewhere/; s/,test,/,external,/' | sort > want
        tail -n +2 out/metrics_external.csv | sort > got
        check "$task: figures and intervals too, at the carried threshold" sh -c 'test -s want && cmp want got'
    done
done
check "carried thresholds are used" grep -q "sensitivity_at_threshold" one/metrics.csv
check "provenance names the probes" grep -q '"record_sha256": "[0-9a-f]\{64\}"' out/provenance_external.json

probe=one/probes/fracture.grouped.tiny.cls.linear.json
part grouped fracture other.yaml
apply() { "$program" apply -q -o refused "$@"; }
expect "a single file" 0 "(external)" "$program" apply -q -o out $probe other.yaml
# half of the cohort: a row's prediction does not depend on its company
{ head -1 data/part_fracture.csv; tail -n +2 data/part_fracture.csv | awk 'NR % 3 == 1'; } > data/third.csv
sed 's/cohort.csv/third.csv/' fracture.yaml > part_third.yaml
sed 's/part_fracture/part_third/; s/^models:/accept: [class]\nmodels:/' other.yaml > third.yaml
expect "a third of the images" 0 "(external)" "$program" apply -q -o third $probe third.yaml
check "they get what they got among all" sh -c 'tail -n +2 third/predictions_external/fracture.csv > some; test -s some && ! grep -vxFf out/predictions_external/fracture.csv some'
sed 's/^name: fracture/name: broken/' part_fracture.yaml > part_broken.yaml
sed 's/part_fracture/part_broken/' other.yaml > broken.yaml
{ cat study.yaml; echo 'seed: 7'; } > seeded.yaml
"$program" run -q -o seeded seeded.yaml > /dev/null 2>&1
expect "two probes of one name in the reports are refused" 3 "under the same name" "$program" apply -q -o both $probe "seeded/probes/$(basename "$probe")" broken.yaml
expect "the only task may have another name" 0 "(external)" "$program" apply -q -o renamed $probe broken.yaml

edit() { sed "$1" part_fracture.yaml > part_edited.yaml; sed 's/part_fracture/part_edited/' other.yaml > edited.yaml; }
edit 's/fractured/broken/'
expect "another class" 3 "its class 2 is 'fractured', and that of task 'fracture' is 'broken'" apply $probe edited.yaml
edit 's/values: \["0"\]}, /values: ["0"]}, {name: more, values: ["9"]}, /; s/binary/multiclass/'
expect "another kind" 3 "was made for a binary task, and 'fracture' is multiclass" apply $probe edited.yaml
sed 's/^kind: regression/kind: regression\nunit: years/; s/cohort.csv/part_fracture.csv/' age.yaml > part_edited.yaml
expect "another unit" 3 "predicts in the unit ''" apply one/probes/age.grouped.tiny.cls.linear.json edited.yaml
sed 's/^tasks: .*/tasks: [{task: part_broken.yaml}, {task: part_age.yaml}]/' other.yaml > two.yaml
expect "several tasks, none of the name" 3 "has several tasks, and none of that name" apply $probe two.yaml
sed 's/{name: tiny, /{name: tiny, precision: bf16, /' other.yaml > bf16.yaml
expect "another precision" 3 "its encoder computed in 'fp32', and model 'tiny' computes in 'bf16'" apply $probe bf16.yaml
sed 's/{name: tiny, /{name: tiny, preprocess: skelex, /' other.yaml > skelex.yaml
expect "another preprocessing" 3 "its pictures were prepared as 'checkpoint', and those of model 'tiny' are as 'skelex'" apply $probe skelex.yaml
cp -r data/tiny-random-vit other-vit
printf '\001' | dd of=other-vit/model.safetensors bs=1 seek=20000 conv=notrunc 2> /dev/null
sed 's#data/tiny-random-vit#other-vit#' other.yaml > weights.yaml
expect "other weights" 3 "computes other features than it was made with" apply $probe weights.yaml
sed '/name: tiny/d' other.yaml > nomodel.yaml
expect "no such model" 3 "has no model of that name, and none computes its features" apply $probe nomodel.yaml
sed 's/{name: tiny, /{name: renamed, /' other.yaml > renamed.yaml
expect "the same model under another name" 0 "(external)" "$program" apply -q -o renamed $probe renamed.yaml

expect "no such file" 4 "none.json" apply none.json other.yaml
expect "a folder without probes" 3 "no saved probe" apply data other.yaml
expect "the same probe twice" 2 "are the same probe" apply $probe $probe other.yaml
expect "no study" 2 "takes PROBE" apply $probe
cp $probe kept.json
sed 's/"threshold": [0-9.]*/"threshold": 0.5/' kept.json > moved.json
expect "an edited threshold" 3 "was changed after it was written" apply moved.json other.yaml
sed 's/"version": 1/"version": 2/' kept.json > moved.json
expect "another version" 3 "another version than 1" apply moved.json other.yaml
head -c 200 kept.json > moved.json
expect "half a record" 3 "is no JSON" apply moved.json other.yaml
expect "without its arrays" 4 "fracture.grouped.tiny.cls.linear.safetensors" apply kept.json other.yaml
cp one/probes/fracture.grouped.tiny.mean.linear.safetensors fracture.grouped.tiny.cls.linear.safetensors
expect "another probe's arrays" 3 "is damaged or belongs to another probe" apply kept.json other.yaml
if [ "$(id -u)" -eq 0 ]; then
    skip "no permission to read" "root reads everything"
else
    chmod 000 kept.json
    expect "no permission to read" 4 "Permission denied" apply kept.json other.yaml
fi
: > blocked
expect "reports cannot be written" 4 "cannot make folder" "$program" apply -q -o blocked $probe other.yaml
check "nothing was written by what was refused" test ! -e refused/metrics_external.csv
if command -v python3 > /dev/null; then
    check "the arrays are read by the format's rules alone" python3 - one/probes/fracture.grouped.tiny.cls.linear.safetensors <<'P'
import json, struct, sys
b = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", b[:8])[0]
h = json.loads(b[8:8 + n])
assert n % 8 == 0 and h["coef"]["dtype"] == "F64" and h["coef"]["shape"] == [1, 64] and h["__metadata__"]["version"] == "1", h
end = 0
for name, t in list(h.items())[1:]:
    assert t["data_offsets"][0] == end, name
    end = t["data_offsets"][1]
assert 8 + n + end == len(b)
at = 8 + n + h["scaler.scale"]["data_offsets"][0]
assert all(v > 0 for v in struct.unpack("<64d", b[at:at + 512]))
P
else
    skip "the arrays are read by the format's rules alone" "no python3"
fi
echo "1..$count"
