"""The commands of contrib/hooks, told by on-stored: with a real SSH server, a real S3 server and a file system."""
import configparser
import grp
import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import stat
import subprocess
import time
from urllib.parse import urlsplit

import agents
import objectstore
import pytest
from harness import CHECKOUT, CSV_NAME, mail, need
from test_reposts import CORRECTED, announced_again

pytestmark = pytest.mark.release_only("the commands are tested, not our memory handling")
HOOKS = CHECKOUT / "contrib" / "hooks"
OTHER_GROUP = grp.getgrgid(1).gr_name  # daemon: some group that every Debian has


def command(hook, *arguments):
    return shlex.join(map(str, [HOOKS / hook, *arguments]))


def open_handovers(account):
    return account.sql("SELECT reason FROM handovers WHERE done = 0")


def told_twice(account):
    """As if scorefetch had died after the command and before that was recorded."""
    account.sql("UPDATE handovers SET done = 0")
    assert account.scorefetch("run").code == 0
    assert open_handovers(account) == []


@pytest.mark.parametrize("hook", ["copy", "s3", "sftp", "common.sh"])
def test_shellcheck_finds_nothing(hook):
    need(shutil.which("shellcheck"), "shellcheck is not installed")
    done = subprocess.run(["shellcheck", "-x", "-P", HOOKS, HOOKS / hook], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("hook", ["copy", "s3", "sftp"])
def test_without_arguments_it_says_what_it_is_for(hook):
    done = subprocess.run([HOOKS / hook], capture_output=True, text=True, timeout=60)
    assert done.returncode == 64
    assert f"on-stored = /usr/local/share/scoremail/hooks/{hook}" in done.stderr
    assert "set -eu" not in done.stderr


# copy


@pytest.fixture
def target(account):
    """A directory into which files are copied: a path that a shell would take apart."""
    folder = account.folder / "import $HOME 'here'"
    folder.mkdir()
    return folder


def dated(path):
    """A copy's name: with the day on which path was stored."""
    return time.strftime("%Y-%m-%d_", time.localtime(path.stat().st_mtime)) + path.name


def test_a_copy_has_date_group_and_mode(account, target, scores):
    need(os.geteuid() == 0, "only root has a group to spare")
    account.configure(on_stored=command("copy", "-g", OTHER_GROUP, "-m", "0640", target))
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert open_handovers(account) == []
    (copy,) = target.iterdir()
    assert copy.name == dated(account.directory / CSV_NAME)
    assert re.match(r"20\d\d-[01]\d-[0-3]\d_4300_", copy.name)
    assert copy.read_bytes() == scores[CSV_NAME]
    assert (copy.group(), stat.S_IMODE(copy.stat().st_mode)) == (OTHER_GROUP, 0o640)


def test_a_copy_of_an_encrypted_file_says_so(sealing):
    target = sealing.folder / "import"
    target.mkdir()
    sealing.configure(on_stored=command("copy", target))
    sealing.scoremail(stdin=mail("csv"))
    assert [(path.name, path.read_bytes()) for path in target.iterdir()] == [
        (dated(sealing.directory / f"{CSV_NAME}.gpg"), sealing.stored()[f"{CSV_NAME}.gpg"])
    ]


def test_a_copy_is_made_once(account, target):
    account.configure(on_stored=command("copy", target))
    account.scoremail(stdin=mail("csv"))
    (copy,) = target.iterdir()
    before = copy.stat()
    told_twice(account)
    assert os.path.samestat(before, copy.stat())
    assert list(target.iterdir()) == [copy]


def test_a_corrected_copy_takes_the_older_one_s_place(account, target, emulator):
    account.configure(on_stored=command("copy", target))
    account.scoremail(stdin=mail("csv"))
    older = dated(account.directory / CSV_NAME)
    emulator.add(CSV_NAME, CORRECTED)
    account.scoremail(stdin=announced_again(1))
    newer = dated(account.directory / CSV_NAME)  # another name only where midnight has passed
    assert (target / newer).read_bytes() == CORRECTED and {path.name for path in target.iterdir()} == {older, newer}


def test_a_copy_waits_for_its_directory(account, target, scores):
    account.configure(on_stored=command("copy", target))
    target.rmdir()
    account.scoremail(stdin=mail("csv"))
    (still,) = open_handovers(account)
    assert "does not exist; is its file system mounted?" in still["reason"]
    target.mkdir()
    account.time_passes(3600)
    assert account.scorefetch("run").code == 0
    assert [path.read_bytes() for path in target.iterdir()] == [scores[CSV_NAME]]


def test_what_was_changed_or_taken_is_not_handed_on(account, target):
    account.configure(on_stored=command("copy", target))
    target.rmdir()
    account.scoremail(stdin=mail("csv"))
    target.mkdir()
    (account.directory / CSV_NAME).write_bytes(b"edited by hand\r\n")
    account.scorefetch("retry", CSV_NAME)
    assert "has changed since it was stored" in open_handovers(account)[0]["reason"]
    (account.directory / CSV_NAME).unlink()
    account.scorefetch("retry", CSV_NAME)
    assert "no longer exists" in open_handovers(account)[0]["reason"]
    assert list(target.iterdir()) == []


# s3


@pytest.fixture(scope="module")
def swift():
    need(importlib.util.find_spec("swift"), "python3-swift is not installed")
    need(shutil.which("s3cmd"), "s3cmd is not installed")
    store = objectstore.Swift()
    try:
        yield store
    finally:
        store.stop()


@pytest.fixture
def bucket(account, swift):
    """An account whose files go into Swift's bucket by s3cmd; what s3cmd is asked by the test itself."""
    host = urlsplit(swift.url).netloc
    config = configparser.RawConfigParser()
    config["default"] = {
        "access_key": objectstore.ACCESS_KEY,
        "secret_key": objectstore.SECRET_KEY,
        "host_base": host,
        "host_bucket": host,
        "ca_certs_file": swift.certificate,
    }
    path = account.folder / "s3cfg"
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        config.write(file)
    prefix = f"s3://{objectstore.BUCKET}/scores/{account.folder.name}"
    account.configure(on_stored=command("s3", path, prefix))

    def s3cmd(*arguments):
        done = subprocess.run(["s3cmd", "-c", path, *arguments], capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    s3cmd.prefix = prefix
    s3cmd.config = path
    return s3cmd


def test_an_object_is_put_into_the_bucket(account, bucket, scores):
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert open_handovers(account) == []
    assert bucket("get", "--force", f"{bucket.prefix}/{CSV_NAME}", "-") == scores[CSV_NAME]
    info = bucket("info", f"{bucket.prefix}/{CSV_NAME}").decode()
    assert f"x-amz-meta-sha256: {hashlib.sha256(scores[CSV_NAME]).hexdigest()}" in info
    assert re.search(r"x-amz-meta-scoremail-id: \S+", info)
    assert objectstore.SECRET_KEY not in account.log.read_text()


def test_an_object_that_is_put_twice_is_one(account, bucket, emulator):
    account.scoremail(stdin=mail("csv"))
    told_twice(account)
    emulator.add(CSV_NAME, CORRECTED)
    account.scoremail(stdin=announced_again(1))
    listed = bucket("ls", bucket.prefix + "/").decode().splitlines()
    assert [line.split()[-1] for line in listed] == [f"{bucket.prefix}/{CSV_NAME}"]
    assert bucket("get", "--force", f"{bucket.prefix}/{CSV_NAME}", "-") == CORRECTED


def test_a_store_that_refuses_is_told_again(account, bucket, scores):
    good = bucket.config.read_text()
    bucket.config.write_text(good.replace(objectstore.SECRET_KEY, "another"))
    account.scoremail(stdin=mail("csv"))
    (still,) = open_handovers(account)
    assert re.search("SignatureDoesNotMatch|403", still["reason"]), still
    bucket.config.write_text(good)
    account.time_passes(3600)
    assert account.scorefetch("run").code == 0
    assert bucket("get", "--force", f"{bucket.prefix}/{CSV_NAME}", "-") == scores[CSV_NAME]


# sftp

SSHD = """\
Port {port}
ListenAddress 127.0.0.1
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile /run/sshd.pid
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
AllowUsers receiver
Subsystem sftp /usr/lib/openssh/sftp-server -e -l VERBOSE 2>>/home/receiver/log
"""


@pytest.fixture(scope="module")
def ssh_root(tmp_path_factory):
    return agents.install(
        tmp_path_factory.mktemp("ssh") / "root", "openssh-server", "openssh-client", users=["alice", "receiver"]
    )


class Uploads(agents.Owner):
    """alice, whose files go by SFTP to the user `receiver` of a real sshd."""

    def __init__(self, root, folder, build, emulator):
        self.port = objectstore.free_port()
        super().__init__(root, folder, build, emulator, "alice")
        root.bind(HOOKS, "/usr/local/share/scoremail/hooks")
        root.must("mkdir", "-p", "/run/sshd")
        root.must("usermod", "--password", "*", "receiver")  # no password, but not locked: sshd refuses such
        root.must("sh", "-c", "cat >/etc/ssh/sshd_config", stdin=SSHD.format(port=self.port).encode())
        root.must("runuser", "-u", "alice", "--", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/home/alice/key")
        root.must("install", "-d", "-o", "receiver", "-m", "700", "/home/receiver/.ssh", "/home/receiver/in box")
        key = (self.home / "key.pub").read_text()
        root.must("sh", "-c", "cat >/home/receiver/.ssh/authorized_keys", stdin=key.encode())
        self.know(root.must("cat", "/etc/ssh/ssh_host_ed25519_key.pub"))
        self.tell("-m", "0640")

    def know(self, key):
        (self.home / "known hosts").write_text(f"[127.0.0.1]:{self.port} {' '.join(key.split()[:2])}\n")

    def tell(self, *options):
        """on-stored with these options; the configuration has to be alice's again."""
        words = ["-i", "/home/alice/key", "-k", "/home/alice/known hosts", "-p", self.port, *options]
        words = ["/usr/local/share/scoremail/hooks/sftp", *words, "receiver@127.0.0.1", "/home/receiver/in box"]
        self.configure(on_stored=shlex.join(map(str, words)))
        self.give_home()

    def serve(self):
        self.root.daemon("/usr/sbin/sshd", "-E", "/var/log/sshd", "-f", "/etc/ssh/sshd_config")

    def received(self):
        """name -> (bytes, mode) of what has arrived, hidden files too."""
        folder = self.root.changed("/home/receiver/in box")
        return {path.name: (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir()}

    def deliver(self, message):
        done = self.scoremail(stdin=message)
        assert done.code == 0, done.err

    def still_open(self):
        rows = open_handovers(self)
        self.give_home()
        return rows


@pytest.fixture
def uploads(ssh_root, build, emulator, scores, tmp_path):
    for name, data in scores.items():
        emulator.add(name, data)
    root = ssh_root.copy(tmp_path / "root")
    owner = None
    try:
        owner = Uploads(root, tmp_path, build, emulator)
        root.start()
        owner.serve()
        yield owner
    finally:
        root.stop()


def test_an_upload_gets_its_name_when_it_is_whole(uploads, scores):
    uploads.deliver(mail("csv"))
    assert uploads.still_open() == []
    assert uploads.received() == {CSV_NAME: (scores[CSV_NAME], 0o640)}
    log = uploads.root.must("cat", "/home/receiver/log")
    part = re.search(r'open "/home/receiver/in box/(\.[^"]+\.part)" flags WRITE', log)[1]
    assert re.search(rf'posix-rename old "[^"]+/{re.escape(part)}" new "[^"]+/{CSV_NAME}"', log)
    assert f'open "/home/receiver/in box/{CSV_NAME}"' not in log


def test_an_upload_that_is_told_twice_is_one(uploads, emulator):
    uploads.deliver(mail("csv"))
    uploads.sql("UPDATE handovers SET done = 0")
    uploads.give_home()
    assert uploads.scorefetch("run").code == 0
    emulator.add(CSV_NAME, CORRECTED)
    uploads.deliver(announced_again(1))
    assert uploads.still_open() == []
    assert uploads.received() == {CSV_NAME: (CORRECTED, 0o640)}


def test_a_host_with_another_key_gets_nothing(uploads, scores):
    good = (uploads.home / "known hosts").read_text()
    uploads.know((uploads.home / "key.pub").read_text())
    uploads.deliver(mail("csv"))
    (still,) = uploads.still_open()
    assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in still["reason"]
    assert uploads.received() == {}
    (uploads.home / "known hosts").write_text("")
    uploads.scorefetch("retry", CSV_NAME)
    assert "Host key verification failed" in uploads.still_open()[0]["reason"]
    assert uploads.received() == {}
    (uploads.home / "known hosts").write_text(good)
    assert uploads.scorefetch("retry", CSV_NAME).code == 0
    assert uploads.received() == {CSV_NAME: (scores[CSV_NAME], 0o640)}


def test_a_server_that_is_down_gets_it_later(uploads, scores):
    # It writes its number after the command that started it has ended.
    agents.wait_for(lambda: uploads.root.run(["test", "-s", "/run/sshd.pid"]).code == 0, "sshd's number")
    uploads.root.must("sh", "-c", "kill $(cat /run/sshd.pid)")
    agents.wait_for(lambda: uploads.root.run(["test", "!", "-e", "/run/sshd.pid"]).code == 0, "sshd to end")
    uploads.deliver(mail("csv"))
    assert uploads.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert "Connection refused" in uploads.still_open()[0]["reason"]
    uploads.serve()
    uploads.make_due()
    assert uploads.scorefetch("run").code == 0
    assert uploads.received() == {CSV_NAME: (scores[CSV_NAME], 0o640)}
