# regions: planted tumours are found, tables that agree with one another, the same bytes whatever the threads, resuming, refusals; and
# FracAtlas with its own boxes, where it is.
. tests/cli/lib.sh
export REAL_DATA="${REAL:-../shared/real}" MODELS="${GOLDEN:-../shared/golden}"
case $REAL_DATA in /*) ;; *) REAL_DATA=$top/$REAL_DATA ;; esac
case $MODELS in /*) ;; *) MODELS=$top/$MODELS ;; esac
"$program" synth -q --benchmark --scale 0.3 "$scratch/bench" > /dev/null 2>&1
cd "$scratch" || exit 1

study() { # FILE REGIONS-LINES...
    file=$1
    shift
    cat > "$file" <<Y
name: regions
output: out
store: store
data_root: bench
models: [{name: thumbnail, baseline: thumbnail}, {name: tiny, path: bench/tiny-random-vit, readout: [cls]}]
tasks: [{task: $top/tasks/btxrd.yaml, data: BTXRD}, {task: $top/tasks/btxrd_mb.yaml, data: BTXRD}]
protocol: given
accept: [near_duplicate, drift, shortcut]
bootstrap: {replicates: 200}
regions:
  overlays: 3
Y
    printf '  %s\n' "$@" >> "$file"
    cat >> "$file" <<Y
  labels:
    - {task: btxrd, class: tumour, abnormal: 1}
    - {task: btxrd, class: no tumour, tumour: No bone tumor, fracture: No fracture, implant: 0}
    - {task: btxrd_mb, class: malignant, tumour: malignant}
    - {task: btxrd_mb, class: benign, tumour: benign}
Y
}
images=$(ls bench/BTXRD/images | wc -l)
study whole.yaml 'threshold_tumour: 0.5'
study boxes.yaml 'boxes: [BTXRD/detections]' 'annotations: [BTXRD/Annotations]' 'threshold_tumour: validation' 'threshold_malignant: validation'

expect "whole images alone" 0 "$images images, $images regions" "$program" regions -q -t 2 -o whole whole.yaml
expect "with boxes, what is stored is not encoded again" 0 "$((3 * images)) regions encoded" "$program" regions -t 1 -o one boxes.yaml
grep -q "tiny: head of a probe.*$((3 * images)) regions encoded" .said
check "of a model, whole images come from the store" test $? -eq 0
cp -r one first
"$program" regions -q -t 1 -o one boxes.yaml > said 2>&1
check "a second time nothing is encoded" sh -c "! grep -q encoded said"
check "and every table is the same" diff -r -x provenance_regions.json one first
"$program" regions -q -t 3 --batch 5 -o three --store store3 boxes.yaml > /dev/null 2>&1
check "three threads, batches of five, another store: the same bytes" diff -r -x provenance_regions.json -x study.resolved.yaml one three
"$program" extract -q --store extracted whole.yaml > /dev/null 2>&1
"$program" regions -q --store extracted -o whole2 whole.yaml > said 2>&1
check "whole images of other studies are used" sh -c "grep '^tiny' said | grep -vq encoded"
check "and are the same numbers" cmp -s whole/regions.csv whole2/regions.csv

# What each row says, by other means than ours.
check "every image has its three boxes and itself" test "$(grep -c '^thumbnail,' one/regions.csv)" -eq $((4 * images))
sed 's/"\[\([0-9]*\), \([0-9]*\), \([0-9]*\), \([0-9]*\)\]"/[\1 \2 \3 \4]/g' one/region_predictions.csv > plain.csv # one cell a box
check "the largest of the regions, with its box" awk -F, '
    FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; file++; next }
    file == 1 { key = $1 "," $2; p = $at["class_1"]; if (!(key in top) || p > top[key]) { top[key] = p; box[key] = "[" $9 " " $10 " " $11 " " $12 "]" } next }
    { key = $1 "," $2; n_seen++; if ($at["max_class_1"] != top[key] || $at["max_class_1_box"] != box[key]) bad = 1 }
    END { exit bad || n_seen < 100 }' one/regions.csv plain.csv
check "the published columns" sh -c "head -1 one/region_predictions.csv | grep -q 'max_class_0,max_class_0_box,max_class_0_label,max_class_37,.*max_class_1,.*max_class_1_2_3_sum,max_class_1_2_3_sum_box,max_class_1_2_3_sum_label,max_class_34,.*predicted tumor,predicted malignant,predicted benign$'"
check "tumours of the given test part, two-way" awk -F, '$2 == "tiny" && $6 == "all" && $7 == "two-way" { n += $10 } END { exit n != '"$(grep -c '^tiny,.*,test,' one/region_predictions.csv)"' }' one/region_confusion.csv
check "shares of a row add up to 1" awk -F, 'NR > 1 { s[$2 $6 $7 $8] += $13 } END { for (k in s) if (s[k] < 0.999999 || s[k] > 1.000001) exit 1 }' one/region_confusion.csv
check "each centre has its rows" sh -c "grep -q ',test,2,three-way,' one/region_confusion.csv && grep -q ',test,3,max,class_1_2_3_sum,auroc' one/region_metrics.csv"
figure() { grep "^regions,$1,.*,test,all,$2,class_1_2_3_sum,auroc," three/region_metrics.csv | cut -d, -f"$3"; }
auc=$(figure thumbnail max 14) low=$(figure thumbnail max 15) whole=$(figure thumbnail whole 14)
check "the probe finds planted tumours in regions: AUROC $auc, from $low; whole image alone $whole" awk "BEGIN { exit !($auc > 0.72 && $low > 0.5 && $auc > $whole) }"
check "a detector that finds as much everywhere tells nothing by its boxes" test "$(figure thumbnail count 14)" = 0.5
check "a decision is above its threshold, malignant at its own or above; the matrix counts them" awk -F, '
    FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; file++; next }
    file == 1 { if ($2 == "thumbnail" && $6 == "all" && $8 $9 == "tumortumor") { hits = $10; t = $(NF - 1); m = $NF } next }
    $1 == "thumbnail" && $5 == "test" { is = $at["max_class_1_2_3_sum"] > t; evil = is && $at["max_class_1"] >= m; n++
        if ($at["predicted tumor"] != is || $at["predicted malignant"] != evil || $at["predicted benign"] != is - evil) bad = 1
        found += is && $at["is_tumour"] != "No bone tumor" }
    END { exit bad || !n || !found || found != hits }' one/region_confusion.csv plain.csv
check "of a fitted head the development part is out of fold" grep -q '^thumbnail,.*,validation,' one/region_predictions.csv
check "a head that nobody knows is NA, with the reason" grep -q '^thumbnail,features,site,5,29,probe,0,,NA,NA,0,no row of the development part' one/region_heads.csv
check "trained on: three regions of four at most hold a tumour" awk -F, '$1 == "tiny" && $5 == "validation" { n++; k += $13 } END { exit !(k > n / 2 && k < n) }' one/regions.csv
first=$(ls one/region_overlays/thumbnail/*.png | head -1)
expect "overlays are pictures" 0 "3 channels of 8 bits" "$program" inspect "$first"
check "as many as asked for" test "$(ls one/region_overlays/thumbnail | wc -l)" -eq 3
check "every table is read strictly" tables_are_read one
check "provenance" grep -q study_sha256 one/provenance_regions.json

# ---- refused, by file and line ----
detections=bench/BTXRD/detections
keep=$(cat $detections/IMG000003.txt)
refuse() { # NAME TEXT-OF-THE-FILE WORD
    printf '%s\n' "$2" > $detections/IMG000003.txt
    expect "$1" 3 "$3" "$program" regions -q -o none boxes.yaml
    printf '%s\n' "$keep" > $detections/IMG000003.txt
}
refuse "a box outside the image" '0 0.5 0.5 0.2 0.2
0 0.05 0.5 0.5 0.2' "IMG000003.txt', line 2: the box from (-"
refuse "a box of no size" '0 0.5 0.5 0 0.2' "IMG000003.txt', line 1: a box of 0 x 0.2"
refuse "a box of less than a pixel" '0 0.5021 0.5 0.0001 0.2' "IMG000003.txt', line 1: the box from ("
refuse "pixels where fractions are expected" '0 120 80 40 40' "IMG000003.txt', line 1: 120 is no fraction"
cp $detections/IMG000003.txt $detections/IMG999999.txt
expect "boxes of an image that is not there" 3 "IMG999999.txt': there is no image 'IMG999999'" "$program" regions -q -o none boxes.yaml
rm $detections/IMG999999.txt
annotation=$(ls bench/BTXRD/Annotations/*.json | head -1)
cp "$annotation" kept.json
sed 's/"imageWidth": [0-9]*/"imageWidth": 999/' kept.json > "$annotation"
expect "an annotation of another size" 3 "px, but 'bench/BTXRD/images/" "$program" regions -q -o none boxes.yaml
cp kept.json "$annotation"
study twice.yaml 'boxes: [BTXRD/detections, BTXRD/detections]'
expect "an image with boxes in two places" 3 "has boxes in two places" "$program" regions -q -o none twice.yaml
study gone.yaml 'boxes: [BTXRD/none]'
expect "no boxes there" 3 "gone.yaml:12: no file or folder with boxes" "$program" regions -q -o none gone.yaml
study head.yaml 'head: checkpoint'
expect "a head that the checkpoint has not" 3 "has a classifier of 0 outputs; the region-guided one has 38" "$program" regions -q -o none head.yaml
sed 's/class: malignant, tumour: malignant/class: malignant, tumour: evil/' boxes.yaml > evil.yaml
expect "an output that the head has not" 3 "tumour 'evil' is none of the classifier's" "$program" regions -q -o none evil.yaml
sed 's/class: tumour, abnormal: 1/class: tumour, tumour: No bone tumor/' boxes.yaml > contrary.yaml
expect "tasks that contradict one another" 3 "task 'btxrd' says tumour No bone tumor, task 'btxrd_mb' " "$program" regions -q -o none contrary.yaml
sed 's/class: benign, tumour/class: friendly, tumour/' boxes.yaml > friendly.yaml
expect "a class that the task has not" 3 "task 'btxrd_mb' has no class 'friendly'" "$program" regions -q -o none friendly.yaml
sed 's/protocol: given/protocol: official/' boxes.yaml > official.yaml
expect "protocol official" 3 "one protocol, grouped or given" "$program" regions -q -o none official.yaml
sed '/^regions:/,$d' boxes.yaml > silent.yaml
expect "a study without regions" 3 "says nothing of regions" "$program" regions -q -o none silent.yaml
check "nothing is written by a refused run" test ! -e none/regions.csv

