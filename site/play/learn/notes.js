// What a learner has written and reached, kept in this browser; in the same words as the folder of `tinygrad-edu learn`
// has it in its .learn.json, and the texts.
const KEY = "tinygrad_edu.learn", VERSION = 1;
const KINDS = ["texts", "before", "passed", "hints", "tries", "begun"]; // `before`: what a reset has put aside

let memory = null; // where nothing can be kept
export const keeps = () => memory === null;

export function read() {
  let found = memory;
  if (!found) {
    try {
      found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    } catch { /* what cannot be read is none of ours */ }
  }
  const known = found && (found.version ?? VERSION) === VERSION ? found : {}; // what a newer site kept is not read
  return {version: VERSION, ...Object.fromEntries(KINDS.map((kind) => [kind, {...known[kind]}]))};
}

// Change something and keep it; another tab may have kept other things since.
export function change(f) {
  const now = read();
  f(now);
  try {
    const other = localStorage.getItem(KEY);
    if (other && !other.includes(`"version":${VERSION}`)) localStorage.setItem(`${KEY}.other`, other);
    localStorage.setItem(KEY, JSON.stringify(now));
  } catch {
    memory = now;
  }
  return now;
}

export const today = () => new Date().toISOString().slice(0, 19);
