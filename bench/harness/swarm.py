"""One file, one origin, N receivers, every link shaped: how long until all have it, and what did the origin send?

Each peer has a host of its own (network namespace) with a link of --rate Mbit/s in both directions, so has the origin.
Control (manager, scheduler, issuer) is on an unshaped host. The floor is the file's size over the link's rate, without
headers. Needs root, nginx, iproute2. Exit 0 only when every output has the right SHA-256 and the origin sent at most
1.02 times the file (for our own runs)."""
import argparse
import os
import shutil
import subprocess
import tempfile
import threading
import time

import origin
import report
from net import Net
from procs import Proc, Sampler
from stack import ROOT, Stack, build


def parse(words):
    parser = argparse.ArgumentParser(prog="bench/run swarm", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="512MiB", type=origin.size_of)
    parser.add_argument("--peers", default=4, type=int, help="receivers (default 4, at most 100)")
    parser.add_argument("--rate", default=200.0, type=float, help="Mbit/s of each link (default 200)")
    parser.add_argument("--seed", action="store_true", help="with a seed peer")
    parser.add_argument("--kill-at-half", action="store_true", help="end the first peer's daemon at half of the floor")
    parser.add_argument("--slow-peer", type=float, default=0, metavar="MBIT", help="rate of the last peer's link")
    parser.add_argument("--rounds", default=1, type=int, help="runs of each program (default 1)")
    parser.add_argument("--rivals", action="store_true", help="also curl from each receiver, and aria2c if installed")
    parser.add_argument("--timeout", default=600, type=float, help="seconds that one run may take")
    parser.add_argument("--trace", action="store_true", help="print what each link carried, second by second")
    parser.add_argument("--work", help="directory for stores and outputs (default: memory, as one disk would stand for many)")
    parser.add_argument("--keep", action="store_true", help="keep logs and files; their place is printed")
    parser.add_argument("--jvm", default="", help="flags for the JVMs of the peers")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=JSON", help="setting of the peers' file")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(words)
    if not 1 <= args.peers <= 100:
        parser.error("--peers must be 1 to 100")
    return args


class Run:
    """One run of one program in a network of its own."""

    def __init__(self, args, work, source, digest):
        self.args, self.source, self.digest = args, source, digest
        self.home = tempfile.mkdtemp(prefix="r", dir=work)
        os.chmod(self.home, 0o755)
        self.sampler, self.procs, self.hosts = Sampler(), [], {}
        self.net = Net(f"dfb{os.getpid() % 10000}", "10.78.9")
        self.sampler.start()

    def host(self, name, number, rate):
        self.hosts[name] = self.net.host(name, number, rate)
        return self.hosts[name]

    def rate(self, i):
        return self.args.slow_peer if self.args.slow_peer and i == self.args.peers - 1 else self.args.rate

    def measure(self, program):
        """Runs the receivers; returns the figures of the run."""
        args = self.args
        space, ip = self.host("o", 2, args.rate)
        nginx_home = os.path.join(self.home, "o")
        self.procs.append(origin.start(nginx_home, os.path.dirname(self.source), ip, 80, self.sampler, space))
        url = f"http://{ip}/{os.path.basename(self.source)}"
        for i in range(args.peers):
            self.host(f"p{i}", 100 + i, self.rate(i))
        commands = program(self, url)
        time.sleep(1)
        self.sampler.sample()
        for proc in self.sampler.procs:
            proc.mark()
        sent = self.net.bytes(space)[0]
        start = time.monotonic()
        gets = []
        for i, words in enumerate(commands):
            gets.append(Proc(f"get{i}", words, os.path.join(self.home, f"get{i}.log"), self.hosts[f"p{i}"][0]))
        self.sampler.procs += gets
        self.procs += gets
        self.await_gets(gets, start)
        self.sampler.sample()
        return self.figures(gets, start, self.net.bytes(space)[0] - sent, nginx_home)

    def await_gets(self, gets, start):
        waits = [threading.Thread(target=get.wait, daemon=True) for get in gets]
        for wait in waits:
            wait.start()
        over = threading.Event()
        if self.args.trace:
            threading.Thread(target=self.trace, args=(over,), daemon=True).start()
        if self.args.kill_at_half:
            waits[0].join(floor(self.args) / 2)
            self.victim.kill()
        for wait in waits:
            wait.join(max(0.0, self.args.timeout - (time.monotonic() - start)))
        over.set()

    def trace(self, over):
        """Mbit/s sent/received by each host."""
        start, before = time.monotonic(), self.net.traffic()
        last = start
        while not over.wait(1):
            try:
                now, after = time.monotonic(), self.net.traffic()
            except subprocess.CalledProcessError:
                return  # the network is being taken down
            rates = {h: [(after[h][k] - before[h][k]) * 8e-6 / (now - last) for k in (0, 1)] for h in after}
            print(f"{now - start:5.1f} s  " + "  ".join(f"{h} {s:4.0f}/{r:4.0f}" for h, (s, r) in rates.items()), flush=True)
            last, before = now, after

    def figures(self, gets, start, sent, nginx_home):
        args = self.args
        times, outputs = [], 0
        for i, get in enumerate(gets):
            if args.kill_at_half and i == 0 or args.slow_peer and i == len(gets) - 1:
                continue  # not measured: the others are
            out = os.path.join(self.home, f"out{i}")
            good = get.code == 0 and os.path.exists(out) and origin.sha256(out) == self.digest
            outputs += good
            times.append(get.ended - start if good else None)
            if not good:
                print(f"receiver {i}: exit {get.code}\n{get.text()[-2000:]}", flush=True)
        slow = gets[-1].ended - start if args.slow_peer and gets[-1].ended else None
        cpu = sum(p.seconds() for p in self.sampler.procs if p.label != "origin")
        peers = [p.peak for p in self.sampler.procs if p.label.startswith("peer-")]
        return {"last": None if None in times else max(times), "first": min(t or 0 for t in times),
                "origin_ratio": round(sent / args.size, 4), "slow": slow,
                "body_ratio": round(origin.body_bytes(nginx_home, "/" + os.path.basename(self.source)) / args.size, 4),
                "cpu_s_per_gib": round(cpu / (outputs * args.size / 2**30), 2) if outputs else None,
                "rss_mib": round(max(peers) / 2**20) if peers else None,
                "cpu_by_process": {p.label: round(p.seconds(), 2) for p in self.sampler.procs},
                "cpu_by_thread": self.by_thread()}

    def by_thread(self):
        """CPU seconds of all peers' threads since their start, the largest first."""
        total = {}
        for proc in self.sampler.procs:
            if proc.label.startswith("peer-"):
                for name, seconds in proc.threads().items():
                    total[name] = total.get(name, 0) + seconds
        top = sorted(total.items(), key=lambda item: -item[1])[:20]
        return {name: round(seconds, 2) for name, seconds in top}

    def close(self):
        self.sampler.stopped.set()
        for proc in reversed(self.procs):
            proc.stop()
        if hasattr(self, "stack"):
            self.stack.close()
        self.net.close()
        if self.args.keep:
            print("kept:", self.home)
        else:
            shutil.rmtree(self.home, ignore_errors=True)


