// Python, in a thread of its own: it answers questions in the order in which they come.
//   in   {id, name, given}                        a question for tinygrad_edu.playground
//   out  {loading, of}                            bytes so far, while Python comes
//        {ready: true} | {broken: text}           it is there, or it cannot be
//        {id, value} | {id, error} | {id, fault}  the answer
const here = new URL("..", import.meta.url);
let answer;

// Every byte that comes through fetch is counted on its way, so that the page can show a bar.
const given = self.fetch;
let loaded = 0, of = 0;
self.fetch = async (...question) => {
  const response = await given(...question);
  if (!response.body) return response;
  const counter = new TransformStream({
    transform(piece, out) {
      loaded += piece.byteLength;
      postMessage({loading: loaded, of});
      out.enqueue(piece);
    },
  });
  return new Response(response.body.pipeThrough(counter), {status: response.status, headers: response.headers});
};

async function begin() {
  const about = await (await given(new URL("play/about.json", here))).json();
  of = about.bytes;
  const wheel = fetch(new URL(`wheel/${about.wheel}`, here)).then((r) => r.arrayBuffer());
  const {loadPyodide} = await import(new URL("pyodide/pyodide.mjs", here));
  const python = await loadPyodide({indexURL: new URL("pyodide/", here).href});
  python.unpackArchive(new Uint8Array(await wheel), "wheel");
  answer = python.runPython("from tinygrad_edu.playground import answer; answer");
}

const ready = begin().then(
  () => postMessage({ready: true}),
  (error) => postMessage({broken: String(error?.message ?? error)}),
);

onmessage = async ({data: {id, name, given}}) => {
  await ready;
  if (!answer) return;
  try {
    postMessage({id, ...JSON.parse(answer(name, JSON.stringify(given)))});
  } catch (error) {
    postMessage({id, fault: String(error)});
  }
};
