# Everything needs just Python >= 3.11 and make. The first call of a target makes .venv; later ones need no network.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: test check demo bench crash soak pictures texts format clean

# Made anew only when a requirements file has changed since.
.venv/ready: requirements.txt requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Clapper needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.PHONY: .venv
.venv: .venv/ready

# One more at once than there are cores: many tests wait for a process or for the disk.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
test: .venv/ready
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

demo: .venv/ready
	$(BIN)/python -m demo $(ARGS)

# Ratios against the least that could be done, side by side in one run.
bench: .venv/ready
	$(BIN)/python -m bench $(ARGS)

# Kills the bot with SIGKILL at every request, again and again, and counts what people got.
KILLS ?= 200
crash: .venv/ready
	$(BIN)/python -m tests.crash --kills $(KILLS)

# Ten minutes of everything failing at random.
MINUTES ?= 10
JOBS ?= 2000
soak: .venv/ready
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --jobs $(JOBS)

# The README's screenshots, taken by using the demo in Chromium.
pictures: .venv/ready
	$(BIN)/python -m tests.pictures

# Brings the catalogues in locales/ up to date with the texts in the code; docs/translating.md says the rest.
texts: .venv/ready
	$(BIN)/python -m tests.texts

format: .venv/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .hypothesis .ruff_cache
