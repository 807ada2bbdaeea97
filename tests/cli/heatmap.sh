# heatmap on the tiny checkpoint: what it writes, the same bytes for any number of threads, resuming, refusals.
. tests/cli/lib.sh
"$program" synth -q --patients 4 "$scratch/data" > /dev/null 2>&1
cd "$scratch" || exit 1
model=data/tiny-random-vit
first=$(ls data/images/*.png | head -1)
stem=$(basename "$first" .png)
n=$(ls data/images/*.png | wc -l)

expect "maps of a folder" 0 "$n error maps, 10.0 passes each ($n made now, 0 were there)" "$program" heatmap -t 1 -o one "$model" data/images
check "a row a picture" test "$(wc -l < one/error_maps.csv)" -eq $((n + 1))
for file in maps/$stem.npy maps/$stem.png maps/$stem.json overlays/$stem.png panels/$stem.png; do
    check "$file is written" test -s "one/$file"
done
expect "the map has the encoder's size" 0 "f4 [224, 224]" "$program" inspect "one/maps/$stem.npy"
expect "its PNG has 16 bits" 0 "png, 224x224, 1 channel of 16 bits" "$program" inspect "one/maps/$stem.png"
expect "the overlay is a picture" 0 "3 channels of 8 bits" "$program" inspect "one/overlays/$stem.png"
expect "so are the panels" 0 "png, 1816x448, 3 channels of 8 bits" "$program" inspect "one/panels/$stem.png"
"$program" heatmap -q -t 3 -o three "$model" data/images > /dev/null 2>&1
check "three threads write the same bytes" diff -r one three
"$program" heatmap -q -t 16 -o sixteen "$model" "$first" > /dev/null 2>&1
for folder in maps overlays panels; do
    check "one picture on all threads: the same $folder" sh -c "for f in sixteen/$folder/*; do cmp -s \$f one/$folder/\$(basename \$f) || exit 1; done"
done

touch -d '2001-01-01' one/maps/*.npy
expect "a second time nothing is computed" 0 "(0 made now, $n were there)" "$program" heatmap -o one "$model" data/images
check "and the table is the same" cmp -s one/error_maps.csv three/error_maps.csv
rm "one/panels/$stem.png"
expect "what is missing is made again" 0 "(1 made now, $((n - 1)) were there)" "$program" heatmap -o one "$model" data/images
rm "one/maps/$stem.npy"
expect "a map that is gone too" 0 "(1 made now, $((n - 1)) were there)" "$program" heatmap -o one "$model" data/images
truncate -s 100 "one/maps/$stem.npy"
expect "or cut short" 0 "(1 made now, $((n - 1)) were there)" "$program" heatmap -o one "$model" data/images
check "as it was" diff -r one three
rm "one/panels/$stem.png" && mkdir "one/panels/$stem.png"
"$program" heatmap -q --seed 1 -o one "$model" "$first" > /dev/null 2>&1
check "a run that could not write its panels leaves nothing that vouches for its map" test ! -e "one/maps/$stem.json"
rmdir "one/panels/$stem.png"
"$program" heatmap -q -o one "$model" data/images > /dev/null 2>&1
check "the first settings again: as it was" diff -r one three
expect "other settings, other maps" 0 "($n made now, 0 were there)" "$program" heatmap --seed 1 -o one "$model" data/images
check "that differ" sh -c "! cmp -s one/maps/$stem.npy three/maps/$stem.npy"

# stopped by Ctrl-C, and on again
"$program" heatmap -q -t 2 --passes 60 -o whole "$model" data/images > /dev/null 2>&1
"$program" heatmap -q -t 1 --passes 60 -o stopped "$model" data/images > said 2>&1 &
pid=$!
while kill -0 $pid 2> /dev/null && [ ! -s "stopped/maps/$stem.json" ]; do sleep 0.02; done
kill -INT $pid 2> /dev/null
wait $pid
code=$?
check "Ctrl-C ends as the signal does" test $code -eq 130
made=$(ls stopped/maps/*.json | wc -l)
check "with some of the maps: $made of $n" test "$made" -ge 1 -a "$made" -lt "$n" -a ! -e stopped/error_maps.csv
expect "the same command goes on" 0 "($((n - made)) made now, $made were there)" "$program" heatmap -t 3 --passes 60 -o stopped "$model" data/images
check "to the same bytes" diff -r stopped whole

expect "even masks come in whole rounds" 0 "12.0 passes each" "$program" heatmap --schedule even -o even "$model" "$first"
check "and hide every patch equally often" grep -q ',squared,even,0.75,2025,12,9,9,9,' even/error_maps.csv
expect "passes until the noise is small" 0 "passes each" "$program" heatmap --passes auto -o auto "$model" "$first"
check "of the even schedule" grep -q ',even,' auto/error_maps.csv
expect "absolute differences" 0 "1 error maps" "$program" heatmap --absolute --mask-ratio 0.5 --passes 3 -o absolute "$model" "$first"
check "are named" grep -q ',absolute,official,0.5,2025,3,' absolute/error_maps.csv
expect "bf16" 0 "1 error maps" "$program" heatmap --precision bf16 -o bf16 "$model" "$first"

printf 'no picture' > broken.png
expect "a broken picture is named" 3 "1 of 2 pictures have no map (error_maps.csv says why); the first: 'broken.png'" "$program" heatmap -o broken "$model" "$first" broken.png
check "the other one has its map" test -s "broken/maps/$stem.npy"
check "and the broken one a reason" grep -q "^broken.png,broken,NA,.*broken.png" broken/error_maps.csv
expect "a picture that is not there" 4 "no picture 'none.png'" "$program" heatmap -o none "$model" none.png
mkdir empty
expect "a folder without pictures" 3 "folder 'empty' holds no picture" "$program" heatmap -o none "$model" empty
cp "$first" .
expect "two pictures of one name" 2 "would both be '$stem'" "$program" heatmap -o none "$model" "$first" "$stem.png"
expect "no picture at all" 2 "takes CHECKPOINT IMAGES..." "$program" heatmap "$model"
expect "a mask ratio of 1" 2 "--mask-ratio is '1'" "$program" heatmap --mask-ratio 1 -o none "$model" "$first"
expect "a ratio that leaves nothing" 2 "leaves all of 196 patches masked" "$program" heatmap --mask-ratio 0.999 -o none "$model" "$first"
expect "an odd number of passes" 2 "--passes is '0'" "$program" heatmap --passes 0 -o none "$model" "$first"
expect "auto with random masks" 2 "only with the even schedule" "$program" heatmap --passes auto --schedule official -o none "$model" "$first"
expect "an unknown schedule" 2 "--schedule is 'odd'" "$program" heatmap --schedule odd -o none "$model" "$first"
expect "a seed beyond 32 bits" 2 "--seed is '4294967296'" "$program" heatmap --seed 4294967296 -o none "$model" "$first"

mkdir plain && cp $model/*.safetensors $model/preprocessor_config.json plain && sed 's/vit_mae/vit/' $model/config.json > plain/config.json
expect "a vit's decoder, if it has one, is read" 0 "1 error maps" "$program" heatmap -o plainmaps plain "$first"
sed 's/"norm_pix_loss": false/"norm_pix_loss": true/' $model/config.json > plain/config.json
expect "norm_pix_loss is said" 0 "trained with norm_pix_loss" "$program" heatmap -o norm plain "$first"
sed 's/"decoder_num_hidden_layers": 2/"decoder_num_hidden_layers": 1/' $model/config.json > plain/config.json
expect "a decoder of fewer layers" 3 "for which the decoder of config.json (1 layers) has no place" "$program" heatmap -o norm plain "$first"
second=$(ls data/images/*.png | sed -n 2p)
box() { # FILE WIDTH HEIGHT BBOX
    printf '{"images": [{"id": 1, "file_name": "%s", "width": %s, "height": %s}], "annotations": [{"id": 5, "image_id": 1, "bbox": [%s]}]}' "$@" > boxes.json
}
size=$("$program" inspect "$first" | sed -n 's/.*png, \([0-9]*\)x\([0-9]*\),.*/\1 \2/p')
box "$stem.png" $size "20, 30, 40, 50"
expect "boxes are scored" 0 "pixel_auroc" "$program" heatmap -t 1 --boxes boxes.json -o boxed "$model" "$first" "$second"
check "beside two trivial maps and the differences" test "$(cut -d, -f1 boxed/localisation.csv | sort -u | wc -l)" -eq 6
check "of one region in two pictures" grep -q '^error,pixel_auroc,2,1,1,0\.' boxed/localisation.csv
"$program" heatmap -q -t 3 --boxes boxes.json -o boxed3 "$model" "$first" "$second" > /dev/null 2>&1
check "three threads: the same scores and pictures" diff -r boxed boxed3
check "every table is read strictly" tables_are_read boxed
check "the box is drawn" sh -c "! cmp -s boxed/overlays/$stem.png three/overlays/$stem.png"
check "and the map is the same" cmp -s "boxed/maps/$stem.npy" "three/maps/$stem.npy"
if command -v python3 > /dev/null; then
    cat > byhand.py <<'P'
import csv, struct, sys
first, second, width, height = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
def read(name):
    b = open("boxed/maps/%s.npy" % name, "rb").read()
    at = 10 + struct.unpack("<H", b[8:10])[0]
    return struct.unpack("<%df" % (224 * 224), b[at:])
inside = {y * 224 + x for y in range(224) for x in range(224) if 20 <= (x + 0.5) * width / 224 < 60 and 30 <= (y + 0.5) * height / 224 < 80}
a, b = read(first), read(second)
scored = sorted([(v, i in inside) for i, v in enumerate(a)] + [(v, False) for v in b])
u = below = i = 0
while i < len(scored):
    j = i
    while j < len(scored) and scored[j][0] == scored[i][0]:
        j += 1
    hits = sum(s[1] for s in scored[i:j])
    u += hits * (below + (j - i - hits) / 2)
    below += j - i - hits
    i = j
got = {r["metric"]: float(r["value"]) for r in csv.DictReader(open("boxed/localisation.csv")) if r["map"] == "error" and r["value"] != "NA"}
top = max(a)
for name, due in (("pixel_auroc", u / len(inside) / below), ("region_share", len(inside) / len(a)), ("image_auroc", 0.5 * ((sum(a) > sum(b)) + (sum(a) >= sum(b)))),
                  ("pointing", sum(a[k] == top for k in inside) / a.count(top))):
    assert abs(got[name] - due) < 1e-12, (name, got[name], due)
P
    check "area, share and pointing by hand" python3 byhand.py "$stem" "$(basename "$second" .png)" $(echo $size | tr , ' ')
else
    skip "area, share and pointing by hand" "no python3"
fi
# outlines in place of boxes
sed 's/"bbox"/"segmentation": [[20, 30, 60, 30, 60, 80, 20, 80]], "bbox"/' boxes.json > masks.json
expect "a polygon that is the box" 0 "1 regions (masks)" "$program" heatmap --masks masks.json -o boxed3 "$model" "$first" "$second"
check "scores what the box scores" sh -c 'sed s/,masks,/,boxes,/ boxed3/localisation.csv | cmp - boxed/localisation.csv'
sed 's/60, 80, 20, 80/60, 80/' masks.json > half.json
"$program" heatmap -q --masks half.json -o boxed3 "$model" "$first" "$second" > /dev/null 2>&1
check "half of it is half of the pixels" awk -F, '$1 == "error" && $2 == "region_share" { if (FILENAME ~ /boxed3/) half = $6; else whole = $6 } END { exit !(half > 0.4 * whole && half < 0.6 * whole) }' boxed/localisation.csv boxed3/localisation.csv
mkdir pictures && cp "$first" "pictures/$stem.png"
expect "a mask as a picture" 0 "(masks)" "$program" heatmap --masks pictures -o boxed3 "$model" "$first" "$second"
cp "boxed/overlays/$stem.png" "pictures/$stem.png"
expect "a mask of another size" 3 "'pictures/$stem.png': '$stem' is given as" "$program" heatmap --masks pictures -o none "$model" "$first"
expect "polygons where there are none" 3 "'boxes.json', annotation 1 (id 5): its segmentation is no list of polygons" "$program" heatmap --masks boxes.json -o none "$model" "$first"
expect "boxes and masks" 2 "--boxes and --masks" "$program" heatmap --masks boxes.json --boxes boxes.json -o none "$model" "$first"
# patients by the file's name
expect "scores by patient" 0 "bootstrap by patient, 1 of them" "$program" heatmap --boxes boxes.json --patient-pattern '^(.)' -o boxed3 "$model" "$first" "$second"
check "the table says so" grep -q '^error,pixel_auroc,2,1,1,.*,percentile bootstrap by patient,2000,0,1,boxes,' boxed3/localisation.csv
check "one patient: every replicate is the sample" awk -F, '$1 == "error" && $2 == "pixel_auroc" { exit !($7 == $8 && $6 - $7 < 1e-3 && $7 - $6 < 1e-3) }' boxed3/localisation.csv
expect "a name without a patient" 3 "finds no patient in" "$program" heatmap --boxes boxes.json --patient-pattern '^(zz)' -o none "$model" "$first"
expect "a pattern without a group" 2 "has no group" "$program" heatmap --boxes boxes.json --patient-pattern '^a' -o none "$model" "$first"
box "$stem.png" $size "20, 30, 4000, 50"
expect "a box outside the picture" 3 "'boxes.json', annotation 1 (id 5): the box from (20, 30)" "$program" heatmap --boxes boxes.json -o none "$model" "$first"
box "$stem.png" 99 98 "20, 30, 40, 50"
expect "a picture of another size" 3 "'boxes.json', image 1: '$stem.png' is given as 99x98 px" "$program" heatmap --boxes boxes.json -o none "$model" "$first"
box "other.png" $size "20, 30, 40, 50"
expect "boxes of other pictures" 3 "none of the 1 pictures has a box" "$program" heatmap --boxes boxes.json -o none "$model" "$first"
echo "1..$count"
