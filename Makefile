# What people type. Each target installs what it needs (system packages through apt-get, tools into target/tools).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TERM_PROGRESS_WHEN ?= auto
TOOLS := $(CARGO_TARGET_DIR)/tools/bin
CLIENT := openapi/client
# Listed by a macro (`functions!`), where `cargo fmt` does not look.
FUNCTIONS := --edition 2024 $(filter-out %functions/mod.rs,$(wildcard $(addprefix server/src/ai/functions/,*/mod.rs *.rs)))
# A run of the tests says by itself where it failed; backtraces of SurrealDB's deep stacks take seconds each.
export RUST_BACKTRACE ?= 0

.PHONY: help run test test-remote lint fuzz fmt openapi bench bench-server bench-live bench-quality audit clean-demo

help: ## Show this list.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run: ## Build, and start the demo: a site, the API and its documentation.
	@.ci/setup build
	cargo build --workspace --bins --locked
	@exec "$(CARGO_TARGET_DIR)/debug/igny8" demo

test: ## Run every test.
	@.ci/setup build test client storage
	"$(TOOLS)/cargo-nextest" nextest run --workspace --locked
	cargo test --workspace --doc --locked
	npm --prefix $(CLIENT) test

lint: ## Check formatting, warnings, documentation, and the dependencies' licences and sources.
	@.ci/setup build lint
	cargo fmt --all --check
	rustfmt --check $(FUNCTIONS)
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --document-private-items --locked
	"$(TOOLS)/cargo-deny" --locked check licenses bans sources

test-remote: ## Run the tests of data and API against a SurrealDB server; compiles one first (10 minutes).
	@.ci/setup build test storage
	cargo build --manifest-path tests/surrealdb/Cargo.toml --locked
	@tests/surrealdb/run "$(CARGO_TARGET_DIR)/debug/surrealdb-for-tests" \
		"$(TOOLS)/cargo-nextest" nextest run --workspace --locked -E 'package(igny8-data) or package(igny8-tests)'
	@tests/surrealdb/run "$(CARGO_TARGET_DIR)/debug/surrealdb-for-tests" \
		"$(TOOLS)/cargo-nextest" nextest run --workspace --locked --run-ignored only -E 'test(remote::)'

fuzz: ## Send the API what its description allows and what it does not: no answer may be a fault of the server.
	@.ci/setup build
	cargo build --workspace --bins --locked
	@tests/fuzz "$(CARGO_TARGET_DIR)"

fmt: ## Format the Rust code.
	cargo fmt --all
	rustfmt $(FUNCTIONS)

openapi: ## Regenerate openapi/openapi.json and the client's types from the code.
	@.ci/setup build client
	cargo build --workspace --bins --locked
	"$(CARGO_TARGET_DIR)/debug/igny8" openapi > openapi/openapi.json.new
	mv openapi/openapi.json.new openapi/openapi.json
	npm --prefix $(CLIENT) run generate

bench: ## Measure the renderer beside Hugo. Sizes and scenarios: make bench ARGS="1000 --scenarios plain".
	@.ci/setup build
	python3 renderer/bench/run $(ARGS)

bench-server: ## Measure import, clustering, lists and queue with 100,000 keywords, on a release build: make bench-server ARGS=10000.
	@.ci/setup build
	python3 server/bench/run $(ARGS)

audit: ## Let neutral programs look at the renderer's sites: HTML, accessibility, Lighthouse, feeds, links. make audit ARGS="--sites blog".
	@.ci/setup build
	renderer/audit/run $(ARGS)

bench-live: ## Measure how soon visitors see an edit among 10,000 pages, on a release build: make bench-live ARGS=1000.
	@.ci/setup build
	python3 server/bench/live $(ARGS)

bench-quality: ## Measure how well clusters agree with labels, set by set: make bench-quality ARGS="FOLDER…" (label<TAB>keyword in *.tsv).
	@.ci/setup build
	cargo run --release -p igny8-planner --example quality --locked -- $(or $(ARGS),server/planner/tests/data)

clean-demo: ## Remove the demo's data, so that the next `make run` starts afresh.
	rm -rf data/demo
