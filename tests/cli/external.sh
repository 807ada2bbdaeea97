# External validation: probes carried to another cohort.  The study's own test images get the same bytes and figures again,
# with differences of 0; what does not match is refused by name.
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

# plain FILE: a CSV whose quoted fields have lost their commas and quotes, for awk
plain() { awk '{ n = split($0, part, "\""); line = ""; for (i = 1; i <= n; i++) { if (i % 2 == 0) gsub(",", ";", part[i]); line = line part[i] } print line }' "$1"; }
# figures of one side by column name: the test rows of metrics.csv, or a side of external.csv
cat > figures.awk <<'A'
BEGIN { FS = OFS = "," }
NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
$c["metric"] ~ /_on_test$/ { next }
side == "metrics" && $c["partition"] == "test" && $c["protocol"] == protocol && $c["task"] == task { print $c["model"], $c["readout"], $c["probe"], $c["metric"], $c["n"], $c["n_patients"], $c["value"], $c["low"], $c["high"], $c["method"] }
side != "metrics" && $c["partition"] == "test" && $c["recalibration"] == "" && $c["metric"] !~ /^(threshold|recalibration_)/ { print $c["model"], $c["readout"], $c["probe"], $c["metric"], $c[side "_n"], $c[side "_n_patients"], $c[side], $c[side "_low"], $c[side "_high"], $c[side "_method"] }
A
# part PROTOCOL TASK STUDY: a study of the task's test images
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
accept: [overlap_image, overlap_patient]
Y
}
# chosen PATTERN: a folder of results with these probes alone
chosen() {
    rm -rf chosen && mkdir -p chosen/probes && cp $1 chosen/probes
    cp -r one/splits one/predictions one/pictures.csv chosen
}
for task in fracture age; do
    for protocol in grouped official; do
        part $protocol $task other.yaml
        chosen "one/probes/$task.$protocol.*"
        expect "$task, $protocol: carried" 0 "(external)" "$program" external -q -t 2 -o out chosen/probes other.yaml
        grep "^[^,]*,[^,]*,[^,]*,$protocol,test," one/predictions/$task.csv | sed 's/,test,/,external,/' | sort > want
        tail -n +2 out/predictions_external/$task.csv | sort > got
        check "$task, $protocol: predictions are the study's own, byte for byte" sh -c 'test -s want && cmp want got'
        plain out/external.csv > plain.csv
        check "$task, $protocol: every difference is 0" awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
            $c["difference"] != "" && $c["difference"] != "NA" { n++; if ($c["difference"] != 0) bad = 1 } END { exit bad || !n }' plain.csv
        [ $protocol = grouped ] || continue
        # the same images in the same order of patients: also the same intervals, in both columns
        plain one/metrics.csv > plain.csv
        awk -v side=metrics -v task=$task -v protocol=grouped -f figures.awk plain.csv | sort > want
        for side in internal external; do
            plain out/external.csv | awk -v side=$side -f figures.awk | sort > got
            check "$task: the $side column is metrics.csv's, intervals too, at the carried threshold" sh -c 'test -s want && cmp want got'
        done
    done
done
check "carried thresholds are used" grep -q "sensitivity_at_threshold" one/metrics.csv
check "provenance names the probes" grep -q '"record_sha256": "[0-9a-f]\{64\}"' out/provenance_external.json

probe=one/probes/fracture.grouped.tiny.cls.linear.json
part grouped fracture other.yaml
"$program" external -q -t 1 -o single $probe other.yaml > table1 2>&1
"$program" external -q -t 1 -o again $probe other.yaml > /dev/null 2>&1
"$program" external -q -t 2 -o two $probe other.yaml > table2 2>&1
check "a second run gives the same bytes" diff -r -x provenance_external.json single again
check "two threads give the same bytes" diff -r -x provenance_external.json single two
check "the table is the same too" sh -c 'sed "/^reports/,\$d" table1 > a; sed "/^reports/,\$d" table2 > b; test -s a && cmp a b'
check "development shares beyond its 99th percentile are about 1 %" awk -F, '$10 == "development" && $11 == "beyond_development_p99" { n++; if ($14 > 0.03 || $14 <= 0) bad = 1 } END { exit bad || !n }' single/shift.csv
plain single/external.csv > plain.csv
check "refits never stand beside an internal figure" awk -F, 'NR > 1 && $12 ~ /optimistic/ { n++; if ($14 != "" || $16 != "" || $27 != "") bad = 1 } END { exit bad || !n }' plain.csv
check "what the audit let pass is told" grep -q '^elsewhere,fracture,.*,audit,,accepted_overlap_image,' single/external.csv
if command -v python3 > /dev/null; then
    check "calibration, shares, threshold and difference by hand" python3 - $probe <<'P'
