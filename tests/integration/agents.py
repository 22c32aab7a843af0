"""Throw-away roots in which real mail agents are installed and called.

Agents conflict with each other and with the host's mail system, so none is
ever installed on the host. A root is an overlay over the host's `/`, whose
changes lie in a temporary folder; the agent is installed once in a run of the
tests and its root copied for each test. Every command runs in a mount and process namespace of
its own, so that nothing stays mounted or running once it has ended, however it
ends; between start() and stop() all share one such pair, so that daemons live
on. The network is the host's: an emulator on loopback can be reached.
"""
import email
import fcntl
import mailbox
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from harness import CHECKOUT, PROGRAM_FILES, Account, Result, mail, need
from sink import Sink

DEADLINE = 180  # seconds for what takes few; never reached when all is well
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
FILTERS = CHECKOUT / "filters"
LOWER = os.environ.get("SCOREMAIL_TESTS_LOWER", "/")  # what the roots are made from; tests/fresh/run has an emptier one
OUTSIDE = "noreply@outside.example.org"  # the envelope sender of what comes in

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

# The host's package lists may be older than its archive; no service may start in here; and neither
# an index of manual pages nor a disk that has it all is worth waiting for.
INSTALL = r"""
set -eu
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
rm -f /var/lib/man-db/auto-update
export DEBIAN_FRONTEND=noninteractive
case " $* " in *" sendmail-bin "*) # its set-up waits a minute for a name with a domain
    echo "127.0.1.1 host.example.edu $(hostname)" >>/etc/hosts ;;
esac
install() {
    apt-get -q -y -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io install --no-install-recommends "$@"
}
install "$@" || { apt-get -q update && install "$@"; }
rm -f /var/cache/apt/*.bin /var/cache/apt/archives/*.deb
"""


