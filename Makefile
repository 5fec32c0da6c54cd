# One list of commands: the README, CI and the pipeline name these targets.
# Recipes are one line each; `make` prints the list.
PYTHON ?= python3
STAGE ?= dev
BIN := .venv/bin
# A file's tests run in one process: they share what is made for the file. Some wait
# for most of their time, so one process more than cores keeps all cores busy.
PYTEST := $(BIN)/python -m pytest --maxprocesses 3 --dist loadfile --no-loadscope-reorder
BUSY := --numprocesses $$(($$(nproc) + 1))
export PYTHON
# 200 MB of the CDK's, which would otherwise be left in the home.
export JSII_RUNTIME_PACKAGE_CACHE_ROOT ?= $(CURDIR)/.cache/jsii
# Each of the tests' processes would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install linux forget demo sandbox test lint unit e2e browser-test pictures livy-contract bench mutants coverage format lock schema synth template diff deploy

help: ## print this list
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

install: .venv/.installed node_modules/.installed ## the environment alone, in .venv and node_modules

.venv/.installed: requirements-dev.txt pyproject.toml
	@scripts/install.sh python

node_modules/.installed: package.json package-lock.json .venv/.installed
	@scripts/install.sh node

linux:
	@scripts/check-machine.sh sandbox

# Until the demo writes its own, no earlier one's report is to be taken for it.
forget:
	@rm -f .sandbox/report.json || true

demo: forget linux install ## the whole chain on this machine: deploy, run Spark, show it
	@$(BIN)/python -m sandbox demo

sandbox: linux install ## the same world, left running until Ctrl-C
	@$(BIN)/python -m sandbox up

# Lint runs beside the tests, as one of them: tests/test_lint.py.
test: linux install ## everything CI runs: lint, unit tests, the sandbox
	@$(PYTEST) $(BUSY)

lint: install ## style, types, imports between rooms, shell
	@ruff check . && ruff format --check . && lint-imports --no-logo --no-cache && mypy && mypy --python-version 3.9 assets/notebook/agent && scripts/lint-shell.sh

unit: install ## quick tests without the sandbox: a minute
	@$(PYTEST) $(BUSY) --hypothesis-profile quick -m "not sandbox and not slow"

e2e: linux install ## tests of the real chain: minutes
	@$(PYTEST) $(BUSY) -m sandbox

browser-test: linux install ## JupyterLab in a headless Chromium, as a person sees it
	@$(PYTEST) tests/end_to_end/test_a_person_works_in_a_browser.py

pictures: linux install ## draw the README's pictures; needs a Chromium
	@$(BIN)/python scripts/pictures.py

livy-contract: install ## hold another, idle Livy to real answers: URL=http://…:8998
	@$(if $(URL),LIVY_URL='$(URL)' $(PYTEST) tests/sandbox/livy/test_contract.py,$(error Say which Livy: make livy-contract URL=http://127.0.0.1:8998))

bench: linux install ## measure against baselines; writes docs/benchmarks.md
	@$(BIN)/python -m bench

mutants: install ## change the resolver: do its tests notice? takes minutes
	@scripts/mutants.sh

coverage: install ## what the unit tests reach of the app and the resolver
	@coverage run -m pytest -m "not sandbox" && coverage report

format: install ## rewrite Python and shell in the project's form
	@ruff check --fix . ; ruff format . ; shfmt -w -i 2 -ci $$(git ls-files '*.sh')

lock: install ## compile requirements*.txt from requirements*.in
	@scripts/lock.sh

synth: install ## STAGE's templates in cdk.out; STAGE=pipeline: all stages
	@rm -rf cdk.out && node_modules/.bin/cdk synth --quiet -c stage=$(STAGE) && find cdk.out -name '*.template.json' | sort

template: install ## STAGE's stacks as CloudFormation files, without the CDK
	@$(BIN)/python -m emr_notebook.plain_template --stage $(STAGE)

schema: install ## write the schemas of config/*.yaml, the handlers of doctor
	@$(BIN)/python -m emr_notebook.settings.schema && $(BIN)/python scripts/handlers.py

diff: install ## cdk diff and plan of STAGE, with a new REFRESH if given
	@scripts/diff.sh $(STAGE) $(addprefix --refresh=,$(REFRESH))

deploy: install ## deploy STAGE, with REFRESH if given, if the plan allows it
	@scripts/deploy.sh $(STAGE) $(addprefix --refresh=,$(REFRESH))
