"""encrypt-to: what came lies encrypted on the disk and nowhere else, and comes back by scorefetch cat."""
import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path

import pytest
from harness import (
    CSV_NAME, EX_CONFIG, EX_DATAERR, EX_NOINPUT, EX_TEMPFAIL, EX_USAGE, PROGRAM_FILES, Running, large_scores, mail,
    need, open_in,
)  # fmt: skip
from test_disk import small_disk  # noqa: F401  a fixture
from test_reposts import CORRECTED, announced_again, older_versions, sha256

MEGABYTE = 1024 * 1024
SEALED = CSV_NAME + ".gpg"
EX_CANTCREAT, EX_IOERR = 73, 74


def wait_until(condition, seconds=180):
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
    return result


def alerts(account):
    return account.sql("SELECT account, kind, text FROM alerts")


def assert_sealed(account, keyring, data):
    """Only NAME.gpg is there, and it is the data."""
    stored = account.stored()
    assert list(stored) == [SEALED]
    assert data[:100] not in stored[SEALED]
    assert keyring.decrypt(stored[SEALED]) == data


def test_the_file_is_stored_encrypted_and_recorded_in_both_forms(sealing, registrar, scores):
    done = sealing.scoremail(stdin=mail("csv"))
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert_sealed(sealing, registrar, scores[CSV_NAME])
    stored = sealing.stored()[SEALED]
    row = sealing.status()[CSV_NAME]
    assert (row["state"], row["path"]) == ("stored", SEALED)
    assert (row["size"], row["sha256"]) == (len(stored), sha256(stored))
    assert (row["size_plain"], row["sha256_plain"]) == (len(scores[CSV_NAME]), sha256(scores[CSV_NAME]))
    assert (sealing.directory / SEALED).stat().st_mode & 0o7777 == 0o600
    assert alerts(sealing) == []


def test_without_encrypt_to_both_forms_are_the_same(account, scores):
    assert account.scoremail(stdin=mail("csv")).code == 0
    row = account.status()[CSV_NAME]
    assert row["path"] == CSV_NAME
    assert (row["size_plain"], row["sha256_plain"]) == (row["size"], row["sha256"]) == (len(scores[CSV_NAME]), sha256(scores[CSV_NAME]))


def test_a_dry_run_says_that_it_would_be_encrypted_and_does_nothing(sealing, emulator):
    done = sealing.scoremail("--dry-run", stdin=mail("csv"))
    assert done.code == 0, done.err
    assert b"stored, encrypted, into" in done.out
    assert os.listdir(sealing.directory) == [] and emulator.requests() == []


def test_a_long_key_id_and_0x_are_as_good_as_the_fingerprint(sealing, registrar, scores):
    sealing.configure(encrypt_to="0x" + registrar.key[-16:].lower())
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    assert_sealed(sealing, registrar, scores[CSV_NAME])


def test_each_of_two_recipients_can_decrypt(sealing, registrar, public, new_keyring, scores):
    auditor = new_keyring()
    auditor.key = auditor.make("auditor")
    public.gpg("--import", stdin=auditor.export())
    sealing.configure(encrypt_to=f"{registrar.key}, {auditor.key}")
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    assert_sealed(sealing, registrar, scores[CSV_NAME])
    assert_sealed(sealing, auditor, scores[CSV_NAME])


def test_recipients_of_gpg_conf_are_left_out(sealing, registrar, public, new_keyring):
    stranger = new_keyring()
    stranger.key = stranger.make("stranger")
    public.gpg("--import", stdin=stranger.export())
    (public.home / "gpg.conf").write_text(f"encrypt-to {stranger.key}\n")
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    assert stranger.gpg("--decrypt", stdin=sealing.stored()[SEALED], may_fail=True) == b""
    registrar.decrypt(sealing.stored()[SEALED])


def test_an_empty_file_is_encrypted_too(sealing, registrar, emulator):
    emulator.add(CSV_NAME, b"")
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    assert registrar.decrypt(sealing.stored()[SEALED]) == b""
    assert sealing.scorefetch("cat", CSV_NAME).code == EX_CONFIG  # by the keyring without a secret key


# Keys that cannot be used, before anything is asked for.


def revoked(registrar, public):
    registrar.revoke(registrar.key)
    public.gpg("--import", stdin=registrar.export(registrar.key))
    return registrar.key


