# `make demo` and `make test` set up what they need; everything they install stays in $(VENV) and $(QLP_HOME),
# except Debian packages, which scripts/setup.sh names before it installs them (as root only).
VENV ?= .venv
BIN := $(VENV)/bin
REQUEST ?= Build a REST API for a bookstore: books with title, author, price and stock, and orders that reduce the stock

.PHONY: help setup demo test lint types check bench lock clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.runtime ## the environment, without the tools of developers

demo: $(VENV)/.runtime ## build, verify and sign a bookstore API on this machine
	scripts/setup.sh demo "$(BIN)"
	PATH="$(abspath $(BIN)):$$PATH" qlp run "$(REQUEST)" -o out/
	PATH="$(abspath $(BIN)):$$PATH" qlp capsule verify --last

test: $(VENV)/.dev ## every rung that can run here
	scripts/test.sh "$(BIN)" $(ARGS)

lint: $(VENV)/.dev ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## mypy --strict
	$(BIN)/mypy

check: lint types ## lint and types

bench: $(VENV)/.dev ## the committed benchmarks; raw results go to benchmarks/results
	$(BIN)/python -m benchmarks.end_to_end

lock: ## write the lock files again
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra dev pyproject.toml -o requirements-dev.lock

$(VENV)/.runtime: pyproject.toml requirements.lock
	scripts/environment.sh "$(VENV)" requirements.lock
	touch $@

$(VENV)/.dev: pyproject.toml requirements-dev.lock
	scripts/environment.sh "$(VENV)" requirements-dev.lock
	touch $@ $(VENV)/.runtime

clean: ## remove the environment and what demos made
	rm -rf $(VENV) out build *.egg-info .mypy_cache .ruff_cache .pytest_cache
