"""A name server on loopback that knows some texts, and nothing else."""
import socket
import struct
import threading
from contextlib import suppress

TXT = 16
ANSWER, UNKNOWN = 0x8580, 0x8583


class Names:
    """texts: name -> bytes of its TXT record. A context; it answers at `address`, port 53."""

    def __init__(self, address, texts):
        self.address = address
        self.texts = {name.lower().rstrip("."): text for name, text in texts.items()}
        self.asked = []

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, 53))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # an unconnected one says so, and ends the wait
        self.thread.join(10)
        self.socket.close()

    def _serve(self):
        with suppress(OSError):
            while True:
                query, peer = self.socket.recvfrom(4096)
                if not query:
                    return
                self.socket.sendto(self._answer(query), peer)

    def _answer(self, query):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("ascii").lower())
            at += 1 + query[at]
        (kind,) = struct.unpack(">H", query[at + 1:at + 3])
        self.asked.append(".".join(labels))
        text = self.texts.get(self.asked[-1]) if kind == TXT else None
        known = text is not None
        out = query[:2] + struct.pack(">HHHHH", ANSWER if known else UNKNOWN, 1, known, 0, 0) + query[12:at + 5]
        if known:
            parts = [text[i:i + 255] for i in range(0, len(text), 255)]
            data = b"".join(bytes([len(part)]) + part for part in parts)
            out += b"\xc0\x0c" + struct.pack(">HHIH", TXT, 1, 60, len(data)) + data
        return out
