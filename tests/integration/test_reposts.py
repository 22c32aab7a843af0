"""A file that is announced again: corrected, only announced again, or not what it was on our side."""
import hashlib
import os
import re
import stat

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, large_scores, mail

CORRECTED = b"ID,NAME\r\n1,corrected\r\n"
BY_HAND = b"edited by hand\r\n"


def announced_again(number):
    """The csv mail as another message announces it."""
    return re.sub(rb"(?im)^(message-id: *<)", rb"\g<1>%d." % number, mail("csv"), count=1)


@pytest.fixture
def stored(account, scores):
    """An account that has stored the csv file."""
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    return account


def test_a_corrected_file_takes_its_place_and_the_older_one_is_kept(stored, emulator, scores):
    emulator.add(CSV_NAME, CORRECTED)
    done = stored.scoremail(stdin=announced_again(1))
    assert (done.code, done.err) == (0, "")
    assert stored.stored() == {CSV_NAME: CORRECTED}
    kept = stored.directory / ".superseded" / f"{CSV_NAME}.~1~"
    assert kept.read_bytes() == scores[CSV_NAME]
    assert stored.status()[CSV_NAME]["revision"] == 1


def test_an_unchanged_file_is_asked_for_by_its_etag_and_not_sent_again(stored, emulator, scores):
    done = stored.scoremail(stdin=announced_again(1))
    assert (done.code, done.err) == (0, "")
    assert stored.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert [request["status"] for request in emulator.requests("object")] == [200, 304]


def test_the_etag_is_still_known_after_a_try_that_failed(stored, emulator, scores):
    emulator.faults("object:status=503x1")
    done = stored.scoremail(stdin=announced_again(1))
    assert (done.code, done.err) == (0, "")
    assert [request["status"] for request in emulator.requests("object")] == [200, 503, 304]


def test_a_large_file_is_asked_for_by_the_same_name_after_a_broken_transfer(account, emulator):
    large = bytes(range(1, 256)) * 24_000  # enough for its part to be noted in the ledger
    emulator.add(CSV_NAME, large)
    emulator.faults("object:reset=5000000x1")
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: large}
    assert [request["status"] for request in emulator.requests("object")] == [200, 206]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def gets(emulator):
    """(If-None-Match, status) of each GET."""
    return [(request["inm"], request["status"]) for request in emulator.requests("object")]


def older_versions(account):
    """name -> bytes of what was superseded."""
    folder = account.directory / ".superseded"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def assert_conflict(account, done, what="another file"):
    """Said once on stderr; nothing that the mail system could mend by another try."""
    assert done.code == 0
    end = f"adopt {CSV_NAME} to keep it" if what == "another file" else f"run scorefetch retry {CSV_NAME}"
    assert re.fullmatch(f"scoremail: {CSV_NAME}: {what} of that name is in {account.directory}.*{end}\n", done.err), done.err


def test_the_same_message_again_makes_no_request(stored, emulator, scores):
    emulator.add(CSV_NAME, CORRECTED)
    asked = emulator.requests()
    for _ in range(3):
        assert stored.scoremail(stdin=mail("csv")).code == 0
    assert emulator.requests() == asked
    assert stored.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_nothing_changes_by_a_look_at_what_is_unchanged(stored, emulator):
    path = stored.directory / CSV_NAME
    before, row = path.stat(), stored.status()[CSV_NAME]
    assert stored.receive(CSV_NAME).code == 0
    (_, none), (asked, status) = gets(emulator)
    assert (none, status) == (200, 304)
    assert asked == f'"{hashlib.md5(path.read_bytes()).hexdigest()}"'
    after = path.stat()
    assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns)
    changed = {key for key, value in stored.status()[CSV_NAME].items() if value != row[key]}
    assert changed <= {"updated_at"}
    assert older_versions(stored) == {}


def test_both_versions_are_on_record(stored, emulator, scores):
    emulator.add(CSV_NAME, CORRECTED)
    assert stored.receive(CSV_NAME).code == 0
    assert stored.status()[CSV_NAME]["sha256"] == sha256(CORRECTED)
    assert older_versions(stored) == {f"{CSV_NAME}.~1~": scores[CSV_NAME]}
    assert (stored.directory / ".superseded" / f"{CSV_NAME}.~1~").stat().st_mode & 0o7777 == 0o600
    first, second = stored.sql("SELECT detail FROM log WHERE action IN ('stored', 'corrected') ORDER BY id")
    assert sha256(scores[CSV_NAME]) in first["detail"]
    assert sha256(CORRECTED) in second["detail"]


def test_a_third_message_within_ten_minutes_waits(stored, emulator):
    emulator.add(CSV_NAME, CORRECTED)
    assert stored.receive(CSV_NAME).code == 0
    asked = emulator.requests()
    emulator.add(CSV_NAME, BY_HAND)
    third = mail("csv").replace(b"Message-ID: <", b"Message-ID: <third.")
    done = stored.scoremail(stdin=third)
    assert done.code == EX_TEMPFAIL
    assert re.fullmatch(f"scoremail: {CSV_NAME}: next attempt not before .*\n", done.err)
    assert emulator.requests() == asked
    stored.time_passes(600)
    assert stored.scoremail(stdin=third).code == 0
    assert stored.stored() == {CSV_NAME: BY_HAND}
    assert older_versions(stored).keys() == {f"{CSV_NAME}.~1~", f"{CSV_NAME}.~2~"}


