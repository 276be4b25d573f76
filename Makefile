# The door. Every target makes the environment by itself; `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.ready-to-run
DEV := $(VENV)/.ready-to-work
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

# what `make torture` is asked for
SEED ?= 1
KILLS ?= 300

.DEFAULT_GOAL := help
.PHONY: help run test simulate lint bench torture powercut docs clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 14

run: $(RUN)  ## make clips from the sample manifest, against the embedded simulator: no key, no money
	$(BIN)/batchsora run manifests/campaign.yaml --simulate

test: $(DEV)  ## run the tests
	$(BIN)/python -m pytest -q -n auto --dist loadfile $(PYTEST)

simulate: $(DEV)  ## kill the runner at each of its awaits, on a clock that jumps: some minutes
	PYTHONPATH=tests $(BIN)/python -m simulation

lint: $(DEV)  ## check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config .importlinter

bench: $(DEV)  ## measure speed and memory, against what one would use otherwise
	$(BIN)/python tests/bench/bench.py
	PYTHONPATH=tests:tests/media $(BIN)/python tests/bench/bench_page.py

torture: $(DEV)  ## kill it, 300 times and at each system call: SEED=7 KILLS=50
	PYTHONPATH=tests $(BIN)/python -m kills.torture --seed $(SEED) --kills $(KILLS)

powercut: $(DEV)  ## cut the power under campaigns, twenty times, and print what was lost; needs root
	cd tests && ../$(BIN)/python -m kills.powercut

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "batchsora needs Python 3.11 or newer: make PYTHON=python3.11"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "this Python cannot make environments: apt-get install python3-venv"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(RUN): $(VENV)/bin/pip pyproject.toml constraints.txt
	$(PIP) --editable '.[media]'
	@touch $@

$(DEV): $(VENV)/bin/pip pyproject.toml constraints.txt
	$(PIP) --editable '.[dev]'
	@touch $@

docs: $(DEV)  ## write the pages that are made from the code
	$(BIN)/python tests/docs/commands_page.py
	$(BIN)/python tests/docs/errors_page.py
	$(BIN)/python tests/docs/faults_page.py
	$(BIN)/python tests/docs/states_page.py
	$(BIN)/python tests/docs/sessions_pages.py
	$(BIN)/batchsora schema > manifests/manifest.schema.json
	$(BIN)/batchsora schema --report > docs/report.schema.json

clean:  ## remove the environment and the caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
