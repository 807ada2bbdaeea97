# The encoder bench as one picture: images a second and share of the peak over
# the batch, whole command and memory over the cohort's size.
#
#   gnuplot -e "encoder='encoder.csv'; cohort='cohort.csv'; out='encoder.png'" plots/bench_encoder.gp
#
# Reads the CSVs of tests/bench/bench_encoder and bench_cohort alone; out ends in .png or .svg.
# Colours: Okabe and Ito's set, told apart by dash and marker as well.
if (out[strlen(out)-3:] eq ".svg") { set terminal svg size 1200,900 font "DejaVu Sans,15" background "white" } \
else { set terminal pngcairo size 1200,900 font "DejaVu Sans,12" background "white" }
set output out
set datafile separator ","
set datafile missing "NA"

# rows(file, conditions): awk picks rows by their cells; columns stay the file's.
# $1 what $2 who $3 precision $4 threads $5 batch $6 images $7 layers $8 unit $9 median $10 low $11 high $12 rounds
rows(file, conditions) = "< awk -F, 'NR > 1 && " . conditions . "' '" . file . "'"
count(file, conditions) = int(system("awk -F, 'NR > 1 && " . conditions . "' '" . file . "' | wc -l"))
word_of(file, conditions, column) = system("awk -F, 'NR > 1 && " . conditions . " {print $" . column . "; exit}' '" . file . "'")

threads = int(system("awk -F, 'NR > 1 && $4 > most {most = $4} END {print most}' '" . encoder . "'"))
layers = word_of(encoder, "1", "7")
ours(p, t) = sprintf("$1 == \"rate\" && $2 == \"ours\" && $3 == \"%s\" && $4 == %d", p, t)
share(p, t) = sprintf("$1 == \"share\" && $2 == \"ours\" && $3 == \"%s\" && $4 == %d", p, t)
peer(w, p) = sprintf("$1 == \"rate\" && $2 == \"%s\" && $3 == \"%s\" && $4 == %d && $12 > 1", w, p, threads)

set style line 1 lc rgb "#0072B2" lw 2.5 pt 7 ps 1.3 dt 1   # ours fp32
set style line 2 lc rgb "#D55E00" lw 2.5 pt 5 ps 1.3 dt 1   # ours bf16
set style line 3 lc rgb "#009E73" lw 2.5 pt 9 ps 1.5 dt 1   # ours int8
set style line 4 lc rgb "#56B4E9" lw 2 pt 6 ps 1.3 dt 2     # ours fp32, one thread
set style line 5 lc rgb "#000000" lw 2 pt 4 ps 1.3 dt 3     # PyTorch
set style line 6 lc rgb "#CC79A7" lw 2 pt 8 ps 1.5 dt 4     # PyTorch, another way
set style line 7 lc rgb "#E69F00" lw 2 pt 12 ps 1.5 dt 5    # PyTorch bf16
set style line 8 lc rgb "#808080" lw 1.5 dt 2               # limits

set grid ytics lc rgb "#e0e0e0"
set border 3
set tics nomirror out
set key inside top center reverse Left samplen 3 spacing 1.1 noautotitle maxrows 3
set offsets 0, 0, graph 0.32, 0 # room for the key above the lines
set multiplot layout 2,2 title sprintf("ViT of %s layers, %d threads: medians, bars from least to most of the rounds", layers, threads) \
    font ",15" margins 0.07,0.98,0.08,0.90 spacing 0.09,0.16

p = "" # a plot command is put together from what the file holds
add(text) = (strlen(p) ? p . ", " : "") . text
series(file, conditions, style, title) = sprintf("rows('%s', '%s') using 5:9:10:11 with yerrorlines ls %d title '%s'", file, conditions, style, title)

set logscale x 2
set xrange [0.85:19]
set xlabel "images a call"
set yrange [0:*]

set title "Images a second"
set ylabel "images/s"
do for [i = 1:3] { q = word("fp32 bf16 int8", i)
    if (count(encoder, ours(q, threads)) > 0) { p = add(series(encoder, ours(q, threads), i, "ours " . q)) } }
if (threads > 1 && count(encoder, ours("fp32", 1)) > 0) { p = add(series(encoder, ours("fp32", 1), 4, "ours fp32, 1 thread")) }
if (count(encoder, peer("pytorch", "fp32")) > 0) { p = add(series(encoder, peer("pytorch", "fp32"), 5, "PyTorch fp32")) }
if (count(encoder, peer("pytorch onednn", "fp32")) > 0) { p = add(series(encoder, peer("pytorch onednn", "fp32"), 6, "PyTorch fp32, oneDNN")) }
if (count(encoder, peer("pytorch", "bf16")) > 0) { p = add(series(encoder, peer("pytorch", "bf16"), 7, "PyTorch bf16")) }
# The limit is the rate divided by its share of the peak.
limit(q) = real(word_of(encoder, ours(q, threads), "9")) / real(word_of(encoder, share(q, threads), "9"))
limits(q) = count(encoder, share(q, threads)) > 0
if (limits("fp32")) { p = add(sprintf("%g with lines ls 8 title 'peak, fp32'", limit("fp32"))) }
eval("plot " . p)

set title "Share of the measured peak, whole forward pass"
set ylabel "share"
set yrange [0:1.42]
set ytics 0, 0.2, 1
p = ""
shares(q, t, style, title) = series(encoder, share(q, t), style, title)
do for [i = 1:3] { q = word("fp32 bf16 int8", i)
    if (count(encoder, share(q, threads)) > 0) { p = add(shares(q, threads, i, sprintf("%s, %d threads", q, threads))) } }
if (threads > 1 && count(encoder, share("fp32", 1)) > 0) { p = add(shares("fp32", 1, 4, "fp32, 1 thread")) }
p = add("1 with lines ls 8 title 'peak'")
eval("plot " . p)

unset logscale x
set ytics autofreq
set xrange [0:*]
set yrange [0:*]
set xlabel "images of the cohort"
whole = "$2 == \"skelex-eval extract\""
if (cohort eq "" || count(cohort, whole) == 0) {
    set title "no cohort measured"
    set yrange [0:1]; set xrange [0:1]
    plot NaN notitle
    plot NaN notitle
} else {
    set title "The whole command"
    set ylabel "images/s"
    plot rows(cohort, "$1 == \"rate\" && " . whole) using 6:9:10:11 with yerrorlines ls 1 title "skelex-eval extract", \
         rows(cohort, "$1 == \"rate\" && $2 == \"encoder alone\"") using 6:9:10:11 with yerrorlines ls 5 title "encoder alone"
    set title "Peak memory of the whole command"
    set ylabel "MB resident"
    plot rows(cohort, "$1 == \"memory\" && " . whole) using 6:9:10:11 with yerrorlines ls 1 title "skelex-eval extract"
}
unset multiplot
