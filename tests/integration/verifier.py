"""A sender that signs (DKIM, RFC 6376) and a mail system that verifies: what stands in front of scoremail."""
import subprocess

import dkim

AUTHSERV_ID = "mx.school.example"
SELECTOR = b"mail"
SIGNED = [b"from", b"to", b"subject", b"date", b"message-id"]


class Signer:
    """A domain with a key; `zone` is what its name servers say."""

    def __init__(self, folder, domain):
        self.domain = domain.encode()
        key = folder / f"{domain}.key"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-outform", "PEM"], check=True,
                                capture_output=True).stdout
        lines = public.decode().splitlines()
        self.key = key.read_bytes()
        self.zone = {SELECTOR + b"._domainkey." + self.domain + b".": b"v=DKIM1; k=rsa; p=" + "".join(lines[1:-1]).encode()}

    def sign(self, message):
        return dkim.sign(message, SELECTOR, self.domain, self.key, include_headers=SIGNED, linesep=b"\n") + message


def is_ours(header):
    name, _, value = header.partition(b":")
    return name.lower() == b"authentication-results" and value.split(b";")[0].strip().lower() == AUTHSERV_ID.encode()


def split_headers(message):
    """The headers, each with its folded lines, and the rest."""
    head, _, body = message.partition(b"\n\n")
    headers = []
    for line in head.split(b"\n"):
        if line[:1] in b" \t" and headers:
            headers[-1] += b"\n" + line
        else:
            headers.append(line)
    return headers, body


def hop(message, by):
    """One of the systems that a message passes writes its trace on top."""
    return f"Received: from x ([192.0.2.1])\n\tby {by} with ESMTP; Wed, 25 Nov 2026 10:11:12 +0000\n".encode() + message


class MailSystem:
    """Takes a message in as an MX does: takes forged results off, checks the signatures, adds its own."""

    def __init__(self, *signers):
        self.zone = {}
        for signer in signers:
            self.zone.update(signer.zone)

    def results(self, message):
        found = []
        headers, _ = split_headers(message)
        count = sum(header.lower().startswith(b"dkim-signature:") for header in headers)
        for index in range(count):
            check = dkim.DKIM(message)
            try:
                good = check.verify(index, dnsfunc=lambda name, timeout=5: self.zone.get(name))
            except dkim.DKIMException:
                good = False
            domain = (check.domain or b"unknown").decode()
            found.append(f"dkim={'pass' if good else 'fail'} (2048-bit key; x)\n\theader.d={domain} header.s=mail")
        return ";\n\t".join(found) or "none"

    def receive(self, message, verifier=True):
        if not verifier:
            return hop(message, AUTHSERV_ID)
        headers, body = split_headers(message)
        clean = b"\n".join(header for header in headers if not is_ours(header)) + b"\n\n" + body
        added = f"Authentication-Results: {AUTHSERV_ID};\n\t{self.results(clean)}\n".encode()
        return added + hop(clean, AUTHSERV_ID)  # a milter's header stands above the Received line of its Postfix
