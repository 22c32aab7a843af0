"""A real Postfix in a throw-away root, for its own recipes and for agents that it calls."""
import json

import agents
from harness import mail

# No port is listened on: mail comes in by sendmail, and what leaves goes to the sink.
PREPARE = r"""
set -eu
postconf -e myhostname=mx.example.edu 'mydestination=$myhostname example.edu localhost' \
    myorigin=example.edu inet_interfaces=loopback-only inet_protocols=ipv4 \
    maillog_file=/var/log/postfix.log
postconf -MX smtp/inet
postconf -F '*/*/chroot=n'
"""


def install(folder, *packages, users):
    """A root with Postfix and these packages in it."""
    root = agents.install(folder, "postfix", *packages, users=users)
    root.must("sh", "-c", PREPARE)
    return root


def set_as_told(root, recipe):
    """Sets what a recipe's comments say of Postfix's main.cf: its mailbox_command."""
    lines = (agents.FILTERS / recipe).read_text().splitlines()
    (setting,) = [line.lstrip("# ") for line in lines if line.startswith("#     mailbox_command = ")]
    root.must("postconf", "-e", setting)


class Postfix(agents.Owner):
    """A Postfix that runs. `user` is in whose name scoremail does; mail comes in for `address`."""

    def __init__(self, root, folder, build, emulator, sink, user, address):
        super().__init__(root, folder, build, emulator, user)
        self.sink = sink
        self.address = address
        root.bind(self.config.parent, "/etc/scoremail")
        root.start()
        root.must("postconf", "-e", f"relayhost=[127.0.0.1]:{sink.port}")
        root.daemon("postfix", "start")

    def receive(self, name):
        self.send(mail(name), self.address)

    def send(self, message, recipient):
        self.root.must("sendmail", "-i", "-f", agents.OUTSIDE, recipient, stdin=message)
        agents.wait_for(self.idle, f"Postfix to be idle: {self.queue()}")

    def queue(self):
        """The names of the queues in which messages lie."""
        return [json.loads(line)["queue_name"] for line in self.root.must("postqueue", "-j").splitlines()]

    def deferred(self):
        """How many tries have exited with a later one."""
        return self.root.changed("/var/log/postfix.log").read_text().count("status=deferred")

    def idle(self):
        return set(self.queue()) <= {"deferred"}

    def waiting(self):
        return self.queue() != []

    def retry(self):
        self.make_due()
        self.root.must("postqueue", "-f")
        self.until_done()

    def until_done(self):
        agents.wait_for(lambda: not self.waiting(), "Postfix to have no message left")

    def mails(self):
        return agents.message_ids(self.root.changed("/var/mail/registrar"))

    def outside(self):
        return self.sink.received
