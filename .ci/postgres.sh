#!/bin/sh
# A throw-away Postgres for tests: no durability, loopback only, gone after stop.
#
#   export LOCUTORY_TEST_POSTGRES="$(.ci/postgres.sh start)"
#   go test ./...
#   .ci/postgres.sh stop
#
# start prints the DSN; a server that runs already is used again. PGBIN names the directory of initdb when it is not found,
# POSTGRES_DIR where the server keeps its files. POSTGRES_INSTALL names a whole installation to copy there and use, since the user that
# the server runs as may not read it where it is.
set -eu

dir=${POSTGRES_DIR:-${TMPDIR:-/tmp}/locutory-postgres}

bin() {
	if [ -n "${POSTGRES_INSTALL:-}" ]; then
		echo "$dir/install/$(cd "$POSTGRES_INSTALL" && dirname "$(find . -name initdb)")"
		return
	fi
	if [ -n "${PGBIN:-}" ]; then
		echo "$PGBIN"
		return
	fi
	for candidate in $(ls -d /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/pgsql/bin 2>/dev/null | sort -rV); do
		if [ -x "$candidate/initdb" ]; then
			echo "$candidate"
			return
		fi
	done
	dirname "$(command -v initdb || { echo "postgres.sh: no initdb; install Postgres or set PGBIN" >&2; exit 1; })"
}

# as runs a command as a user that Postgres accepts: it refuses root.
as() {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	elif command -v runuser >/dev/null; then
		runuser -u postgres -- "$@"
	else
		su postgres -s /bin/sh -c '"$0" "$@"' -- "$@"
	fi
}

dsn() {
	echo "postgres://locutory@127.0.0.1:$(cat "$dir/port")/postgres?sslmode=disable"
}

# launch starts the server on the first free port: one that is taken ends the start.
launch() {
	port=$((20000 + $$ % 20000))
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		echo "$port" >"$dir/port"
		if as "$pg/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -o "-c listen_addresses=127.0.0.1 -p $port \
-c unix_socket_directories='$dir' -c fsync=off -c full_page_writes=off -c max_connections=300" start >/dev/null 2>&1; then
			return
		fi
		port=$((port + 37))
	done
	cat "$dir/data/server.log" >&2
	exit 1
}

running() {
	[ -f "$dir/data/postmaster.pid" ] && as "$pg/pg_ctl" -D "$dir/data" status >/dev/null 2>&1
}

pg=$(bin)
case "${1:-}" in
start)
	if running; then
		dsn
		exit
	fi
	rm -rf "$dir"
	mkdir -p "$dir"
	[ -z "${POSTGRES_INSTALL:-}" ] || cp -R "$POSTGRES_INSTALL" "$dir/install"
	[ "$(id -u)" -ne 0 ] || chown postgres "$dir"
	cd "$dir"
	as "$pg/initdb" -D "$dir/data" -U locutory --auth=trust --encoding=UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 ||
		{ cat "$dir/initdb.log" >&2; exit 1; }
	launch
	dsn
	;;
stop)
	if running; then
		cd "$dir"
		as "$pg/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null
	fi
	rm -rf "$dir"
	;;
*)
	echo "usage: $0 start|stop" >&2
	exit 2
	;;
esac
