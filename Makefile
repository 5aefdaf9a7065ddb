# make test: everything, against real databases and the official clients, with the race detector.
# make soak: the same tests with their full figures. make lint, make vuln, make bench: as they say.
# make bench-against: our engine, eino and LangGraph for JavaScript on the same graphs, in one run.
SHELL := /bin/bash

.PHONY: test soak lint vuln bench bench-against build

test:
	.ci/test.sh

soak:
	LOCUTORY_SOAK=1 .ci/test.sh

lint:
	.ci/lint.sh

vuln:
	.ci/vuln.sh

bench:
	go run ./platform/bench

bench-against:
	node=$$(.ci/tools.sh peers | tail -n 1)/langgraph && cd platform/bench/against && go run . -node "$$node"

build:
	CGO_ENABLED=0 go build -o locutory ./cmd/locutory
