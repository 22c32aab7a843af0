"""Hosts that share a ledger on a server and a directory: each with a name, a boot, mounts and a configuration of its own."""
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from pathlib import Path

from harness import LEDGER_TIMES, Account, Running, need, run
from postgres import PASSWORD, SlowRelay


class Host(Account):
    """A machine of the site. Its account's directory is the site's, and only it sees what it mounts there."""

    NETWORK = []

    def __init__(self, site, name, where, **settings):
        self.site, self.name = site, name
        folder = site.folder / name
        folder.mkdir()
        boot = folder / "boot_id"
        boot.write_text(f"{uuid.uuid4()}\n")
        script = 'hostname "$1" && mount --bind "$2" /proc/sys/kernel/random/boot_id && echo ready && exec sleep infinity'
        self.holder = subprocess.Popen(["unshare", "--mount", "--uts", *self.NETWORK, "sh", "-c", script, "sh", name, boot],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self.holder.stdout.readline() == b"ready\n"
        self.inside = ["nsenter", "--target", str(self.holder.pid), "--mount", "--uts", *self.NETWORK, "--"]
        super().__init__(folder, site.build, site.emulator)
        self.directory.rmdir()
        self.directory = site.directory
        self.server_password = self.config.parent / "ledger-password"
        self.server_password.touch(mode=0o600)
        self.server_password.write_text(PASSWORD + "\n")
        self.reach(where)
        self.configure(directory=self.directory, **settings)

    def reach(self, where):
        """From now on the ledger is reached that way."""
        self.general["ledger"] = where
        self.general["ledger-password-file"] = self.server_password if "sslmode" in where else None
        self.general = {key: value for key, value in self.general.items() if value is not None}
        self.configure()

    def seen(self, path):
        return path

    def command(self, program, *arguments):
        return [*self.inside, self.build / program, *arguments]

    def run(self, program, *arguments, stdin=b"", **how):
        return run(self.command(program, *arguments), stdin, **how)

    def start(self, message):
        return Running(self.command("scoremail", "-c", self.config), message)

    def start_scorefetch(self, command, *arguments):
        return Running(self.command("scorefetch", command, "-c", self.config, *arguments), b"").go()

    def kill_all(self, program):
        """Every process of that name on this host, as a power loss would."""
        mounts = os.readlink(f"/proc/{self.holder.pid}/ns/mnt")
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended
                if (process / "comm").read_text().strip() == program and os.readlink(process / "ns" / "mnt") == mounts:
                    os.kill(int(process.name), signal.SIGKILL)

    def mount(self, *options):
        """Mounts over the directory, for this host alone."""
        subprocess.run([*self.inside, "mount", *options, self.directory], check=True, timeout=60)

    def unmount(self):
        subprocess.run([*self.inside, "umount", self.directory], check=True, timeout=60)

    def listing(self):
        """What this host sees in the directory."""
        return run([*self.inside, "ls", "-A", self.directory]).out.decode().split()

    def sql(self, statement, *values):
        assert not values
        return self.site.sql(statement)

    def time_passes(self, seconds):
        self.site.time_passes(seconds)

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


class FarHost(Host):
    """A host with a network of its own: the service is at its loopback, the server behind a cable that can be cut."""

    NETWORK = ["--net"]
    ADDRESS, SERVER = "10.99.14.2", "10.99.14.1"

    def __init__(self, site, name, where, **settings):
        super().__init__(site, name, where, **settings)
        self.cable = f"sm-{os.getpid()}"  # a name of at most 15 letters
        self._run("ip", "link", "set", "lo", "up")
        self._ip("link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        self._ip("address", "add", f"{self.SERVER}/30", "dev", self.cable)
        self._ip("link", "set", self.cable, "up")
        self._run("ip", "address", "add", f"{self.ADDRESS}/30", "dev", "eth0")
        self._run("ip", "link", "set", "eth0", "up")
        self.service = SlowRelay(site.emulator.port, listener=self._listen(site.emulator.port))

    def _run(self, *command):
        subprocess.run([*self.inside, *command], check=True, timeout=60)

    @staticmethod
    def _ip(*command):
        subprocess.run(["ip", *command], check=True, timeout=60)

    def _listen(self, port):
        """A socket that listens at its loopback."""
        libc = ctypes.CDLL(None, use_errno=True)
        made = []

        def listen():  # the namespace is this thread's
            with open(f"/proc/{self.holder.pid}/ns/net", "rb") as network:
                assert libc.setns(network.fileno(), 0x40000000) == 0, os.strerror(ctypes.get_errno())
            made.append(socket.create_server(("127.0.0.1", port)))

        thread = threading.Thread(target=listen)
        thread.start()
        thread.join()
        return made[0]

    def cut(self):
        self._ip("link", "set", self.cable, "down")

    def mend(self):
        self._ip("link", "set", self.cable, "up")

    def close(self):
        self.service.close()
        self._ip("link", "delete", self.cable)
        super().close()


class Site:
    """Hosts with one ledger, in a new database of the cluster, and one directory."""

    def __init__(self, folder, build, emulator, cluster):
        self.folder, self.build, self.emulator, self.cluster = folder, build, emulator, cluster
        self.directory = folder / "shared"
        self.directory.mkdir(mode=0o700)
        self.database = cluster.new_database()
        self.hosts = []

    def add(self, where=None, kind=Host, **settings):
        """One more host, by the socket unless told otherwise."""
        host = kind(self, f"mx{len(self.hosts) + 1}", where or self.cluster.by_socket(self.database), **settings)
        self.hosts.append(host)
        return host

    def sql(self, statement):
        """The rows that the ledger gives for it, as dictionaries of strings, numbers and None."""
        wrapped = f"SELECT coalesce(json_agg(r), '[]') FROM ({statement}) r" if statement.lstrip().upper().startswith("SELECT") else statement
        rows = self.cluster.sql(wrapped, self.database)
        return json.loads(rows[0][0]) if rows else []

    def time_passes(self, seconds):
        for table, columns in LEDGER_TIMES.items():
            for column in columns:
                self.cluster.sql(f"UPDATE {table} SET {column} = {column} - {seconds} WHERE {column} > 0", self.database)

    def stored(self):
        """What lies in the directory, hidden files too, but for its id."""
        return {p.name: p.read_bytes() for p in self.directory.iterdir() if p.is_file() and p.name != ".scoremail-id"}

    def states(self):
        return {row["name"]: row["state"] for row in self.sql("SELECT name, state FROM files")}

    def times(self, action):
        """How often the log has that, and for how many files."""
        row, = self.sql(f"SELECT count(*) AS n, count(DISTINCT name) AS names FROM log WHERE action = '{action}'")
        return row["n"], row["names"]

    def assert_whole(self, data):
        """What is left is done by one more run and sync; then each file is there, once."""
        self.time_passes(7200)
        for part in self.directory.glob(".*.part"):  # of who lost its claim, and cannot know what others do
            os.utime(part, (time.time() - 7200,) * 2)
        for command in (["run"], ["sync", "--all"]):
            done = self.hosts[0].scorefetch(*command)
            assert done.code == 0, done.err
        assert self.stored() == data
        assert self.times("stored") == (len(data), len(data))
        assert set(self.states().values()) == {"stored"}

    def close(self):
        while self.hosts:
            self.hosts.pop().close()


def need_namespaces():
    done = subprocess.run(["unshare", "--mount", "--uts", "true"], capture_output=True, timeout=60)
    need(done.returncode == 0, "no namespaces of mounts and names can be made")