# ---- a checkpoint's own head ----
if [ -d "$MODELS/models/vit_cls38_f16" ]; then
    study own.yaml 'boxes: [BTXRD/detections]'
    sed -i "s|path: bench/tiny-random-vit, readout: \[cls\]|path: $MODELS/models/vit_cls38_f16|" own.yaml
    expect "a checkpoint's own head" 0 "tiny: head of the checkpoint; AUROC of max_class_1_2_3_sum" "$program" regions -t 2 -o own own.yaml
    check "answers for all 38 outputs" sh -c "! grep '^tiny,' own/regions.csv | grep -q ',NA'"
    check "softmax within 1 to 4, 5 to 33, 34 to 36" awk -F, '$1 == "tiny" { n++; a = b = c = 0; for (k = 1; k <= 4; k++) a += $(14 + k); for (k = 5; k <= 33; k++) b += $(14 + k)
        for (k = 34; k <= 36; k++) c += $(14 + k); if (a < 0.99999 || a > 1.00001 || b < 0.99999 || b > 1.00001 || c < 0.99999 || c > 1.00001) exit 1 } END { if (!n) exit 1 }' own/regions.csv
    check "at the published thresholds" grep -q '^regions,tiny,classifier,given,test,all,two-way,tumor,tumor,.*,0.5,0.5$' own/region_confusion.csv
