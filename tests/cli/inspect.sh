# inspect on checkpoints and pictures: what it prints, and where it says that an array made elsewhere departs.
# With GOLDEN, a folder with models/, also transformers' own hidden states.
. tests/cli/lib.sh

make_study "$scratch/s" 6 > /dev/null 2>&1
model=$scratch/s/data/tiny-random-vit
cd "$scratch/s" || exit 1
"$program" extract -q study.yaml > /dev/null 2>&1
"$program" export -q --to exported study.yaml > /dev/null 2>&1
image=data/$(sed -n 's/^3,\([^,]*\),.*/\1/p' exported/age.csv)
cls=exported/age.tiny.cls.npy

expect "a checkpoint alone" 0 "architecture   vit_mae width 64, layers 4, heads 4" "$program" inspect "$model"
expect "a picture" 0 "cls            norm " "$program" inspect "$model" --image "$image"
expect "no layers unless asked" 1 "norm, token 0" sh -c "'$program' inspect '$model' --image '$image' | grep -F 'norm, token 0' || { echo 'none: norm, token 0'; exit 1; }"
expect "layers" 0 "norm, token 0" "$program" inspect "$model" --image "$image" --layers
check "as many lines as layers and embeddings" test "$("$program" inspect "$model" --image "$image" --layers | grep -c '^[0-9]')" = 5
for readout in cls cls_pre mean cls+mean; do
    expect "exported $readout agrees" 0 "agrees         up to the end" "$program" inspect "$model" --image "$image" --reference "exported/age.tiny.$readout.npy" --readout $readout
done
expect "its row is found" 0 "its row 3 (from 0)" "$program" inspect "$model" --image "$image" --reference "$cls" --readout cls
expect "another readout departs" 0 "departs        somewhere before the end" "$program" inspect "$model" --image "$image" --reference exported/age.tiny.cls_pre.npy --readout cls
expect "joined readouts are wider" 3 "readout 'cls+mean' is 128 wide" "$program" inspect "$model" --image "$image" --reference "$cls" --readout cls+mean
expect "a width of several readouts" 2 "say which with --readout (cls, cls_pre, mean)" "$program" inspect "$model" --image "$image" --reference "$cls"
expect "an unknown readout" 2 "--readout 'clss' is none" "$program" inspect "$model" --image "$image" --reference "$cls" --readout clss
expect "a trailing plus" 2 "--readout 'cls+' is none" "$program" inspect "$model" --image "$image" --reference "$cls" --readout cls+
expect "an array of no shape of its" 3 "nothing of this checkpoint has" "$program" inspect "$model" --image "$image" --reference exported/age.thumbnail.features.npy
expect "an array that is not there" 4 "none.npy" "$program" inspect "$model" --image "$image" --reference none.npy
expect "a picture that is none" 3 "study.yaml" "$program" inspect "$model" --image study.yaml
expect "--layers without a picture" 2 "--layers needs --image" "$program" inspect "$model" --layers
expect "--reference without a picture" 2 "--reference needs --image" "$program" inspect "$model" --reference "$cls"
expect "--readout without a reference" 2 "--readout says what --reference holds" "$program" inspect "$model" --image "$image" --readout cls
expect "--image on no checkpoint" 2 "need a checkpoint" "$program" inspect data/cohort.csv --image "$image"
expect "--precision on no checkpoint" 2 "need a checkpoint" "$program" inspect data/cohort.csv --precision bf16
expect "an unknown precision" 2 "--precision is 'fp16'; expected one of: fp32, bf16" "$program" inspect "$model" --precision fp16
expect "a checkpoint says its precision" 0 "input 224x224, positions as stored, fp32" "$program" inspect "$model"
expect "or the one asked for" 0 "input 224x224, positions as stored, bf16" "$program" inspect "$model" --precision bf16
expect "bf16 has its own tolerance" 0 "tolerance      that of bf16" "$program" inspect "$model" --image "$image" --reference "$cls" --readout cls --precision bf16
expect "and agrees within it" 0 "agrees         up to the end" "$program" inspect "$model" --image "$image" --reference "$cls" --readout cls --precision bf16
expect "and departs beyond it" 0 "more than bf16 makes" "$program" inspect "$model" --image "$image" --reference exported/age.tiny.cls_pre.npy --readout cls --precision bf16
check "fp32 and bf16 are two checkpoints by digest" sh -c "test \"\$('$program' inspect '$model' | grep ^sha256)\" != \"\$('$program' inspect '$model' --precision bf16 | grep ^sha256)\""
cd "$top" || exit 1

models=${GOLDEN:-../shared/golden}/models
[ -f "$models/INDEX.json" ] || {
    skip "hidden states of transformers" "no models/INDEX.json under GOLDEN=${GOLDEN:-../shared/golden}"
    echo "1..$count"
    exit 0
}
# value KEY FILE: the text, or the first of the list, that stands behind "KEY"
value() { tr -d ' \n' < "$2" | sed -n "s/.*\"$1\":\\[*\"\\([^\"]*\\)\".*/\\1/p"; }
for expected in "$models"/*/expected/expected.json; do
    folder=$(dirname "$(dirname "$expected")")
    checkpoint=$(basename "$folder")
    picture=$(value images "$expected")
    pixels=$models/images/$picture.$(value image_tag "$expected").pixel.npy
    picture=$models/images/$picture.png
    [ -f "$folder/config.json" ] && [ -f "$picture" ] || continue
    [ -f "$pixels" ] && expect "$checkpoint: pixels" 0 "agrees         the pixels" "$program" inspect "$folder" --image "$picture" --reference "$pixels"
    hidden=$folder/expected/hidden_states_img0.npy
    [ -f "$hidden" ] && expect "$checkpoint: hidden states" 0 "agrees         at every layer" "$program" inspect "$folder" --image "$picture" --layers --reference "$hidden"
    last=$folder/expected/last_hidden_state.npy
    [ -f "$last" ] && expect "$checkpoint: last state" 0 "agrees         up to " "$program" inspect "$folder" --image "$picture" --reference "$last"
    # a wrong epsilon shows behind the first block
    if [ -f "$hidden" ] && grep -q '"layer_norm_eps"' "$folder/config.json"; then
        mkdir "$scratch/wrong" && cp "$folder"/*.json "$folder"/*.safetensors "$scratch/wrong"
        chmod -R u+w "$scratch/wrong"
        sed 's/"layer_norm_eps": *[0-9.e-]*/"layer_norm_eps": 0.09/' "$folder/config.json" > "$scratch/wrong/config.json"
        expect "$checkpoint: wrong epsilon" 0 "departs        first at layer 1" "$program" inspect "$scratch/wrong" --image "$picture" --reference "$hidden"
        rm -r "$scratch/wrong"
    fi
    # another picture departs, from the first layer on
    other=
    for candidate in "$models"/images/*.png; do
        case $candidate in *.rgb8.png|"$picture") ;; *) other=$candidate ;; esac
    done
    [ -f "$hidden" ] && expect "$checkpoint: another picture" 0 "departs        first at layer 0" "$program" inspect "$folder" --image "$other" --reference "$hidden"
done
echo "1..$count"
