# What a user gets wrong: a clear sentence with file and line, and nothing lost.
. tests/cli/lib.sh

make_study "$scratch" 40 || { not_ok "synth"; exit 1; }
cd "$scratch" || exit 1
change() { sed "$1" study.yaml > changed.yaml; }

change 's/folds: 3/fodls: 3/'; expect "unknown key" 3 "changed.yaml:10: unknown key 'fodls'; expected one of: name" "$program" run changed.yaml
change 's/folds: 3/folds: 3O/'; expect "folds that are not a number" 3 "changed.yaml:10: folds is '3O'" "$program" run changed.yaml
change 's/folds: 3/folds: 1/'; expect "too few folds" 3 "from 2 to 100" "$program" run changed.yaml
change 's/linear, knn,/linear, svm,/'; expect "a probe that is not there" 3 "probes/1 is 'svm'; expected one of: linear, knn, knn_uniform" "$program" run changed.yaml
change 's/cls_pre/clss/'; expect "a readout that is not there" 3 "has no readout 'clss'; it has cls" "$program" run changed.yaml
change 's/, readout: \[cls/, precision: fp8&/'; expect "a precision that is not there" 3 "changed.yaml:6: models/0/precision is 'fp8'; expected one of: fp32, bf16" "$program" run changed.yaml
change 's/baseline: thumbnail/&, precision: bf16/'; expect "a precision for a baseline" 3 "changed.yaml:7: baseline 'thumbnail' has no checkpoint" "$program" run changed.yaml
change 's#data/tiny#nowhere/tiny#'; expect "a checkpoint that is not there" 3 "changed.yaml:6: model 'tiny': no checkpoint" "$program" run changed.yaml
change 's/baseline: thumbnail/baseline: thumb/'; expect "a baseline that is not there" 3 "expected one of: thumbnail, acquisition" "$program" run changed.yaml
change 's/task: age.yaml/task: aeg.yaml/'; expect "a task file that is not there" 3 "changed.yaml:8: no task file" "$program" run changed.yaml
change 's/data_root: data/data_root: ${NO_SUCH_PLACE}/'; expect "a variable that is not set" 3 "environment variable 'NO_SUCH_PLACE' is not set" "$program" run changed.yaml
change 's/data_root: data/data_root: dta/'; expect "data that are not there" 3 "no folder" "$program" run changed.yaml
change 's/^folds: 3$/protocol: given/'; expect "given without partitions" 3 "audit found" "$program" run changed.yaml
: > empty.yaml; expect "an empty study" 3 "empty.yaml: empty" "$program" run empty.yaml
head -c 2000 /dev/urandom > noise.yaml; expect "noise for a study" 3 "noise.yaml" "$program" run noise.yaml

cp fracture.yaml keep.yaml
sed -i 's/label: fracture/label: fractur/' fracture.yaml; expect "a column that is not there" 3 "no column 'fractur'; there are: image, patient" "$program" run study.yaml
cp keep.yaml fracture.yaml; sed -i 's/values: \["1"\]/values: ["yes"]/' fracture.yaml; expect "labels of no class" 3 "label '1' belongs to no class" "$program" run study.yaml
check "and they are listed with their lines" sh -c 'grep -c "^fracture,error,label,images/.*,[0-9]*,label" out/audit.csv | grep -qv "^0$"'
cp keep.yaml fracture.yaml; sed -i 's/kind: binary/kind: binray/' fracture.yaml; expect "a kind that is not there" 3 "fracture.yaml:2: kind is 'binray'" "$program" run study.yaml
cp keep.yaml fracture.yaml

cp data/cohort.csv keep.csv
printf 'image,patient,fracture,age\n' > data/cohort.csv; expect "a table without rows" 3 "no usable image" "$program" run study.yaml
: > data/cohort.csv; expect "an empty table" 3 "cohort.csv: empty" "$program" run study.yaml
sed '5s/$/,more/' keep.csv > data/cohort.csv; expect "a ragged row" 3 "cohort.csv:5: 9 fields where the header has 8" "$program" run study.yaml
sed '1s/site/patient/' keep.csv > data/cohort.csv; expect "a column twice" 3 "column 'patient' appears twice" "$program" run study.yaml
(cat keep.csv; sed -n 2p keep.csv) > data/cohort.csv; expect "an image twice" 3 "also stands in line 2" "$program" run study.yaml
(cat keep.csv; sed -n '2s/P0001_1/none/p' keep.csv) > data/cohort.csv; expect "an image that is not there" 3 "no such file" "$program" run study.yaml
printf '\357\273\277' > data/cohort.csv; sed 's/$/\r/' keep.csv >> data/cohort.csv
"$program" run -q -o bom study.yaml > /dev/null 2>&1; code=$?
cp keep.csv data/cohort.csv
"$program" run -q -o plain study.yaml > /dev/null 2>&1
check "BOM and CRLF change nothing" reports_equal plain bom
check "BOM and CRLF are read" test $code -eq 0

