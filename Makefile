PYTHON ?= python3
DEVSTACK = $(PYTHON) -m crm.devstack
export PORT HOST DATA
BIN = .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run reset environment test lock

help:  ## what there is
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):[^#]*## /make \1\t/' | expand -t 16

run:  ## start everything on PORT=8000 with DATA=.data, demo data on the first start
	@exec $(DEVSTACK) run

reset:  ## remove the development data; the next `make run` loads the demo afresh
	@exec $(DEVSTACK) reset

environment:  ## install everything for development into .venv
	@$(DEVSTACK) environment dev

test: environment  ## the whole suite on throwaway servers; ARGS="tests/crm -x" runs a part
	@exec $(DEVSTACK) exec --migrated -- pytest $(if $(ARGS),$(ARGS),-n 2)

COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11

lock: environment  ## resolve requirements/*.in again
	$(COMPILE) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) requirements/run.in -c requirements/dev.txt -o requirements/run.txt
	$(COMPILE) requirements/base.in -c requirements/dev.txt -o requirements/base.txt
	$(COMPILE) requirements/node.in -o requirements/node.txt
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
