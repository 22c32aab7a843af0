"""Throw-away roots in which real mail agents are installed and called.

Agents conflict with each other and with the host's mail system, so none is
ever installed on the host. A root is an overlay over the host's `/`, whose
changes lie in a temporary folder; the agent is installed once and its root
copied for each test. Every command runs in a mount and process namespace of
its own, so that nothing stays mounted or running once it has ended, however it
ends. The network is the host's: an emulator on loopback can be reached.
"""
import os
import subprocess
from pathlib import Path

from harness import Result, need

# $1: the overlay's options, $2: where to mount it; then a list of "SOURCE TARGET"
# pairs to bind, up to "--"; then the command. TARGET is a path inside the root.
ENTER = r"""
set -eu
options=$1 root=$2
shift 2
mount -t overlay overlay -o "$options" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then
        mkdir -p "$root$2"
    else
        mkdir -p "$root${2%/*}"
        [ -e "$root$2" ] || : >"$root$2"
    fi
    mount --bind "$1" "$root$2"
    shift 2
done
shift
exec chroot "$root" "$@"
"""

# The host's package lists may be older than its archive; and no service may start in here.
INSTALL = r"""
set -eu
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive
install() {
    apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
}
install "$@" || { apt-get -q update && install "$@"; }
rm -f /var/cache/apt/*.bin /var/cache/apt/archives/*.deb
"""


class Root:
    """A file system like the host's. What is changed in it lies in `folder` and goes with that."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.binds = {}  # path inside -> path on the host
        for name in ("changes", "work", "root"):
            (self.folder / name).mkdir(parents=True)

    def copy(self, folder):
        """Another root that starts as this one is."""
        other = Root(folder)
        # cp: an overlay notes what was removed in device nodes and extended attributes
        subprocess.run(["cp", "-aT", self.folder / "changes", other.folder / "changes"], check=True)
        return other

    def bind(self, source, target):
        """Shows the host's file or folder `source` inside the root as `target`."""
        self.binds[os.fspath(target)] = os.fspath(source)

    def unbind(self, target):
        """Undoes bind(), and whatever was there before is there again: nothing, as a rule."""
        del self.binds[os.fspath(target)]
        self.changed(target).unlink(missing_ok=True)  # where it was mounted

    def changed(self, path):
        """Where a path inside that was written to, and not bound, lies on the host."""
        return self.folder / "changes" / os.fspath(path).lstrip("/")

    def run(self, argv, stdin=b"", user=None, timeout=300):
        """Runs a command in the root, as root or as that user."""
        options = f"lowerdir=/,upperdir={self.folder / 'changes'},workdir={self.folder / 'work'}"
        pairs = [word for target, source in self.binds.items() for word in (source, target)]
        become = ["runuser", "-u", user, "--"] if user else []
        command = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
        command += ["/bin/sh", "-c", ENTER, "enter", options, self.folder / "root", *pairs, "--", *become, *argv]
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=timeout, cwd="/", env=environment)
        return Result(done.returncode, done.stdout, done.stderr.decode(errors="replace"))


def install(folder, *packages):
    """A root with these packages in it."""
    need(os.geteuid() == 0, "real mail agents need root, to be installed into a throw-away root")
    root = Root(folder)
    entered = root.run(["true"])
    need(entered.code == 0, f"real mail agents need namespaces and an overlay over /: {entered.err}")
    done = root.run(["/bin/sh", "-c", INSTALL, "install", *packages], timeout=600)
    need(done.code == 0, f"apt-get could not install {' '.join(packages)}: {done.err}")
    return root
