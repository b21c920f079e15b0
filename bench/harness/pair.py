"""One parent to one child on loopback, both real peer processes with mutual TLS, content in memory: bytes per second,
CPU of both ends together, memory. Beside it, in turn, raw Netty TLS: once dropping what arrives (what the wire costs),
once hashing and writing it (what any receiver that verifies and stores cannot do without). The ratio is time over the
time of `raw hash+write`. The client of the child drops the bytes; its own CPU does not count, the child's work for it does.
Memory that a virtual machine touches for the first time is slow, so just before each transfer as much as it will fill is
touched and given back."""
import argparse
import json
import os
import shutil
import subprocess
import tempfile

import origin
import report
from procs import Proc, Sampler
from stack import ROOT, Stack, build, free_port, java


def parse(words):
    parser = argparse.ArgumentParser(prog="bench/run pair", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="4GiB", type=origin.size_of)
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--work", help="directory for the stores (default: memory, when three copies fit)")
    parser.add_argument("--jvm", default="", help="flags for the JVMs of parent and child")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(words)


def lines(proc):
    return [json.loads(line) for line in proc.text().splitlines() if line.startswith("{")]


class Pair:
    def __init__(self, args, home):
        self.args, self.home, self.sampler, self.procs = args, home, Sampler(), []
        self.stack = Stack(home, self.sampler, jvm=args.jvm)
        self.url = ""

    def prepare(self):
        """Starts everything but the child, and brings the content to the parent."""
        args, home = self.args, self.home
        self.sampler.start()
        www = os.path.join(home, "www")
        os.makedirs(www)
        origin.random_file(os.path.join(www, "content.bin"), args.size)
        origin.random_file(os.path.join(www, "warm.bin"), min(args.size, 256 << 20))
        port = free_port()
        self.procs.append(origin.start(os.path.join(home, "o"), www, "127.0.0.1", port, self.sampler))
        self.url = f"http://127.0.0.1:{port}/"
        self.stack.issue(["scheduler-1"], [], ["parent", "child"])
        self.stack.control("127.0.0.1")
        self.parent = self.stack.peer("parent", "127.0.0.1", ["127.0.0.0/8"])
        self.fetch("parent", "warm.bin")
        self.fetch("parent", "content.bin")
        self.make_certificate()

    def run(self, label, words):
        proc = Proc(label, words, os.path.join(self.home, label + ".log"))
        self.procs.append(proc)
        self.sampler.procs.append(proc)
        return proc

    def finish(self, proc):
        proc.wait()
        self.sampler.sample()
        found = lines(proc)
        if proc.code or not found:
            raise SystemExit(f"{proc.label} failed:\n{proc.text()}")
        os.unlink(proc.path)
        return found[-1]

    def touch_memory(self):
        path = os.path.join(self.home, "touched.bin")
        block = bytes(1 << 20)
        with open(path, "wb") as out:
            for _ in range((self.args.size * 5 // 4 >> 20) + 1):
                out.write(block)
        os.unlink(path)

    def fetch(self, name, file):
        return self.finish(self.run(f"fetch-{name}", java("fetch.Fetch", self.stack.socket(name), self.url + file, 1)))

    def ours(self):
        """A fresh child: what it had fetched it would have."""
        child = self.stack.peer("child", "127.0.0.1", ["127.0.0.0/8"])
        self.fetch("child", "warm.bin")
        both = (self.parent, child)
        self.touch_memory()
        self.sampler.sample()
        for proc in both:
            proc.mark()
        result = self.fetch("child", "content.bin")
        if result["peers"] != self.args.size:
            raise SystemExit(f"the child did not get everything from the parent: {result}")
        figures = self.figures(result["seconds"], both)
        child.stop()
        shutil.rmtree(self.stack.path("child-store"))
        return figures

    def figures(self, seconds, procs):
        cpu = sum(p.seconds() for p in procs) / (self.args.size / 2**30)
        return {"seconds": seconds, "cpu": round(cpu, 2), "rss": round(max(p.peak for p in procs) / 2**20)}

    def make_certificate(self):
        self.cert, self.key = (os.path.join(self.home, n) for n in ("raw.crt", "raw.key"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", self.key, "-out", self.cert, "-days", "2", "-subj", "/CN=raw",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)

    def raw(self, target):
        content = os.path.join(self.home, "www", "content.bin")
        server = self.run("raw-server", java("raw.RawTls", "server", self.cert, self.key, 0, content))
        server.await_text("ready on port ")
        port = server.text().split("ready on port ")[1].split()[0]
        self.touch_memory()
        self.sampler.sample()
        server.mark()
        client = self.run("raw-client", java("raw.RawTls", "client", self.cert, self.key, port, self.args.size, target, 2))
        result = self.finish(client)  # of the second round: the first warms both ends
        figures = self.figures(result["seconds"], (server, client))
        figures["cpu"] = round(figures["cpu"] / 2, 2)  # both rounds
        server.stop()
        os.unlink(server.path)
        if target != "drop":
            os.unlink(target)
        return figures

    def close(self):
        self.sampler.stopped.set()
        for proc in reversed(self.procs):
            proc.stop()
        self.stack.close()


def main(words):
    args = parse(words)
    build(java_parts=True)
    memory = report.free_memory() > 4 * args.size + 2**31
    home = tempfile.mkdtemp(prefix="dfb", dir=args.work or ("/dev/shm" if memory else None))
    os.chmod(home, 0o755)
    seen = {"damselfly": [], "raw hash+write": [], "raw drop": []}
    pair = Pair(args, home)
    try:
        pair.prepare()
        for _ in range(args.rounds):
            seen["damselfly"].append(pair.ours())
            seen["raw hash+write"].append(pair.raw(os.path.join(home, "sink.bin")))
            seen["raw drop"].append(pair.raw("drop"))
    finally:
        pair.close()
        if not args.keep:
            shutil.rmtree(home, ignore_errors=True)
    floor = sorted(r["seconds"] for r in seen["raw hash+write"])[args.rounds // 2]
    rows = []
    for name, runs in seen.items():
        made = report.row(name, [r["seconds"] for r in runs], floor,
                          cpu_s_per_gib=sorted(r["cpu"] for r in runs)[len(runs) // 2], rss_mib=max(r["rss"] for r in runs))
        made["mb_per_s"] = round(args.size / 1e6 / made["median"])
        rows.append(made)
    return report.show("pair", f"{args.size / 2**20:g} MiB from one parent to one child on loopback, {args.rounds} rounds",
                       rows, args, ROOT)
