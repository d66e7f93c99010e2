# make run    build, fill a fresh folder with the two data sets, serve it
# make test   every test
# make check  what a change must pass besides the tests: form, lints, drift, licences
# make bench  how fast, and what bounds it
# make campaign MINUTES=10   kills and faults at random for so long; SEED=… repeats one
# make tampering MINUTES=10  changes to a log at random for so long, each of which has to be found; likewise
# make pictures              the pictures of the console in docs/, taken anew
# make fuzz MINUTES=10       whatever there is, given to the verifier for so long by each target (nightly Rust)

CARGO ?= cargo
DENY_VERSION := 0.20.2
FUZZ_VERSION := 0.13.2
# Files that are generated and committed are compared by this suite.
DRIFT := $(if $(wildcard tests/drift.rs),--test drift)

.PHONY: run test check bench campaign tampering fuzz pictures tools browser deny fuzzer

run: tools
	$(CARGO) build --release --locked
	$(CARGO) run --release --locked --quiet -- demo

# The read models on PostgreSQL are tested on a server that the tests start: installed binaries, else
# Debian's, which root installs. A changed snapshot fails; only `cargo insta` may write one.
test: tools browser
	INSTA_UPDATE=no $(CARGO) test --locked --all-features --no-fail-fast

check: tools deny
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-features --all-targets -- -D warnings
	INSTA_UPDATE=no $(CARGO) test --locked --all-features --test tidy $(DRIFT)
	$(CARGO) deny --locked check licenses bans sources

# `make bench PARTS=fold` measures a part; BENCH_EVENTS and BENCH_ENROLLMENTS set the size of the log.
bench: tools
	$(CARGO) bench --locked --features postgres,kurrentdb --bench speed -- $(PARTS)

MINUTES ?= 10
SEED ?= $(shell date +%s)
campaign: tools
	DOCKET_CAMPAIGN_MINUTES=$(MINUTES) DOCKET_CAMPAIGN_SEED=$(SEED) \
		$(CARGO) test --locked --all-features --test campaign -- --nocapture

# Each change is made to a copy of a whole log: in memory, where that is at hand.
tampering: tools
	$(addprefix TMPDIR=,$(wildcard /dev/shm)) DOCKET_TAMPERING_MINUTES=$(MINUTES) DOCKET_TAMPERING_SEED=$(SEED) \
		$(CARGO) test --locked --all-features --test ledger -- --nocapture whatever_is_done

SEEDS := $(CURDIR)/target/fuzz-seeds
fuzz: tools fuzzer
	DOCKET_FUZZ_SEEDS=$(SEEDS) $(CARGO) test --locked --all-features --test api -- each_seed_of_the_fuzzers
	cp -r tests/fuzz/seeds/. $(SEEDS)
	for target in texts bundle archive log stamp; do \
		mkdir -p target/fuzz/corpus/$$target && $(CARGO) +nightly fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz \
			$$target target/fuzz/corpus/$$target $(SEEDS)/$$target -- -max_len=131072 -timeout=10 \
			-max_total_time=$$(( $(MINUTES) * 60 )) || exit 1; done

# SQLite, ring and, for KurrentDB and S3, aws-lc are compiled from C.
tools:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust, see https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev; } \
		|| { echo "a C compiler is missing: install gcc" >&2; exit 1; }

# What the tests look at the console with: Debian's Chromium, driven by Node.js; what drives it comes from
# the npm registry, at the versions of the lock file.
BROWSER := tests/browser
browser:
	@missing=; \
	for one in chromium node:nodejs npm curl; do command -v $${one%:*} >/dev/null || missing="$$missing $${one#*:}"; done; \
	[ -z "$$missing" ] || { [ "$$(id -u)" = 0 ] && apt-get update \
		&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $$missing; } \
		|| { echo "missing for the tests in a browser: install$$missing" >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' \
		|| { echo "Node.js $$(node --version) is too old to drive the browser: install 20 or newer" >&2; exit 1; }
	@cd $(BROWSER) && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund; } \
		|| { echo "npm could not install what drives the browser (its words stand above); it takes the npm registry" >&2; exit 1; }

pictures: tools browser
	$(CARGO) build --locked --all-features
	node $(BROWSER)/pictures.mjs target/debug/docket docs

deny:
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny --version $(DENY_VERSION)

fuzzer:
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz --version $(FUZZ_VERSION)
