# What people who work on ospo run. Needs make and Python 3.11 or later with venv; no git, nothing from elsewhere.
# Pinned versions are installed into .venv, once and again when they change.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PINS := $(VENV)/.pins
INSTALLED := $(VENV)/.ospo
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO := build/demo
# One process a core; `make test PYTEST_FLAGS='-k dpkg'` runs some tests in one.
PYTEST_FLAGS ?= -n auto

.PHONY: help demo test check bench pins clean

help: ## Print this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile

demo: $(INSTALLED) ## Scan an image made of the packages in .venv: the first thing to try
	@mkdir -p $(DEMO)
	$(BIN)/python examples/demo_image.py $(DEMO)/image
	@echo
	OSPO_DB=$(DEMO)/ospo.db OSPO_CACHE_DIR=$(DEMO)/cache \
	  $(BIN)/ospo scan oci-dir:$(DEMO)/image -o cyclonedx-json=$(DEMO)/sbom.json
	@printf '\nNext:\n'; printf '  %-54s %s\n' \
	  '$(BIN)/ospo tui --db $(DEMO)/ospo.db' 'look at what was found, on a screen' \
  '$(BIN)/ospo findings --db $(DEMO)/ospo.db' 'the same as text, and how to fix it' \
	  'less $(DEMO)/sbom.json' 'the SBOM (CycloneDX)' \
	  '$(BIN)/ospo scan debian:12 --fail-on high' 'an image in a registry, as a gate in CI' \
	  '$(BIN)/ospo --help' 'everything else'

test: $(INSTALLED) ## Run the tests
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

check: $(INSTALLED) ## Run what CI runs: linter, formatter, types, import contracts, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(MAKE) --no-print-directory test

bench: $(INSTALLED) ## Time ospo and its peers on real images: long, see docs/performance.md
	$(BIN)/python bench/run.py

pins: ## Write constraints.txt anew from pyproject.toml with releases at least a week old; needs uv
	@command -v uv >/dev/null || { echo "make: uv is not installed: python3 -m pip install uv" >&2; exit 1; }
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --exclude-newer "7 days" --upgrade \
	  --no-header --no-annotate --no-emit-index-url --group dev --output-file constraints.txt pyproject.toml

clean: ## Remove .venv and everything else that was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A hashed constraints file and an editable install do not go together in one call of pip.
$(INSTALLED): $(PINS) pyproject.toml
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(PINS): constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "make: $(PYTHON) is missing or older than 3.11; name another: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "make: $(PYTHON) cannot create environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --only-binary :all: --require-hashes --requirement constraints.txt
	@touch $@
