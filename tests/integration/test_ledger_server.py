"""One host's ledger on a PostgreSQL server: how it gets in, what it refuses, and how a ledger moves there and back."""
import contextlib
import re
import sqlite3
import subprocess

import pytest
from harness import CHECKOUT, CSV_NAME, EX_CONFIG, EX_TEMPFAIL, TXT_NAME, mail, notification
from postgres import PASSWORD, PROGRAMS, ROLE, Cluster, filled
from terminal import Terminal
from tlsserver import Authority

pytestmark = pytest.mark.release_only("most of the time goes to the server")


@pytest.fixture(scope="module")
def cluster():
    with contextlib.closing(Cluster()) as made:
        ident = made.data / "pg_ident.conf"
        me = ident.read_text().splitlines()[0].rsplit(" ", 1)[0]
        ident.write_text(ident.read_text() + "".join(f"{me} {role}\n" for role in ("guest", "owner", "ghost")))
        made.sql("SELECT pg_reload_conf()")
        yield made


@pytest.fixture
def database(cluster):
    return cluster.new_database()


@pytest.fixture
def reach(account):
    """Sets the ledger's place and what else there is in [scoremail]; None takes a key out."""

    def go(where, **more):
        account.general.update({"ledger": where, **{f"ledger-{key.replace('_', '-')}": value for key, value in more.items()}})
        account.general = {key: value for key, value in account.general.items() if value is not None}
        account.configure()

    return go


@pytest.fixture
def password(account):
    path = account.config.parent / "ledger-password"
    path.touch(mode=0o600)
    path.write_text(PASSWORD + "\n")
    return path


def assert_stores(account, scores, **how):
    done = account.scoremail(stdin=mail("csv"), **how)
    assert done.code == 0, done.err
    assert account.stored()[CSV_NAME] == scores[CSV_NAME]
    assert account.status()[CSV_NAME]["state"] == "stored"
    assert not account.ledger.exists() and not account.ledger.with_suffix(".lock").exists()


def assert_waits(account, *said):
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL and account.stored() == {}
    assert len(done.err.splitlines()) == 1 and PASSWORD not in done.err, done.err
    for text in said:
        assert text in done.err, done.err
    return done


def test_by_who_it_is(account, scores, cluster, database, reach):
    reach(cluster.by_socket(database))
    assert_stores(account, scores)
    done = account.scorefetch("check")
    assert f"postgresql:{database} on {cluster.socket}:{cluster.port}, schema 3, intact" in done.out.decode()


def test_by_a_password(account, scores, cluster, database, reach, password, tmp_path):
    where = cluster.by_tls(database)
    reach(where, password_command=f"cat {password}")
    assert_stores(account, scores)
    reach(where, password_command=None, password_file=password)
    assert account.scorefetch("status").code == 0
    with Terminal([account.build / "scorefetch", "status", "--watch", "-c", account.config]) as terminal:
        terminal.wait_for("ACCOUNT")
        assert terminal.end("q") == 0
    reach(where, password_file=None, password_credential=password.name)
    assert account.scorefetch("status", env={"CREDENTIALS_DIRECTORY": str(password.parent), "PATH": "/usr/bin:/bin"}).code == 0
    reach(where, password_credential=None)
    done = account.scorefetch("status")
    assert done.code == EX_TEMPFAIL and "no password" in done.err, done.err
    reach(where, password_file=password)
    password.write_text("wrong\n")
    done = account.scorefetch("status")
    assert done.code == EX_TEMPFAIL and "password authentication failed" in done.err and "wrong" not in done.err
    assert "(check the role and ledger-password-file)" in done.err
    password.chmod(0o644)
    done = account.scorefetch("status")
    assert f"ledger-password-file {password} is readable by everyone" in done.err


def test_by_a_certificate(account, scores, cluster, database, reach):
    cluster.sql(f"ALTER DATABASE {database} OWNER TO certified")
    certificate, key = cluster.authority.issue("certified")
    reach(cluster.by_tls(database, role="certified", sslcert=certificate, sslkey=key))
    assert_stores(account, scores)


