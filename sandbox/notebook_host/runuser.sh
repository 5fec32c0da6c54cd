#!/bin/bash
# runuser, where ec2-user and root are the same user id: the environment changes, the id cannot.
#   runuser -u USER [--] COMMAND [ARGUMENT]...
#   runuser [-l | -] USER [-c COMMAND]
set -o errexit -o nounset -o pipefail

refuse() {
  echo "runuser: the sandbox does not know: $*. It knows -u USER [--] COMMAND, and [-l] USER -c COMMAND" >&2
  exit 1
}

user='' line='' login='' asked=("$@")
if [[ ${1-} == -u && $# -ge 3 ]]; then
  user=$2
  shift 2
  [[ $1 == -- ]] && shift
else
  while (($#)); do
    case $1 in
      - | -l | --login) login=yes ;;
      -c) line=${2?"runuser: -c needs a command"} && shift ;;
      -*) refuse "${asked[*]}" ;;
      *) [[ -z $user ]] || refuse "${asked[*]}" && user=$1 ;;
    esac
    shift
  done
  set -- /bin/bash ${login:+-l} ${line:+-c "$line"}
fi

entry=$(grep -- "^${user}:" /etc/passwd) || {
  echo "runuser: user ${user} does not exist" >&2
  exit 1
}
IFS=: read -r _ _ _ _ _ home shell <<<"$entry"
export HOME=$home SHELL=$shell USER=$user LOGNAME=$user
[[ -z $login ]] || cd "$home"
exec "$@"
