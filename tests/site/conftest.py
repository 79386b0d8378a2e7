"""The built site in a real browser: what the environment variable TINYGRAD_EDU_SITE names, served on this machine.

Every door's tests ask `tab.troubles() == []` and `tab.axe() == []`, on a screen and on a telephone,
`tab.size(390, 800)`.

python -m site_build -o build/site && TINYGRAD_EDU_SITE=build/site python -m pytest tests/site
"""

import functools
import http.server
import json
import os
import threading

import pytest

from site_build import play
from tests.browser import PROGRAM, Browser

SITE = os.environ.get("TINYGRAD_EDU_SITE")
if not SITE:
    collect_ignore_glob = ["test_*.py"]


AXE = """new Promise(requestAnimationFrame).then(() => axe.run({resultTypes: ["violations"]})).then((found) =>
    found.violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => [v.id, v.help,
        `${v.nodes.length} such`, v.nodes[0].html.slice(0, 160), v.nodes[0].failureSummary].join(": ")))"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """The site; and for all other servers, in whose place the browser asks this one, a refusal that is remembered."""

    missing = set()  # names of files that are not found, for a while
    elsewhere = []  # what was asked of other servers, by a page or by a worker; the browser's own maker is asked anyway

    def log_message(self, *words):
        pass

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")  # a browser asks again, so that what is missing is missed
        super().end_headers()

    def refuse(self):
        if "google" not in self.path:
            self.elsewhere.append(self.path)
        self.send_error(403)

    do_CONNECT = do_POST = refuse

    def do_GET(self):
        if not self.path.startswith("/"):
            self.refuse()
        elif self.path.split("?")[0].rsplit("/", 1)[-1] in self.missing:
            self.send_error(404)
        else:
            super().do_GET()


@pytest.fixture(scope="session")
def address():
    """Where the site is served."""
    assert os.path.exists(os.path.join(SITE, "index.html")), (
        f"there is no site in {SITE}: python -m site_build -o {SITE}"
    )
    server = http.server.ThreadingHTTPServer(("localhost", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


class Tab(Browser):
    """A browser that finds no other server than ours, and tells what it was refused."""

    patience = 130  # seconds: longer than any test waits for something on a page

    def __init__(self, profile, address):
        super().__init__(profile, f"--proxy-server={address}")
        self.address = address
        self.size(1280, 860)

    def read(self):
        message = super().read()
        if message.get("method") == "Page.javascriptDialogOpening":  # asked whether to leave what is unsaved: yes
            yes = {"id": 0, "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
            os.write(self.to, json.dumps(yes | {"sessionId": self.session}).encode() + b"\0")
        return message

    def goto(self, path="", fresh=True):
        """Open a page of the site; what was seen before is forgotten."""
        if fresh:
            self("Page.navigate", url="about:blank")
            self.until("location.href === 'about:blank'")
        self.events.clear()
        Quiet.elsewhere.clear()
        self("Page.navigate", url=self.address + path)
        self.until("document.readyState === 'complete'")

    def until(self, condition, seconds=30.0):
        """Wait until something is true on the page, or on the one that it opens in its place; returns it."""
        code = """new Promise((done, fail) => { const until = Date.now() + %g; const look = () => {
            let x; try { x = %s; } catch { x = null; }
            if (x) done(x); else if (Date.now() > until) fail(new Error("waited in vain for " + %r));
            else setTimeout(look, 30); }; look(); })"""
        while True:
            try:
                return self.js(code % (1000 * seconds, condition, condition))
            except AssertionError as error:  # the page went away meanwhile: the browser has several words for it
                if not any(gone in str(error) for gone in ("navigated", "context was destroyed", "find context")):
                    raise

    def shot(self, path):
        """A picture of what is seen."""
        import base64

        with open(path, "wb") as file:
            file.write(base64.b64decode(self("Page.captureScreenshot", format="png")["data"]))

    def axe(self):
        """What axe-core finds serious or critical of what is seen now, light or dark: its rule, and one place."""
        if not self.js("'axe' in window"):
            self.js(f"{(play.packages() / 'axe-core' / 'axe.min.js').read_text()}; 0")
        found = []
        for colours in ("light", "dark"):
            self.media(prefers_color_scheme=colours)
            found += [f"{colours}: {said}" for said in self.js(AXE)]
        self.media()
        return found

    def troubles(self):
        """What is red in the console, and every request to another server."""
        ours = (self.address, "blob:" + self.address)
        return [t for t in super().troubles() if not str(t).startswith(ours)] + Quiet.elsewhere


@pytest.fixture
def missing():
    """A set for the names of files that the server does not find while the test runs."""
    yield Quiet.missing
    Quiet.missing.clear()


@pytest.fixture(scope="session")
def tab(tmp_path_factory, address):
    if not PROGRAM:
        pytest.skip("no browser to drive")
    browser = Tab(tmp_path_factory.mktemp("profile"), address)
    yield browser
    browser.close()
