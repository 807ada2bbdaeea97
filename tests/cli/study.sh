# The whole way on a small synthetic cohort: equal bytes whatever happens to the run.
. tests/cli/lib.sh

make_study "$scratch" 60 || { not_ok "synth"; exit 1; }
cd "$scratch" || exit 1
study=study.yaml

expect "check" 0 "fractured" "$program" check $study
expect "evaluate before extract" 4 "store" "$program" evaluate $study
"$program" run -q -t 1 -o one $study > table_one 2> errors
check "run on one thread" test $? -eq 0
check "the table names its intervals" grep -q "95% interval" table_one
for file in metrics.csv path.csv cohort.csv audit.csv provenance.json study.resolved.yaml splits/fracture.csv predictions/fracture.csv predictions/age.csv; do
    check "wrote $file" test -s one/$file
done
check "no temporary is left" sh -c '! find one -name "*.tmp*" | grep -q .'
check "test rows hold intervals: an area's" grep -q "^small,fracture,grouped,tiny,cls,linear,checkpoint,fp32,test,auroc,.*,0.95,Newcombe method 5 by patient,,,$" one/metrics.csv
check "and a bootstrap's" grep -q "^small,fracture,grouped,tiny,cls,linear,checkpoint,fp32,test,f1,.*,0.95,percentile bootstrap by patient stratified by class,200,0," one/metrics.csv
check "provenance has the weights" grep -q '"weights_sha256": "[0-9a-f]\{64\}"' one/provenance.json

"$program" run -q -t 2 -o again $study > /dev/null 2>&1
check "second run from the store: equal bytes" reports_equal one again
rm -rf store
"$program" run -q -t 3 -o three $study > /dev/null 2>&1
check "three threads from nothing: equal bytes" reports_equal one three
rm -rf store
"$program" run -q -t 2 --batch 16 -o sixteen $study > /dev/null 2>&1
check "sixteen images at once: equal bytes" reports_equal one sixteen
check "and provenance says so" grep -q '"batch": 16' sixteen/provenance.json
expect "export" 0 "embeddings of 2 tasks" "$program" export -q --to whole $study
expect "tokens are exported as float16" 0 "f2 [" "$program" inspect whole/fracture.tiny.tokens.npy

# killed in the middle, twice: at 90 % of what an extraction from nothing takes
rm -rf store
begin=$(date +%s.%N)
"$program" extract -q -t 1 $study
whole=$(echo "$begin $(date +%s.%N)" | awk '{print $2 - $1}')
rm -rf store
for share in 0.9 0.9; do
    "$program" extract -q -t 1 $study > /dev/null 2>&1 &
    pid=$!
    sleep "$(echo "$whole $share" | awk '{print $1 * $2}')"
    kill -9 $pid 2> /dev/null
    wait $pid 2> /dev/null
done
"$program" run -t 2 -o killed $study > /dev/null 2> said
check "the run after kill -9 finishes" test $? -eq 0
grep '^embeddings' said | sed 's/^/# /'
check "after kill -9: equal bytes" reports_equal one killed
expect "export after kill -9" 0 "embeddings" "$program" export -q --to killed_export $study
check "after kill -9: equal embeddings" diff -r whole killed_export

# Ctrl-C
rm -rf store
"$program" extract -t 1 $study > /dev/null 2> said &
pid=$!
sleep "$(echo "$whole" | awk '{print $1 * 0.6}')"
kill -INT $pid 2> /dev/null
wait $pid 2> /dev/null
code=$?
check "Ctrl-C ends by the signal, or the run was done" test $code -eq 130 -o $code -eq 0
[ $code -eq 130 ] && check "Ctrl-C says how to go on" grep -q "goes on from here" said
"$program" run -q -o interrupted $study > /dev/null 2>&1
check "after Ctrl-C: equal bytes" reports_equal one interrupted

# shards
rm -rf store
"$program" extract -q --shard 1/3 $study 2> said && "$program" extract -q --shard 3/3 $study 2>> said
expect "evaluate with a shard missing" 3 "run \`extract\` first" "$program" evaluate -q -o partial $study
check "nothing half-made: no metrics.csv" test ! -e partial/metrics.csv
"$program" extract -q --shard 2/3 $study && "$program" evaluate -q -o shards $study > /dev/null
check "three shards: equal bytes" reports_equal one shards

# order of rows and a damaged store
(head -1 data/cohort.csv; tail -n +2 data/cohort.csv | sort -r) > data/reversed.csv
sed -i 's/cohort.csv/reversed.csv/' fracture.yaml age.yaml
"$program" run -q -o reversed $study > /dev/null
check "rows in another order: equal splits" diff -r one/splits reversed/splits
check "rows in another order: equal metrics" diff one/metrics.csv reversed/metrics.csv
sed -i 's/reversed.csv/cohort.csv/' fracture.yaml age.yaml

# one checkpoint in two precisions: two models of one study
sed 's#^  - {name: tiny, .*#  - {name: tiny, path: data/tiny-random-vit}\n  - {name: tiny16, path: data/tiny-random-vit, precision: bf16}#' study.yaml > two.yaml
expect "two precisions of a checkpoint" 0 "tiny16" "$program" run -q -o two two.yaml
check "rows say which" sh -c 'grep -q "^small,age,grouped,tiny,cls,linear,checkpoint,fp32," two/metrics.csv && grep -q "^small,age,grouped,tiny16,cls,linear,checkpoint,bf16," two/metrics.csv && grep -q "^small,age,grouped,tiny16,cls,linear,checkpoint,bf16," two/path.csv'
check "baselines have none" grep -q "^small,age,grouped,thumbnail,features,linear,,,test" two/metrics.csv
check "the resolved study says which" test "$(grep -c '^    precision: ' two/study.resolved.yaml)" = 2
check "provenance says which" sh -c 'grep -q "\"precision\": \"fp32\"" two/provenance.json && grep -q "\"precision\": \"bf16\"" two/provenance.json'
check "the store keeps both" sh -c "'$program' inspect store | grep -c 'vit_mae .*, bf16, weights' | grep -qx 1"

for path in data/tiny-random-vit data/tiny-random-vit/model.safetensors store one data/images/P0001_1.png data/cohort.csv whole/fracture.tiny.cls.npy; do
    expect "inspect $path" 0 "" "$program" inspect $path
done
check "inspect tells the unused tensors" sh -c "'$program' inspect data/tiny-random-vit | grep -q decoder"
check "inspect tells the store's encoder" sh -c "'$program' inspect store | grep -q 'vit_mae'"

"$program" synth -q --patients 60 data
check "synth again leaves everything as it is" test $? -eq 0
expect "synth into other data refuses" 3 "" "$program" synth -q --patients 61 --seed 7 data
echo "1..$count"
