"""The origin: nginx with one directory, its access log counting body bytes, and files of random content."""
import hashlib
import os
import shutil
import socket
import time

from procs import Proc

CONF = """daemon off; worker_processes 2; error_log stderr warn; pid {dir}/nginx.pid;
events {{ worker_connections 4096; }}
http {{ log_format bytes '$request_method $status $body_bytes_sent $uri'; access_log {dir}/access.log bytes;
 sendfile on; tcp_nopush on; keepalive_requests 100000;
 client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
 server {{ listen {ip}:{port}; root {root}; etag on; }} }}
"""


def start(directory, root, ip, port, sampler, space=None):
    if not shutil.which("nginx"):
        raise SystemExit("nginx is not installed: it is the origin")
    os.makedirs(directory, exist_ok=True)
    conf = os.path.join(directory, "nginx.conf")
    with open(conf, "w", encoding="ascii") as f:
        f.write(CONF.format(dir=directory, root=root, ip=ip, port=port))
    proc = Proc("origin", ["nginx", "-c", conf], os.path.join(directory, "origin.log"), space)
    sampler.procs.append(proc)
    deadline = time.monotonic() + 20
    while not os.path.exists(os.path.join(directory, "nginx.pid")):
        if proc.process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the origin did not start:\n" + proc.text())
        time.sleep(0.02)
    return proc


def body_bytes(directory, path):
    """Bytes of all answers to GET of a path."""
    with open(os.path.join(directory, "access.log"), encoding="utf-8", errors="replace") as log:
        words = [line.split() for line in log]
    return sum(int(w[2]) for w in words if len(w) == 4 and w[0] == "GET" and w[3] == path)


def random_file(path, size):
    """Random content; returns its SHA-256. The file is in the page cache afterwards."""
    digest = hashlib.sha256()
    with open(path, "wb") as f:
        left = size
        while left:
            block = os.urandom(min(left, 1 << 20))
            f.write(block)
            digest.update(block)
            left -= len(block)
    os.chmod(path, 0o644)
    return digest.hexdigest()


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def size_of(text):
    """Bytes of `512MiB`, `4GiB`, `1KiB`."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if text.endswith(unit):
            return int(float(text[:-3]) * factor)
    return int(text)
