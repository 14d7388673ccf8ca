# tagwarden: what one does while working on it. `make` alone lists the targets.
#
# Nothing but Go is needed for build, test, race and fuzz. `make tools` gets the linter once; `make browser` gets what it runs with npm.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO       ?= go
FUZZTIME ?= 10s
BIN      := $(CURDIR)/.bin
GOLANGCI := $(BIN)/golangci-lint
BENCHSTAT := $(BIN)/benchstat

# Pinned: a new version is a commit of its own, with what it finds put right.
GOLANGCI_VERSION := v2.15.0
# From v2.46 on it needs modules of a host (go.digitalxero.dev) that not every module proxy serves.
NFPM_VERSION     := v2.45.0
CYCLONEDX_VERSION := v1.10.0
BENCHSTAT_VERSION := v0.0.0-20260908200009-22c9c6c9d4da

.PHONY: help build check fmt fmt-check vet lint test race fuzz mutate bench bench-growth bench-compare bench-merging bench-hanging waiting bench-log bench-objections attack faults packages packages-tried sbom browser picture tools

help: ## list the targets
	@echo "Targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

build: ## build the binary, static, into .bin/tagwarden
	@echo "== build: .bin/tagwarden"
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $(BIN)/tagwarden ./cmd/tagwarden

check: fmt-check vet lint test ## everything that has to hold before a commit: format, vet, lint, test
	@echo "== check: fine"

fmt: ## format the code
	@echo "== fmt: gofmt -w"
	gofmt -w $$($(GO) list -f '{{.Dir}}' ./...)

fmt-check: ## say which files are not formatted
	@echo "== fmt-check: gofmt -l"
	@unformatted=$$(gofmt -l $$($(GO) list -f '{{.Dir}}' ./...)); \
	if [ -n "$$unformatted" ]; then echo "not formatted, 'make fmt' does it:"; echo "$$unformatted"; exit 1; fi

vet: ## go vet
	@echo "== vet: go vet ./..."
	$(GO) vet ./...

lint: $(GOLANGCI) ## golangci-lint, with the rules of .golangci.yml
	@echo "== lint: golangci-lint $(GOLANGCI_VERSION)"
	$(GOLANGCI) run ./...

test: ## all tests; they need no network
	@echo "== test: go test ./..."
	$(GO) test ./...

# rules starts no goroutine and keeps nothing between calls, nor do config and those who read a ledger that nobody writes: one test of rules judges
# hits of all vendors side by side (BESIDE), and so does whoever is in proxy. Of cmd, which starts what proxy is, BESIDE names what waits for others.
# Of the others these (SERIAL) run one step after another, and ten times as long under the detector:
# attacks, tables over all vendors, steps of a disk that fail one by one, recordings that are judged one by one, damage that one worker looks for,
# and what is held against a clock. `make race RACED=./... SKIPPED=none` runs all of it.
RACED   ?= $$($(GO) list ./proxy/... | grep -vE '/proxy/ledger/(dossier|index|query|recompute|table|tree|words)$$')
SERIAL  := TestEveryByteCounts TestEveryFileCounts TestEditsAreFoundAndPlaced TestAStartWithoutItsKeyState \
	TestRotatingBesideAFailingDisk TestAfterAPartitionANodeIsFreshWithinASecond TestWhoDeliversMayDie \
	TestAnEmptiedNodeThatBeginsAlone TestANodeThatOneNewLogIsWithout TestAJoinAgainThatIsKilled \
	TestHitsTakeLittleMemory TestPresetCentres TestAnswersOfEveryVendor TestFiguresAreNamedAsTheyAre
BESIDE  := TestJudgedSideBySide TestDemoShowsAHitOfOnesOwn TestDemoShowsWhatTheLogProves TestInterruptTidily TestInterruptTwice \
	TestTailFollows TestTailWaitsForALog
SKIPPED ?= ^($(shell echo $(SERIAL) | tr ' ' '|'))$$

race: ## the tests under the race detector, of what runs side by side
	@echo "== race: go test -race, proxy, and what runs side by side of cmd and rules"
	$(GO) test -race -timeout 20m -skip '$(SKIPPED)' $(RACED)
	$(GO) test -race -timeout 20m -run '^($(shell echo $(BESIDE) | tr ' ' '|'))$$' ./cmd/tagwarden ./rules

