"""An SMTP server on loopback that stands for all the world outside, and keeps what is sent there."""
import socketserver
import threading
from dataclasses import dataclass, field


@dataclass
class Sent:
    """A message as it was sent outside."""

    sender: str = ""
    recipients: list = field(default_factory=list)
    message: bytes = b""


class _Conversation(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a mail system needs to hand over a message."""

    def handle(self):
        self._say("220 sink.example.org")
        sent = Sent()
        while line := self.rfile.readline():
            command = line.decode("ascii", "replace").strip()
            verb = command.upper()
            if verb.startswith("MAIL FROM:"):
                sent = Sent(sender=self._address(command))
            elif verb.startswith("RCPT TO:"):
                sent.recipients.append(self._address(command))
            elif verb == "DATA":
                self._say("354 go on")
                sent.message = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.received.append(sent)
            elif verb == "QUIT":
                return self._say("221 bye")
            self._say("250 sink.example.org")

    def _say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    @staticmethod
    def _address(command):
        return command.partition("<")[2].partition(">")[0]


class Sink(socketserver.ThreadingTCPServer):
    """received: what was sent outside so far, in order. port: where it listens."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.received = []
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
