// Python in the browser with packages: for the worker of the doors, for notebooks, and when the site is built.

// Packages in the file system of Python.
// `bytes` are a line of JSON, [[path, length], ...], and then the files one after another.
export function unpack({FS, runPython}, bytes) {
  const end = bytes.indexOf(10), root = "/lib/python3.14/site-packages";
  let at = end + 1;
  for (const [path, length] of JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)))) {
    FS.mkdirTree(`${root}/${path}`.replace(/\/[^/]*$/, ""));
    FS.writeFile(`${root}/${path}`, bytes.subarray(at, at += length));
  }
}

// A file that was deflated when the site was built.
export async function inflated(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answers ${response.status} to ${url}`);
  const stream = response.body.pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Python out of a folder, with a memory that is kept in a file (see memory.mjs): that takes a third of the time.  Where
// a browser cannot do that, it begins from nothing.
export async function load(folder, memory, options = {}) {
  const {loadPyodide} = await import(`${folder}pyodide.mjs`);
  try {
    const kept = await memory, {default: create} = await import(`${folder}pyodide.asm.mjs`);
    const createPyodideModule = async (given) => { // with as much memory as is to be put into it
      const module = await create(given);
      module.growMemory(kept.length);
      return module;
    };
    return await loadPyodide({...options, indexURL: folder, _loadSnapshot: kept, createPyodideModule});
  } catch (error) {
    console.warn("Python begins without its memory:", error);
    return loadPyodide({...options, indexURL: folder});
  }
}
