# The benches on a model so small that only their working is tested, not a time: figures, agreement with the peer, its absence.
. tests/cli/lib.sh

bench=$(dirname "$program")/tests/bench
encoder=$bench/bench_encoder
columns=what,who,precision,threads,batch,images,layers,unit,median,low,high,rounds
export TMPDIR="$scratch"

expect "no peer, as asked" 0 "left out, as asked" "$encoder" --tiny --rounds 2 --no-peer --csv "$scratch/encoder.csv"
check "encoder.csv: its columns" test "$(head -1 "$scratch/encoder.csv")" = $columns
check "encoder.csv: as many cells in every row" sh -c "! grep -vE '^([^,]+,){11}[^,]+\$' '$scratch/encoder.csv'"
check "encoder.csv: rates over all batches and both ways of counting threads" \
    test "$(grep -c '^rate,ours,fp32,' "$scratch/encoder.csv")" -ge 5
check "encoder.csv: median between low and high, above zero, two rounds" awk -F, 'NR > 1 && $1 == "rate" {
    if (!($10 > 0 && $10 <= $9 && $9 <= $11 && $12 == 2)) exit 1 }' "$scratch/encoder.csv"
check "encoder.csv: memory and start of a process of its own" \
    sh -c "grep -q '^memory,ours,fp32' '$scratch/encoder.csv' && grep -q '^start,ours,fp32' '$scratch/encoder.csv'"
check "nothing is left in TMPDIR" sh -c "! ls -d '$scratch'/skelex-bench.* 2> /dev/null"
expect "unknown option" 2 "usage: bench_encoder" "$encoder" --fast
expect "rounds must be a number" 2 "usage: bench_encoder" "$encoder" --rounds 1O

# Peers of our own making: without torch, slow, wrong.
peer() { # name, lines of a shell's case
    printf '#!/bin/sh\n%s\nwhile read -r word mode path n out; do case $word in\n%s\nesac; done\n' "$2" "$3" > "$scratch/$1"
    chmod +x "$scratch/$1"
}
peer none 'echo "missing no torch here"; exit 3' '*) ;;'
peer slow 'echo "ready 0.5"' 'memory) echo "ok 1" ;; time) echo "slow 99" ;; *) echo "error no" ;;'
peer zeros 'echo "ready 0.5"' 'memory) echo "ok 1" ;; time) echo "ok 0.01" ;;
embed) head -c 1024 /dev/zero > "$out"; echo "ok 0.01" ;; *) echo "error no" ;;'
peer silent 'echo "ready 0.5"; exit 0' '*) ;;'
expect "a peer without torch" 0 "NO PEER" "$encoder" --tiny --rounds 1 --peer "$scratch/none" --csv "$scratch/one.csv"
# 2 (16 64 768 + 2 (4 17 64^2 + 2 17^2 64 + 2 17 64 256)) operations: 16 patches, 17 tokens, width 64, MLP 256, 2 layers
check "one.csv: share of the peak is rate times work over peak" awk -F, '
    $1 == "peak" && $3 == "fp32" { peak[$4] = $9 }
    $1 == "rate" && $2 == "ours" && $3 == "fp32" { rate[$4 "," $5] = $9 }
    $1 == "share" && $3 == "fp32" { n++; s = rate[$4 "," $5] * 5063168e-9 / peak[$4]; if ($9 < s * 0.9999 || $9 > s * 1.0001) bad = 1 }
    END { exit bad || !n }' "$scratch/one.csv"
expect "a peer too slow" 0 "about 99 s an image by the rate of one product: not run" "$encoder" --tiny --rounds 1 --peer "$scratch/slow"
expect "a peer whose embeddings differ" 1 "TOO FAR APART: not timed" "$encoder" --tiny --rounds 1 --peer "$scratch/zeros"
expect "a peer that ends" 0 "cannot be run here" "$encoder" --tiny --rounds 1 --peer "$scratch/silent"

