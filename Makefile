PYTHON ?= python3
DEVSTACK = $(PYTHON) -m crm.devstack
export PORT HOST DATA
BIN = .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run reset environment test lint lint-schema bench lock

help:  ## what there is
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):[^#]*## /make \1\t/' | expand -t 16

run:  ## start everything on PORT=8000 with DATA=.data, demo data on the first start
	@exec $(DEVSTACK) run

reset:  ## replace the development data by a fresh demo
	@exec $(DEVSTACK) reset

environment:  ## install everything for development into .venv
	@$(DEVSTACK) environment dev

test:  ## the whole suite on throwaway servers; ARGS="tests/crm -x" runs a part
	@$(DEVSTACK) environment dev --browser
	@exec $(DEVSTACK) exec --migrated -- pytest $(if $(ARGS),$(ARGS),-n 2)

lint: environment  ## style, types, direction of imports, templates, migrations, the German catalogue
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	KONTOR_ENV=test $(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint --check --quiet templates
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/djlint --lint --quiet --profile jinja -e jinja templates
	@$(DEVSTACK) exec --migrated -- $(MAKE) --no-print-directory lint-schema
	KONTOR_ENV=test $(BIN)/python manage.py spectacular --file /dev/null --validate --fail-on-warn
	KONTOR_ENV=test $(BIN)/python manage.py makecatalogue --check

lint-schema:
	$(BIN)/python manage.py makemigrations --check --dry-run
	EXTRA_APPS=django_migration_linter $(BIN)/python manage.py lintmigrations --no-cache --quiet ok ignore \
	  --include-apps notifications teams pipeline reporting --ignore-initial-migrations

bench: environment  ## measure the operations of every day; SIZE=100k
	@exec $(DEVSTACK) exec --migrated -- python -m bench

COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11

lock: environment  ## resolve requirements/*.in again
	$(COMPILE) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) requirements/run.in -c requirements/dev.txt -o requirements/run.txt
	$(COMPILE) requirements/base.in -c requirements/dev.txt -o requirements/base.txt
	$(COMPILE) requirements/node.in -o requirements/node.txt
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
