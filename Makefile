# Set-up, tests and the local server. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# An empty file for each set of packages says that it is installed, and since when.
SERVE_READY := $(VENV)/.serve-ready
TRAIN_READY := $(VENV)/.train-ready
DEV_READY := $(VENV)/.dev-ready

# For `make models`: what to train and where, and options of `fetch`, `phrases` and `train`. The
# sizes, which would follow from the number of pairs, are those of the models that ship. Those were
# trained for longer, on a GPU, and with back-translated text: their cards say how.
DIRECTIONS := es-en en-es de-en en-de fr-en en-fr
RUNS := runs/shipped
DATA := data
FETCH :=
PHRASES :=
TRAIN := --set epochs=10 --set average=0.998 --set vocab_size=8000 --set encoder_size=256 \
    --set decoder_size=512 --set attention_size=256 --set batch_tokens=2048
comma := ,

PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help serve train-ready models test lint format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(SERVE_READY) ## Serve the shipped models at http://127.0.0.1:5000
	$(BIN)/python -m serving

train-ready: $(TRAIN_READY) ## Install the packages for training

models: $(DIRECTIONS:%=$(RUNS)/%/exported) ## Retrain all shipped models from public pairs

# The language that is not English stands first in the pairs that `fetch` writes.
.SECONDEXPANSION:
other = $(filter-out en,$(subst -, ,$*))
pair = --source $(word 1,$(subst -, ,$*)) --target $(word 2,$(subst -, ,$*)) \
    --columns $(if $(filter en-%,$*),2$(comma)1,1$(comma)2)
$(DIRECTIONS:%=$(RUNS)/%/exported): $(RUNS)/%/exported: $(DATA)/tatoeba.$$(other)-en.train.tsv.gz
	$(BIN)/python -m training phrases $(pair) --output $(DATA)/phrases.$*.tsv $(PHRASES)
	$(BIN)/python -m training train --output $(RUNS)/$* $(TRAIN) $(pair) \
	    --train $< --train $(DATA)/phrases.$*.tsv --valid $(<:train.tsv.gz=valid.tsv.gz)
	$(BIN)/python -m training export $(RUNS)/$* saved_models/$* \
	    --test $(<:train.tsv.gz=test.tsv.gz) \
	    --licence "CC BY 2.0 FR; of the phrases: Apache-2.0" --attribution "tatoeba.org and opus.nlpl.eu"
	@touch $@

$(DATA)/tatoeba.%-en.train.tsv.gz: | $(TRAIN_READY)
	$(BIN)/python -m training fetch tatoeba $* --output $(DATA) $(FETCH)

# Two files at a time: most tests keep one core busy, and two TensorFlows fit into any memory. In
# the order in which they are collected: the slow ones, which have few tests, come first.
test: lint ## Run the linters, then the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(DEV_READY) ## Check style, types and imports between packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_READY) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove the virtual environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	    echo "Expected Python 3.10 to 3.13 as '$(PYTHON)'. Received: no such command." \
	         "Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || { \
	    echo "Expected Python 3.10 to 3.13 as '$(PYTHON)'. Received: $$($(PYTHON) --version 2>&1)." \
	         "Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "'$(PYTHON)' cannot make virtual environments: its venv or ensurepip module is missing." \
	         "On Debian and Ubuntu, install the package python3-venv." >&2; exit 1; }
	@echo "Making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(SERVE_READY): requirements.txt | $(BIN)/python
	@echo "Installing what serving needs; the first time takes some minutes"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

# After the smaller set, because two pips must not write to one folder at a time.
$(TRAIN_READY): requirements-train.txt $(SERVE_READY)
	@echo "Installing what training needs"
	@$(PIP_INSTALL) -r requirements-train.txt
	@touch $@

$(DEV_READY): requirements-dev.txt $(TRAIN_READY)
	@echo "Installing what the tests need"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@
