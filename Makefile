# Every target works on a fresh clone with python3 (3.11 or newer), make and git.
# PYTHON=python3.12 make test   chooses another interpreter for the environment.
# WORKERS=4 make test           runs the suite in more processes.

# Compiled modules are kept: without them every process compiles all its imports anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON  ?= python3
WORKERS ?= 2
BIN     := .venv/bin
UV      := $(BIN)/uv

# What a change is held to in about a minute; the whole suite has the rest of tests/integration.
FAST := $(addprefix tests/,architecture contract docs house integration/runs replay scenarios unit)

.DEFAULT_GOAL := help
.PHONY: help demo test check lint format types contracts fast examples docs bench lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- the environment -------------------------------------------------------------------------

# The virtual environment, with uv put into it when the machine has none.
.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit("Kapell needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try PYTHON=python3.12 make ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

# What a user needs; a demo waits for nothing else.
.venv/.runtime: .venv/.made pyproject.toml uv.lock
	@bash scripts/sync.sh --no-dev
	@touch $@

# What a developer needs on top.
.venv/.dev: .venv/.made pyproject.toml uv.lock
	@bash scripts/sync.sh --group dev --group frameworks || { \
		echo "without other people's agents and tools: their tests are skipped"; \
		bash scripts/sync.sh --group dev; }
	@touch .venv/.runtime $@

# --- for everyone ----------------------------------------------------------------------------

demo: .venv/.runtime ## run a real workflow, offline, without a key
	@$(BIN)/python -m kapell.cli.main demo

test: .venv/.dev ## run the whole suite
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup

examples: .venv/.runtime ## run every example on the offline model
	@$(BIN)/python scripts/examples.py

bench: .venv/.dev ## our numbers against peers, side by side in one run
	@$(BIN)/python bench/run.py

# --- for whoever changes the code ------------------------------------------------------------

check: lint types contracts fast ## lint, types, contracts and the fast suite

lint: .venv/.dev ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; echo "run: make format"; exit 1; }

format: .venv/.dev ## ruff: mend what can be mended
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

types: .venv/.dev ## mypy --strict on source and tests
	@$(BIN)/mypy --strict

contracts: .venv/.dev ## import rules of the floors and rooms
	@$(BIN)/lint-imports --no-logo

fast: .venv/.dev ## tests that need no server, no kill and no patience
	@$(BIN)/pytest -q -n $(WORKERS) --dist loadgroup --hypothesis-profile=fast \
		-m "not slow and not crash and not postgres" $(FAST)

docs: .venv/.dev ## write the generated pages anew
	@for page in scripts/generate_*.py scripts/traceability.py; do \
		test -e "$$page" || continue; echo "$$page"; $(BIN)/python "$$page" || exit 1; done

lock: .venv/.made ## write uv.lock anew after pyproject.toml changed
	@$(UV) lock --default-index https://pypi.org/simple

clean: ## remove what was built, but for the environment (rm -rf .venv does that)
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache \
		.traceability demo htmlcov .coverage
	find src tests scripts bench examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
