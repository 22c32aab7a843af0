"""Certificates of every kind, and a TLS server that keeps each request as it came."""
import re
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone


class Authority:
    """A certificate authority in a folder of its own; `pem` is what clients are to trust."""

    def __init__(self, folder, name="authority"):
        self.folder = folder
        folder.mkdir()
        self.pem, self._key = self.self_signed(name, "CA:TRUE")

    def self_signed(self, name, constraints="CA:FALSE", host="localhost"):
        """A certificate that nobody vouches for: the paths of certificate and key."""
        return self._request(name, host, "-addext", f"basicConstraints=critical,{constraints}")

    def issue(self, name, host="localhost"):
        """A certificate for a host: the paths of certificate and key."""
        return self._request(name, host, "-CA", self.pem, "-CAkey", self._key)

    def issue_expired(self, name):
        """A certificate for localhost that was good until yesterday."""
        yesterday = datetime.now(timezone.utc) - timedelta(days=1)
        return self._issue_between(name, "20200101000000Z", yesterday.strftime("%Y%m%d%H%M%SZ"))

    def issue_for_later(self, name):
        """A certificate for localhost that will be good from 2090 on."""
        return self._issue_between(name, "20900101000000Z", "20910101000000Z")

    def _issue_between(self, name, start, end):
        certificate, key, request = (self.folder / f"{name}.{kind}" for kind in ("pem", "key", "csr"))
        (self.folder / "index.txt").write_text("")  # of an authority that never issued anything
        (self.folder / "ca.conf").write_text(
            f"[ca]\ndefault_ca=a\n[a]\ndatabase={self.folder}/index.txt\nnew_certs_dir={self.folder}\n"
            "rand_serial=yes\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\n[any]\ncommonName=supplied\n"
        )
        self._openssl("req", *self._for(name, "localhost"), "-out", request, "-keyout", key)
        self._openssl("ca", "-batch", "-config", self.folder / "ca.conf", "-notext", "-in", request, "-out", certificate,
                      "-cert", self.pem, "-keyfile", self._key,
                      "-startdate", start, "-enddate", end)  # fmt: skip
        return certificate, key

    def _request(self, name, host, *options):
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        self._openssl("req", "-x509", "-days", "1", *self._for(name, host), *options,
                      "-out", certificate, "-keyout", key)  # fmt: skip
        return certificate, key

    @staticmethod
    def _for(name, host):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{host}"]  # fmt: skip

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


@dataclass
class Request:
    """method and target as they were sent; headers by lower-case name."""

    method: str
    target: str
    headers: dict
    body: bytes


class TlsServer:
    """Answers each request on https://localhost:port with what `answer` gives for it, to the byte.

    answer(request) -> bytes, or an iterable of them, which may have no end; the connection is
    closed after them. `requests` has all that came.
    """

    def __init__(self, certificate, key, answer, newest=ssl.TLSVersion.TLSv1_3):
        self.answer = answer
        self.requests = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        self.context.maximum_version = newest
        self.context.set_ciphers("ALL:@SECLEVEL=0")
        self.context.load_cert_chain(certificate, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # or a thread that waits in accept() takes one more
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:  # closed: the test is over
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        client.settimeout(60)
        try:
            with self.context.wrap_socket(client, server_side=True) as connection:
                stream = connection.makefile("rb")
                if not stream.peek(1):  # it wanted no more than to see the certificate
                    return
                request = self._read(stream)
                self.requests.append(request)
                answer = self.answer(request)
                for piece in [answer] if isinstance(answer, bytes) else answer:
                    connection.sendall(piece)
                connection.unwrap()
        except OSError:  # the client did not like what it saw
            client.close()

    @staticmethod
    def _read(stream):
        method, target, _ = stream.readline().decode().split(" ")
        headers = {}
        while line := stream.readline().strip().decode():
            name, value = re.fullmatch(r"([^:]+): *(.*)", line).groups()
            assert name.lower() not in headers, f"{name} was sent twice"
            headers[name.lower()] = value
        return Request(method, target, headers, stream.read(int(headers.get("content-length", 0))))
