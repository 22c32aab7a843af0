"""A real S3 server: OpenStack Swift with s3api, all of it on loopback, for one bucket of files.

Swift checks signatures of both kinds, their expiry, and conditions, with code
that nobody here has written. It needs no memcached and no root; started by
root it runs as nobody. Run as a program, this file is one of its servers.
"""
import base64
import contextlib
import hashlib
import hmac
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

BUCKET = "k12-reports"
ACCESS_KEY = "test:reader"
SECRET_KEY = "rot13-is-not-encryption"

STORAGE = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
swift_dir = {folder}
devices = {folder}
mount_check = false
fallocate_reserve = 0
log_address = /nonexistent
[pipeline:main]
pipeline = {role}-server
[app:{role}-server]
use = egg:swift#{role}
"""

PROXY = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
swift_dir = {folder}
cert_file = {folder}/certificate.pem
key_file = {folder}/key.pem
log_address = /nonexistent
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats cache s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:cache]
paste.filter_factory = __main__:cache_factory
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_test_reader = {secret} .admin
[filter:slo]
use = egg:swift#slo
"""


def free_port():
    """A port that nobody listens on, below those that the kernel gives to whoever connects meanwhile."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(10_000, 32_000)))
            return probe.getsockname()[1]


def make_certificate(key, certificate):
    """A key, and a certificate for 127.0.0.1 that vouches for itself: PEM files."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", "/CN=tests", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )


def put(store, path, data):
    """PUT with a version 2 signature in a header, the oldest and shortest way to sign."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    text = f"PUT\n\napplication/octet-stream\n{date}\n{path}"
    signature = base64.b64encode(hmac.new(store.secret_key.encode(), text.encode(), hashlib.sha1).digest()).decode()
    headers = {
        "Date": date,
        "Authorization": f"AWS {store.access_key}:{signature}",
        "Content-Type": "application/octet-stream",
    }
    request = urllib.request.Request(store.url + path, data=data, headers=headers, method="PUT")
    trust = ssl.create_default_context(cafile=store.certificate)
    try:
        urllib.request.urlopen(request, context=trust, timeout=60).close()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"the store refuses {path}: {error}, {error.read()}, {store.logs()}") from error


class Swift:
    """url: https://127.0.0.1:PORT; certificate: the PEM file that says it is the one."""

    access_key, secret_key = ACCESS_KEY, SECRET_KEY

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="swift-"))  # short, and open to nobody
        self.servers = []
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        ports = {role: free_port() for role in ("account", "container", "object", "proxy")}
        self.url = f"https://127.0.0.1:{ports['proxy']}"
        self.certificate = self.folder / "certificate.pem"
        make_certificate(self.folder / "key.pem", self.certificate)
        (self.folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = tests\n")
        (self.folder / "disk").mkdir()
        shutil.copy(__file__, self.folder / "server.py")  # the checkout may be closed to nobody
        for role, port in ports.items():
            form = PROXY if role == "proxy" else STORAGE
            (self.folder / f"{role}.conf").write_text(
                form.format(role=role, port=port, folder=self.folder, secret=SECRET_KEY)
            )
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "nobody:", self.folder], check=True)
        storage = [f"{role}={port}" for role, port in ports.items() if role != "proxy"]
        assert self._serve("rings", *storage).wait(timeout=120) == 0, self.logs()
        for role in ports:
            self.servers.append(self._serve(role))
        for server, port in zip(self.servers, ports.values()):
            self._wait(server, port)
        put(self, f"/{BUCKET}", b"")

    def _serve(self, job, *arguments):
        """Starts this file as a program, without root's rights."""
        command = ["/usr/bin/python3", self.folder / "server.py", self.folder, job, *arguments]
        rights = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        with open(self.folder / f"{job}.log", "wb") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **rights)

    def _wait(self, server, port, seconds=300):
        deadline = time.monotonic() + seconds
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                return
            except OSError:
                assert server.poll() is None, f"a Swift server ended: {self.logs()}"
                assert time.monotonic() < deadline, f"a Swift server does not answer: {self.logs()}"
                time.sleep(0.05)

    def logs(self):
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-4000:]}" for log in self.folder.glob("*.log"))

    def add(self, name, data):
        """Puts an object into the bucket."""
        put(self, f"/{BUCKET}/{quote(name)}", data)

    def stop(self):
        for server in self.servers:
            server.terminate()
        for server in self.servers:
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def make_rings(folder, ports):
    from swift.common.ring import RingBuilder

    for role, port in ports.items():
        builder = RingBuilder(part_power=2, replicas=1, min_part_hours=0)
        place = {"id": 0, "region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": int(port), "device": "disk"}
        builder.add_dev(place)
        builder.rebalance()
        builder.get_ring().save(os.path.join(folder, f"{role}.ring.gz"))


class Cache:
    """What Swift asks of memcached, within one process."""

    def __init__(self):
        self.values = {}

    def get(self, key, **_):
        return self.values.get(key)

    def set(self, key, value, **_):
        self.values[key] = value

    def delete(self, key, **_):
        self.values.pop(key, None)


def cache_factory(*_, **__):
    cache = Cache()

    def filter_application(application):
        def with_cache(environment, start_response):
            environment["swift.cache"] = cache
            return application(environment, start_response)

        return with_cache

    return filter_application


def main(folder, job, *arguments):
    from swift.common import utils

    utils.set_swift_dir(folder)
    if job == "rings":
        make_rings(folder, dict(argument.split("=") for argument in arguments))
        return 0
    from swift.common.wsgi import run_wsgi

    return run_wsgi(os.path.join(folder, f"{job}.conf"), f"{job}-server", verbose=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