def test_what_failed_to_be_looked_at_is_looked_at_again(stored, emulator, scores):
    stored.is_impatient()
    emulator.add(CSV_NAME, CORRECTED)
    emulator.faults("object:status=503")
    done = stored.scoremail(stdin=announced_again(1))
    assert done.code == EX_TEMPFAIL
    assert stored.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert stored.status()[CSV_NAME]["state"] == "stored"
    emulator.faults()
    assert stored.scoremail(stdin=announced_again(1)).code == 0
    assert stored.stored() == {CSV_NAME: CORRECTED}


def test_a_corrected_file_whose_bytes_do_not_arrive_leaves_the_older_one(stored, emulator, scores):
    emulator.add(CSV_NAME, CORRECTED)
    emulator.faults("object:corrupt")
    assert stored.receive(CSV_NAME).code == EX_TEMPFAIL
    assert stored.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert older_versions(stored) == {}


def test_other_etag_but_the_same_bytes(stored, emulator, scores):
    """As when the store was moved: no new version of what has not changed."""
    stored.sql("UPDATE files SET etag = '\"another\"'")
    assert stored.receive(CSV_NAME).code == 0
    assert gets(emulator)[1] == ('"another"', 200)
    assert stored.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert older_versions(stored) == {}
    assert stored.status()[CSV_NAME]["revision"] == 0
    stored.time_passes(600)
    assert stored.receive(CSV_NAME).code == 0
    assert gets(emulator)[2][1] == 304  # the new ETag was noted


def test_an_unchanged_file_that_an_importer_took_stays_away(stored, emulator):
    (stored.directory / CSV_NAME).unlink()
    assert stored.receive(CSV_NAME).code == 0
    assert stored.stored() == {}
    assert stored.status()[CSV_NAME]["state"] == "stored"
    assert gets(emulator)[1][1] == 304


def test_a_corrected_file_after_an_importer_took_the_older_one(stored, emulator):
    (stored.directory / CSV_NAME).unlink()
    emulator.add(CSV_NAME, CORRECTED)
    assert stored.receive(CSV_NAME).code == 0
    assert stored.stored() == {CSV_NAME: CORRECTED}
    assert older_versions(stored) == {}  # there was nothing left to keep
    assert stored.status()[CSV_NAME]["sha256"] == sha256(CORRECTED)


def test_a_file_that_was_edited_by_hand_is_not_overwritten(stored, emulator):
    (stored.directory / CSV_NAME).write_bytes(BY_HAND)
    emulator.add(CSV_NAME, CORRECTED)
    assert_conflict(stored, stored.receive(CSV_NAME))
    assert stored.stored() == {CSV_NAME: BY_HAND}
    assert older_versions(stored) == {}
    assert stored.status()[CSV_NAME]["state"] == "conflict"


def test_a_file_that_was_edited_by_hand_but_not_corrected_is_left_alone(stored, emulator):
    (stored.directory / CSV_NAME).write_bytes(BY_HAND)
    done = stored.receive(CSV_NAME)
    assert (done.code, done.err) == (0, "")
    assert stored.stored() == {CSV_NAME: BY_HAND}
    assert gets(emulator)[1][1] == 304


@pytest.mark.parametrize("kind", ["file", "folder", "symbolic link", "hard link"])
def test_a_conflict_is_not_downloaded_again_until_something_changes(account, emulator, scores, kind, tmp_path):
    obstacle, elsewhere = account.directory / CSV_NAME, account.folder / "elsewhere"
    elsewhere.write_bytes(BY_HAND)
    make = {
        "file": lambda: obstacle.write_bytes(BY_HAND),
        "folder": obstacle.mkdir,
        "symbolic link": lambda: obstacle.symlink_to(elsewhere),
        "hard link": lambda: obstacle.hardlink_to(elsewhere),
    }
    make[kind]()
    what = f"a {kind}" if kind in ("folder", "symbolic link") else "another file"
    for _ in range(2):
        assert_conflict(account, account.scoremail(stdin=mail("csv")), what)
        assert_conflict(account, account.receive(CSV_NAME), what)
    assert len(emulator.requests("object")) == 1
    assert [path.name for path in account.directory.iterdir()] == [CSV_NAME]
    assert elsewhere.read_bytes() == BY_HAND
    obstacle.rename(account.folder / "moved away")
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert elsewhere.read_bytes() == BY_HAND
    assert len(emulator.requests("object")) == 2


