"""Real Postfix with the recipes of filters/postfix, for a site and for a user's .forward."""
import email
import email.policy
import mailbox

import agents
import postfix
import pytest
from agents import message_id
from alerting import Alerting
from contract import Contract
from harness import CSV_NAME, mail
from postfix import Postfix

pytestmark = pytest.mark.release_only("the agents are tested, not our memory handling")

@pytest.fixture(scope="session")
def postfix_root(tmp_path_factory):
    users = ["scoremail", "registrar"]
    root = postfix.install(tmp_path_factory.mktemp("postfix") / "root", users=users)
    for name, place in (("main.cf", "/etc/postfix"), ("master.cf", "/etc/postfix"), ("aliases", "/etc")):
        root.append(f"postfix/{name}", f"{place}/{name}")
    root.must("newaliases")
    return root


class TestSite(Contract, Alerting):
    """The alias, the hop that the owner answers for, and pipe(8) as the user scoremail."""

    WHILE_DOWN = 1

    @pytest.fixture
    def agent(self, postfix_root, build, announced, tmp_path):
        with agents.stage(postfix_root, tmp_path) as (root, sink):
            yield Postfix(root, tmp_path, build, announced, sink, user="scoremail", address="scores")

    def test_when_postfix_gives_up_the_owner_is_told_and_nobody_else(self, agent, emulator):
        agent.root.must("sh", "-c", "postconf -e maximal_queue_lifetime=0 && postfix reload")
        agent.is_impatient()
        emulator.faults("file:status=503")
        agent.receive("csv")
        agent.until_done()
        assert agent.mails()[:1] == [message_id("csv")]
        assert len(agent.mails()) == 2  # the other is what Postfix says about it
        assert agent.outside() == []

    def test_a_report_arrives_and_is_no_notification(self, agent):
        agent.general["report-mail"] = "registrar@example.edu"
        agent.configure()
        agent.give_home()
        agent.receive("csv")
        agent.until_done()
        assert agent.scorefetch("run").code == 0
        box = agent.root.changed("/var/mail/registrar")
        report = agents.wait_for(lambda: [m for m in mailbox.mbox(box, create=False) if m["X-Scoremail-Alert"]], "the report")[0]
        message = email.message_from_bytes(report.as_bytes(), policy=email.policy.default)
        assert message["Subject"] == "Scores: 1 file this week, nothing waiting" and message["To"] == "registrar@example.edu"
        assert message["Auto-Submitted"] == "auto-generated" and message.defects == []
        text, html, page = [part.get_content() for part in message.walk() if not part.is_multipart()]
        assert CSV_NAME in text and CSV_NAME in html and CSV_NAME in page
        del report["Delivered-To"]  # Postfix's sign of a loop
        agent.send(report.as_bytes(), "scores")
        agent.until_done()
        assert len(agent.sql("SELECT * FROM events")) == 1 and agent.outside() == []

    def test_what_goes_outside_would_be_seen(self, agent):
        agent.send(mail("ordinary"), recipient="nobody-of-that-name")
        agent.until_done()
        assert [sent.recipients for sent in agent.outside()] == [[agents.OUTSIDE]]


class Forwarding(Postfix):
    """A user with the recipe as ~/.forward."""

    def __init__(self, *where):
        super().__init__(*where, user="registrar", address="registrar")
        self.copy_recipe("postfix/forward", ".forward")
        self.copy_recipe("postfix/forward+scores", ".forward+scores")


class TestForward(Contract):
    """A user's own .forward, which sends the message on to an address of hers."""

    WHILE_DOWN = 1

    @pytest.fixture
    def agent(self, postfix_root, build, announced, tmp_path):
        with agents.stage(postfix_root, tmp_path) as (root, sink):
            yield Forwarding(root, tmp_path, build, announced, sink)
