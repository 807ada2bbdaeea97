# compare.csv and ranks.csv: by `run`, by the command, by the command on several folders; and reporting.csv.
. tests/cli/lib.sh

cd "$scratch" || exit 1
make_study . 160 > said 2>&1 || not_ok "a study"
cat > study.yaml <<Y
name: small
output: out
store: store
data_root: data
models:
  - {name: tiny, path: data/tiny-random-vit, readout: [cls, mean]}
  - {name: twin, path: data/tiny-random-vit, readout: [cls, mean]}
  - {name: thumbnail, baseline: thumbnail}
tasks: [{task: fracture.yaml}, {task: age.yaml}]
protocols: [grouped, official]
test_fraction: 0.3
folds: 3
probes: [linear, knn]
bootstrap: {replicates: 300}
Y
"$program" run study.yaml -q --threads 2 > table 2> said || { not_ok "the study runs" "$(cat said)"; echo "1..$count"; exit; }
check "two lines of summary, one a family" test "$(grep -c '^compared (' table)" -eq 2
check "what is printed is what stands there" sh -c "tr '\\n' ' ' < table | tr -s ' ' | grep -q 'compared (grouped; headline metric; probe linear; chosen readout; all pairs of models): 6 hypotheses, 6 tested'"

# columns by name
column() { awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) print i }' "$2"; }
field() { # FILE COLUMN PATTERN: cells of the rows that match
    awk -F, -v c="$(column "$2" "$1")" -v p="$3" 'NR > 1 && $0 ~ p { print $c }' "$1"
}
c=out/compare.csv
check "a row a task, protocol and pair" test "$(tail -n +2 $c | wc -l)" -eq 12
check "a model and its twin: difference 0" test "$(field $c difference ',tiny,.*,twin,' | sort -u)" = 0
check "interval 0 to 0" test "$(field $c low ',tiny,.*,twin,' | sort -u)$(field $c high ',tiny,.*,twin,' | sort -u)" = 00
check "p = 1, corrected too" test "$(field $c p ',tiny,.*,twin,' | sort -u)$(field $c p_holm ',tiny,.*,twin,' | sort -u)" = 11
check "nobody is better" test "$(field $c better ',tiny,.*,twin,' | sort -u)" = ""
check "values are those of metrics.csv" sh -c "
    awk -F, 'NR == FNR { if (FNR > 1 && \$9 == \"test\") v[\$2 FS \$3 FS \$4 FS \$5 FS \$6 FS \$10] = \$13; next }
        FNR > 1 { if (v[\$2 FS \$3 FS \$6 FS \$7 FS \$8 FS \$5] != \$14 || v[\$2 FS \$3 FS \$9 FS \$10 FS \$11 FS \$5] != \$15) bad++ ; n++ } END { exit bad || n != 12 }' out/metrics.csv $c"
check "the readout is the one validation chose" sh -c "
    awk -F, 'NR == FNR { if (\$9 == 1) chosen[\$2 FS \$3 FS \$4 FS \$5] = \$6; next }
        FNR > 1 && \$6 == \"tiny\" { n++; if (chosen[\$2 FS \$3 FS \$6 FS \$8] != \$7) bad = 1 } END { exit bad || !n }' out/readouts.csv $c"
check "lower errors are better" sh -c "
    awk -F, 'NR > 1 && \$5 == \"mae\" && \$16 != 0 { n++; if ((\$16 < 0 ? \$6 : \$9) != \$23) bad = 1 } END { exit bad || !n }' $c"

# Holm by hand, of each family
sort_p() { awk -F, -v f="^$1;" 'NR > 1 && $28 ~ f { print $25, $26 }' $c | sort -g; }
for family in grouped official; do
    sort_p $family > p
    check "$family: Holm's correction by hand" awk '{ p[NR] = $1; h[NR] = $2 } END { for (i = 1; i <= NR; i++) { x = p[i] * (NR - i + 1); if (x > 1) x = 1; if (x < m) x = m; m = x; d = x - h[i]; if (d > 1e-12 || d < -1e-12) exit 1 } exit NR != 6 }' p
done

# the command gives what run gave, whatever the threads
cp -r out again
rm again/compare.csv again/ranks.csv
for threads in 1 2 5; do
    "$program" compare -q --threads $threads --output "by$threads" again > "said$threads" 2>&1
    check "compare, $threads threads: compare.csv as run wrote it" cmp out/compare.csv "by$threads/compare.csv"
    check "compare, $threads threads: ranks.csv as run wrote it" cmp out/ranks.csv "by$threads/ranks.csv"
