# subgroups.csv: groups by columns and bands, n that add up, figures that awk finds again in the predictions, one test a column and metric.
. tests/cli/lib.sh

make_study "$scratch" 120 || { not_ok "synth"; exit 1; }
cd "$scratch" || exit 1
sed -i 's/, readout: .*tokens\]/, readout: [mean]/; s/^probes: .*/probes: [linear]/' study.yaml
cp study.yaml plain.yaml
cat >> study.yaml <<'Y'
subgroups:
  - {column: sex}
  - {column: site}
  - {column: age, bands: [120, 160]}
  - {column: nowhere}
Y
echo 'subgroups: [{column: view}]' >> age.yaml # its own list stands instead of the study's
"$program" run -q -t 1 -o one study.yaml > table 2> said
check "the study runs" test $? -eq 0
head -3 said | sed 's/^/# /'
s=one/subgroups.csv
check "there are rows" test -s $s
at='NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }'
check "every row as wide as the header" sh -c "\"$program\" inspect one > /dev/null && awk -F, 'NR == 1 { n = NF } !/\"/ && NF != n { bad = 1 } END { exit bad }' $s"
check "groups of sex, site and age" test "$(awk -F, "$at"' $at["task"] == "fracture" && $at["metric"] == "auroc" && $at["group"] != "" { print $at["column"] ":" $at["group"] }' $s | sort -u | tr '\n' ' ')" = "age:120 to below 160 age:160 and above age:below 120 sex:F sex:M site:A site:B "
check "bands stand in their order" test "$(awk -F, "$at"' $at["column"] == "age" && $at["metric"] == "auroc" && $at["model"] == "tiny" && $at["group"] != "" { print $at["group"] }' $s | tr '\n' ';')" = "below 120;120 to below 160;160 and above;"
check "a column that is not there is said" test "$(grep -c ',nowhere,,,0,0,,.*no such column' $s)" = 2
check "a task's own list" test "$(awk -F, "$at"' $at["task"] == "age" && $at["metric"] == "mae" && $at["group"] != "" { print $at["column"] ":" $at["group"] }' $s | sort -u | tr '\n' ' ')" = "view:frontal view:lateral "

# n of the groups is n of the part, and the AUROC of each group is that of its predictions
awk -F, "$at"' $at["partition"] == "test" && $at["metric"] == "auroc" { print $at["n"]; exit }' one/metrics.csv > whole
check "groups add up to the test part" sh -c "awk -F, '$at \$at[\"metric\"] == \"auroc\" && \$at[\"group\"] != \"\" && \$at[\"model\"] == \"tiny\" { n[\$at[\"column\"]] += \$at[\"n\"] } END { for (c in n) print n[c] }' $s | sort -u | cmp - whole"
awk -F, 'FNR == NR { if (FNR > 1) sex[$1] = $4; next } FNR > 1 && $5 == "test" && $8 == "tiny" { g = sex[$1]; m[g]++; y[g, m[g]] = $7 == "fractured"; x[g, m[g]] = $13 }
    END { for (g in m) { u = p = q = 0; for (a = 1; a <= m[g]; a++) if (y[g, a]) { p++; for (b = 1; b <= m[g]; b++) if (!y[g, b]) u += x[g, a] > x[g, b] ? 1 : x[g, a] == x[g, b] ? 0.5 : 0 } else q++
        printf "%s %d %d %.12g\n", g, m[g], p, u / (p * q) } }' data/cohort.csv one/predictions/fracture.csv | sort > found
awk -F, "$at"' $at["metric"] == "auroc" && $at["model"] == "tiny" && $at["column"] == "sex" && $at["group"] != "" { printf "%s %d %d %.12g\n", $at["group"], $at["n"], $at["n_positive"], $at["value"] }' $s | sort > told
check "AUROC by sex is that of the predictions" cmp found told
awk -F, 'FNR == NR { if (FNR > 1) view[$1] = $5; next } FNR > 1 && $5 == "test" && $8 == "tiny" { g = view[$1]; d = $11 - $7; n[g]++; e[g] += d < 0 ? -d : d } END { for (g in n) printf "%s %d %.10g\n", g, n[g], e[g] / n[g] }' data/cohort.csv one/predictions/age.csv | sort > found
awk -F, "$at"' $at["task"] == "age" && $at["metric"] == "mae" && $at["model"] == "tiny" && $at["group"] != "" { printf "%s %d %.10g\n", $at["group"], $at["n"], $at["value"] }' $s | sort > told
check "MAE by view is that of the predictions" cmp found told
check "each figure has its interval and method" awk -F, "$at"' $at["group"] != "" && $at["value"] != "NA" { n++; if ($at["method"] == "" || $at["low"] != "NA" && ($at["low"] + 0 > $at["value"] + 1e-9 && $at["metric"] == "auroc")) bad = 1 } END { exit bad || !n }' $s
check "a test for each column and metric" test "$(awk -F, "$at"' $at["group"] == "" && $at["metric"] == "mae" { print $at["column"], $at["df"], ($at["p"] >= 0 && $at["p"] <= 1) }' $s | sort -u)" = "view 1 1"
check "views of one patient: the same patients in both groups" test "$(awk -F, "$at"' $at["task"] == "age" && $at["metric"] == "mae" && $at["model"] == "tiny" && $at["group"] == "" { print ($at["n_patients"] > 36) }' $s)" = 1
check "too few patients are left out of the test, and named" sh -c "grep -q 'not tested, for few patients' $s"

"$program" run -q -t 3 -o three study.yaml > /dev/null 2>&1
check "three threads: equal bytes" reports_equal one three
check "the resolved study has them" grep -qF '  - {column: "age", bands: [120, 160]}' one/study.resolved.yaml
"$program" run -q -o without plain.yaml > /dev/null 2>&1
check "the other figures are what they were" cmp one/metrics.csv without/metrics.csv
sed -i '/^subgroups:/d' age.yaml
"$program" run -q -o never plain.yaml > /dev/null 2>&1
"$program" evaluate -q -o three plain.yaml > /dev/null 2>&1
check "those of an earlier run are removed" test -e three/metrics.csv -a ! -e three/subgroups.csv
check "the reporting sheet has them: differences, fairness, figures by group" sh -c 'for item in 12d 14 23b; do grep -q "^TRIPOD+AI,$item,.*,in part,[0-9].*,subgroups.csv," one/reporting.csv || exit 1; grep -q "^TRIPOD+AI,$item,.*,author,,," never/reporting.csv || exit 1; done'
sheet_is_true one 60
check "every table is read strictly" tables_are_read one
check "no subgroups, no such file" test -e never/metrics.csv -a ! -e never/subgroups.csv
for bad in '[{column: sex}, {column: sex}]' '[{column: age, bands: [5, 5]}]' '[{column: age, bands: [x]}]' '[{bands: [5]}]' '[sex]'; do
    { cat plain.yaml; echo "subgroups: $bad"; } > bad.yaml
    expect "refused: $bad" 3 "bad.yaml:" "$program" check -q bad.yaml
done
echo 'subgroups: [{column: height}]' >> fracture.yaml
expect "a task's own column must be there" 3 "height" "$program" check -q plain.yaml
echo "1..$count"
