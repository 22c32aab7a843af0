#!/usr/bin/python3
"""PostgreSQL servers of our own: Debian's programs, a cluster in a temporary folder, a socket and TLS on loopback.

    tests/integration/postgres.py COMMAND [ARGUMENT...]

runs a command with one; SCOREMAIL_TEST_POSTGRESQL is a connection string then, of a role that may create databases.
"""
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agents import wait_for
from harness import need
from mounts import unmount
from objectstore import free_port
from tlsserver import Authority

USER = "nobody"  # whom the server runs as: it refuses root
ROLE, PASSWORD = "scoremail", "gate-Keeper_4711"
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))

SETTINGS = """
fsync = off
full_page_writes = off
shared_buffers = 16MB
max_connections = 300
max_wal_size = 128MB
timezone = UTC
log_line_prefix = '%m %a '
log_min_duration_statement = -1
jit = off
autovacuum_naptime = 10
"""

# Over TLS whoever knows the password or has a certificate of the same name; without TLS nobody.
ACCESS = """
local all postgres trust
local all all peer map=hosts
hostssl all certified samenet cert clientcert=verify-full
hostssl all all samenet scram-sha-256
local replication all trust
"""


def quoted(value):
    """A value of a connection string."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def as_user(*command):
    """The command, run by that user where we are root."""
    ids = ["setpriv", f"--reuid={USER}", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    return [*ids, *map(str, command)]


class Cluster:
    """A server and its databases; `folder` is its own, and short enough for a socket's path."""

    def __init__(self, copy_of=None):
        need(PROGRAMS, "PostgreSQL is not installed")
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self.folder.chmod(0o755)
        self.data, self.socket, self.log = (self.folder / name for name in ("data", "socket", "log"))
        self.port = free_port()
        self.databases = 0
        for path in (self.data, self.socket):
            path.mkdir(mode=0o700 if path == self.data else 0o755)
            self._give(path)
        self.log.touch()
        self._give(self.log)
        if copy_of is None:
            self._make()
        else:
            self.authority = copy_of.authority
            self._copy(copy_of)

    def _give(self, path):
        if os.geteuid() == 0:
            shutil.chown(path, USER)

    def _run(self, program, *arguments, timeout=120):
        command = as_user(PROGRAMS[-1] / program, *arguments)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              cwd=self.folder, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, timeout=timeout)
        assert done.returncode == 0, done.stdout.decode() + self.log.read_text()
        return done.stdout.decode()

    def _make(self):
        self.authority = Authority(self.folder / "tls")
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N", "--wal-segsize=1")
        for source, name in zip(self.authority.issue("server"), ("server.crt", "server.key")):
            shutil.copy(source, self.data / name)
            (self.data / name).chmod(0o600)
            self._give(self.data / name)
        self._configure()
        me = os.environ.get("USER", "root") if os.geteuid() else "root"
        (self.data / "pg_hba.conf").write_text(ACCESS)
        (self.data / "pg_ident.conf").write_text("".join(f"hosts {me} {role}\n" for role in (ROLE, "certified", "outsider")))
        self.start()
        self.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        self.sql("CREATE ROLE certified LOGIN")
        self.sql("CREATE ROLE outsider LOGIN")

    def _configure(self):
        (self.data / "postgresql.auto.conf").write_text(
            f"{SETTINGS}port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self.socket}'\n"
            f"ssl = on\nssl_ca_file = '{self.authority.pem}'\n")

    def _copy(self, primary):
        """A read-only standby of another one."""
        self._run("pg_basebackup", "-D", self.data, "-h", primary.socket, "-p", primary.port, "-U", "postgres", "-c", "fast", "-X", "stream", "-N")
        self._configure()
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.write(f"primary_conninfo = 'host={primary.socket} port={primary.port} user=postgres'\n")
        (self.data / "standby.signal").touch()
        self._give(self.data / "standby.signal")
        self.start()

    def fall_behind(self):
        """A standby: what the primary commits from now on is not here."""
        self.sql("ALTER SYSTEM SET primary_conninfo = ''")
        self.sql("SELECT pg_reload_conf()")
        wait_for(lambda: self.sql("SELECT count(*) FROM pg_stat_wal_receiver") == [["0"]], "the end of the stream")

    def promote(self):
        """From a standby to the primary."""
        self._run("pg_ctl", "-D", self.data, "-w", "-s", "promote")

    def listen(self, address):
        """On that address, too."""
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.write(f"listen_addresses = '127.0.0.1,{address}'\n")
        self.stop()
        self.start()

    def start(self):
        self._run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-s", "start")

    def stop(self, how="immediate"):
        """immediate: as a crash is."""
        self._run("pg_ctl", "-D", self.data, "-m", how, "-w", "-s", "stop")

    def is_up(self):
        done = subprocess.run([PROGRAMS[-1] / "pg_isready", "-q", "-h", self.socket, "-p", str(self.port)], timeout=60)
        return done.returncode == 0

    def close(self):
        if (self.data / "postmaster.pid").exists():
            with contextlib.suppress(AssertionError):
                self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, statement, database="postgres", timeout=60):
        """What a superuser gets for it: a list of rows, each a list of texts; None is NULL."""
        done = subprocess.run(
            [PROGRAMS[-1] / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-F", "\x1f", "-R", "\x1e", "-P", "null=\x1d",
             "-h", self.socket, "-p", str(self.port), "-U", "postgres", "-d", database, "-c", statement],
            capture_output=True, timeout=timeout, env={"PATH": os.environ["PATH"], "PGCLIENTENCODING": "UTF8"})
        assert done.returncode == 0, done.stderr.decode()
        text = done.stdout.decode().removesuffix("\n").removesuffix("\x1e")
        return [[None if cell == "\x1d" else cell for cell in row.split("\x1f")] for row in text.split("\x1e")] if text else []

    def new_database(self, tablespace=None):
        """An empty one that the role owns: its name."""
        self.databases += 1
        name = f"ledger_{self.databases}"
        at = f" TABLESPACE {tablespace}" if tablespace else ""
        self.sql(f"CREATE DATABASE {name} OWNER {ROLE}{at}")
        return name

    def by_socket(self, database, role=ROLE):
        """How the role reaches it there, by who it is."""
        return f"postgresql:host={quoted(self.socket)} port={self.port} dbname={database} user={role}"

    def by_either(self, other, database, role=ROLE):
        """By the socket of whichever of the two takes writes."""
        sockets = quoted(f"{self.socket},{other.socket}")
        return f"postgresql:host={sockets} port={self.port},{other.port} dbname={database} user={role}"

    def by_tls(self, database, role=ROLE, port=None, host="localhost", hostaddr="127.0.0.1", **more):
        """The same by TLS, at another port where somebody relays."""
        words = {"host": host, "hostaddr": hostaddr, "port": port or self.port, "dbname": database, "user": role,
                 "sslmode": "verify-full", "sslrootcert": self.authority.pem, **more}
        return "postgresql:" + " ".join(f"{key}={quoted(value)}" for key, value in words.items())

    def sessions(self, where="TRUE"):
        """How many sessions of the role there are, of which that is true."""
        return int(self.sql(f"SELECT count(*) FROM pg_stat_activity WHERE usename <> 'postgres' AND backend_type = 'client backend' AND {where}")[0][0])

    @contextlib.contextmanager
    def small_disk(self, megabytes=24):
        """A tablespace of its own disk, which is small: its name, and the folder that it fills."""
        need(os.geteuid() == 0, "only root can mount")
        place, image = self.folder / "small", self.folder / "small.img"
        place.mkdir()
        image.touch()
        os.truncate(image, megabytes << 20)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True, timeout=60)
        subprocess.run(["mount", "-o", "loop", image, place], check=True, timeout=60)
        try:
            (place / "space").mkdir(mode=0o700)
            self._give(place / "space")
            self.sql(f"CREATE TABLESPACE small LOCATION '{place}/space'")
            yield "small", place
        finally:
            for (name,) in self.sql("SELECT datname FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE spcname = 'small'"):
                self.sql(f"DROP DATABASE {name} WITH (FORCE)")
            self.sql("DROP TABLESPACE small")
            unmount(place)


@contextlib.contextmanager
def filled(folder, left=0):
    """The disk of that folder without any room, but for so many bytes."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while file.write(bytes(65536)):
                pass
        file.truncate(max(file.tell() - left, 0))
    try:
        yield
    finally:
        ballast.unlink()


class SlowRelay:
    """127.0.0.1:port leads to the target's port there, and each piece takes `delay` seconds longer; silence() lets
    nothing through any more, as a cable that is cut."""

    def __init__(self, target, delay=0.0, listener=None):
        self.target, self.delay = target, delay
        self.silent = threading.Event()
        self.ends = []
        self.listener = listener or socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                self.ends += [client, server]
                for source, sink in ((client, server), (server, client)):
                    sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.delay:
                    time.sleep(self.delay)
                if not self.silent.is_set():
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def silence(self):
        self.silent.set()

    def close(self):
        self.listener.close()
        for end in self.ends:
            end.close()


def main(command):
    with contextlib.closing(Cluster()) as cluster:
        cluster.sql(f"ALTER ROLE {ROLE} CREATEDB")
        where = cluster.by_socket(cluster.new_database())
        return subprocess.run(command, env={**os.environ, "SCOREMAIL_TEST_POSTGRESQL": where}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
