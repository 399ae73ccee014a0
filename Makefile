# Everything one does with this project, from a fresh clone, with Python, pip and make alone.
#
# Dependencies come from requirements/*.txt, with hashes. The project itself is not installed: every command runs from
# the repository root, so `service`, `trainer` and `models` are found where they stand. A stamp in .venv says which lock
# was installed; when the lock changes, the next command installs again.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DATA   ?= $(DIGITS_DATA)

SERVICE := $(VENV)/.installed-service
DEV     := $(VENV)/.installed-dev

PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist worksteal

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve test test-slow lint check fix train accuracy bench lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(SERVICE)  ## the service on 127.0.0.1:8000 (DIGITS_HOST, DIGITS_PORT) with the committed models
	$(BIN)/python -m service

test: $(DEV)  ## the tests that need neither real data nor patience; on all cores; PYTEST_ARGS adds options
	$(PYTEST) -m "not slow and not accuracy" $(PYTEST_ARGS)

test-slow: $(DEV)  ## the others that need no real data: the container image replayed, trainings that stop and resume
	$(PYTEST) -m "slow and not accuracy" $(PYTEST_ARGS)

lint: $(DEV)  ## format, lint, types and import contracts; only looks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test  ## lint and test

fix: $(DEV)  ## what can be mended by a machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: $(DEV)  ## train CONFIG=cnn; DATA=DIR (or DIGITS_DATA) holds the data, else MNIST is downloaded
	@test -n "$(CONFIG)" || { echo "Say which: make train CONFIG=cnn (the files in trainer/configs)"; exit 2; }
	$(BIN)/python -m trainer train $(CONFIG) $(if $(DATA),--data $(DATA))

accuracy: $(DEV)  ## the exported models on the real data (DIGITS_DATA, else ../shared/data; skipped without)
	$(PYTEST) -m accuracy $(PYTEST_ARGS)

bench: $(DEV) $(VENV)-bench/.installed  ## the service against other servers, overload, soak; needs wrk; BENCH_ARGS adds options
	$(BIN)/python -m benchmarks --results benchmarks/results $(BENCH_ARGS)

# --universal: one lock for every system and Python that pyproject.toml allows. No index address and no command line
# with local paths gets into the files (docs/decisions/0002). The development lock is resolved first; the others are
# held to its versions.
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

lock: $(DEV)  ## write requirements/*.txt anew; UPGRADE=--upgrade takes the newest versions
	$(COMPILE) --extra train --extra compress --extra otel --group dev --output-file requirements/dev.txt
	$(COMPILE) --extra train --extra compress --constraint requirements/dev.txt --output-file requirements/train.txt
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/service.txt
	$(COMPILE) --extra gpu --constraint requirements/dev.txt --output-file requirements/service-gpu.txt
	$(COMPILE) --extra otel --constraint requirements/dev.txt --output-file requirements/service-otel.txt

clean:  ## remove .venv and everything that a tool left behind
	rm -rf $(VENV) $(VENV)-bench build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit( \
		"Python 3.11, 3.12 or 3.13 is needed (TensorFlow has wheels for these); $(PYTHON) is %d.%d. " \
		"Name another one: make PYTHON=python3.12 serve" % v)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-%: requirements/%.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# The other servers of the benchmarks: pinned, not hashed, and in an environment that nothing else comes near.
$(VENV)-bench/.installed: benchmarks/requirements.txt | $(BIN)/python
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
