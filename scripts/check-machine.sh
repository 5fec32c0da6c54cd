#!/usr/bin/env bash
# Say what this machine lacks before anything is downloaded.
# Usage: scripts/check-machine.sh [sandbox]; PYTHON names the interpreter (python3).
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

check_python() {
  command -v "$python" >/dev/null ||
    fail "there is no $python on PATH. Install Python 3.11, 3.12 or 3.13, or name one: PYTHON=/path/to/python make …"
  "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' ||
    fail "$python is $("$python" -V 2>&1); Python 3.11, 3.12 or 3.13 is needed. Name one: PYTHON=python3.12 make …"
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"
}

check_python
if [ "${1:-}" = sandbox ]; then
  # Only the standard library: nothing is installed yet.
  exec "$python" -m sandbox check
fi
