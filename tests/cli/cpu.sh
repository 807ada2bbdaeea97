# Each set of instructions, asked for by SKELEX_CPU: the unit tests of the products again, and the whole way.
. tests/cli/lib.sh

expect "a set that does not exist" 2 "SKELEX_CPU is 'sse9'; it may be" env SKELEX_CPU=sse9 "$program" inspect x
make_study "$scratch" 24 || exit 1
for cpu in portable avx2 avx512 avx512bf16; do
    if SKELEX_CPU=$cpu "$program" inspect "$scratch/data/cohort.csv" 2>&1 | grep -q "SKELEX_CPU asks for"; then
        skip "products with $cpu" "this processor lacks it; make emulated tests it in software"
        continue
    fi
    for test in test_product test_kernels test_encoder test_dinov2; do
        check "$test with $cpu" env SKELEX_CPU=$cpu sh -c "'$1/tests/unit/$test' > '$scratch/log' 2>&1"
    done
    for run in "1 1" "2 5"; do
        set -- "$1" $run
        check "extract with $cpu, $2 threads, batch $3" env SKELEX_CPU=$cpu "$program" extract -q --threads "$2" --batch "$3" \
            --store "$scratch/$cpu$2" "$scratch/study.yaml"
        check "export with $cpu, $2 threads" env SKELEX_CPU=$cpu "$program" export -q --store "$scratch/$cpu$2" --to "$scratch/export$cpu$2" \
            "$scratch/study.yaml"
    done
    check "$cpu: equal bytes for any threads and batch" diff -r "$scratch/export${cpu}1" "$scratch/export${cpu}2"
done
# What one arithmetic left in a store is not another's.
if [ -d "$scratch/exportavx21" ]; then
    SKELEX_CPU=portable "$program" extract -q --store "$scratch/both" "$scratch/study.yaml"
    check "a store filled by portable" test $? -eq 0
    SKELEX_CPU=avx2 "$program" extract -q --store "$scratch/both" "$scratch/study.yaml"
    SKELEX_CPU=avx2 "$program" export -q --store "$scratch/both" --to "$scratch/exportboth" "$scratch/study.yaml"
    check "gives avx2 its own bytes" diff -r "$scratch/exportavx21" "$scratch/exportboth"
    check "which are others" sh -c "! cmp -s '$scratch/exportavx21/age.tiny.cls.npy' '$scratch/exportportable1/age.tiny.cls.npy'"
    SKELEX_CPU=portable "$program" run -q --store "$scratch/both" -o "$scratch/reports" "$scratch/study.yaml" > /dev/null
    check "provenance names the instructions" grep -q '"instructions": "portable"' "$scratch/reports/provenance.json"
fi
if [ -d "$scratch/exportavx5121" ]; then
    check "avx2 and avx512 give equal bytes" diff -r "$scratch/exportavx21" "$scratch/exportavx5121"
fi
