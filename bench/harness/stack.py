"""Our real processes, each with an SVID of its own: manager, scheduler, seed and peers."""
import json
import os
import subprocess

from procs import Proc

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ID = "spiffe://bench.test/damselfly/"
MANAGER_PORT = 65003


def java_home():
    script = '. "$0/.mvn/wrapper/find-jdk.sh"; . "$0/.mvn/wrapper/maven.properties"; find_jdk "$java_version"'
    return subprocess.run(["sh", "-c", script, ROOT], check=True, capture_output=True, text=True).stdout.strip()


def build(java_parts=False):
    """Builds what is missing: the launcher does it for the product, Maven for the Java parts of this directory."""
    subprocess.run([os.path.join(ROOT, "damselfly"), "help"], check=True, stdout=subprocess.DEVNULL)
    os.environ["JAVA_HOME"] = java_home()  # the launcher's inner script expects it
    classes = os.path.join(ROOT, "bench", "target", "classes")
    if java_parts and not os.path.isdir(classes):
        subprocess.run([os.path.join(ROOT, "mvnw"), "-q", "-B", "-DskipTests", "-pl", "bench", "-am", "package"],
                       check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def java(main, *words, flags=()):
    """Command line of a Java part of this directory."""
    path = os.path.join(ROOT, "bench", "target", "classes") + ":" + os.path.join(ROOT, "dist", "target", "lib", "*")
    return [os.path.join(java_home(), "bin", "java"), "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC",
            *flags, "-cp", path, "dev.damselfly.bench." + main, *map(str, words)]


class Stack:
    """Starts roles in `home`, each perhaps in a namespace. Call `close` in the end."""

    def __init__(self, home, sampler, peer_options=None, jvm=""):
        self.home, self.sampler, self.procs = home, sampler, []
        self.peer_options, self.jvm = peer_options or {}, jvm
        self.env = {"DAMSELFLY_HOME": os.path.join(home, "h")}
        self.manager = ("", 0)

    def path(self, name):
        return os.path.join(self.home, name)

    def command(self, *words):
        return [os.path.join(ROOT, "dist", "src", "main", "sh", "run.sh"), ROOT, *words]

    def begin(self, label, words, space=None, jvm=""):
        env = {**self.env, "DAMSELFLY_JVM": jvm} if jvm else self.env
        proc = Proc(label, self.command(*words), self.path(label + ".log"), space, env)
        self.procs.append(proc)
        self.sampler.procs.append(proc)
        return proc

    def issue(self, schedulers, seeds, peers):
        words = ["dev-issuer", "--dir", self.path("i"), "--id", f"manager={ID}manager/m1"]
        for role, names in (("scheduler", schedulers), ("seed-peer", seeds), ("peer", peers)):
            for name in names:
                words += ["--id", f"{name}={ID}{role}/east/{name}"]
        self.begin("issuer", words).await_text("ready")

    def control(self, ip, space=None, port=0):
        """Manager and one scheduler, which has this port each time it starts, or any."""
        self.manager = (ip, MANAGER_PORT if space else free_port())
        self.role("manager", "manager", {"listen": f"{ip}:{self.manager[1]}", "database": self.path("db"),
                                         "clusters": [{"name": "east", "default": True}]}, space)
        return self.role("scheduler-1", "scheduler", {"listen": f"{ip}:{port}",
                                                      "manager": f"{ip}:{self.manager[1]}", "cluster-id": 1}, space)

    def peer(self, name, ip, networks, space=None, jvm="", store=None):
        return self.role(name, "peer", {
            "listen": f"{ip}:0", "piece-listen": f"{ip}:0", "manager": f"{self.manager[0]}:{self.manager[1]}",
            "store": {"directory": store or self.path(name + "-store"), "quota": "64GiB"},
            "local": {"socket": self.socket(name)},
            "egress": {"rules": [{"name": "bench", "schemes": ["http"], "networks": networks}]},
            **self.peer_options}, space, jvm)

    def role(self, name, role, section, space=None, jvm=""):
        config = {"identity": {"trust-domain": "bench.test", "workload-api": f"unix://{self.path('i')}/{name}.sock"},
                  "audit": {"log": self.path(name + "-audit"), "keys": self.path(name + "-keys")}, role: section}
        with open(self.path(name + ".yaml"), "w", encoding="ascii") as f:
            json.dump(config, f)  # JSON is YAML
        return self.again(name, role, space, jvm)

    def again(self, name, role, space=None, jvm=""):
        """Starts a role from the file that it had before."""
        proc = self.begin(name, [role, "--config", self.path(name + ".yaml")], space, jvm or self.jvm)
        proc.await_text(" ready on port ")
        return proc

    def socket(self, name):
        return os.path.join(self.home, name + "-l", "d.sock")

    def get(self, name, url, output, *flags):
        return self.command("get", url, "-O", output, "--json", "--endpoint", self.socket(name), *flags)

    def close(self):
        for proc in reversed(self.procs):
            proc.stop()


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
