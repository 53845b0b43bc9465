# make demo: install, match pen inks against the embedded corpus, show the matches.
# make test: install, then lint, types and all tests.
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
# Listing the modules makes a new one reinstall the package: strict editable mode links files.
MODULES := $(shell find strokesim cli datasets -name '*.py' | sort | cksum | cut -d' ' -f1)

.PHONY: demo test lint types check clean

demo: $(VENV)/demo-$(MODULES)
	$(BIN)/strokesim demo

test: lint types check

lint: $(VENV)/test-$(MODULES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/test-$(MODULES)
	$(BIN)/mypy

check: $(VENV)/test-$(MODULES)
	$(BIN)/pytest -n auto

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/demo-$(MODULES): setup.cfg pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/test-$(MODULES): setup.cfg pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
