# make demo: colour the example photographs (needs Python 3.11 or newer with venv, and a C library)
# make test: install what the tests need and run them all, and say which lines and branches no test runs
# make fuzz: try everything that reads files of strangers with what damage and malice may make (long: each part may take an hour)
# make findings: run the scripts of findings/, which show surprises in other software (needs Node 20, Perl, libarchive and Chromium too)
# make lowest: run the tests with the lowest versions that pyproject.toml admits, in an environment of their own
# make resolve: ask the package index whether every extra can be installed, for every Python and kind of machine (needs uv)
# make sbom: write sbom.json, a CycloneDX bill of materials of .venv (needs uv)

PYTHON ?= python3
VENV := .venv
DEMO := demo
EXAMPLES := $(wildcard src/colorear/examples/*.jpg src/colorear/examples/*.png src/colorear/examples/*.tif)

.PHONY: demo findings fuzz lowest resolve sbom test

demo: $(VENV)/runtime
	$(VENV)/bin/colorear colorize --overwrite -o $(DEMO) $(EXAMPLES)
	@echo "The coloured photographs are in the folder $(DEMO); the grey ones in src/colorear/examples."

fuzz: $(VENV)/tests
	$(VENV)/bin/python -m pip install --quiet --only-binary atheris --editable '.[learn,test,fuzz]'
	$(VENV)/bin/python -m pytest tests/fuzz --fuzz --numprocesses 2 --timeout 3600

findings:
	@failed=; for script in $@/*.sh; do echo "== $$script"; bash "$$script" || failed="$$failed $$script"; done; \
	[ -z "$$failed" ] || { echo "No longer so, or not to be run here:$$failed"; exit 1; }

lowest: $(VENV)/tests
	mkdir -p build
	$(PYTHON) -m venv --clear build/lowest
	$(VENV)/bin/python benchmarks/lowest.py > build/lowest.txt
	build/lowest/bin/python -m pip install --quiet --editable '.[all,test]' --constraint build/lowest.txt
	@# types, the reference and the names of licenses are as the newest have them
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= build/lowest/bin/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --deselect 'tests/test_layers.py::test_the_rules_are_kept[types]' --deselect tests/test_docs.py::test_the_python_reference_is_made_from_the_code --deselect tests/test_release.py::test_no_package_forbids_to_use_it_for_money

resolve:
	$(PYTHON) benchmarks/resolve.py
	$(PYTHON) benchmarks/resolve.py --pairs

sbom: $(VENV)/runtime
	uvx --from 'cyclonedx-bom>=7' cyclonedx-py environment --output-reproducible --pyproject pyproject.toml -o sbom.json $(VENV)/bin/python

test: $(VENV)/tests
	@# three for two cores: a third of the time goes into waiting for servers, browsers and other programs
	@# threads of processes that wait for each other by counting take both cores from the work;
	@# in order of size the files of few but long tests would come last, and servers start many times
	@# many start a Python, which would compile colorear anew each time if told to keep nothing
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --durations 20 --cov --cov-report=term:skip-covered

$(VENV)/runtime: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/tests: $(VENV)/runtime
	$(VENV)/bin/python -m pip install --quiet --editable '.[learn,test]'
	@# for the tests of the page, which are skipped without it; only root may install it
	command -v chromium >/dev/null || { apt-get update && apt-get install --yes --no-install-recommends chromium; } >/dev/null 2>&1 || echo "There is no Chromium: the page is not tested in a browser."
	command -v firefox-esr >/dev/null || { apt-get update && apt-get install --yes --no-install-recommends firefox-esr; } >/dev/null 2>&1 || echo "There is no Firefox: the page is tested in Chromium alone."
	@# reads what is in the files that are made, by code of its own
	command -v exiftool >/dev/null || { apt-get update && apt-get install --yes --no-install-recommends libimage-exiftool-perl; } >/dev/null 2>&1 || echo "There is no exiftool: some metadata is not tested."
	@touch $@
