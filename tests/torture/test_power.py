"""The power fails behind each sync of a delivery: the next one stores the right bytes once, and nothing is left over.

Ledger and destination lie on file systems of their own, in images. What an image holds at a moment is what a disk
would: what was not synced is in memory only. strace stops scorefetch behind each of its syncs, the images are copied
as they are, and each copy is mounted, as after a reboot, and gets the message again.
"""
import os
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from harness import CSV_NAME, Running, family, large_scores, mail, need, signal_all, traced
from mounts import image, run, unmount
from test_kill import names_in, need_strace

pytestmark = pytest.mark.release_only("strace and the leak checker cannot both attach")

MEGABYTES = 8


class Disks:
    """Images below the account's ledger and destination, mounted."""

    def __init__(self, places, folder):
        self.folder = folder
        self.images = {place: folder / f"{place.name}.img" for place in places}
        self.mounts = ExitStack()

    def __enter__(self):
        for place, disk in self.images.items():
            # no commit of the journal of its own accord: only a sync writes
            run("mount", "-o", "loop,commit=900", disk, place)
            self.mounts.callback(unmount, place)
        return self

    def __exit__(self, *_):
        self.mounts.close()
        shutil.rmtree(self.folder)

    def copy(self, folder):
        """As they are: what they hold after a power loss now."""
        folder.mkdir()
        copy = Disks(self.images, folder)
        for place, disk in self.images.items():
            copy.images[place].write_bytes(disk.read_bytes())  # cp may take what was just written for a hole
        return copy


