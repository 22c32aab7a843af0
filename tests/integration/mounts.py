"""File systems of other kinds, really mounted: what offices keep score files on, as far as it runs without a server."""
import contextlib
import os
import shutil
import signal
import subprocess
import time

from harness import need


def run(*argv):
    subprocess.run([*map(str, argv)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def need_all(*programs):
    need(os.geteuid() == 0, "only root can mount")
    need(os.path.exists("/dev/fuse"), "there is no /dev/fuse")
    for program in programs:
        need(shutil.which(program), f"{program} is not installed")


def image(beside, megabytes, *maker):
    """An image of a file system, made by that program."""
    path = beside / f"{maker[0]}.img"
    path.touch()
    os.truncate(path, megabytes << 20)
    run(*maker, path)
    return path


def unmount(folder):
    """Once who was killed there, or waited for its server, has let go of it."""
    end = time.monotonic() + 120
    while (done := subprocess.run(["umount", folder], capture_output=True, timeout=60)).returncode != 0:
        assert b"busy" in done.stderr and time.monotonic() < end, done.stderr.decode()
        time.sleep(0.02)


def wait_until_mounted(folder):
    end = time.monotonic() + 120
    while not os.path.ismount(folder):
        assert time.monotonic() < end, f"{folder} is not mounted"
        time.sleep(0.02)


@contextlib.contextmanager
def bindfs(folder, beside):
    """No files without a name, no rename that never replaces."""
    need_all("bindfs")
    (beside / "below").mkdir()
    run("bindfs", beside / "below", folder)
    yield


@contextlib.contextmanager
def dead(folder):
    """The folder, with all that is in it, on a share whose server does not answer."""
    need_all("bindfs")
    below = folder.with_name(f"{folder.name}-below")
    folder.rename(below)
    folder.mkdir()
    with subprocess.Popen(["bindfs", "-f", below, folder]) as server:
        try:
            wait_until_mounted(folder)
            server.send_signal(signal.SIGSTOP)
            yield server
        finally:
            server.send_signal(signal.SIGCONT)
            unmount(folder)


@contextlib.contextmanager
def rclone(folder, beside):
    """No hard links either (EIO), no reading of what is being written."""
    need_all("rclone")
    (beside / "below").mkdir()
    log = ["--config", beside / "rclone.conf", "--cache-dir", beside / "cache", "--log-file", beside / "rclone.log"]
    mount = subprocess.Popen([*map(str, ["rclone", "mount", *log, beside / "below", folder])])
    try:
        wait_until_mounted(folder)
        yield
    finally:
        unmount(folder)
        mount.wait(60)


@contextlib.contextmanager
def fat(folder, beside):
    """No hard links (EPERM), no modes, one name in any case."""
    need_all("fusefat", "mkfs.vfat")
    run("fusefat", "-o", "rw+", image(beside, 200, "mkfs.vfat"), folder)
    yield


@contextlib.contextmanager
def exfat(folder, beside):
    """The same, as on most USB disks."""
    need_all("mount.exfat-fuse", "mkfs.exfat", "losetup")
    device = subprocess.run(["losetup", "-f", "--show", image(beside, 200, "mkfs.exfat")], check=True,
                            capture_output=True, timeout=60).stdout.decode().strip()
    try:
        run("mount.exfat-fuse", device, folder)
        yield
    finally:
        if os.path.ismount(folder):
            unmount(folder)
        run("losetup", "-d", device)


@contextlib.contextmanager
def ntfs(folder, beside):
    """Hard links, and one name in any case, which is shown in lower case: which file is whose cannot be told."""
    need_all("lowntfs-3g", "mkntfs")
    run("lowntfs-3g", image(beside, 200, "mkntfs", "-F", "-Q", "-q"), folder, "-o", "ignore_case")
    yield


@contextlib.contextmanager
def overlay(folder, beside):
    need_all("mount")
    run("mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", beside)  # an overlay cannot lie on another one
    try:
        for name in ("lower", "upper", "work"):
            (beside / name).mkdir()
        layers = f"lowerdir={beside}/lower,upperdir={beside}/upper,workdir={beside}/work"
        run("mount", "-t", "overlay", "-o", layers, "overlay", folder)
        yield
    finally:
        if os.path.ismount(folder):
            unmount(folder)
        unmount(beside)


@contextlib.contextmanager
def tmpfs(folder, beside):
    need_all("mount")
    run("mount", "-t", "tmpfs", "-o", "size=200m,mode=700", "tmpfs", folder)
    yield


KINDS = {kind.__name__: kind for kind in (bindfs, rclone, fat, exfat, ntfs, overlay, tmpfs)}
CASELESS = ["fat", "exfat"]


@contextlib.contextmanager
def mounted(kind, folder):
    """The folder with a new file system of that kind over it."""
    beside = folder.with_name(f"{folder.name}-{kind}")
    beside.mkdir()
    with KINDS[kind](folder, beside):
        wait_until_mounted(folder)
        try:
            yield
        finally:
            if os.path.ismount(folder) and kind not in ("rclone", "exfat", "overlay"):
                unmount(folder)
