// pytest under Pyodide: node tests/pyodide.mjs PYODIDE WHEELS [arguments of pytest]; tests/pyodide.py calls it.
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, wheels, ...args] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(resolve(folder), "pyodide.mjs")));
const python = await loadPyodide();
for (const name of readdirSync(wheels).filter((name) => name.endsWith(".whl")))
  python.unpackArchive(new Uint8Array(readFileSync(join(wheels, name))), "wheel", { extractDir: "/wheels" });
python.FS.mkdir("/project");
python.mountNodeFS("/project", resolve(import.meta.dirname, ".."));
python.globals.set("given", python.toPy(args));
const status = await python.runPythonAsync(`
import os, sys
sys.path[:0] = ["/project", "/wheels"]
os.chdir("/project")
print("Python", sys.version.split()[0], "on", sys.platform)
import pytest

class WhatIsNotThere:
    """A test that needs threads, processes or an event loop of its own is skipped, when it asks for them."""

    missing = "can't start new thread", "does not support processes", "stack switching not supported"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if report.failed and any(words in str(call.excinfo.value) for words in self.missing):
            report.outcome, report.longrepr = "skipped", (str(item.path), 0, f"Skipped: {call.excinfo.value}")
        return report

int(pytest.main(given, plugins=[WhatIsNotThere()]))
`).catch((error) => (console.error(error.message), 3));
process.exit(status);
