#!/bin/bash
# A Python kernel with packages of the team's own, kept on the volume. As user.
# The first start installs them, later ones take seconds.
set -o errexit -o nounset -o pipefail

packages=("polars>=1.0" "scikit-learn>=1.4")
environment=$HOME/SageMaker/environments/team
python=$HOME/anaconda3/bin/python3

# A new image may have another Python, without which the old environment does not run.
"$environment/bin/python" -c "" 2>/dev/null || "$python" -m venv --clear "$environment"
"$environment/bin/python" -m pip install --quiet ipykernel "${packages[@]}"
# Outside the volume: gone after each stop.
"$environment/bin/python" -m ipykernel install --user --name team --display-name "Python (team)"
