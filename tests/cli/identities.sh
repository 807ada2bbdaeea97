# The reports of a small study agree with one another: every headline figure is computed again, by awk, from
# predictions/*.csv and splits/*.csv alone.
. tests/cli/lib.sh

make_study "$scratch" 80 || { not_ok "synth"; exit 1; }
cd "$scratch" || exit 1
"$program" run -q study.yaml > table 2> said
check "the study runs" test $? -eq 0

# metric NAME: task model readout probe value, of the test part (or the partition named second)
metric() { awk -F, -v name="$1" -v part="${2:-test}" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $at["metric"] == name && $at["partition"] == part { print $at["task"], $at["model"], $at["readout"], $at["probe"], $at["value"] }' out/metrics.csv; }
# same A B: lines equal but for the last field, which may differ by 1e-12 of itself
same() { paste -d' ' "$1" "$2" | awk '{ n = NF / 2; for (i = 1; i < n; i++) if ($i != $(n + i)) bad = 1; d = $n - $NF; s = $n; if (d < 0) d = -d; if (s < 0) s = -s
    if (d > 1e-12 * (s > 1 ? s : 1)) { print "# " $0; bad = 1 } } END { exit bad || NR == 0 }'; }

# sample,patient,site,protocol,partition,fold,label,model,readout,probe,prediction,score_intact,score_fractured
awk -F, 'NR > 1 && $5 == "test" { k = "fracture " $8 " " $9 " " $10; n[k]++; y[k, n[k]] = $7 == "fractured"; s[k, n[k]] = $13; if (!(k in seen)) { seen[k] = 1; order[++m] = k } }
    END { for (j = 1; j <= m; j++) { k = order[j]; u = p = q = 0
        for (a = 1; a <= n[k]; a++) if (y[k, a]) { p++; for (b = 1; b <= n[k]; b++) if (!y[k, b]) u += s[k, a] > s[k, b] ? 1 : s[k, a] == s[k, b] ? 0.5 : 0 } else q++
        printf "%s %.17g\n", k, u / (p * q) } }' out/predictions/fracture.csv > auroc
metric auroc | grep '^fracture' > auroc_said
check "AUROC is that of the predictions" same auroc_said auroc

awk -F, 'NR > 1 && $5 == "test" { k = "fracture " $8 " " $9 " " $10; if (!(k in seen)) { seen[k] = 1; order[++m] = k } right = ($13 > 0.5) == ($7 == "fractured"); if ($7 == "fractured") { p[k]++; tp[k] += right } else { q[k]++; tn[k] += right }
        if (($11 == "fractured") != ($13 > 0.5)) bad[k] = 1 }
    END { for (j = 1; j <= m; j++) { k = order[j]; printf "%s %.17g\n", k, bad[k] ? -1 : (tp[k] / p[k] + tn[k] / q[k]) / 2 } }' out/predictions/fracture.csv > bacc
metric balanced_accuracy | grep '^fracture' > bacc_said
check "balanced accuracy is that of the predictions" same bacc_said bacc

# the threshold is a validation score with the largest Youden index, and the figures at it are the test part's
metric threshold validation > threshold
awk -F, 'FNR == NR { split($0, t, " "); cut[t[1] " " t[2] " " t[3] " " t[4]] = t[5]; order[++m] = t[1] " " t[2] " " t[3] " " t[4]; next }
    FNR > 1 { k = "fracture " $8 " " $9 " " $10; if ($5 == "test") { if ($7 == "fractured") { p[k]++; tp[k] += $13 >= cut[k] } }
        else { n[k]++; y[k, n[k]] = $7 == "fractured"; s[k, n[k]] = $13 } }
    END { for (j = 1; j <= m; j++) { k = order[j]; P = N = 0; for (a = 1; a <= n[k]; a++) if (y[k, a]) P++; else N++
            best = -1; for (a = 0; a <= n[k]; a++) { c = a ? s[k, a] : cut[k]; hit = alarm = 0; for (b = 1; b <= n[k]; b++) if (s[k, b] >= c) { if (y[k, b]) hit++; else alarm++ }
                v = hit * N - alarm * P; if (!a) mine = v; if (v > best) best = v }
            if (mine != best) print "not the best: " k > "/dev/stderr"; printf "%s %.17g\n", k, mine == best ? tp[k] / p[k] : -1 } }' threshold out/predictions/fracture.csv > sens
metric sensitivity_at_threshold | grep '^fracture' > sens_said
check "the threshold is Youden's on validation, sensitivity the test's at it" same sens_said sens

awk -F, 'NR > 1 && $5 == "test" { k = "age " $8 " " $9 " " $10; if (!(k in n)) order[++m] = k; n[k]++; d = $11 - $7; e[k] += d < 0 ? -d : d }
    END { for (j = 1; j <= m; j++) printf "%s %.17g\n", order[j], e[order[j]] / n[order[j]] }' out/predictions/age.csv > mae
metric mae | grep '^age' > mae_said
check "MAE is that of the predictions" same mae_said mae

for task in fracture age; do
    check "$task: no patient in two parts or folds" awk -F, 'NR > 1 { part = $6 " " $7; if ($2 in where && where[$2] != part) exit 1; where[$2] = part }' out/splits/$task.csv
    check "$task: predictions follow the splits" awk -F, 'FNR == NR { if (FNR > 1) part[$1] = $6 "," $7; next } FNR > 1 && part[$1] != $5 "," $6 { exit 1 }' out/splits/$task.csv out/predictions/$task.csv
done
# the chosen value of each path is the best mean, and the mean is that of its folds
check "the path's mean is that of its folds, and the best is chosen" awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { k = $at["task"] $at["model"] $at["readout"] $at["probe"]; v = k " " $at["parameter_value"] }
    $at["fold"] == "mean" { mean[v] = $at["score"]; less = $at["criterion"] == "mae" ? -1 : 1; x = less * $at["score"]; if (!(k in best) || x > best[k]) best[k] = x; if ($at["chosen"] == 1) { n[k]++; mine[k] = x } next }
    { sum[v] += $at["score"]; count[v]++ }
    END { for (v in mean) { d = mean[v] - sum[v] / count[v]; if (d > 1e-12 || d < -1e-12) exit 1 } for (k in best) { cells++; if (n[k] != 1 || mine[k] != best[k]) exit 1 } exit cells == 0 }' out/path.csv
check "every interval holds its ends in order" awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } $at["method"] != "" && $at["low"] != "NA" { n++; if ($at["low"] + 0 > $at["high"] + 0) exit 1 } END { exit n == 0 }' out/metrics.csv
echo "1..$count"
