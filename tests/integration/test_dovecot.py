"""Real Dovecot with Pigeonhole Sieve and the recipes of filters/dovecot, by dovecot-lda and by LMTP."""
import re
import smtplib

import agents
import pytest
from agents import message_id
from contract import Contract
from harness import CSV_NAME, EX_TEMPFAIL, mail

pytestmark = pytest.mark.release_only("the agents are tested, not our memory handling")

USER = "registrar"
RECIPE = (agents.FILTERS / "dovecot" / "scoremail.sieve").read_text()
PROGRAMS = "/usr/local/lib/dovecot/sieve-pipe"

SPOOL = "/var/spool/scoremail"  # a site's

# A maildir; no port is listened on; and what Dovecot might send out goes to the sink.
MAILDIR = {"2.3": "mail_location = maildir:~/Maildir", "2.4": "mail_driver = maildir\nmail_path = ~/Maildir\nmail_inbox_path ="}
TEST_CONF = """
{maildir}
log_path = /var/log/dovecot.log
protocols = lmtp
ssl = no
submission_host = 127.0.0.1:{port}
"""


def version(root):
    """2.3 or 2.4: whose settings differ."""
    return root.must("dovecot", "--version")[:3]


def recipe(root, name):
    """Puts the recipe of that name, for the Dovecot that is there, in its place."""
    root.append(f"dovecot/{'2.4/' if version(root) == '2.4' else ''}{name}", f"/etc/dovecot/conf.d/{name}")


class Dovecot(agents.Owner):
    """A Dovecot that runs, and a user with the recipe.

    A subclass can hand_over(name): deliver a fixture mail. WORKER is in whose name the worker is.
    """

    WORKER = USER

    def __init__(self, root, folder, build, emulator, sink):
        super().__init__(root, folder, build, emulator, self.WORKER, delivery="queued")
        self.sink = sink
        root.bind(self.config.parent, "/etc/scoremail")
        root.start()
        self.write_script(RECIPE)
        settings = TEST_CONF.format(maildir=MAILDIR[version(root)], port=sink.port)
        root.must("tee", "/etc/dovecot/conf.d/99-test.conf", stdin=settings.encode())
        root.daemon("dovecot")

    def write_script(self, text):
        self.root.must("tee", f"/home/{USER}/.dovecot.sieve", stdin=text.encode())

    def receive(self, name):
        self.hand_over(name)
        self.work()

    def work(self):
        """What cron starts, by what the recipe's comments say."""
        cron = "#     */5 * * * * "
        (command,) = [line.removeprefix(cron) for line in RECIPE.splitlines() if line.startswith(cron)]
        assert self.root.run(["sh", "-c", command], user=self.WORKER).code in (0, EX_TEMPFAIL)

    def share_spool(self):
        """Has a spool as a site has it, with the user in its group."""
        self.spool = self.root.changed(SPOOL)
        self.root.must("sh", "-c", f"groupadd scorespool && usermod -aG scorespool {USER}")
        self.root.must("install", "-d", "-g", "scorespool", "-m", "3770", SPOOL)
        self.general["spool"] = SPOOL
        self.configure()

    def spooled(self):
        return list(self.spool.glob("*.event"))

    def waiting(self):
        return self.spooled() != [] or "waiting" in [row["state"] for row in self.status().values()]

    def retry(self):
        self.make_due()
        self.work()

    def mails(self, folder="INBOX"):
        found = self.root.must("doveadm", "-f", "flow", "fetch", "-u", USER, "hdr.message-id", "mailbox", folder)
        return re.findall("<.*>", found)

    def outside(self):
        return self.sink.received


class Lda(Dovecot):
    """Called by the mail system as a program."""

    def hand_over(self, name):
        self.root.must("/usr/lib/dovecot/dovecot-lda", "-d", USER, "-f", agents.OUTSIDE, stdin=mail(name))


class Lmtp(Dovecot):
    """Called by the mail system over a socket."""

    def hand_over(self, name):
        with smtplib.LMTP(f"/proc/{self.root.inside}/root/run/dovecot/lmtp") as lmtp:
            assert lmtp.sendmail(agents.OUTSIDE, [USER], mail(name)) == {}


class Site(Lmtp):
    """A site, whose worker fetches; the user has no configuration, and no right to the spool."""

    WORKER = "scoremail"

    def __init__(self, root, folder, build, emulator, sink):
        recipe(root, "91-scoremail-site.conf")
        root.must("sh", "-c", f"rm {PROGRAMS}/scoremail && mkdir -p /run/dovecot/sieve-pipe")
        super().__init__(root, folder, build, emulator, sink)

    def work(self):
        """What systemd starts."""
        assert self.scorefetch("run").code in (0, EX_TEMPFAIL)


@pytest.fixture(scope="session")
def dovecot_root(tmp_path_factory):
    packages = ["dovecot-core", "dovecot-sieve", "dovecot-lmtpd"]
    root = agents.install(tmp_path_factory.mktemp("dovecot") / "root", *packages, users=[USER, "scoremail"])
    root.must("rm", "/etc/dovecot/conf.d/10-ssl.conf")  # names a certificate that only ssl-cert would make
    root.must("sh", "-c", f"mkdir -p {PROGRAMS} && ln -s /usr/local/bin/scoremail {PROGRAMS}")
    recipe(root, "90-scoremail.conf")
    return root


class DovecotContract(Contract):
    WHILE_DOWN = 1

    @pytest.fixture
    def agent(self, dovecot_root, build, announced, tmp_path):
        with agents.stage(dovecot_root, tmp_path) as (root, sink):
            yield self.Agent(root, tmp_path, build, announced, sink)


class TestLda(DovecotContract):
    Agent = Lda

    def test_to_be_in_the_group_of_the_spool_is_enough(self, agent):
        agent.share_spool()
        agent.hand_over("csv")
        assert len(agent.spooled()) == 1

    def test_a_program_that_is_missing_changes_nothing_for_the_mail(self, agent):
        agent.root.must("rm", PROGRAMS + "/scoremail")
        rule = 'fileinto :create "Mine";'
        agent.write_script('require ["fileinto", "mailbox"];' + RECIPE + rule)
        agent.hand_over("csv")
        assert agent.mails() == []
        assert agent.mails("Mine") == [message_id("csv")]


class TestLmtp(DovecotContract):
    Agent = Lmtp

    def test_what_goes_outside_would_be_seen(self, agent):
        agent.write_script('require "reject";\nreject "no";')
        agent.hand_over("ordinary")
        assert [sent.recipients for sent in agent.outside()] == [[agents.OUTSIDE]]

    def test_to_be_in_the_group_of_the_spool_is_enough_from_2_4_on(self, agent):
        """Why 2.3 has 91-scoremail-site.conf."""
        agent.share_spool()
        agent.hand_over("csv")
        assert len(agent.spooled()) == (1 if version(agent.root) == "2.4" else 0)
        assert agent.mails() == [message_id("csv")]

    def test_while_no_worker_runs_the_event_is_kept(self, agent, scores):
        agent.hand_over("csv")
        assert agent.mails() == [message_id("csv")]
        assert len(agent.spooled()) == 1
        agent.work()
        self.assert_done(agent, "csv")
        assert agent.stored() == {CSV_NAME: scores[CSV_NAME]}


class TestSite(DovecotContract):
    Agent = Site
