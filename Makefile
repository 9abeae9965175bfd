# The front door. A target is a line here and a script in infra/local; `make help` lists them: the text after
# `##` is a target's help. To add one, write its script and two lines here.

SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := build

L := infra/local

.PHONY: build
build: deps ## Install what is missing, then build everything in release mode (the default)
	@swift build -c release

.PHONY: run
run: $(if $(WAYBILL_BIN),deps,build) ## Start everything in the foreground, logs in one stream; Ctrl-C stops all
	@$(L)/stack run

.PHONY: up
up: $(if $(WAYBILL_BIN),deps,build) ## Start everything detached; var/stack.json then lists what runs
	@$(L)/stack up

.PHONY: demo
demo: export WAYBILL_NOTIFIERS ?= 3
demo: up ## Orders, tabs on three replicas, services killed: exits non-zero if anything was lost
	@WAYBILL_STACK=$$($(L)/stack path) $(or $(WAYBILL_BIN),.build/release)/waybill demo
	@WAYBILL_STACK=$$($(L)/stack path) $(or $(WAYBILL_BIN),.build/release)/waybill demo failover

.PHONY: down
down: ## Stop everything
	@$(L)/stack down

.PHONY: status
status: ## Show what runs
	@$(L)/stack status

.PHONY: logs
logs: ## Follow the logs of a running stack
	@$(L)/stack logs

.PHONY: test
test: test-deps ## Lint, build, all tests on private servers, unit tests under sanitizers (ONLY=Redis,AMQP or FILTER=regex)
	@$(L)/test

.PHONY: test-quick
test-quick: test-deps ## The same without the sanitizers
	@$(L)/test --quick

.PHONY: test-browser
test-browser: $(if $(WAYBILL_BIN)$(WAYBILL_STACK),deps,build) ## Drive the pages in Chromium, on a private stack (or WAYBILL_STACK=FILE); ARGS="-k cart"
	@Tests/Browser/run $(ARGS)

.PHONY: lint
lint: test-deps ## Check the style of Swift, shell and Python; types and unit tests of JavaScript
	@$(L)/lint

.PHONY: format
format: ## Format the Swift code in place
	@swift format -i --parallel -r Package.swift libs services Tests

.PHONY: bench
bench: bench-deps ## Measure the running stack: CPU per order, memory per socket
	@$(L)/bench

.PHONY: backlog
backlog: bench-deps ## Work off 100,000 orders on the running stack (RATE_LIMIT=0 make up): time and memory
	@$(L)/backlog

.PHONY: bench-deps
bench-deps:
	@$(L)/install bench

.PHONY: fuzz
fuzz: deps ## Fuzz the parsers with libFuzzer, 30 seconds each
	@Tests/Fuzz/run

.PHONY: chaos
chaos: $(if $(WAYBILL_BIN),deps,build) ## Kill, pause and cut off everything under load, then audit; under 6 minutes (CHAOS=--short: one)
	@$(L)/install chaos
	@Tests/Chaos/run $(CHAOS)

.PHONY: conformance
conformance: deps ## Run the public conformance suite of RFC 6455 (its tool needs a Python 2.7; says so without one)
	@Tests/Conformance/run

.PHONY: doctor
doctor: ## Look for what could keep the stack from running
	@$(L)/doctor

.PHONY: clean
clean: ## Stop the stack and remove its data, logs and secrets (not what was built)
	@$(L)/stack clean

.PHONY: deps
deps: ## Install the Debian packages that are missing (with sudo when not root)
	@$(L)/install build run

.PHONY: test-deps
test-deps:
	@$(L)/install build run lint chaos venv

.PHONY: help
help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | \
	while IFS=$$'\t' read -r target text; do printf '  \033[1m%-12s\033[0m %s\n' "$$target" "$$text"; done
	@echo
	@echo '  WAYBILL_NOTIFIERS=3 WAYBILL_ACCEPTORS=2 WAYBILL_PROCESSORS=2 make up    more replicas'
	@echo '  WAYBILL_PORT_OFFSET=100 make up                                         a second stack beside it'
