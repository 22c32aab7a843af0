"""The emulator as a test wants it: started on a free port, told its faults, asked what it saw."""

import json
import os
import re
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request

DEADLINE = 120  # seconds for anything that is to happen at once; never reached when all is well


class Emulator:
    """A running scoremail-emulator.

    with Emulator(build_dir, tmp_dir, "--signature", "v4") as emulator:
        emulator.add("4300_20180410_111604.csv", b"...")
        emulator.faults("object:reset=1000x2")

    url        https://localhost:PORT/pascoredwnld
    ca         the authority that its certificate is from (PEM file)
    port       its port
    files_dir  the score files lie here
    users      name -> password; "reg" alone unless the class is told otherwise
    """

    def __init__(self, build_dir, tmp_dir, *options, users=None):
        self.program = os.path.join(str(build_dir), "scoremail-emulator")
        self.data = os.path.join(str(tmp_dir), "emulator")
        self.files_dir = os.path.join(self.data, "files")
        self.log = os.path.join(self.data, "access.log")
        self.users = {"reg": "secret-Pa55"} if users is None else dict(users)
        self.options = [str(option) for option in options]
        self.process = None
        self.url = self.ca = self.port = None
        self.when_well = None  # is called once there are no faults any more
        os.makedirs(self.files_dir, exist_ok=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        code = self.stop()
        if kind is None and code not in (0, None):
            raise RuntimeError(f"the emulator exited with {code}")

    def start(self):
        command = [self.program, "serve", "--port", "0", "--data", self.data]
        command += ["--access-log", self.log]
        if "--tls-cert" not in self.options:
            command += ["--tls-dir", os.path.join(self.data, "tls")]
        for name, password in self.users.items():
            command += ["--user", f"{name}:{password}"]
        self.process = subprocess.Popen(
            command + self.options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        line = self._ready_line()
        ready = re.fullmatch(r"ready (https://localhost:(\d+)/pascoredwnld) ca=(/.+)\n", line)
        if ready is None:
            self.stop()
            raise RuntimeError(f"the emulator did not start, it said {line!r}")
        self.url, self.ca = ready[1], ready[3]
        self.port = int(ready[2])
        return self

    def _ready_line(self):
        """What comes first on stdout; a watchdog ends a program that says nothing."""
        watchdog = threading.Timer(DEADLINE, self.process.kill)
        watchdog.start()
        try:
            return self.process.stdout.readline().decode()
        finally:
            watchdog.cancel()

    def stop(self):
        """Ends the program and returns its exit code."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        process.terminate()
        try:
            return process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()

    def add(self, name, content, mtime=None):
        """Puts a score file there, whole at once, also in place of an older one. Its path."""
        path = os.path.join(self.files_dir, name)
        part = os.path.join(self.data, ".part-" + name)
        with open(part, "wb") as file:
            file.write(content)
        if mtime is not None:
            os.utime(part, (mtime, mtime))
        os.replace(part, path)
        return path

    def remove(self, name):
        os.unlink(os.path.join(self.files_dir, name))

    def faults(self, *specs):
        """From now on these faults and no others; none at all without an argument."""
        if not specs and self.when_well:
            self.when_well()
        request = urllib.request.Request(
            f"https://localhost:{self.port}/_emulator/faults", "\n".join(specs).encode()
        )
        with urllib.request.urlopen(
            request, timeout=DEADLINE, context=ssl.create_default_context(cafile=self.ca)
        ) as answer:
            return json.load(answer)

    def requests(self, call=None):
        """What was asked so far, in order: dicts of the access log's fields, strings but for
        status and sent, None where there is nothing. The fault settings are left out."""
        with open(self.log, encoding="ascii") as file:
            found = [self._parse(line) for line in file if line.endswith("\n")]
        if call is None:
            return [request for request in found if request["call"] != "other"]
        return [request for request in found if request["call"] == call]

    @staticmethod
    def _parse(line):
        time_, *fields = line.split()
        request = {"time": time_}
        for field in fields:
            key, value = field.split("=", 1)
            request[key] = None if value == "-" else urllib.parse.unquote(value)
        request["status"] = int(request["status"])
        request["sent"] = int(request["sent"])
        return request

    def wait_for(self, condition, what="the expected requests"):
        """Waits until condition(requests()) holds, and returns what it returned."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            result = condition(self.requests())
            if result:
                return result
            time.sleep(0.01)
        raise AssertionError(f"waited {DEADLINE} s for {what}; seen: {self.requests()}")
