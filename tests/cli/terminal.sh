# What people and shells see: completion, help and manual agree; tables fit 80 columns; bars and colours only on a terminal;
# --json is one document.
. tests/cli/lib.sh

json() { "$(dirname "$program")/tests/tools/json_value" "$@"; }

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

# ---- --json ----

echo "1..$count"
