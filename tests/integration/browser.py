"""Debian's Chromium without a screen, by its DevTools protocol over two pipes: pages, what they ask for and say."""
import base64
import json
import os
import select
import shutil
import subprocess
import time

from harness import need

TIMEOUT = 120  # seconds; a machine may be busy
# No sandbox: the tests run as root. Nothing that calls anybody by itself.
OPTIONS = """
--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run --disable-sync
--disable-background-networking --disable-component-update --disable-default-apps --disable-extensions
--remote-debugging-pipe
""".split()
DOMAINS = ("Page", "Runtime", "Log", "Network")


class Browser:
    """A Chromium, and its pages. Messages are JSON, each with a NUL behind it."""

    def __init__(self, folder):
        program = shutil.which("chromium")
        need(program, "chromium is not installed")
        theirs_in, self.out = os.pipe()
        self.inp, theirs_out = os.pipe()
        for fd in (theirs_in, theirs_out):
            os.set_inheritable(fd, True)
        script = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'  # where it looks for them
        with open(folder / "chromium.log", "wb") as log:
            self.process = subprocess.Popen(
                ["/bin/bash", "-c", script, "bash", program, *OPTIONS, f"--user-data-dir={folder}/profile", "about:blank"],
                pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": str(folder), "TZ": "UTC"},
            )  # fmt: skip
        for fd in (theirs_in, theirs_out):
            os.close(fd)
        self.number, self.unread, self.events = 0, b"", []

    def _message(self, deadline):
        while b"\0" not in self.unread:
            left = deadline - time.monotonic()
            ready = select.select([self.inp], [], [], max(left, 0))[0]
            assert ready, "Chromium does not answer"
            chunk = os.read(self.inp, 1 << 20)
            assert chunk, f"Chromium has ended: {self.process.poll()}"
            self.unread += chunk
        message, _, self.unread = self.unread.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, **params):
        """The result of a method; events that come meanwhile are kept."""
        self.number += 1
        order = {"id": self.number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        data = json.dumps(order).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        deadline = time.monotonic() + TIMEOUT
        while True:
            message = self._message(deadline)
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def wait(self, session, method):
        """Waits for an event of a page."""
        deadline = time.monotonic() + TIMEOUT
        while not any(e.get("method") == method and e.get("sessionId") == session for e in self.events):
            self.events.append(self._message(deadline))

    def open(self, path, width=1280, height=900, scheme="light"):
        return Page(self, path, width, height, scheme)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.inp)
        os.close(self.out)


class Page:
    def __init__(self, browser, path, width, height, scheme):
        self.browser = browser
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in DOMAINS:
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        browser.wait(self.session, "Page.loadEventFired")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.call("Target.closeTarget", targetId=self.target)

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def evaluate(self, script):
        """What a script gives, as JSON has it; waits for a promise."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def press(self, key, code):
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def _events(self, *methods):
        self.evaluate("1")  # so that all have come
        return [e for e in self.browser.events if e.get("sessionId") == self.session and e.get("method") in methods]

    def requests(self):
        """The addresses that were asked for."""
        return [e["params"]["request"]["url"] for e in self._events("Network.requestWillBeSent")]

    def said(self):
        """All that a console would show."""
        return self._events("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")

    def screenshot(self):
        """What the window shows, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False)["data"])

    def images(self):
        """What a screen reader has of the images: (name, description)."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [(n["name"]["value"], n.get("description", {}).get("value")) for n in nodes
                if n.get("role", {}).get("value") in ("img", "image") and not n.get("ignored")]  # fmt: skip
