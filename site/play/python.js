// The page's side of the worker: `ask` a question, and wait for the answer; what takes too long is stopped.

export class Refusal extends Error {} // what a person can put right, in a sentence of ours
export class Fault extends Error {} // a fault of ours, with its traceback

// Python has ended; it has begun anew, and what was asked may be asked in another way.
export class Ended extends Refusal {
  constructor(said) {
    const deep = /call stack|too much recursion/i.test(said); // so say browsers, and nothing in Python can hold it
    super((deep ? "this is nested too deeply for Python in a browser" : `Python broke off (${said})`) +
      ": it has begun anew");
    this.deep = deep;
  }
}

let worker, count = 0, isThere = false, broken;
const waiting = new Map(); // id -> {resolve, reject, timer}
const listeners = new Set();

// Told of {loading, of}, {ready} and {broken}; of what is known already at once.
export function listen(f) {
  listeners.add(f);
  if (isThere) f({ready: true});
  return () => listeners.delete(f);
}

function start() {
  isThere = false;
  broken = undefined;
  worker = new Worker(new URL(`worker.js?${document.documentElement.dataset.built}`, import.meta.url),
    {type: "module"});
  worker.onmessage = ({data}) => {
    if (data.id === undefined) {
      if (broken) return; // other files may still be coming
      isThere = Boolean(data.ready);
      if (data.ready) for (const each of waiting.values()) each.begin();
      if (data.broken) failed();
      for (const f of listeners) f(data);
      return;
    }
    const asked = waiting.get(data.id);
    if (!asked) return;
    waiting.delete(data.id);
    clearTimeout(asked.timer);
    if ("value" in data) asked.resolve(data.value);
    else if ("ended" in data) {
      asked.reject(new Ended(data.ended));
      stop("Python broke off, and has begun anew");
    } else asked.reject("error" in data ? new Refusal(data.error) : new Fault(data.fault));
  };
  worker.onerror = (event) => {
    const data = {broken: event.message || "the worker could not be started"};
    failed();
    for (const f of listeners) f(data);
  };
}

// Until it is started again, nothing can be answered.
function failed() {
  broken = new Refusal("Python did not come, so this cannot be answered");
  end(broken);
}

function end(why) {
  const asked = [...waiting.values()];
  waiting.clear();
  for (const each of asked) {
    clearTimeout(each.timer);
    each.reject(why);
  }
}

// Ask tinygrad_edu.playground: ask("look.graph", {expression, numbers}).  Questions are answered one after another.
// One that is not answered in its seconds, counted from when Python is there, ends Python, which is started again; what
// the doors had told it is gone, and they are told so by a refusal of all that was asked; `late` is what it says.
export function ask(name, given = {}, {seconds = 20, late} = {}) {
  if (!worker) start();
  if (broken) return Promise.reject(broken);
  const id = ++count;
  return new Promise((resolve, reject) => {
    const asked = {resolve, reject, begin() {
      clearTimeout(asked.timer);
      asked.timer = setTimeout(() => stop(late ?? `this took more than ${seconds} seconds and was stopped`),
        1000 * seconds);
    }};
    waiting.set(id, asked);
    if (isThere) asked.begin();
    worker.postMessage({id, name, given});
  });
}

// End what is being computed; Python starts again, from nothing.
export function stop(why = "stopped") {
  worker.terminate();
  end(new Refusal(why));
  start();
  for (const f of listeners) f({loading: 0, of: 1});
}

export const begin = () => worker ?? start();
export const isReady = () => isThere;
