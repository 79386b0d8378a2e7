// Run by Node when the site is built: Python's memory once our package has been imported and asked its first questions.
// A browser that begins with it has nothing to import, and has Python in a third of the time.
//   node memory.mjs FOLDER QUESTIONS    reads FOLDER/package.bin, writes FOLDER/memory.bin
import {readFileSync, writeFileSync} from "node:fs";
import {deflateSync, inflateSync} from "node:zlib";
import {unpack} from "./play/package.js";

const [folder, questions] = process.argv.slice(2);
const {loadPyodide} = await import(`${folder}/pyodide.mjs`);
const python = await loadPyodide({indexURL: folder, _makeSnapshot: true});
unpack(python, inflateSync(readFileSync(`${folder}/package.bin`)));
const answer = python.runPython("from tinygrad_edu.playground import answer; answer");
for (const [name, given] of JSON.parse(questions)) {
  const said = answer(name, JSON.stringify(given));
  if (!("value" in JSON.parse(said))) throw new Error(`${name}: ${said}`);
}
answer.destroy();
python.runPython("import gc; gc.collect()");
writeFileSync(`${folder}/memory.bin`, deflateSync(python.makeMemorySnapshot(), {level: 9}));
