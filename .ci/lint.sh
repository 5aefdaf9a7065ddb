#!/usr/bin/env bash
# Format, vet, lint, the arrows between packages, and the length of files.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=$(.ci/tools.sh lint | tail -n 1)/bin || exit 1
status=0
unformatted=$("$bin/gofumpt" -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "gofumpt: $unformatted"; status=1; }
go vet ./... || status=1
"$bin/golangci-lint" run ./... || status=1
# A module of its own, with what it measures against. Stale: cd platform/bench/against && go mod tidy
(cd platform/bench/against && go vet ./... && "$bin/golangci-lint" run ./...) || status=1
git ls-files '*.go' '*.ts' '*.tsx' | grep -v '/dist/' | while read -r file; do
	lines=$(wc -l <"$file")
	[ "$lines" -le 450 ] || { echo "$file has $lines lines; 450 is a stop"; exit 1; }
done || status=1
[ $status = 0 ] && echo "lint: clean"
exit $status
