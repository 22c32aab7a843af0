"""Several mail hosts with one ledger on a PostgreSQL server and one directory: nothing is lost, nothing done twice."""
import contextlib
import json
import random
import re
import time

import pytest
from agents import wait_for
from harness import CSV_NAME, EX_NOPERM, EX_TEMPFAIL, TXT_NAME, large_scores, mail, notification, run
from hosts import Site, need_namespaces
from mounts import mounted
from postgres import Cluster, SlowRelay, filled

pytestmark = [pytest.mark.release_only("it is about what processes do together"),
              pytest.mark.xdist_group("hosts")]  # one server for all

OTHER = "5818_20180411_111604.csv"


@pytest.fixture(scope="module")
def cluster():
    need_namespaces()
    with contextlib.closing(Cluster()) as made:
        yield made


@pytest.fixture
def site(cluster, build, announced, tmp_path):
    """Three hosts, the third by TLS."""
    if not cluster.is_up():
        cluster.start()
    with contextlib.closing(Site(tmp_path, build, announced, cluster)) as made:
        for where in (None, None, cluster.by_tls(made.database)):
            made.add(where)
        yield made


@pytest.fixture
def site_on_share(cluster, build, announced, tmp_path):
    """Their share has no renames that never replace and no files without a name, as NFS has none."""
    with contextlib.closing(Site(tmp_path, build, announced, cluster)) as made, mounted("bindfs", made.directory):
        for _ in range(3):
            made.add()
        yield made
        made.close()  # they hold the mount


def end_all(running, timeout=120):
    return [each.end(timeout) for each in running]


def codes(ends):
    return {end.code for end in ends}


def test_equal_notifications_on_all_hosts_at_once(site, emulator, scores):
    message = mail("csv")
    running = [host.start(message) for _ in range(64) for host in site.hosts]
    for each in running:
        each.go()
    ends = end_all(running, 300)
    # who does not come to the server or the claim in time, among so many, waits, and the mail system delivers it again
    assert codes(ends) <= {0, EX_TEMPFAIL}, [end.err for end in ends if end.code]
    assert site.hosts[0].scoremail(stdin=message).code == 0
    assert len(emulator.requests("file")) == len(emulator.requests("object")) == 1
    assert site.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert site.sql("SELECT count(*) AS n FROM files") == [{"n": 1}]
    assert site.times("stored") == (1, 1)


def test_a_sync_on_all_hosts_stores_each_file_once(site, emulator):
    data = many_files(emulator, 100)
    ends = end_all([host.start_scorefetch("sync", "--all") for host in site.hosts])
    assert codes(ends) == {0}, [end.err for end in ends]
    assert site.stored() == data
    assert site.times("stored") == (len(data), len(data))
    assert len(emulator.requests("object")) == len(data)
    own = [sum(map(int, re.findall(r"(\d+) stored(?! by another process)", end.err))) for end in ends]
    assert sum(own) == len(data), [end.err for end in ends]


def many_files(emulator, count, size=20_000):
    data = {f"4300_{number:03d}.csv": large_scores(size, number) for number in range(count)}
    for name, content in data.items():
        emulator.add(name, content)
    for name in (CSV_NAME, TXT_NAME):
        emulator.remove(name)
    return data


def test_the_same_on_a_share_that_can_do_little(site_on_share, emulator, scores):
    site, message = site_on_share, mail("csv")
    running = [host.start(message) for _ in range(8) for host in site.hosts]
    for each in running:
        each.go()
    ends = end_all(running)
    assert codes(ends) == {0}, [end.err for end in ends if end.code]
    assert site.stored() == {CSV_NAME: scores[CSV_NAME]} and len(emulator.requests("object")) == 1
    data = many_files(emulator, 30) | site.stored()
    ends = end_all([host.start_scorefetch("sync", "--all") for host in site.hosts])
    assert codes(ends) == {0}, [line for end in ends for line in end.err.splitlines() if "mode" not in line and "stored" not in line]
    assert site.stored() == data
    assert site.times("stored") == (len(data), len(data))


def test_workers_on_all_hosts_share_what_waits(site, emulator):
    data = many_files(emulator, 40)
    site.hosts[0].is_impatient("6s")
    emulator.faults("file:status=503")
    ends = end_all([site.hosts[0].start(notification(site.build, name)).go() for name in data])
    assert codes(ends) == {EX_TEMPFAIL}
    assert site.states() == dict.fromkeys(data, "waiting"), [end.err for end in ends]
    emulator.faults()
    site.time_passes(7200)
    asked = len(emulator.requests("file"))
    ends = end_all([host.start_scorefetch("run") for host in site.hosts])
    assert codes(ends) == {0}, [end.err for end in ends]
    assert site.stored() == data
    assert site.times("stored") == (len(data), len(data))
    assert len(emulator.requests("file")) == asked + len(data)
    done = [int(end.err.rsplit(" done", 1)[0].split()[-1]) for end in ends if " done" in end.err]
    assert sum(done) == len(data), [end.err for end in ends]


