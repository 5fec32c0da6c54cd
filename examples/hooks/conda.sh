#!/bin/bash
# A kernel in a conda environment of the team's own, kept on the volume. As user.
set -o errexit -o nounset -o pipefail

packages=(python=3.12 ipykernel geopandas)
environment=$HOME/SageMaker/environments/geo

# Without what an earlier, interrupted start left there.
if ! "$environment/bin/python" -c "import ipykernel" 2>/dev/null; then
  rm -rf "$environment"
  # Downloads belong beside it: the rest of the home is small.
  CONDA_PKGS_DIRS=$HOME/SageMaker/environments/packages \
    "$HOME/anaconda3/bin/conda" create --yes --quiet --prefix "$environment" "${packages[@]}"
fi
# Outside the volume: gone after each stop.
"$environment/bin/python" -m ipykernel install --user --name geo --display-name "Python (geo)"
