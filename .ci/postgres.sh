#!/bin/sh
# A throw-away Postgres for tests: no durability, loopback only, gone after stop.
#
#   export LOCUTORY_TEST_POSTGRES="$(.ci/postgres.sh start)"
#   go test ./...
#   .ci/postgres.sh stop
#
# start prints the DSN; a server that runs already is used again. PGBIN names the directory of initdb when it is not found,
# POSTGRES_DIR where the server keeps its files.
set -eu

dir=${POSTGRES_DIR:-${TMPDIR:-/tmp}/locutory-postgres}

bin() {
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

free_port() {
	port=$((20000 + $$ % 20000))
	while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || ss -ltn 2>/dev/null | grep -q ":$port "; do
		port=$((port + 1))
	done
	echo "$port"
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
	free_port >"$dir/port"
	[ "$(id -u)" -ne 0 ] || chown postgres "$dir"
	cd "$dir"
	as "$pg/initdb" -D "$dir/data" -U locutory --auth=trust --encoding=UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 ||
		{ cat "$dir/initdb.log" >&2; exit 1; }
	as "$pg/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -o "-c listen_addresses=127.0.0.1 -p $(cat "$dir/port") \
-c unix_socket_directories='$dir' -c fsync=off -c full_page_writes=off -c max_connections=300" start >/dev/null ||
		{ cat "$dir/data/server.log" >&2; exit 1; }
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
