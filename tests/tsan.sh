#!/bin/sh
# Unit tests and a small study under the thread sanitizer; any report fails.
build=$1
archer=$(ls /usr/lib/llvm-*/lib/libarcher.so 2>/dev/null | head -1)
export OMP_TOOL_LIBRARIES="$archer" TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=0 exitcode=66" OMP_NUM_THREADS=4
passed=0 failed=0
judge() { # name, status, log
    if [ "$2" -eq 66 ] || grep -q 'WARNING: ThreadSanitizer' "$3"; then
        failed=$((failed + 1)); echo "$1: DATA RACE"; grep -A12 'WARNING: ThreadSanitizer' "$3" | head -30
    elif [ "$2" -ne 0 ]; then
        failed=$((failed + 1)); echo "$1: ended with status $2"; tail -5 "$3"
    else
        passed=$((passed + 1)); echo "$1: clean"
    fi
}
log=$build/tsan.log
for program in "$build"/tests/unit/test_*; do
    case $program in *.o|*.d) continue ;; esac
    "$program" > "$log" 2>&1
    judge "$(basename "$program")" $? "$log"
done
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$build/skelex-eval" synth --patients 90 "$place/data" > "$log" 2>&1
judge synth $? "$log"
mkdir -p "$place/manifests"
sed -e "s#\.\./results/demo-data#$place/data#g" -e "s#\.\./results#$place/results#g" -e "s#\.\./tasks#$PWD/tasks#g" -e 's/2000/200/' manifests/demo.yaml > "$place/manifests/demo.yaml"
"$build/skelex-eval" run --threads 4 "$place/manifests/demo.yaml" > "$log" 2>&1
judge run $? "$log"
"$build/skelex-eval" heatmap --threads 4 --passes 3 -o "$place/maps" "$place/data/tiny-random-vit" "$place/data/images" > "$log" 2>&1
judge heatmap $? "$log"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
