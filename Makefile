# What one does with this repository; `make help` lists it. Only Go (the version in go.mod) and make have to be there:
# the tools are built from the versions that tools/go.mod pins, and scripts/setup-tests brings the rest.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# One thing after the other, whatever -j says: every step already uses all cores, and measures time on them.
.NOTPARALLEL:

# Every module of the repository: the library and its command, the tools, the benchmarks with their peers.
MODULES := $(shell find . -name go.mod -not -path '*/.*/*' -not -path '*/testdata/*' -exec dirname {} \; | sort)
# Those that have code of ours.
CODE := $(filter-out ./tools,$(MODULES))

TOOL = go tool -modfile=$(CURDIR)/tools/go.mod
# in runs the command $(2) in each of the modules $(1), saying where.
in = for m in $(1); do echo "+ cd $$m && $(2)"; (cd "$$m" && $(2)) || exit 1; done

# Three packages' tests at a time, on any machine: those that start real processes wait more than they work, and measure
# how long things take. Those that wait longest come first, so that they are not what everything else waits for. What go
# test would vet has been vetted by check.
TESTFLAGS ?= -race -count=1 -timeout=10m -p=3 -vet=off
FIRST = $$(ls -d ./tests/cluster ./tests/takeover 2>/dev/null || true)
FUZZTIME ?= 10s
SOAK ?= 1h
# Of a measurement: how often each side has its turn, and which parts; all.
ROUNDS ?= 3
PARTS ?=

##@ Use

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the command as bin/lastcall
	go build -trimpath -o bin/ ./cmd/lastcall

.PHONY: demo
demo: ## see a deploy that loses nothing, with real processes, in under a minute
	go run ./cmd/lastcall demo

##@ Develop

.PHONY: test
test: export GOFLAGS += -buildvcs=false # the tests build the command; git may not trust a checkout that CI mounted
test: setup check ## everything that CI asks: checks, then all tests under the race detector
	@$(call in,$(CODE),go test $(TESTFLAGS) $(FIRST) ./...)

.PHONY: check
check: format vet lint imports dead tidy ## what the code must look like, without its tests

.PHONY: fmt
fmt: ## format all Go files
	$(TOOL) gofumpt -w .

.PHONY: fix
fix: fmt ## mend what the linters know how to mend
	@$(call in,$(CODE),$(TOOL) golangci-lint run --config=$(CURDIR)/.golangci.yml --fix ./...)

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s) each
	scripts/fuzz $(FUZZTIME)

.PHONY: soak
soak: export GOFLAGS += -buildvcs=false
soak: setup ## everything on, on both stores, for SOAK (1h): nothing is lost, and nothing grows
	go test -count=1 -timeout=0 -v ./tests/soak -soak=$(SOAK)

.PHONY: bench
bench: setup ## measure against others, side by side, in one run, or PARTS of it, and write docs/benchmarks.md
	cd bench && go run . -only='$(PARTS)' -rounds=$(ROUNDS)

.PHONY: bench-compare
bench-compare: ## measure the work tree against the commit REF, all or PARTS (submits,latency,rest,idle)
	cd bench && go run . -compare='$(or $(REF),$(error REF=commit says what to compare with))' -only='$(PARTS)' -rounds=$(ROUNDS)

.PHONY: setup
setup: ## install what the tests need and this machine lacks (apt)
	@scripts/setup-tests

##@ Parts of check

.PHONY: format
format: ## all Go files are formatted by gofumpt
	@echo '+ gofumpt -l .'
	@files=$$($(TOOL) gofumpt -l .); [[ -z $$files ]] || { echo "not formatted (make fmt does it):" $$files; exit 1; }

.PHONY: vet
vet: ## go vet, in every module
	@$(call in,$(CODE),go vet ./...)

.PHONY: lint
lint: ## golangci-lint, as .golangci.yml says
	@$(call in,$(CODE),$(TOOL) golangci-lint run --config=$(CURDIR)/.golangci.yml ./...)

.PHONY: imports
imports: ## the rules of the house: imports, names, lengths
	go test -count=1 ./tests/imports

# Two questions, as neither tool answers both. deadcode: which function does no program and no test reach? What a test
# reaches is alive, which spares the library's API and lets through code that is there for its test alone. unused, with
# tests left out: which unexported name does no production code mention?
.PHONY: dead
dead: ## no code that nothing reaches, none that only tests reach
	@echo '+ deadcode -test ./...'
	@dead=$$($(TOOL) deadcode -test ./...); [[ -z $$dead ]] || { echo "$$dead"; exit 1; }
	@echo '+ golangci-lint run --tests=false --enable-only=unused'
	@$(TOOL) golangci-lint run --tests=false --enable-only=unused ./...

.PHONY: tidy
tidy: ## go.mod and go.sum name what is used and no more, in every module
	@$(call in,$(MODULES),go mod tidy -diff)
