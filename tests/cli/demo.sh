# The demo study as `make demo` runs it, against the table kept in results/demo-reference.
. tests/cli/lib.sh

reference=$top/results/demo-reference/metrics.csv
mkdir -p "$scratch/manifests" "$scratch/results"
cp -r tasks "$scratch/tasks"
cp manifests/demo.yaml "$scratch/manifests"
cd "$scratch" || exit 1
"$program" synth -q results/demo-data || not_ok "synth"
"$program" run -q manifests/demo.yaml > table 2> said
check "the demo runs" test $? -eq 0
check "the random encoder is named as such" grep -q "tiny-random-vit" table
check "same rows as the reference" sh -c "cut -d, -f2-12 results/demo/metrics.csv > a; cut -d, -f2-12 '$reference' > b; cmp a b"
# Another processor gets other last bits of the embeddings, which can reorder a neighbour or move a cut: values may differ
# by a few images of the test part (about 1/120 each), never by more.
cut -d, -f13 "$reference" > a
cut -d, -f13 results/demo/metrics.csv > b
paste -d, a b | awk -F, 'NR > 1 { d = $1 - $2; if (d < 0) d = -d; s = $1 < 0 ? -$1 : $1; if (s < 1) s = 1; d /= s; if (d > most) most = d
    if (($1 == "NA") != ($2 == "NA") || d > 0.05) { print "line " NR ": " $1 " and " $2; bad = 1 } }
    END { print "# largest difference " most; exit bad }' > compared
code=$?
grep '^#' compared
check "same figures as the reference" test $code -eq 0
[ $code -eq 0 ] || sed 's/^/# /' compared
echo "1..$count"