def test_what_is_killed_at_random_stores_each_file_once(site, emulator):
    data = many_files(emulator, 90)
    chance = random.Random(1)
    emulator.faults("object:delay=20")
    running = [(host, host.start_scorefetch("sync", "--all")) for host in site.hosts]
    ends = []
    for number in range(6):
        emulator.wait_for(lambda log: sum(r["call"] == "object" for r in log) >= (number + chance.random()) * 12, "the next kill's turn")
        host, victim = running.pop(chance.randrange(3))
        host.kill_all("scorefetch")
        ends.append(victim.end())
        running.append((host, host.start_scorefetch("sync", "--all")))
    ends += end_all([each for _, each in running])
    assert codes(ends) <= {0, EX_TEMPFAIL, -9, 128 + 9}, [end.err for end in ends]
    site.assert_whole(data)


def test_the_server_is_stopped_and_comes_back_in_the_middle(site, cluster, emulator):
    data = many_files(emulator, 90)
    emulator.faults("object:delay=20")
    ends = []
    for seen in (5, 25, 45):
        running = [host.start_scorefetch("sync", "--all") for host in site.hosts]
        emulator.wait_for(lambda log: sum(r["call"] == "object" for r in log) >= seen, "downloads")
        cluster.stop()
        cluster.start()
        ends += end_all(running)  # some have gone on, some have not
    assert codes(ends) <= {0, EX_TEMPFAIL}, [end.err for end in ends]
    site.assert_whole(data)


def test_without_the_server_mail_waits(site, cluster, emulator, scores):
    inline, queued, *_ = site.hosts
    queued.configure(delivery="queued")
    assert queued.scorefetch("run").code == 0
    cluster.stop()
    done = inline.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL and len(done.err.splitlines()) == 1, done.err
    assert queued.scoremail(stdin=mail("csv")).code == 0
    for command in ("run", "sync", "status"):
        done = inline.scorefetch(command)
        assert done.code == EX_TEMPFAIL, (command, done.err)
    cluster.start()
    assert queued.scorefetch("run").code == 0
    assert site.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert inline.scoremail(stdin=mail("csv")).code == 0
    assert len(emulator.requests("object")) == 1


def test_a_standby_takes_over_without_the_last_commits(site, cluster, emulator, scores):
    before, mistaken, *_ = site.hosts
    assert before.scoremail(stdin=mail("csv")).code == 0
    with contextlib.closing(Cluster(copy_of=cluster)) as standby:
        mistaken.reach(standby.by_socket(site.database))
        done = mistaken.scoremail(stdin=notification(site.build, OTHER))
        assert done.code == EX_TEMPFAIL and "is read-only (it is a standby, or set to read-only; name the primary)" in done.err, done.err
        assert site.stored() == {CSV_NAME: scores[CSV_NAME]}
        for host in site.hosts:
            host.reach(cluster.by_either(standby, site.database))
        data = many_files(emulator, 40)
        emulator.faults("object:delay=20")
        standby.fall_behind()
        running = [host.start_scorefetch("sync", "--all") for host in site.hosts]
        emulator.wait_for(lambda log: sum(r["call"] == "object" for r in log) > 20, "downloads")
        cluster.stop()
        done = mistaken.scoremail(stdin=notification(site.build, OTHER))
        assert done.code == EX_TEMPFAIL and len(done.err.splitlines()) == 1, done.err
        for said in (f"{cluster.port}\" failed", f"{standby.port}\" failed", "is read-only (it is a standby"):
            assert said in done.err, done.err
        standby.promote()
        ends = end_all(running)
        assert codes(ends) <= {0, EX_TEMPFAIL}, [end.err for end in ends]
        site.cluster = standby
        site.time_passes(7200)
        for command in (["run"], ["sync", "--all"]):
            done = before.scorefetch(*command)
            assert done.code == 0, done.err
        # what is in the directory, and no longer in the ledger, is adopted
        assert {name: content for name, content in site.stored().items() if not name.endswith(".part")} == data | {CSV_NAME: scores[CSV_NAME]}
        assert not (site.directory / ".superseded").exists()
        assert set(site.states().values()) == {"stored"} and len(site.states()) == len(data) + 1
        (stored, _), (adopted, _) = site.times("stored"), site.times("adopted")
        assert stored + adopted == len(data) + 1 and adopted > 0


