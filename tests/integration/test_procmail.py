"""Real procmail, called as a mail system calls it, with the recipe of filters/procmailrc."""
import agents
import pytest
from agents import message_id
from harness import CSV_NAME, EX_TEMPFAIL, TXT_NAME, Result, mail

USER = "alice"


@pytest.fixture(scope="session")
def procmail_root(tmp_path_factory):
    return agents.install(tmp_path_factory.mktemp("procmail") / "root", "procmail", users=[USER])


class Recipient(agents.Owner):
    """A user with scoremail's recipe as ~/.procmailrc, in a root where procmail is installed."""

    def __init__(self, root, folder, build, emulator):
        super().__init__(root, folder, build, emulator, USER)
        self.copy_recipe("procmailrc", ".procmailrc")

    def receive(self, name) -> Result:
        """A fixture mail comes in: what a mail system starts, with what it puts in front of a message."""
        envelope = b"From noreply@example.org Tue Apr 10 11:16:04 2018\n"
        return self.root.run(["procmail", "-t", "-d", USER], envelope + mail(name))

    def mails(self):
        """The Message-IDs in the mailbox, one for each copy."""
        return agents.message_ids(self.root.changed(f"/var/mail/{USER}"))


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
