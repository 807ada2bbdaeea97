# The benchmark of seven data sets, and the twelve tasks read from it as from the data sets themselves.
. tests/cli/lib.sh

data=$scratch/data
expect "drawn" 0 "seven synthetic data sets" "$program" synth --benchmark --scale 0.05 "$data"
expect "again: nothing to do" 0 "TRAPS.csv" "$program" synth --benchmark --scale 0.05 -t 1 "$data"
expect "another seed is refused" 3 "README.txt" "$program" synth --benchmark --scale 0.05 --seed 3 "$data"
expect "--patients is of the cohort" 2 "--scale does" "$program" synth --benchmark --patients 3 "$scratch/none"
expect "--scale is of the benchmark" 2 "--benchmark only" "$program" synth --scale 2 "$scratch/none"
expect "--scale is a number" 2 "a number was expected" "$program" synth --benchmark --scale big "$scratch/none"
expect "--scale has limits" 2 "must be 0.05 to 20" "$program" synth --benchmark --scale 21 "$scratch/none"
check "nothing is made by a refused call" test ! -e "$scratch/none"
check "--help names it" sh -c "'$program' synth --help | grep -q -- '--benchmark'"
check "so does the manual" sh -c "'$program' --man | grep -q -- 'benchmark'"

# The rows that the tables name, counted by other means than ours.
study() { # TASK DATA: a study of one task
    cat > "$scratch/$1.yaml" <<Y
name: $1
output: out-$1
store: store
data_root: data
models: [{name: tiny, path: data/tiny-random-vit-2}]
tasks: [{task: $top/tasks/$1.yaml, data: $2}]
on_missing_image: skip
on_bad_image: skip
on_bad_label: skip
Y
}
rows() { # NAME TASK DATA ROWS LEFT_OUT
    study "$2" "$3"
    "$program" check "$scratch/$2.yaml" > "$scratch/said" 2>&1
    if grep -q "^task $2: .*($4 rows seen, $5 left out)" "$scratch/said"; then ok "$1"; else not_ok "$1" "$4 and $5 expected: $(grep ^task "$scratch/said")"; fi
}
lines() { grep -c . "$1"; }
graz=$data/GRAZPEDWRI-DX/dataset.csv
rows "pesplanus: every picture in two folders" pesplanus pesplanus "$(find "$data/pesplanus" -name '*.jpg' | wc -l)" 0
rows "boneage: every row" boneage boneage $(($(lines "$data/boneage/boneage-training-dataset.csv") - 1)) 0
rows "mura: every listed view but the missing one, no AppleDouble file" mura . \
    $(($(lines "$data/MURA-v1.1/train_image_paths.csv") + $(lines "$data/MURA-v1.1/valid_image_paths.csv"))) 1
rows "fracatlas: without two cut files and a missing one" fracatlas FracAtlas $(($(lines "$data/FracAtlas/dataset.csv") - 1)) 3
rows "fracatlas_implant: the same" fracatlas_implant FracAtlas $(($(lines "$data/FracAtlas/dataset.csv") - 1)) 3
rows "kneeoa: train, val and test, not the crops" kneeoa kneeoa "$(find "$data/kneeoa" -name '*[LR].png' | wc -l)" 0
rows "pediatricfx: without uncertain rows and the missing file" pediatricfx GRAZPEDWRI-DX $(($(lines "$graz") - 1)) \
    $(($(awk -F, 'NR > 1 && !/"/ && $12 == 1' "$graz" | lines /dev/stdin) + 1))
rows "pediatricfx_implant: without the missing file" pediatricfx_implant GRAZPEDWRI-DX $(($(lines "$graz") - 1)) 1
rows "btxrd: every row of the spreadsheet" btxrd BTXRD "$(find "$data/BTXRD/images" -name '*.jpeg' | wc -l)" 0
study btxrd_subtype BTXRD
"$program" check "$scratch/btxrd_subtype.yaml" > /dev/null 2>&1
two=$(sed -n 's/^BTXRD,two subtypes in one row,BTXRD.images.\(.*\),.*/\1/p' "$data/TRAPS.csv")
check "btxrd_subtype: the row with two subtypes is found" grep -q "two_labels.*$two" "$scratch/out-btxrd_subtype/audit.csv"
study pediatricfx_ao GRAZPEDWRI-DX
"$program" check "$scratch/pediatricfx_ao.yaml" > /dev/null 2>&1
for stem in $(sed -n 's/^\([^,]*\),.*"23r-E.2.1, 23u-E.7".*/\1/p' "$graz"); do
    check "pediatricfx_ao: the quoted code of $stem is whole, and none of the twenty" \
        grep -q "excluded.*$stem.*23r-E/2.1, 23u-E/7" "$scratch/out-pediatricfx_ao/audit.csv"
done
echo "1..$count"