def test_a_full_disk_of_the_server(site, cluster, emulator):
    data = many_files(emulator, 20)
    assert site.hosts[0].scorefetch("sync", "-n").code == 0
    with cluster.small_disk() as (space, folder):
        cluster.sql(f"ALTER DATABASE {site.database} SET TABLESPACE {space}")
        with filled(folder):
            ends = end_all([host.start_scorefetch("sync", "--all") for host in site.hosts])
            assert codes(ends) == {EX_TEMPFAIL}, [end.err for end in ends]
            assert all(len(content) == 20_000 for content in site.stored().values())
        if not cluster.is_up():
            cluster.start()
        site.assert_whole(data)


def test_a_slow_server(site, cluster, scores):
    with contextlib.closing(SlowRelay(cluster.port, 0.05)) as relay:
        site.hosts[0].reach(cluster.by_tls(site.database, port=relay.port))
        slow = site.hosts[0].start(mail("csv")).go()
        others = [host.start(mail("csv")).go() for host in site.hosts[1:]]
        ends = end_all([slow, *others])
    assert codes(ends) == {0}, [end.err for end in ends]
    assert site.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert site.times("stored") == (1, 1)


def test_each_rejected_password_makes_one_login_over_all_hosts(site, emulator):
    for host, password in zip(site.hosts, ("wrong", "of last year", "wrong")):
        host.write_password(password)
    message = mail("csv")
    running = [host.start(message) for _ in range(8) for host in site.hosts]
    for each in running:
        each.go()
    assert codes(end_all(running)) == {EX_TEMPFAIL}
    assert codes(end_all([host.start_scorefetch("sync") for host in site.hosts])) == {EX_NOPERM}
    # of each password one process makes sure by a login; whether one asks for the file first, who takes the claim says
    rejected = [(r["call"], r["status"]) for r in emulator.requests()]
    assert rejected.count(("login", 401)) == 2, rejected
    assert set(rejected) == {("file", 401), ("login", 401)} and len(rejected) <= 4, rejected


def test_a_host_with_an_old_password_tries_it_once(site, emulator):
    """A right one elsewhere does not make it worth another login: the service would lock the account."""
    right, old, _ = site.hosts
    old.write_password("of last year")
    names = list(many_files(emulator, 8))
    for first, second in zip(names[::2], names[1::2]):
        assert old.scoremail(stdin=notification(site.build, first)).code == EX_TEMPFAIL
        assert right.scoremail(stdin=notification(site.build, second)).code == 0
    assert [r["call"] for r in emulator.requests() if r["status"] == 401] == ["file", "login"]
    old.write_password(right.password)
    site.time_passes(7200)
    assert old.scorefetch("run").code == 0
    assert len(site.stored()) == len(names)
    assert site.sql("SELECT kind FROM alerts WHERE last > 0") == []


def test_alerts_are_sent_once(site, emulator, tmp_path):
    sent = tmp_path / "sent"
    for host in site.hosts:
        host.general |= {"alert-command": f"/bin/sh -c 'cat >> {sent}; echo >> {sent}'"}
        host.write_password("wrong")
        host.configure()
    end_all([host.start(mail("csv")).go() for host in site.hosts])
    end_all([host.start_scorefetch("run") for host in site.hosts])
    lines = [json.loads(line) for line in sent.read_text().splitlines() if line]
    assert [line["kind"] for line in lines] == ["credentials"]


def test_a_report_is_sent_once(site, tmp_path):
    sent = tmp_path / "sent"
    for host in site.hosts:
        host.general |= {"report-mail": "office@school.example", "sendmail": f"/bin/sh -c 'echo sent >> {sent}; cat > {sent}.mail; sleep 0.3'"}
        host.configure()
    ends = end_all([host.start_scorefetch("tell") for _ in range(4) for host in site.hosts])
    assert codes(ends) == {0}, [end.err for end in ends if end.code]
    assert sent.read_text() == "sent\n" and b"Subject: Scores: 0 files this week" in sent.with_suffix(".mail").read_bytes()


