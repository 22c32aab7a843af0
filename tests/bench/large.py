#!/usr/bin/python3
"""One large file: scorefetch against `curl -o`, interleaved in one run, median against median.

nginx (Debian's) serves it over TLS 1.3, since libmicrohttpd's TLS is slower than either client; the
emulator answers the API calls. Each side asks the API for its URL outside of what is timed for curl and
inside of it for scorefetch: what is compared is a whole scorefetch, ledger, hash and all, with a bare GET.

  tests/bench/large.py [--size BYTES] [--rounds N] [--build FOLDER] [--disk FOLDER]
"""
import argparse
import os
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


def timed(argv):
    """Seconds, and peak resident bytes, of one command that must succeed."""
    start = time.monotonic()
    child = subprocess.Popen([os.fspath(a) for a in argv], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{argv[0]} failed with {child.returncode}")
    return seconds, usage.ru_maxrss * 1024


def compare(account, url, rounds):
    target = account.directory / "curl.out"
    curl = ["curl", "--silent", "--fail", "--cacert", account.ca, "-o", target, url]
    get = [account.build / "scorefetch", "get", "-q", "-c", account.config, NAME]
    times, memory = {"curl": [], "scorefetch": []}, 0
    for number in range(rounds + 1):
        for which, argv in (("curl", curl), ("scorefetch", get)):
            seconds, peak = timed(argv)
            if number:  # the first round warms caches
                times[which].append(seconds)
            if which == "scorefetch":
                memory = max(memory, peak)
        for path in (target, account.directory / NAME):
            path.unlink()
        subprocess.run([account.build / "scorefetch", "forget", "-q", "-c", account.config, NAME], check=True)
    return {which: statistics.median(seconds) for which, seconds in times.items()}, memory


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1 << 30)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--build", type=Path, default=build_folder())
    parser.add_argument("--disk", type=Path, help="a folder on a disk, for the durable figure")
    options = parser.parse_args()
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
                    account.configure(storage_hosts=f"localhost:{port}")
                    medians, memory = compare(account, f"https://localhost:{port}/scores/K12/{NAME}", options.rounds)
                ratio = medians["scorefetch"] / medians["curl"]
                print(f"{kind}: {options.size >> 20} MiB, median of {options.rounds}: curl {medians['curl']:.3f} s,"
                      f" scorefetch {medians['scorefetch']:.3f} s, ratio {ratio:.2f};"
                      f" scorefetch's peak memory {memory / 1e6:.1f} MB", flush=True)
        finally:
            server.terminate()
            server.wait()
            emulator.stop()


if __name__ == "__main__":
    main()