def test_a_conflict_is_looked_at_again_when_the_file_has_changed(account, emulator, scores):
    (account.directory / CSV_NAME).write_bytes(BY_HAND)
    assert_conflict(account, account.scoremail(stdin=mail("csv")))
    (account.directory / CSV_NAME).write_bytes(scores[CSV_NAME])
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert account.status()[CSV_NAME]["state"] == "stored"
    assert len(emulator.requests("object")) == 2


def test_a_person_can_settle_a_conflict(account, emulator):
    (account.directory / CSV_NAME).write_bytes(BY_HAND)
    assert_conflict(account, account.scoremail(stdin=mail("csv")))
    assert account.scorefetch("adopt", CSV_NAME).code == 0
    row = account.status()[CSV_NAME]
    assert (row["state"], row["sha256"]) == ("stored", sha256(BY_HAND))
    asked = emulator.requests()
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert emulator.requests() == asked


def test_the_same_bytes_are_adopted_and_stay_the_file_they_are(account, emulator, scores):
    path = account.directory / CSV_NAME
    path.write_bytes(scores[CSV_NAME])
    before = path.stat()
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert [p.name for p in account.directory.iterdir()] == [CSV_NAME]
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert account.sql("SELECT action FROM log ORDER BY id DESC LIMIT 1") == [{"action": "adopted"}]
    assert account.receive(CSV_NAME).code == 0
    assert gets(emulator)[1][1] == 304


def test_a_large_correction_is_resumed_by_the_next_run(account, emulator):
    older, newer = large_scores(6 << 20), large_scores(6 << 20, version=2)
    emulator.add(CSV_NAME, older)
    assert account.scoremail(stdin=mail("csv")).code == 0
    emulator.add(CSV_NAME, newer)
    emulator.faults("object:reset=5000000x1", "object:status=503")
    done = account.with_patience(
        lambda: account.scoremail(stdin=announced_again(1)), lambda _: emulator.requests("object")[-1]["status"] == 503)
    assert done.code == EX_TEMPFAIL
    assert account.stored()[CSV_NAME] == older
    emulator.faults()
    assert account.scoremail(stdin=announced_again(1)).code == 0
    assert emulator.requests("object")[-1]["status"] == 206
    assert account.stored() == {CSV_NAME: newer}
    assert older_versions(account) == {f"{CSV_NAME}.~1~": older}


def test_versions_of_one_name_are_numbered_on(stored, emulator):
    """A number that is taken, by a person or by a forgotten row, is never written over."""
    folder = stored.directory / ".superseded"
    folder.mkdir()
    (folder / f"{CSV_NAME}.~1~").write_bytes(BY_HAND)
    emulator.add(CSV_NAME, CORRECTED)
    assert stored.receive(CSV_NAME).code == 0
    assert older_versions(stored).keys() == {f"{CSV_NAME}.~1~", f"{CSV_NAME}.~2~"}
    assert older_versions(stored)[f"{CSV_NAME}.~1~"] == BY_HAND


STRANGERS = {
    "a folder": lambda path: path.mkdir(),
    "a FIFO": os.mkfifo,
    "a symbolic link": lambda path: path.symlink_to("/nowhere"),
    "a socket": lambda path: os.mknod(path, stat.S_IFSOCK | 0o600),
}


def test_each_kind_that_is_in_the_way_has_a_remedy_that_works(account, emulator):
    names = {kind: f"4300_{number}.csv" for number, kind in enumerate(STRANGERS)}
    for kind, name in names.items():
        emulator.add(name, CORRECTED)
        STRANGERS[kind](account.directory / name)
    done = account.scorefetch("get", *names.values())
    refused = account.scorefetch("adopt", *names.values()).err.splitlines()
    assert "adopt" not in done.err
    for kind, name, said, again in zip(names, names.values(), done.err.splitlines(), refused):
        assert f"{kind} of that name is in {account.directory}" in said and f"run scorefetch retry {name}" in said
        assert f"is {kind}, which cannot be adopted" in again and f"run scorefetch get {name}" in again
    (account.directory / names["a folder"]).rmdir()
    for name in list(names.values())[1:]:
        (account.directory / name).unlink()
    first, *others = names.values()
    assert account.scorefetch("get", first).code == account.scorefetch("retry", *others).code == 0
    assert account.stored() == dict.fromkeys(names.values(), CORRECTED)


@pytest.mark.parametrize("kind", ["a file", "a symbolic link"])
def test_what_is_in_the_way_of_older_versions_is_named(stored, emulator, kind):
    folder = stored.directory / ".superseded"
    folder.write_bytes(b"") if kind == "a file" else folder.symlink_to("/tmp")
    emulator.add(CSV_NAME, CORRECTED)
    done = stored.receive(CSV_NAME)
    assert done.code == EX_TEMPFAIL
    assert f"{folder}: cannot be opened; older versions go there: move away what is no folder" in done.err
    assert f"{folder}: cannot be opened" in stored.scorefetch("check").out.decode()
    folder.unlink()
    assert stored.scorefetch("run").code == 0
    assert older_versions(stored).keys() == {f"{CSV_NAME}.~1~"}
