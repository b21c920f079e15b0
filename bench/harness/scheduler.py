"""Load on one real scheduler process over loopback: Join streams over mutual TLS from --hosts identities, 100 members to
a task. `closed`: registrations per second with 200 on their way. `open`: latency of registrations that come 1,000 a
second whatever the answers do. `live`: resident bytes per peer with --live streams open, after a collection on both
sides of the difference. `crowd`: --crowd peers fetch one task of 32 pieces at once, each saying what a real one says; the bytes
themselves take no time. Client and scheduler share the machine: the client costs at least as much as the scheduler."""
import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time

import report
from procs import Proc, Sampler
from stack import ROOT, Stack, build, java, java_home


PIECES = 32


def parse(words):
    parser = argparse.ArgumentParser(prog="bench/run scheduler", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", default=20, type=int)
    parser.add_argument("--count", default=30000, type=int, help="registrations of each loop (default 30000)")
    parser.add_argument("--live", default=10000, type=int, help="live peers, at most 900 per host (default 10000)")
    parser.add_argument("--crowd", default=5000, type=int, help="peers of one task, at most 900 per host (default 5000)")
    parser.add_argument("--in-flight", default=200, type=int)
    parser.add_argument("--per-second", default=1000, type=int)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(words)
    if max(args.live, args.crowd) > 900 * args.hosts:  # a connection takes 1,000 streams; more would wait in the client for ever
        parser.error(f"--live, --crowd: at most 900 per host, that is {900 * args.hosts}")
    return args


def resident(proc, sampler):
    """Resident bytes after a full collection."""
    sampler.sample()
    for pid in list(proc.cpu):
        subprocess.run([os.path.join(java_home(), "bin", "jcmd"), pid, "GC.run"], capture_output=True)
    time.sleep(1)
    sampler.sample()
    return proc.rss


def main(words):
    args = parse(words)
    build(java_parts=True)
    home, sampler, loads = tempfile.mkdtemp(prefix="dfb"), Sampler(), []
    stack = Stack(home, sampler)
    sampler.start()
    rows = []
    try:
        stack.issue(["scheduler-1"], [], [f"load-{i}" for i in range(args.hosts)])
        scheduler = stack.control("127.0.0.1")
        port = scheduler.text().split("ready on port ")[1].split()[0]

        def load(kind, figure, count):
            words = java("load.SchedulerLoad", stack.path("i"), args.hosts, port, kind, figure, count)
            proc = Proc(kind, words, os.path.join(home, kind + ".log"))
            loads.append(proc)
            sampler.sample()
            scheduler.mark()
            return proc

        def figures(proc):
            found = [json.loads(line) for line in proc.text().splitlines() if line.startswith("{")]
            if not found:
                raise SystemExit(proc.text())
            sampler.sample()
            return found[-1]

        for kind, figure in (("closed", args.in_flight), ("open", args.per_second)):
            proc = load(kind, figure, args.count)
            proc.wait()
            got = figures(proc)
            rows.append({"program": f"{kind} loop, {figure}{' in flight' if kind == 'closed' else '/s'}", "runs": 1,
                         "failed": int(got["failed"] > 0 or not got["complete"]), "cpu_s": round(scheduler.seconds(), 1),
                         **{k: got[k] for k in ("registered", "per_second", "p50_ms", "p99_ms")}, "note": got["failure"]})
        proc = load("crowd", PIECES, args.crowd)
        proc.wait()
        got = figures(proc)
        rows.append({"program": f"crowd of {args.crowd} on {PIECES} pieces", "runs": 1, "cpu_s": round(scheduler.seconds(), 1),
                     "failed": int(got["failed"] > 0 or not got["complete"]), "note": got["failure"],
                     **{k: got[k] for k in ("registered", "per_second", "seconds", "origin_ratio")}})
        before = resident(scheduler, sampler)
        proc = load("live", 0, args.live)
        proc.await_text("\n", 900)
        got = figures(proc)
        after = resident(scheduler, sampler)
        rows.append({"program": f"{got['registered']} live peers", "runs": 1, "failed": int(got["failed"] > 0),
                     "registered": got["registered"], "rss_mib": round(after / 2**20), "note": got["failure"],
                     "kib_per_peer": round((after - before) / 1024 / max(1, got["registered"]), 1)})
    finally:
        sampler.stopped.set()
        for proc in loads:
            proc.stop()
        stack.close()
        shutil.rmtree(home, ignore_errors=True)
    return report.show("scheduler", f"one scheduler, {args.hosts} hosts, {args.count} registrations", rows, args, ROOT)
