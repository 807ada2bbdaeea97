#!/bin/sh
# Runs every test program under BUILD and the scripts of tests/cli, counts their
# TAP lines, and ends with one line: N passed, N failed, N skipped.
#   tests/run.sh BUILD GOLDEN REAL
build=$1
golden=$2
real=$3
log=$build/test.log
passed=0 failed=0 skipped=0 began=$(date +%s)
: > "$log"
rm -f "$build/schema.seen"

# A program that dies counts as one failure more than it reported.
tally() { # name, exit status, output file
    ok=$(grep -c '^ok ' "$3"); bad=$(grep -c '^not ok ' "$3"); skip=$(grep -ci '^ok .*# *skip' "$3")
    ok=$((ok - skip))
    [ "$2" -ne 0 ] && [ "$bad" -eq 0 ] && { bad=1; echo "not ok - $1 ended with status $2" >> "$3"; }
    [ $((ok + bad + skip)) -eq 0 ] && { bad=1; echo "not ok - $1 ran no test" >> "$3"; }
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
    printf '%-34s %4d passed' "$1" "$ok"
    [ "$bad" -gt 0 ] && printf ', %d FAILED' "$bad"
    [ "$skip" -gt 0 ] && printf ', %d skipped' "$skip"
    now=$(date +%s)
    [ $((now - began)) -ge 5 ] && printf '  (%d s)' $((now - began))
    began=$now
    echo
    [ "$bad" -gt 0 ] && grep -v '^ok ' "$3" | tail -40 | sed 's/^/    /'
    grep -i '^ok .*# *skip' "$3" | sed 's/^ok [0-9]* - /    skipped: /'
    cat "$3" >> "$log"
}

out=$build/one.log
export GOLDEN="$golden" REAL="$real" CMOCKA_MESSAGE_OUTPUT=TAP
for program in "$build"/tests/unit/test_*; do
    [ -x "$program" ] && [ ! -d "$program" ] || continue
    case $program in *.o|*.d) continue ;; esac
    "$program" > "$out" 2>&1
    tally "unit/$(basename "$program")" $? "$out"
done

for program in "$build"/tests/fuzz/replay_*; do
    case $program in *.o|*.d) continue ;; esac
    [ -x "$program" ] || continue
    name=$(basename "$program" | sed 's/^replay_//')
    "$program" "tests/fuzz/corpus/$name" > "$out" 2>&1
    tally "fuzz/$name" $? "$out"
done

for script in tests/cli/*.sh; do
    case $script in */lib.sh) continue ;; esac
    sh "$script" "$build" > "$out" 2>&1
    tally "cli/$(basename "$script" .sh)" $? "$out"
done

"$build/tests/golden/golden" "$golden" > "$out" 2>&1
status=$?
ok=$(grep -c '^pass ' "$out"); bad=$(grep -c '^FAIL ' "$out"); skip=$(grep -c '^skip ' "$out")
grep -q '^SKIPPED' "$out" && { skip=1 status=0; echo "    $(grep '^SKIPPED' "$out")"; }
[ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
printf '%-34s %4d passed, %d failed, %d skipped\n' golden "$ok" "$bad" "$skip"
grep '^FAIL ' "$out" | head -40
cat "$out" >> "$log"

echo "everything printed is in $log"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
