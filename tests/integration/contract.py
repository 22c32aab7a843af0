"""What every mail agent must show with scoremail's recipe; the file of each agent inherits these tests.

Such a class has a fixture `agent`: an agents.Owner that can also

receive(name)  have a fixture mail come in, and wait until the agent has tried to deliver it
retry()        make the agent's own next try due now, and wait until the message is delivered
waiting()      whether the agent keeps a message for a later try
mails()        the Message-IDs in the mailbox, one for each copy
outside()      what was sent to the world outside

and a constant WHILE_DOWN: how many copies of a message lie in the mailbox while its file has to wait.
"""
from agents import message_id
from harness import CSV_NAME, TXT_NAME

THEIRS = b"somebody else's\n"


class Contract:
    """Each mail is in the mailbox once, each file stored once, and no word goes outside."""

    WHILE_DOWN = 0

    def assert_done(self, agent, *names):
        assert not agent.waiting(), getattr(agent, "ends", "")
        assert sorted(agent.mails()) == sorted(message_id(name) for name in names)
        assert agent.outside() == []

    def test_one_file_is_stored_and_each_mail_kept_once(self, agent, emulator, scores):
        agent.receive("csv")
        agent.receive("txt")
        self.assert_done(agent, "csv", "txt")
        assert agent.stored() == {CSV_NAME: scores[CSV_NAME]}
        stored = (agent.directory / CSV_NAME).stat()
        assert (stored.st_mode & 0o7777, stored.st_uid) == (0o600, agent.uid)
        status = agent.status()
        assert (status[CSV_NAME]["state"], status[TXT_NAME]["state"]) == ("stored", "dropped")
        assert len(emulator.requests("object")) == 1

    def test_a_service_that_is_down_makes_the_agent_try_again(self, agent, emulator, scores):
        agent.is_impatient()
        emulator.faults("file:status=503")
        agent.receive("csv")
        assert agent.waiting()
        assert agent.mails() == [message_id("csv")] * self.WHILE_DOWN
        assert agent.outside() == []
        assert agent.stored() == {}

        emulator.faults()
        agent.retry()
        self.assert_done(agent, "csv")
        assert agent.stored() == {CSV_NAME: scores[CSV_NAME]}
        assert len(emulator.requests("object")) == 1

    def test_what_no_retry_mends_is_not_tried_again(self, agent, emulator):
        (agent.directory / CSV_NAME).write_bytes(THEIRS)
        agent.give_home()
        agent.receive("csv")
        self.assert_done(agent, "csv")
        assert agent.stored() == {CSV_NAME: THEIRS}
        assert agent.status()[CSV_NAME]["state"] == "conflict"

    def test_a_slow_download_is_waited_for(self, agent, emulator, scores):
        agent.configure(give_up_after="30s")
        emulator.faults("file:delay=500", "object:drip=1000")  # 3 s in all
        agent.receive("csv")
        self.assert_done(agent, "csv")
        assert agent.stored() == {CSV_NAME: scores[CSV_NAME]}
        assert len(emulator.requests("object")) == 1

    def test_mail_without_a_notification_is_simply_delivered(self, agent, emulator):
        agent.receive("ordinary")
        self.assert_done(agent, "ordinary")
        assert emulator.requests() == []
