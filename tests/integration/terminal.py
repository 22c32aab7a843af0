"""A program in a terminal of its own: what is on its screen, by the few sequences that scorefetch uses."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

SEQUENCE = re.compile(r"\x1b\[(\?)?(\d*)([A-Za-z])")


class Screen:
    """A terminal's screen; unknown sequences and control characters are failures."""

    def __init__(self, columns, rows):
        self.other, self.hidden, self.wraps = False, False, True
        self.resize(columns, rows)
        self.befores = []  # what was on the screen before each change to the other one, or back

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [[" "] * columns for _ in range(rows)]
        self.x = self.y = 0

    def feed(self, text):
        at = 0
        while at < len(text):
            if found := SEQUENCE.match(text, at):
                self._do(*found.groups())
                at = found.end()
                continue
            self._put(text[at])
            at += 1

    def _do(self, private, number, what):
        if private:
            on = {"h": True, "l": False}[what]
            if number == "1049":
                self.befores.append(self.text())
                self.other = on
                self.resize(self.columns, self.rows)
            elif number == "25":
                self.hidden = not on
            else:
                assert number == "7"
                self.wraps = on
        elif what == "H":
            self.x = self.y = 0
        elif what == "K":
            self.lines[self.y][self.x :] = [" "] * (self.columns - self.x)
        else:
            assert what == "J", what
            self._do(None, "", "K")
            for line in self.lines[self.y + 1 :]:
                line[:] = [" "] * self.columns

    def _put(self, character):
        if character == "\r":
            self.x = 0
        elif character == "\n":
            assert self.y + 1 < self.rows or not self.other, "the screen scrolls"
            self.y = min(self.y + 1, self.rows - 1)
        else:
            assert character.isprintable(), f"{character!r} on the screen"
            assert self.x < self.columns or not self.other, "a line is too long"
            if self.x < self.columns:
                self.lines[self.y][self.x] = character
                self.x += 1

    def text(self):
        return [("".join(line)).rstrip() for line in self.lines]


class Terminal:
    """Starts argv as a shell would: in a session of its own, with the terminal as all three of its streams."""

    def __init__(self, argv, columns=80, rows=24, **environment):
        self.ours, self.theirs = pty.openpty()
        self.screen = Screen(columns, rows)
        self._size(columns, rows)
        self.modes = termios.tcgetattr(self.theirs)
        self.process = subprocess.Popen(
            argv, stdin=self.theirs, stdout=self.theirs, stderr=self.theirs, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment},
        )
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def _size(self, columns, rows):
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.screen.resize(columns, rows)
        self._size(columns, rows)

    def type(self, text):
        os.write(self.ours, text.encode())

    def read(self):
        """Takes what has come; waits a moment for it."""
        while select.select([self.ours], [], [], 0.05)[0]:
            self.rest += os.read(self.ours, 65536)
            whole = self.rest[: self.rest.rfind(b"\x1b")] if not self._is_whole() else self.rest
            self.screen.feed(whole.decode())
            self.rest = self.rest[len(whole) :]

    def _is_whole(self):
        last = self.rest[self.rest.rfind(b"\x1b") :]
        return not last.startswith(b"\x1b") or re.match(rb"\x1b\[\??\d*[A-Za-z]", last) is not None

    def wait_for(self, what, timeout=180):
        """Until what, a text or a condition of the lines, is on the screen: the lines."""
        shows = what if callable(what) else lambda lines: any(what in line for line in lines)
        until = time.monotonic() + timeout
        while not shows(self.screen.text()):
            assert time.monotonic() < until, f"no {what} on the screen:\n" + "\n".join(self.screen.text())
            self.read()
        return self.screen.text()

    def end(self, signal_or_key, timeout=180):
        """Ends it by a key or a signal: the exit code."""
        if isinstance(signal_or_key, signal.Signals):
            self.process.send_signal(signal_or_key)
        else:
            self.type(signal_or_key)
        code = self.process.wait(timeout)
        self.read()
        return code

    def is_as_before(self):
        """Whether the terminal is what it was before the program started."""
        return (
            termios.tcgetattr(self.theirs) == self.modes
            and (self.screen.other, self.screen.hidden, self.screen.wraps) == (False, False, True)
        )
