# Tables, figures and the page of a small study: what they show, that they come from the CSVs alone, the same bytes again.
. tests/cli/lib.sh

make_study "$scratch" 60 || { not_ok "synth"; exit 1; }
sed -i 's/, readout: .*tokens\]/, readout: [cls, mean]/; s/^probes: .*/probes: [linear, knn]/' "$scratch/study.yaml"
cd "$scratch" || exit 1
"$program" run -q study.yaml > said 2> err
check "the study runs" test $? -eq 0
check "and ends with the path of its page" sh -c "tail -1 said | grep -q '^page: out/report.html'"
page=out/report.html
check "every table is read strictly, its columns as documented" tables_are_read out

# ---- the page ----
check "it is whole" sh -c "head -1 $page | grep -q '<!doctype html>' && tail -1 $page | grep -q '</html>'"
check "no network: nothing is fetched" sh -c "! grep -oE '(src|href)=\"?[a-z]+:[^,\"]{0,40}' $page | grep -v 'src=\"data:' && ! grep -q '@import\|url(' $page"
check "headings in their order" sh -c "grep -oE '<h[1-3]' $page | awk '{ n = substr(\$0, 3); if (n > last + 1) bad = 1; last = n } END { exit bad || !NR }'"
check "every anchor has its place" sh -c "grep -oE 'href=\"#[^\"]*\"' $page | sed 's/.*#//; s/\"//' | sort -u | while read -r a; do grep -qE \"id=\\\"?\$a[\\\" >]\" $page || { echo \$a; exit 1; }; done"
check "parts: audit first, then summary, comparison, flow, tasks, the reporting sheet, costs, provenance" sh -c "grep -oE '<section [^>]*id=[^>]*' $page | sed 's/.*id=//; s/\"//g' | tr '\n' ' ' | grep -q '^audit summary comparison flow task-fracture task-age reporting costs provenance'"
check "light and dark, print and phone" sh -c "grep -q 'prefers-color-scheme:dark' $page && grep -q '@media print' $page && grep -q 'name=viewport' $page"

# ---- what is better than what ----
check "and every difference stands in the table" test "$(sed -n '/A less B/,/<\/table>/p' $page | grep -c '^<tr><th scope=row>')" -eq "$(($(wc -l < out/compare.csv) - 1))"
check "no external cohort, no such part" sh -c "! grep -q 'id=external' $page"

# ---- the main table ----
t=out/main_table.csv
at='NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }'
check "a figure a task, model and probe" test "$(grep -c . $t)" = $((1 + 2 * 2 * 2))
awk -F, "$at"' { print $at["task"], $at["model"], $at["readout"], $at["probe"], $at["metric"], $at["value"], $at["low"], $at["high"] }' $t | sort > shown
awk -F, "$at"' $at["partition"] == "test" { print $at["task"], $at["model"], $at["readout"], $at["probe"], $at["metric"], $at["value"], $at["low"], $at["high"] }' out/metrics.csv | sort > all
check "its figures are those of metrics.csv" sh -c "test -s shown && test -z \"\$(comm -23 shown all)\""
awk -F, "$at"' $at["chosen"] == 1 { print $at["task"], $at["model"], $at["readout"], $at["probe"] }' out/readouts.csv | sort > chosen
check "of several readouts the one that validation chose" sh -c "grep ' tiny ' shown | cut -d' ' -f1-4 | sort | cmp - chosen"
check "one best a row, and nothing bold without a comparison" awk -F, "$at"' { best[$at["task"] $at["probe"]] += $at["best"]; bold += $at["significant"] } END { for (k in best) if (best[k] > 1) bad = 1; exit bad }' $t
grep -F ' \\' out/main_table.tex | grep -v '^%' > rows
check "LaTeX is booktabs, its columns even" sh -c "grep -q toprule out/main_table.tex && awk -F'&' '{ if (n && NF != n) bad = 1; n = NF } END { exit bad || NR != 5 }' rows"
check "Markdown too" sh -c "grep '^|' out/main_table.md | awk -F'|' '{ if (n && NF != n) bad = 1; n = NF } END { exit bad || NR != 6 }'"

