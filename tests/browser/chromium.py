"""Chromium, driven over a pipe with the DevTools protocol: nothing but the standard library is needed for it."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Point = tuple[float, float]  # in CSS pixels, from the upper left corner of the window

FLAGS = [
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",  # in containers it cannot have one; it only ever sees pages of ours
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]


def find_chromium() -> str | None:
    """The browser of this machine, if it has one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Chromium:
    """A browser that does one thing after the other.

    Source: https://chromedevtools.github.io/devtools-protocol; with a pipe each message is JSON and ends with a NUL.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._num_calls = 0
        self._unread = b""

    def call(self, method: str, *, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Have something done, and wait until it is."""
        assert self._process.stdin
        self._num_calls += 1
        message = {"id": self._num_calls, "method": method, "params": parameters}
        self._process.stdin.write(json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        self._process.stdin.flush()
        while (answer := self._next_message()).get("id") != self._num_calls:
            pass  # an event: what tests wait for, they ask the page for
        assert "error" not in answer, answer
        return dict(answer["result"])

    def _next_message(self) -> dict[str, Any]:
        assert self._process.stdout
        while b"\0" not in self._unread:
            received = self._process.stdout.read1()  # type: ignore[attr-defined]  # Popen's pipes are buffered readers
            assert received, "Chromium has ended"
            self._unread += received
        message, self._unread = self._unread.split(b"\0", 1)
        return dict(json.loads(message))


class Page:
    """A tab whose window is as large as it is told to be."""

    def __init__(self, chromium: Chromium, *, width: int = 1200, height: int = 800, is_phone: bool = False) -> None:
        self._chromium = chromium
        self._target = chromium.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = chromium.call("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=is_phone
        )
        if is_phone:
            self.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._chromium.call(method, session=self._session, **parameters)

    def open(self, address: str) -> None:
        self.call("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete'")

    def close(self) -> None:
        self._chromium.call("Target.closeTarget", targetId=self._target)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page; that of a promise, when it has one."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Until a condition holds in the page, for 30 s at most."""
        self.evaluate(
            f"""new Promise((resolve, reject) => {{
                const give_up = performance.now() + 30000;
                (function look() {{
                    if ({condition}) resolve();
                    else if (performance.now() < give_up) setTimeout(look, 20);
                    else reject(new Error({json.dumps(condition)} + " in: " + document.body.innerText));
                }})();
            }})"""
        )

    def middle_of(self, selector: str, *, across: float = 0.5, down: float = 0.5) -> Point:
        """A point of an element that is on the screen: its middle, or where else the shares of its size say."""
        box = self.evaluate(f"document.querySelector({selector!r}).getBoundingClientRect().toJSON()")
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def mouse(self, points: Sequence[Point], *, button: str = "left") -> None:
        """Press a button on the first point, go to the others, and release it; a single point is a click."""
        for kind, (x, y) in [
            ("mouseMoved", points[0]),
            ("mousePressed", points[0]),
            *(("mouseMoved", point) for point in points[1:]),
            ("mouseReleased", points[-1]),
        ]:
            held = "none" if kind == "mouseMoved" and (x, y) == points[0] else button
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=held, clickCount=1)

    def touch(self, kind: str, fingers: dict[int, Point]) -> None:
        """`touchStart`, `touchMove` or `touchEnd`; `fingers` are all that lie on the glass from then on."""
        points = [{"id": number, "x": x, "y": y} for number, (x, y) in fingers.items()]
        self.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)

    def type(self, text: str) -> None:
        """Into what has the focus, and Enter after it."""
        self.call("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key="Enter", windowsVirtualKeyCode=13, text="\r")

    def screenshot(self) -> bytes:
        """PNG: what the window shows; for people who want to see what a test sees."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])


@contextmanager
def running_chromium(path: str, *, profile_dir: Path) -> Iterator[Chromium]:
    """Start the browser; at the end it is closed."""
    # The protocol's pipes are the file descriptors 3 and 4.
    with_pipes = ["sh", "-c", 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1', "sh"]
    process = subprocess.Popen(
        [*with_pipes, path, *FLAGS, f"--user-data-dir={profile_dir}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        chromium = Chromium(process)
        yield chromium
        chromium.call("Browser.close")
    finally:
        process.terminate()
        process.communicate(timeout=30)
