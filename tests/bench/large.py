#!/usr/bin/python3
"""Large files: scorefetch against a Python client that syncs what it stores (baseline.py --fsync), by turns.

nginx (Debian's) serves them over TLS 1.3, since libmicrohttpd's TLS is slower than either client; the emulator
answers the API calls. Both ask for the URL, get the file and bring it to the disk; scorefetch has configuration,
ledger and SHA-256 beside. With --encrypt it stores the file encrypted to a key of the benchmark's own.

  tests/bench/large.py [--sizes MB,MB] [--rounds N] [--build FOLDER] [--folder FOLDER] [--encrypt]

Exits non-zero where a goal is missed.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "integration")]
from compare import Goal, a_disk, count_syncs, judge, timed  # noqa: E402
from emulator import Emulator  # noqa: E402
from harness import Account, build_folder  # noqa: E402
from openpgp import Keyring  # noqa: E402

NAME = "4300_20180410_111604.csv"
BASELINE = Path(__file__).resolve().parent / "baseline.py"
PIECE = 1 << 20
MEMORY = 24e6  # bytes

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


def watched(argv):
    """Peak resident bytes of one command, looked at until its end."""
    child = subprocess.Popen([os.fspath(a) for a in argv])
    peak = 0
    while child.poll() is None:
        peak = max(peak, peak_memory(child.pid))
        time.sleep(0.002)
    return peak


def compare(account, options, goal):
    """Both sides by turns, each into an empty folder."""
    theirs = account.folder / "theirs"
    user, password = account.username, account.password
    client = [sys.executable, BASELINE, "--fsync", account.account["service-url"], account.ca, user, password, theirs, NAME]
    get = [account.build / "scorefetch", "get", "-q", "-c", account.config, NAME]
    forget = [account.build / "scorefetch", "forget", "-q", "-c", account.config, NAME]
    ours, peers = [], []
    memory = watched(get)  # this first round also warms the caches
    for number in range(options.rounds):
        subprocess.run(forget, check=True)
        next(account.directory.glob(NAME + "*")).unlink()
        theirs.mkdir()
        for side in ((peers, client), (ours, get))[:: 1 if number % 2 else -1]:
            os.sync()  # neither waits for what the other one left
            side[0].append(timed(side[1]))
        shutil.rmtree(theirs)
    met = judge(goal, ours, peers)
    subprocess.run(forget, check=True)
    next(account.directory.glob(NAME + "*")).unlink()
    print("  " + count_syncs(get))
    print(f"  peak memory of scorefetch {memory / 1e6:.1f} MB (goal {MEMORY / 1e6:.0f}){'' if memory <= MEMORY else '  MISSED'}")
    return met and memory <= MEMORY


def serve(folder, sealing, build, options):
    """An emulator whose objects come from nginx, and the comparison of each size."""
    objects = folder / "objects" / "scores" / "K12"
    objects.mkdir(parents=True)
    port = free_port()
    met = []
    with Emulator(build, folder, "--object-store", f"https://localhost:{port}/scores/K12") as emulator:
        emulator.add(NAME, b"stands for the object")  # so that the API knows the name
        configuration = folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        configuration.write_text(NGINX.format(user=user, folder=folder, port=port, tls=Path(emulator.ca).parent,
                                              objects=folder / "objects"))
        server = subprocess.Popen([nginx_program(folder), "-c", configuration], stderr=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            for size in options.sizes.split(","):
                with open(objects / NAME, "wb") as large:
                    for _ in range(int(size)):
                        large.write(b"AI" + os.urandom(PIECE - 2))  # one that begins with { is no score file
                with a_disk(options.folder, 3 * int(size) + 200) as disk, tempfile.TemporaryDirectory(dir=disk) as home:
                    account = Account(Path(home), build, emulator)
                    account.configure(storage_hosts=f"localhost:{port}", **sealing)
                    what = f"{size} MB{', encrypted' if sealing else ''}, against a Python client with fsync"
                    met.append(compare(account, options, Goal("large", what, 1.05)))
        finally:
            server.terminate()
            server.wait()
    return met


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="100,1024", help="MB each")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--build", type=Path, default=build_folder())
    parser.add_argument("--encrypt", action="store_true", help="let scorefetch encrypt the file")
    parser.add_argument("--folder", default="/var/tmp", help="where the files are stored: see compare.a_disk()")
    options = parser.parse_args()
    keyring = Keyring() if options.encrypt else None
    sealing = {"encrypt_to": keyring.make(), "gnupg_home": keyring.home} if keyring else {}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        met = serve(Path(name), sealing, options.build.resolve(), options)
    if keyring:
        keyring.close()
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
