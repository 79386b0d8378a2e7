"""A real browser for tests: headless Chromium, spoken to through a pipe in its own DevTools protocol,
so nothing else is needed.

A module of such tests begins with `pytestmark = NEEDED`; the fixture `browser`, in conftest.py, is a `Browser`, one for
all tests of a process.  What every page of ours must pass is here too: `NAMELESS` is the controls without a name,
`PALE` how many texts there are, and those with too little contrast.
"""

import json
import os
import select
import shutil
import subprocess
import sys

import pytest

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NEEDED = pytest.mark.skipif(
    not PROGRAM, reason="no browser to drive: install one, for example with apt install chromium"
)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--hide-scrollbars", "--remote-debugging-pipe"]  # fmt: skip
LAUNCH = """import fcntl, os, sys
for fd, end in zip((3, 4), [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3]]):
    os.dup2(end, fd)
os.execv(sys.argv[3], sys.argv[3:])"""
KEYS = {
    "ArrowRight": 39,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "Home": 36,
    "End": 35,
    "Enter": 13,
    "Tab": 9,
    "Escape": 27,
    " ": 32,
}


class Browser:
    """One tab of one Chromium.  Messages are JSON with a zero byte after each, in on descriptor 3 and out on 4."""

    patience = 30  # seconds

    def __init__(self, profile, *flags):
        (to_read, self.to), (self.back, back_write) = os.pipe(), os.pipe()
        command = [
            sys.executable,
            "-c",
            LAUNCH,
            str(to_read),
            str(back_write),
            PROGRAM,
            *FLAGS,
            *flags,
            f"--user-data-dir={profile}",
            "about:blank",
        ]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, pass_fds=(to_read, back_write), stdout=quiet, stderr=quiet)
        os.close(to_read)
        os.close(back_write)
        self.buffer, self.count, self.session, self.events = b"", 0, None, []
        [tab] = [t for t in self("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        self.session = self("Target.attachToTarget", targetId=tab["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __call__(self, method, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params} | (
            {"sessionId": self.session} if self.session else {}
        )
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while (answer := self.read()).get("id") != self.count:
            pass
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def read(self):
        """The next message; events are kept."""
        while b"\0" not in self.buffer:
            assert select.select([self.back], [], [], self.patience)[0], "the browser does not answer"
            more = os.read(self.back, 1 << 20)
            assert more, "the browser has ended"
            self.buffer += more
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        if "method" in message:
            self.events.append(message)
        return message

    def open(self, url):
        """Go to a page and wait until it is loaded.

        A change of the hash alone would load nothing: each time another query.
        """
        self.opened = getattr(self, "opened", 0) + 1
        path, _, hash = url.partition("#")
        self.events = [e for e in self.events if e["method"] != "Page.loadEventFired"]
        self("Page.navigate", url=f"{path}?{self.opened}{hash and '#' + hash}")
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.read()
        self.js("new Promise(requestAnimationFrame)")

    def js(self, code):
        answer = self("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, (
            code,
            answer["exceptionDetails"].get("exception", {}).get("description"),
        )
        return answer["result"].get("value")

    def key(self, key, times=1, **more):
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        for _ in range(times):
            code = KEYS.get(key) or ord(key.upper())
            self("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text, **more)
            self("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code, **more)

    def mouse(self, kind, x, y, **more):
        self(
            "Input.dispatchMouseEvent",
            type=kind,
            x=x,
            y=y,
            button="left" if kind != "mouseWheel" else "none",
            clickCount=1,
            **more,
        )

    def size(self, width, height):
        self("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def media(self, **features):
        media, pairs = (
            features.pop("media", ""),
            [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()],
        )
        self("Emulation.setEmulatedMedia", media=media, features=pairs)

    def troubles(self):
        """What a user would find red in the console, and what went over the network."""
        found = []
        for e in self.events:
            p = e["params"]
            if e["method"] == "Runtime.exceptionThrown":
                found.append(p["exceptionDetails"]["exception"]["description"])
            elif e["method"] == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
                found.append(p["args"])
            elif e["method"] == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
                found.append(p["entry"]["text"])
            elif e["method"] == "Network.requestWillBeSent" and not p["request"]["url"].startswith(
                ("file:", "data:", "about:")
            ):
                found.append(p["request"]["url"])
        return found

    def close(self):
        self.session = None
        try:
            self("Browser.close")
        except (AssertionError, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.back)


# Who cannot see a page, or only some of it

NAMELESS = """[
    ...document.querySelectorAll("button, a, input, summary, select, [role=button], [tabindex]"),
].filter((e) => {
    const by = e.getAttribute("aria-labelledby"), label = e.labels?.[0] ?? (by && document.getElementById(by));
    const visible = [...e.childNodes].map((c) => c.ariaHidden === "true" ? "" : c.textContent).join("");
    return !(e.getAttribute("aria-label") || label?.textContent || (e.tagName !== "INPUT" && visible) || "").trim();
}).map((e) => e.outerHTML.slice(0, 80))"""
PALE = """(() => {
const parse = (c) => {
  const n = c.match(/[\\d.]+/g).map(Number), most = c.startsWith("color") ? 255 : 1;
  return [...n.slice(0, 3).map((x) => most * x), n[3] ?? 1];
};
const over = (top, below) => top.slice(0, 3).map((x, i) => x * top[3] + below[i] * (1 - top[3]));
const light = (c) => {
  const [r, g, b] = c.map((x) => x / 255).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let seen = 0;
while (walker.nextNode()) {
  const t = walker.currentNode, e = t.parentElement, style = getComputedStyle(e);
  if (!t.data.trim() || !e.checkVisibility()) continue;
  if (e.closest(".unseen, .skip, script, title, :disabled, [hidden]")) continue;
  const range = document.createRange();
  range.selectNode(t);
  const box = range.getBoundingClientRect(), svg = e.closest("svg");
  let papers = [];
  if (svg) {
    const x = box.x + box.width / 2, y = box.y + box.height / 2, node = e.closest("g.node");
    if (!node || !document.elementsFromPoint(x, y).includes(node.querySelector(".body"))) continue;
    for (const p of document.elementsFromPoint(x, y).filter((p) => p.parentNode === node && p.matches("rect, path"))) {
      const s = getComputedStyle(p), c = s.fill === "none" ? [0, 0, 0, 0] : parse(s.fill);
      papers.push([...c.slice(0, 3), c[3] * s.fillOpacity]);
    }
  } else for (let p = e; p; p = p.parentElement) papers.push(parse(getComputedStyle(p).backgroundColor));
  const paper = papers.reverse().reduce((below, c) => over(c, below), [255, 255, 255]);
  const r = ratio(over(parse(svg ? style.fill : style.color), paper), paper);
  seen++;
  if (r < 4.5) found.push(`${t.data.trim().slice(0, 40)}: ${r.toFixed(2)}`);
}
return [seen, found];
})()"""
