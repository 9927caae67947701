# SPDX-License-Identifier: Apache-2.0
# Thin names for the scripts in Scripts/, which do the work and can be run alone.
.DEFAULT_GOAL := help
.PHONY: help demo test build lint bench bench-policy bench-log bench-envoy fuzz sanitize conformance counts profile tidy end-to-end compose clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the story through a real Envoy; KEEP=1 stays up for curl
	@Scripts/demo $(if $(KEEP),--keep)

build: ## the release binary, .build/release/portcullis
	@Scripts/build

test: ## all tests: unit, conformance, end to end through a real Envoy, counts, fuzzing
	@Scripts/test

end-to-end: ## the end-to-end tests alone, on the release binary
	@Scripts/end-to-end

lint: ## Swift, shell and Python style
	@Scripts/lint

bench: ## the table of the README, measured on this machine
	@Scripts/bench

bench-policy: ## the policy engine's table; fails when a row misses its bound
	@Scripts/bench-policy

bench-log: ## the log's table: rates, what a check waits, verification
	@Scripts/bench-log

bench-envoy: ## what a request through a real Envoy pays for being authorized
	@Scripts/bench-envoy

fuzz: ## fuzz targets, a minute each; SECONDS_EACH=600 for longer
	@Scripts/fuzz

sanitize: ## the unit tests under AddressSanitizer
	@Scripts/sanitize

conformance: ## OPA's Rego cases, passed and total by category
	@Scripts/conformance

counts: ## allocations and instructions of one check, against thresholds
	@Scripts/counts

profile: ## counts the ways that checks take through the program, for the compiler
	@Scripts/profile

tidy: ## imports, licences, lengths, leftovers, generated files
	@Scripts/test tidy

compose: ## the same story in containers
	@Scripts/compose

clean: ## removes what was built
	@rm -rf .build .build-profile .build-address
