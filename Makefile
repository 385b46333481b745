# make demo: everything from a fresh clone to a leaderboard; make test: what CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := bench path_of_a_cell validation isolation metric_agreement regression_power coverage \
  report_scale scorer_cost published_figures batches
ZOO := ffdnet dat-light waifu2x-cunet waifu2x-photo realesrgan-x4plus

ifneq ($(wildcard ../shared/data/README.md),)
export RESTOBENCH_DATA ?= $(abspath ../shared/data)
endif
# one torch thread a worker: oversubscribed cores are many times slower
export OMP_NUM_THREADS ?= 1
export HF_HUB_OFFLINE ?= 1

.PHONY: demo test coverage lint bench reliability clean

demo: $(VENV)/.demo
	$(BIN)/restobench zoo get $(ZOO)
	$(BIN)/restobench run -b demo --out runs/demo
	@echo "open runs/demo/report/index.html in a browser"

test: $(VENV)/.test lint tests/browser/node_modules
	$(BIN)/restobench zoo get --all
	$(BIN)/python -m pytest -q -n logical --dist loadfile \
	  --no-loadscope-reorder $(MEASURED)

# apart from `test`: counting lines takes half as much time again as what is counted
coverage: MEASURED := --cov --cov-report=term --cov-report=html --cov-fail-under=90
coverage: test

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports

# the table of faults in docs/reliability.md, from the tests; a test holds that it is up to date
reliability: $(VENV)/.test
	$(BIN)/python tests/faults/table.py

# every table is printed; the exit code is 1 where a row of any falls short of its goal
bench: $(VENV)/.test
	@short=0; for part in $(BENCH); do \
	  $(BIN)/python tests/performance/$$part.py || short=1; \
	done; exit $$short

# basicsr's setup.py imports torch, so torch comes first and basicsr is built without isolation
$(VENV)/.base:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet "setuptools>=70,<82" wheel
	$(BIN)/pip install --quiet "torch>=2.1" "torchvision>=0.16"
	$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 13))' \
	  && $(BIN)/pip install --quiet --no-build-isolation "basicsr>=1.4.2" \
	  || $(BIN)/python -c 'import sys; v = sys.version_info; v < (3, 13) and sys.exit("basicsr did not build"); print("basicsr does not build on Python 3.13+: niqe and basicsr: restorers are not usable here")'
	touch $@

$(VENV)/.demo: $(VENV)/.base setup.cfg pyproject.toml
	$(BIN)/pip install --quiet -e ".[zoo]"
	touch $@

$(VENV)/.test: $(VENV)/.base setup.cfg pyproject.toml
	$(BIN)/pip install --quiet -e ".[test]"
	touch $@

# axe-core, which looks for barriers in the report's pages; without npm its tests are skipped
tests/browser/node_modules: tests/browser/package.json
	command -v npm >/dev/null || exit 0; cd tests/browser && npm install --silent --no-audit --no-fund --no-package-lock

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .coverage*
