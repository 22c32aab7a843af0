"""Real procmail, called by a real Postfix, with the recipe of filters/procmailrc."""
import agents
import postfix
import pytest
from agents import message_id
from contract import Contract
from postfix import Postfix

pytestmark = pytest.mark.release_only("the agents are tested, not our memory handling")

USER = "registrar"


class Procmail(Postfix):
    """A user with the recipe, for whom Postfix calls procmail as the recipe says."""

    def __init__(self, *where):
        super().__init__(*where, user=USER, address=USER)
        self.copy_recipe("procmailrc", ".procmailrc")


@pytest.fixture(scope="session")
def procmail_root(tmp_path_factory):
    root = postfix.install(tmp_path_factory.mktemp("procmail") / "root", "procmail", users=[USER])
    postfix.set_as_told(root, "procmailrc")
    return root


class TestProcmail(Contract):
    @pytest.fixture
    def agent(self, procmail_root, build, announced, tmp_path):
        with agents.stage(procmail_root, tmp_path) as (root, sink):
            yield Procmail(root, tmp_path, build, announced, sink)

    def test_a_wrong_password_keeps_the_mail_in_the_queue(self, agent, emulator):
        agent.write_password("not the password")
        agent.receive("csv")
        agent.root.must("postqueue", "-f")
        agents.wait_for(lambda: agent.deferred() == 2, "Postfix to have tried again")
        assert agent.waiting()
        assert agent.mails() == []
        assert len(emulator.requests("file")) == 1

    def test_without_scoremail_mail_still_arrives(self, agent):
        agent.uninstall()
        agent.receive("csv")
        assert agent.mails() == [message_id("csv")]
