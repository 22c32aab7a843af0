"""Real maildrop, called by a real Postfix, with the recipe of filters/maildroprc."""
import agents
import postfix
import pytest
from agents import message_id
from contract import Contract
from postfix import Postfix

pytestmark = pytest.mark.release_only("the agents are tested, not our memory handling")

USER = "registrar"


class Maildrop(Postfix):
    """A user with the recipe, for whom Postfix calls maildrop as the recipe says."""

    def __init__(self, *where):
        super().__init__(*where, user=USER, address=USER)
        self.copy_recipe("maildroprc", ".mailfilter")
        (self.home / ".mailfilter").chmod(0o600)
        self.root.must("maildirmake.maildrop", f"/home/{USER}/Maildir", user=USER)

    def mails(self):
        return agents.message_ids(self.home / "Maildir")


@pytest.fixture(scope="session")
def maildrop_root(tmp_path_factory):
    root = postfix.install(tmp_path_factory.mktemp("maildrop") / "root", "maildrop", users=[USER])
    postfix.set_as_told(root, "maildroprc")
    return root


class TestMaildrop(Contract):
    @pytest.fixture
    def agent(self, maildrop_root, build, announced, tmp_path):
        with agents.stage(maildrop_root, tmp_path) as (root, sink):
            yield Maildrop(root, tmp_path, build, announced, sink)

    def test_without_scoremail_mail_still_arrives(self, agent):
        agent.uninstall()
        agent.receive("csv")
        assert agent.mails() == [message_id("csv")]
