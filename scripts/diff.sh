#!/usr/bin/env bash
# What deploying a stage would do: `cdk diff`, then `emr-notebook plan`.
# Usage: scripts/diff.sh STAGE [OPTION…]
#   --refresh=TEXT   of a deploy with -c refresh=TEXT
#   --lookup-role    read with cdk bootstrap's look-up role, and make no change set
#   --fail-on=KIND   cdk diff's: fail for destructive, broadening or any-change
#   --summary=FILE   the plan's: write it into FILE, too, in one line
#   --into=FOLDER    write FOLDER/STAGE/{diff,plan,status}.txt, too
# Ends as the plan does: 0 nothing changes; 2 something does; 1 the deploy would fail; 3 it could
# not all be found out. A failed cdk diff is 1.
set -o errexit -o nounset -o pipefail

fail() {
  printf 'error: %s Usage: scripts/diff.sh STAGE [--refresh=TEXT] [--lookup-role] ' "$*" >&2
  printf '[--fail-on=KIND] [--summary=FILE] [--into=FOLDER]\n' >&2
  exit 1
}

stage=${1:-}
[[ $stage =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || fail "'$stage' names no stage."
shift

cdk_options=(-c "stage=$stage")
plan_options=(--stage "$stage")
into=''
for option in "$@"; do
  value=${option#*=}
  case $option in
    --refresh=?*)
      cdk_options+=(-c "refresh=$value")
      plan_options+=("$option")
      ;;
    --lookup-role)
      # A change set is made with the deploy role, which whoever may only look may not assume.
      cdk_options+=(--method=template)
      plan_options+=("$option")
      ;;
    --fail-on=?*) cdk_options+=("$option") ;;
    --summary=?*) plan_options+=("--summary=$(cd "$(dirname "$value")" && pwd)/$(basename "$value")") ;;
    --into=?*) into=$(mkdir -p "$value/$stage" && cd "$value/$stage" && pwd) ;;
    *) fail "There is no option '$option'." ;;
  esac
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# What `make install` made, else what is on PATH. cdk.json calls python3, too.
export PATH="$PWD/node_modules/.bin:$PWD/.venv/bin:$PATH"

# Runs a command; what it prints goes into a file of that name, too, if a folder is given. Without
# one it keeps the terminal, for its colours and width.
shown() {
  local name=$1
  shift
  if [[ -n $into ]]; then
    "$@" 2>&1 | tee "$into/$name.txt"
  else
    "$@"
  fi
}

diff_status=0 status=0
shown diff cdk diff "${cdk_options[@]}" || diff_status=1
# Whatever the diff fails for: a reviewer has to know what becomes of the notebooks.
shown plan python3 -m emr_notebook plan "${plan_options[@]}" || status=$?
((diff_status == 0)) || status=1
[[ -z $into ]] || echo "$status" >"$into/status.txt"
exit "$status"