done
check "another run gives the same bytes" sh -c "'$program' run study.yaml -q --threads 1 --output second > /dev/null && cmp out/compare.csv second/compare.csv && cmp out/ranks.csv second/ranks.csv"
check "into the folder itself by default" sh -c "'$program' compare -q again > /dev/null && cmp out/compare.csv again/compare.csv"

# another family, by options and by the study
expect "against one model" 0 "headline metric; probe knn; chosen readout; each model against thumbnail): 4 hypotheses" "$program" compare -q -o against --against thumbnail --probe knn out
check "the reference is the second" test "$(field against/compare.csv model_b . | sort -u)" = thumbnail
expect "another metric" 0 "accuracy; probe linear; readout mean; all pairs of models): 6 hypotheses, 3 tested" "$program" compare -q -o accuracy --metric accuracy --readout mean out
check "where a task has no such metric: NA and why" sh -c "grep ',age,' accuracy/compare.csv | grep -q 'NA,NA,NA,NA,NA.*no metric accuracy'"
check "images of no patient in common: McNemar where each is alone, relabelling else" sh -c "tail -n +2 accuracy/compare.csv | grep ',fracture,' | grep -qE 'McNemar exact|permutation by patient'"
sed 's/^bootstrap/compare: {reference: thumbnail, probe: knn}\n&/' study.yaml > declared.yaml
"$program" evaluate declared.yaml -q --output declared > said 2>&1
check "declared in the study: the same rows" cmp against/compare.csv declared/compare.csv
for bad in "reference: nobody|reference is 'nobody'" "metric: auc|metric is 'auc'" "probe: ordinal|not among the study's probes" "readout: pooled|no model of the study lists" "refernce: tiny|"; do
    sed "s/^bootstrap/compare: {${bad%|*}}\n&/" study.yaml > bad.yaml
    expect "compare: {${bad%|*}} is refused" 3 "${bad#*|}" "$program" evaluate bad.yaml -q --output bad
done

# a planted winner: scores that are the labels, for one of three
plant() { awk -F, -v OFS=, -v model="$2" 'NR > 1 && $8 == model && $10 == "linear" && $5 == "test" { $12 = $7 == "intact" ? 0.9 : 0.1; $13 = 1 - $12 } { print }' "$1"; }
cp -r out planted
plant out/predictions/fracture.csv tiny > planted/predictions/fracture.csv
"$program" compare -q planted > said 2>&1
check "a model that knows is significantly better" test "$(awk -F, -v p="$(column p_holm planted/compare.csv)" 'NR > 1 && $2 == "fracture" && $3 == "grouped" && $6 == "tiny" && $p < 0.05 && $23 == "tiny"' planted/compare.csv | wc -l)" -eq 2
check "with an interval above 0" awk -F, 'NR > 1 && $2 == "fracture" && $6 == "tiny" && !($17 > 0) { exit 1 }' planted/compare.csv
check "and the summary counts it" sh -c 'tr "\n" " " < said | tr -s " " | grep -qE "$1"' - 'grouped; .* 6 tested, [23] significant at 0.05'

# two folders: models side by side
"$program" compare -q --output both out planted > said 2>&1
check "two runs of one study: folders tell the models apart" grep -q ',tiny (out),.*,tiny (planted),' both/compare.csv
check "thumbnails of both are equal" test "$(field both/compare.csv p ',thumbnail .out.,.*,thumbnail .planted.,' | sort -u)" = 1
expect "several folders need --output" 2 "--output says where" "$program" compare -q out planted
expect "a folder twice" 2 "is given twice" "$program" compare -q -o both out out

