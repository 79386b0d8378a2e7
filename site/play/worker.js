// Python, in a thread of its own: it answers questions in the order in which they come.
//   in   {id, name, given}                        a question for tinygrad_edu.playground
//   out  {loading, of}                            bytes so far, while Python comes
//        {ready: true} | {broken: text}           it is there, or it cannot be
//        {id, value} | {id, error} | {id, fault}  the answer
//        {id, ended: text}                        no answer: Python has ended, and can be asked nothing more
//
// Python begins with the memory that it had when the site was built, our package imported (site/memory.mjs).
import {inflated, load, unpack} from "./package.js";

const folder = new URL("../pyodide/", import.meta.url).href;
let answer;

// Every byte that comes through fetch is counted on its way, so that the page can show a bar.
const given = self.fetch;
let loading = 0, of = 0;
self.fetch = async (...question) => {
  const response = await given(...question);
  if (!response.ok || !response.body) return response;
  const counter = new TransformStream({
    transform(piece, out) {
      loading += piece.byteLength;
      postMessage({loading, of});
      out.enqueue(piece);
    },
  });
  return new Response(response.body.pipeThrough(counter), {status: response.status, headers: response.headers});
};

async function begin() {
  given(new URL("about.json", import.meta.url)).then((r) => r.json()).then(({bytes}) => { of = bytes; }, () => {});
  const built = new URL(import.meta.url).search; // a browser may have kept those of another day
  const files = inflated(`${folder}package.bin${built}`), memory = inflated(`${folder}memory.bin${built}`);
  files.catch(() => {}); // it is awaited below, after Python
  const python = await load(folder, memory);
  unpack(python, await files);
  python.runPython("import random; random.seed()"); // else everybody's chances were those of the day it was built
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
    postMessage({id, ended: String(error)}); // whatever is raised in Python, answer() tells
  }
};
