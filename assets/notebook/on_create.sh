#!/bin/bash
# Puts START HERE.ipynb into a new notebook. Runs as root, once in the notebook's life: an edited
# START HERE stays, and a deleted one stays deleted. The deploy puts START_HERE='...' before it.
#
# It always exits 0: SageMaker does not create an instance whose script fails.
set -o nounset
trap 'exit 0' EXIT

user=${NOTEBOOK_USER:-ec2-user}
notebook="${NOTEBOOK_HOME:-/home/ec2-user}/SageMaker/START HERE.ipynb"

# As the user, to whom it belongs; without this script's settings nothing is placed.
place=(timeout -s KILL 20 tee "$notebook")
[[ $(id -un) == "$user" ]] || place=(runuser -u "$user" -- "${place[@]}")

cd /
if [[ -e $notebook ]]; then
  echo "There already: $notebook"
elif [[ -n ${START_HERE:-} ]] && "${place[@]}" <<<"$START_HERE" >/dev/null; then
  echo "Placed: $notebook"
else
  echo "Not placed: $notebook"
fi
