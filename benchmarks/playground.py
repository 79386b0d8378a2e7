"""python -m benchmarks.playground build/site: how fast a built site trains in a browser, and how often it draws.

Of each network: how long it takes to begin, the median of single steps, asked for one by one, with the way through the
worker; the mean of a hundred asked for at once; and the pictures and steps of each second while the page plays.
It needs Chromium; how busy the machine is stands at the end of the line.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import os
import statistics
import tempfile
import threading
import time

STATES = ["", "layers=16-16", "layers=16-16&batch=100", "d=spirals&layers=16-16&test=0.3", "d=blobs"]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.playground", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("site", help="a folder that `python -m site_build -o SITE` has written")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each page plays (default 4)")
    given = parser.parse_args(argv)
    os.environ["TINYGRAD_EDU_SITE"] = given.site
    from tests.site.conftest import Quiet, Tab

    server = http.server.ThreadingHTTPServer(("localhost", 0), functools.partial(Quiet, directory=given.site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile:
        tab = Tab(profile, f"http://localhost:{server.server_port}/")
        try:
            print(f"{'':34}{'begin':>9}{'a step':>9}{'of 100':>9}{'pictures':>10}{'steps':>8}   load")
            for state in STATES:
                print(measured(tab, state, given.seconds))
        finally:
            tab.close()
            server.shutdown()
    return 0


def measured(tab, state: str, seconds: float) -> str:
    """A line about one network."""
    tab.goto(f"#train?{state}")
    tab.until("document.getElementById('loading').hidden && !document.querySelector('#train .go').disabled", 60)
    tab.until("document.querySelector('#train .waits').textContent === ''", 60)
    tab.js("document.querySelector('#train .speed').value = 'fast'")
    press, shown = "document.querySelector('#train .go').click()", "document.querySelector('#train .count').textContent"
    tab.js(f"{press}; window.drawn = 0")
    tab.until(f"/step [1-9]/.test({shown})", 60)  # the first step is the recording's
    tab.js(f"""new MutationObserver(() => {{ window.drawn++; }}).observe(document.querySelector('#train .count'),
        {{childList: true}}); window.begun = Number(/step ([\\d,]+)/.exec({shown})[1].replace(',', ''))""")
    start = time.perf_counter()
    time.sleep(seconds)
    drawn, steps = tab.js(f"[window.drawn, Number(/step ([\\d,]+)/.exec({shown})[1].replace(',', '')) - window.begun]")
    took = time.perf_counter() - start
    tab.js(press)

    def ask(name: str, **arguments) -> tuple[float, dict]:
        code = f"""import('./play/python.js').then(async ({{ask}}) => {{ const start = performance.now();
            const value = await ask('training.{name}', {json.dumps(arguments)});
            return [(performance.now() - start) / 1000, value]; }})"""
        return tab.js(code)

    settings = tab.js("""import('./play/doors/link.js').then(async ({settingsOf}) => settingsOf(Object.fromEntries(
        new URLSearchParams(location.hash.split('?')[1] ?? '')), (await (await import('./play/python.js'))
        .ask('training.options')).settings))""")
    begin = ask("start", settings=settings)[0]
    single = statistics.median(ask("advance", most=1)[0] for _ in range(30))
    hundred = ask("advance", most=100)[0] / 100
    return (f"{state or 'as it opens: 8-8, batch 10':34}{begin:8.2f}s{1000 * single:7.1f}ms{1000 * hundred:7.1f}ms"
            f"{drawn / took:8.1f}/s{steps / took:6.0f}/s   {os.getloadavg()[0]:.1f}")  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
