# Ballast: `make demo` and `make test` are all a newcomer needs.
# The first Python that runs and fits; a shim that only pretends to be one does not count.
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null && echo $$p && exit; done; echo python3)
BIN := .venv/bin
# Test processes side by side, each with a chain of its own.
WORKERS ?= 2
TEST = $(BIN)/ape test --network ethereum:mainnet-fork:foundry -n $(WORKERS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench lint clean

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: ## Install everything inside this folder (skipped when nothing changed)
	@command -v $(PYTHON) >/dev/null || { echo "set-up: no Python found: install Python 3.11 or 3.12, then run make again" >&2; exit 1; }
	@$(PYTHON) tools/bootstrap.py

demo: setup ## A real index on the local mainnet: it rebalances, sits out SVB and leaves a coin that dies
	@$(BIN)/ape run demo $(ARGS)

lint: setup ## ruff, mypy --strict, solhint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@node_modules/.bin/solhint --disc --noPoster --max-warnings 0 'contracts/**/*.sol' 'interfaces/**/*.sol'

test: lint ## Lint, types and every test
	@$(BIN)/ape compile
	@$(TEST) $(ARGS)

bench: setup ## Gas and throughput against the peers; writes build/bench.json
	@$(BIN)/ape run bench $(ARGS)

clean: ## Remove everything generated, the set-up included
	@rm -rf .venv .tools .bin .solc .ape .build .cache build node_modules .setup.log
