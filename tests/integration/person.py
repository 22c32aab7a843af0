"""Somebody at a terminal, for tests of what asks there."""
import fcntl
import os
import pty
import select
import subprocess
import termios
import time

DEADLINE = 180  # seconds for anything that is to happen at once


class Person:
    """Somebody at a terminal where a program runs."""

    def __init__(self, argv, **options):
        self.terminal, theirs = pty.openpty()
        self.before = termios.tcgetattr(theirs)
        self.theirs = theirs
        self.said = ""

        def take_terminal():
            os.setsid()
            fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [os.fspath(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=take_terminal, **options,
        )  # fmt: skip

    def echoes(self):
        return bool(termios.tcgetattr(self.theirs)[3] & termios.ECHO)

    def wait_for(self, *texts):
        """Reads from the screen until all of texts have appeared, behind what has been waited for before."""
        end = time.monotonic() + DEADLINE
        screen = ""
        while not all(text in screen for text in texts):
            assert time.monotonic() < end, f"{texts!r} did not appear, but {screen!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                screen += os.read(self.terminal, 4096).decode()
        self.said += screen
        return self

    def types(self, text):
        os.write(self.terminal, text.encode())
        return self

    def answers(self, *answers, questions=("New password", "The same again")):
        """Types each answer at its question."""
        for question, answer in zip(questions, answers):
            self.wait_for(question).types(answer + "\n")
        return self

    def end(self, quiet=True):
        """(exit code, what it said on standard error), when it has ended."""
        out, err = self.process.communicate(timeout=DEADLINE)
        while select.select([self.terminal], [], [], 0)[0]:
            self.said += os.read(self.terminal, 4096).decode()
        self.out = out
        assert quiet is False or out == b""
        assert termios.tcgetattr(self.theirs) == self.before, "the terminal is not as it was"
        os.close(self.theirs)
        os.close(self.terminal)
        return self.process.returncode, err.decode()