import csv, json, math, sys
probe = json.load(open(sys.argv[1]))["probe"]
rows = list(csv.DictReader(open("single/predictions_external/fracture.csv")))
p = [float(r["score_fractured"]) for r in rows]
y = [r["label"] == "fractured" for r in rows]
out = {(r["recalibration"], r["metric"]): r for r in csv.DictReader(open("single/external.csv")) if r["partition"] == "test"}
for name, value in (("threshold", probe["threshold"]), ("recalibration_slope", probe["recalibration"]["slope"])):
    assert float(out["", name]["internal"]) == float(out["", name]["external"]) == value, name
at = [s for s, t in zip(p, y) if t]
want = sum(s >= probe["threshold"] for s in at) / len(at)
assert abs(float(out["", "sensitivity_at_threshold"]["external"]) - want) < 1e-12
r = probe["recalibration"]
x = [math.log(s / (1 - s)) for s in p]
def large(eta):
    a = 0.0
    for _ in range(200):
        q = [1 / (1 + math.exp(-(a + e))) for e in eta]
        a += max(-1, min(1, (sum(y) - sum(q)) / max(1e-9, sum(v * (1 - v) for v in q))))
    return a
def external(recalibration, metric):
    return float(out[recalibration, metric]["external"])
frozen, line = "development in the large", "development slope"
assert abs(external("", "calibration_in_the_large") - large(x)) < 1e-7
assert abs(external(frozen, "calibration_in_the_large") - (large(x) - r["in_the_large"])) < 1e-7
assert abs(external(line, "calibration_in_the_large") - large([r["intercept"] + r["slope"] * e for e in x])) < 1e-7
raw = external("", "calibration_slope")
assert abs(external(line, "calibration_slope") * r["slope"] - raw) < 1e-9 * abs(raw)
assert abs(external("external slope (optimistic)", "calibration_slope") - 1) < 1e-6
f = {k: float(out["", "auroc"][k]) for k in ("internal", "internal_low", "internal_high", "external", "external_low", "external_high", "difference_low", "difference_high")}
low = math.hypot(f["external"] - f["external_low"], f["internal_high"] - f["internal"])
high = math.hypot(f["external_high"] - f["external"], f["internal"] - f["internal_low"])
assert abs(f["difference_low"] + low) < 1e-12 and abs(f["difference_high"] - high) < 1e-12
P
else
    skip "calibration, shares, threshold and difference by hand" "no python3"
fi

