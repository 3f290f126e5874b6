# Everyday commands; `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := listens ingestion streaming batch api stack
UV ?= uv
# Processes that run tests, each with services of its own; 3 GB of memory each.
TESTERS ?= 2
# Commands of tests run Spark for seconds, of which Java's second compiler would take half.
SHORT_LIVED := SPARK_SUBMIT_OPTS=-XX:TieredStopAtLevel=1
COMPILE := $(UV) pip compile -q --python-version 3.11 --universal --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

.DEFAULT_GOAL := help
.PHONY: help env check test test-cluster soak bench lock demo

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: ## make or refresh the environment, with what checks and tests need
	@$(PYTHON) playcount env --dev

check: env ## lint, format, types, the import law, and what the documents say
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(PACKAGES) playcount
	$(BIN)/lint-imports
	$(BIN)/pytest tests/docs

test: env ## all tests, with real Kafka, MongoDB and Spark, two files at a time
	$(SHORT_LIVED) $(BIN)/pytest -n $(TESTERS) --dist loadfile

test-cluster: env ## tests on a real HDFS and YARN; 10 GB of memory
	$(SHORT_LIVED) $(BIN)/pytest -m cluster tests/cluster

soak: env ## kill components for minutes while events flow, then compare every count
	$(BIN)/pytest -m soak tests/crashes tests/pipeline tests/sinks tests/cluster -s

bench: env ## measure throughput and latency
	$(BIN)/pytest -m benchmark --timeout 3600 -s

lock: ## pin the newest versions that fit; needs uv
	@command -v $(UV) > /dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 2; }
	$(COMPILE) requirements.in -o requirements.lock
	$(COMPILE) requirements-sinks.in -o requirements-sinks.lock
	$(COMPILE) requirements-dev.in -o requirements-dev.lock

demo: ## start all, and show charts that grow
	@$(PYTHON) playcount demo