def test_another_server_is_not_trusted(account, cluster, database, reach, password, tmp_path):
    foreign = Authority(tmp_path / "other")
    reach(cluster.by_tls(database, sslrootcert=foreign.pem), password_file=password)
    assert_waits(account, "certificate verify failed (check sslrootcert, and the dates and the name")
    reach(cluster.by_tls(database, host="elsewhere.example"))
    assert_waits(account, "elsewhere.example")
    assert cluster.sessions(f"datname = '{database}'") == 0


@pytest.mark.parametrize("place, said", [
    (f"postgresql://scoremail:{PASSWORD}@localhost/ledger", "ledger-password-file"),
    (f"postgresql:host=localhost password={PASSWORD}", "ledger-password-file"),
    (f"postgresql://localhost/ledger?user=x&password={PASSWORD}", "ledger-password-file"),
    ("ledger.db", "postgresql"),
])
def test_what_the_configuration_refuses(account, reach, place, said):
    reach(place)
    done = account.scorefetch("status")
    assert done.code == EX_CONFIG and said in done.err and PASSWORD not in done.err, done.err
    assert f"{account.config}:2:" in done.err


@pytest.mark.parametrize("place, said", [
    (f"postgresql://localhost/ledger?passwor%64={PASSWORD}", "ledger-password-file"),
    ("postgresql://db.example.org/ledger?sslmode=require", "verify-full"),
    ("postgresql://db.example.org/ledger?sslmode=disable", "verify-full"),
    ("postgresql:host=localhost hostaddr=192.0.2.1 sslmode=prefer", "verify-full"),
    ("postgresql:service=scores", "service"),
    ("postgresql:nonsense", "cannot be read"),
])
def test_what_the_connection_refuses(account, reach, place, said):
    reach(place)
    done = account.scorefetch("status")
    assert done.code == EX_CONFIG and said in done.err and PASSWORD not in done.err, done.err
    assert_waits(account, said)


def test_two_passwords_are_refused(account, reach, cluster, database, password):
    reach(cluster.by_tls(database), password_file=password, password_command="echo")
    done = account.scorefetch("status")
    assert done.code == EX_CONFIG and "several passwords" in done.err, done.err


def test_the_environment_is_not_heeded(account, scores, cluster, database, reach):
    reach(cluster.by_socket(database))
    assert_stores(account, scores, env={
        "PATH": "/usr/bin:/bin", "HOME": str(account.folder), "PGHOST": "192.0.2.1", "PGHOSTADDR": "192.0.2.1", "PGUSER": "nobody",
        "PGOPTIONS": "-c search_path=nowhere", "PGSSLMODE": "require", "PGCONNECT_TIMEOUT": "1", "PGSERVICE": "nowhere",
        "PGREQUIREPEER": "nobody", "PGDATABASE": "postgres", "PGTARGETSESSIONATTRS": "standby", "PGCLIENTENCODING": "LATIN1"})


def documented():
    """The statements of postgresql.md, for roles and a database of a test's: those before the tables, and after."""
    text = (CHECKOUT / "docs" / "postgresql.md").read_text().replace("scoremail_owner", "owner")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ") and line.endswith(";") or line.startswith("    \\c")]
    lines = [re.sub(r"\bscoremail\b", "guest", line) for line in lines]
    return [line for line in lines if "ON ALL" not in line and "REVOKE INSERT" not in line], [line for line in lines if "ON ALL" in line or "REVOKE INSERT" in line]


