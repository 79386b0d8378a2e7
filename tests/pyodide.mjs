// pytest under Pyodide: node tests/pyodide.mjs PYODIDE WHEELS [arguments of pytest]; tests/pyodide.py calls it.
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, wheels, ...args] = process.argv.slice(2);
// What overflows the stack ends Python, and pytest with it: nothing but this can still say where that was.
const ended = (error) => {
  console.error(`\npyodide: Python has ended in ${globalThis.current ?? "no test"}: ${error}`);
  process.exit(3);
};
process.on("uncaughtException", ended);
const { loadPyodide } = await import(pathToFileURL(join(resolve(folder), "pyodide.mjs")));
const python = await loadPyodide({ env: { HOME: "/home/pyodide", HYPOTHESIS_PROFILE: "few" } });
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
from tests.pyodide import WhatIsNotThere

int(pytest.main(given, plugins=[WhatIsNotThere()]))
`).catch(ended);
process.exit(status);
