#!/bin/sh
# Runs the command with an installed set of jars. $1: directory that holds dist/target/lib. Expects JAVA_HOME.
set -eu
base=$1
shift
lib=$base/dist/target/lib
# The same three properties switch TLS session resumption off: a resumed session would skip the verifier.
tls="-Djdk.tls.server.enableSessionTicketExtension=false -Djdk.tls.server.newSessionTicketCount=0 -Dio.netty.handler.ssl.openssl.sessionCacheClient=false"

case ${1:-help} in
  up | manager | scheduler | peer | dev-issuer)
    aot=$base/dist/target/daemon.aot
    # At rest: a small heap until more is needed, and what the compilers used given back to the system.
    memory="-Xms32m -XX:+UnlockExperimentalVMOptions -XX:TrimNativeHeapInterval=5000"
    # shellcheck disable=SC2086
    set -- $tls --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=deny \
      -XX:+UseSerialGC -Xss512k $memory ${DAMSELFLY_JVM:-} -cp "$lib/*" "-Ddamselfly.base=$base" dev.damselfly.dist.daemon.DaemonMain "$@"
    ;;
  audit | doctor | runtime)
    aot=
    # shellcheck disable=SC2086
    set -- -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED ${DAMSELFLY_JVM:-} -cp "$lib/*" \
      "-Ddamselfly.base=$base" dev.damselfly.dist.cli.Main "$@"
    ;;
  nydus)
    aot=
    # shellcheck disable=SC2086
    set -- -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=deny ${DAMSELFLY_JVM:-} -cp "$lib/*" \
      "-Ddamselfly.base=$base" dev.damselfly.dist.cli.Main "$@"
    ;;
  *)
    aot=$base/dist/target/cli.aot
    cp=$(printf '%s:' "$lib"/dist-*.jar "$lib"/api-*.jar "$lib"/protobuf-java-[0-9]*.jar "$lib"/grpc-api-*.jar)
    # shellcheck disable=SC2086
    set -- -XX:+UseSerialGC -XX:TieredStopAtLevel=1 ${DAMSELFLY_JVM:-} -cp "${cp%:}" \
      "-Ddamselfly.base=$base" dev.damselfly.dist.cli.Main "$@"
    ;;
esac
if [ -n "$aot" ] && [ -f "$aot" ]; then
  set -- "-XX:AOTCache=$aot" -Xlog:disable -Xlog:all=error:stderr "$@"
fi
exec "$JAVA_HOME/bin/java" "$@"