if /usr/bin/python3 -c 'import torch' 2> /dev/null || python3 -c 'import torch' 2> /dev/null; then
    "$encoder" --tiny --rounds 1 --csv "$scratch/torch.csv" > "$scratch/said" 2>&1
    check "PyTorch's embeddings agree" test $? -eq 0
    check "PyTorch is timed and compared" sh -c "grep -q '^rate,pytorch[^,]*,fp32,.*,images/s,' '$scratch/torch.csv' &&
        grep -q '^ratio,pytorch best,fp32,' '$scratch/torch.csv'"
else
    skip "PyTorch as a peer" "python3-torch is not installed"
fi

cohort=$bench/bench_cohort
expect "a cohort through the whole command" 0 "of the encoder alone" "$cohort" --tiny --csv "$scratch/cohort.csv"
check "cohort.csv: rates and memory of each size" awk -F, '$1 == "memory" { m++ } $1 == "ratio" && $2 == "extract to encoder" { r++ }
    END { exit m != 2 || r != 2 }' "$scratch/cohort.csv"
expect "a cohort in bf16" 0 "bf16, " "$cohort" --tiny --precision bf16
expect "sizes ascend" 2 "usage: bench_cohort" "$cohort" --tiny --sizes 32,16
mkdir "$scratch/few" "$scratch/empty"
touch "$scratch/few/a.png"
expect "more images than there are" 1 "there are 1 images, not 32" "$cohort" --tiny --images "$scratch/few"
expect "no images" 1 "there are no images" "$cohort" --tiny --images "$scratch/empty"

# The probes; threads that wait asleep, as tests share the processors.
probe() { OMP_WAIT_POLICY=passive "$bench/bench_probe" --quick --rounds 1 "$@"; }
expect "the probes without a peer, as asked" 0 "peer left out, as asked" probe --no-peer --csv "$scratch/probe.csv"
check "probe.csv: its columns" test "$(head -1 "$scratch/probe.csv")" = \
    what,who,n,d,queries,classes,folds,grid,threads,unit,median,low,high,rounds
check "probe.csv: as many cells in every row" sh -c "! grep -vE '^([^,]+,){13}[^,]+\$' '$scratch/probe.csv'"
check "probe.csv: both paths, neighbours, ridge, memory, 17 costs, all above zero" awk -F, '$2 ~ /^ours/ { n[$1]++; if (!($11 > 0)) exit 1 }
    /^cost of/ { costs++ } END { exit n["logistic"] != 2 || n["knn"] != 1 || n["ridge"] != 2 || n["memory"] != 2 || costs != 17 }' "$scratch/probe.csv"
expect "probes: a peer without scikit-learn" 0 "NO PEER" probe --part knn --peer "$scratch/none"
peer low 'echo "ready 0.1"' 'objective) echo "ok 0.01" ;; *) echo "ok 1" ;;'
expect "probes: a peer with a lower objective" 1 "OUR OBJECTIVE IS HIGHER" probe --part logistic2 --peer "$scratch/low"
expect "probes: unknown part" 2 "usage: bench_probe" probe --part svm
if /usr/bin/python3 -c 'import sklearn' 2> /dev/null || python3 -c 'import sklearn' 2> /dev/null; then
    for part in logistic2 logistic5 knn ridge; do
        expect "scikit-learn agrees: $part" 0 "times as fast" probe --part $part --cells 3
    done
else
    skip "scikit-learn as a peer" "python3-sklearn is not installed"
fi
if command -v gnuplot > /dev/null; then
    sh tests/bench/plot.sh "$scratch" > "$scratch/said" 2>&1
    check "the pictures" test $? -eq 0 -a -s "$scratch/encoder.png" -a -s "$scratch/encoder.svg" -a -s "$scratch/probe.png" -a -s "$scratch/probe.svg"
    sed 's/^/# /' "$scratch/said"
else
    skip "the picture" "gnuplot is not installed"
fi
expect "models are compared" 0 "12 tasks, 6 models, 200 replicates, 2 threads" "$bench/bench_compare" --tiny
expect "the statistics of a study, a hundredth of the replicates" 0 "bone age" "$bench/bench_statistics" --quick
expect "and its options" 2 "usage: bench_statistics" "$bench/bench_statistics" --fast
echo "1..$count"
