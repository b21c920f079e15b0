"""The hot code by itself, with JMH in forked processes: nanoseconds and allocated bytes of one call. Comparable within one
run only. `--only` takes a regular expression."""
import argparse
import json
import os
import subprocess
import tempfile

import report
from stack import ROOT, java_home


def build():
    done = subprocess.run([os.path.join(ROOT, "mvnw"), "-q", "-B", "-ntp", "-DskipTests", "-pl", "bench", "-am", "package",
                           "dependency:build-classpath", "-Dmdep.outputFile=target/classpath.txt"], cwd=ROOT, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise SystemExit("bench: the build failed; ./mvnw -pl bench -am package says why")
    with open(os.path.join(ROOT, "bench", "target", "classpath.txt"), encoding="utf-8") as f:
        return os.path.join(ROOT, "bench", "target", "classes") + ":" + f.read().strip()


def main(words):
    parser = argparse.ArgumentParser(prog="bench/run micro", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="those whose name matches")
    parser.add_argument("--forks", default=2, type=int, help="processes for each (default 2)")
    parser.add_argument("--seconds", default=1, type=int, help="length of each of 3 warm-up and 5 measured iterations (default 1)")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(words)
    path = build()
    with tempfile.NamedTemporaryFile(suffix=".json") as found:
        words = [os.path.join(java_home(), "bin", "java"), "--enable-native-access=ALL-UNNAMED", "-cp", path, "org.openjdk.jmh.Main",
                 args.only or ".*", "-f", str(args.forks), "-wi", "3", "-i", "5", "-w", f"{args.seconds}s", "-r", f"{args.seconds}s",
                 "-prof", "gc", "-rf", "json", "-rff", found.name, "-jvmArgsAppend", "-XX:+UseSerialGC"]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise SystemExit(done.stdout)
        results = json.load(found)
    if not results:
        raise SystemExit("bench: nothing has that name")
    rows = []
    for one in results:
        name = one["benchmark"].rsplit(".", 1)[1] + "".join(f" {value}" for value in one.get("params", {}).values())
        figure = one["primaryMetric"]
        runs = [value for fork in figure["rawData"] for value in fork]
        rows.append(report.row(name, runs, bytes_per_call=round(one["secondaryMetrics"]["gc.alloc.rate.norm"]["score"])))
    return report.show("micro", "nanoseconds of one call, one thread", rows, args, ROOT)
