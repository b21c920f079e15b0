"""Starting and small things: process start to ready with and without the class archive, memory at rest, and `get` of
1 KiB and 10 MiB: from the daemon's own cache, and from a warm parent (a resource of its own each time); an empty Java
program beside it."""
import argparse
import os
import shutil
import subprocess
import tempfile
import time

import origin
import report
from procs import Sampler
from stack import ROOT, Stack, build, free_port, java


def parse(words):
    parser = argparse.ArgumentParser(prog="bench/run start", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", default=10, type=int)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(words)


def timed(words):
    start = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return time.monotonic() - start


def starts(stack, rounds, jvm):
    times = []
    for _ in range(rounds):
        begin = time.monotonic()
        proc = stack.peer("again", "127.0.0.1", ["127.0.0.0/8"], jvm=jvm)
        times.append(time.monotonic() - begin)
        proc.stop()
        os.unlink(proc.path)
    return times


def gets(stack, name, url, rounds, home):
    out = os.path.join(home, "out")
    return [timed(stack.get(name, url.replace("{n}", str(n)), out, "--overwrite")) for n in range(rounds)]


def main(words):
    args = parse(words)
    build(java_parts=True)
    home = tempfile.mkdtemp(prefix="dfb")
    os.chmod(home, 0o755)
    sampler, stack, nginx, rows = Sampler(), None, None, []
    sampler.start()
    try:
        www = os.path.join(home, "www")
        os.makedirs(www)
        origin.random_file(os.path.join(www, "1KiB"), 1 << 10)
        origin.random_file(os.path.join(www, "10MiB"), 10 << 20)
        port = free_port()
        nginx = origin.start(os.path.join(home, "o"), www, "127.0.0.1", port, sampler)
        stack = Stack(home, sampler)
        stack.issue(["scheduler-1"], [], ["parent", "child", "again"])
        stack.control("127.0.0.1")
        for name in ("parent", "child"):
            stack.peer(name, "127.0.0.1", ["127.0.0.0/8"])
        rows.append(report.row("peer start, archive", starts(stack, args.rounds, "")))
        rows.append(report.row("peer start, no archive", starts(stack, args.rounds, "-XX:AOTMode=off")))
        rows.append(report.row("empty Java program", [timed(java("empty.Empty")) for _ in range(args.rounds)]))
        rows.append(report.row("damselfly version", [timed(stack.command("version")) for _ in range(args.rounds)]))
        for file in ("1KiB", "10MiB"):
            url = f"http://127.0.0.1:{port}/{file}?n="
            gets(stack, "parent", url + "{n}", args.rounds, home)  # also warms the parent
            rows.append(report.row(f"get {file} from a parent", gets(stack, "child", url + "{n}", args.rounds, home)))
            rows.append(report.row(f"get {file} from the cache", gets(stack, "child", url + "0", args.rounds, home)))
        time.sleep(5)
        sampler.sample()
        for proc in stack.procs:
            if proc.process.poll() is None:
                rows.append({"program": f"{proc.label} at rest", "runs": 1, "failed": 0, "rss_mib": round(proc.rss / 2**20)})
    finally:
        sampler.stopped.set()
        if stack:
            stack.close()
        if nginx:
            nginx.stop()
        shutil.rmtree(home, ignore_errors=True)
    return report.show("start", f"seconds, {args.rounds} rounds; gets include the command's own start", rows, args, ROOT)
