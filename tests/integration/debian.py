"""The Debian packages of what is committed, as `contrib/package deb` makes them, and apt in a throw-away root."""
import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from harness import CHECKOUT, need

SHOWN = "/srv/packages"  # where a root has the packages' folder


def packages():
    """Their folder, made once in a run of the tests, quickly; or SCOREMAIL_PACKAGES, where tests/fresh/run has made them."""
    if "SCOREMAIL_PACKAGES" in os.environ:
        return Path(os.environ["SCOREMAIL_PACKAGES"])
    need(shutil.which("dh"), "debhelper is not installed")
    folder = Path(os.environ["SCOREMAIL_TEST_ROOTS"]) / "packages"
    with open(f"{folder}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second waits, and finds them made
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            quickly = {**os.environ, "DEB_BUILD_OPTIONS": "nocheck noopt noautodbgsym", **compiler_cache()}
            done = subprocess.run([CHECKOUT / "contrib" / "package", "deb", unfinished],
                                  capture_output=True, text=True, timeout=600, env=quickly)
            assert done.returncode == 0, done.stderr
            unfinished.rename(folder)
    return folder


def compiler_cache():
    """So that what a compiler's cache knows need not be compiled again: debhelper hides the home, and with it the cache."""
    if shutil.which("ccache") is None:
        return {}
    where = subprocess.run(["ccache", "--get-config", "cache_dir"], capture_output=True, text=True, check=True).stdout.strip()
    return {"CCACHE_DIR": where, "CCACHE_NOHASHDIR": "1",
            "DEB_BUILD_OPTIONS": "nocheck noopt noautodbgsym reproducible=-fixfilepath,-fixdebugpath"}


def apt(root, *words):
    return root.must("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "--no-install-recommends",
                     "-o", "Dpkg::Options::=--force-unsafe-io", *words, timeout=300)


def install(root, folder, *names):
    """Installs the packages of these names, which lie in the folder that the root shows in SHOWN."""
    files = [file.relative_to(folder) for name in names for file in folder.glob(name)]
    assert files, names
    apt(root, "install", *(f"{SHOWN}/{file}" for file in files))
