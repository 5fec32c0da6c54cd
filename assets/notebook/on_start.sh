#!/bin/bash
# Connects the Spark kernels to EMR, as root at every start, after NAME='value' lines: has the agent
# do it, as the notebook's user, or does the least itself.
# Exits 0: SageMaker starts no instance whose script fails.
set -o nounset
trap 'exit 0' EXIT

user=${NOTEBOOK_USER:-ec2-user}
home=${NOTEBOOK_HOME:-/home/ec2-user}
# Root's alone: what root and the kernels run comes from here.
programs=${NOTEBOOK_PROGRAMS:-/opt/emr-notebook}
shown="CLUSTER CLUSTER_ID LIVY_URL RELEASE_LABEL SPARK_VERSION LIVY_VERSION SCRIPT_VERSION"
more="LIVY_FALLBACK LIVY_CA SPARKMAGIC_CONFIG AGENT_URI AGENT_SHA256 ENVIRONMENT START_HOOK IDLE_MINUTES"
AGENT_SHA256=${AGENT_SHA256:-}
agent=$programs/$AGENT_SHA256.pyz
given=("PATH=$PATH" "HOME=$home" "AGENT=$agent" "LIVY_CHECK_SECONDS=${LIVY_CHECK_SECONDS:-20}"
  "IDLE_MINUTE_SECONDS=${IDLE_MINUTE_SECONDS:-}")
for name in $shown $more; do
  given+=("$name=${!name:-}")
done
become=()
[[ $(id -un) == "$user" ]] || become=(runuser -u "$user" --)

# as_user SECONDS COMMAND...: a link in the home could lead root anywhere. Nothing of root's is
# inherited.
as_user() {
  timeout -s KILL "$1" "${become[@]}" env -i "${given[@]}" "${@:2}" 9<&-
}

# put FILE: writes standard input there as the user, all of it or nothing.
put() {
  # shellcheck disable=SC2016 # expanded by the bash that the user runs
  as_user 10 bash -c 'umask 077
    mkdir -p "${1%/*}" && new=$(mktemp "$1.XXXXXX") && cat >"$new" && mv -fT "$new" "$1" && exit
    rm -f "${new:-}"
    exit 1' put "$1"
}

# take SECONDS COMMAND...: makes what the command prints the agent, if it has the right hash.
# Otherwise `problem` says why it has not, and `next` what to do.
take() {
  local new status
  next="let this notebook's role and network read that object (emr-notebook doctor says what is missing)"
  new=$(mktemp "$agent.XXXXXX" 2>&1) || {
    problem=$new
    next="make room on the instance"
    return 1
  }
  # The user's file may be endless, and so may a download. Files, since a pipe might stay open.
  (ulimit -f 16384 && as_user "$@" >"$new" 2>"$new.said")
  status=$?
  # A copy: what the user's process left running may still write into its output.
  cat "$new" >"$new.copy" 2>>"$new.said" || status=1
  problem=$(tail -c 400 "$new.said")
  if sha256sum --status -c - <<<"$AGENT_SHA256  $new.copy"; then
    chmod 0644 "$new.copy" && mv -fT "$new.copy" "$agent"
  elif ! echo 2>/dev/null >"$new.room"; then # nor was there room for what the command said
    problem="No space left on device"
    next="make room on the instance"
  elif ((status == 137)); then
    problem="no answer within $1 seconds"
  elif ((status == 127)); then
    problem="this instance has no AWS CLI"
    next="have its image or the team's own setup bring one"
  elif ((status == 0 || status == 153)); then # SIGXFSZ
    problem="what came is not the deployed file ($(stat -c %s "$new") bytes, SHA-256 differs)"
    next="delete that object and deploy again, which publishes it anew"
  fi
  : "${problem:=the AWS CLI ended with status $status}"
  rm -f "$new" "$new".*
  [[ -f $agent ]]
}

# obtain: sees to it that $agent is there. The kept copy comes first: the AWS CLI takes a second.
obtain() {
  local region=()
  [[ $AGENT_SHA256 =~ ^[0-9a-f]{64}$ ]] || {
    problem="the start script names none"
    next="deploy again"
    return 1
  }
  mkdir -p "$programs" && chmod 0755 "$programs"
  [[ -f $agent ]] && return
  take 5 cat "$home/SageMaker/.emr-notebook/agent/$AGENT_SHA256.pyz" && return
  if [[ $(cat /opt/ml/metadata/resource-metadata.json 2>/dev/null) =~ :sagemaker:([a-z0-9-]+): ]]; then
    region=(--region "${BASH_REMATCH[1]}")
  fi
  take 25 env "PATH=$PATH:$home/anaconda3/bin" AWS_MAX_ATTEMPTS=2 aws "${region[@]}" \
    s3 cp --only-show-errors --cli-connect-timeout 5 --cli-read-timeout 10 "${AGENT_URI:-}" -
}

