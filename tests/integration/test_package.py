"""The Debian packages: made as `contrib/package deb` makes them, installed with apt, used, upgraded, removed, purged."""
import os
import re
import shutil
import signal
import subprocess
import tarfile
from urllib.parse import urlsplit

import agents
import debian
import pytest
from debian import apt
from harness import CHECKOUT, CSV_NAME, TXT_NAME, mail, need, notification, run

pytestmark = [
    pytest.mark.release_only("packages have a build of their own"),
    pytest.mark.xdist_group("packages"),  # they are made once
]

CONFIG = "/etc/scoremail/scoremail.conf"
DIRECTORY = "/var/lib/scoremail/scores"  # where a purge must not delete it
OLD_UNIT = "/etc/systemd/system/paths.target.wants/scoremail-run.path"  # of 0.1.0
WORKER = ["runuser", "-u", "scoremail", "--", "scorefetch", "run", "-c", CONFIG]


def test_a_wrong_kind_makes_no_folder(tmp_path):
    for words in ([], ["foo"], ["usage"], ["deb", "x", "y"]):
        done = run([CHECKOUT / "contrib/package", *words, *([tmp_path / "packages"] if words == ["foo"] else [])])
        assert done.code == 64 and "contrib/package deb [FOLDER]" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def packages():
    return debian.packages()


@pytest.fixture(scope="module")
def older(packages, tmp_path_factory):
    """The folder of an older package: the first that there was, where it was made (tests/fresh/run), else the same programs."""
    folder = tmp_path_factory.mktemp("older")
    first = [*packages.glob("first/scoremail_*.deb")]
    if first:
        shutil.copy(first[0], folder / "scoremail.deb")
    else:
        relabel(next(packages.glob("scoremail_*.deb")), "0.1.0", folder / "scoremail.deb")
    return folder


def relabel(package, version, target):
    """The same package under another version."""
    tree = target.parent / "tree"
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN" / "control"
    lines = control.read_text().splitlines(keepends=True)
    control.write_text("".join(f"Version: {version}\n" if line.startswith("Version:") else line for line in lines))
    subprocess.run(["dpkg-deb", "-Znone", "-b", "--root-owner-group", tree, target], check=True, capture_output=True)
    shutil.rmtree(tree)


class Host:
    """A Debian with procmail, and with what a site's manual says: a configuration, a password, alice."""

    def __init__(self, root, build, emulator):
        self.root, self.build, self.emulator = root, build, emulator

    def configure(self):
        service = urlsplit(self.emulator.url)
        username, password = next(iter(self.emulator.users.items()))
        self.write("/etc/scoremail/ca.pem", open(self.emulator.ca, "rb").read())
        self.write("/etc/scoremail/password", f"{password}\n".encode(), "400")
        self.write(CONFIG, f"""[account main]
username = {username}
password-file = /etc/scoremail/password
directory = {DIRECTORY}
format = both
delivery = queued
service-url = {self.emulator.url}
storage-hosts = {service.hostname}:{service.port}
ca-file = /etc/scoremail/ca.pem
give-up-after = 10min
""".encode())
        self.root.must("chown", "scoremail:", "/etc/scoremail/password")
        self.root.must("install", "-d", "-o", "scoremail", "-g", "scoremail", "-m", "700", DIRECTORY)
        self.root.must("usermod", "-aG", "scorespool", "alice")
        recipe = self.root.must("cat", "/usr/share/doc/scoremail/filters/procmailrc")
        self.write("/home/alice/.procmailrc", recipe.replace("$HOME/.config/scoremail/", "/etc/scoremail/").encode())
        self.root.must("chown", "alice:", "/home/alice/.procmailrc")
        assert self.root.run(WORKER).code == 0

    def write(self, path, data, mode="644"):
        self.root.must("sh", "-c", 'mkdir -p "${1%/*}" && cat >"$1" && chmod "$2" "$1"', "sh", path, mode, stdin=data)

    def receive(self, message):
        self.root.must("procmail", "-t", "-d", "alice", stdin=b"From a@example.org Tue Apr 10 11:16:04 2018\n" + message)

    def events(self):
        return self.root.must("find", "/var/spool/scoremail", "-name", "*.event").splitlines()

    def stored(self):
        return self.root.must("ls", DIRECTORY).split()

    def exists(self, path):
        return self.root.run(["test", "-e", path]).code == 0


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return agents.install(tmp_path_factory.mktemp("debian") / "root", "procmail", "python3", "systemd", "xz-utils", users=["alice", "bob"])


@pytest.fixture
def host(packages, older, template, build, announced, tmp_path):
    root = template.copy(tmp_path / "root")
    root.bind(packages, debian.SHOWN)
    root.bind(older, "/srv/older")
    root.start()  # with the binds made before
    yield Host(root, build, announced)
    root.stop()


