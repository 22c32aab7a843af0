#!/usr/bin/python3
"""One large file: scorefetch against `curl -o`, interleaved in one run, median against median.

nginx (Debian's) serves it over TLS 1.3, since libmicrohttpd's TLS is slower than either client; the
emulator answers the API calls. Each side asks the API for its URL outside of what is timed for curl and
inside of it for scorefetch: what is compared is a whole scorefetch, ledger, hash and all, with a bare GET.
With --encrypt scorefetch stores the file encrypted to a key of the benchmark's own.

  tests/bench/large.py [--size BYTES] [--rounds N] [--build FOLDER] [--disk FOLDER] [--encrypt]
"""
import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "integration")]
from emulator import Emulator  # noqa: E402
from harness import Account, build_folder  # noqa: E402
from openpgp import Keyring  # noqa: E402

NAME = "4300_20180410_111604.csv"
PIECE = 1 << 20

NGINX = """
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    sendfile on;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {tls}/server.pem; ssl_certificate_key {tls}/server.key;
        ssl_protocols TLSv1.3; ssl_buffer_size 16k;
        root {objects};
    }}
}}
"""


def nginx_program(folder):
    """The host's nginx, or Debian's package unpacked in a folder of ours: nothing is installed."""
    found = shutil.which("nginx")
    if found:
        return found
    subprocess.run(["apt-get", "download", "nginx"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    package = next(folder.glob("nginx_*.deb"))
    subprocess.run(["dpkg-deb", "-x", package, folder / "nginx"], check=True)
    return str(folder / "nginx" / "usr" / "sbin" / "nginx")


def free_port():
    import socket

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port):
    import socket

    for _ in range(500):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise SystemExit("nginx does not listen")


def peak_memory(pid):
    """Bytes: VmHWM of a process. wait4()'s figure would be that of this Python, which forked it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0  # it has ended


def timed(argv):
    """Seconds of one command that must succeed, and its seconds of processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run([os.fspath(a) for a in argv], check=True, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def watched(argv):
    """Peak resident bytes of one command, looked at until its end."""
    child = subprocess.Popen([os.fspath(a) for a in argv])
    peak = 0
    while child.poll() is None:
        peak = max(peak, peak_memory(child.pid))
        time.sleep(0.002)
    return peak


def compare(account, url, rounds):
    target = account.directory / "curl.out"
    curl = ["curl", "--silent", "--fail", "--cacert", account.ca, "-o", target, url]
    get = [account.build / "scorefetch", "get", "-q", "-c", account.config, NAME]
    forget = [account.build / "scorefetch", "forget", "-q", "-c", account.config, NAME]
    times = {"curl": [], "scorefetch": []}
    memory = watched(get)  # this first round also warms the caches
    for _ in range(rounds):
        subprocess.run(forget, check=True)
        next(account.directory.glob(NAME + "*")).unlink()
        times["curl"].append(timed(curl))
        target.unlink()
        times["scorefetch"].append(timed(get))
    medians = {which: [statistics.median(column) for column in zip(*both)] for which, both in times.items()}
    return medians, memory


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1 << 30)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--build", type=Path, default=build_folder())
    parser.add_argument("--encrypt", action="store_true", help="let scorefetch encrypt the file")
    parser.add_argument("--disk", type=Path, help="a folder on a disk, for the durable figure")
    options = parser.parse_args()
    keyring = Keyring() if options.encrypt else None
    sealing = {"encrypt_to": keyring.make(), "gnupg_home": keyring.home} if keyring else {}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = Path(name)
        objects = folder / "objects"
        (objects / "scores" / "K12").mkdir(parents=True)
        port = free_port()
        emulator = Emulator(options.build, folder, "--object-store", f"https://localhost:{port}/scores/K12").start()
        emulator.add(NAME, b"stands for the object")  # so that the API knows the name
        with open(objects / "scores" / "K12" / NAME, "wb") as large:
            for _ in range(options.size // PIECE):
                large.write(os.urandom(PIECE))
        configuration = folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        configuration.write_text(NGINX.format(user=user, folder=folder, port=port, tls=Path(emulator.ca).parent, objects=objects))
        server = subprocess.Popen([nginx_program(folder), "-c", configuration], stderr=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            for kind, place in (("tmpfs", folder), ("disk", options.disk)):
                if place is None:
                    continue
                with tempfile.TemporaryDirectory(dir=place) as home:
                    account = Account(Path(home), options.build, emulator)
                    account.configure(storage_hosts=f"localhost:{port}", **sealing)
                    medians, memory = compare(account, f"https://localhost:{port}/scores/K12/{NAME}", options.rounds)
                (curl, curl_cpu), (ours, our_cpu) = medians["curl"], medians["scorefetch"]
                print(f"{kind}{', encrypted' if keyring else ''}: {options.size >> 20} MiB, median of {options.rounds}: curl {curl:.3f} s (processor"
                      f" {curl_cpu:.3f} s), scorefetch {ours:.3f} s ({our_cpu:.3f} s), ratio {ours / curl:.2f};"
                      f" scorefetch's peak memory {memory / 1e6:.1f} MB", flush=True)
        finally:
            server.terminate()
            server.wait()
            emulator.stop()
            if keyring:
                keyring.close()


if __name__ == "__main__":
    main()
