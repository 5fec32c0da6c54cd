#!/usr/bin/env bash
# Make .venv (`python`) or node_modules (`node`) with exactly what is pinned. PYTHON names the
# interpreter (python3). Usage: scripts/install.sh python|node
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")/.."

# Not the Python of the .venv that is to be made, which make and an activated shell put first.
search=:$PATH:
for folder in "$PWD" "$(pwd -P)"; do
  search=${search//:"$folder/.venv/bin":/:}
done
search=${search#:}
export PATH="${search%:}"

scripts/check-machine.sh
# In this process's place: make ends it, or the kernel does with make.
exec "${PYTHON:-python3}" -m scripts.install "$@"
