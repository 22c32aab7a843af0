"""Real Dovecot with Pigeonhole Sieve and the recipes of filters/dovecot, by dovecot-lda and by LMTP."""
import smtplib

import agents
import pytest
from agents import message_id
from contract import Contract
from harness import CSV_NAME, mail

pytestmark = pytest.mark.release_only("the agents are tested, not our memory handling")

USER = "registrar"
PROGRAMS = "/usr/local/lib/dovecot/sieve-execute"

# A maildir; no port is listened on; and what Dovecot might send out goes to the sink.
TEST_CONF = """
mail_location = maildir:~/Maildir
log_path = /var/log/dovecot.log
protocols = lmtp
ssl = no
submission_host = 127.0.0.1:{port}
"""


class Dovecot(agents.Owner):
    """A Dovecot that runs, and a user with the recipe."""

    def __init__(self, root, folder, build, emulator, sink):
        super().__init__(root, folder, build, emulator, USER)
        self.sink = sink
        self.copy_recipe("dovecot/scoremail.sieve", ".dovecot.sieve")
        root.start()
        root.must("tee", "/etc/dovecot/conf.d/99-test.conf", stdin=TEST_CONF.format(port=sink.port).encode())
        root.daemon("dovecot")

    def waiting(self):
        return self.root.must("doveadm", "search", "-u", USER, "KEYWORD", "ScoremailWaiting") != ""

    def retry(self):
        self.make_due()
        self.root.must("scoremail-retry", USER)

    def mails(self):
        return agents.message_ids(self.home / "Maildir")

    def outside(self):
        return self.sink.received


class Lda(Dovecot):
    """Called by the mail system as a program."""

    def receive(self, name):
        self.root.must("/usr/lib/dovecot/dovecot-lda", "-d", USER, "-f", agents.OUTSIDE, stdin=mail(name))


class Lmtp(Dovecot):
    """Called by the mail system over a socket."""

    def receive(self, name):
        with smtplib.LMTP(f"/proc/{self.root.inside}/root/run/dovecot/lmtp") as lmtp:
            assert lmtp.sendmail(agents.OUTSIDE, [USER], mail(name)) == {}


@pytest.fixture(scope="session")
def dovecot_root(tmp_path_factory):
    packages = ["dovecot-core", "dovecot-sieve", "dovecot-lmtpd"]
    root = agents.install(tmp_path_factory.mktemp("dovecot") / "root", *packages, users=[USER])
    root.must("rm", "/etc/dovecot/conf.d/10-ssl.conf")  # names a certificate that only ssl-cert would make
    root.must("sh", "-c", f"mkdir -p {PROGRAMS} && ln -s /usr/local/bin/scoremail {PROGRAMS}")
    root.append("dovecot/90-scoremail.conf", "/etc/dovecot/conf.d/90-scoremail.conf")
    root.append("dovecot/scoremail-retry", "/usr/local/sbin/scoremail-retry")
    root.must("chmod", "755", "/usr/local/sbin/scoremail-retry")
    return root


class DovecotContract(Contract):
    WHILE_DOWN = 1

    @pytest.fixture
    def agent(self, dovecot_root, build, announced, tmp_path):
        with agents.stage(dovecot_root, tmp_path) as (root, sink):
            yield self.Agent(root, tmp_path, build, announced, sink)


class TestLda(DovecotContract):
    Agent = Lda

    def test_a_program_that_is_missing_marks_the_message(self, agent):
        agent.root.must("rm", PROGRAMS + "/scoremail")
        agent.receive("csv")
        assert agent.waiting()
        assert agent.mails() == [message_id("csv")]

    def test_a_message_that_cannot_be_read_stays_marked(self, agent, emulator):
        emulator.faults("file:status=503")
        agent.receive("csv")
        doveadm = b'#!/bin/sh\n[ "$1" != fetch ] || exit 75\nexec /usr/bin/doveadm "$@"\n'
        agent.root.must("tee", "/usr/local/bin/doveadm", stdin=doveadm)
        agent.root.must("chmod", "755", "/usr/local/bin/doveadm")
        agent.retry()
        assert agent.waiting()


class TestLmtp(DovecotContract):
    Agent = Lmtp

    def test_what_goes_outside_would_be_seen(self, agent):
        (agent.home / ".dovecot.sieve").write_text('require "reject";\nreject "no";')
        agent.receive("ordinary")
        assert [sent.recipients for sent in agent.outside()] == [[agents.OUTSIDE]]

    def test_what_is_slower_than_dovecot_waits_is_fetched_later(self, agent, emulator, scores):
        impatient = "s/exec_timeout = .*/exec_timeout = 1s/"
        agent.root.must("sed", "-i", impatient, "/etc/dovecot/conf.d/90-scoremail.conf")
        agent.root.must("doveadm", "stop")
        agent.root.daemon("dovecot")
        agent.configure(give_up_after="30s")
        emulator.faults("object:delay=20000")
        agent.receive("csv")
        assert agent.waiting()
        assert agent.mails() == [message_id("csv")]
        assert CSV_NAME not in agent.stored()

        emulator.faults()
        agent.retry()
        self.assert_done(agent, "csv")
        assert agent.stored() == {CSV_NAME: scores[CSV_NAME]}
