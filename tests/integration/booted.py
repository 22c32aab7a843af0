"""Boots a real systemd over a throw-away root (agents.py), as PID 1 of namespaces of its own.

The network is the host's, so that an emulator on loopback can be reached; everything else is a machine
of its own: what runs there ends with the test, what is written lies in the root's folder.
"""
import os
import subprocess
from pathlib import Path

import agents
from harness import need

# $1: options of the overlay, $2: where it is mounted. Ends as systemd.
BOOT = r"""
set -eu
mount -t overlay overlay -o "$1" "$2"
cd "$2"
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs none sys/fs
mkdir sys/fs/cgroup
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs -o mode=755 none dev
for device in null zero full random urandom tty; do
    : >dev/$device
    mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 none dev/pts
mount -t tmpfs none dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755 none run
mount -t tmpfs none tmp # or what the host has there is deleted, file by file
mount --bind -o ro proc/sys proc/sys
mount -o remount,bind,ro proc/sys
hostname booted
mkdir -p .host
pivot_root . .host
umount -l .host
mount --make-rshared /
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --log-target=journal systemd.unit=booted.target
"""

# What a machine starts; nothing of what happens to be enabled on the host.
TARGET = b"""[Unit]
Requires=sockets.target timers.target paths.target dbus.socket multi-user.target
After=sockets.target timers.target paths.target dbus.socket multi-user.target
AllowIsolate=yes
"""


def groups():
    """Where cgroup2 is mounted."""
    folders = [Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")]
    found = [folder for folder in folders if (folder / "cgroup.procs").exists()]
    need(found, "a systemd of our own needs cgroup2")
    return found[0]


class Machine(agents.Root):
    """A root, like another one, that boots."""

    def __init__(self, folder, like):
        super().__init__(folder, like)
        self.cgroup = groups() / f"booted-{os.getpid()}-{id(self)}"

    def put(self, path, data, mode=0o644):
        """A file of root's, also while nothing runs."""
        target = self.changed(path)
        for parent in reversed(target.parents):
            if not parent.exists():
                parent.mkdir(0o755)
        target.write_bytes(data if isinstance(data, bytes) else data.encode())
        target.chmod(mode)

    def start(self):
        """Boots; returns once systemd says that all is started."""
        self.put("/etc/systemd/system/booted.target", TARGET)
        self.cgroup.mkdir(exist_ok=True)
        enter = ["unshare", "--mount", "--propagation", "private", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child"]
        into = ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', self.cgroup]
        self.init = subprocess.Popen([*into, *enter, "sh", "-c", BOOT, "boot", self.overlay(), self.folder / "root"],
                                     stdin=subprocess.DEVNULL, cwd="/", env=agents.ENVIRONMENT)
        children = Path(f"/proc/{self.init.pid}/task/{self.init.pid}/children")
        self.inside = agents.wait_for(lambda: children.read_text().split(), "the first process")[0]
        agents.wait_for(self.is_up, "systemd to have booted")

    def is_up(self):
        if Path(f"/proc/{self.inside}/comm").read_text() != "systemd\n":
            return False
        return self.run(["systemctl", "is-system-running"]).out.strip() in (b"running", b"degraded")

    def _enter(self, argv):
        if self.init is None:
            return super()._enter(argv)
        spaces = ["--mount", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--wd"]
        return ["nsenter", "--target", self.inside, *spaces, "--", *argv]

    def stop(self):
        """Switches the machine off, as a person would who has no time."""
        if self.init is None:
            return
        init, self.init = self.init, None
        init.kill()  # and the first process in its namespace with it, and that with it all others
        init.wait()
        agents.wait_for(lambda: "populated 0" in (self.cgroup / "cgroup.events").read_text(), "all to end")
        for folder in sorted(self.cgroup.rglob("*/"), key=lambda path: -len(path.parts)):
            folder.rmdir()
        self.cgroup.rmdir()

    def reboot(self):
        """Shuts down in order, and boots again."""
        init = self.init
        self.run(["systemctl", "--no-block", "reboot"])
        init.wait(agents.DEADLINE)
        self.stop()
        self.start()

    def shows(self, unit, what):
        """A property of a unit's, as systemctl shows it."""
        return self.must("systemctl", "show", "--value", "-p", what, unit).strip()

    def journal(self, *options):
        return self.must("journalctl", "--no-pager", "-o", "cat", *options)
