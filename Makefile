# The workflow, as commands. Needs python3 >= 3.11 with venv, make, git and a package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TRUTH ?= ../shared/quality-dev
# Tests run side by side, two to a core, because many wait for a process or a server; each more has to
# find all tests by itself, which takes a quarter of a minute in a new clone.
JOBS ?= $(shell expr 2 '*' $$(getconf _NPROCESSORS_ONLN))
TESTS = $(BIN)/python -m pytest --numprocesses $(JOBS) --maxprocesses 8
# A seventh of the slow tests for each day of the week (UTC), or another one: PART=1/7 ... 7/7
PART ?= $(shell date -u +%u)/7
# The tests start a few hundred processes: each would compile nordcrawl and its libraries anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo docs test test-fleet test-faults test-faults-today coverage check install-check install-check-today format bench \
	quality quality-folds quality-unknown quality-signs quality-docs lock clean
.DELETE_ON_ERROR:

help:  ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: $(VENV)/run.done  ## Run the whole job against a small news site on this machine, twice
	@$(BIN)/nordcrawl demo

test: $(VENV)/dev.done  ## Run the tests and the fast checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(TESTS) -m "not slow" --ignore tests/deploy --ignore tests/docs  # which make check looks at

test-faults: $(VENV)/dev.done  ## Run the slow suites: kills, faults, scale
	$(TESTS) -m slow

test-faults-today: $(VENV)/dev.done  ## Run a seventh of them, by the day of the week (PART=3/7)
	$(TESTS) -m slow -x --part $(PART) || test $$? -eq 5  # 5: none falls on this day

test-fleet: $(VENV)/fleet.done  ## Run what a real cluster of Ray does, on this machine (installs Ray)
	$(BIN)/python -m pytest -m slow tests/fleet

coverage: $(VENV)/dev.done  ## Run the tests once more, and see that no less is run by them than was
	@rm -rf build/coverage && mkdir -p build/coverage
	$(BIN)/python -m coverage run -m pytest --numprocesses $(JOBS) --maxprocesses 8 -m "not slow" \
		--ignore tests/deploy --ignore tests/docs
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report

check: $(VENV)/dev.done  ## Run every static check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/scrapy-lint
	$(BIN)/deptry . --extend-exclude benchmarks --extend-exclude docs
	$(BIN)/deptry tests benchmarks docs --exclude none --ignore DEP002,DEP004
	$(TESTS) tests/deploy tests/docs -m "not slow"

install-check:  ## Build the wheel, install it as its users do, and run it where the clone is not
	@$(PYTHON) tests/install_check.py

install-check-today:  ## The same by the day: oldest Python, newest Python, lowest versions of libraries
	@$(PYTHON) tests/install_check.py --day $$(date -u +%u)

docs: $(VENV)/dev.done  ## Make the pages of the code anew, and the documentation as a site, in build/site
	@$(BIN)/python docs/site/from_code.py
	@$(BIN)/python docs/site/build.py

format: $(VENV)/dev.done  ## Put the code into its one form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.done  ## Crawl, archive, read and catch up, each beside the plainest way
	@$(BIN)/python benchmarks/crawl.py
	@$(BIN)/python benchmarks/archive.py
	@$(BIN)/python benchmarks/catchup.py
	@$(BIN)/python benchmarks/memory.py
	@$(BIN)/python benchmarks/captures.py

quality: $(VENV)/dev.done  ## Score extraction on a folder of pages with known answers (TRUTH=...)
	@$(BIN)/python benchmarks/quality.py $(TRUTH)
	@$(BIN)/python benchmarks/near_duplicates.py $(TRUTH)

quality-folds: $(VENV)/dev.done  ## The same in ten folds by site, one of them held back, with the gap
	@$(BIN)/python benchmarks/quality_folds.py $(TRUTH)

quality-unknown: $(VENV)/dev.done  ## The same, as a site that nobody knows: names of classes and ids say nothing
	@$(BIN)/python benchmarks/quality_folds.py $(TRUTH) --unknown

quality-signs: $(VENV)/dev.done  ## What each sign of the body gains and harms, into docs/extraction.md
	@$(BIN)/python benchmarks/quality_folds.py $(TRUTH) --signs --markdown docs/extraction.md

quality-docs: $(VENV)/dev.done  ## The same, and write the figures into docs/quality.md
	@$(BIN)/python benchmarks/quality.py $(TRUTH) --markdown docs/quality.md
	@$(BIN)/python benchmarks/near_duplicates.py $(TRUTH) --markdown docs/near-duplicates.md

lock: $(VENV)/dev.done  ## Resolve the dependencies anew (needs uv)
	uv pip compile requirements/build.in $(LOCK) -o requirements/build.txt
	uv pip compile pyproject.toml $(LOCK) -o requirements/run.txt
	uv pip compile pyproject.toml $(EXTRAS) --group dev $(LOCK) -o requirements/dev.txt
	uv pip compile requirements/alerts.in -c requirements/dev.txt $(LOCK) -o requirements/alerts.txt
	uv pip compile requirements/fleet.in -c requirements/dev.txt $(LOCK) -o requirements/fleet.txt

# All extras but `ray`, which is large: the tests of the fleet have a lock of their own.
EXTRAS := $(foreach extra,parquet pandas polars report alerts capture metrics,--extra $(extra))

LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate

clean:  ## Remove what was installed and made
	rm -rf $(VENV) demo-archive build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/base.done: requirements/build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "nordcrawl needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12 ..."; exit 1; }
	@echo "== making a virtual environment in $(VENV) ($$($(PYTHON) -V))"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --require-hashes -r requirements/build.txt
	@touch $@

$(VENV)/run.done: $(VENV)/base.done requirements/run.txt pyproject.toml
	@echo "== installing what nordcrawl runs on, by hash (about a minute, once)"
	@$(PIP) install --quiet --require-hashes -r requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.done: $(VENV)/run.done requirements/dev.txt
	@echo "== installing what the tests need, by hash (about a minute, once; S3 servers among it)"
	@$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/fleet.done: $(VENV)/dev.done requirements/fleet.txt
	@echo "== installing Ray, by hash (about a minute, once)"
	@$(PIP) install --quiet --require-hashes -r requirements/fleet.txt
	@touch $@