# ---- refusals of the cohort ----
sed '/^accept/d' other.yaml > strict.yaml
expect "a cohort that overlaps the development" 3 "overlap_image" "$program" external -q -o refused $probe strict.yaml
sed 's/^accept.*/accept: [overlap_image]/' other.yaml > strict.yaml
expect "pictures accepted, patients not" 3 "overlap_patient" "$program" external -q -o refused $probe strict.yaml
check "each is named in the audit" sh -c 'test "$(grep -c "^fracture,error,overlap_patient," refused/audit.csv)" -eq "$(tail -n +2 data/part_fracture.csv | wc -l)"'
# one class: what needs two is NA with a reason, the rest is there
{ head -1 data/part_fracture.csv; awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } $c["fracture"] == 0' data/part_fracture.csv; } > data/intact.csv
sed 's/cohort.csv/intact.csv/' fracture.yaml > part_intact.yaml
sed 's/part_fracture/part_intact/; s/^accept: \[/accept: [class, /' other.yaml > intact.yaml
expect "one class: refused by the audit" 3 "class" sh -c "sed 's/class, //' intact.yaml > noclass.yaml; '$program' external -q -o refused $probe noclass.yaml"
"$program" external -q -o intact $probe intact.yaml > said 2>&1
check "one class: scored when accepted" grep -qE '^    0\.[0-9]{3} \(.*\) +NA +NA$' said
plain intact/external.csv > plain.csv
check "one class: AUROC is NA with its reason" grep -q ',test,,auroc,.*,no sample of class [a-z1]*$' plain.csv
check "one class: specificity and its difference are there" awk -F, '$13 == "specificity" { n++; if ($20 == "NA" || $25 == "NA" || $21 == "NA") bad = 1 } END { exit bad || !n }' plain.csv
check "one class: no recalibration can be refitted" grep -q 'external in the large (optimistic),brier,.*no sample of class 1' intact/external.csv
# reports that are not the probe's
for file in splits/fracture.csv predictions/fracture.csv pictures.csv; do
    chosen "$probe ${probe%.json}.safetensors"
    rm chosen/$file
    expect "without $file" 4 "$file" "$program" external -q -o refused chosen/probes other.yaml
done
chosen "$probe ${probe%.json}.safetensors"
awk -F, 'BEGIN { OFS = FS } $6 == "development" && !done { $4 = $4 == "intact" ? "fractured" : "intact"; done = 1 } { print }' one/splits/fracture.csv > chosen/splits/fracture.csv
expect "another label in the development" 3 "its development part has another digest" "$program" external -q -o refused chosen/probes other.yaml
chosen "$probe ${probe%.json}.safetensors"
awk -F, 'BEGIN { OFS = FS } $4 == "grouped" && $5 == "test" && $8 == "tiny" && $9 == "cls" && $10 == "linear" { $13 = 0.5 } { print }' one/predictions/fracture.csv > chosen/predictions/fracture.csv
expect "another internal prediction" 3 "the digest of its test predictions is another" "$program" external -q -o refused chosen/probes other.yaml
# embeddings of the development that this store has not
sed 's/^store: .*/store: elsewhere/' other.yaml > nostore.yaml
expect "without the development's embeddings" 0 "(external)" "$program" external -q -o nostore $probe nostore.yaml
check "the shift is NA and says so, all else is the same" sh -c 'grep -q "external,two_sample_auroc,.*,NA,.*not in the store" nostore/shift.csv && cmp nostore/external.csv single/external.csv'

apply() { "$program" external -q -o refused "$@"; }
expect "a single file" 0 "(external)" "$program" external -q -o out $probe other.yaml
# half of the cohort: a row's prediction does not depend on its company
{ head -1 data/part_fracture.csv; tail -n +2 data/part_fracture.csv | awk 'NR % 3 == 1'; } > data/third.csv
sed 's/cohort.csv/third.csv/' fracture.yaml > part_third.yaml
sed 's/part_fracture/part_third/; s/^accept: \[/accept: [class, /' other.yaml > third.yaml
expect "a third of the images" 0 "(external)" "$program" external -q -o third $probe third.yaml
check "they get what they got among all" sh -c 'tail -n +2 third/predictions_external/fracture.csv > some; test -s some && ! grep -vxFf out/predictions_external/fracture.csv some'
sed 's/^name: fracture/name: broken/' part_fracture.yaml > part_broken.yaml
sed 's/part_fracture.yaml/part_broken.yaml, of: fracture/' other.yaml > broken.yaml
{ cat study.yaml; echo 'seed: 7'; } > seeded.yaml
"$program" run -q -o seeded seeded.yaml > /dev/null 2>&1
expect "two probes of one name in the reports are refused" 3 "under the same name" "$program" external -q -o both $probe "seeded/probes/$(basename "$probe")" broken.yaml
expect "a task of another name says whose probes it gets" 0 "(external)" "$program" external -q -o renamed $probe broken.yaml

