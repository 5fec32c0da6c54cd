#!/usr/bin/env bash
# Change the resolver in every way that mutmut knows, a change at a time, and see which of them its
# unit tests notice: `scripts/mutants.sh [module…]`, by default those that decide. A few
# minutes. Prints each survivor; docs/mutants.md explains them. Fails when under 90 % are noticed.
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")/.."

modules=("${@:-}")
[[ -n ${modules[0]} ]] || modules=(resolve livy output_formats session_fields impersonation)
python=$PWD/.venv/bin/python

# mutmut writes beside what it changes, and takes a package's name from its folder.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/{src,tests/assets,docs}
cp -R assets/lambda/. "$scratch/src/"
cp -R emr_notebook "$scratch/"
cp docs/troubleshooting.md "$scratch/docs/"
cp tests/__init__.py "$scratch/tests/"
cp -R tests/assets/{__init__.py,cluster_endpoint} "$scratch/tests/assets/"
cd "$scratch"

only=$(printf '"src/cluster_endpoint/%s.py", ' "${modules[@]}")
# The same examples for each mutant, or chance would decide. The test left out lists a module's
# functions, to which mutmut adds.
cat >pyproject.toml <<TOML
[tool.pytest.ini_options]
pythonpath = ["."]
[tool.mutmut]
source_paths = ["src"]
also_copy = ["emr_notebook", "docs"]
only_mutate = [${only%, }]
pytest_add_cli_args = [
  "--hypothesis-seed=0", "-p", "no:cacheprovider",
  "--deselect=tests/assets/cluster_endpoint/test_refusals.py::test_every_way_to_refuse_has_an_example_here",
]
TOML

if ! "$python" -m mutmut run >run.log 2>&1; then
  tail -n 40 run.log >&2
  exit 1
fi
"$python" -m mutmut results | sed -n 's/^ *\(cluster_endpoint[^:]*\): *\(.*\)/\1 \2/p' >left.txt
while read -r mutant state; do
  echo "$mutant: $state"
  "$python" -m mutmut show "$mutant" | grep -E '^[-+] ' || true
done <left.txt
"$python" -m mutmut export-cicd-stats >/dev/null
"$python" - <<'PYTHON'
import json
import sys
from pathlib import Path

found = json.loads(Path("mutants/mutmut-cicd-stats.json").read_text())
noticed, total = found["killed"] + found["timeout"], found["total"]
print(f"{noticed} of {total} changes are noticed: {noticed / total:.1%}")
sys.exit(noticed < 0.9 * total)
PYTHON
