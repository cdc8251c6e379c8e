# `make talk` opens the assistant, `make test` runs every test. Both install into this folder only.

# uv where it is on the path, else a copy of our own in .uv/.
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
ARGS ?=
TESTS ?= tests
SCHEDULES ?= 100000
SEED ?= 1
RUNS ?= 200
SECONDS ?= 1800
# The tests that the default install skips for want of torch.
NEED_TORCH := tests/agents/test_adapter_forms.py \
	$(addprefix tests/agents/test_training.py::,\
		test_a_few_steps_of_training_run_and_can_be_resumed \
		test_only_what_does_not_fit_is_computed_twice \
		test_turns_that_share_their_declarations_learn_as_if_each_stood_alone) \
	tests/app/test_train.py::test_one_command_makes_an_adapter_from_nothing

.PHONY: talk demo test test-vllm bench-vllm fuzz faults soak live bench-cloud crash lint clean

talk: .venv/.installed
	.venv/bin/headstart talk $(ARGS)

# The record and the picture in the README: a real run of the recorded request.
demo: .venv/.installed
	.venv/bin/headstart talk --input assets/demo.wav --output none --no-screen --demo-data \
		--data $$(mktemp -d) --record assets/demo.jsonl
	.venv/bin/headstart replay assets/demo.jsonl --check
	.venv/bin/headstart replay assets/demo.jsonl --export assets/demo.svg

test: .venv/.installed-dev lint
	.venv/bin/pytest $(TESTS)

# On real vLLM, and what needs torch; in an environment of its own, 2.5 GB where pip has torch built for CPUs and
# more where it only has torch for CUDA, which will do as well.
test-vllm: .venv-vllm/.installed
	.venv-vllm/bin/pytest --durations=5 tests/vllm $(NEED_TORCH)

# What the ways to vLLM cost, on a tiny model of chance; ARGS="--model NAME|DIR" for another.
bench-vllm: .venv-vllm/.installed
	.venv-vllm/bin/python -m tests.vllm.bench $(ARGS)

# Random conversations through the core, each compared with waiting politely: SCHEDULES of them, from SEED.
fuzz: .venv/.installed-dev
	.venv/bin/python -m tests.agents.fuzz --schedules $(SCHEDULES) --seed $(SEED)

# Random conversations with cloud services that fail in every phase: RUNS for each service, from SEED.
faults: .venv/.installed-dev
	.venv/bin/python -m tests.doubles.faults --runs $(RUNS) --seed $(SEED)

# Somebody talks to it for SECONDS over devices that come and go, from SEED; needs pulseaudio.
soak: .venv/.installed-dev
	.venv/bin/python -m tests.voice.soak --seconds $(SECONDS) --seed $(SEED)

# Checks against the real services, for the keys that are in the environment.
live: .venv/.installed-dev
	@[ -n "$$HEADSTART_LIVE_TESTS" ] || { echo "this talks to real services and costs money; if you mean it: HEADSTART_LIVE_TESTS=1 make live"; exit 2; }
	.venv/bin/pytest tests/live -s -rA

# The recorded request with `--brain openai`, its service a double on this machine: both modes, three networks.
bench-cloud: .venv/.installed-dev
	.venv/bin/python -m tests.doubles.openai_demo

# HEADSTART_CRASHES sets the number of kills.
crash: .venv/.installed-dev
	.venv/bin/python -m tests.tools.crash

lint: .venv/.installed-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	PYRIGHT_PYTHON_CACHE_DIR=.venv/.pyright .venv/bin/pyright
	.venv/bin/lint-imports

# --inexact: installing to talk does not take away what installing to test has put there.
.venv/.installed: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --no-dev --inexact
	touch $@

.venv/.installed-dev: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --inexact
	touch $@ .venv/.installed

# Of the versions in uv.lock, where vLLM allows. Its command asks what version a package called vllm has.
.venv-vllm/.installed: pyproject.toml uv.lock tests/vllm/requirements.txt tests/vllm/overrides.txt | $(UV)
	$(UV) venv --quiet --allow-existing --seed --python 3.11 .venv-vllm
	.venv-vllm/bin/python -m pip install --quiet torch==2.13.0
	$(UV) export --quiet --frozen --no-hashes --no-emit-project --output-file .venv-vllm/locked.txt >/dev/null
	$(UV) pip install --quiet --python .venv-vllm --override tests/vllm/overrides.txt \
		--constraint .venv-vllm/locked.txt --requirement tests/vllm/requirements.txt --group dev --editable .
	.venv-vllm/bin/python -m tests.vllm.named
	touch $@

.uv/bin/uv:
	@echo "uv is not on the path: installing it into .uv/"
	python3 -m venv .uv || { echo "python3 cannot make a virtual environment; install it with: sudo apt install python3-venv"; exit 2; }
	.uv/bin/pip install --quiet uv

clean:
	rm -rf .venv .venv-vllm .uv
