# What people and shells see: completion, help and manual agree; tables fit 80 columns; bars and colours only on a terminal;
# --json is one document.
. tests/cli/lib.sh

tools=$(dirname "$program")/tests/tools

# ---- completion, --help and manual know the same commands and options: lines "COMMAND --option" ----

commands=$("$program" --help | awk '/^commands$/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
{
    for command in $commands; do
        "$program" $command --help | awk '/^options$/ { on = 1; next } /^$/ { on = 0 } on' | grep -oE '^  +(-[a-z], )?--[a-z-]+' | grep -oE '(^| )--?[a-z][a-z-]*' | sed "s/^ */$command /"
    done
    "$program" --help | awk '/^options of a command/ { on = 1; next } /^$/ { on = 0 } on' | grep -oE '^  +(-[a-z], )?--[a-z-]+' | grep -oE '(^| )--?[a-z][a-z-]*' | sed 's/^ */- /'
} | sort > "$scratch/by_help"
"$program" --man | awk '
    /^\.SH OPTIONS/ { c = "-" } /^\.SS / { c = $2 } /^\.SH AUDIT/ { exit }
    /^\.B \\-/ { for (i = 2; i <= NF; i++) if ($i ~ /^\\-/) { gsub(/[\\,]/, "", $i); print c, $i } }' | sort > "$scratch/by_man"
check "there are twelve commands or more, with a hundred options" test "$(echo $commands | wc -w)" -ge 12 -a "$(wc -l < "$scratch/by_help")" -ge 100
check "--help and the manual agree" diff "$scratch/by_help" "$scratch/by_man"
refused=$(grep -v '^- ' "$scratch/by_help" | while read -r command option; do "$program" "$command" "$option" 2>&1 | grep "has no option"; done)
check "the program takes every option it lists" test -z "$refused"

"$program" --completion bash > "$scratch/completion.bash"
"$program" --completion zsh > "$scratch/_skelex-eval"
expect "completion for another shell" 2 "expected one of: bash, zsh" "$program" --completion fish
if command -v bash > /dev/null; then
    cat > "$scratch/complete.bash" <<'B'
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_skelex_eval
printf '%s\n' "${COMPREPLY[@]}"
B
    complete() { bash "$scratch/complete.bash" "$scratch/completion.bash" skelex-eval "$@"; }
    { for command in $commands; do complete "$command" - | sed "s/^/$command /"; done; complete - | sed 's/^/- /'; } | sort > "$scratch/by_bash"
    check "--help and bash completion agree on options" diff "$scratch/by_help" "$scratch/by_bash"
    check "and on commands" test "$(complete '' | grep -v '^-')" = "$commands"
    check "bash completes a command" test "$(complete ev)" = evaluate
    check "an option" test "$(complete run --th)" = --threads
    check "no option of another command" test -z "$(complete run --shard)"
    check "a value" test "$(complete heatmap --schedule e)" = even
    check "a value behind =" test "$(complete heatmap --schedule = e)" = even
    mkdir "$scratch/a folder"; touch "$scratch/a study.yaml"
    check "a file, blanks and all" test "$(complete run "$scratch/a s")" = "$scratch/a study.yaml"
    check "a folder for --output, no file" test "$(complete run -o "$scratch/a ")" = "$scratch/a folder"
    check "nothing for a number" test -z "$(complete run --threads '')"
else
    skip "bash completion" "bash is not installed"
fi
check "make install puts them where the shells look" sh -c 'make -n install PREFIX=/p 2>&1 | grep -q " /p/share/bash-completion/completions/skelex-eval$" && make -n install PREFIX=/p 2>&1 | grep -q " /p/share/zsh/site-functions/_skelex-eval$"'
probes=$("$program" compare --probe none "$scratch" 2>&1 | sed -n 's/.*expected one of: //p' | tr -d ,)
check "the probes it offers are those there are" test "$probes" = "$(grep -o '"linear knn[^"]*"' "$scratch/completion.bash" | tr -d '"')"
awk '/^        \(/ { c = $1; gsub(/[()]/, "", c) } /^                .*\[/ { sub(/\[.*/, ""); while (match($0, /--?[a-z][a-z-]*/)) { print c, substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH) } }' "$scratch/_skelex-eval" | sort -u > "$scratch/by_zsh"
grep -v '^- ' "$scratch/by_help" > "$scratch/by_help_commands"
check "--help and zsh completion agree on options" diff "$scratch/by_help_commands" "$scratch/by_zsh"
if command -v zsh > /dev/null; then
    cat > "$scratch/complete.zsh" <<'Z'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; unsetopt zle_bracketed_paste 2> /dev/null; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -d $1/dump; zstyle ':completion:*' list-prompt ''; LISTMAX=1000; echo READY"
zpty -r -m shell line '*READY*READY*'
zpty -w -n shell "$2"$'\t'
sleep 1
zpty -w shell ''
repeat 60 { zpty -r -t shell line && print -r -- "$line"; sleep 0.01 }
zpty -d shell
Z
    zsh -n "$scratch/_skelex-eval"; check "zsh reads its completion" test $? -eq 0
    zsh_completes() { timeout 20 zsh -f "$scratch/complete.zsh" "$scratch" "$1" 2>&1 | sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' | tr -d '\a\b\r' | grep -qF -- "$2"; }
    check "zsh completes a command" zsh_completes "skelex-eval evalu" "skelex-eval evaluate"
    check "zsh completes an option" zsh_completes "skelex-eval heatmap --sched" "heatmap --schedule"
else
    skip "zsh completion" "zsh is not installed"
fi

# ---- the closing table, with names of any length ----

make_study "$scratch" 40 || { not_ok "synth"; exit 1; }
cd "$scratch" || exit 1
long=a-model-of-whom-people-speak-by-a-name-that-is-longer-than-any-terminal-was-ever-wide-at-home
task=fracture_of_some_bone_in_some_view_by_some_reader_of_some_hospital_in_some_year
sed "s/name: thumbnail,/name: $long,/; s/mean, cls+mean, tokens/mean/; s/^probes:.*/probes: [linear]/" study.yaml > long.yaml
sed -i "s/^name: fracture/name: $task/" fracture.yaml
"$program" run -t 2 long.yaml > table 2> said
check "the study of long names runs" test $? -eq 0
check "every line fits 80 columns, or is a single word that does not" awk 'length($0) > 80 && $0 !~ /^ *(model )?[^ ]+$/ && $0 !~ /^\(?[^ ]* [^ ]*$/ { print; bad = 1 } END { exit bad }' table
check "rows are never wider" sh -c '! grep -E "^.{81,}$" table | grep -qE "[0-9] to [0-9-]"'
check "no name is cut" sh -c "grep -q '$long' table && tr '\\n' ' ' < table | tr -s ' ' | grep -q '$task, grouped: auroc'"
check "every cell has its row" test "$(grep -cE ' (linear) +(NA|-?[0-9.]+)  ' table)" -eq "$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next } $c["partition"] == "test" { print $c["task"] $c["model"] $c["readout"] $c["probe"] }' out/metrics.csv | sort -u | wc -l)"
check "and a star where it lies at the edge" grep -qE 'to [0-9.]+  \*$' table
check "no escape sequence is in a file" sh -c '! grep -q "$(printf "\033")" table said'
check "a log has few lines" test "$(wc -l < said)" -lt 30
check "stages are named as they pass" sh -c 'grep -oE "^(read|audit|extract|evaluate|compare|report)" said | uniq | tr "\n" " " | grep -qx "read audit extract evaluate compare report "'

# ---- --json: one document and nothing else, beside the same reports ----

json() { file=$1; shift; "$tools/json_value" "$@" < "$file"; } # FILE [PATH]

"$program" run -t 1 --json -o out_json long.yaml > run.json 2> said
check "run --json" test $? -eq 0
json run.json > /dev/null; check "is one document" test $? -eq 0
check "with its name and version" test "$(json run.json program) $(json run.json command) $(json run.json status) $(json run.json exit)" = "skelex-eval run ok 0"
check "the same reports as without" reports_equal out out_json
check "as many figures as rows" test "$(json run.json figures)" -eq "$(grep -cE ' linear +(NA|-?[0-9.]+)  ' table)"
check "a figure of metrics.csv, to its digits" grep -q "^small,$task,grouped,$(json run.json figures/0/model),$(json run.json figures/0/readout),linear,.*,test,$(json run.json figures/0/metric),.*" out/metrics.csv
awk -F, -v want="$(json run.json figures/0/value)" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
    $c["partition"] == "test" && $c["metric"] == "auroc" && !seen++ { d = $c["value"] - want; exit !(d < 1e-9 && d > -1e-9) }' out/metrics.csv
check "its value is that of the first row" test $? -eq 0
check "the stages and what they took" sh -c "grep -q '\"name\": \"extract\"' run.json && grep -q '\"peak_kib\": [1-9]' run.json"
"$program" run -q --json none.yaml > error.json 2> said
check "an error has the exit code as without" test $? -eq 4
check "and is a document" test "$(json error.json status) $(json error.json exit) $(json error.json error/code) $(json error.json error/file)" = "error 4 io none.yaml"
check "with the message that is on standard error" sh -c "grep -qF \"\$('$tools/json_value' error/message < error.json)\" said"
sed 's/folds: 3/fodls: 3/' study.yaml > wrong.yaml
"$program" check --json wrong.yaml > error.json 2> said
check "file and line of a mistake" test "$(json error.json error/code) $(json error.json error/file) $(json error.json error/line)" = "data wrong.yaml $(grep -n fodls wrong.yaml | cut -d: -f1)"
"$program" rnu --json > error.json 2> said
check "a command that is not there" test "$? $(json error.json error/code) $(json error.json exit)" = "2 usage 2"
"$program" run --json --sead 1 study.yaml > error.json 2> said
check "an option that is not there" test "$? $(json error.json error/code)" = "2 usage"
for path in data/tiny-random-vit data/cohort.csv data/images/P0001_1.png store out; do
    "$program" inspect --json $path > inspect.json 2> said
    check "inspect --json $path" test "$? $(json inspect.json path) $(json inspect.json is | wc -l)" = "0 $path 1"
done
for rest in "compare out" "report out" "evaluate long.yaml" "extract long.yaml" "export long.yaml" "external out/probes long.yaml" "synth other --patients 12" \
    "heatmap data/tiny-random-vit data/images/P0001_1.png --passes 2" "regions long.yaml"; do
    "$program" $rest --json > any.json 2> said
    code=$?
    check "$rest --json" test "$(json any.json exit)" = $code
done
"$program" --help > help; "$program" run --help >> help
check "--json is documented" grep -q -- '--json .*one JSON document' help

# ---- preflight ----

lines() { grep -cE "^$1 +" list; } # OUTCOME
"$program" check -q long.yaml > list 2> said
check "check is fine" test $? -eq 0
check "nothing failed" test "$(lines fail)" -eq 0 -a "$(lines ok)" -ge 9
for what in study reports store task model memory threads disk figures; do
    check "looked at: $what" grep -qE "^(ok|warn)  *$what: " list
done
check "ends with what to do next" grep -q "^ready: .*next: skelex-eval run long.yaml" list
mv data/tiny-random-vit/model.safetensors kept; sed -i 's/label: age/label: aeg/' age.yaml; printf x > file
"$program" check -q -o file/out long.yaml > list 2> said
check "the code of the first failure" test $? -eq 4
check "goes on to the others" test "$(lines fail)" -eq 3
for failed in "reports: cannot make folder" "task: task 'age': .*no column 'aeg'" "model: .*tiny"; do
    check "fails: $failed" sh -c "tr '\n' ' ' < list | tr -s ' ' | grep -q \"fail $failed\""
done
check "each says what to do" test "$(grep -A9 '^fail' list | grep -c -- '^ *->')" -ge 3
check "not ready" grep -q "^not ready: 3 failed" list
"$program" check -q --json -o file/out long.yaml > list.json 2> said
check "the same as JSON" test "$(grep -c '"outcome": "fail"' list.json) $(json list.json error/code)" = "3 io"
"$program" check --metadata-only -q long.yaml > list 2> said
check "what was not looked at is said" grep -q "^skip  models: not looked at" list
mv kept data/tiny-random-vit/model.safetensors; sed -i 's/label: aeg/label: age/' age.yaml

# ---- on a terminal ----

escape=$(printf '\033') return=$(printf '\r')
on_terminal() { SHELL=/bin/sh script -qec "stty cols $1 2> /dev/null; '$program' extract -t 1 --store fresh study.yaml" /dev/null < /dev/null > screen; rm -rf fresh; }
widest() { tr '\r' '\n' < screen | sed "s/$escape\[[0-9;?]*[A-Za-z]//g" | grep '^extract .* left' | awk '{ if (length($0) > w) w = length($0) } END { print w + 0 }'; }
if command -v script > /dev/null; then
    TERM=xterm NO_COLOR='' on_terminal 100
    check "a bar with rate, time left and memory" sh -c "tr '\r' '\n' < screen | grep -q 'extract .*\[.*#.*\].* [0-9]*/71 images  [0-9.]*/s  [0-9:]* left  [0-9]* MB'"
    check "in one place" grep -q "$return" screen
    check "in colour" grep -q "$escape\[34m" screen
    check "no line is left over" sh -c "! grep -a 'extract ' screen | tail -1 | grep -q 'left *\$'"
    TERM=xterm NO_COLOR='' on_terminal 50
    check "cut to the terminal" test "$(widest)" -le 49 -a "$(widest)" -gt 30
    TERM=xterm NO_COLOR=1 on_terminal 100
    check "NO_COLOR: a bar without colours" sh -c "grep -q '#' screen && ! grep -q '$escape\[[0-9][0-9;]*m' screen"
    TERM=dumb NO_COLOR='' on_terminal 100
    check "TERM=dumb: neither" sh -c "! grep -q '$escape' screen && ! grep -q '##' screen && grep -q '^extract: 71 of 71' screen"
    TERM=xterm SHELL=/bin/sh script -qec "'$program' run none.yaml" /dev/null < /dev/null > screen
    check "errors are red" grep -q "$escape\[31m.*none.yaml" screen
else
    skip "on a terminal" "no program script"
fi

# ---- Ctrl-C ----

rm -rf store
"$program" extract -t 1 --json study.yaml > stopped.json 2> said & pid=$!
tries=0
until [ -s store/data.mdb ] || [ $tries -ge 400 ]; do sleep 0.01; tries=$((tries + 1)); done
sleep 0.4; kill -INT $pid; wait $pid
code=$?
if [ $code -eq 130 ]; then
    check "Ctrl-C: nothing is lost, and how to go on" grep -q "kept.*: skelex-eval extract -t 1 --json study.yaml" said
    check "Ctrl-C as JSON" test "$(json stopped.json error/code) $(json stopped.json exit)" = "interrupted 130"
else
    check "or it was done before" test $code -eq 0
fi
"$program" run -q -t 2 -o resumed long.yaml > /dev/null 2>&1
check "after Ctrl-C: equal bytes" reports_equal out resumed

# ---- a newcomer's words ----

expect "no command shows where to begin" 2 "to begin: skelex-eval synth" "$program"
expect "did you mean, a command" 2 "did you mean \`extract\`?" "$program" exctract study.yaml
expect "did you mean, an option" 2 "did you mean \`--threads\`?" "$program" run --theads 2 study.yaml
expect "nothing like it" 2 "\`skelex-eval --help\` lists them" "$program" frobnicate
expect "the option of another command" 2 "is one of extract" "$program" run --shard 1/2 study.yaml
expect "a study that is not there" 4 "next: name the study" "$program" run none.yaml
expect "a folder for a study" 4 "next: name the study" "$program" run .
expect "a study that is wrong" 3 "next: \`skelex-eval check wrong.yaml\` lists all that is amiss" "$program" run wrong.yaml
expect "a store that is not there" 4 "no store in 'nostore' yet: \`extract\` makes and fills it" "$program" evaluate -q --store nostore study.yaml
expect "no folder of results" 4 "a folder that \`run\` or \`evaluate\` has written" "$program" compare data
expect "no checkpoint" 3 "config.json, model.safetensors" "$program" inspect data
: > nothing.yaml; : > nothing.csv; : > nothing.png
for file in yaml csv png; do expect "an empty .$file" 3 "nothing.$file" "$program" inspect nothing.$file; done
expect "help by name" 0 "usage: skelex-eval external" "$program" help external
echo "1..$count"
