#!/bin/sh
# Draws FOLDER/encoder.csv and FOLDER/cohort.csv as FOLDER/encoder.png and .svg, where gnuplot is installed.
#   tests/bench/plot.sh FOLDER
if ! command -v gnuplot > /dev/null; then
    echo "no picture: gnuplot is not installed (Debian's package gnuplot-nox)"
    exit 0
fi
cohort=
[ -f "$1/cohort.csv" ] && cohort=$1/cohort.csv
for kind in png svg; do
    gnuplot -e "encoder='$1/encoder.csv'; cohort='$cohort'; out='$1/encoder.$kind'" plots/bench_encoder.gp || exit 1
done
echo "drawn: $1/encoder.png and .svg"