edit() { sed "$1" part_fracture.yaml > part_edited.yaml; sed 's/part_fracture/part_edited/' other.yaml > edited.yaml; }
edit 's/fractured/broken/'
expect "another class" 3 "its class 2 is 'fractured', and that of task 'fracture' is 'broken'" apply $probe edited.yaml
edit 's/values: \["0"\]}, /values: ["0"]}, {name: more, values: ["9"]}, /; s/binary/multiclass/'
expect "another kind" 3 "was made for a binary task, and 'fracture' is multiclass" apply $probe edited.yaml
sed 's/^kind: regression/kind: regression\nunit: years/; s/cohort.csv/part_fracture.csv/' age.yaml > part_edited.yaml
expect "another unit" 3 "predicts in the unit ''" apply one/probes/age.grouped.tiny.cls.linear.json edited.yaml
sed 's/^tasks: .*/tasks: [{task: part_broken.yaml}, {task: part_age.yaml}]/' other.yaml > two.yaml
expect "no task of the name" 3 "is of the task 'fracture', which is the name" apply $probe two.yaml
expect "a task without a probe" 3 "no probe is of task 'broken'" apply one/probes two.yaml
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
expect "the same model under another name" 0 "(external)" "$program" external -q -o renamed $probe renamed.yaml

expect "no such file" 4 "none.json" apply none.json other.yaml
expect "a folder without probes" 3 "no saved probe" apply data other.yaml
expect "the same probe twice" 2 "are the same probe" apply $probe $probe other.yaml
expect "no cohort" 2 "takes PROBES" apply $probe
cp $probe kept.json
sed 's/"threshold": [0-9.]*/"threshold": 0.5/' kept.json > moved.json
expect "an edited threshold" 3 "was changed after it was written" apply moved.json other.yaml
sed 's/"version": 2/"version": 1/' kept.json > moved.json
expect "another version" 3 "another version than 2" apply moved.json other.yaml
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
expect "reports cannot be written" 4 "cannot make folder" "$program" external -q -o blocked $probe other.yaml
check "nothing was written by what was refused" test ! -e refused/external.csv
if command -v python3 > /dev/null; then
    check "the arrays are read by the format's rules alone" python3 - one/probes/fracture.grouped.tiny.cls.linear.safetensors <<'P'
import json, struct, sys
b = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", b[:8])[0]
h = json.loads(b[8:8 + n])
assert n % 8 == 0 and h["coef"]["dtype"] == "F64" and h["coef"]["shape"] == [1, 64] and h["__metadata__"]["version"] == "2", h
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
# ---- external cohorts that a study names ----
# developed on site A, validated on site B; both, like all sites, of one table
cat > sites.yaml <<Y
name: sites
output: sites
store: store
data_root: data
models: [{name: tiny, path: data/tiny-random-vit, readout: [cls]}, {name: thumbnail, baseline: thumbnail}]
tasks: [{task: fracture.yaml, sites: [A]}, {task: age.yaml, sites: [A]}]
folds: 3
probes: [linear]
bootstrap: {replicates: 200}
external:
  - {name: b, tasks: [{task: fracture.yaml, sites: [B]}, {task: age.yaml, sites: [B]}]}
  - {name: fracture-only, tasks: [{task: fracture.yaml, sites: [B], classes: [intact, fractured]}]}
Y
expect "check reads external cohorts too" 0 "external cohort fracture-only" "$program" check -q sites.yaml
"$program" run -q -t 2 sites.yaml > table 2> said
check "run ends with the external cohorts" sh -c 'awk "/\(external\)\$/ { c = \$1 } /^  *internal  *external  *difference\$/ { n++ } /^  [a-z]*, grouped: / { seen[c \" \" \$1] } END { exit !(n == 2 && (\"b age,\" in seen) && (\"fracture-only fracture,\" in seen) && !(\"fracture-only age,\" in seen)) }" table'
if command -v python3 > /dev/null; then
    check "a regression's recalibration by hand" python3 - <<'P'
import csv, json
def rows(path, partition):
    return [(float(r["prediction"]), float(r["label"])) for r in csv.DictReader(open(path)) if r["partition"] == partition and r["model"] == "tiny"]
def line(pairs):
    n = len(pairs)
    x, y = sum(p for p, t in pairs) / n, sum(t for p, t in pairs) / n
    slope = sum((p - x) * (t - y) for p, t in pairs) / sum((p - x) ** 2 for p, t in pairs)
    return y - slope * x, slope, y - x
