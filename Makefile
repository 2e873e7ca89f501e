# `make run` and `make test` are all there is to know: both set up what is missing first.

VENV := .venv
PYTHON := $(VENV)/bin/python
# Chromium and node may come from elsewhere than Debian: they are installed only when not found.
BROWSER := $(if $(shell command -v chromium),,chromium)
NODE := $(if $(shell command -v node),,nodejs)

.PHONY: run test setup lint types test-python test-js test-browser bench check-weights pictures clean

run: $(VENV)/run.stamp
	@echo "Voiceover: http://localhost:$${VOICEOVER_PORT:-3000}"
	@exec $(PYTHON) app.py

test: lint types test-js test-python test-browser

lint: $(VENV)/test.stamp
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .

types: $(VENV)/test.stamp
	$(VENV)/bin/mypy

test-js: $(VENV)/test.stamp
	node --test tests/js/*.test.mjs

test-python: $(VENV)/test.stamp
	$(PYTHON) -m pytest --ignore=tests/browser

test-browser: $(VENV)/test.stamp
	$(PYTHON) -m pytest tests/browser

bench: $(VENV)/test.stamp
	$(PYTHON) -m benchmarks.realtime
	$(PYTHON) -m benchmarks.lipsync

pictures: $(VENV)/test.stamp
	$(PYTHON) -m docs.pictures

# For whoever has trained weights in checkpoints/: does Wav2Lip draw with them what it should?
check-weights: $(VENV)/test.stamp
	$(PYTHON) -m benchmarks.lipsync --lips wav2lip
	$(PYTHON) -m benchmarks.framing
	$(PYTHON) -m benchmarks.restoration
	$(PYTHON) -m benchmarks.wav2lip
	$(PYTHON) -m pytest -m weights tests/wav2lip

setup: $(VENV)/run.stamp

$(VENV)/bin/python:
	setup/debian-packages python3-venv
	$$(setup/python) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt setup/debian-packages | $(VENV)/bin/python
	setup/debian-packages libgl1 libglib2.0-0 libegl1 libgles2
	$(PYTHON) -m pip install --disable-pip-version-check --quiet --requirement requirements.txt
	touch $@

$(VENV)/test.stamp: requirements-dev.txt requirements-ray.txt $(VENV)/run.stamp
	$(if $(BROWSER)$(NODE),setup/debian-packages $(BROWSER) $(NODE))
	$(PYTHON) -m pip install --disable-pip-version-check --quiet --requirement requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) data .mypy_cache .ruff_cache .pytest_cache .hypothesis