# what does not belong together
cp -r planted other
sed -i 's/,official,/,given,/' other/splits/age.csv
expect "predictions of another protocol than the splits" 3 "the two files are of different runs" "$program" compare -q other
spoil() { rm -rf other; cp -r planted other; }
spoil; first=$(awk -F, '$5 == "grouped" && $6 == "test" { print $1; exit }' out/splits/fracture.csv)
for file in splits predictions; do sed -i "s|^$first,|images/elsewhere.png,|" other/$file/fracture.csv; done
expect "another sample" 3 "task 'fracture', protocol grouped: test rows differ: 'out' holds sample '$first' where 'other' holds 'images/elsewhere.png'" "$program" compare -q -o both out other
spoil; label=$(awk -F, -v s="$first" '$1 == s { print $4; exit }' out/splits/fracture.csv); new=intact; [ "$label" = intact ] && new=fractured
sed -i "s|^\($first,[^,]*,[^,]*\),$label,|\1,$new,|" other/splits/fracture.csv
sed -i "s|^\($first,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*\),$label,|\1,$new,|" other/predictions/fracture.csv
expect "another label" 3 "sample '$first' is labelled '$label' in 'out' and '$new' in 'other'" "$program" compare -q -o both out other
spoil; rm other/predictions/age.csv
expect "a file that is missing" 4 "other/predictions/age.csv" "$program" compare -q other
check "no compare.csv is left of before" test ! -e other/compare.csv
spoil; rm other/provenance.json
expect "no provenance" 4 "other/provenance.json" "$program" compare -q other
spoil; echo '{"study": "x"}' > other/provenance.json
expect "another version's provenance" 3 "does not say seed" "$program" compare -q other
spoil; rm other/readouts.csv
expect "no choice of readout" 3 "does not say which of the readouts of model 'tiny'" "$program" compare -q other
expect "but one may be named" 0 "readout cls" "$program" compare -q --readout cls other
spoil; sed -i '$d' other/predictions/age.csv
expect "a row short" 3 "test rows of splits/age.csv" "$program" compare -q other
spoil; awk -F, -v OFS=, 'NR > 1 && $5 == "test" { $13 = "x" } { print }' out/predictions/fracture.csv > other/predictions/fracture.csv
expect "a score that is no number" 3 "'x' is not a number" "$program" compare -q other
expect "a folder that is not there" 4 "nowhere" "$program" compare -q nowhere
expect "no such reference" 3 "there are: 'tiny', 'twin', 'thumbnail'" "$program" compare -q --against nobody out
expect "no such metric" 2 "--metric is 'auc'" "$program" compare -q --metric auc out
expect "no such probe" 2 "--probe is 'svm'" "$program" compare -q --probe svm out

# a test picture that stands in the development part too, and examinations
spoil
awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } $5 == "grouped" && $6 == "test" && !digest { digest = $at["sha256"] } { row[NR] = $0 } END { for (i = 1; i <= NR; i++) { $0 = row[i]; if (i > 1 && $5 == "grouped" && $6 == "development" && !done++) $at["sha256"] = digest; $(NF + 1) = i == 1 ? "exam" : "e" i; print } }' out/splits/fracture.csv > other/splits/fracture.csv
"$program" compare -q other > said 2>&1
check "a test picture of the development part is told" test "$(grep -c '^small,fracture,grouped,.*1 of the test pictures stand in the development part too' other/compare.csv)" -eq 3
check "and that examinations are not compared" test "$(grep -c '^small,fracture,.*by image: examinations are not compared' other/compare.csv)" -eq 6
check "where there are none of both, nothing is" sh -c '! grep -q "^small,age,.*development part\|^small,age,.*examinations" other/compare.csv && ! grep -q "development part" out/compare.csv'

# one class in the test part: NA, and why
spoil
for file in splits predictions; do sed -i '/,test,/s/,fractured,/,intact,/' other/$file/fracture.csv; done
"$program" compare -q other > said 2>&1
check "a test part of one class: NA with its reason" test "$(grep -c '^small,fracture,.*,NA,NA,NA,NA,.*no sample of class fractured' other/compare.csv)" -eq 6
check "and the other task is compared all the same" grep -q '6 hypotheses, 3 tested' said

# ranks
check "two tasks are too few for Friedman" grep -q 'friedman_chi2,,,2,3,NA,NA,,.*2 tasks and 3 models; the test needs 5 and 3' out/ranks.csv
check "tasks of the same pictures are said to be" grep -q '"tasks that share pictures are not independent: fracture, age"' out/ranks.csv
check "and are one source" grep -q '^small,grouped,.*,sources,mean_rank,tiny,,1,3,' out/ranks.csv
sed 's/, {task: age.yaml}//; /twin/d; /thumbnail/d' study.yaml > alone.yaml
"$program" evaluate alone.yaml -q --output planted > said 2>&1
check "one model: an earlier run's comparison is removed" test ! -e planted/compare.csv -a ! -e planted/ranks.csv

# the reporting sheet: every value stands in its file, at the place named
check "the sheet has both checklists whole" test "$(awk -F, 'NR > 1 { print $1 $2 }' out/reporting.csv | sort -u | grep -c 'CLAIM\|TRIPOD')" -eq 96
sheet_is_true out 60
check "every file named is there" sh -c "awk -F'\",\"|,' 1 out/reporting.csv > /dev/null; grep -oE '(metrics|cohort|compare|readouts|worst)\.csv|provenance\.json|study\.resolved\.yaml|probes/[^,]*\.json' out/reporting.csv | sort -u | while read -r f; do test -s out/\$f || exit 1; done"
check "what the run cannot answer is the author's" grep -q '^CLAIM 2024,44,funding,author,,,$' out/reporting.csv
check "the page has both" sh -c "grep -q '^## CLAIM 2024' out/reporting.md && grep -q '^## TRIPOD+AI' out/reporting.md"
check "the sheet is the same in a second run" cmp out/reporting.csv second/reporting.csv
echo "1..$count"