class Root:
    """A file system like the host's. What is changed in it lies in `folder` and goes with that."""

    def __init__(self, folder, like=None):
        """`like`: the folder of another root, which this one starts as a copy of."""
        self.folder = Path(folder)
        self.binds = {}  # path inside -> path on the host
        self.init = None
        for name in ("changes", "work", "root"):
            (self.folder / name).mkdir(parents=True)
        if like is not None:
            # cp: an overlay notes what was removed in device nodes and extended attributes
            subprocess.run(["cp", "-aT", like / "changes", self.folder / "changes"], check=True)

    def copy(self, folder):
        """Another root that starts as this one is."""
        return Root(folder, self.folder)

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

    def overlay(self):
        return f"lowerdir={LOWER},upperdir={self.folder / 'changes'},workdir={self.folder / 'work'}"

    def start(self):
        """From here to stop() what a command leaves running lives on."""
        # cat ends with this program at the latest, and all others in its namespace with it
        self.init = subprocess.Popen(
            self._enter(["/bin/sh", "-c", "echo && exec cat"]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", env=ENVIRONMENT,
        )
        assert self.init.stdout.readline() == b"\n"
        children = Path(f"/proc/{self.init.pid}/task/{self.init.pid}/children")
        self.inside = children.read_text().strip()

    def stop(self):
        """Ends whatever runs in the root."""
        if self.init is None:
            return
        init, self.init = self.init, None
        with init:
            init.stdin.close()
            try:
                init.wait(DEADLINE)
            finally:
                init.kill()

    def _enter(self, argv):
        """The command that runs argv in the root: where the others run, or on its own."""
        if self.init is not None:
            return ["nsenter", "--target", self.inside, "--mount", "--pid", "--root", "--wd", "--", *argv]
        options = self.overlay()
        pairs = [word for target, source in self.binds.items() for word in (source, target)]
        command = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
        return [*command, "/bin/sh", "-c", ENTER, "enter", options, self.folder / "root", *pairs, "--", *argv]

    def run(self, argv, stdin=b"", user=None, timeout=300):
        """Runs a command in the root, as root or as that user."""
        become = ["runuser", "-u", user, "--"] if user else []
        done = subprocess.run(
            self._enter([*become, *argv]), input=stdin, capture_output=True, timeout=timeout, cwd="/", env=ENVIRONMENT
        )
        return Result(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    def must(self, *argv, **how):
        """Runs a command that has to succeed; what it printed."""
        done = self.run(argv, **how)
        assert done.code == 0, f"{argv}: {done.out.decode(errors='replace')}{done.err}"
        return done.out.decode()

    def append(self, name, target):
        """A file from filters/ at the end of one in the root."""
        self.must("sh", "-c", f'cat >>"{target}"', stdin=(FILTERS / name).read_bytes())

    def daemon(self, *argv):
        """Starts a daemon: a command that leaves something running, which may keep what it has open."""
        quietly = '"$@" </dev/null >/var/log/started 2>&1 || { cat /var/log/started; exit 1; }'
        self.must("sh", "-c", quietly, "sh", *argv)


def install(folder, *packages, users=()):
    """A root with these packages in it, and with users who have homes. It is made once in a run of the
    tests, whichever file or worker asks first; each call returns a copy of its own."""
    need(os.geteuid() == 0, "real mail agents need root, to be installed into a throw-away root")
    made = Path(os.environ["SCOREMAIL_TEST_ROOTS"]) / "_".join([*sorted(packages), "for", *sorted(users)])
    with open(f"{made}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second waits, and finds it made
        if not made.exists():
            unfinished = made.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            _make(Root(unfinished), packages, users)
            unfinished.rename(made)
    return Root(folder, made)


def _make(root, packages, users):
    entered = root.run(["true"])
    need(entered.code == 0, f"real mail agents need namespaces and an overlay over /: {entered.err}")
    done = root.run(["/bin/sh", "-c", INSTALL, "install", *packages], timeout=600)
    need(done.code == 0, f"apt-get could not install {' '.join(packages)}: {done.err}")
    for user in users:
        root.must("useradd", "--create-home", "--shell", "/bin/sh", user)


@contextmanager
def stage(template, folder):
    """A copy of a root and a Sink for what an agent there sends outside; all ends with the context."""
    root = template.copy(folder / "root")
    with Sink() as sink:
        try:
            yield root, sink
        finally:
            root.stop()


# Stands for a mail system where there is none.
SENDMAIL = b"""#!/bin/sh
echo "$*" >>/var/log/sent
exec cat >/dev/null
"""


def note_what_is_sent(root):
    """From here on sent() tells what is sent from a root that has no mail system."""
    root.must("tee", "/usr/sbin/sendmail", stdin=SENDMAIL)
    root.must("chmod", "755", "/usr/sbin/sendmail")
    root.must("install", "-m", "666", "/dev/null", "/var/log/sent")


def sent(root):
    """The command lines that mail was sent with."""
    return root.changed("/var/log/sent").read_text().splitlines()


def wait_for(condition, what):
    """Waits until condition() is true, and returns what it returned."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError(f"waited {DEADLINE} s for {what}")


def message_id(name):
    """The Message-ID of a fixture mail."""
    return email.message_from_bytes(mail(name))["Message-ID"]


def message_ids(box):
    """The Message-IDs in an mbox file or a maildir, one for each copy."""
    if not box.exists():
        return []
    kind = mailbox.Maildir if box.is_dir() else mailbox.mbox
    return [message["Message-ID"] for message in kind(box, create=False)]


class Owner(Account):
    """A user of a root, whose account it is; scoremail is installed there."""

    PROGRAMS = PROGRAM_FILES
    BIN = "/usr/local/bin"  # where `meson install` puts them

    def __init__(self, root, folder, build, emulator, user, **settings):
        self.root = root
        self.user = user
        self.home = folder / "home"
        self.home.mkdir()
        _, _, uid, gid, _, home, _ = root.must("getent", "passwd", user).split(":")
        self.uid, self.gid = int(uid), int(gid)
        root.bind(self.home, home)
        for program in self.PROGRAMS:
            root.bind(build / program, f"{self.BIN}/{program}")
        super().__init__(self.home, build, emulator, seen_at=Path(home), **settings)
        self.give_home()

    def uninstall(self):
        for program in self.PROGRAMS:
            self.root.unbind(f"{self.BIN}/{program}")

    def copy_recipe(self, name, target):
        """A file from filters/ into the home."""
        target = self.home / target
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FILTERS / name, target)
        self.give_home()

    def give_home(self):
        for path in [self.home, *self.home.rglob("*")]:
            os.lchown(path, self.uid, self.gid)

    def make_due(self):
        """Lets the time pass after which the service may be asked again; nothing is fetched by that."""
        self.time_passes(3600)
        self.give_home()

    def run(self, program, *arguments, stdin=b""):
        return self.root.run([f"{self.BIN}/{program}", *map(str, arguments)], stdin, user=self.user)
