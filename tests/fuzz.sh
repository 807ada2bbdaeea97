#!/bin/sh
# Runs each fuzzer under BUILD for SECONDS from its corpus; what it finds stays in BUILD/findings.
build=$1
seconds=$2
status=0
for program in "$build"/tests/fuzz/fuzz_*; do
    case $program in *.o|*.d) continue ;; esac
    name=$(basename "$program" | sed 's/^fuzz_//')
    mkdir -p "$build/grown/$name" "$build/findings"
    "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=65536 -artifact_prefix="$build/findings/$name-" \
        "$build/grown/$name" "tests/fuzz/corpus/$name" > "$build/$name.log" 2>&1
    if [ $? -eq 0 ]; then
        echo "$name: $(grep -o 'Done [0-9]* runs' "$build/$name.log"), nothing found"
    else
        echo "$name: FOUND something, see $build/$name.log"
        status=1
    fi
done
exit $status
