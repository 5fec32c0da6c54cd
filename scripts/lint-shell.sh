#!/usr/bin/env bash
# Lint every shell file that git knows.
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.sh' '.ci/run')
shellcheck --severity=style "${files[@]}"
shfmt --diff --indent 2 --case-indent "${files[@]}"
