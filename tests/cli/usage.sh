. tests/cli/lib.sh

expect "no command" 2 "usage:" "$program"
expect "--help" 0 "commands" "$program" --help
expect "--version names BLAS" 0 "OpenBLAS" "$program" --version
expect "--man is roff" 0 ".TH SKELEX-EVAL" "$program" --man
for command in run check extract evaluate external export inspect synth; do
    expect "$command --help" 0 "options" "$program" $command --help
    check "$command stands in the manual" sh -c "'$program' --man | grep -q '^.SS $command '"
done
expect "unknown command" 2 "no command 'rnu'" "$program" rnu
expect "unknown option" 2 "no option '--sead'" "$program" synth --sead 1 "$scratch/x"
expect "option of another command" 2 "no option '--shard'" "$program" run --shard 1/2 x.yaml
expect "no argument" 2 "takes STUDY.yaml" "$program" run
expect "two arguments" 2 "here are 2" "$program" run a b
expect "threads that are not a number" 2 "--threads is '1O'" "$program" run --threads 1O x.yaml
expect "threads 0" 2 "--threads is '0'" "$program" run --threads=0 x.yaml
expect "a batch of none" 2 "--batch is '0'; a whole number from 1 to 256" "$program" run --batch 0 x.yaml
expect "a batch that is too large" 2 "--batch is '257'" "$program" extract --batch 257 x.yaml
expect "a batch where nothing is extracted" 2 "no option '--batch'" "$program" evaluate --batch 2 x.yaml
expect "an option without its value" 2 "--threads needs a value" "$program" run x.yaml --threads
expect "an option twice" 2 "given twice" "$program" run -q -q x.yaml
expect "a flag with a value" 2 "takes no value" "$program" run --quiet=1 x.yaml
expect "shard out of range" 2 "--shard is '3/2'" "$program" extract --shard 3/2 x.yaml
expect "shard without a slash" 2 "--shard is '3'" "$program" extract --shard 3 x.yaml
expect "a study that is not there" 4 "cannot open" "$program" run "$scratch/none.yaml"
expect "a folder for a study" 4 "not a regular file" "$program" run "$scratch"
expect "synth with a bad seed" 2 "--seed is 'x'" "$program" synth --seed x "$scratch/x"
expect "inspect nothing" 4 "no file or folder" "$program" inspect "$scratch/none"
if [ -c /dev/full ]; then
    "$program" --help > /dev/full 2> "$scratch/err"
    check "help to a full disk fails" test $? -ne 0
fi
expect "check --help lists the audit's codes" 0 "* contradiction        error" "$program" check --help
expect "the man page too" 0 ".BR near_duplicate \" (warning) *\"" "$program" --man
echo "1..$count"
