#!/bin/bash -eu
# One starter per target of fuzz/run --list, with its seeds and dictionary.
cd "$SRC/damselfly"
./mvnw -B -ntp -q -DskipTests -pl fuzz -am package dependency:build-classpath \
  -Dmdep.outputFile=target/classpath.txt -Dmdep.includeScope=test

mkdir -p "$OUT/lib" "$OUT/classes"
cp -r fuzz/target/test-classes/. "$OUT/classes/"
tr ':' '\n' <fuzz/target/classpath.txt | while read -r jar; do cp -n "$jar" "$OUT/lib/"; done
cp -r "$JAVA_HOME" "$OUT/jdk"

./fuzz/run --list | while read -r name class _; do
  mkdir -p "seeds/$name"
  "$JAVA_HOME/bin/java" -cp "$OUT/classes:$OUT/lib/*" dev.damselfly.fuzz.Targets seeds "$name" "seeds/$name"
  (cd "seeds/$name" && zip -qr "$OUT/${name}_seed_corpus.zip" .)
  [ ! -f "fuzz/dictionaries/$name.dict" ] || cp "fuzz/dictionaries/$name.dict" "$OUT/$name.dict"
  cat >"$OUT/$name" <<STARTER
#!/bin/bash
# LLVMFuzzerTestOneInput: this line lets the runner find the target.
here=\$(dirname "\$0")
jars=\$(printf ':%s' "\$here"/lib/*.jar)
LD_LIBRARY_PATH="\$here/jdk/lib/server" JAVA_HOME="\$here/jdk" \\
"\$here/jazzer_driver" --agent_path="\$here/jazzer_agent_deploy.jar" --cp="\$here/classes\$jars" \\
  --target_class=$class --instrumentation_includes='dev.damselfly.**' \\
  --jvm_args="-Xmx1g:-Xss512k:--enable-native-access=ALL-UNNAMED" "\$@"
STARTER
  chmod +x "$OUT/$name"
done
