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
web=
finish() {
  [ "$1" -eq 0 ] || cat "$home"/*.log
  rm -rf "$home"
  [ -z "$web" ] || kill "$web" 2>/dev/null || true
}
trap 'finish $?' EXIT
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

# The archive also keeps which methods are hot: seed and peer of the training stack move some content, so that a new
# daemon compiles its data path at once instead of finding out.
mkdir "$home/www"
head -c 67108864 /dev/urandom >"$home/www/0"
"$JAVA_HOME/bin/jwebserver" -b 127.0.0.1 -p 0 -d "$home/www" >"$home/web.log" 2>&1 &
web=$!
await 30 grep -q "^URL" "$home/web.log"
url=$(sed -n 's/^URL //p' "$home/web.log")

DAMSELFLY_JVM="-XX:AOTCacheOutput=$target/daemon.aot.new" timeout 120 "$run" "$base" up --allow-origin 127.0.0.0/8 >"$home/up.log" 2>&1 &
up=$!
await 30 grep -q "^ready" "$home/up.log"
for round in 1 2 3; do # one resource each, the same content
  for socket in seed daemon; do
    "$run" "$base" get "${url}0?$round" -O "$home/out" --overwrite --endpoint "$home/$socket.sock" --no-progress >/dev/null 2>&1 || true
  done
done
# A refused get loads what a good one loads; nothing is fetched.
DAMSELFLY_JVM="-XX:AOTCacheOutput=$target/cli.aot.new" timeout 30 "$run" "$base" get http://127.0.0.1:9/none -O "$home/none" >/dev/null 2>&1 || true
mv "$target/cli.aot.new" "$target/cli.aot"
timeout 10 "$run" "$base" down >/dev/null
wait "$up" || true
await 30 test -f "$target/daemon.aot.new"
mv "$target/daemon.aot.new" "$target/daemon.aot"
