# The front door. Each target is one line here and one script in infra/local; `make help` lists them.
# A comment after `##` is the target's help.

SHELL := /bin/bash
.DEFAULT_GOAL := build
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

L := infra/local

.PHONY: build
build: deps ## Install what is missing and build everything in release mode (the default)
	@swift build -c release

.PHONY: deps
deps: ## Install the Debian packages that are missing (with sudo when not root)
	@$(L)/install build run

.PHONY: help
help: ## This list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | \
	while IFS=$$'\t' read -r target text; do printf '  \033[1m%-12s\033[0m %s\n' "$$target" "$$text"; done
