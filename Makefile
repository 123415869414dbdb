# Two commands matter: `make run` and `make test`. Both set up what is missing first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: run test check fix setup

setup:
	@PYTHON=$(PYTHON) bash scripts/setup.sh

run: setup
	$(BIN)/python -m loop.run recipes/coding.yaml

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pydoclint -q loop recipes scripts

test: check
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest

fix: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