# ---- figures ----
if command -v gnuplot > /dev/null; then
    for name in forest shortcut ranks.grouped path.fracture.grouped path.age.grouped roc.fracture.grouped precision_recall.fracture.grouped decision.fracture.grouped \
        calibration.fracture.grouped confusion.fracture.grouped bland_altman.age.grouped; do
        check "figure $name" sh -c "test -s out/figures/$name.svg && test -s out/figures/$name.png"
    done
    check "each says study and n" sh -c "grep -q 'Study small' out/figures/forest.svg"
    check "they stand in the page" test "$(grep -c 'data:image/svg+xml' $page)" = "$(ls out/figures/*.svg | wc -l)"
else
    skip "figures" "gnuplot is not installed"
fi

# ---- what they are drawn from ----
check "confusion matrices hold every test image" sh -c "awk -F, '\$2 == \"fracture\" { n[\$4] += \$11 } END { for (k in n) if (n[k] != want) bad = 1; exit bad || !length(n) }' want=\$(awk -F, '\$2 == \"fracture\" && \$9 == \"test\" && \$10 == \"auroc\" { print \$11; exit }' out/metrics.csv) out/figures/confusion.fracture.csv"
awk -F, "$at"' $at["metric"] == "accuracy" && $at["partition"] == "test" && $at["probe"] == "linear" && $at["model"] == "thumbnail" { print $at["value"] }' out/metrics.csv > accuracy
awk -F, '$2 == "fracture" && $4 == "thumbnail" { n += $11; if ($9 == $10) hit += $11 } END { printf "%.12f\n", hit / n }' out/figures/confusion.fracture.csv > counted
check "and give metrics.csv's accuracy" sh -c "test -s accuracy && paste accuracy counted | awk '{ d = \$1 - \$2; exit !(d < 1e-9 && d > -1e-9) }'"
awk -F, '$2 == "age" && $4 == "thumbnail" && $9 == "bias" { print $11 }' out/figures/bland_altman.age.csv > bias
awk -F, "$at"' $at["model"] == "thumbnail" && $at["probe"] == "linear" && $at["partition"] == "test" { s += $at["prediction"] - $at["label"]; n++ } END { printf "%.12f\n", s / n }' out/predictions/age.csv > mean
check "the bias is the mean of prediction less target" sh -c "test -s bias && paste bias mean | awk '{ d = \$1 - \$2; exit !(d < 1e-9 && d > -1e-9) }'"

check "the map holds the test images" sh -c "awk -F, '\$4 == \"tiny\" { n++ } END { print n + 0 }' out/embedding.fracture.csv | grep -qx \"\$(awk -F, '\$2 == \"fracture\" && \$9 == \"test\" { print \$11; exit }' out/metrics.csv)\""
check "worst errors are errors, of the test part, worst first" awk -F, 'FNR == 1 { next } FILENAME ~ /splits/ { if ($6 == "test") test[$1] = 1; next }
    $2 == "fracture" && $8 == "case" { n++; if ($9 == $15 || !($12 in test) || ($7 > 1 && $10 < last)) bad = 1; last = $10 }
    $2 == "fracture" && $8 == "neighbour" { m++; if ($12 in test) bad = 1 } END { exit bad || n != 6 || m != 18 }' out/splits/fracture.csv out/worst.csv
check "they stand in the page as thumbnails" test "$(grep -o 'data:image/png' $page | wc -l)" = "$(($(wc -l < out/worst.csv) - 1))"

# ---- once more ----
cp -r out first
rm -rf out/figures out/main_table.* out/report.html
"$program" report out > said 2> err
check "report redraws from the folder" test $? -eq 0
check "the same bytes" diff -r first out
SKELEX_PLOTS=$scratch PATH=/nowhere "$program" report out > said 2> err
check "without gnuplot it goes on and says so" sh -c "test $? -eq 0 && grep -q 'gnuplot is not installed' err && grep -q 'gnuplot is not installed' out/report.html"