fuzz: ## every fuzz target for FUZZTIME (10s)
	@echo "== fuzz: every target for $(FUZZTIME)"
	@# A package is listed, then each of its targets is run alone: go test takes one at a time. All are run, whatever one finds.
	@# A run that the clock ends in the middle of an input is reported by go test as failed, without an input: it is made once more.
	@count=0; failed=""; \
	for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			echo "-- $$package $$target"; \
			for try in 1 2; do \
				out=$$($(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package" 2>&1) && code=0 || code=$$?; \
				printf '%s\n' "$$out"; \
				case "$$code $$out" in 0*) break;; *"Failing input"*) break;; *"context deadline exceeded"*) ;; *) break;; esac; \
			done; \
			[ "$$code" -eq 0 ] || failed="$$failed $$target"; \
			count=$$((count + 1)); \
		done; \
	done; \
	echo "== fuzz: $$count targets$${failed:+, these found something:$$failed}"; [ -z "$$failed" ]

# A mutant of rules or below is tried against the tests of all of rules. `make mutate PKG=./rules FILES="judge.go ladder.go" N=50 SEED=7`
PKG    ?= ./rules
FILES  ?=
N      ?= 50
SEED   ?= 1
MUTATE ?=

mutate: ## change N places of PKG (FILES), one at a time, and list what no test notices; MUTATE holds flags (-list, -edits FILE, -also PKGS)
	@echo "== mutate: $(N) changes of $(PKG), seed $(SEED)"
	$(GO) build -o $(BIN)/mutate ./bench/mutate
	$(BIN)/mutate -packages "$(PKG)" -files "$(FILES)" -n $(N) -seed $(SEED) $(if $(findstring ./rules,$(PKG)),-tests ./rules/...) $(MUTATE)

BENCH ?=

bench: ## CPU per hit, answers and memory against nginx, HAProxy and bare proxies, in one run; writes its part of bench/RESULTS.md
	@echo "== bench: writes its part of bench/RESULTS.md"
	$(GO) build -o $(BIN)/bench ./bench
	$(BIN)/bench $(BENCH)

bench-growth: ## how a hit's time grows with policy, batches, bodies, objectors and worst inputs; writes its part of bench/RESULTS.md
	@echo "== bench-growth: writes its part of bench/RESULTS.md"
	$(GO) build -o $(BIN)/bench ./bench
	$(BIN)/bench growth $(BENCH)

BASE  ?=
COUNT ?= 6

bench-compare: PKG = ./...
bench-compare: $(BENCHSTAT) ## Go benchmarks of the working tree against BASE, in turn COUNT (6) times: make bench-compare BASE=HEAD~1 [BENCH=REGEXP] [PKG=./rules]
	@[ -n "$(BASE)" ] || { echo "BASE is missing: make bench-compare BASE=REVISION"; exit 2; }
	@echo "== bench-compare: $(BASE) and what is here, $(COUNT) times in turn, of $(PKG)"
	$(GO) build -o $(BIN)/bench ./bench
	$(BIN)/bench compare -base "$(BASE)" -bench "$(or $(BENCH),.)" -pkg "$(PKG)" -rounds $(COUNT) -benchstat $(BENCHSTAT)

bench-merging: ## CPU per event, fifty in one request against one in each; writes its part of bench/RESULTS.md (bench/QUEUED.md)
	@echo "== bench-merging: writes its part of bench/RESULTS.md"
	$(GO) build -o $(BIN)/bench ./bench
	$(BIN)/bench merging $(BENCH)

bench-hanging: ## answers and other vendors while one hangs and one fails; writes its part of bench/RESULTS.md (bench/QUEUED.md)
	@echo "== bench-hanging: writes its part of bench/RESULTS.md"
	$(GO) build -o $(BIN)/bench ./bench
	$(BIN)/bench hanging $(BENCH)

WAITING ?= 10000

waiting: ## WAITING (10000) events wait while vendors are down, and are asked again when they are back
	@echo "== waiting: $(WAITING) events"
	TAGWARDEN_WAITING=$(WAITING) $(GO) test -count=1 -v -run '^TestWhatWaitsIsAskedAgain$$' ./proxy

OBJECTORS ?= 10000000

RECORDS ?= 10000000

bench-log: ## questions to a log of RECORDS (10000000) records, sealed ones and those that are being written; prints times
	@echo "== bench-log: $(RECORDS) records; about 2 GB of disk"
	TAGWARDEN_RECORDS=$(RECORDS) $(GO) test -count=1 -timeout 60m -v -run '^TestMillionsOfRecords' ./proxy/ledger/query

bench-objections: ## look-ups, memory and start-up with OBJECTORS (10000000) objectors, and an import; prints tables
	@echo "== bench-objections: $(OBJECTORS) objectors; about 2 GB of disk and of memory"
	TAGWARDEN_OBJECTORS=$(OBJECTORS) $(GO) test -count=1 -timeout 60m -v -run '^TestMillions' ./proxy/objection

ATTACK ?=

attack: ## attack the server from outside, on loopback, in some minutes; ATTACK holds flags (-scenario bombs -binary FILE -before FILE)
	@echo "== attack: bench/ATTACK.md says what is done, and what has to hold"
	$(GO) build -o $(BIN)/attack ./bench/attack
	$(BIN)/attack $(ATTACK)

MINUTES ?= 10
FAULTS  ?=

faults: ## a cluster of processes with faults for MINUTES (10), its objections and its queue, and whether promises were kept (bench/FAULTS.md); writes its parts of bench/RESULTS.md
	@echo "== faults: $(MINUTES) minutes"
	@mkdir -p $(BIN)/faults
	$(GO) build -tags faults -o $(BIN)/faults/tagwarden ./cmd/tagwarden
	$(GO) build -o $(BIN)/faults/faults ./bench/faults
	$(GO) build $(if $(SKEW),-overlay $$($(BIN)/faults/faults -overlay $(BIN)/faults)) -o $(BIN)/faults/nats-server github.com/nats-io/nats-server/v2
	$(BIN)/faults/faults -minutes $(MINUTES) -tagwarden $(BIN)/faults/tagwarden -nats-server $(BIN)/faults/nats-server -results bench/RESULTS.md $(if $(SKEW),-skew $(SKEW)) $(FAULTS)

VERSION ?= 0.1.0
ARCH    ?= amd64

# What is in them is as old as the commit: two builds of one are the same bytes.
packages: $(BIN)/nfpm ## the Debian and RPM packages of VERSION (0.1.0) for ARCH (amd64), into .bin/packages
	@echo "== packages: $(VERSION), $(ARCH)"
	@mkdir -p $(BIN)/packages
	@rm -f $(BIN)/packages/tagwarden[-_]*
	CGO_ENABLED=0 GOARCH=$(ARCH) $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN)/packages/tagwarden ./cmd/tagwarden
	@made=$$(git log -1 --format=%ct 2>/dev/null || echo 0); \
	for kind in deb rpm; do \
		VERSION=$(VERSION) ARCH=$(ARCH) SOURCE_DATE_EPOCH=$$made $(BIN)/nfpm package --config docker/package.yaml --packager $$kind --target $(BIN)/packages; \
	done

sbom: build $(BIN)/cyclonedx-gomod ## what is inside the binary, as CycloneDX: .bin/tagwarden.cdx.json
	@echo "== sbom: .bin/tagwarden.cdx.json"
	$(BIN)/cyclonedx-gomod bin -json -noserial -notimestamp -licenses -output $(BIN)/tagwarden.cdx.json $(BIN)/tagwarden

packages-tried: packages ## install the package into a clean Debian (debootstrap, as root), and serve a hit as its unit does
	@echo "== packages-tried: .bin/packages"
	TAGWARDEN_PACKAGES=$(BIN)/packages $(GO) test -count=1 -timeout 10m -v -run '^TestPackage$$' ./cmd/tagwarden

browser: ## real SDKs in headless Chromium through a running proxy
	@echo "== browser: npm ci, then node --test, in cmd/tagwarden/browser"
	cd cmd/tagwarden/browser && npm ci --no-audit --no-fund --ignore-scripts && npm test

picture: ## take README's picture of the demonstration anew (cmd/tagwarden/docs/demo.png), in headless Chromium
	@echo "== picture: cmd/tagwarden/docs/demo.png"
	@mkdir -p $(BIN)
	cd cmd/tagwarden/browser && npm ci --no-audit --no-fund --ignore-scripts && TAGWARDEN_PICTURE=$(BIN)/demo.png node --test demo.test.js
	$(GO) test -count=1 -run '^TestPictureIsOfThePage$$' ./cmd/tagwarden -args -keep-picture $(BIN)/demo.png

$(BIN)/nfpm:
	@echo "== tools: nfpm $(NFPM_VERSION)"
	GOBIN=$(BIN) GOFLAGS= $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)

