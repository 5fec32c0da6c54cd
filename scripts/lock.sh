#!/usr/bin/env bash
# Compile requirements*.txt from requirements*.in, for every Python and platform that is claimed.
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")/.."

compile=(uv pip compile --quiet --universal --python-version 3.11 --generate-hashes
  --no-header --no-emit-index-url)

command -v uv >/dev/null || {
  echo "error: compiling needs uv: pip install uv, then run this again" >&2
  exit 1
}
"${compile[@]}" --override overrides.txt requirements-dev.in --output-file requirements-dev.txt
"${compile[@]}" --constraint requirements-dev.txt requirements.in --output-file requirements.txt
