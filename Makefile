# make demo | test | test-gpu | coverage | docs | pictures | dist | setup | clean. Each sets up what it needs in .venv.
SHELL := /bin/bash
VENV := .venv
STAMP := $(VENV)/.installed
export OMP_NUM_THREADS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: setup demo test test-gpu coverage docs pictures dist clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt tools/find_python.sh tools/install.py
	@set -e; if [ ! -x $(VENV)/bin/python ]; then \
		python=$$(PYTHON="$(PYTHON)" tools/find_python.sh); \
		echo "Setting up $(VENV) with $$python (two to six minutes)"; \
		"$$python" -m venv $(VENV); \
	fi
	$(VENV)/bin/python tools/install.py -c constraints.txt -e '.[test]'
	@touch $(STAMP)

demo: $(STAMP)
	$(VENV)/bin/multiscale run examples/fracture_ni111/study.yaml
	@echo "The report is runs/ni111_dcb/report.html"

test: $(STAMP)
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest --numprocesses auto --dist worksteal

test-gpu: $(STAMP)
	REQUIRE_GPU=1 $(VENV)/bin/python -m pytest -m gpu

coverage: $(STAMP)
	OMP_NUM_THREADS=1 COVERAGE_CORE=sysmon $(VENV)/bin/python -m pytest --numprocesses auto --dist worksteal \
		--cov --cov-report=term:skip-covered

docs: $(STAMP)
	$(VENV)/bin/python -m tools.gallery
	$(VENV)/bin/python -m tools.notebook
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/python -m mkdocs build
	@echo "The documentation is build/docs/index.html"

pictures: $(STAMP)
	$(VENV)/bin/python -m tools.pictures

dist: $(STAMP)
	$(VENV)/bin/python -m tools.release

clean:
	rm -rf $(VENV) runs build dist .coverage *.egg-info .pytest_cache .ruff_cache .mypy_cache
