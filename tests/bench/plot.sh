#!/bin/sh
# Draws what FOLDER holds, where gnuplot is installed: encoder.csv (with cohort.csv) as encoder.png and .svg, probe.csv as
# probe.png and .svg.
#   tests/bench/plot.sh FOLDER
if ! command -v gnuplot > /dev/null; then
    echo "no picture: gnuplot is not installed (Debian's package gnuplot-nox)"
    exit 0
fi
cohort=
[ -f "$1/cohort.csv" ] && cohort=$1/cohort.csv
for what in encoder probe; do
    [ -f "$1/$what.csv" ] || continue
    for kind in png svg; do
        gnuplot -e "$what='$1/$what.csv'; cohort='$cohort'; out='$1/$what.$kind'" "plots/bench_$what.gp" || exit 1
    done
    echo "drawn: $1/$what.png and .svg"
done