def disabled(registrar, public):
    public.disable(registrar.key)
    return registrar.key


def without_subkey(registrar, public):
    key = registrar.make("signer", kind="ed25519")
    public.gpg("--import", stdin=registrar.export(key))
    return key


def missing(registrar, public):
    return "0123456789ABCDEF0123456789ABCDEF01234567"


def expired(registrar, public):
    key = registrar.make("old", expires="2d", at="20200101T000000")
    public.gpg("--import", stdin=registrar.export(key))
    return key


@pytest.mark.parametrize(
    "make, words",
    [
        (missing, "is not in the keyring.*--import"),
        (expired, "has expired"),
        (revoked, "is revoked"),
        (disabled, "is disabled"),
        (without_subkey, "no valid subkey for encryption"),
    ],
)
def test_a_key_that_cannot_be_used_keeps_the_mail_and_is_told(sealing, emulator, registrar, public, scores, make, words):
    good = registrar.make("good")
    key = make(registrar, public)
    sealing.configure(encrypt_to=key)
    done = sealing.scoremail(stdin=mail("csv"))
    assert (done.code, done.out) == (EX_TEMPFAIL, b"")
    assert re.fullmatch(f"scoremail: {CSV_NAME}: account main: encrypt-to: key {key.lower()} .*{words}.*\n", done.err)
    assert emulator.requests() == []  # not even a URL
    assert sealing.stored() == {}
    (alert,) = alerts(sealing)
    assert (alert["account"], alert["kind"]) == ("main", "encryption")
    assert re.search(words, alert["text"])
    assert sealing.scorefetch("get", CSV_NAME).code == EX_CONFIG
    public.gpg("--import", stdin=registrar.export(good))
    sealing.configure(encrypt_to=good)
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    assert_sealed(sealing, registrar, scores[CSV_NAME])
    assert alerts(sealing) == []


def test_one_unusable_key_of_two_is_enough_to_keep_the_mail(sealing, emulator, registrar, public):
    sealing.configure(encrypt_to=f"{registrar.key} {missing(registrar, public)}")
    assert sealing.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert emulator.requests() == []


def test_a_keyring_that_is_not_there_is_named(sealing, emulator, public):
    sealing.configure(gnupg_home=f"{public.home}-elsewhere")
    done = sealing.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    assert f"gnupg-home {public.home}-elsewhere" in done.err
    assert not Path(f"{public.home}-elsewhere").exists()
    assert emulator.requests() == []


def test_a_short_key_id_is_an_error_of_the_configuration(sealing, registrar, emulator):
    sealing.configure(encrypt_to=registrar.key[-8:])
    done = sealing.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    assert "encrypt-to" in done.err and "fingerprints" in done.err
    assert sealing.scorefetch("get", CSV_NAME).code == EX_CONFIG
    assert emulator.requests() == []


# Where the plain text is.


def files_below(path):
    if path.is_dir() and not path.is_symlink():
        for folder, _, names in os.walk(path):
            yield from (Path(folder, name) for name in names)
    else:
        yield path


