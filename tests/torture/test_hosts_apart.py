"""Hosts that share a ledger, one of which no longer reaches its server: little work, but a minute of waiting each."""
import contextlib
import os
import time

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, mail
from hosts import FarHost, Site, need_namespaces
from postgres import Cluster, SlowRelay

pytestmark = pytest.mark.release_only("it is about what processes do together")


@pytest.fixture
def site(build, announced, tmp_path):
    need_namespaces()
    with contextlib.closing(Cluster()) as cluster, contextlib.closing(Site(tmp_path, build, announced, cluster)) as made:
        made.add()
        yield made


def test_a_host_that_is_cut_off_while_it_holds_a_claim(site, emulator, scores):
    far = site.add(kind=FarHost)
    site.cluster.listen(far.SERVER)
    far.reach(site.cluster.by_tls(site.database, hostaddr=far.SERVER))
    emulator.faults("object:delay=28000x1")
    running = far.start(mail("csv")).go()
    emulator.wait_for(lambda log: any(r["call"] == "file" for r in log), "the call")
    far.cut()
    began, done = time.monotonic(), None
    while done is None or done.code == EX_TEMPFAIL:
        done = site.hosts[0].scoremail(stdin=mail("csv"))
        assert time.monotonic() - began < 150, done.err
    assert done.code == 0, done.err
    assert site.stored() == {CSV_NAME: scores[CSV_NAME]}
    far.mend()
    end = running.end()
    assert end.code == EX_TEMPFAIL, end.err
    for part in site.directory.glob(".*.part"):  # what it had finished by then; others cannot know whether it still writes
        os.utime(part, (time.time() - 7200,) * 2)
    assert far.scorefetch("run").code == 0
    assert site.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert site.times("stored") == (1, 1) and site.states() == {CSV_NAME: "stored"}
    assert far.scoremail(stdin=mail("csv")).code == 0
    assert site.times("stored") == (1, 1) and site.times("corrected") == (0, 0)


def test_a_server_that_goes_silent_holds_nobody_up_for_long(site, emulator):
    with contextlib.closing(SlowRelay(site.cluster.port)) as relay:
        site.hosts[0].reach(site.cluster.by_tls(site.database, port=relay.port))
        emulator.faults("object:delay=300")
        running = site.hosts[0].start(mail("csv")).go()
        emulator.wait_for(lambda log: any(r["call"] == "file" for r in log), "the call")
        relay.silence()
        began = time.monotonic()
        end = running.end()
        assert end.code == EX_TEMPFAIL and time.monotonic() - began < 150, end.err
    assert site.add().scoremail(stdin=mail("csv")).code == 0
