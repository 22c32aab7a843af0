"""Hosts with one ledger at work for a while, killed at random, with a server that crashes: each file is stored once.

SCOREMAIL_TORTURE_SECONDS says for how long, SCOREMAIL_TORTURE_SEED what happens.
"""
import contextlib
import os
import random
import time

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, TXT_NAME, large_scores, notification
from hosts import Site, need_namespaces
from postgres import Cluster

pytestmark = pytest.mark.release_only("it is about what processes do together")

SECONDS = int(os.environ.get("SCOREMAIL_TORTURE_SECONDS", "8"))
SEED = int(os.environ.get("SCOREMAIL_TORTURE_SEED", "14"))
AT_ONCE = 6
FILES = 60


def start_one(site, chance, names):
    host = chance.choice(site.hosts)
    command = chance.choice(["deliver", "deliver", "sync", "run"])
    if command == "deliver":
        return host.start(notification(site.build, chance.choice(names))).go()
    return host.start_scorefetch(command, *(["--all"] if command == "sync" else []))


def harm_one(site, chance):
    how = chance.choice(["kill", "kill", "kill", "filter", "sessions", "server"])
    if how in ("kill", "filter"):
        chance.choice(site.hosts).kill_all("scorefetch" if how == "kill" else "scoremail")
    elif how == "sessions":
        site.cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'scorefetch' AND pid % 2 = 0")
    else:
        site.cluster.stop()
        site.cluster.start()


def test_what_happens_to_hosts_in_a_while(build, start_emulator, tmp_path):
    need_namespaces()
    emulator, chance = start_emulator(), random.Random(SEED)
    data = {f"4300_{number:03d}.csv": large_scores(chance.choice([500, 20_000, 400_000]), number) for number in range(FILES)}
    for name, content in data.items():
        emulator.add(name, content)
    emulator.faults("object:delay=20")
    with contextlib.closing(Cluster()) as cluster, contextlib.closing(Site(tmp_path, build, emulator, cluster)) as site:
        for where in (None, None, cluster.by_tls(site.database)):
            site.add(where)
        running, ends, end = [], [], time.monotonic() + SECONDS
        while time.monotonic() < end:
            over = [each for each in running if each.process.poll() is not None]
            running = [each for each in running if each not in over]
            ends += [each.end() for each in over]
            running += [start_one(site, chance, list(data)) for _ in range(AT_ONCE - len(running))]
            time.sleep(chance.random() * 0.4)  # the pace of it
            harm_one(site, chance)
        ends += [each.end() for each in running]
        assert {each.code for each in ends} <= {0, EX_TEMPFAIL, -9}, {each.code: each.err for each in ends}
        site.assert_whole(data)
