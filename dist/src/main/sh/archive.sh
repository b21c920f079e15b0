#!/bin/sh
# Class data archives for a fast start (JDK AOT cache), made at build time. $1: directory that holds dist/target/lib.
# Without them everything works, only the start is slower.
set -eu
base=$1
. "$base/.mvn/wrapper/find-jdk.sh"
. "$base/.mvn/wrapper/maven.properties"
JAVA_HOME=$(find_jdk "$java_version")
export JAVA_HOME
home=$(mktemp -d)
trap 'DAMSELFLY_HOME=$home "$base/dist/src/main/sh/run.sh" "$base" down >/dev/null 2>&1 || true; rm -rf "$home"' EXIT
export DAMSELFLY_HOME=$home
rm -f "$base/dist/target/cli.aot" "$base/dist/target/daemon.aot"

printf 'damselfly' >"$home/content"
DAMSELFLY_JVM="-XX:AOTCacheOutput=$base/dist/target/daemon.aot.new" \
  "$base/dist/src/main/sh/run.sh" "$base" up --announce-ready | {
  read -r line
  [ "$line" = ready ]
}
"$base/dist/src/main/sh/run.sh" "$base" status >/dev/null
DAMSELFLY_JVM="-XX:AOTCacheOutput=$base/dist/target/cli.aot.new" \
  "$base/dist/src/main/sh/run.sh" "$base" status >/dev/null
mv "$base/dist/target/cli.aot.new" "$base/dist/target/cli.aot"
"$base/dist/src/main/sh/run.sh" "$base" down >/dev/null
i=0
while [ ! -f "$base/dist/target/daemon.aot.new" ] && [ $i -lt 600 ]; do
  i=$((i + 1))
  sleep 0.1
done
mv "$base/dist/target/daemon.aot.new" "$base/dist/target/daemon.aot"