def test_a_role_that_may_do_little(account, cluster, reach):
    """Tables that another role made, and filled, are used with the rights that postgresql.md grants, and with no fewer."""
    assert account.scorefetch("run").code == account.scorefetch("backup", account.folder / "first.db").code == 0
    before, after = documented()
    database = "postgres"
    for statement in before:
        if statement == r"\c guest":
            database = "guest"
        else:
            cluster.sql(statement, database)
    done = account.scorefetch("ledger", "copy", cluster.by_socket("guest", role="guest"))
    assert done.code == EX_TEMPFAIL and "permission denied" in done.err, done.err
    done = account.scorefetch("ledger", "copy", cluster.by_socket("guest", role="owner"))
    assert done.code == 0, done.err
    reach(cluster.by_socket("guest", role="guest"))
    assert_waits(account, "permission denied", "the role lacks a right")
    cluster.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest", "guest")
    for table, right in (("accounts", "INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"), ("accounts_id_seq", "USAGE ON ALL SEQUENCES IN SCHEMA public")):
        assert f"the role may not use all of {table}; see postgresql.md" in account.scorefetch("check").out.decode()
        cluster.sql(f"GRANT {right} TO guest", "guest")
    assert "schema 3, intact" in account.scorefetch("check").out.decode()
    cluster.sql("ALTER TABLE files ENABLE ROW LEVEL SECURITY", "guest")
    assert "the role may not use all of files" in account.scorefetch("check").out.decode()
    cluster.sql("ALTER TABLE files DISABLE ROW LEVEL SECURITY", "guest")
    for statement in after:
        cluster.sql(statement, "guest")
    assert "schema 3, intact" in account.scorefetch("check").out.decode()
    assert account.scoremail(stdin=mail("csv")).code == 0
    for command in (["sync"], ["run"], ["status"], ["backup", account.folder / "backup.db"]):
        done = account.scorefetch(*command)
        assert done.code == 0, (command, done.err)


def test_what_is_no_place_for_a_ledger(account, cluster, reach):
    cluster.sql(f"CREATE DATABASE latin OWNER {ROLE} ENCODING 'LATIN1' TEMPLATE template0")
    reach(cluster.by_socket("latin"))
    assert_waits(account, "not in UTF8")
    crowded = cluster.new_database()
    cluster.sql(f"ALTER DATABASE {crowded} CONNECTION LIMIT 0")
    reach(cluster.by_socket(crowded))
    assert_waits(account, "too many connections", "raise max_connections, or the limit")
    cluster.sql("ALTER ROLE outsider NOLOGIN")
    reach(cluster.by_socket(crowded, role="outsider"))
    assert_waits(account, "is not permitted to log in (give the role LOGIN")
    reach(cluster.by_socket(cluster.new_database()) + " options=-csearch_path=nowhere")
    assert_waits(account, "search_path")


