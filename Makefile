# Everything runs in $(VENV), which the first target that needs it makes.
# Written for GNU make 3.81, the one macOS carries.

VENV  ?= .venv
STAMP := $(VENV)/.installed
PEERS := $(VENV)/.installed-bench
PY    := $(VENV)/bin/python

# The first that really runs: a version manager may put names on the path that only print an error.
USABLE := 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c $(USABLE) >/dev/null 2>&1 && { echo "$$p"; break; }; done)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help book test lint unit cold replay along pdf epub site lab serve bench bench-site doctor-bench gpu clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

book: $(STAMP)  ## Execute every chapter that changed and build the site into _build/html
	@$(PY) book/build.py

test: lint unit cold replay along site  ## Run every check: lint, types, tests, a cold build, the replay, PDF and ePub, the site

lint: $(STAMP)  ## Check style, formatting, types, spelling and the form of the pages
	@echo "== lint, types, spelling and pages"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m codespell_lib
	@$(PY) book/lint.py

unit: $(STAMP)  ## Test the package, its examples and the tools
	@echo "== tests of the package and of the tools"
	@$(PY) -m pytest -q -n 2 --dist worksteal --doctest-modules src tests --ignore=tests/test_book.py --ignore=tests/test_cases.py --ignore-glob='tests/test_site*.py'

cold: $(STAMP)  ## Execute every chapter anew and build the site
	@echo "== cold build of the book"
	@$(PY) book/build.py --cold

replay: $(STAMP)  ## Execute every chapter once more and compare with what the site prints
	@echo "== replay of the chapters"
	@$(PY) book/build.py --replay

along: $(STAMP)  ## Make the PDF and the ePub of the site that is built; they need Chromium
	@echo "== PDF and ePub"
	@$(PY) book/take.py pdf epub --where-possible

pdf: book  ## Build the site, and the book as a PDF
	@$(PY) book/take.py pdf

epub: book  ## Build the site, and the book as an ePub
	@$(PY) book/take.py epub

site: $(STAMP)  ## Test the chapters and the built site
	@echo "== tests of the chapters and of the site"
	@$(PY) -m pytest -q -n 2 --dist worksteal tests/test_book.py tests/test_cases.py tests/test_site*.py

lab: export JUPYTER_CONFIG_DIR := $(abspath $(VENV))/etc/jupyter
lab: $(STAMP)  ## Open the chapters in JupyterLab
	@$(VENV)/bin/jupytext-config set-default-viewer markdown  # a click on a chapter opens a notebook
	@$(PY) -m jupyterlab $(LAB_OPTIONS) book

serve: $(STAMP)  ## Build the site and serve it on http://localhost:8000
	@$(PY) book/build.py
	@$(PY) -m http.server --bind 127.0.0.1 --directory _build/html 8000

bench: $(PEERS)  ## Time the package against plain PyTorch and other libraries, and record it in benchmarks/results
	@$(PY) benchmarks/sweep.py --out benchmarks/results
	@$(PY) benchmarks/loop.py --out benchmarks/results

bench-site: $(STAMP)  ## Measure pages of the built site beside the bare theme's, into benchmarks/results
	@$(PY) benchmarks/site_weight.py --out benchmarks/results

doctor-bench: $(PEERS)  ## Measure the doctor on the scripts that set no threshold, beside other tools, into benchmarks/results
	@$(PY) benchmarks/doctor.py --half held --peers --cost --out benchmarks/results

gpu: $(STAMP)  ## Run what needs an NVIDIA GPU: the tests marked cuda, and the benchmarks
	@$(PY) -c 'import sys, torch; torch.cuda.is_available() or sys.exit("No CUDA device: nothing was run.")'
	@$(PY) -m pytest -q -m cuda tests
	@$(PY) benchmarks/gpu.py --out benchmarks/results

clean:  ## Remove what was built; keep the environment
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache

# The stamp is written last: an installation that was cut short is taken up again.
$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.13 found: set PYTHON=/path/to/python" >&2; exit 1; }
	@{ $(PY) -c $(USABLE) && $(PY) -m pip --version; } >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear "$(VENV)"
	@echo "Installing into $(VENV): minutes the first time, and only when the requirements change ..."
	@$(PY) -m pip install --quiet -c constraints.txt -e ".[book,lab,test]"
	@touch "$@"

# The libraries that the benchmarks compare with, and nothing else needs.
$(PEERS): $(STAMP)
	@echo "Installing the libraries to compare with into $(VENV) ..."
	@$(PY) -m pip install --quiet -c constraints.txt -e ".[bench]"
	@touch "$@"
