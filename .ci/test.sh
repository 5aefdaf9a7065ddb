#!/usr/bin/env bash
# Runs all tests with the race detector against services of its own, which it starts and stops. A skipped test is a failure:
# tests skip only for a missing service, and here none is missing.
set -uo pipefail
cd "$(dirname "$0")/.."
cache=$(.ci/tools.sh services | tail -n 1) && .ci/tools.sh clients >/dev/null && .ci/tools.sh pgvector >/dev/null || exit 1
export LOCUTORY_TEST_PYTHON="$cache/python/bin/python" LOCUTORY_TEST_NODE="$cache"
export POSTGRES_DIR="${TMPDIR:-/tmp}/locutory-test-$$" # not the one that somebody may be working with
LOCUTORY_TEST_POSTGRES=$(.ci/postgres.sh start) || exit 1
log=$(mktemp)
vectors() { POSTGRES_INSTALL="$cache/pgvector" POSTGRES_DIR="$POSTGRES_DIR-vectors" .ci/postgres.sh "$1"; }
trap '.ci/postgres.sh stop; vectors stop; rm -f "$log"' EXIT
LOCUTORY_TEST_PGVECTOR=$(vectors start) || exit 1
export LOCUTORY_TEST_POSTGRES LOCUTORY_TEST_PGVECTOR

# SQLite is C in the form of Go: the detector has nothing to find in it, and makes each statement ten times as slow.
go test -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false -timeout "${LOCUTORY_SOAK:+12}18m" -v ./... >"$log" 2>&1
status=$?
grep -E '^(ok|FAIL|panic:)|^\s*--- (FAIL|SKIP)|^# ' "$log"
if [ $status != 0 ]; then
	echo "---- what failed said:"
	awk '/^(=== |ok |\?|PASS)/ || /^ *--- PASS/ {next} {print}' "$log" | cut -c1-2000 | tail -n 400
fi
passed=$(grep -cE '^--- PASS' "$log")
failed=$(grep -cE '^--- FAIL|^FAIL.*\[build failed\]' "$log")
skipped=$(grep -cE '^\s*--- SKIP' "$log")
if [ "$skipped" != 0 ] && [ $status = 0 ]; then
	echo "a test was skipped although every service is here"
	status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
