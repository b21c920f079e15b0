#!/bin/sh
# Class data archives for a fast start (JDK AOT cache), made at build time. $1: directory that holds dist/target/lib.
# Without them everything works, only the start is slower.
set -eu
base=$1
. "$base/.mvn/wrapper/find-jdk.sh"
. "$base/.mvn/wrapper/maven.properties"
JAVA_HOME=$(find_jdk "$java_version")
export JAVA_HOME
run=$base/dist/src/main/sh/run.sh
target=$base/dist/target
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export DAMSELFLY_HOME=$home
rm -f "$target/cli.aot" "$target/daemon.aot" "$target"/*.aot.new*

await() { # SECONDS COMMAND...
  left=$(($1 * 10))
  shift
  while ! "$@" && [ "$left" -gt 0 ]; do
    left=$((left - 1))
    sleep 0.1
  done
  "$@"
}

DAMSELFLY_JVM="-XX:AOTCacheOutput=$target/daemon.aot.new" timeout 90 "$run" "$base" up >"$home/up.log" 2>&1 &
up=$!
await 30 grep -q "^ready" "$home/up.log"
# A refused get loads what a good one loads; nothing is fetched.
DAMSELFLY_JVM="-XX:AOTCacheOutput=$target/cli.aot.new" timeout 30 "$run" "$base" get http://127.0.0.1:9/none -O "$home/none" >/dev/null 2>&1 || true
mv "$target/cli.aot.new" "$target/cli.aot"
timeout 10 "$run" "$base" down >/dev/null
wait "$up" || true
await 30 test -f "$target/daemon.aot.new"
mv "$target/daemon.aot.new" "$target/daemon.aot"
