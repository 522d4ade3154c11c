# Every target is one line; `make` alone lists them.
SHELL := /bin/bash
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/perennial
UV := $(or $(shell command -v uv),$(CACHE)/uv/bin/uv)
MEMBERS := libs/contract libs/model operator images/predictor images/recorder images/trainer cli
RUN := .venv/bin/python -m
export PYTHONDONTWRITEBYTECODE := 1
export DATA LABEL
.DEFAULT_GOAL := help
.PHONY: help sync lock fmt lint types crd docs picture unit embedded servers integration e2e browser test test-cluster up down images demo demo-cluster table demo-down push

help:  ## what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 14

$(UV):
	python3 -m venv $(CACHE)/uv && $(CACHE)/uv/bin/pip install --quiet 'uv>=0.13,<0.14'

.venv/synced: requirements.lock $(MEMBERS:=/pyproject.toml) | $(UV)
	$(UV) venv --quiet --allow-existing --python 3.11 .venv
	$(UV) pip install --quiet --require-hashes -r requirements.lock
	$(UV) pip install --quiet --no-deps $(MEMBERS:%=-e %)
	touch $@

sync: .venv/synced  ## install the locked dependencies and the programs into .venv

crd: sync  ## the CRD from the models
	$(RUN) perennial_operator.crd.definition > helm/perennial/files/crd.yaml

docs: sync  ## the pages on reasons and metrics and the messages' schemas from the code
	$(RUN) docs.generate

picture: sync  ## the curve in the README from what `perennial demo` left, or REPORT=file
	$(RUN) docs.picture $(or $(REPORT),perennial-demo/report.html)

lock: | $(UV)  ## resolve the manifests again into requirements.lock
	$(UV) export --quiet --upgrade --all-packages --all-groups --no-emit-workspace --no-annotate --no-header -o requirements.lock
	$(UV) pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-annotate --no-header cluster/mlflow.in -o cluster/mlflow.lock
	$(UV) pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-annotate --no-header tests/browser/browser.in -o tests/browser/browser.lock

fmt: sync  ## format the code
	$(RUN) ruff format . && $(RUN) ruff check --fix-only --quiet .

lint: sync  ## style and architecture
	$(RUN) ruff format --check . && $(RUN) ruff check .

types: sync  ## mypy, strict
	$(RUN) mypy

unit: sync  ## tests that need no server, in seconds
	$(RUN) pytest -m 'not integration and not e2e and not browser and not embedded' -n auto -o faulthandler_timeout=300

embedded: sync  ## tests on the broker that a run starts by itself, which is built once
	$(RUN) pytest -m embedded -n 2

servers:
	cluster/cluster up api kafka minio mlflow

integration: sync servers  ## tests against a real API server, Kafka and S3
	eval "$$(cluster/cluster env)" && $(RUN) pytest -m integration --servers -n 2

e2e: up images  ## tests of the whole cluster with images of this tree
	eval "$$(cluster/cluster env)" && $(RUN) pytest -m 'e2e and not alone' --servers -n 3 && $(RUN) pytest -m alone --servers

browser: sync  ## the page, in the machine's Chromium
	$(UV) pip install --quiet --require-hashes -r tests/browser/browser.lock
	$(RUN) pytest -m browser

test: lint types unit servers  ## everything that needs no node, from a bare machine
	eval "$$(cluster/cluster env)" && $(RUN) pytest -m 'embedded or integration' --servers -n 3 --dist worksteal

test-cluster: e2e  ## the tests that need pods, from a bare machine (Linux, root)

up:  ## a real Kubernetes, Kafka and S3 on this machine
	cluster/cluster up

down:  ## stop them and delete their data
	cluster/cluster down

demo: sync  ## watch a model go stale and come back, by itself, on this machine alone
	.venv/bin/perennial demo

demo-cluster: table up images  ## the same on a Kubernetes; DATA=file.csv LABEL=column streams a file
	examples/demo/start

table: sync
	@[ -z "$$DATA" ] || $(RUN) perennial table check "$$DATA" "$$LABEL"

demo-down: down  ## remove all that demo-cluster made

images: sync  ## build the four images and load them into the cluster
	cluster/cluster images

push: sync  ## build the four images and push them to REGISTRY=registry.example.com/team; images.yaml then names them for helm
	cluster/cluster push $(or $(REGISTRY),$(error REGISTRY=registry.example.com/team is missing)) > images.yaml.part && mv images.yaml.part images.yaml
