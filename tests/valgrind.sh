#!/bin/sh
# What reads a checkpoint and computes with it, under Valgrind's memcheck: an
# invalid access, a value that was never set or a definite leak fails.  Valgrind
# shows programs a processor without AVX-512, so this is the AVX2 path, then the
# portable one.
#   tests/valgrind.sh BUILD
build=$1
passed=0 failed=0
export OMP_NUM_THREADS=2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
log=$place/log
check() { # name, command
    name=$1
    shift
    valgrind --quiet --error-exitcode=66 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite "$@" > "$log" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1)); echo "$name: clean"
    else
        failed=$((failed + 1)); echo "$name: ended with status $status"; grep -m 30 '^==' "$log" || tail -5 "$log"
    fi
}
"$build/skelex-eval" synth --patients 40 "$place/data" > "$log" 2>&1 || { cat "$log"; exit 1; }
picture=$(ls "$place/data/images"/*.png | head -1)
mkdir -p "$place/manifests"
sed -e "s#\.\./results/demo-data#$place/data#g" -e "s#\.\./results#$place/results#g" -e "s#\.\./tasks#$PWD/tasks#g" -e /joint_space/d manifests/demo.yaml > "$place/manifests/demo.yaml"
for path in avx2 portable; do
    export SKELEX_CPU=$path
    for test in product kernels encoder dinov2 resnet; do
        check "test_$test $path" "$build/tests/unit/test_$test"
    done
    for precision in fp32 bf16; do
        check "inspect $precision $path" "$build/skelex-eval" inspect --image "$picture" --precision $precision "$place/data/tiny-random-vit"
    done
    check "extract $path" "$build/skelex-eval" extract --threads 2 --store "$place/store$path" "$place/manifests/demo.yaml"
    check "heatmap $path" "$build/skelex-eval" heatmap --threads 2 --passes 2 -o "$place/maps$path" "$place/data/tiny-random-vit" "$picture"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
