# The rules that hold the house up, read off the sources.
. tests/cli/lib.sh

# floor of each stage; a stage may include lower floors and itself, and the pairs named
cat > "$scratch/floors" <<'F'
base 0
metric 1
study 2
image 2
encoder 2
split 2
interval 2
report 2
synth 2
probe 3
cohort 3
embed 4
evaluate 5
region 5
anomaly 6
cmd 7
F
for file in harness/*/*.[ch]; do
    stage=$(basename "$(dirname "$file")")
    sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sed "s|^|$stage $file |"
done | awk -v floors="$scratch/floors" '
    BEGIN { while ((getline line < floors) > 0) { split(line, f, " "); floor[f[1]] = f[2] } }
    !($1 in floor) || !($3 in floor) { print "unknown stage: " $0; bad = 1; next }
    $1 == $3 || floor[$3] < floor[$1] { next }
    { print $2 " includes " $3; bad = 1 }
    END { exit bad }' > "$scratch/includes"
code=$?
check "includes run down the floors" test $code -eq 0
sed 's/^/# /' "$scratch/includes"

printing=$(grep -nE '\b(printf|puts|putchar|exit|abort|_Exit)\(|fprintf\(std' harness/*/*.c | grep -vE '^harness/(cmd/|base/(progress|memory|interrupt)\.c)')
check "nothing prints or exits below cmd" test -z "$printing"
[ -n "$printing" ] && echo "$printing" | sed 's/^/# /'

unknown=$(grep -ohE '(findings_add|add_group)\(.*' harness/*/*.c | grep -oE '(FINDING_[A-Z]+|\)|severity), "[a-z_]+"' | grep -oE '"[a-z_]+"' | sort -u | while read -r code; do
    grep -q "^    {$code, " harness/study/audit_codes.c || echo "$code"
done)
check "every finding's code is in the table of codes" test -z "$unknown"
[ -n "$unknown" ] && echo "$unknown" | sed 's/^/# /'

paths=$(grep -rnE '(^|[^A-Za-z0-9_.$])/(tmp|work|root|home)/[A-Za-z0-9_.]+' harness tasks manifests README.md Makefile)
check "no path of one machine" test -z "$paths"
check "no -ffast-math" sh -c '! grep -nE "^[^#]*(-ffast-math|-Ofast)" Makefile'
check "nobody calls setlocale" sh -c '! grep -rn "setlocale(" harness'
for file in tasks/*.yaml manifests/*.yaml; do
    check "$file says what it is" grep -qE '^name: ' "$file"
done
echo "1..$count"
