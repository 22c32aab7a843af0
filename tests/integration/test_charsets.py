"""Every character set that iconv knows, by every name it knows for it."""

import base64
import re
import subprocess

from mail_filter import extract_all, named, parts

ROUNDS = 4  # converters that one message may have opened


def names_of_iconv():
    listed = subprocess.run(["iconv", "-l"], capture_output=True, check=True).stdout.decode().split()
    names = [name.rstrip("/") for name in listed]
    return [name for name in names if re.fullmatch(r"[A-Za-z0-9_.:+()-]{1,64}", name)]


def encoded(name, charset):
    """A part in this character set; None if it has no letters for HTML."""
    run = subprocess.run(["iconv", "-f", "ascii", "-t", charset], input=named(name).encode(), capture_output=True)
    if run.returncode != 0:
        return None
    return (f"Content-Type: text/html; charset={charset}\nContent-Transfer-Encoding: base64\n\n"
            + base64.encodebytes(run.stdout).decode())


def test_all_that_iconv_knows():
    made = {}
    for charset in names_of_iconv():
        name = re.sub("[^A-Za-z0-9]+", "_", charset).strip("_") + f"_{len(made)}.csv"
        part = encoded(name, charset)
        if part is not None:
            made[name] = part
    assert len(made) > 900
    batches = [dict(list(made.items())[at:at + ROUNDS]) for at in range(0, len(made), ROUNDS)]
    unread = []
    for batch, (found, _) in zip(batches, extract_all([parts(*batch.values()) for batch in batches])):
        unread += [name for name in batch if name not in found]
    assert unread == []
