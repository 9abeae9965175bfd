# Each target calls a script of infra/local or Tests/System. `make help` prints the text after `##`, grouped by the
# `##@` headings. To add a target, write its script and its lines here.

SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := build

BIN := infra/local/bin
BENCH := infra/local/bench
SYSTEM_TESTS := Tests/System
# With WAYBILL_BIN, the folder of built executables, nothing is built.
BUILT := $(if $(WAYBILL_BIN),deps,build)
WAYBILL := WAYBILL_STACK=$$($(BIN)/stack path) $(or $(WAYBILL_BIN),.build/release)/waybill

##@ Run
.PHONY: build
build: deps ## Install missing packages and build in release mode (default)
	@swift build -c release

.PHONY: run
run: $(BUILT) ## Start the stack in the foreground with all logs in one stream; Ctrl-C stops it
	@$(BIN)/stack run

.PHONY: up
up: $(BUILT) ## Start the stack detached; var/stack.json lists what runs
	@$(BIN)/stack up

.PHONY: demo
demo: $(BUILT) ## Place orders, watch them on three replicas, kill services; fails if anything is lost; then all is as it was
	@$(BIN)/demo $(or $(WAYBILL_BIN),.build/release)/waybill

.PHONY: down
down: ## Stop the stack
	@$(BIN)/stack down

##@ Test
.PHONY: test
test: test-deps ## All: lint, tests, system tests, sanitizers (ONLY=Redis,AMQP or FILTER=regex selects)
	@$(BIN)/test

.PHONY: test-quick
test-quick: test-deps ## All except the sanitizers
	@$(BIN)/test --quick

.PHONY: test-unit
test-unit: deps ## Only the tests that need no servers
	@$(BIN)/test --unit

.PHONY: test-sanitizers
test-sanitizers: test-deps ## Only the modules with unsafe code, under the thread and the address sanitizer
	@$(BIN)/test --sanitizers

.PHONY: test-browser
test-browser: $(if $(WAYBILL_STACK),deps,$(BUILT)) ## Browser tests on a private stack or WAYBILL_STACK=FILE (ARGS="-k cart")
	@$(SYSTEM_TESTS)/Browser/run $(ARGS)

.PHONY: simulate
simulate: deps ## Run the whole pipeline on simulated servers, clocks and faults, SEEDS seeds from SEED on (a night: SEEDS=1000000)
	@Tests/Simulation/run

.PHONY: chaos
chaos: $(BUILT) ## Inject faults under load, then audit every order; under 6 minutes (CHAOS=--short: one)
	@$(BIN)/install chaos
	@$(SYSTEM_TESTS)/Chaos/run $(CHAOS)

.PHONY: cluster
cluster: $(BUILT) ## End the leader of a RabbitMQ cluster of three nodes under load, six times; under 2 minutes
	@$(SYSTEM_TESTS)/Cluster/run

.PHONY: cluster-demo
cluster-demo: $(BUILT) ## End the primaries of RabbitMQ, Redis and PostgreSQL under load, then audit every order; under 5 minutes
	@$(BIN)/install chaos
	@$(SYSTEM_TESTS)/Chaos/run --clusters
	@$(SYSTEM_TESTS)/Chaos/run --redis-cluster --only Redis

.PHONY: verify
verify: ## Where it runs: manifests, containers, current servers, clusters; needs root
	@$(MAKE) kubernetes
	@$(MAKE) containers
	@$(MAKE) test-servers
	@$(MAKE) cluster
	@$(MAKE) cluster-demo

.PHONY: containers
containers: ## Build the images and disturb the stack of docker-compose.yml: upgrades, five replicas, certificates; 8 minutes
	@$(SYSTEM_TESTS)/Containers/run

.PHONY: test-servers
test-servers: test-deps ## Run the tests of servers against those of another suite of Debian (SUITE=trixie); about 10 minutes
	@$(BIN)/test-servers $(or $(SUITE),trixie)

.PHONY: kubernetes
kubernetes: $(BUILT) ## Hold the manifests against Kubernetes' schemas, checkov's rules and the programs' settings; a minute
	@$(SYSTEM_TESTS)/Kubernetes/run

.PHONY: fuzz
fuzz: deps ## Fuzz the parsers with libFuzzer, 30 seconds each
	@$(SYSTEM_TESTS)/Fuzz/run

.PHONY: conformance
conformance: deps ## Run the Autobahn suite of RFC 6455 (needs a Python 2.7)
	@$(SYSTEM_TESTS)/Conformance/run

##@ Measure
.PHONY: bench
bench: bench-deps ## Measure the running stack: CPU per order, memory per socket
	@$(BENCH)/bench

.PHONY: bench-compare
bench-compare: $(BUILT) bench-deps ## Compare CPU per order with another revision (BASE=main)
	@$(BENCH)/compare $(or $(BASE),main)

.PHONY: backlog
backlog: bench-deps ## Process a backlog of 100,000 orders on the running stack (RATE_LIMIT=0 make up)
	@$(BENCH)/backlog

##@ Operate
.PHONY: status
status: ## List the programs of the running stack
	@$(BIN)/stack status

.PHONY: logs
logs: ## Follow the logs of the running stack
	@$(BIN)/stack logs

.PHONY: doctor
doctor: ## Check the prerequisites of a stack
	@$(BIN)/doctor

.PHONY: clean
clean: ## Stop the stack and remove its data, logs and secrets (not build products)
	@$(BIN)/stack clean

.PHONY: release
release: deps ## Build the programs, their source and a list of what they consist of, with checksums, in .build/dist
	@$(BIN)/release

##@ Develop
.PHONY: lint
lint: test-deps ## Check Swift, shell, Python, JavaScript, workflows and docker-compose.yml
	@$(BIN)/lint

.PHONY: format
format: ## Format the Swift code in place
	@swift format -i --parallel -r Package.swift libs services Tests

.PHONY: deps
deps: ## Install the missing Debian packages (with sudo when not root)
	@$(BIN)/install build run

.PHONY: test-deps
test-deps:
	@$(BIN)/install build run lint chaos venv shell observability

.PHONY: bench-deps
bench-deps:
	@$(BIN)/install bench

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } \
	    /^[a-z-]+:.*## / { printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  WAYBILL_NOTIFIERS=3 WAYBILL_ACCEPTORS=2 WAYBILL_PROCESSORS=2 make up    more replicas'
	@echo '  WAYBILL_PORT_OFFSET=100 make up                                         a second stack'