def copies_behind_each_sync(account, message, disks, folder):
    """Of one delivery; the first copy is from before it, the last one from behind its end."""
    trace = account.folder / "trace"
    trace.touch()
    argv = [traced(account.build, account.folder, "-o", trace, "-e", "trace=fsync,fdatasync",
                   "-e", "inject=fsync,fdatasync:signal=STOP"), "-c", account.config]
    delivery = subprocess.Popen([*map(str, argv)], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    delivery.stdin.write(message)
    delivery.stdin.close()
    copies = [disks.copy(folder / "0")]
    end = time.monotonic() + 120
    while delivery.poll() is None:
        assert time.monotonic() < end, "it neither stops nor ends"
        if trace.read_text().count("--- stopped by SIGSTOP ---") < len(copies):
            time.sleep(0.002)
            continue
        copies.append(disks.copy(folder / str(len(copies))))
        os.kill(scorefetch_of(delivery.pid), signal.SIGCONT)
    assert delivery.returncode == 0, delivery.stderr.read()
    return [*copies, disks.copy(folder / "end")]


def scorefetch_of(pid):
    """scoremail's child is strace, and strace's is scorefetch."""
    for _ in range(2):
        (pid,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(pid)


def new_disks(account, folder):
    need(shutil.which("mkfs.ext4"), "mkfs.ext4 is not installed")
    (folder / "first").mkdir(parents=True)
    disks = Disks((account.ledger.parent, account.directory), folder / "first")
    for disk in disks.images.values():
        image(disk.parent, MEGABYTES, "mkfs.ext4").rename(disk)
    return disks


def clear(disks):
    for place in disks.images:
        (place / "lost+found").rmdir()
        place.chmod(0o700)


def power_fails_everywhere(account, message, folder, before, whole):
    """before() makes what was there; whole() asserts what must hold after the next delivery."""
    need_strace()
    with new_disks(account, folder) as disks:
        clear(disks)
        before()
        os.sync()
        copies = copies_behind_each_sync(account, message, disks, folder)
    assert len(copies) >= 9
    for copy in copies:
        when = copy.folder.name
        with copy:
            if copy != copies[-1]:  # else it has exited with 0: nobody sends the message again
                done = account.scoremail(stdin=message)
                assert done.code == 0, f"{when}: {done.err}"
            whole(when)
            trail = account.sql("SELECT * FROM log WHERE action IN ('stored', 'corrected', 'adopted')")
            assert len(trail) == whole.stored, when


def test_a_new_file_survives_a_power_loss_behind_each_sync(account, scores, tmp_path):
    def whole(when):
        assert names_in(account.directory) == [CSV_NAME], when
        assert (account.directory / CSV_NAME).read_bytes() == scores[CSV_NAME], when
        row = account.status()[CSV_NAME]
        assert (row["state"], row["revision"]) == ("stored", 0), when

    whole.stored = 1
    power_fails_everywhere(account, mail("csv"), tmp_path / "disks", lambda: None, whole)


def test_a_corrected_file_survives_a_power_loss_behind_each_sync(account, emulator, scores, tmp_path):
    corrected = scores[CSV_NAME].replace(b"Student1,", b"Student One,")

    def before():
        assert account.scoremail(stdin=mail("csv")).code == 0
        emulator.add(CSV_NAME, corrected)

    def whole(when):
        assert names_in(account.directory) == [".superseded", CSV_NAME], when
        assert names_in(account.directory / ".superseded") == [CSV_NAME + ".~1~"], when
        assert (account.directory / CSV_NAME).read_bytes() == corrected, when
        assert (account.directory / ".superseded" / (CSV_NAME + ".~1~")).read_bytes() == scores[CSV_NAME], when
        row = account.status()[CSV_NAME]
        assert (row["state"], row["revision"]) == ("stored", 1), when

    whole.stored = 2
    again = mail("csv").replace(b"Message-ID: <", b"Message-ID: <again.")
    power_fails_everywhere(account, again, tmp_path / "disks", before, whole)


def test_an_encrypted_file_survives_a_power_loss_behind_each_sync(sealing, registrar, scores, tmp_path):
    def whole(when):
        sealed = CSV_NAME + ".gpg"
        assert names_in(sealing.directory) == [sealed], when
        assert registrar.decrypt((sealing.directory / sealed).read_bytes()) == scores[CSV_NAME], when
        row = sealing.status()[CSV_NAME]
        assert (row["state"], row["revision"], row["path"]) == ("stored", 0, sealed), when

    whole.stored = 1
    power_fails_everywhere(sealing, mail("csv"), tmp_path / "disks", lambda: None, whole)


def is_stopped(pid):
    with suppress(FileNotFoundError, ProcessLookupError):
        return all(stat.read_text().rsplit(")", 1)[1].split()[0] in "TZ"
                   for stat in Path(f"/proc/{pid}/task").glob("*/stat"))
    return False


def stop(pid):
    """All processes, all threads: nothing is on its way to a disk then."""
    end = time.monotonic() + 60
    while True:
        signal_all(family(pid), signal.SIGSTOP)
        if all(is_stopped(one) for one in family(pid)):
            return
        assert time.monotonic() < end, "it does not stop"
        time.sleep(0.002)


def test_what_a_sync_has_told_survives_a_power_loss(account, emulator, tmp_path):
    """Its commits share their syncs, and a hook runs only when its file's is done."""
    need_strace()
    data = {f"4300_{n:02d}.csv": large_scores(20_000, n) for n in range(40)}
    for name, content in data.items():
        emulator.add(name, content)
    data |= {name: Path(emulator.files_dir, name).read_bytes() for name in os.listdir(emulator.files_dir)
             if name.endswith(".csv")}
    told, hook = tmp_path / "told", tmp_path / "hook"
    told.touch()
    hook.write_text(f'#!/bin/sh\necho "$SCOREMAIL_NAME" >> {told}\n')
    hook.chmod(0o700)
    account.configure(on_stored=str(hook))
    copies = []
    with new_disks(account, tmp_path / "disks") as disks:
        clear(disks)
        sync = Running([account.build / "scorefetch", "sync", "-q", "--all", "-c", account.config], b"").go()
        for least in range(1, len(data) - 8, 6):
            is_over = False
            while len(told.read_text().splitlines()) < least:
                assert not is_over, sync.end().err
                is_over = sync.process.poll() is not None
                time.sleep(0.002)
            stop(sync.pid)
            copies.append((disks.copy(tmp_path / "disks" / str(least)), told.read_text().splitlines()))
            signal_all(family(sync.pid), signal.SIGCONT)
        assert sync.end().code == 0
        copies.append((disks.copy(tmp_path / "disks" / "end"), list(data)))
    for copy, names in copies:
        with copy:
            stored = {row["name"] for row in account.sql("SELECT name FROM files WHERE state = 'stored'")}
            assert set(names) <= stored, copy.folder.name
            assert {name: content for name, content in account.stored().items() if name in stored} == {
                name: data[name] for name in stored}, copy.folder.name
            done = account.scorefetch("sync", "--all")
            assert done.code == 0, done.err
            assert account.stored() == data, copy.folder.name
            trail = account.sql("SELECT name FROM log WHERE action IN ('stored', 'adopted')")
            assert sorted(row["name"] for row in trail) == sorted(data), copy.folder.name