# fall_back WHY NEXT: the least that a kernel needs to reach Livy, and a report that says so.
fall_back() {
  local state=failed login config name key text why
  if [[ ${LIVY_URL:-} =~ ^https?://[a-z0-9.-]{1,253}:[0-9]{1,5}$ && ${SPARKMAGIC_CONFIG:-} == "{\""* ]]; then
    login="{\"url\": \"$LIVY_URL\", \"username\": \"\", \"base64_password\": \"\", \"auth\": \"None\"}"
    for name in python scala r; do
      config+="\"kernel_${name}_credentials\": $login, "
    done
    put "$home/.sparkmagic/config.json" <<<"{$config${SPARKMAGIC_CONFIG#\{}" && state=warning
  fi
  why=$(tr -c '!-~' ' ' <<<"$1")
  why=${why% }
  text="state: $state
time: $(date -u +%FT%TZ)"
  for name in $shown; do
    [[ ${!name:-} =~ ^[A-Za-z0-9._+:/-]{1,280}$ ]] || continue
    key=${name/_LABEL/}
    key=${key/_VERSION/}
    text+="
${key,,}: ${!name}"
  done
  text+="
check: not checked
problem: ${why:0:400}. The kernels have the deployed settings only: Livy was not looked at, sparkmagic.json not read${LIVY_CA:+, its authority not trusted}${START_HOOK:+, the start hook not run}${ENVIRONMENT:+, the environment not set}${IDLE_MINUTES:+, nothing stops it when idle}
next: $2, then stop and start this notebook"
  echo "$text"
  put "$home/SageMaker/.emr-notebook/status.txt" <<<"$text"
}

# in_background PYTHON COMMAND: goes on after the script, which SageMaker waits for, and its output.
in_background() {
  setsid "${become[@]}" env -i "${given[@]}" "$1" -I "$agent" "$2" </dev/null &>/dev/null 9<&- &
}

# run_hook PYTHON: root runs it with the system's own Python. What it prints goes through a process
# of the user's: root opens nothing of theirs.
run_hook() {
  local run=("${become[@]}" env -i "${given[@]}" "$1")
  [[ $START_HOOK != root ]] || run=(env -i "${given[@]}" python3)
  setsid "${run[@]}" -I "$agent" hook </dev/null 2>/dev/null 9<&- |
    setsid "${become[@]}" env -i "${given[@]}" "$1" -I "$agent" record-hook &>/dev/null 9<&- &
}

# set_profile: gives login shells, as JupyterLab's terminals are, the deployed variables.
set_profile() {
  local text file=${NOTEBOOK_PROFILE:-/etc/profile.d}/emr-notebook.sh
  rm -f "$file"
  [[ -n ${ENVIRONMENT:-} ]] || return
  text=$(timeout -s KILL 10 env -i "${given[@]}" python3 -I "$agent" environment 9<&-) &&
    (umask 022 && echo "$text" >"$file") || echo "Terminals do not get the environment"
}

main() {
  local python problem next status
  flock -w 20 9 || echo "Another run holds the lock"
  if ! obtain; then
    fall_back "The agent was not fetched from ${AGENT_URI:-S3}: $problem" "$next"
    return
  fi
  set_profile
  for python in python3 "$home"/anaconda3/{bin/python3,envs/JupyterSystemEnv/bin/python}; do
    as_user 60 "$python" -I "$agent" start
    status=$?
    if ((status == 0)); then
      [[ -z ${START_HOOK:-} ]] || run_hook "$python"
      [[ -z ${IDLE_MINUTES:-} ]] || in_background "$python" watch
      return
    fi
    # SageMaker gives a start script five minutes.
    ((status == 137 || SECONDS > 120)) && break
  done
  fall_back "The agent failed or took over 60 seconds, with each Python 3.9 or later that is here" \
    "read the start script's log in CloudWatch"
}

cd /
main 9<"$home"
