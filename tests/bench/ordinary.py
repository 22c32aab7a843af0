#!/usr/bin/python3
"""Ordinary mail, which announces nothing: scoremail against a bare program that links GMime.

Both read the same message from the same file, by turns, in one run; medians against medians, since the
seconds of another machine say nothing. What is judged is a whole process, from exec to its end: scoremail
which mostly looks at the raw bytes alone, the bare program (bare-gmime.c) with nothing but GMime.

  tests/bench/ordinary.py [--build FOLDER] [--rounds N]

Exits non-zero where a goal is missed. For a figure that no other process disturbs:
  valgrind --tool=callgrind --trace-children=yes build-release/scoremail < MESSAGE
"""
import argparse
import base64
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build_folder  # noqa: E402

MB = 1 << 20
BARE = "tests/bench/bare-gmime"
MEMORY_BESIDE_MESSAGE = 24 * MB
MEMORY_RUNS = 5
WORDS = """The school's office has sent the timetable for next week to every teacher and asks for answers
until Friday about rooms lists exams parents evening busses library keys and the summer fair""".split()

HEADER = """\
Received: from mx.example.edu (mx.example.edu [192.0.2.25]) by imap.example.edu (Postfix) with ESMTPS
 id 4F1b2C3d4E for <staff@example.edu>; Wed, 11 Apr 2018 08:00:03 -0400 (EDT)
Received: from list.example.edu (list.example.edu [192.0.2.17]) by mx.example.edu (Postfix) with ESMTPS
 id 9A8b7C6d5E for <staff@example.edu>; Wed, 11 Apr 2018 08:00:02 -0400 (EDT)
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.edu; s=mail; t=1523448001;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; h=From:To:Subject:Date:Message-ID;
 b=dGhpcyBpcyBubyBzaWduYXR1cmUsIGJ1dCBhcyBsb25nIGFzIG9uZSB3b3VsZCBiZSBpbiBhbiBvcmRpbmFyeSBtZXNzYWdl
From: "Dean of Students" <dean@example.edu>
To: staff@example.edu
Cc: "Office, second floor" <office@example.edu>, library@example.edu
Subject: =?utf-8?Q?Score_night_on_Friday_=E2=80=93_please_answer?=
Date: Wed, 11 Apr 2018 08:00:00 -0400
Message-ID: <20180411.{name}@example.edu>
MIME-Version: 1.0
"""


@dataclass
class Case:
    name: str
    message: bytes
    ratio: float = 0  # at most so many times the bare program's time; 0: no such goal
    seconds: float = 0  # at most so much more than the bare program's time; 0: no such goal


def text(chance, size):
    """Sentences of size bytes."""
    words = []
    while size > 0:
        words.append(chance.choice(WORDS))
        size -= len(words[-1]) + 1
    return " ".join(words)


def html(chance, size):
    """A page as mail programs write it, of about size bytes."""
    rows = []
    while size > 0:
        rows.append(
            '<tr><td style="padding:4px 8px;font-family:Arial,sans-serif;font-size:13px">'
            f'<a href="https://www.example.edu/{len(rows)}?utm=mail">{text(chance, 20)}</a></td>'
            f"<td>{text(chance, 120)} &ndash; caf\u00e9&nbsp;&amp; bar</td></tr>"
        )
        size -= len(rows[-1])
    return "<!DOCTYPE html><html><body><table>\r\n" + "\r\n".join(rows) + "\r\n</table></body></html>\r\n"


def quoted(page):
    """Quoted-printable in lines of 72."""
    lines = []
    for line in page.encode().splitlines():
        coded = "".join(f"={b:02X}" if b > 126 or b == ord("=") else chr(b) for b in line)
        while len(coded) > 72:
            cut = 72 - (coded[71] == "=") - 2 * (coded[70] == "=")
            lines.append(coded[:cut] + "=")
            coded = coded[cut:]
        lines.append(coded)
    return "\n".join(lines) + "\n"


def message(name, *parts, kind="alternative"):
    """A multipart of (type and other header lines, body) pairs."""
    body = "".join(f"--=_{name}\n{head}\n\n{content}\n" for head, content in parts)
    head = HEADER.format(name=name) + f'Content-Type: multipart/{kind}; boundary="=_{name}"\n\n'
    return (head + body + f"--=_{name}--\n").encode()


