# Commands to run and develop Threadward. `make help` lists the targets.
# Needs Python 3.11 or newer, make and the package registry; the rest is installed in .venv.

PYTHON ?= python3
# Tests must not depend on a developer's .env.
test browser spreadsheets: export ENV_FILE := /dev/null
# The tests start some hundred Python processes: let them share compiled files (git ignores __pycache__).
unexport PYTHONDONTWRITEBYTECODE
HOST ?= 127.0.0.1
PORT ?= 8000
NAME ?= staff
# How many examples properties are tested with: few during development, more in .ci/run, most with "default".
PROFILE ?= brief
export HOST PORT
# How many tests in Chromium run in parallel: each spends half of its time waiting for a page.
BROWSERS ?= 4

VENV := .venv
BIN := $(VENV)/bin
# Modules are compiled when they are first imported: less than half of the installed ones ever are.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile
RUN := $(VENV)/.stamp-run
DEV := $(VENV)/.stamp-dev
LINT := $(VENV)/.stamp-lint
AUDIT := .venv-audit

.DEFAULT_GOAL := help
.PHONY: help run dev test browser spreadsheets lint format bench outdated audit-pins migrations password clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# However this ends (Ctrl-C, a closed terminal, kill), stop honcho and wait for it, so that no process is left behind.
run: $(RUN) ## Set up and serve the console on 127.0.0.1:8000 (PORT=8001 for another port)
	@$(BIN)/python manage.py setup --host $(HOST) --port $(PORT)
	@trap 'kill -TERM $$!' HUP INT TERM; \
	(trap '' HUP; PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/honcho --env /dev/null start --port $(PORT)) & \
	wait $$! || { code=$$?; [ $$code -gt 128 ] || exit $$code; wait; }

dev: $(DEV) ## Install what the tests need, to run single tests with .venv/bin/pytest

# The tests of messaging run without the console here; .ci/run also runs them with it.
test: $(DEV) ## Run the tests, except those that need Chromium (make browser) or LibreOffice (make spreadsheets)
	$(BIN)/pytest -p no:cacheprovider -n auto --dist worksteal --hypothesis-profile $(PROFILE) \
		-m "not browser and not spreadsheets" .ci bench ops
	@echo "--- messaging alone, with Django's own user ---"
	$(BIN)/pytest -p no:cacheprovider -n auto --dist worksteal --hypothesis-profile $(PROFILE) \
		-m "not browser and not spreadsheets" --ds=messaging.tests.settings messaging
	@echo "The tests marked browser and spreadsheets did not run here: make browser, make spreadsheets"

browser: $(DEV) ## Test the screens in Chromium (needs Debian's chromium-headless-shell, or chromium)
	$(BIN)/pytest -p no:cacheprovider -n $(BROWSERS) --dist worksteal -m browser

spreadsheets: $(DEV) ## Open and save exports in LibreOffice (needs Debian's libreoffice-calc)
	$(BIN)/pytest -p no:cacheprovider -m spreadsheets

lint: $(LINT) ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(LINT) ## Format the code and fix its style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV) ## Compare our speed with plain Django and the raw database (docs/figures.md)
	$(BIN)/python -m bench

outdated: $(LINT) ## List pinned packages that have newer versions (docs/updating.md)
	@$(BIN)/python -m pip --disable-pip-version-check list --outdated

audit-pins: $(AUDIT)/.stamp ## Look up known vulnerabilities of all pinned packages (asks PyPI)
	@$(BIN)/python .ci/audit_pins.py $(AUDIT)/bin/pip-audit

migrations: $(RUN) ## Write migrations for changed models
	$(BIN)/python manage.py makemigrations

password: $(RUN) ## Set a new password for the account "staff" (NAME=… for another)
	@$(BIN)/python manage.py changepassword "$(NAME)"

clean: ## Remove the environments and the caches of tools (var/ with its database stays)
	rm -rf $(VENV) $(AUDIT) .venv-newest .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than the files it depends on, so that a second run installs nothing.
$(RUN): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the console needs ..."
	@$(PIP) pip==26.3
	@$(PIP) -r requirements.txt --group run
	@touch $@

$(DEV): pyproject.toml $(RUN)
	@echo "Installing what the tests need ..."
	@$(PIP) --group dev
	@touch $@

$(LINT): pyproject.toml $(DEV)
	@echo "Installing what checks style and types ..."
	@$(PIP) --group lint
	@touch $@

# A separate environment, because the console does not need what pip-audit needs.
$(AUDIT)/.stamp: pyproject.toml $(RUN)
	@echo "Installing pip-audit ..."
	@$(BIN)/python -m venv $(AUDIT)
	@$(BIN)/python -m pip --python $(AUDIT)/bin/python --disable-pip-version-check install --quiet --group audit
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "Threadward needs Python 3.11 or newer; there is no $(PYTHON). Name yours: make $(MAKECMDGOALS) PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Threadward needs Python 3.11 or newer; $(PYTHON) is older. Name another: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Making the virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python cannot make virtual environments here; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
