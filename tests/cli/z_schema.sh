# Every documented report was written by one of the scripts before this one, and no meaning is missing; lib.sh's tables_are_read keeps the kinds.
. tests/cli/lib.sh

"$program" schema > "$scratch/all"
check "every column has a meaning" awk '/^[^ ]/ && NF < 2 { print "# " $0; bad = 1 } END { exit bad }' "$scratch/all"
if [ -s "$seen" ] && [ "$(sort -u "$seen" | wc -l)" -gt 15 ]; then
    sed -n 's/^\([^ ].*\.csv\): a row is .*/\1/p' "$scratch/all" | sort -u > "$scratch/documented"
    unseen=$(sort -u "$seen" | comm -23 "$scratch/documented" -)
    check "every documented report was written by a test" test -z "$unseen"
    [ -n "$unseen" ] && echo "$unseen" | sed 's/^/# /'
else
    skip "every documented report was written by a test" "run alone"
fi
printf 'task,severity,check,sample,lines,detail,group\n' > "$scratch/audit.csv"
expect "a wrong column is named" 3 "audit.csv:1: column 5 is 'lines', and 'line' is documented there" "$program" schema "$scratch/audit.csv"
printf 'task,class,partition,images,patients,more\n' > "$scratch/cohort.csv"
expect "a column too many is named" 3 "cohort.csv:1: column 'more' is not documented" "$program" schema "$scratch/cohort.csv"
printf 'task,class,partition,images\n' > "$scratch/cohort.csv"
expect "a column too few is named" 3 "column 5 is 'missing', and 'patients' is documented there" "$program" schema "$scratch/cohort.csv"
expect "another file is refused" 3 "no report is called so" "$program" schema "$scratch/other.csv"
echo "1..$count"
