"""A network of its own for tests that need an address or a port that the machine may use itself."""
import ctypes
import fcntl
import os
import socket
import struct
from contextlib import contextmanager

from harness import need

NEWNET = 0x40000000
SIOCSIFFLAGS, UP = 0x8914, 0x1


@contextmanager
def alone():
    """Nothing but loopback for this thread, and for what it starts or listens on meanwhile."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        need(libc.unshare(NEWNET) == 0, "only root can have a network namespace")
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
                fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", UP))
            yield
        finally:
            assert libc.setns(before, NEWNET) == 0, os.strerror(ctypes.get_errno())
    finally:
        os.close(before)