$(BIN)/cyclonedx-gomod:
	@echo "== tools: cyclonedx-gomod $(CYCLONEDX_VERSION)"
	@mkdir -p $(BIN)
	GOBIN=$(BIN) GOFLAGS= $(GO) install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION)

tools: $(GOLANGCI) ## get the tools that the other targets use, pinned, into .bin
	@echo "== tools: in .bin"

# The stamp makes a change of the pinned version install anew.
$(GOLANGCI): $(BIN)/golangci-lint-$(GOLANGCI_VERSION).stamp
$(BIN)/golangci-lint-$(GOLANGCI_VERSION).stamp:
	@echo "== tools: golangci-lint $(GOLANGCI_VERSION)"
	@mkdir -p $(BIN)
	GOBIN=$(BIN) GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@rm -f $(BIN)/golangci-lint-*.stamp
	@touch $@

$(BENCHSTAT): $(BIN)/benchstat-$(BENCHSTAT_VERSION).stamp
$(BIN)/benchstat-$(BENCHSTAT_VERSION).stamp:
	@echo "== tools: benchstat $(BENCHSTAT_VERSION)"
	@mkdir -p $(BIN)
	GOBIN=$(BIN) GOFLAGS= $(GO) install golang.org/x/perf/cmd/benchstat@$(BENCHSTAT_VERSION)
	@rm -f $(BIN)/benchstat-*.stamp
	@touch $@
