#!/usr/bin/env bash
# Make .venv (`python`) or node_modules (`node`) with exactly what is pinned. PYTHON names the
# interpreter (python3). Usage: scripts/install.sh python|node
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")/.."

scripts/check-machine.sh
# In this process's place: make ends it, or the kernel does with make.
exec "${PYTHON:-python3}" -m scripts.install "$@"
