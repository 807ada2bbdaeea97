# Sourced by the scripts beside it: TAP output, a scratch folder, a small study.
program=$(cd "$1" && pwd)/skelex-eval
top=$(pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0

ok() { count=$((count + 1)); echo "ok $count - $1"; }
not_ok() { count=$((count + 1)); echo "not ok $count - $1"; [ -n "${2:-}" ] && echo "$2" | sed 's/^/# /'; }
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }
check() { name=$1; shift; if "$@"; then ok "$name"; else not_ok "$name" "$*"; fi; }

# expect NAME CODE TEXT COMMAND...: exit status and a text on stderr or stdout, broken into lines or not
expect() {
    name=$1 code=$2 text=$3
    shift 3
    "$@" > "$scratch/.said" 2>&1
    got=$?
    if [ "$got" -ne "$code" ]; then
        not_ok "$name" "exit $got, expected $code: $(head -3 "$scratch/.said")"
    elif ! grep -qF -- "$text" "$scratch/.said" && ! unwrap "$scratch/.said" | grep -qF -- "$text"; then
        not_ok "$name" "no '$text' in: $(head -3 "$scratch/.said")"
    else
        ok "$name"
    fi
}

# unwrap FILE: its lines as one, for texts that are broken at 80 columns
unwrap() { tr '\n' ' ' < "$1" | tr -s ' '; }

# reports_equal A B: the same bytes in every report but provenance.json and the page, which shows it
reports_equal() { diff -r -x provenance.json -x report.html "$1" "$2" > "$scratch/diff" 2>&1 || { head -5 "$scratch/diff"; return 1; }; }

# sheet_is_true FOLDER LEAST: every value of reporting.csv stands in its file, at the place named; at least so many
sheet_is_true() {
    if ! command -v python3 > /dev/null; then
        skip "every value of the reporting sheet stands in its file, at the place named" "no python3"
        return
    fi
    cat > "$scratch/.look.py" <<'P'
import csv, json, re, sys
folder, n, bad = sys.argv[1], 0, 0
for row in csv.DictReader(open(folder + "/reporting.csv")):
    if row["status"] == "author":
        bad += bool(row["value"] or row["file"])
        continue
    n += 1
    path, where = folder + "/" + row["file"], row["where"]
    if path.endswith(".csv"):
        line, column = re.match(r"line (\d+), column (\w+)", where).groups()
        rows = list(csv.reader(open(path)))
        found = rows[int(line) - 1][rows[0].index(column)]
    elif path.endswith(".json"):
        at = json.load(open(path))
        for key in re.findall(r"\w+", where.split(" of ")[0]):
            at = at[int(key)] if key.isdigit() else at[key]
        found = {True: "true", False: "false"}.get(at) if isinstance(at, bool) else str(at)
    else:
        found = [l.split(": ", 1)[1].rstrip("\n") for l in open(path) if l.startswith(where + ": ")][0]
    if found != row["value"]:
        print("#", row, found)
        bad += 1
print(n, "values")
sys.exit(bad or n < int(sys.argv[2]))
P
    check "every value of the reporting sheet stands in its file, at the place named" python3 "$scratch/.look.py" "$1" "$2"
}

# tables_are_read FOLDER: every .csv below it, by the program's own strict reader, with the columns that `schema` documents; which kinds there
# were is kept for z_schema.sh
seen=$(cd "$1" && pwd)/schema.seen
tables_are_read() {
    find "$1" -name '*.csv' -exec "$program" schema -q {} + > "$scratch/.kinds" 2> "$scratch/.said" || { head -3 "$scratch/.said" | sed 's/^/# /'; return 1; }
    cat "$scratch/.kinds" >> "$seen"
    test -s "$scratch/.kinds"
}

# make_study FOLDER PATIENTS: a synthetic cohort and a study on it
make_study() {
    "$program" synth -q --patients "$2" "$1/data" || return 1
    cat > "$1/fracture.yaml" <<Y
name: fracture
kind: binary
classes: [{name: intact, values: ["0"]}, {name: fractured, values: ["1"]}]
cohort: {table: cohort.csv, label: fracture}
Y
    cat > "$1/age.yaml" <<Y
name: age
kind: regression
cohort: {table: cohort.csv, label: age}
Y
    cat > "$1/study.yaml" <<Y
name: small
output: out
store: store
data_root: data
models:
  - {name: tiny, path: data/tiny-random-vit, readout: [cls, cls_pre, mean, cls+mean, tokens]}
  - {name: thumbnail, baseline: thumbnail}
tasks: [{task: fracture.yaml}, {task: age.yaml}]
test_fraction: 0.3
folds: 3
probes: [linear, knn, knn_uniform]
bootstrap: {replicates: 200}
Y
}
