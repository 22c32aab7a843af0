"""A TCP relay on loopback that can break connections off: TLS passes through it unread."""
import selectors
import socket
import threading


class Relay:
    """Forwards 127.0.0.1:port to a target port.

    The first connections are reset after as many bytes from the target as `limits` says, one
    limit for each; later ones are left alone. `sent` has what each connection brought back.
    """

    def __init__(self, target, limits=()):
        self.target = target
        self.limits = list(limits)
        self.sent = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:  # closed: the test is over
                return
            number = len(self.sent)
            self.sent.append(0)
            limit = self.limits[number] if number < len(self.limits) else None
            threading.Thread(target=self._forward, args=(number, client, limit), daemon=True).start()

    def _forward(self, number, client, limit):
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            both = selectors.DefaultSelector()
            both.register(client, selectors.EVENT_READ, server)
            both.register(server, selectors.EVENT_READ, client)
            try:
                while limit is None or self.sent[number] < limit:
                    for key, _ in both.select():
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        key.data.sendall(data)
                        if key.fileobj is server:
                            self.sent[number] += len(data)
            except OSError:  # one of them is gone, and so is the connection
                pass

    def close(self):
        self.listener.close()