def test_of_both_formats_at_once_the_first_is_stored(site, emulator):
    for host in site.hosts:
        host.configure(format="first")
    running = [host.start(mail(("csv", "txt")[number % 2])) for number in range(4) for host in site.hosts]
    for each in running:
        each.go()
    ends = end_all(running)
    assert codes(ends) <= {0, EX_TEMPFAIL}
    # the later one that came to its claim before the earlier one gives way; the mail system delivers it again
    assert all("its other format is not stored yet" in end.err for end in ends if end.code), [end.err for end in ends]
    for name in ("csv", "txt"):
        (end,) = end_all([site.hosts[0].start(mail(name)).go()])
        assert end.code == 0, end.err
    assert len(site.stored()) == 1
    assert sorted(site.states().values()) == ["dropped", "stored"]
    assert len(emulator.requests("object")) == 1


def test_corrections_are_numbered_once_and_kept(site, emulator, scores):
    versions = [scores[CSV_NAME], b"ID,NAME\r\n1,corrected\r\n", b"ID,NAME\r\n1,again\r\n"]
    for number, version in enumerate(versions):
        emulator.add(CSV_NAME, version)
        message = mail("csv") if number == 0 else notification(site.build, CSV_NAME)
        ends = end_all([host.start(message).go() for host in site.hosts])
        assert codes(ends) == {0}, [end.err for end in ends]
        site.time_passes(7200)
    assert site.stored() == {CSV_NAME: versions[-1]}
    older = site.directory / ".superseded"
    assert {p.name: p.read_bytes() for p in older.iterdir()} == {f"{CSV_NAME}.~{n + 1}~": versions[n] for n in range(2)}
    assert (site.times("stored"), site.times("corrected")) == ((1, 1), (2, 1))
    assert site.sql("SELECT revision FROM files") == [{"revision": 2}]


def test_what_is_encrypted_is_no_conflict_on_another_host(site, emulator, registrar, public, scores):
    for host in site.hosts:
        host.configure(encrypt_to=registrar.key, gnupg_home=public.home)
    message = mail("csv")
    assert codes(end_all([host.start(message).go() for host in site.hosts])) == {0}
    assert codes(end_all([host.start_scorefetch("sync", "--all") for host in site.hosts])) == {0}
    assert set(site.states().values()) <= {"stored", "dropped"}
    assert list(site.stored()) == [f"{CSV_NAME}.gpg"]
    assert len(emulator.requests("object")) == 1


def test_files_are_pruned_and_hooks_run_once(site, tmp_path):
    told = tmp_path / "told"
    for host in site.hosts:
        host.configure(keep_for="1h", on_stored=f"/bin/sh -c 'echo $SCOREMAIL_NAME >> {told}'")
    assert codes(end_all([host.start(mail("csv")).go() for host in site.hosts])) == {0}
    end_all([host.start_scorefetch("run") for host in site.hosts])
    assert told.read_text().splitlines() == [CSV_NAME]
    site.time_passes(7200)
    done = end_all([host.start_scorefetch("prune", "--yes") for host in site.hosts])
    assert codes(done) == {0}, [end.err for end in done]
    assert site.stored() == {}
    assert site.times("pruned") == (1, 1)
    assert told.read_text().splitlines() == [CSV_NAME]


def test_a_hook_runs_once_although_the_server_forgets_who_runs_it(site, cluster, tmp_path):
    told, go = tmp_path / "told", tmp_path / "go"
    for host in site.hosts:
        host.configure(on_stored=f"/bin/sh -c 'echo $SCOREMAIL_NAME >> {told}; until test -e {go} || test $(wc -l < {told}) -gt 1; do sleep 0.02; done'")
    running = site.hosts[0].start(mail("csv")).go()
    wait_for(told.exists, "the hook")
    cluster.stop()
    cluster.start()
    done = site.hosts[1].scorefetch("run")
    assert done.code == 0 and "on-stored" not in done.err, done.err
    go.touch()
    end = running.end()
    assert end.code == 0 and end.err.count("on-stored") == 0, end.err
    assert site.hosts[2].scorefetch("run").code == 0
    assert told.read_text().splitlines() == [CSV_NAME] and site.times("handed over") == (1, 1)


def test_a_host_without_the_share_stores_nothing(site, emulator, scores):
    first, without, _ = site.hosts
    assert first.scoremail(stdin=mail("csv")).code == 0
    without.mount("-t", "tmpfs", "tmpfs")
    emulator.add(OTHER, scores[CSV_NAME])
    message = notification(site.build, OTHER)
    done = without.scoremail(stdin=message)
    assert done.code == EX_TEMPFAIL and "lacks the file .scoremail-id" in done.err
    alerts = site.sql("SELECT text FROM alerts WHERE last > 0")
    assert len(alerts) == 1 and "host mx2: " in alerts[0]["text"] and "lacks the file" in alerts[0]["text"]
    assert without.listing() == []
    assert first.scoremail(stdin=message).code == 0
    assert site.stored() == {CSV_NAME: scores[CSV_NAME], OTHER: scores[CSV_NAME]}
    assert site.sql("SELECT text FROM alerts WHERE last > 0") == alerts  # by what another host can do it is not over
    without.unmount()
    assert without.scoremail(stdin=message).code == 0
    assert len(emulator.requests("object")) == 2
    emulator.add("5819_20180411_111604.csv", scores[CSV_NAME])
    assert without.scoremail(stdin=notification(site.build, "5819_20180411_111604.csv")).code == 0
    assert site.sql("SELECT text FROM alerts WHERE last > 0") == []