# ---- bad input ----
expect "no such folder" 4 "metrics.csv' is not there" "$program" report nowhere
mkdir odd
echo "task,value" > odd/metrics.csv
expect "another program's metrics.csv" 3 "odd/metrics.csv:1: no column 'study'" "$program" report odd
cp first/metrics.csv odd/metrics.csv
echo "{" > odd/provenance.json
expect "a broken provenance.json" 3 "provenance.json' line" "$program" report odd
rm odd/provenance.json
# ---- a gnuplot that fails costs its figure, nothing else ----
if command -v gnuplot > /dev/null; then
    mkdir -p broken && printf '#!/bin/sh\ncase $* in *roc.gp*) echo "no terminal" >&2; exit 1 ;; esac\nexec %s "$@"\n' "$(command -v gnuplot )" > broken/gnuplot && chmod +x broken/gnuplot
    cp -r out cut && rm -r cut/figures/*.svg cut/report.html
    expect "a figure that cannot be drawn is said" 0 "could not be drawn; the first, roc.fracture.grouped: gnuplot on roc.gp: no terminal" env PATH="$scratch/broken:$PATH" "$program" report cut
    check "the page is there, says so, and has the others" sh -c "grep -q 'class=\"note warning\">Figures: .*no terminal' cut/report.html && test -s cut/figures/forest.svg && test ! -e cut/figures/roc.fracture.grouped.svg"
else
    skip "a gnuplot that fails" "gnuplot is not installed"
fi

# ---- nothing kept: the same bytes from the start, with other threads ----
sed 's/^output: .*/output: again/; s/^store: .*/store: other/' study.yaml > again.yaml
"$program" run -q -t 1 again.yaml > said 2> err
check "deleted and run again with one thread: the same CSVs" sh -c "test \$(ls again/*.csv | wc -l) -gt 10 && for f in \$(cd out && find . -name '*.csv'); do cmp out/\$f again/\$f || exit 1; done"
if command -v gnuplot > /dev/null; then
    check "and the same figures" sh -c "test \$(ls again/figures/*.svg | wc -l) -gt 10 && for f in out/figures/*.svg; do cmp \$f again/figures/\$(basename \$f) || exit 1; done"
else
    skip "and the same figures" "gnuplot is not installed"
fi

# ---- the examples of the README: pandas and R ----
"$program" export -q --to export study.yaml > said 2> err
if PATH=/usr/bin:$PATH python3 -c 'import pandas' 2> /dev/null; then # Debian's, beside which others may lie
    PATH=/usr/bin:$PATH python3 - > said 2> err <<'P'
import pandas as pd, numpy as np
m = pd.read_csv("out/metrics.csv"); one = m[(m.metric == "auroc") & (m.partition == "test")]
x = np.load("export/fracture.tiny.cls.npy"); rows = pd.read_csv("export/fracture.csv")
assert len(one) > 0 and one.value.between(0, 1).all() and x.shape[0] == len(rows), (len(one), x.shape, len(rows))
P
    check "pandas and numpy read metrics and embeddings" test $? -eq 0
else
    skip "pandas and numpy read metrics and embeddings" "python3-pandas is not installed"
fi
if command -v Rscript > /dev/null; then
    Rscript -e 'm <- read.csv("out/metrics.csv"); one <- subset(m, metric == "auroc" & partition == "test")
rows <- read.csv("export/fracture.csv"); p <- "export/fracture.tiny.cls.npy"; f <- file(p, "rb"); h <- readBin(f, "raw", 10)
invisible(readBin(f, "raw", sum(as.integer(h[9:10]) * c(1, 256)))); x <- matrix(readBin(f, "numeric", file.size(p) / 4, size = 4), nrow(rows), byrow = TRUE)
cat(format(sum(abs(x)), digits = 6), "\n"); stopifnot(nrow(one) > 0, one$value >= 0, one$value <= 1, ncol(x) > 8, abs(x) < 100)' > said 2> err
    check "R reads metrics and embeddings" test $? -eq 0
else
    skip "R reads metrics and embeddings" "R is not installed"
fi

