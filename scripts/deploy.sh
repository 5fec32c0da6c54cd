#!/usr/bin/env bash
# Deploys a stage, unless its plan says that the deploy would fail or could not find all out.
# Usage: scripts/deploy.sh STAGE [--refresh=TEXT]
# Why a deploy was refused is the last that it prints.
set -o errexit -o nounset -o pipefail

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

usage='Usage: scripts/deploy.sh STAGE [--refresh=TEXT]'
stage=${1:-}
[[ $stage =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || fail "'$stage' names no stage. $usage"
shift
cdk_options=(--all -c "stage=$stage")
plan_options=(--stage "$stage")
for option in "$@"; do
  [[ $option == --refresh=?* ]] || fail "There is no option '$option'. $usage"
  cdk_options+=(-c "${option#--}")
  plan_options+=("$option")
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# What `make install` made, else what is on PATH. cdk.json calls python3, too.
export PATH="$PWD/node_modules/.bin:$PWD/.venv/bin:$PATH"

status=0
python3 -m emr_notebook plan "${plan_options[@]}" || status=$?
case $status in
  0 | 2) ;;
  3) fail "not deployed: the plan could not find all out. Next: give the permissions that it names, or cdk deploy ${cdk_options[*]}" ;;
  # It said so itself.
  130) exit 130 ;;
  *) fail "not deployed: the plan says no. Next: mend what it names, then deploy again" ;;
esac

printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
# cdk reports on standard error; its questions need the terminal on standard output.
{ cdk deploy "${cdk_options[@]}" 2>&1 >&3 | tee "$printed" >&2; } 3>&1 || status=1
[[ $status == 1 ]] || exit 0
# Colours gone, lines joined and begun anew at each [code]: the words of the resolver or the guard,
# each once, without what the Provider framework adds; or else cdk's own.
reasons=$(sed $'s/\e\\[[0-9;]*m//g' "$printed" | tr -s '\n ' ' ' |
  sed -E $'s/\\[[a-z]+(-[a-z]+)+\\] /\\\n&/g' | grep '^\[.* Next: ' |
  sed -E 's/ (Logs: |at [^ ]+ \(|at async |\(Request|❌).*//' | awk '!seen[$0]++' || true)
[[ -n $reasons ]] || reasons=$(grep -F '❌' "$printed" | tail -n 1 || true)
if [[ -z $reasons ]] && grep -qF 'unable to get a confirmation' "$printed"; then
  reasons="cdk asks before it widens permissions, and this is no terminal. Next: deploy in one; or look at make diff, then cdk deploy ${cdk_options[*]} --require-approval never"
fi
fail "not deployed: ${reasons:-cdk deploy failed, as it says above}"
