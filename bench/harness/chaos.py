"""A crash loop on real processes: in each round two peers fetch a new file at once, and one process (peer, scheduler,
manager, or none) is ended by SIGKILL at a random moment and started again. Faults may cost time, never bytes:

  wrong    outputs whose bytes are not the file's, ever, the moment they stand at the final name included (must be 0)
  failed   gets that failed although their own daemon lived, or that did not succeed when repeated (must be 0)
  lost     pieces that a killed daemon had reported and did not have when it came back (must be 0)
  leaks    descriptors, threads, or files of the store beyond what the first rounds needed (must be 0)

In the end every audit log must still verify. --seed repeats the choices of a run, not its timing. Needs nginx."""
import argparse
import json
import os
import random
import shutil
import subprocess
import tempfile
import time

import origin
import report
from procs import Proc, Sampler
from stack import ROOT, Stack, build, free_port

VICTIMS = ("peer-a", "peer-b", "scheduler-1", "manager", None)
PIECE = 4 << 20
PATIENCE = 120.0
NETWORKS = ["127.0.0.0/8"]


def parse(words):
    parser = argparse.ArgumentParser(prog="bench/run chaos", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", default=50, type=int)
    parser.add_argument("--size", default="32MiB", type=origin.size_of, help="of the largest file (default 32MiB)")
    parser.add_argument("--seed", default=None, type=int, help="of the random choices (default: a new one, printed)")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(words)


class Chaos:
    def __init__(self, args, home):
        self.args, self.home = args, home
        self.random = random.Random(args.seed)
        self.www = os.path.join(home, "www")
        os.makedirs(self.www)
        self.port = free_port()
        self.sampler = Sampler()
        self.nginx = origin.start(os.path.join(home, "o"), self.www, "127.0.0.1", self.port, self.sampler)
        self.stack = Stack(home, self.sampler, {"download": {"alone-after": "5s", "no-source-after": "60s"}})
        self.roles, self.base = {}, {}
        self.counts = {str(v): dict(rounds=0, wrong=0, failed=0, lost=0, killed_gets=0, slowest=0.0) for v in VICTIMS}
        self.trouble = []

    def start(self):
        self.stack.issue(["scheduler-1"], [], ["peer-a", "peer-b"])
        self.stack.control("127.0.0.1", port=free_port())
        for name in ("peer-a", "peer-b"):
            self.stack.peer(name, "127.0.0.1", NETWORKS)
        self.roles = {proc.label: proc for proc in self.stack.procs}

    def restart(self, name):
        """Starts a killed role again, from the same file and state."""
        dead = self.roles[name]
        self.stack.procs.remove(dead)
        self.sampler.procs.remove(dead)
        role = "peer" if name.startswith("peer-") else name.removesuffix("-1")
        self.roles[name] = self.stack.again(name, role)

    def round(self, number):
        victim = self.random.choice(VICTIMS)
        seen = self.counts[str(victim)]
        seen["rounds"] += 1
        path = os.path.join(self.www, f"f{number}")
        size = self.random.randint(1, self.args.size)
        digest = origin.random_file(path, size)
        begin = time.monotonic()
        gets = {name: self.get(name, number) for name in ("peer-a", "peer-b")}
        if victim:
            self.watch(gets, digest, size, seen, until=begin + self.random.uniform(0.0, 0.9))
            self.roles[victim].kill()
            self.roles[victim].process.wait()
            self.restart(victim)
        for name, get in gets.items():
            self.watch({name: get}, digest, size, seen, until=begin + PATIENCE)
            if get.process.poll() is None:
                self.report(seen, "failed", f"round {number}: get of {name} does not end, {victim} was killed", get)
                get.stop()
            elif get.process.returncode == 0:
                self.require_right(get, digest, seen)
            elif name != victim:
                self.report(seen, "failed", f"round {number}: get of {name} failed, {victim} was killed", get)
            else:
                self.repeat(name, number, get, digest, seen)
        seen["slowest"] = max(seen["slowest"], round(time.monotonic() - begin, 2))
        os.unlink(path)
        for get in gets.values():
            os.unlink(get.path)
            if os.path.exists(get.out):
                os.unlink(get.out)

    def get(self, name, number, *flags):
        out = os.path.join(self.home, f"out-{name}-{number}")
        url = f"http://127.0.0.1:{self.port}/f{number}"
        get = Proc("get", self.stack.get(name, url, out, *flags), out + ".log")
        get.out = out
        return get

    def repeat(self, name, number, before, digest, seen):
        """The daemon of this get was killed: again, and what it had reported must be there."""
        seen["killed_gets"] += 1
        if os.path.exists(before.out):
            self.report(seen, "wrong", f"round {number}: a failed get left its output", before)
        reported = max((line.get("bytes_done", 0) for line in lines(before)), default=0)
        os.unlink(before.path)
        again = self.get(name, number)
        try:
            again.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            again.stop()
        if again.process.returncode != 0:
            self.report(seen, "failed", f"round {number}: the repeated get of {name} failed", again)
            return
        self.require_right(again, digest, seen)
        found = next(line["from_cache"] for line in lines(again) if line["event"] == "finished")
        if found < reported:
            self.report(seen, "lost", f"round {number}: {name} had {reported} bytes and found {found}", again)

    def watch(self, gets, digest, size, seen, until):
        """Looks at the final names until a time, or until the gets are over: what stands there is whole and right."""
        while time.monotonic() < until and any(get.process.poll() is None for get in gets.values()):
            for get in gets.values():
                if os.path.exists(get.out) and os.path.getsize(get.out) != size:
                    self.report(seen, "wrong", "a part stood at the final name", get)
            time.sleep(0.005)

    def require_right(self, get, digest, seen):
        if not os.path.exists(get.out) or origin.sha256(get.out) != digest:
            self.report(seen, "wrong", "the output is not the file", get)

    def report(self, seen, kind, what, get):
        seen[kind] += 1
        self.trouble.append(f"{kind}: {what}\n{get.text()[-1500:]}")
        print(self.trouble[-1], flush=True)

    def footprint(self):
        """Descriptors, threads and store files of each role."""
        found = {}
        for name, proc in self.roles.items():
            for pid in proc.cpu:
                try:
                    found[name + " fds"] = len(os.listdir(f"/proc/{pid}/fd"))
                    found[name + " threads"] = len(os.listdir(f"/proc/{pid}/task"))
                except FileNotFoundError:
                    continue
        for name in ("peer-a", "peer-b"):
            store = self.stack.path(name + "-store")
            found[name + " files"] = sum(len(files) for _, _, files in os.walk(store)) - self.tasks(name)
        return found

    def tasks(self, name):
        content = os.path.join(self.stack.path(name + "-store"), "content")
        return sum(len(files) for _, _, files in os.walk(content))

    def verify_audits(self):
        """Ends every role in order and checks the chain of its log."""
        self.stack.close()
        bad = []
        for name in self.roles:
            if name == "issuer":
                continue
            words = ("audit", "verify", self.stack.path(name + "-audit"), self.stack.path(name + "-keys"))
            done = subprocess.run(self.stack.command(*words), capture_output=True, text=True)
            if done.returncode:
                bad.append(f"{name}: exit {done.returncode}: {done.stdout}{done.stderr}")
        return bad


def lines(get):
    """Events that a get printed; its last line may be cut."""
    found = []
    for line in get.text().splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [event for event in found if isinstance(event, dict)]


def main(words):
    args = parse(words)
    if args.seed is None:
        args.seed = random.SystemRandom().randrange(1 << 32)
    build()
    home = tempfile.mkdtemp(prefix="dfb")
    os.chmod(home, 0o755)
    chaos = Chaos(args, home)
    try:
        chaos.sampler.start()
        chaos.start()
        early = {}
        for number in range(args.rounds):
            chaos.round(number)
            chaos.sampler.sample()
            now = chaos.footprint()
            if number < max(10, args.rounds // 10):
                early = {key: max(count, early.get(key, 0)) for key, count in now.items()}
        leaks = {key: (early[key], count) for key, count in now.items() if count > early[key] * 1.5 + 10}
        bad = chaos.verify_audits()
    finally:
        chaos.sampler.stopped.set()
        chaos.stack.close()
        chaos.nginx.stop()
        shutil.rmtree(home, ignore_errors=True)
    rows = [{"program": f"{victim} killed" if victim != "None" else "nobody killed", "runs": seen["rounds"],
             "failed": seen["wrong"] + seen["failed"] + seen["lost"], **seen}
            for victim, seen in chaos.counts.items()]
    rows.append({"program": "leaks", "runs": 1, "failed": int(bool(leaks)), "note": str(leaks or "none")})
    rows.append({"program": "audit logs", "runs": 1, "failed": len(bad), "note": "; ".join(bad) or "all verify"})
    return report.show("chaos", f"{args.rounds} rounds, files of up to {args.size >> 20} MiB, --seed {args.seed}",
                       rows, args, ROOT)
