"""The tests' own PostgreSQL server is what those that use it take it for."""
import contextlib
import subprocess

import pytest
from postgres import PASSWORD, PROGRAMS, ROLE, Cluster, SlowRelay, filled
from tlsserver import Authority

pytestmark = pytest.mark.release_only("it is about other people's programs")


@pytest.fixture(scope="module")
def cluster():
    with contextlib.closing(Cluster()) as made:
        yield made


def who(where):
    """Who somebody is for the server who comes that way; None: it lets them not in."""
    command = [PROGRAMS[-1] / "psql", "-X", "-A", "-t", "-w", "-c", "SELECT current_user", where.removeprefix("postgresql:")]
    done = subprocess.run(command, capture_output=True, timeout=60)
    return done.stdout.decode().strip() if done.returncode == 0 else None


def test_who_gets_in(cluster, tmp_path):
    database = cluster.new_database()
    certificate, key = cluster.authority.issue("certified")
    foreign, its_key = Authority(tmp_path / "other").issue("certified")
    assert who(cluster.by_socket(database)) == ROLE
    assert who(cluster.by_tls(database, password=PASSWORD)) == ROLE
    assert who(cluster.by_tls(database, password="wrong")) is None
    assert who(cluster.by_tls(database, password=PASSWORD, sslmode="disable")) is None
    assert who(cluster.by_tls(database, password=PASSWORD, host="elsewhere.example")) is None
    assert who(cluster.by_tls(database, role="certified", sslcert=certificate, sslkey=key)) == "certified"
    assert who(cluster.by_tls(database, role="certified", sslcert=foreign, sslkey=its_key)) is None


def test_it_stops_at_once_and_comes_back(cluster):
    database = cluster.new_database()
    cluster.stop()
    assert not cluster.is_up() and who(cluster.by_socket(database)) is None
    cluster.start()
    assert who(cluster.by_socket(database)) == ROLE


def test_a_standby_only_reads(cluster):
    database = cluster.new_database()
    with contextlib.closing(Cluster(copy_of=cluster)) as standby:
        assert who(standby.by_socket(database)) == ROLE
        with pytest.raises(AssertionError, match="read-only"):
            standby.sql("CREATE TABLE t (a int)", database)


def test_a_small_disk_is_full(cluster):
    with cluster.small_disk() as (space, folder):
        database = cluster.new_database(space)
        cluster.sql("CREATE TABLE t (a text)", database)
        with filled(folder), pytest.raises(AssertionError, match="No space left"):
            cluster.sql("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 10000)", database)
        cluster.sql("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 100)", database)


def test_a_relay_is_slow_or_silent(cluster):
    database = cluster.new_database()
    with contextlib.closing(SlowRelay(cluster.port, 0.01)) as relay:
        assert who(cluster.by_tls(database, port=relay.port, password=PASSWORD)) == ROLE
        relay.silence()
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run([PROGRAMS[-1] / "psql", cluster.by_tls(database, port=relay.port, password=PASSWORD).removeprefix("postgresql:")],
                           capture_output=True, timeout=0.5)