def test_each_refusal_has_its_own_remedy(account, cluster, database, reach, password, tmp_path):
    cluster.sql("CREATE DATABASE closed")
    cluster.sql("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
    foreign = Authority(tmp_path / "other").issue("certified")
    another = cluster.authority.issue("another")
    for remedy, where, options in (
            ("create the database", cluster.by_tls, {"database": "missing"}),
            ("create the role", cluster.by_socket, {"role": "ghost"}),
            ("pg_ident.conf", cluster.by_socket, {"role": "stranger"}),
            ("the role lacks a right", cluster.by_tls, {"database": "closed"}),
            ("let this host in without TLS by the server's pg_hba.conf", cluster.by_tls, {"sslmode": "disable"}),
            ("(check sslrootcert)", cluster.by_tls, {"sslrootcert": "/nonexistent"}),
            ("(set sslcert and sslkey)", cluster.by_tls, {"role": "certified"}),
            ("refuses the client's certificate", cluster.by_tls, {"role": "certified", "sslcert": foreign[0], "sslkey": foreign[1]}),
            ("must name the role", cluster.by_tls, {"role": "certified", "sslcert": another[0], "sslkey": another[1]}),
            ("(check sslkey)", cluster.by_tls, {"role": "certified", "sslcert": another[0], "sslkey": "/nonexistent"}),
            ("the server, or a pooler, refuses", cluster.by_tls, {"options": "-cnonsense=1"}),
            ("correct it in ledger", cluster.by_tls, {"port": "nonsense"}),
            ("is the server up", cluster.by_tls, {"port": 1}),
            ("(check the host in ledger", cluster.by_tls, {"host": "no..where", "hostaddr": ""})):
        reach(where(**{"database": database, **options}) + " connect_timeout=60", password_file=password)
        assert_waits(account, remedy)
    reach(cluster.by_tls(database), password_file=None)
    assert_waits(account, "(set ledger-password-file)")


def test_tables_that_are_out_of_sight_are_not_made_anew(account, cluster, database, reach):
    """Another schema comes first, by whatever somebody has changed."""
    reach(cluster.by_socket(database))
    assert account.scorefetch("run").code == 0
    for change in (f"CREATE SCHEMA {ROLE} AUTHORIZATION {ROLE}",
                   f"ALTER SCHEMA {ROLE} RENAME TO first; ALTER DATABASE {database} SET search_path = first",
                   f"ALTER DATABASE {database} RESET search_path; ALTER SCHEMA public RENAME TO old; CREATE SCHEMA public AUTHORIZATION {ROLE}"):
        cluster.sql(change, database)
        schema = "old" if "old" in change else "public"
        assert_waits(account, f"its tables are in schema {schema}", f"add options=-csearch_path={schema} to ledger")
        assert f"failure  ledger: ledger postgresql:{database}" in account.scorefetch("check").out.decode()
    for schema in ("old", "first"):  # said so: that one, or another ledger
        reach(cluster.by_socket(database) + f" options=-csearch_path={schema}")
        assert account.scorefetch("run").code == 0
    assert cluster.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'files'", database) == [["2"]]


TABLES = "m.type = 'table' AND m.name NOT LIKE 'sqlite%'"
SCHEMAS = {  # of both kinds: what there is, as rows of texts and None
    "columns": (
        "SELECT m.name, c.name, c.type, c.\"notnull\" OR c.pk > 0, c.dflt_value"
        f" FROM sqlite_master m, pragma_table_info(m.name) c WHERE {TABLES}",
        "SELECT table_name, column_name, CASE data_type WHEN 'bigint' THEN 'INTEGER' ELSE upper(data_type) END,"
        " CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END, replace(column_default, '::text', '')"
        " FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_version'"),
    "indexes": (  # the row's own number has none there
        "SELECT m.tbl_name, iif(i.origin = 'c', i.name, ''), i.\"unique\", i.partial,"
        " (SELECT group_concat(name, ' ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))"
        f" FROM sqlite_master m, pragma_index_list(m.name) i WHERE {TABLES}",
        "SELECT t.relname, CASE WHEN indisunique THEN '' ELSE c.relname END, indisunique::int, (indpred IS NOT NULL)::int,"
        " (SELECT string_agg(attname, ' ' ORDER BY array_position(indkey, attnum)) FROM pg_attribute"
        "  WHERE attrelid = indrelid AND attnum = ANY (indkey)) AS columns"
        " FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_class t ON t.oid = indrelid"
        " WHERE t.relnamespace = 'public'::regnamespace AND indkey::text IS DISTINCT FROM (SELECT attnum::text FROM pg_attribute"
        "  WHERE attrelid = indrelid AND attidentity <> '')"),
}  # fmt: skip
CHANGES = """
INSERT INTO files (account, name, stem, announced, updated) VALUES ('a', 'one.csv', 'one', 1, 1), ('a', 'two.csv', 'two', 2, 2), ('b', 'one.csv', 'one', 3, 3);
UPDATE files SET state = 'stored' WHERE account = 'a';
UPDATE files SET state = 'stored' WHERE name = 'one.csv';
DELETE FROM files WHERE name = 'two.csv';
INSERT INTO events (account, name, identity, kind, sender, recipients, first_seen, last_seen) VALUES ('a', 'one.csv', 'i', 'k', 's', 'r', 1, 1);
INSERT INTO log (at, account, name, action, detail, uid, command) VALUES (86399, 'a', '', 'x', '', 0, ''), (86400, 'a', '', 'x', '', 0, ''), (86401, 'a', '', 'x', '', 0, '');
INSERT INTO accounts (name) VALUES ('a');
INSERT INTO alerts (account, kind, text, first, last) VALUES ('', 'k', 't', 1, 1);
INSERT INTO handovers (account, name, kind, path, size, sha256, revision, created) VALUES ('a', 'one.csv', 'new', 'one.csv', 1, '', 0, 1)
"""
REFUSED = ["UPDATE log SET detail = 'rewritten'", "UPDATE files SET state = 'lost'", "INSERT INTO files (account, name, stem, announced, updated) VALUES ('a', 'one.csv', 'one', 1, 1)",
           "INSERT INTO accounts (name) VALUES ('a')", "INSERT INTO accounts (name) VALUES (NULL)", "INSERT INTO alerts (account, kind, text, first, last) VALUES ('', 'k', 't', 1, 1)"]  # fmt: skip


def test_both_kinds_have_the_same_tables(account, cluster, database, reach):
    assert account.scorefetch("status").code == account.scorefetch("run").code == 0
    reach(cluster.by_socket(database))
    assert account.scorefetch("run").code == 0
    with contextlib.closing(sqlite3.connect(account.ledger, isolation_level=None)) as db:

        def both(of_file, of_server=None):
            rows = (list(map(list, db.execute(of_file))), cluster.sql(of_server or of_file, database))
            return [sorted([None if cell is None else str(cell) for cell in row] for row in each) for each in rows]

        for what, (of_file, of_server) in SCHEMAS.items():
            there, here = both(of_file, of_server)
            assert there == here and len(there) > 15, what
        names = [name for name, in db.execute(f"SELECT name FROM sqlite_master m WHERE {TABLES} AND name <> 'keys'")]
        for name in names:
            db.execute(f"DELETE FROM {name}")
        db.execute("DELETE FROM sqlite_sequence")
        cluster.sql(f"TRUNCATE {', '.join(names)} RESTART IDENTITY", database)
        db.executescript(CHANGES)
        cluster.sql(CHANGES, database)
        for statement in REFUSED:
            with pytest.raises(sqlite3.DatabaseError):
                db.execute(statement)
            with pytest.raises(AssertionError, match="ERROR"):
                cluster.sql(statement, database)
        for name in names:
            columns = ", ".join(sorted(column for column, in db.execute("SELECT name FROM pragma_table_info(?)", (name,))))
            there, here = both(f"SELECT {columns} FROM {name}")
            assert there == here and there, name


def test_a_newer_ledger_is_left_alone(account, cluster, database, reach):
    reach(cluster.by_socket(database))
    assert account.scorefetch("run").code == 0
    cluster.sql("UPDATE schema_version SET version = 4", database)
    assert_waits(account, "newer version (schema 4", "upgrade scorefetch")
    assert "newer version" in account.scorefetch("check").out.decode()


def test_a_ledger_moves_there_and_back(account, emulator, cluster, database, reach):
    assert account.scoremail(stdin=mail("csv")).code == 0
    before = account.status()
    log = account.scorefetch("log").out
    there = cluster.by_socket(database)
    done = account.scorefetch("ledger", "copy", there)
    assert done.code == 0 and "found the same there" in done.err, done.err
    done = account.scorefetch("ledger", "copy", there)
    assert done.code != 0 and "is not empty" in done.err, done.err
    reach(there)
    assert account.status() == before and account.scorefetch("log").out == log
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert len(emulator.requests("object")) == 1
    for command, path in (("backup", account.folder / "backup.db"), ("ledger", account.folder / "back.db")):
        done = account.scorefetch(command, *(["copy"] if command == "ledger" else []), path)
        assert done.code == 0, done.err
        with contextlib.closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
        reach(path)
        assert account.status() == before
        reach(there)


def test_a_restored_dump_goes_on(account, emulator, scores, cluster, database, reach, tmp_path):
    """What was stored since is fetched once more and adopted, as after a failover that lost it."""
    told = tmp_path / "told"
    account.configure(on_stored=f"/bin/sh -c 'echo $SCOREMAIL_NAME >> {told}'", format="both")
    reach(cluster.by_socket(database))
    assert account.scoremail(stdin=mail("csv")).code == 0
    restored = cluster.new_database()
    server = ["-h", cluster.socket, "-p", str(cluster.port), "-U", "postgres"]
    dump = subprocess.run([PROGRAMS[-1] / "pg_dump", *server, database], capture_output=True, timeout=60, check=True).stdout
    corrected = b"ID,NAME\r\n1,corrected\r\n"
    emulator.add(CSV_NAME, corrected)
    messages = [mail("txt"), notification(account.build, CSV_NAME)]
    assert [account.scoremail(stdin=message).code for message in messages] == [0, 0]
    psql = [PROGRAMS[-1] / "psql", *server, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", restored]
    subprocess.run(psql, input=dump, stdout=subprocess.DEVNULL, timeout=60, check=True)
    reach(cluster.by_socket(restored))
    before = account.stored()
    assert [account.scoremail(stdin=message).code for message in [mail("csv"), *messages]] == [0, 0, 0]
    assert account.stored() == before and (before[CSV_NAME], before[TXT_NAME]) == (corrected, scores[TXT_NAME])
    assert {row["state"] for row in account.status().values()} == {"stored"}
    actions = cluster.sql("SELECT name, action FROM log WHERE action IN ('stored', 'adopted', 'corrected') ORDER BY id", restored)
    assert actions == [[CSV_NAME, "stored"], [TXT_NAME, "adopted"], [CSV_NAME, "adopted"]]
    assert told.read_text().split() == [CSV_NAME, TXT_NAME, CSV_NAME] + [TXT_NAME, CSV_NAME]  # of the restored one's own


def test_a_copy_to_a_full_disk_is_whole_once_there_is_room(account, cluster):
    assert account.scoremail(stdin=mail("csv")).code == 0
    counts = "SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM log), (SELECT sum(length(detail)) FROM log), (SELECT count(*) FROM events)"
    with contextlib.closing(sqlite3.connect(account.ledger)) as db:
        db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
                   " INSERT INTO log (at, account, name, action, detail, uid, command) SELECT i, 'main', 'x', 'x', hex(randomblob(500)), 0, '' FROM n")
        db.commit()
        before = [[str(number) for number in db.execute(counts).fetchone()]]
    with cluster.small_disk() as (space, folder):
        database = cluster.new_database(space)
        there = cluster.by_socket(database)
        with filled(folder, 1 << 20):
            done = account.scorefetch("ledger", "copy", there)
            assert done.code == EX_TEMPFAIL and "the server's disk is full" in done.err, done.err
            assert len(done.err.splitlines()) == 1
        done = account.scorefetch("ledger", "copy", there)
        assert done.code == 0 and "found the same there" in done.err, done.err
        assert cluster.sql(counts, database) == before


def test_a_copy_that_is_cut_off_leaves_nothing(account, cluster, database):
    assert account.scoremail(stdin=mail("csv")).code == 0
    there = cluster.by_socket(database)
    assert account.scorefetch("ledger", "copy", there).code == 0
    cluster.sql("DELETE FROM files; DELETE FROM events; DELETE FROM log; DELETE FROM accounts; DELETE FROM days; DELETE FROM totals;"
                "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid());"
                " RETURN NULL; END'; CREATE TRIGGER stop AFTER INSERT ON log EXECUTE FUNCTION stop()", database)
    done = account.scorefetch("ledger", "copy", there)
    assert done.code == EX_TEMPFAIL, done.err
    assert cluster.sql("SELECT count(*) FROM files", database) == [["0"]]
