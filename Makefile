# Two commands do all the set-up: `make demo` and `make test`. Both need only Python >= 3.11, make and the package registry.
PYTHON ?= python3
RUN := .venv/bin/python
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy

# What tests need of the system, beside Python: a browser for the console, promtool for the rules of alerts.
PACKAGES := chromium prometheus

.PHONY: packages demo run test lint types layers check chaos fuzz bench docs screenshots clean

demo: .venv/.ready
	$(RUN) -m careloom demo

run: .venv/.ready
	$(RUN) -m careloom run

test: .venv/.ready
	$(RUN) -m pytest -n 2 --dist worksteal -q

packages:
	@command -v chromium promtool | wc -l | grep -qx 2 || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES) >/dev/null; }

lint: .venv/.ready
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: .venv/.ready
	$(RUN) -m mypy

layers: .venv/.ready
	.venv/bin/lint-imports

check: lint types layers test

chaos: .venv/.ready
	$(RUN) -m tests.chaos

fuzz: .venv/.ready
	$(RUN) -m tests.fuzz

bench: .venv/.ready
	$(RUN) -m benchmarks

docs: .venv/.ready
	$(RUN) -m tests.docs.generate

screenshots: .venv/.ready
	$(RUN) -m tests.screenshots

clean:
	rm -rf .venv build dist

# uv lives apart, so that syncing the project's environment exactly never removes the tool that does it.
build/tools/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Careloom needs Python 3.11 or newer; '$(PYTHON)' is older. Try: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv build/tools
	build/tools/bin/python -m pip install --quiet --disable-pip-version-check uv

.venv/.ready: pyproject.toml uv.lock | build/tools/bin/uv
	build/tools/bin/uv sync --quiet --frozen --python "$$(command -v $(PYTHON))"
	@touch .venv/.ready
