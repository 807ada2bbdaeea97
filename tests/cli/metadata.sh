# Published metadata of two datasets, parsed to the counts they are known to hold; real images from their original
# layouts.  Needs REAL, a folder with grazpedwri/, btxrd_metadata/, kneeoa/, fracatlas/ and pesplanus/.
. tests/cli/lib.sh

export REAL_DATA="${REAL:-../shared/real}"
case $REAL_DATA in /*) ;; *) REAL_DATA=$top/$REAL_DATA ;; esac

# study NAME FOLDER POLICY TASK...
study() {
    name=$1 folder=$2 policy=$3
    shift 3
    {
        printf 'name: %s\noutput: out_%s\ndata_root: ${REAL_DATA}\nmodels: [{name: thumbnail, baseline: thumbnail}]\n%s\ntasks:\n' "$name" "$name" "$policy"
        for task in "$@"; do echo "  - {task: $task, data: $folder}"; done
    } > "$scratch/$name.yaml"
}
# has FILE WORDS...: a line that holds these words one behind the other
has() { file=$1; shift; tr -s ' ' < "$file" | grep -qF -- "$*"; }

cp -r tasks "$scratch/tasks"
cd "$scratch" || exit 1

if [ -f "$REAL_DATA/grazpedwri/dataset.csv" ]; then
    study graz grazpedwri "" tasks/pediatricfx.yaml tasks/pediatricfx_implant.yaml tasks/pediatricfx_ao.yaml
    "$program" check -q --metadata-only graz.yaml > graz 2>&1
    check "GRAZPEDWRI-DX: parses" test $? -eq 0
    check "GRAZPEDWRI-DX: 20,327 rows" has graz "images 20327 published: 20327"
    check "GRAZPEDWRI-DX: 6,091 patients" has graz "patients 6091 published: 6091"
    check "GRAZPEDWRI-DX: 708 with metal, of 157 patients" has graz "metal 708 images 157 patients"
    check "GRAZPEDWRI-DX: 19,790 certain" has graz "images 19790 published: 19790"
    check "GRAZPEDWRI-DX: of 5,876 patients" has graz "patients 5876 published: 5876"
    check "GRAZPEDWRI-DX: 13,447 fractures among them" has graz "fractured 13447 images"
    check "GRAZPEDWRI-DX: 13,236 with a frequent AO class" has graz "images 13236 published: 13236"
    check "GRAZPEDWRI-DX: the most frequent one" has graz "23r-M/2.1 3094 images"
    check "GRAZPEDWRI-DX: the rarest of twenty" has graz "23u-M/2.1 38 images"
    check "GRAZPEDWRI-DX: uncertain rows are listed" test "$(grep -c '^pediatricfx,excluded,rule,' out_graz/audit.csv)" = 537
    check "GRAZPEDWRI-DX: so are other AO classes" test "$(grep -c '^pediatricfx_ao,excluded,other_class,' out_graz/audit.csv)" = $((19790 - 13236))
    sed 's/^  exclude:.*//' tasks/pediatricfx.yaml > tasks/all.yaml
    study all grazpedwri "" tasks/all.yaml
    "$program" check -q --metadata-only all.yaml > all 2>&1
    check "GRAZPEDWRI-DX: 13,550 fractures in all" has all "fractured 13550 images"
    check "GRAZPEDWRI-DX: which differ from what is published" grep -q '^pediatricfx,warning,published_count,,,"\{0,1\}13550 images of class fractured' out_all/audit.csv
else
    skip "GRAZPEDWRI-DX's table" "no grazpedwri/dataset.csv under REAL=$REAL_DATA"
fi

if [ -d "$REAL_DATA/btxrd_metadata/detection task" ]; then
    study btxrd btxrd_metadata "" tasks/btxrd.yaml tasks/btxrd_mb.yaml tasks/btxrd_subtype.yaml
    "$program" check -q --metadata-only btxrd.yaml > btxrd 2>&1
    check "BTXRD: parses" test $? -eq 0
    check "BTXRD: 3,746 rows" has btxrd "images 3746 published: 3746"
    check "BTXRD: 1,879 normal" has btxrd "no tumour 1879 images"
    check "BTXRD: 1,867 tumours" has btxrd "tumour 1867 images 1867 patients"
    check "BTXRD: centres 1 against 2 and 3" has btxrd "tumour 1867 images 1867 patients given: 1345 development, 522 test"
    check "BTXRD: 342 malignant" has btxrd "malignant 342 images"
    check "BTXRD: 1,525 benign" has btxrd "benign 1525 images"
    # osteochondroma 753 and synovial osteochondroma 51 with the one image that is both
    for kind in "osteochondroma 752" "multiple osteochondromas 263" "simple bone cyst 206" "giant cell tumor 93" "osteofibroma 44" \
        "synovial osteochondroma 50" "other bt 116" "osteosarcoma 297" "other mt 45"; do
        check "BTXRD: $kind" has btxrd "$kind images"
    done
    check "BTXRD: the image with two labels is named" grep -qF 'btxrd_subtype,excluded,two_labels,images/IMG001276.jpeg' out_btxrd/audit.csv
    check "BTXRD: and no other" test "$(grep -c ',two_labels,' out_btxrd/audit.csv)" = 1
    check "BTXRD: the layout is told" grep -q '^btxrd,note,layout,,,.*workbook in two parts' out_btxrd/audit.csv
else
    skip "BTXRD's workbooks" "no btxrd_metadata under REAL=$REAL_DATA"
fi

if [ -d "$REAL_DATA/kneeoa" ] && [ -d "$REAL_DATA/fracatlas" ] && [ -d "$REAL_DATA/pesplanus" ]; then
    study kneeoa kneeoa "" tasks/kneeoa.yaml
    "$program" check -q kneeoa.yaml > kneeoa 2>&1
    check "knee OA: val and test alone are usable" test $? -eq 0
    check "knee OA: 2,482 knees" has kneeoa "images 2482 published: 8260, differs by -5778"
    check "knee OA: of 1,241 patients" has kneeoa "patients 1241"
    check "knee OA: the missing part is told" grep -q '^kneeoa,warning,absent,train,' out_kneeoa/audit.csv
    study fracatlas fracatlas "on_missing_image: skip
accept: [contradiction]" tasks/fracatlas.yaml tasks/fracatlas_implant.yaml
    "$program" check -q fracatlas.yaml > fracatlas 2>&1
    check "FracAtlas: reads" test $? -eq 0
    check "FracAtlas: 633 fractures of 1,785" has fracatlas "fractured 633 images"
    check "FracAtlas: 89 with hardware" has fracatlas "hardware 89 images"
    # a third of the export's training part stands there
    study pesplanus pesplanus "on_missing_image: skip" tasks/pesplanus.yaml
    "$program" check -q pesplanus.yaml > pesplanus 2>&1
    check "pes planus: reads" test $? -eq 0
    check "pes planus: the export's layout" has pesplanus "layout: multi-class export"
    check "pes planus: copies of one source stay together" has pesplanus "patients 125"
    check "pes planus: pictures with two labels are left out" test "$(grep -c ",two_labels," out_pesplanus/audit.csv)" = "$(cat "$REAL_DATA"/pesplanus/*/_classes.csv | grep -c ", 1, 1")"
else
    skip "radiographs in their original layouts" "no kneeoa, fracatlas and pesplanus under REAL=$REAL_DATA"
fi
echo "1..$count"
