"""Throw-away GnuPG homes with keys in every state that a key can be in."""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import need


class Keyring:
    """A GnuPG home of its own, below /tmp: its agent's socket cannot have a long path."""

    def __init__(self):
        need(shutil.which("gpg"), "gnupg is not installed")
        self.home = Path(tempfile.mkdtemp(prefix="sm-gpg-", dir="/tmp"))

    def close(self):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], capture_output=True, timeout=60)
        shutil.rmtree(self.home, ignore_errors=True)

    def gpg(self, *arguments, stdin=b"", may_fail=False):
        """What gpg prints."""
        argv = ["gpg", "--homedir", self.home, "--batch", "--quiet", "--no-tty", *arguments]
        done = subprocess.run([os.fspath(a) for a in argv], input=stdin, capture_output=True, timeout=60)
        assert may_fail or done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make(self, name="registrar", expires="never", kind="future-default", at=None):
        """A new key without a passphrase: its fingerprint."""
        when = [f"--faked-system-time={at}!"] if at else []
        made = self.gpg(
            "--status-fd=1", "--passphrase", "", *when, "--quick-generate-key", f"{name} <{name}@example.edu>", kind,
            "sign" if kind != "future-default" else "default", expires,
        )  # fmt: skip
        return re.search(r"KEY_CREATED \S+ ([0-9A-F]{40})", made.decode())[1]

    def revoke(self, fingerprint):
        """By the certificate that gpg laid down when it made the key."""
        certificate = (self.home / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text()
        self.gpg("--import", stdin=certificate.replace(":-----BEGIN", "-----BEGIN").encode())

    def disable(self, fingerprint):
        self.gpg("--command-fd=0", "--edit-key", fingerprint, stdin=b"disable\nsave\n")

    def delete(self, fingerprint):
        self.gpg("--yes", "--delete-secret-and-public-key", fingerprint)

    def export(self, *fingerprints):
        return self.gpg("--export", *fingerprints)

    def decrypt(self, data):
        return self.gpg("--decrypt", stdin=data)
