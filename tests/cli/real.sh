# Studies over real radiographs, from the original files to metrics.csv: equal bytes on one and two threads, and
# after a kill -9 in the middle.  Needs REAL, a folder with kneeoa/{val,test}/{0..4} and fracatlas/.
. tests/cli/lib.sh

export REAL_DATA="${REAL:-../shared/real}"
case $REAL_DATA in /*) ;; *) REAL_DATA=$top/$REAL_DATA ;; esac
[ -d "$REAL_DATA/kneeoa" ] && [ -d "$REAL_DATA/fracatlas" ] || {
    skip "real radiographs" "no kneeoa and fracatlas under REAL=$REAL_DATA"
    echo "1..1"
    exit 0
}
mkdir -p "$scratch/manifests" "$scratch/results"
cp -r tasks "$scratch/tasks"
for study in kneeoa fracatlas; do # few replicates: the intervals are tested elsewhere
    sed 's/^probes:/bootstrap: {replicates: 300}\n&/' manifests/$study.yaml > "$scratch/manifests/$study.yaml"
done
"$program" synth -q --patients 1 "$scratch/results/demo-data"
cd "$scratch" || exit 1

for study in kneeoa fracatlas; do
    "$program" run -q -t 2 -o one_$study --store store_$study manifests/$study.yaml > table 2> said
    check "$study: runs" test $? -eq 0
done
"$program" run -q -t 1 -o alone --store store_alone manifests/fracatlas.yaml > /dev/null 2>&1
check "fracatlas: one and two threads, equal bytes" reports_equal one_fracatlas alone
check "kneeoa: patients of the test folder" grep -q ",test,auroc,1656,828," one_kneeoa/metrics.csv
check "kneeoa: grades of the test folder" grep -q "^kneeoa_valtest,4,given test,51," one_kneeoa/cohort.csv
check "fracatlas: 11 groups of equal files, 25 rows" test "$(grep '^fracatlas,note,duplicate,.*the same file as' one_fracatlas/audit.csv | wc -l)" = 25
check "fracatlas: 14 files are surplus" test "$(grep '^fracatlas,note,duplicate,.*the same file as' one_fracatlas/audit.csv | cut -d, -f4 | while read -r id; do sha256sum < "$REAL_DATA/fracatlas/$id"; done | sort | uniq -c | awk '{ n += $1 - 1; g++ } END { print n, g }')" = "14 11"
check "fracatlas: equal pixels, two groups with contradicting labels, accepted by name" test "$(grep -c '^fracatlas,accepted,contradiction,' one_fracatlas/audit.csv)" = 5
inverted=$REAL_DATA/kneeoa/INVERTED_POLARITY_all_splits.txt
grep '^kneeoa_valtest,warning,inverted,' one_kneeoa/audit.csv | cut -d, -f4 | sort > named
grep -E '^(val|test)/' "$inverted" | sort > listed
hits=$(comm -12 named listed | wc -l) alarms=$(comm -23 named listed | wc -l)
check "kneeoa: inverted knees found: $hits of $(wc -l < listed), false alarms $alarms of 2442" test "$hits" -ge 38 -a "$alarms" -le 24
for data in fracatlas; do
    n=$(grep -c "^$data,warning,inverted," one_$data/audit.csv)
    check "$data: $n of 1785 pictures named as inverted, at most 1 %" test "$n" -le 17
done
check "kneeoa: no near duplicates" test "$(grep -c 'near_duplicate' one_kneeoa/audit.csv)" = 0
sed '/^accept:/d' manifests/fracatlas.yaml > manifests/strict.yaml
expect "fracatlas: contradictions refuse unless accepted" 3 "error (contradiction)" "$program" check -q -o strict --store store_fracatlas manifests/strict.yaml
check "fracatlas: all images read" test "$(grep -c ',unreadable,' one_fracatlas/audit.csv)" = 0
"$program" extract -q -t 2 --store store_killed manifests/kneeoa.yaml 2> /dev/null &
pid=$!
sleep 2
kill -9 $pid 2> /dev/null
wait $pid 2> /dev/null
"$program" run -t 1 -o killed --store store_killed manifests/kneeoa.yaml > /dev/null 2> said
grep '^embeddings' said | sed 's/^/# /'
check "kneeoa: with one thread, and after kill -9, equal bytes" reports_equal one_kneeoa killed
echo "1..$count"
