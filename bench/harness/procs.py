"""Processes with their CPU time and memory, each in a session of its own."""
import os
import signal
import subprocess
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Proc:
    def __init__(self, label, words, log, space=None, env=None):
        self.label, self.path = label, log
        inside = ["ip", "netns", "exec", space] if space else []
        with open(log, "ab") as out:
            self.begin = out.tell()  # another process may have written here before
            self.process = subprocess.Popen(inside + words, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            start_new_session=True, env={**os.environ, **(env or {})})
        self.session, self.ended, self.code = self.process.pid, None, None
        self.cpu, self.base, self.rss, self.peak = {}, 0.0, 0, 0

    def text(self):
        with open(self.path, encoding="utf-8", errors="replace") as log:
            log.seek(self.begin)
            return log.read()

    def await_text(self, wanted, seconds=120):
        """Waits until the log has the text; fails with the log when the process ends before."""
        deadline = time.monotonic() + seconds
        while wanted not in self.text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{self.label} did not say {wanted!r}:\n{self.text()}")
            time.sleep(0.02)

    def wait(self):
        self.code = self.process.wait()
        self.ended = time.monotonic()

    def mark(self):
        """CPU time and peak memory count from here on."""
        self.base, self.peak = sum(self.cpu.values()), 0

    def seconds(self):
        return sum(self.cpu.values()) - self.base

    def threads(self):
        """CPU seconds since the start by thread name, numbers in names left out; of what still runs."""
        found = {}
        for pid in self.cpu:
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii", errors="replace") as f:
                        head, _, rest = f.read().rpartition(")")
                    name, stat = head.partition("(")[2].rstrip("0123456789-#"), rest.split()
                    found[name] = found.get(name, 0) + (int(stat[11]) + int(stat[12])) / TICK
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def kill(self):
        os.killpg(self.session, signal.SIGKILL)

    def stop(self):
        for sig, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
            try:
                os.killpg(self.session, sig)
                self.process.wait(patience)
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue


class Sampler(threading.Thread):
    """Reads CPU time and resident memory of all sessions a few times a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.procs, self.stopped = [], threading.Event()

    def run(self):
        while not self.stopped.wait(0.2):
            self.sample()

    def sample(self):
        by_session = {p.session: p for p in self.procs}
        rss = dict.fromkeys(by_session, 0)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                    stat = f.read().rsplit(")", 1)[1].split()
                session = int(stat[3])
                if session not in by_session:
                    continue
                with open(f"/proc/{pid}/statm", encoding="ascii") as f:
                    resident = int(f.read().split()[1])
            except (FileNotFoundError, ProcessLookupError, IndexError):
                continue
            by_session[session].cpu[pid] = (int(stat[11]) + int(stat[12])) / TICK
            rss[session] += resident * PAGE
        for session, proc in by_session.items():
            proc.rss = rss[session]
            proc.peak = max(proc.peak, rss[session])
