# Needs: make, Python 3.11 or newer, and that Python's pip (Debian: python3-pip). Nothing else: the virtual
# environment is made without ensurepip and filled by the pip outside it, so python3-venv is not needed.
# Everything is installed from the lock files with hashes. They hold setuptools too, so that the project itself is
# installed without build isolation, which would fetch an unpinned, unhashed setuptools.
# Stamps in .venv make a second run start at once.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
OUT ?= out
VENV := .venv
BIN := $(VENV)/bin
PIP = $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check
SKIA_LIBRARIES := libEGL.so.1 libGL.so.1 libexpat.so.1
SKIA_PACKAGES := libegl1 libgl1 libexpat1

.PHONY: help
help:  ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: $(VENV)/.project $(VENV)/.libraries  ## Make a banner, start to end, into out/ (OUT=directory).
	@$(BIN)/streamforge demo --out $(OUT)

.PHONY: test
test: $(VENV)/.dev  ## Run the tests; those that take long are apart.
	@$(BIN)/pytest -q -n auto --maxprocesses 4 -m "not long"

.PHONY: test-long
test-long: $(VENV)/.dev  ## The tests with a browser, a fuzzer, a database server or many daemons.
	@$(BIN)/pytest -q -n auto --maxprocesses 4 -m long

.PHONY: lint
lint: $(VENV)/.dev  ## Check style and format.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/.dev  ## Check types, strictly.
	@$(BIN)/pyright

.PHONY: check
check: lint types test test-long  ## Lint, types and all tests: what must pass before a commit.

.PHONY: format
format: $(VENV)/.dev  ## Format the code.
	@$(BIN)/ruff check --fix --select I,RUF100 .
	@$(BIN)/ruff format .

.PHONY: bench
bench: $(VENV)/.dev  ## The quick benchmarks: the fastest peers beside us, the engine, banners.
	@$(BIN)/python -m benchmarks.peers --quick --seconds 2
	@for name in engine "banner --runs 12" waiting; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name; done

.PHONY: bench-full
bench-full: $(VENV)/.dev  ## All of them, and what the queues came to into docs/benchmarks.md.
	@$(BIN)/python -m benchmarks.peers --write
	@for name in banner engine waiting backlog "limiter --variant cost" "front_door --seconds 2" "listeners --quick"; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name; done

.PHONY: gallery
gallery: $(VENV)/.project $(VENV)/.libraries  ## Contact sheets of many briefs, into out/gallery (BRIEFS=file, OUT=directory).
	@$(BIN)/python benchmarks/gallery.py --out $(OUT)/gallery $(if $(BRIEFS),--briefs $(BRIEFS))

# Each prints its seed; the same seed plans the same round: make chaos SEED=7
.PHONY: chaos
chaos: $(VENV)/.dev  ## Break real daemons for 3 minutes, check what they promise (SEED=n).
	@$(BIN)/python -m chaos --seconds 180 $(if $(SEED),--seed $(SEED)) --json $(OUT)/chaos.json

.PHONY: chaos-records
chaos-records: $(VENV)/.dev  ## The archive's databases and the object store killed under load.
	@for round in "postgresql --store s3" "mariadb --store local" "sqlite --store s3"; do $(BIN)/python -m chaos.records --seed $(or $(SEED),1) --database $$round; done

.PHONY: fuzz-api
fuzz-api: $(VENV)/.dev  ## Every address of the HTTP interface with 100 inputs each, by its own description.
	@STREAMFORGE_API_EXAMPLES=100 $(if $(SEED),STREAMFORGE_API_SEED=$(SEED)) $(BIN)/pytest -q tests/integration/api/test_whole_spec.py

.PHONY: chaos-long
chaos-long: $(VENV)/.dev  ## The same for an hour.
	@$(BIN)/python -m chaos --seconds 3600 $(if $(SEED),--seed $(SEED)) --json $(OUT)/chaos-long.json

.PHONY: config
config: $(VENV)/.project  ## Write config/streamforge.example.toml again from the settings tree.
	@$(BIN)/python -c 'from streamforge.config import render_example; print(render_example(), end="")' > $(VENV)/example
	@mv $(VENV)/example config/streamforge.example.toml

# One resolution for every platform and Python from 3.11 on; versions in the lock stay unless UPGRADE=--upgrade.
LOCK = $(BIN)/uv pip compile pyproject.toml - --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate $(UPGRADE)

.PHONY: lock
lock: $(BIN)/uv  ## Resolve the dependencies again (UPGRADE=--upgrade for newer ones).
	@echo 'setuptools>=77' | $(LOCK) --output-file requirements.lock
	@echo 'setuptools>=77' | $(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock

.PHONY: clean
clean:  ## Remove what was built; the virtual environment stays.
	@rm -rf build dist out *.egg-info .pytest_cache .ruff_cache .hypothesis
	@find streamforge tests -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- what the targets stand on ----

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found. Debian: sudo apt-get install python3 python3-pip"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "StreamForge needs Python 3.11 or newer; $(PYTHON) is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "$(PYTHON) has no pip. Debian: sudo apt-get install python3-pip"; exit 1; }
	@$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/.locked: requirements.lock | $(BIN)/python
	@echo "Installing the locked dependencies into $(VENV) ..."
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.project: pyproject.toml $(VENV)/.locked
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.project $(VENV)/.libraries
	@echo "Installing the locked development tools into $(VENV) ..."
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(BIN)/uv: | $(BIN)/python
	@$(PIP) install --quiet uv

# Skia's wheel links these; without them the import fails. macOS has its own.
HAS_LIBRARIES = $(BIN)/python -c 'import ctypes, sys; sys.platform == "darwin" or [ctypes.CDLL(name) for name in sys.argv[1:]]' $(SKIA_LIBRARIES)

$(VENV)/.libraries: | $(BIN)/python
	@if $(HAS_LIBRARIES) 2>/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing $(SKIA_PACKAGES) ..."; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SKIA_PACKAGES) >/dev/null; \
		$(HAS_LIBRARIES); \
	else \
		echo "Skia needs $(SKIA_LIBRARIES). Run: sudo apt-get install -y --no-install-recommends $(SKIA_PACKAGES)"; exit 1; \
	fi
	@touch $@
