"""A Nydus image (1 MiB chunks, BLAKE3, random content) read through the mirror of a peer, all on loopback. The parent holds
the blob, the child behind whose mirror it is read has nothing, and neither has the reader. One reader process, in this order:
time to the first verified 4 KiB (manifest, bootstrap, one chunk), random reads of 4 KiB, one sequential read, then the same
from the reader's cache. `fetched_per_needed` counts what the mirror sent to the reader; `origin_bytes` what the registry sent
after the parent had the blob. The warm figures come from files in the page cache."""
import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile

import origin
import report
from procs import Proc, Sampler
from stack import ROOT, Stack, build, free_port, java


def parse(words):
    parser = argparse.ArgumentParser(prog="bench/run nydus", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="512MiB", type=origin.size_of, help="of the file that is read in order")
    parser.add_argument("--random-size", default="256MiB", type=origin.size_of, help="of the file that is read at random")
    parser.add_argument("--work", help="directory for everything (default: memory, when it fits)")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(words)


def classes():
    """The image maker is a test class of the reader."""
    tests = os.path.join(ROOT, "peer", "nydus", "target", "test-classes")
    return lambda main, *words: with_path(java(main, *words), tests)


def with_path(words, more):
    at = words.index("-cp") + 1
    return words[:at] + [words[at] + ":" + more] + words[at + 1:]


def mirror_port(proc):
    proc.await_text("registry mirror on loopback port ")
    return int(re.search(r"registry mirror on loopback port (\d+)", proc.text()).group(1))


def measure(args, home):
    run, sampler, procs = classes(), Sampler(), []
    sampler.start()
    www = os.path.join(home, "www")
    os.makedirs(www)
    made = subprocess.run(run("lazy.MakeImage", www, args.size, args.random_size), check=True, capture_output=True, text=True)
    manifest, blob = made.stdout.split()
    os.chmod(home, 0o755)
    subprocess.run(["chmod", "-R", "a+rX", www], check=True)
    port = free_port()
    procs.append(origin.start(os.path.join(home, "o"), www, "127.0.0.1", port, sampler))
    proxy = {"listen": "127.0.0.1:0", "upstreams": [{"name": "bench.test", "url": f"http://127.0.0.1:{port}"}]}
    stack = Stack(home, sampler, {"proxy": proxy})
    try:
        stack.issue(["scheduler-1"], [], ["parent", "child"])
        stack.control("127.0.0.1")
        path = f"/v2/bench/image/blobs/sha256:{blob}"
        parent = stack.peer("parent", "127.0.0.1", ["127.0.0.0/8"])
        subprocess.run(["curl", "-sSf", "-o", "/dev/null", f"http://127.0.0.1:{mirror_port(parent)}{path}"], check=True)
        before = origin.body_bytes(os.path.join(home, "o"), path)
        child = stack.peer("child", "127.0.0.1", ["127.0.0.0/8"])
        words = run("lazy.LazyRead", mirror_port(child), f"bench.test/bench/image@{manifest}", os.path.join(home, "cache"))
        reader = Proc("reader", words, os.path.join(home, "reader.log"))
        procs.append(reader)
        sampler.procs.append(reader)
        reader.wait()
        sampler.sample()
        found = [json.loads(line) for line in reader.text().splitlines() if line.startswith("{")]
        if reader.code or len(found) != 6:
            raise SystemExit("the reader failed:\n" + reader.text())
        after = origin.body_bytes(os.path.join(home, "o"), path)
        return found, after - before, round(reader.peak / 2**20), round(child.peak / 2**20)
    finally:
        sampler.stopped.set()
        stack.close()
        for proc in procs:
            proc.stop()


def rows_of(found, origin_bytes, reader_rss, child_rss):
    rows, cpu = [], 0.0
    for one in found:
        row = report.row(one["what"], [one["seconds"]], reads_per_s=round(one["reads"] / one["seconds"]),
                         mb_per_s=round(one["needed"] / 1e6 / one["seconds"], 1),
                         fetched_per_needed=round(one["fetched"] / one["needed"], 2), cpu_s=round(one["cpu"] - cpu, 2))
        cpu = one["cpu"]
        rows.append(row)
    rows[-1].update(reader_rss_mib=reader_rss, child_rss_mib=child_rss, origin_bytes=origin_bytes)
    return rows


def main(words):
    args = parse(words)
    build(java_parts=True)
    memory = report.free_memory() > 5 * (args.size + args.random_size) + 2**31
    home = tempfile.mkdtemp(prefix="dfb", dir=args.work or ("/dev/shm" if memory else None))
    try:
        rows = rows_of(*measure(args, home))
    finally:
        if not args.keep:
            shutil.rmtree(home, ignore_errors=True)
    what = f"{args.size / 2**20:g} MiB in order and {args.random_size / 2**20:g} MiB at random, from one warm peer on loopback"
    return report.show("nydus", what, rows, args, ROOT)