def test_lintian_finds_no_error_and_no_warning(packages):
    need(shutil.which("lintian"), "lintian is not installed")
    done = subprocess.run(["lintian", "--allow-root", "--pedantic", "--fail-on", "error,warning", *packages.glob("*.changes")],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_source_package_has_what_is_committed_and_the_packaging(packages):
    (source,) = packages.glob("*.tar.xz")
    with tarfile.open(source) as tar:
        names = {name.split("/", 1)[-1] for name in tar.getnames()}
    assert {"meson.build", "src/filter/main.c", "debian/control", "debian/tests/control", "debian/changelog"} <= names


def test_it_is_installed_used_removed_and_purged(packages, host, scores):
    root = host.root
    debian.install(host.root, packages, "scoremail_*.deb", "scoremail-doc_*.deb")
    assert root.must("stat", "-c", "%U %G %a", "/var/spool/scoremail") == "scoremail scorespool 3770\n"
    assert root.must("stat", "-c", "%U %G %a", "/var/lib/scoremail") == "scoremail scoremail 700\n"
    for unit in ("run.socket", "run.timer", "sync.timer", "tell.timer"):
        assert root.run(["systemctl", "is-enabled", f"scoremail-{unit}"]).out == b"disabled\n"
    assert host.exists("/usr/share/man/man1/scorefetch.1.gz")
    script = root.must("cat", "/var/lib/dpkg/info/scoremail.postinst")  # of an upgrade: the worker ends with the socket
    assert "deb-systemd-invoke start 'scoremail-run.socket'" in script and "$_dh_action 'scoremail-run.timer'" in script
    host.configure()
    host.receive(mail("csv"))
    assert len(host.events()) == 1
    root.must(*WORKER)
    assert root.must("cat", f"{DIRECTORY}/{CSV_NAME}").encode() == scores[CSV_NAME]
    checked = root.run(["runuser", "-u", "alice", "--", "scorefetch", "check", "-c", CONFIG]).out.decode()
    assert "procmail calls scoremail (/home/alice/.procmailrc)" in checked, checked

    named = set(re.findall(r"/usr/share/[\w./+-]*[\w+-]", root.must("sh", "-c", "zcat /usr/share/man/man?/score*")))
    assert named and [path for path in named if not host.exists(path)] == []  # a manual page names what is there
    host.write("/etc/cron.d/scoremail", b"# Written by scorefetch setup.\n")
    host.receive(mail("txt"))
    apt(root, "remove", "scoremail")
    assert not host.exists("/usr/bin/scoremail")
    assert host.exists("/var/lib/scoremail/ledger.db") and len(host.events()) == 1 and host.stored() == [CSV_NAME]
    apt(root, "purge", "scoremail")
    assert not host.exists("/var/spool/scoremail") and not host.exists("/var/lib/scoremail/ledger.db")
    assert host.stored() == [CSV_NAME] and host.exists(CONFIG) and not host.exists("/etc/cron.d/scoremail")


def test_an_upgrade_leaves_a_worker_at_work_and_events_that_wait(packages, host, scores):
    root = host.root
    apt(root, "install", "/srv/older/scoremail.deb")
    host.configure()
    root.must("sh", "-c", 'mkdir -p "${1%/*}" && ln -sf /lib/systemd/system/scoremail-run.path "$1"', "sh", OLD_UNIT)  # enabled
    host.receive(mail("csv"))
    host.emulator.add("5818_20260101_000001.csv", b"x" * 200_000)
    host.receive(notification(host.build, "5818_20260101_000001.csv"))
    host.emulator.faults("object:drip=20000")
    root.daemon("sh", "-c", f'({" ".join(WORKER)}; echo $? >/run/ended) & ')
    agents.wait_for(lambda: len(host.emulator.requests("file")) == 2, "the worker to be at work")
    os.kill(host.emulator.process.pid, signal.SIGSTOP)  # in the middle of the download
    try:
        host.receive(mail("txt"))
        debian.install(host.root, packages, "scoremail_*.deb")
        assert not host.exists("/run/ended")  # the worker has outlived the upgrade
        assert root.must("systemctl", "is-enabled", "scoremail-run.socket") == "enabled\n" and root.run(["test", "-L", OLD_UNIT]).code != 0
        assert CSV_NAME in root.must("scorefetch", "status", "-c", CONFIG, user="scoremail")  # brings the ledger up to date
    finally:
        os.kill(host.emulator.process.pid, signal.SIGCONT)
    agents.wait_for(lambda: host.exists("/run/ended"), "the worker to end")
    assert root.must("cat", "/run/ended") == "0\n"
    root.must(*WORKER)
    assert host.stored() == sorted([CSV_NAME, TXT_NAME, "5818_20260101_000001.csv"]) and host.events() == []
    assert host.exists("/var/lib/scoremail/ledger.db.schema-2") == (packages / "first").exists()


def test_the_quickstart_runs_with_the_installed_programs(packages, host):
    """What debian/tests has a Debian archive do."""
    debian.install(host.root, packages, "scoremail_*.deb", "scoremail-emulator_*.deb")
    (source,) = packages.glob("*.tar.xz")
    host.root.must("tar", "-xf", f"/srv/packages/{source.name}", "-C", "/srv", "--one-top-level=source", "--strip-components=1")
    said = host.root.must("/srv/source/contrib/quickstart", "--installed")
    assert "Installed in /usr/bin" in said and "NOT TRUE" not in said and "build-quickstart" not in said
