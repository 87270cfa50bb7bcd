PYTHON ?= python3
PORT ?= 8000
export PORT

DEVSTACK = $(PYTHON) -m crm.devstack
BIN = .venv/bin

.DEFAULT_GOAL := help
.PHONY: help environment test

help:  ## what there is
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):[^#]*## /make \1\t/' | expand -t 16

environment:  ## install everything for development into .venv
	@$(DEVSTACK) environment dev

test: environment  ## the whole suite on throwaway servers; ARGS="tests/crm -x" runs a part
	@exec $(DEVSTACK) exec -- pytest $(if $(ARGS),$(ARGS),-n 2)
