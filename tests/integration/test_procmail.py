"""Real procmail, called as a mail system calls it, with the recipe of filters/procmailrc."""
import email
import mailbox
import os
import shutil

import agents
import pytest
from harness import CHECKOUT, CSV_NAME, EX_TEMPFAIL, TXT_NAME, Account, Result, mail

USER = "alice"


@pytest.fixture(scope="session")
def procmail_root(tmp_path_factory):
    return agents.install(tmp_path_factory.mktemp("procmail") / "root", "procmail")


class Recipient(Account):
    """A user with scoremail's recipe as ~/.procmailrc, in a root where procmail is installed."""

    def __init__(self, root, folder, build, emulator):
        self.root = root
        self.home = folder / "home"
        self.home.mkdir()
        created = root.run(["useradd", "--no-create-home", "--shell", "/bin/sh", USER])
        assert created.code == 0, created.err
        ids = root.run(["sh", "-c", f"id -u {USER}; id -g {USER}"]).out.split()
        self.uid, self.gid = map(int, ids)
        self.seen_home = f"/home/{USER}"
        root.bind(self.home, self.seen_home)
        self.install(build)
        super().__init__(self.home, build, emulator, seen_at=type(folder)(self.seen_home), give_up_after="1s")
        shutil.copy(CHECKOUT / "filters" / "procmailrc", self.home / ".procmailrc")
        self.give_home()

    def install(self, build):
        """scoremail where `meson install` puts it."""
        for program in ("scoremail", "scorefetch"):
            self.root.bind(build / program, f"/usr/local/bin/{program}")

    def uninstall(self):
        for program in ("scoremail", "scorefetch"):
            self.root.unbind(f"/usr/local/bin/{program}")

    def give_home(self):
        for path in [self.home, *self.home.rglob("*")]:
            os.lchown(path, self.uid, self.gid)

    def run(self, program, *arguments, stdin=b""):
        return self.root.run([f"/usr/local/bin/{program}", *map(str, arguments)], stdin, user=USER)

    def receive(self, name) -> Result:
        """A fixture mail comes in: what a mail system starts, with what it puts in front of a message."""
        envelope = b"From noreply@example.org Tue Apr 10 11:16:04 2018\n"
        return self.root.run(["procmail", "-t", "-d", USER], envelope + mail(name))

    def mails(self):
        """The Message-IDs in the mailbox, one for each copy."""
        spool = self.root.changed(f"/var/mail/{USER}")
        return [message["Message-ID"] for message in mailbox.mbox(spool)] if spool.exists() else []


def message_id(name):
    return email.message_from_bytes(mail(name))["Message-ID"]


@pytest.fixture
def alice(procmail_root, build, emulator, scores, tmp_path):
    for name, data in scores.items():
        emulator.add(name, data)
    return Recipient(procmail_root.copy(tmp_path / "root"), tmp_path, build, emulator)


def test_one_file_is_stored_and_each_mail_kept_once(alice, scores):
    for name in ("csv", "txt"):
        done = alice.receive(name)
        assert done.code == 0, done.err
    assert alice.stored() == {CSV_NAME: scores[CSV_NAME]}
    stored = (alice.directory / CSV_NAME).stat()
    assert (stored.st_mode & 0o7777, stored.st_uid) == (0o600, alice.uid)
    status = alice.status()
    assert status[CSV_NAME]["state"] == "stored"
    assert status[TXT_NAME]["state"] == "dropped"
    assert alice.mails() == [message_id("csv"), message_id("txt")]


def test_a_service_that_is_down_keeps_the_mail_in_the_queue(alice, emulator, scores):
    emulator.faults("file:status=503")
    done = alice.receive("csv")
    assert done.code == EX_TEMPFAIL, done.err
    assert alice.mails() == []
    assert alice.stored() == {}

    emulator.faults()
    # The mail system's own retry comes minutes later; a person need not wait so long.
    assert alice.scorefetch("retry", CSV_NAME).code == 0
    done = alice.receive("csv")
    assert done.code == 0, done.err
    assert alice.mails() == [message_id("csv")]
    assert alice.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_what_no_retry_mends_leaves_the_mail_in_the_mailbox(alice):
    theirs = alice.directory / CSV_NAME
    theirs.write_bytes(b"somebody else's\n")
    alice.give_home()
    for _ in range(2):
        done = alice.receive("csv")
        assert done.code == 0, done.err
    assert theirs.read_bytes() == b"somebody else's\n"
    assert alice.status()[CSV_NAME]["state"] == "conflict"
    assert alice.mails() == [message_id("csv")] * 2


def test_a_wrong_password_keeps_the_mail_in_the_queue(alice, emulator):
    alice.write_password("not the password")
    for _ in range(2):
        assert alice.receive("csv").code == EX_TEMPFAIL
    assert alice.mails() == []
    assert len(emulator.requests("file")) == 1


def test_mail_without_a_notification_is_simply_delivered(alice, emulator):
    done = alice.root.run(["procmail", "-t", "-d", USER], b"From a@example.org Tue Apr 10 11:16:04 2018\n\nHello.\n")
    assert done.code == 0, done.err
    assert len(alice.mails()) == 1
    assert emulator.requests() == []


def test_without_scoremail_mail_still_arrives(alice):
    alice.uninstall()
    done = alice.receive("csv")
    assert done.code == 0, done.err
    assert alice.mails() == [message_id("csv")]
