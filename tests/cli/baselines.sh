# manifests/baselines.yaml over random little checkpoints in the folder layouts of the published comparison.
. tests/cli/lib.sh

mkdir -p "$scratch/manifests" "$scratch/results" "$scratch/checkpoints"
cp -r tasks "$scratch/tasks"
cp manifests/baselines.yaml "$scratch/manifests/whole.yaml"
sed 's/replicates: 2000/replicates: 100/; s/probes: .*/probes: [linear]/; /synth_joint_space/d' manifests/baselines.yaml > "$scratch/manifests/baselines.yaml"
sed '/synth_age/d; s/^name: .*/name: modes/' "$scratch/manifests/baselines.yaml" > "$scratch/manifests/modes.yaml"
sed -i 's/preprocess: skelex}/preprocess: checkpoint}/; s/results\/baselines/results\/modes/' "$scratch/manifests/modes.yaml"
tools=$(cd "$1" && pwd)/tests/tools
check "stand-ins are written" "$tools/baseline_folders" "$scratch/checkpoints"
cd "$scratch" || exit 1
unset CHECKPOINTS
expect "without CHECKPOINTS: said" 3 "CHECKPOINTS" "$program" check manifests/baselines.yaml
export CHECKPOINTS="$scratch/checkpoints"
"$program" synth -q --patients 50 results/demo-data || not_ok "synth"

# of 50 patients the grades cannot be split: check says so, as run would
expect "check refuses what cannot be split" 3 "error (split)" "$program" check manifests/whole.yaml
sed -i '/synth_joint_space/d' manifests/whole.yaml
"$program" check manifests/whole.yaml > said 2> errors
check "check accepts the six" test $? -eq 0
for model in skelex vit-l-in21k vit-mae-l resnet-101 biomedclip radiodino-b16; do
    check "check describes $model" grep -q "^model $model: .*preprocess skelex: .*resize 224x224 bilinear; crop none;.*mean 0.485" said
done
"$program" run -q manifests/baselines.yaml > table 2> errors
check "the six run" test $? -eq 0
[ -s errors ] && sed 's/^/# /' errors
metrics=results/baselines/metrics.csv
check "rows carry mode and precision" sh -c "grep -q ',linear,skelex,fp32,' $metrics && ! tail -n +2 $metrics | grep -vq ',linear,skelex,fp32,'"
check "twelve readouts" test "$(cut -d, -f4,5 $metrics | sort -u | grep -vc '^model,')" = 12
check "resolved study keeps the mode" grep -q "preprocess: skelex" results/baselines/study.resolved.yaml
cp results/baselines/study.resolved.yaml resolved.yaml # its paths are from the working folder
expect "resolved study is a study" 0 "preprocess skelex" "$program" check resolved.yaml
check "provenance keeps the mode" grep -q '"preprocess": "skelex"' results/baselines/provenance.json

"$program" run -q manifests/modes.yaml > table 2> errors
check "the six run as their checkpoints say" test $? -eq 0
[ -s errors ] && sed 's/^/# /' errors
check "rows carry the other mode" sh -c "grep -q ',linear,checkpoint,fp32,' results/modes/metrics.csv && ! tail -n +2 results/modes/metrics.csv | grep -v ',linear,checkpoint,fp32,'"
"$program" check manifests/modes.yaml > said 2> errors
check "BiomedCLIP as open_clip says" grep -q "^model biomedclip: .*preprocess checkpoint: .*shortest 224 bicubic; crop 224x224 to even;.*mean 0.4814" said
check "RadioDINO as timm says" grep -q "^model radiodino-b16: .*preprocess checkpoint: .*shortest 248 bicubic; crop 224x224 to even;.*mean 0.5,0.5,0.5" said
check "ResNet as its folder says" grep -q "^model resnet-101: .*preprocess checkpoint: .*shortest 256 bicubic; crop 224x224;" said

sed 's/, readout: \[[a-z, ]*\]//; s/^name: .*/name: plain/; s/results\/baselines/results\/plain/; /synth_age/d' manifests/baselines.yaml > manifests/plain.yaml
"$program" run -q manifests/plain.yaml > table 2> errors
check "a study may name only path" test $? -eq 0
check "each model has the first readout of its encoder" test "$(cut -d, -f4,5 results/plain/metrics.csv | sort -u | grep -c ',cls$')" = 5
check "which is the pooled map of a ResNet" grep -q ',resnet-101,pooled,' results/plain/metrics.csv
check "the resolved study names it" grep -q 'readout: \["pooled"\]' results/plain/study.resolved.yaml

for layout in BiomedCLIP RadioDino-b16; do
    expect "inspect $layout" 0 "readouts" "$program" inspect "checkpoints/$layout"
done
expect "inspect tells the projection" 0 "projected" "$program" inspect checkpoints/BiomedCLIP
expect "inspect tells the unused text tower" 0 "text.transformer" "$program" inspect checkpoints/BiomedCLIP

cp -r checkpoints pickles
mv pickles/BiomedCLIP/open_clip_model.safetensors pickles/BiomedCLIP/open_clip_pytorch_model.bin
CHECKPOINTS=$scratch/pickles expect "a pickle alone is refused" 3 "convert it once in Python" "$program" check manifests/baselines.yaml
sed 's/name: resnet-101,/name: resnet-101, interpolation: old,/' manifests/baselines.yaml > manifests/old.yaml
expect "interpolation is for DINOv2" 3 "dinov2" "$program" check manifests/old.yaml
sed 's/preprocess: skelex}/preprocess: other}/' manifests/baselines.yaml > manifests/other.yaml
expect "an unknown mode is refused" 3 "checkpoint" "$program" check manifests/other.yaml
sed 's/name: vit-mae-l,/name: vit-mae-l, architecture: vit,/' manifests/baselines.yaml > manifests/architecture.yaml
expect "architecture cannot contradict" 3 "model_type is 'vit_mae'" "$program" check manifests/architecture.yaml
echo "1..$count"