def holding(marker, start, places):
    """The files with marker in them: all below a place, but of what others have there only what is new."""
    for place in places:
        for entry in place.iterdir() if place.is_dir() else []:
            try:
                if entry.lstat().st_mtime < start:
                    continue
                yield from (path for path in files_below(entry) if path.is_file() and marker in path.read_bytes())
            except OSError:
                continue  # of another test's, gone meanwhile


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_the_plain_text_is_written_to_no_file(sealing, emulator, registrar, public):
    need(shutil.which("strace"), "strace is not installed")
    need(os.geteuid() == 0, "only root may trace a program that forbids attaching")
    marker = f"MARKER-{uuid.uuid4().hex}".encode()
    data = b"".join(b"%s,%d\r\n" % (marker, n) for n in range(60_000))
    emulator.add(CSV_NAME, data)
    start = time.time() - 1
    trace = sealing.folder / "trace"
    calls = "write,pwrite64,writev,pwritev,pwritev2,sendfile,splice,copy_file_range,mmap,memfd_create,open,openat"
    argv = ["strace", "-f", "-y", "-s", "2000000", "-o", trace, "-e", f"trace={calls}", sealing.build / "scorefetch"]
    done = subprocess.run([*argv, "get", "-c", sealing.config, CSV_NAME], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = trace.read_bytes().split(b"\n")
    trace.unlink()
    bearing = [line for line in lines if marker in line]
    targets = {re.match(rb"\d+ +\w+\(\d+<([^>]*)>", line)[1] for line in bearing}
    assert targets and all(target.startswith(b"pipe:") for target in targets), targets
    # nor by a mapping: what is mapped to be written to is SQLite's shared memory alone
    shared = [line for line in lines if b"mmap(" in line and b"PROT_WRITE" in line and b"MAP_SHARED" in line]
    assert all(b"ledger.db-shm" in line or b"MAP_ANONYMOUS" in line for line in shared), shared
    assert not any(b"memfd_create(" in line for line in lines)
    unnamed = [line for line in lines if b"O_TMPFILE" in line]  # the part alone, which holds what gpg has written
    assert all(re.search(rb"openat\(\d+<%s>," % os.fsencode(sealing.directory), line) for line in unnamed), unnamed
    places = [sealing.folder, public.home, Path.home() / ".gnupg"]
    places += [Path(place) for place in ("/tmp", "/var/tmp", "/dev/shm")]
    assert [path for path in holding(marker, start, places) if Path(emulator.data) not in path.parents] == []
    assert list(holding(marker, start, [Path(emulator.data)])) != []  # the search finds what is there
    assert_sealed(sealing, registrar, data)


# What breaks on the way.


def test_a_broken_transfer_is_gone_on_with_in_the_same_run(sealing, emulator, registrar):
    data = large_scores(6 * MEGABYTE)
    emulator.add(CSV_NAME, data)
    emulator.faults("object:reset=3000000x2")
    done = sealing.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert_sealed(sealing, registrar, data)
    assert [request["status"] for request in emulator.requests("object")][-1] == 206


def test_damage_is_told_by_the_md5_of_the_plain_text(sealing, emulator, registrar, scores):
    emulator.faults("object:wrong-length=-10x1")
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    assert_sealed(sealing, registrar, scores[CSV_NAME])
    assert len(emulator.requests("object")) == 2
    assert os.listdir(sealing.directory) == [SEALED]


def test_an_error_page_is_not_stored_encrypted(sealing, emulator):
    emulator.faults("object:xml-200")
    assert sealing.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert os.listdir(sealing.directory) == []


def test_a_killed_run_leaves_nothing(sealing, emulator, registrar):
    data = large_scores(12 * MEGABYTE)
    emulator.add(CSV_NAME, data)
    emulator.faults(f"object:stall={8 * MEGABYTE}x1")
    running = sealing.start(mail("csv")).go()
    wait_until(lambda: any(size > 5 * MEGABYTE for size in open_in(sealing.directory)))
    assert os.listdir(sealing.directory) == []  # nothing that anybody could go on with
    running.kill()
    running.end()
    assert os.listdir(sealing.directory) == []
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    assert_sealed(sealing, registrar, data)
    assert emulator.requests("object")[-1]["range"] is None
    assert sealing.status()[CSV_NAME]["revision"] == 0


def test_a_part_of_plain_text_is_not_gone_on_with_once_encrypt_to_is_set(account, emulator, registrar, public):
    data = large_scores(12 * MEGABYTE)
    emulator.add(CSV_NAME, data)
    emulator.faults(f"object:stall={8 * MEGABYTE}x1")
    running = account.start(mail("csv")).go()
    wait_until(lambda: any(p.stat().st_size > 5 * MEGABYTE for p in account.directory.glob(".*.part")))
    running.kill()
    running.end()
    account.configure(encrypt_to=registrar.key, gnupg_home=public.home)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert_sealed(account, registrar, data)


def test_a_disk_that_fills_up_meanwhile(sealing, emulator, registrar, small_disk):  # noqa: F811
    data = large_scores(6 * MEGABYTE)
    emulator.add(CSV_NAME, data)
    emulator.faults("object:drip=400000")
    small = small_disk(sealing.directory, "size=8m")
    free = os.statvfs(small.disk.seen).f_bfree
    running = small.scoremail(mail("csv"))
    wait_until(lambda: os.statvfs(small.disk.seen).f_bfree < free)  # the part has begun to grow
    small.disk.fill()
    done = running.end()
    assert done.code == EX_TEMPFAIL
    assert re.search(f"{sealing.directory}/.*No space left", done.err), done.err
    assert small.names() == ["ballast"]
    assert [alert["kind"] for alert in alerts(sealing)] == ["disk"]  # and no matter of keys
    emulator.faults()
    (small.disk.seen / "ballast").unlink()
    assert small.scoremail(mail("csv")).end().code == 0
    assert registrar.decrypt((small.disk.seen / SEALED).read_bytes()) == data


def gpg_of(home):
    """The process that encrypts by the keyring in home; 0 if there is none."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(argument.endswith(os.fsencode(home)) for argument in arguments) and b"--encrypt" in arguments:
            return int(folder.name)
    return 0


def test_a_gpg_that_stands_still_is_given_up(sealing, emulator, registrar, public):
    data = large_scores(12 * MEGABYTE)
    emulator.add(CSV_NAME, data)
    emulator.faults("object:drip=200000")
    sealing.is_impatient("15s")
    running = sealing.start(mail("csv")).go()
    stopped = wait_until(lambda: gpg_of(public.home))
    os.kill(stopped, signal.SIGSTOP)
    try:
        done = running.end()
    finally:
        os.kill(stopped, signal.SIGKILL)
    assert done.code == EX_TEMPFAIL
    assert "gpg has made no progress" in done.err
    assert os.listdir(sealing.directory) == []
    assert [alert["kind"] for alert in alerts(sealing)] == ["encryption"]
    emulator.faults()
    sealing.time_passes(3600)
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    assert_sealed(sealing, registrar, data)


def test_a_gpg_that_dies_is_said(sealing, emulator, registrar, public):
    data = large_scores(12 * MEGABYTE)
    emulator.add(CSV_NAME, data)
    emulator.faults("object:drip=200000")
    running = sealing.start(mail("csv")).go()
    os.kill(wait_until(lambda: gpg_of(public.home)), signal.SIGKILL)
    done = running.end()
    assert done.code == EX_TEMPFAIL
    assert "gpg" in done.err
    assert os.listdir(sealing.directory) == []
    emulator.faults()
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    assert_sealed(sealing, registrar, data)


# Announced again.


def test_an_unchanged_file_is_not_sent_again(sealing, emulator, registrar, scores):
    sealing.scoremail(stdin=mail("csv"))
    before = sealing.stored()
    assert sealing.scoremail(stdin=announced_again(1)).code == 0
    assert sealing.stored() == before
    assert [request["status"] for request in emulator.requests("object")] == [200, 304]


def test_the_same_bytes_under_another_etag_change_nothing(sealing, emulator, scores):
    sealing.scoremail(stdin=mail("csv"))
    before = sealing.stored()
    sealing.sql("UPDATE files SET etag = '\"another\"'")
    assert sealing.scoremail(stdin=announced_again(1)).code == 0
    assert sealing.stored() == before
    assert sealing.status()[CSV_NAME]["revision"] == 0
    assert [request["status"] for request in emulator.requests("object")] == [200, 200]


def test_a_corrected_file_takes_its_place_and_the_older_one_is_kept_encrypted(sealing, emulator, registrar, scores):
    sealing.scoremail(stdin=mail("csv"))
    emulator.add(CSV_NAME, CORRECTED)
    assert sealing.scoremail(stdin=announced_again(1)).code == 0
    assert_sealed(sealing, registrar, CORRECTED)
    kept = older_versions(sealing)
    assert list(kept) == [f"{SEALED}.~1~"]
    assert registrar.decrypt(kept[f"{SEALED}.~1~"]) == scores[CSV_NAME]
    assert sealing.status()[CSV_NAME]["revision"] == 1


def test_setting_encrypt_to_later_leaves_what_is_stored_as_it_is(account, registrar, public, scores):
    account.scoremail(stdin=mail("csv"))
    account.configure(encrypt_to=registrar.key, gnupg_home=public.home)
    assert account.scoremail(stdin=announced_again(1)).code == 0
    assert account.scorefetch("get", "--force", CSV_NAME).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert account.status()[CSV_NAME]["path"] == CSV_NAME


def test_a_correction_after_that_is_encrypted_and_the_plain_one_is_moved_away(account, emulator, registrar, public, scores):
    account.scoremail(stdin=mail("csv"))
    account.configure(encrypt_to=registrar.key, gnupg_home=public.home)
    emulator.add(CSV_NAME, CORRECTED)
    assert account.scoremail(stdin=announced_again(1)).code == 0
    assert_sealed(account, registrar, CORRECTED)
    assert older_versions(account) == {f"{CSV_NAME}.~1~": scores[CSV_NAME]}
    row = account.status()[CSV_NAME]
    assert (row["path"], row["revision"]) == (SEALED, 1)


def test_an_edited_plain_file_stays_beside_the_encrypted_correction(account, emulator, registrar, public):
    account.scoremail(stdin=mail("csv"))
    (account.directory / CSV_NAME).write_bytes(b"edited by hand\r\n")
    account.configure(encrypt_to=registrar.key, gnupg_home=public.home)
    emulator.add(CSV_NAME, CORRECTED)
    assert account.scoremail(stdin=announced_again(1)).code == 0
    assert account.stored()[CSV_NAME] == b"edited by hand\r\n"
    assert registrar.decrypt(account.stored()[SEALED]) == CORRECTED


def test_an_unknown_file_of_that_name_is_never_adopted(sealing, emulator, registrar, scores):
    theirs = registrar.gpg("--trust-model", "always", "--encrypt", "-r", registrar.key, stdin=scores[CSV_NAME])
    (sealing.directory / SEALED).write_bytes(theirs)
    for _ in range(2):
        done = sealing.scoremail(stdin=mail("csv"))
        assert done.code == 0
        assert "another file of that name, with .gpg," in done.err and "adopt" not in done.err
    assert sealing.stored() == {SEALED: theirs}
    assert sealing.status()[CSV_NAME]["state"] == "conflict"
    assert len(emulator.requests("object")) == 1
    for name in (CSV_NAME, SEALED):
        done = sealing.scorefetch("adopt", name)
        assert done.code == EX_CANTCREAT
        assert f"{SEALED} in {sealing.directory} is encrypted, so its content is unknown" in done.err
        assert f"run scorefetch get {CSV_NAME}\n" in done.err
    assert [*sealing.status()] == [CSV_NAME]
    (sealing.directory / SEALED).rename(sealing.folder / "moved away")
    assert sealing.scorefetch("get", CSV_NAME).code == 0
    assert_sealed(sealing, registrar, scores[CSV_NAME])


def test_a_file_that_was_taken_away_comes_back_by_force(sealing, registrar, scores):
    sealing.scoremail(stdin=mail("csv"))
    (sealing.directory / SEALED).unlink()
    assert sealing.scorefetch("get", CSV_NAME).code == 0
    assert sealing.stored() == {}
    assert sealing.scorefetch("get", "--force", CSV_NAME).code == 0
    assert_sealed(sealing, registrar, scores[CSV_NAME])
    assert sealing.status()[CSV_NAME]["revision"] == 0


# scorefetch cat.


@pytest.fixture
def reading(sealing, registrar):
    """The account with the csv file stored, and the registrar's keyring to read it by."""
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    sealing.configure(gnupg_home=registrar.home)
    return sealing


def trail(account, action):
    return account.sql("SELECT account, name, detail, uid, command FROM log WHERE action = ?", action)


def test_cat_prints_the_plain_text_and_is_recorded(reading, scores):
    before = reading.stored()
    done = reading.scorefetch("cat", CSV_NAME)
    assert (done.code, done.out, done.err) == (0, scores[CSV_NAME], "")
    assert reading.stored() == before
    assert trail(reading, "catted") == [
        {"account": "main", "name": CSV_NAME, "detail": SEALED, "uid": os.getuid(), "command": "cat"}
    ]


def test_cat_prints_what_is_not_encrypted_too(account, scores):
    account.scoremail(stdin=mail("csv"))
    done = account.scorefetch("cat", "-a", "main", CSV_NAME)
    assert (done.code, done.out, done.err) == (0, scores[CSV_NAME], "")
    assert len(trail(account, "catted")) == 1


def test_cat_of_a_large_file_has_every_byte(sealing, emulator, registrar):
    data = large_scores(12 * MEGABYTE)
    emulator.add(CSV_NAME, data)
    sealing.scoremail(stdin=mail("csv"))
    sealing.configure(gnupg_home=registrar.home)
    done = sealing.scorefetch("cat", CSV_NAME)
    assert done.code == 0, done.err
    assert hashlib.sha256(done.out).digest() == hashlib.sha256(data).digest()


def test_cat_without_the_key_says_so_and_records_nothing(reading, public):
    reading.configure(gnupg_home=public.home)
    done = reading.scorefetch("cat", CSV_NAME)
    assert (done.code, done.out) == (EX_CONFIG, b"")
    assert re.search("this user has no key that decrypts it", done.err), done.err
    assert trail(reading, "catted") == []


@pytest.mark.parametrize("place", [0, 40, -5])
def test_cat_of_a_changed_file_fails(reading, place):
    path = reading.directory / SEALED
    data = bytearray(path.read_bytes())
    data[place] ^= 0x55
    path.write_bytes(data)
    done = reading.scorefetch("cat", CSV_NAME)
    assert done.code == EX_DATAERR
    assert "changed since it was stored" in done.err


def test_cat_of_another_file_for_the_same_key_fails(reading, registrar):
    other = registrar.gpg("--trust-model", "always", "--encrypt", "-r", registrar.key, stdin=b"1,forged\r\n")
    (reading.directory / SEALED).write_bytes(other)
    done = reading.scorefetch("cat", CSV_NAME)
    assert done.code == EX_DATAERR
    assert "changed since it was stored" in done.err
    assert done.err.endswith(f"; move it away and run scorefetch get --force {CSV_NAME}\n")
    (reading.directory / SEALED).rename(reading.folder / "moved away")
    assert reading.scorefetch("get", "--force", CSV_NAME).code == 0
    assert reading.scorefetch("cat", CSV_NAME).code == 0


def test_cat_of_a_changed_plain_file_fails(account, scores):
    account.scoremail(stdin=mail("csv"))
    (account.directory / CSV_NAME).write_bytes(scores[CSV_NAME] + b"1,forged\r\n")
    assert account.scorefetch("cat", CSV_NAME).code == EX_DATAERR


def test_cat_of_what_is_not_there(sealing, emulator):
    assert sealing.scorefetch("cat", CSV_NAME).code == EX_NOINPUT
    assert not sealing.ledger.exists()
    sealing.scoremail(stdin=mail("csv"))
    (sealing.directory / SEALED).unlink()
    done = sealing.scorefetch("cat", CSV_NAME)
    assert done.code == EX_NOINPUT
    assert "get --force" in done.err
    assert sealing.scorefetch("cat").code == EX_USAGE
    assert sealing.scorefetch("cat", CSV_NAME, CSV_NAME).code == EX_USAGE
    assert sealing.scorefetch("cat", "../password").code == EX_USAGE


def test_cat_into_a_closed_pipe_ends_quietly(sealing, emulator, registrar):
    emulator.add(CSV_NAME, large_scores(6 * MEGABYTE))
    sealing.scoremail(stdin=mail("csv"))
    sealing.configure(gnupg_home=registrar.home)
    argv = [sealing.build / "scorefetch", "cat", "-c", sealing.config, CSV_NAME]
    running = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.close()
    with running:
        assert running.wait(60) == EX_IOERR  # not all of it was printed, but nobody wanted more
        assert running.stderr.read() == b""


def test_get_prints_plain_text_but_writes_it_to_no_file(sealing, scores, emulator):
    done = sealing.scorefetch("get", "-o", "-", CSV_NAME)
    assert (done.code, done.out) == (0, scores[CSV_NAME])
    asked = len(emulator.requests())
    target = sealing.folder / "elsewhere.csv"
    done = sealing.scorefetch("get", "-o", target, CSV_NAME)
    assert done.code == EX_USAGE
    assert "encrypt-to" in done.err and "-o -" in done.err
    assert not target.exists()
    assert len(emulator.requests()) == asked


# Many at once.


def test_a_sync_encrypts_what_it_fetches_side_by_side(sealing, emulator, registrar):
    sealing.configure(parallel="4")
    files = {f"4300_2018041{n}_111604.csv": large_scores(MEGABYTE + n, n) for n in range(9)}
    for name, data in files.items():
        emulator.add(name, data)
    done = sealing.scorefetch("sync", "--all")
    assert done.code == 0, done.err
    stored = sealing.stored()
    assert {name for name in files} <= {name.removesuffix(".gpg") for name in stored}
    assert all(name.endswith(".csv.gpg") for name in stored)
    for name, data in files.items():
        assert registrar.decrypt(stored[name + ".gpg"]) == data


def test_a_sync_ends_soon_where_a_key_is_missing(sealing, emulator, registrar, public):
    sealing.configure(parallel="1", encrypt_to=missing(registrar, public))
    for n in range(9):
        emulator.add(f"4300_2018041{n}_111604.csv", b"1,a\r\n")
    done = sealing.scorefetch("sync", "--all")
    assert done.code == EX_TEMPFAIL
    assert "is not in the keyring" in done.err
    assert emulator.requests("object") == []
    assert sealing.stored() == {}
    tried = sealing.sql("SELECT name FROM files WHERE attempts > 0")
    assert 0 < len(tried) < 9


# Where gpg and its keyring are.


def in_a_namespace(account, programs, mount, *paths):
    """The filter with the csv mail, after the mounts of a shell command, which has the paths as $1, $2 ..."""
    need(os.geteuid() == 0, "only root can mount")
    for program in PROGRAM_FILES:
        shutil.copy(account.build / program, programs)  # the checkout may lie where something is mounted
    enter = f'{mount} && shift {len(paths)} && exec "$@"'
    argv = ["unshare", "--mount", "sh", "-c", enter, "sh", *paths, programs / "scoremail", "-c", account.config]
    return Running(argv, mail("csv")).go().end()


def test_without_gnupg_home_the_keyring_is_the_user_s_own(sealing, registrar, public, scores, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(public.home, home / ".gnupg", ignore=shutil.ignore_patterns("S.*"))
    (home / ".gnupg").chmod(0o700)
    sealing.configure(gnupg_home=None)
    programs = tmp_path_factory.mktemp("programs")
    done = in_a_namespace(sealing, programs, 'mount --bind "$1" "$2"', home, Path.home())
    assert (done.code, done.err) == (0, "")
    assert_sealed(sealing, registrar, scores[CSV_NAME])


def test_a_machine_without_gpg_keeps_the_mail(sealing, emulator, tmp_path_factory):
    programs = tmp_path_factory.mktemp("programs")
    done = in_a_namespace(sealing, programs, 'mount --bind /dev/null "$1"', shutil.which("gpg"))
    assert done.code == EX_TEMPFAIL
    assert "is GnuPG installed?" in done.err
    assert emulator.requests() == []
    assert [alert["kind"] for alert in alerts(sealing)] == ["encryption"]


def spoil_keyring(home):
    """Read-only, say: as root nothing is, so it is a folder."""
    (home / "pubring.kbx").unlink(missing_ok=True)
    (home / "pubring.kbx").mkdir()


@pytest.mark.parametrize("spoil, words", [
    (lambda home: (home / "gpg.conf").write_text("trust-model nonsense\n"), "unknown trust model"),
    (lambda home: (home / "gpg.conf").write_text("compliance nonsense\n"), "compliance"),
    (spoil_keyring, "pubring.kbx"),
], ids=["conf", "value", "keyring"])  # fmt: skip
def test_gpg_s_own_failure_is_not_a_key_that_is_missing(account, registrar, tmp_path, spoil, words):
    """Importing the key once more would not help."""
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    account.configure(encrypt_to=registrar.key, gnupg_home=home)
    assert "is not in the keyring" in account.scorefetch("get", CSV_NAME).err
    spoil(home)
    done = account.scorefetch("get", CSV_NAME)
    assert done.code == 78 and "not in the keyring" not in done.err
    assert len(done.err.splitlines()) == 1
    assert re.search(rf"--list-keys --homedir {home} exited with \d: gpg: .*{words}", done.err), done.err


def test_a_keyring_is_only_read(sealing, registrar, public, scores, tmp_path_factory):
    """A home on a file system that is mounted read-only, as in a unit with ProtectHome=read-only."""
    programs = tmp_path_factory.mktemp("programs")
    done = in_a_namespace(sealing, programs, 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"', public.home)
    assert (done.code, done.err) == (0, "")
    assert_sealed(sealing, registrar, scores[CSV_NAME])


def test_a_missing_agent_is_not_a_key_that_is_missing(sealing, registrar, tmp_path):
    assert sealing.scorefetch("get", CSV_NAME).code == 0
    assert "this user has no key that decrypts it" in sealing.scorefetch("cat", CSV_NAME).err
    home = tmp_path / "gnupg"
    shutil.copytree(registrar.home, home, ignore=shutil.ignore_patterns("S.*"))
    (home / "gpg.conf").write_text("agent-program /no/such/agent\n")
    sealing.configure(gnupg_home=home)
    done = sealing.scorefetch("cat", CSV_NAME)
    assert done.code == 78 and "no key that decrypts it" not in done.err and "agent" in done.err, done.err