# a leaking split: patient P0001 on both sides
awk -F, 'NR == 1 { print $0 ",partition" } NR > 1 { n++; print $0 "," (n == 1 || n % 3 == 0 ? "test" : "train") }' keep.csv > data/cohort.csv
(cat study.yaml; echo "protocol: given") > given.yaml
expect "a leaking split stops the run" 3 "is in development and in test" "$program" run -o leak given.yaml
cp given.yaml given_failing.yaml
echo "on_leak: warn" >> given.yaml
expect "or is let pass on request, and said" 0 "accepted" "$program" run -o leak given.yaml
check "and stands in the audit" grep -q "^fracture,accepted,leak_patient," leak/audit.csv
check "beside the figures" grep -q "^small,fracture,,,,,,,audit,accepted_leak_patient," leak/metrics.csv
check "and in the provenance" grep -q '"leak_patient": [1-9]' leak/provenance.json
sed "s/on_leak: warn/accept: [leak_patient]/" given.yaml > accept.yaml
expect "accept: does the same" 0 "" "$program" run -q -o accept accept.yaml
check "with the same audit" cmp leak/audit.csv accept/audit.csv
(cat study.yaml; echo "accept: [leek]") > leek.yaml
expect "a code that is not there" 3 "leek.yaml:13: accept/0 is 'leek'; expected one of: missing, unreadable, label" "$program" check leek.yaml
(cat study.yaml; echo "accept: [empty]") > empty_code.yaml
expect "a code that cannot be let pass" 3 "empty_code.yaml:13: accept/0 is 'empty', which cannot be let pass" "$program" check empty_code.yaml
expect "check sums up by code" 3 "leak_patient         error" "$program" check -q -o leak2 given_failing.yaml
cp keep.csv data/cohort.csv

# four patients with a fracture: some folds have none to validate on
awk -F, -v OFS=, 'NR > 1 { $6 = ($2 < "P0005") } { print }' keep.csv > data/cohort.csv
sed 's/folds: 3/folds: 5/' study.yaml > rare.yaml
expect "a rare class runs, with a warning" 0 "class 'fractured' has 4 patients only" "$program" run -o rare rare.yaml
check "and the folds left out are said" grep -q "^small,fracture,.*,validation,auroc,.*,fold [0-9]: " rare/metrics.csv
cp keep.csv data/cohort.csv

# a truncated image
victim=$(ls data/images | tail -1)
cp "data/images/$victim" keep.png
head -c 3000 keep.png > "data/images/$victim"
expect "a truncated image stops the run" 3 "$victim" "$program" run -o trunc study.yaml
check "with its reason in the audit" grep -q "error,unreadable,images/$victim" trunc/audit.csv
(cat study.yaml; echo "on_bad_image: skip") > skip.yaml
expect "or is left out on request" 0 "1 left out" "$program" run -o skipped skip.yaml
check "and counted" grep -q "excluded,unreadable,images/$victim" skipped/audit.csv
cp keep.png "data/images/$victim"

if [ "$(id -u)" = 0 ]; then
    skip "an output folder without permission" "root may write anywhere"
else
    mkdir locked; chmod 500 locked
    expect "an output folder without permission" 4 "locked" "$program" run -o locked/out study.yaml
fi
printf x > file; expect "a file where the output folder should be" 4 "cannot make folder" "$program" run -o file/out study.yaml
expect "the store's place is a file" 4 "cannot make folder" "$program" run --store file study.yaml
rm -rf data/tiny-random-vit/model.safetensors; expect "a checkpoint without weights" 3 "" "$program" run study.yaml
echo "1..$count"