# ---- external cohorts: the folders beside the study's own reports ----
mkdir -p with/external/elsewhere with/external/old && cp out/*.csv out/provenance.json out/study.resolved.yaml with/
printf 'external:\n  - name: "elsewhere"\n' >> with/study.resolved.yaml
awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print; next } { $at["p_holm"] = NR == 2 ? "0.0123" : 0.5; $at["better"] = $at["model_b"]; print }' out/compare.csv > with/compare.csv
cat > with/external/elsewhere/external.csv <<'F'
study,task,development,development_task,protocol,model,readout,probe,preprocess,precision,partition,recalibration,metric,internal_n,internal_n_patients,internal,internal_low,internal_high,internal_method,external_n,external_n_patients,external,external_low,external_high,external_method,level,difference,difference_low,difference_high,difference_method,internal_reason,external_reason
elsewhere,fracture,small,fracture,grouped,tiny,mean,linear,,,test,,auroc,20,10,0.75,0.5,0.875,x,40,20,0.6251,0.5,0.75,x,0.95,-0.1249,-0.375,0.125,x,,
elsewhere,fracture,small,fracture,grouped,tiny,mean,linear,,,test,,brier,20,10,0.33333,0.25,0.5,x,40,20,0.25,0.125,0.5,x,0.95,-0.0833,-0.25,0.125,x,,
F
cp with/external/elsewhere/external.csv with/external/old
printf 'a,b\n1,2,3\n' > with/external/elsewhere/shift.csv
expect "the page of a study with an external cohort" 0 "page: with/report.html" "$program" report with
check "shows internal and external side by side, with the difference" sh -c "grep -q '<section id=external>' with/report.html && grep -q '0.750<span class=i>0.500 to 0.875.*0.625<span class=i>0.500 to 0.750.*−0.125<span class=i>−0.375 to 0.125' with/report.html"
check "what is asked first, not every metric" sh -c "! sed -n '/<section id=external>/,/<\/section>/p' with/report.html | grep -q '>brier'"
check "the one difference that stands after correction is said in words, the better model first" sh -c "grep '^<li><strong>[^<]*</strong> over ' with/report.html | grep -q '^<li><strong>thumbnail</strong> over tiny on .*, p 0.012</li>' && test \$(grep -c '^<li><strong>[^<]*</strong> over ' with/report.html) -eq 1 && ! grep -q '^<li><strong>[^<]*</strong> over ' out/report.html"
awk -F, -v OFS=, 'NR == 1 { print "study,task,protocol,model,readout,probe,preprocess,precision,partition,column,group,metric,n,n_patients,n_positive,value,low,high,level,method,replicates,undefined_replicates,statistic,df,p,reason"; next }
    $2 == "fracture" && $9 == "test" && $10 == "auroc" { print $1, $2, $3, $4, $5, $6, $7, $8, $9, "age", "20 to below 40", $10, 12, 6, 4, 0.5, 0.25, 0.75, 0.95, "x", "", "", "", "", "", "" }' out/metrics.csv > with/subgroups.csv
"$program" report -q with > /dev/null 2>&1
if ! command -v gnuplot > /dev/null; then skip "internal against external, and subgroups, are drawn" "gnuplot is not installed"; else check "internal against external, and subgroups, are drawn" sh -c "grep -q 'elsewhere' with/figures/external.elsewhere.svg && grep -q '20 to below 40' with/figures/subgroups.fracture.grouped.svg"; fi
check "a cohort of an earlier run, which the study does not name, is not shown" sh -c "! grep -q '<h3>old' with/report.html && test ! -e with/figures/external.old.svg"
check "and says which table it could not read" grep -q "note warning.*shift.csv:2" with/report.html

expect "metrics.csv alone is enough" 0 "page: odd/report.html" "$program" report odd
sed 's/tiny/<b>\&amp;x/' first/metrics.csv > odd/metrics.csv
"$program" report odd > said 2>&1
check "names are text, not markup" sh -c "! grep -q '<b>' odd/report.html && grep -q '&lt;b&gt;&amp;amp;' odd/report.html"
echo "1..$count"
