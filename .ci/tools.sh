#!/usr/bin/env bash
# Installs what the tests need and a fresh machine lacks: Debian packages (as root), the Python and npm clients, the Go tools.
# Everything of ours lands in one cache, LOCUTORY_CACHE (default: ~/.cache/locutory). Usage: tools.sh services|clients|pgvector|peers|lint
set -euo pipefail
cache=${LOCUTORY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/locutory}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$cache/bin"

debian() { # debian COMMAND PACKAGE...: install packages unless the command is there
	local command=$1
	shift
	if command -v "$command" >/dev/null 2>&1; then return; fi
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
		echo "tools: $command is missing: install $*" >&2
		return 1
	fi
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

services() {
	if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then debian initdb postgresql; fi
}

clients() {
	debian python3 python3 python3-venv
	debian node nodejs npm
	local want="$here/../platform/compat/testdata/clients"
	if ! cmp -s "$want/requirements.txt" "$cache/python/requirements.txt"; then
		python3 -m venv --clear "$cache/python"
		"$cache/python/bin/pip" install --quiet --disable-pip-version-check -r "$want/requirements.txt"
		cp "$want/requirements.txt" "$cache/python/requirements.txt"
	fi
	if ! cmp -s "$want/adapters.txt" "$cache/adapters/adapters.txt"; then
		rm -rf "${cache:?}/adapters"
		"$cache/python/bin/pip" install --quiet --disable-pip-version-check --no-deps --target "$cache/adapters" -r "$want/adapters.txt"
		cp "$want/adapters.txt" "$cache/adapters/adapters.txt"
	fi
	for version in js-1 js-2 js-protocols; do
		if cmp -s "$want/$version/package.json" "$cache/$version/package.json" && [ -e "$cache/$version/done" ]; then continue; fi
		rm -rf "${cache:?}/$version"
		mkdir -p "$cache/$version"
		cp "$want/$version/package.json" "$cache/$version/"
		npm install --silent --no-audit --no-fund --prefix "$cache/$version" >/dev/null
		touch "$cache/$version/done"
	done
}

pgvector() { # a whole Postgres with the extension vector, which Debian's does not have
	local version=0.1.4
	if [ -e "$cache/pgvector/$version" ]; then return; fi
	rm -rf "${cache:?}/pgvector"
	"$cache/python/bin/pip" install --quiet --disable-pip-version-check --target "$cache/pgvector" \
		--no-deps --only-binary=:all: --python-version 3.11 "pgserver==$version"
	touch "$cache/pgvector/$version"
}

peers() { # what platform/bench/against measures against
	debian node nodejs npm
	local want="$here/../platform/bench/against/langgraph"
	if cmp -s "$want/package.json" "$cache/langgraph/package.json" && [ -e "$cache/langgraph/done" ]; then return; fi
	rm -rf "${cache:?}/langgraph"
	mkdir -p "$cache/langgraph"
	cp "$want/package.json" "$cache/langgraph/"
	npm install --silent --no-audit --no-fund --prefix "$cache/langgraph" >/dev/null
	touch "$cache/langgraph/done"
}

tool() { # tool NAME MODULE@VERSION
	local stamp="$cache/bin/.$1-${2##*@}"
	if [ -e "$stamp" ] && [ -x "$cache/bin/$1" ]; then return; fi
	GOBIN="$cache/bin" go install "$2"
	touch "$stamp"
}

lint() {
	tool golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	tool gofumpt mvdan.cc/gofumpt@v0.12.0
	tool govulncheck golang.org/x/vuln/cmd/govulncheck@v1.9.0
}

"$@"
echo "$cache"