def damselfly(run, url):
    args = run.args
    import json
    options = {}
    for setting in args.set:
        key, _, value = setting.partition("=")
        options.setdefault("download", {})[key] = json.loads(value)
    run.stack = stack = Stack(run.home, run.sampler, options)
    names = [f"peer-{i}" for i in range(args.peers)]
    stack.issue(["scheduler-1"], ["seed-1"], names)
    space, ip = run.host("c", 3, 0)
    stack.control(ip, space)
    networks = ["10.78.9.0/24"]
    if args.seed:
        space, ip = run.host("s", 4, args.rate)
        stack.peer("seed-1", ip, networks, space, args.jvm)
    daemons = [stack.peer(name, run.hosts[f"p{i}"][1], networks, run.hosts[f"p{i}"][0], args.jvm)
               for i, name in enumerate(names)]
    run.victim = daemons[0]
    return [stack.get(name, url, os.path.join(run.home, f"out{i}")) for i, name in enumerate(names)]


def curl(run, url):
    return [["curl", "-sf", "-o", os.path.join(run.home, f"out{i}"), url] for i in range(run.args.peers)]


def aria2(run, url):
    return [["aria2c", "-q", "-x4", "-d", run.home, "-o", f"out{i}", url] for i in range(run.args.peers)]


def work_directory(args):
    """Memory, when there is room for the source, and store and output of each peer; else the temporary directory."""
    need = args.size * (2 * args.peers + 2)
    try:
        return "/dev/shm" if shutil.disk_usage("/dev/shm").free > need and report.free_memory() > need + 2**30 else None
    except FileNotFoundError:
        return None


def floor(args):
    return args.size * 8 / (args.rate * 1e6)


def main(words):
    args = parse(words)
    build()
    work = tempfile.mkdtemp(prefix="dfb", dir=args.work or work_directory(args))
    os.chmod(work, 0o755)
    programs = [("damselfly", damselfly)]
    if args.rivals:
        programs.append(("curl", curl))
        if shutil.which("aria2c"):
            programs.append(("aria2c", aria2))
    seen = {name: [] for name, _ in programs}
    try:
        www = os.path.join(work, "www")
        os.makedirs(www)
        source = os.path.join(www, "content.bin")
        digest = origin.random_file(source, args.size)
        for _ in range(args.rounds):
            for name, program in programs:
                run = Run(args, work, source, digest)
                try:
                    seen[name].append(run.measure(program))
                finally:
                    run.close()
    finally:
        if not args.keep:
            shutil.rmtree(work, ignore_errors=True)
    rows = [row(name, runs, args) for name, runs in seen.items()]
    what = (f"{args.size / 2**20:g} MiB, {args.peers} peers at {args.rate:g} Mbit/s, floor {floor(args):.1f} s"
            f"{', seed' if args.seed else ''}{', first peer killed at half time' if args.kill_at_half else ''}"
            f"{f', last peer at {args.slow_peer:g} Mbit/s' if args.slow_peer else ''}")
    code = report.show("swarm", what, rows, args, ROOT)
    ours = rows[0]
    return 1 if ours["origin_ratio"] > 1.02 * 1.05 or ours["body_ratio"] > 1.02 else code


def row(name, runs, args):
    def worst(key):
        values = [r[key] for r in runs if r[key] is not None]
        return max(values) if values else None
    return report.row(name, [r["last"] for r in runs], floor(args), first=round(min(r["first"] for r in runs), 2),
                      origin_ratio=worst("origin_ratio"), body_ratio=worst("body_ratio"),
                      cpu_s_per_gib=worst("cpu_s_per_gib"), rss_mib=worst("rss_mib"),
                      slow_peer_s=round(worst("slow"), 1) if worst("slow") else None, details=runs)
