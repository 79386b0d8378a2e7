// Run by Node when the site is built: the memory of a Python that has imported what the kernel of a notebook imports,
// except what asks for the browser it is in.
//   node lite/memory.mjs PYODIDE FOLDER    reads FOLDER/packages.bin, writes FOLDER/memory.bin
import {readFileSync, writeFileSync} from "node:fs";
import {deflateSync, inflateSync} from "node:zlib";
import {unpack} from "../play/package.js";

const [pyodide, folder] = process.argv.slice(2);
const {loadPyodide} = await import(`${pyodide}/pyodide.mjs`);
const python = await loadPyodide({indexURL: pyodide, _makeSnapshot: true});
unpack(python, inflateSync(readFileSync(`${folder}/packages.bin`)));
python.runPython(`
import importlib.metadata, unittest.mock, urllib.request, zipfile
import comm, jedi, packaging.requirements, packaging.tags, packaging.utils
import IPython, tinygrad_edu
import gc
gc.collect()
`);
writeFileSync(`${folder}/memory.bin`, deflateSync(python.makeMemorySnapshot()));
