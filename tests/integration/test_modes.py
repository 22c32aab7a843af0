"""Who may do what with stored files: file-mode, directory-mode, group."""
import grp
import os
import re
import shutil
import stat

import pytest
from harness import CSV_NAME, Running, mail, need
from test_reposts import CORRECTED, announced_again

OTHER_GROUP = grp.getgrgid(1).gr_name  # daemon: some group that every Debian has


def mode(path):
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"


@pytest.fixture
def superseded(account, emulator):
    """Stores a file and its correction, so that the older one needs its folder: the folder."""

    def make():
        assert account.scoremail(stdin=mail("csv")).code == 0
        emulator.add(CSV_NAME, CORRECTED)
        assert account.scoremail(stdin=announced_again(1)).code == 0
        return account.directory / ".superseded"

    return make


@pytest.mark.parametrize("wanted, found", [(None, "0700"), ("0750", "0750"), ("2770", "2770")])
def test_a_directory_that_we_make_gets_directory_mode(account, superseded, wanted, found):
    account.configure(directory_mode=wanted)
    assert mode(superseded()) == found


def test_it_gets_the_group_of_the_files(account, superseded):
    need(os.geteuid() == 0, "only root has a group to spare")
    account.configure(directory_mode="2750", file_mode="0640", group=OTHER_GROUP)
    folder = superseded()
    assert (folder.group(), mode(folder)) == (OTHER_GROUP, "2750")
    stored = account.directory / CSV_NAME
    assert (stored.group(), mode(stored)) == (OTHER_GROUP, "0640")


def test_a_directory_that_is_there_stays_as_it_is(account, superseded):
    account.directory.chmod(0o751)
    (account.directory / ".superseded").mkdir(mode=0o711)
    account.configure(directory_mode="0750")
    folder = superseded()
    assert (mode(account.directory), mode(folder)) == ("0751", "0711")


@pytest.mark.release_only("strace and the leak checker cannot both attach")
@pytest.mark.parametrize("errno, why", [("EPERM", "not permitted"), ("EOPNOTSUPP", "not supported")])
@pytest.mark.parametrize("call, words", [("fchmod", "-mode"), ("fchown", "cannot be given to group")])
def test_a_file_system_that_refuses_is_a_warning(account, emulator, errno, why, call, words):
    """As CIFS does. For the group that holds for a directory; a file that its readers cannot read is none."""
    need(shutil.which("strace"), "strace is not installed")
    need(os.geteuid() == 0, "only root has a group to spare")
    assert account.scoremail(stdin=mail("csv")).code == 0
    account.configure(directory_mode="0750", group=OTHER_GROUP)
    emulator.add(CSV_NAME, CORRECTED)
    where = ["-P", account.directory / ".superseded"] if call == "fchown" else []
    argv = ["strace", "-f", "-o", account.folder / "trace", *where, "-e", f"trace={call}"]
    argv += ["-e", f"inject={call}:error={errno}"]
    done = Running([*argv, account.build / "scoremail", "-c", account.config], announced_again(1)).go().end()
    assert done.code == 0
    assert (account.folder / "trace").read_text().count("INJECTED") == (2 if call == "fchmod" else 1)
    assert account.stored() == {CSV_NAME: CORRECTED}
    said = account.log.read_text()
    assert re.search(rf"\.superseded: .*{words}.*{why}", said, re.I), said
    assert call == "fchown" or re.search(rf"\.part: file-mode: .*{why}", said, re.I), said