else
    skip "a checkpoint's own head" "no models/vit_cls38_f16 under GOLDEN=$MODELS"
fi

# ---- FracAtlas: readers' boxes as regions ----
if [ -d "$REAL_DATA/fracatlas" ]; then
    mkdir fracatlas-part # a part of its rows
    ln -s "$REAL_DATA/fracatlas/images" fracatlas-part/images
    awk -F, 'NR == 1 || (++n[$9] % ($9 ? 6 : 24) == 0)' "$REAL_DATA/fracatlas/dataset.csv" > fracatlas-part/dataset.csv
    coco=$(ls "$REAL_DATA/fracatlas/Annotations/COCO JSON/"*.json | head -1)
    cat > fracatlas.yaml <<Y
name: fracatlas
output: fracatlas
store: store
data_root: .
models: [{name: thumbnail, baseline: thumbnail}]
tasks: [{task: $top/tasks/fracatlas.yaml, data: fracatlas-part}, {task: $top/tasks/fracatlas_implant.yaml, data: fracatlas-part}]
on_missing_image: skip
accept: [contradiction, shortcut, near_duplicate]
bootstrap: {replicates: 200}
regions:
  boxes: ["$coco"]
  overlays: 2
  labels:
    - {task: fracatlas, class: fractured, fracture: non-pathologic fracture, tumour: No bone tumor}
    - {task: fracatlas, class: fracture-free, fracture: No fracture, tumour: No bone tumor}
    - {task: fracatlas_implant, class: hardware, implant: 1}
    - {task: fracatlas_implant, class: none, implant: 0}
Y
    expect "FracAtlas with its own boxes" 0 "thumbnail: head of a probe on frozen regions; AUROC of max_class_35" "$program" regions -q fracatlas.yaml
    "$program" regions -q fracatlas.yaml 2>&1 | grep -q 'warning: the number of regions alone tells class_35 at AUROC 1.000: are the boxes a reader'
    check "boxes that only fractured images have are named as a leak" test $? -eq 0
    check "labels fractured are kept" grep -q ',fractured,,' fracatlas/regions.csv
    check "implants are scored" grep -q ',all,max,class_37,auroc,' fracatlas/region_metrics.csv
else
    skip "FracAtlas with its own boxes" "no fracatlas under REAL=$REAL_DATA"
fi
echo "1..$count"