def close(a, b):
    assert abs(a - b) < 1e-9 * max(1, abs(b)), (a, b)
kept = json.load(open("sites/probes/age.grouped.tiny.cls.linear.json"))["probe"]["recalibration"]
frozen = line(rows("sites/predictions/age.csv", "development")) # out of fold
for name, due in zip(("intercept", "slope", "in_the_large"), frozen):
    close(kept[name], due)
there = rows("sites/external/b/predictions_external/age.csv", "external")
refit = line(there)
got = {(r["recalibration"], r["metric"]): float(r["external"]) for r in csv.DictReader(open("sites/external/b/external.csv"))
       if r["task"] == "age" and r["model"] == "tiny" and r["partition"] == "test"}
for name, (a, b) in (("", (0, 1)), ("development in the large", (frozen[2], 1)), ("development slope", frozen[:2]),
                     ("external in the large (optimistic)", (refit[2], 1)), ("external slope (optimistic)", refit[:2])):
    off = [a + b * p - t for p, t in there]
    close(got[name, "bias"], sum(off) / len(off))
    close(got[name, "rmse"], (sum(e * e for e in off) / len(off)) ** 0.5)
P
else
    skip "a regression's recalibration by hand" "no python3"
fi
check "only the site's rows are scored" sh -c 'test "$(tail -n +2 sites/external/b/predictions_external/fracture.csv | cut -d, -f1 | sort -u | wc -l)" = "$(awk -F, "NR == 1 { for (i = 1; i <= NF; i++) if (\$i == \"site\") c = i; next } \$c == \"B\"" data/cohort.csv | wc -l)"'
check "case mix: all of site A against all of site B" sh -c 'grep -q "^b,fracture,sites,fracture,grouped,site,A,share,[0-9]*,1,,[0-9]*,1,,[0-9]*,0,,NA,$" sites/external/b/casemix.csv'
check "rows of other sites are named" grep -q ',part,.*of another site than the study takes' sites/audit.csv
check "the resolved study names them" sh -c 'grep -q "^external:" sites/study.resolved.yaml && grep -q "sites: \[\"B\"\]" sites/study.resolved.yaml'
check "the reporting sheet has each cohort's main figures and calibration" sh -c 'for f in b fracture-only; do grep -q "^CLAIM 2024,33,.*,in part,0.*,external/$f/external.csv,.*auroc)" sites/reporting.csv && grep -q "^TRIPOD+AI,24,.*,external/$f/external.csv,.*calibration_slope)" sites/reporting.csv || exit 1; done'
check "and how they differ" grep -q '^TRIPOD+AI,16,.*,external/b/casemix.csv,' sites/reporting.csv
sheet_is_true sites 100
check "every table is read strictly" tables_are_read sites
sed 's/, sites: \[A\]//g; s/^output: .*/output: leaking/' sites.yaml > leaking.yaml
expect "an external cohort of development's patients is refused before anything is computed" 3 "external cohort 'b'" "$program" run -q leaking.yaml
check "nothing was computed" test ! -e leaking/metrics.csv
sed 's/sites: \[B\]/sites: [Z]/; s/^output: .*/output: nobody/' sites.yaml > nobody.yaml
expect "no such site" 3 "empty" "$program" run -q nobody.yaml
"$program" evaluate -q -t 1 -o evaluated sites.yaml > /dev/null 2>&1
check "evaluate gives the same bytes, on one thread" sh -c 'cp -r sites first && cp -r evaluated second && for d in first second; do rm -rf $d/figures $d/report.html; find $d -name "provenance*" -delete; find $d -name "study.resolved.yaml" -delete; done; diff -r first second'
sed '/^external/,$d; s/^name: .*/name: b/; s/\[A\]/[B]/g' sites.yaml > sites-b.yaml
"$program" external -q -o alone sites/probes sites-b.yaml > /dev/null 2>&1
check "the command gives the same bytes as the study's key" sh -c 'for f in external.csv casemix.csv shift.csv predictions_external/age.csv; do cmp alone/$f sites/external/b/$f || exit 1; done'
echo "1..$count"
