// Python for the notebooks.  JupyterLite's kernel takes this for Pyodide, and asks it for `loadPyodide`.  The Python
// that it gets has its packages already, and the memory of one that has imported IPython (memory.mjs).
import {inflated, load, unpack} from "../play/package.js";

const here = (name) => new URL(name, import.meta.url).href;

export async function loadPyodide({packages, ...options}) { // those that the kernel names are among ours
  const files = inflated(here("packages.bin")), memory = inflated(here("memory.bin"));
  files.catch(() => {}); // it is awaited below, after Python
  const python = await load(here("../pyodide/"), memory, options);
  unpack(python, await files);
  python.runPython("import importlib, random; importlib.invalidate_caches(); random.seed()"); // not everybody's chances
  return python;
}