def attachment(chance, name, size):
    data = base64.encodebytes(chance.randbytes(size * 3 // 4 * 76 // 77)).decode()
    head = (
        f'Content-Type: application/pdf; name="{name}"\nContent-Transfer-Encoding: base64\n'
        f'Content-Disposition: attachment; filename="{name}"'
    )
    return head, data


PLAIN = "Content-Type: text/plain; charset=utf-8"
HTML = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable"


def cases():
    chance = random.Random(20180411)
    small = message("small", (PLAIN, text(chance, 900)), (HTML, quoted(html(chance, 1400))))
    large = message("large", (PLAIN, text(chance, 2000)), (HTML, quoted(html(chance, 54000))))
    files = [attachment(chance, f"plan-{i}.pdf", size * MB // 2) for i, size in enumerate((8, 7, 5))]
    heavy = message("heavy", (HTML, quoted(html(chance, 20000))), *files, kind="mixed")
    return (
        Case("4 KB", small, ratio=0.5),
        Case("60 KB of HTML", large, ratio=0.5),
        Case("10 MB with attachments", heavy, ratio=1.2),
    )


def run(program, path):
    """Seconds from just before exec to the program's end."""
    to_null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    start = time.perf_counter()
    pid = os.posix_spawn(program, [program], {"LANG": "C.UTF-8"},
                         file_actions=[(os.POSIX_SPAWN_OPEN, 0, path, os.O_RDONLY, 0), *to_null])
    status = os.waitpid(pid, 0)[1]
    seconds = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{program} < {path}: status {status}")
    return seconds


def processes(pid):
    """Of a process and its descendants: bytes that are resident, and those of them that nobody shares."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []  # it has ended
    sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in rollup.splitlines()[1:]}
    private = sizes.get("Private_Clean", 0) + sizes.get("Private_Dirty", 0)
    return [(sizes.get("Rss", 0), private)] + [found for child in children for found in processes(child)]


def resident(pid):
    """All that one process has in memory, libraries too, and what the others have for themselves."""
    found = processes(pid)
    return max((rss - own + sum(private for _, private in found) for rss, own in found), default=0)


def peak_memory(program, path):
    """Looked at over and over, until the end."""
    peak = 0
    for _ in range(MEMORY_RUNS):
        pid = os.posix_spawn(program, [program], {"LANG": "C.UTF-8"},
                             file_actions=[(os.POSIX_SPAWN_OPEN, 0, path, os.O_RDONLY, 0)])
        while os.waitpid(pid, os.WNOHANG) == (0, 0):
            peak = max(peak, resident(pid))
    return peak


def judge(case, folder, build, rounds):
    path = str(folder / "message.eml")
    Path(path).write_bytes(case.message)
    programs = {"bare": str(build / BARE), "scoremail": str(build / "scoremail")}
    times = {name: [] for name in programs}
    for turn in range(rounds + 1):
        for name, program in programs.items():
            seconds = run(program, path)
            if turn > 0:  # the first one warms the caches
                times[name].append(seconds)
    bare, ours = (statistics.median(times[name]) for name in programs)
    memory = peak_memory(programs["scoremail"], path)
    met = memory <= len(case.message) + MEMORY_BESIDE_MESSAGE
    met = met and (case.ratio == 0 or ours <= case.ratio * bare) and (case.seconds == 0 or ours <= bare + case.seconds)
    goal = f"{case.ratio}" if case.ratio else f"+{case.seconds * 1000:.0f} ms"
    print(
        f"{case.name}: {len(case.message)} bytes; bare {bare * 1000:.2f} ms, scoremail {ours * 1000:.2f} ms, "
        f"ratio {ours / bare:.2f}, +{(ours - bare) * 1000:.2f} ms (goal {goal}); "
        f"fastest {min(times['bare']) * 1000:.2f} and {min(times['scoremail']) * 1000:.2f} ms, "
        f"ratio {min(times['scoremail']) / min(times['bare']):.2f}; "
        f"memory {memory / MB:.1f} MB, {(memory - len(case.message)) / MB:.1f} beside the message "
        f"(goal {MEMORY_BESIDE_MESSAGE // MB}){'' if met else '  MISSED'}",
        flush=True,
    )
    return met


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, help="folder with a release build (default: as the tests)")
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    build = options.build.resolve() if options.build else build_folder()
    subprocess.run(["ninja", "--quiet", "-C", build, "scoremail", BARE], check=True)
    with tempfile.TemporaryDirectory(prefix="scoremail-bench-", dir="/dev/shm") as folder:
        met = [judge(case, Path(folder), build, options.rounds) for case in cases()]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