def test_what_a_dead_host_has_downloaded_is_placed_by_another_one(site, emulator, scores, tmp_path):
    dying, other, _ = site.hosts
    # the first one names the directory's id
    deadly = ["strace", "-f", "-qq", "-o", tmp_path / "trace", "-e", "trace=renameat2", "-e", "inject=renameat2:signal=SIGKILL:when=2"]
    run([*dying.inside, *deadly, *dying.command("scorefetch", "get", "-c", dying.config, CSV_NAME)[len(dying.inside):]])
    assert site.states() == {CSV_NAME: "placing"}
    assert other.scoremail(stdin=mail("csv")).code == 0
    assert site.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert [r["status"] for r in emulator.requests("object")] == [200, 304]  # whether it is still so for the message
    assert site.times("stored") == (1, 1)


def test_what_a_dead_host_was_downloading_is_fetched_anew(site, emulator):
    """Its part may lack what it had not synced."""
    dying, other, _ = site.hosts
    data = large_scores(6_000_000)
    emulator.add(CSV_NAME, data)
    emulator.faults("object:stall=5000000x1")
    assert dying.scorefetch("run").code == 0
    running = dying.start_scorefetch("get", CSV_NAME)
    emulator.wait_for(lambda _: site.sql("SELECT name FROM files WHERE part_etag IS NOT NULL"), "a part that can be resumed")
    dying.kill_all("scorefetch")
    running.end()
    assert any(name.endswith(".part") for name in site.stored())
    assert other.scoremail(stdin=mail("csv")).code == 0
    assert site.stored() == {CSV_NAME: data}
    assert [r["range"] for r in emulator.requests("object")][-1] is None


def test_status_shows_the_hosts(site, tmp_path):
    for host in site.hosts:
        assert host.scorefetch("run").code == 0
    done = site.hosts[0].scorefetch("status", "--json")
    assert [(host["host"], host["spooled"], host["silent"]) for host in json.loads(done.out)["hosts"]] == [
        (f"mx{number}", 0, False) for number in (1, 2, 3)]
    site.cluster.sql(f"UPDATE keys SET value = '{int(time.time()) - 3600}' || substr(value, 11) WHERE name = 'host mx3'", site.database)
    done = site.hosts[0].scorefetch("status", "--exit-code", "--prometheus", tmp_path / "prom")
    assert done.code == 1 and b"has not run on mx3 since" in done.out
    assert 'scoremail_host_heartbeat_timestamp_seconds{host="mx2"}' in (tmp_path / "prom").read_text()
    assert site.hosts[1].scorefetch("run").code == 0
    assert "on mx3" in site.sql("SELECT text FROM alerts WHERE kind = 'worker' AND last > 0")[0]["text"]
    assert site.hosts[2].scorefetch("run").code == 0
    assert site.sql("SELECT kind FROM alerts WHERE kind = 'worker' AND last > 0") == []
    (site.hosts[2].folder / "boot_id").write_text((site.hosts[0].folder / "boot_id").read_text())  # as two containers have it
    run([*site.hosts[2].inside, "hostname", "mx1"])
    for together in ("nothing else", "the spool"):  # as of one image
        if together == "the spool":
            site.cluster.sql("DELETE FROM keys WHERE name = 'host mx1'; DELETE FROM alerts", site.database)
            site.hosts[2].general["spool"] = site.hosts[0].spool
            site.hosts[2].configure()
            stat = site.hosts[2].folder / "stat"  # of its first process
            stat.write_text(" ".join(["1 (init) S", *map(str, range(4, 40))]))
            run([*site.hosts[2].inside, "mount", "--bind", stat, "/proc/1/stat"])
        for number in (0, 2, 0):
            assert site.hosts[number].scorefetch("run").code == 0
        done = site.hosts[1].scorefetch("status", "--exit-code")
        assert done.code == 1 and b"two machines that share the ledger have the host name mx1" in done.out
        assert "host name mx1" in site.sql("SELECT text FROM alerts WHERE kind = 'worker' AND last > 0")[0]["text"]
