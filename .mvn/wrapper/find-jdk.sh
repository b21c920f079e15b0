# Sourced by ./mvnw and ./damselfly. find_jdk VERSION prints the home of a JDK of that major version.
jdk_is() { # HOME VERSION
  [ -x "$1/bin/javac" ] && grep -q "^JAVA_VERSION=\"$2[.\"]" "$1/release" 2>/dev/null
}

find_jdk() {
  for candidate in "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/java/* /opt/jdk* "$HOME"/.jdks/* \
      "$HOME"/.sdkman/candidates/java/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if [ -n "$candidate" ] && jdk_is "$candidate" "$1"; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  echo "Damselfly needs a JDK $1, and none was found." >&2
  echo "Looked at JAVA_HOME (${JAVA_HOME:-not set}), /usr/lib/jvm, /opt, ~/.jdks, ~/.sdkman. Set JAVA_HOME to one." >&2
  return 1
}
