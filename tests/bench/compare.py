"""What the benchmarks share: a command timed, two sides judged by a goal, syncs counted."""
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass


@contextmanager
def a_disk(folder, megabytes):
    """The folder where it is on an ext4; else, as root, an ext4 of its own in an image there.

    An image costs both sides a second copy of each page, and each sync two.
    """
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], check=True, capture_output=True, text=True).stdout
    if kind.startswith("ext") or os.geteuid() != 0:
        yield folder
        return
    with tempfile.TemporaryDirectory(dir=folder) as place:
        image, mounted = os.path.join(place, "image"), os.path.join(place, "disk")
        os.mkdir(mounted)
        with open(image, "wb") as file:
            file.truncate(megabytes << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-b", "4096", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, mounted], check=True)
        try:
            yield mounted
        finally:
            subprocess.run(["umount", mounted], check=True)


@dataclass
class Goal:
    key: str
    what: str
    ratio: float  # at most so many times the peer's time


@dataclass
class Time:
    """Of processes, with their children."""

    wall: float  # seconds
    processor: float  # seconds of user and system

    def __add__(self, other):
        return Time(self.wall + other.wall, self.processor + other.processor)


def timed(argv, stdin=os.devnull, environment=None):
    """The time of one command that must succeed, from just before exec to its end."""
    argv = [os.fspath(a) for a in argv]
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.fspath(stdin), os.O_RDONLY, 0)]
    actions += [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    before = os.times()
    start = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, environment or os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{' '.join(argv)}: status {status}")
    return Time(wall, usage.ru_utime + usage.ru_stime)


def judge(goal, ours, theirs):
    """Prints medians, fastest runs and processor time of both sides; whether the goal is met by the medians."""
    met = False
    parts = []
    for name, of in (("median", statistics.median), ("fastest", min)):
        a, b = of(t.wall for t in ours), of(t.wall for t in theirs)
        parts.append(f"{name} {a * 1e3:.1f} ms against {b * 1e3:.1f} ms, ratio {a / b:.2f}")
        met = met or (name == "median" and a <= goal.ratio * b)
    a, b = (min(t.processor for t in side) for side in (ours, theirs))
    parts.append(f"processor {a * 1e3:.1f} ms against {b * 1e3:.1f} ms")
    print(f"{goal.what}: {'; '.join(parts)} (goal {goal.ratio}){'' if met else '  MISSED'}", flush=True)
    return met


def count_syncs(argv, stdin=os.devnull):
    """How often one command and its children call fsync and fdatasync, in words."""
    with tempfile.NamedTemporaryFile() as trace, open(stdin, "rb") as source:
        subprocess.run(["strace", "-f", "--seccomp-bpf", "-o", trace.name, "-e", "trace=fsync,fdatasync,sync_file_range",
                        *(os.fspath(a) for a in argv)], stdin=source, check=True, stderr=subprocess.DEVNULL)
        calls = Counter(re.findall(r"^\d+ +(\w+)\(", trace.read().decode(), re.M))
    return "one more: " + ", ".join(f"{number} {call}" for call, number in sorted(calls.items()))
