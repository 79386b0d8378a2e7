// The frame around the doors: which one is open, what the address says, colours, and the bar while Python comes.
//
// A door is a module that exports `open(root, state, play)`: it fills `root`, a <section>, once, and returns
// {update(state)}, which is called when the address changes.  `state` is an object of strings; `play.keep(state)` writes
// it into the address, so that a link shows the same.  `play.ask` asks Python; `play.first` is what was answered when
// the site was built, for what is shown before Python is there; `play.say` tells a screen reader.
import {ask, begin, Fault, listen, Refusal, stop} from "./python.js";

const $ = (id) => document.getElementById(id);
const DOORS = ["look", "train", "learn"];
const opened = {};
let current = "";

function read() {
  const [name, query = ""] = location.hash.slice(1).split("?");
  return [DOORS.includes(name) ? name : "look", Object.fromEntries(new URLSearchParams(query))];
}

function written(door, state) {
  const query = new URLSearchParams(Object.entries(state).filter(([, v]) => v !== undefined && v !== "")).toString();
  return `#${door}${query && "?" + query}`;
}

function play(door) {
  return {
    ask, stop, listen, Refusal, Fault,
    first: JSON.parse($("first").textContent)[door],
    say(words) { $("say").textContent = words; },
    keep(state) { // without another entry in the browser's history, and for this door alone
      opened[door].address = written(door, state);
      if (door === current) history.replaceState(null, "", opened[door].address);
    },
  };
}

async function show() {
  const [name, state] = read();
  const changed = name !== current;
  current = name;
  for (const door of DOORS) {
    $(door).hidden = door !== name;
    const link = $(`to-${door}`);
    if (door === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${$(`to-${name}`).textContent.trim()} · tinygrad_edu`;
  if (!opened[name]) {
    opened[name] = {address: location.hash};
    const module = await import(`./doors/${name}.js`);
    opened[name].door = module.open($(name), state, play(name));
  } else if (location.hash !== opened[name].address) {
    opened[name].address = location.hash;
    opened[name].door?.update?.(state);
  }
  if (changed) $("say").textContent = document.title;
}

for (const door of DOORS) { // a door that was left is found as it was left
  $(`to-${door}`).addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    location.hash = opened[door]?.address || `#${door}`;
  });
}
addEventListener("hashchange", show);

// Colours: the system's, or those that were chosen here.
const themes = ["", "light", "dark"];
function colours(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").setAttribute("aria-label", `Colours: ${theme || "as the system has them"}`);
  $("theme").title = $("theme").getAttribute("aria-label");
  try { localStorage.setItem("theme", theme); } catch { /* kept nowhere, then */ }
}
$("theme").addEventListener("click", () =>
  colours(themes[(themes.indexOf(document.documentElement.dataset.theme ?? "") + 1) % themes.length]));
colours((() => { try { return localStorage.getItem("theme") ?? ""; } catch { return ""; } })());

$("link").addEventListener("click", async () => {
  const done = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  $("link").textContent = done ? "Copied" : "Copy it from the address bar";
  setTimeout(() => { $("link").textContent = "Copy link"; }, 2000);
});

listen(({ready, broken, loading, of}) => {
  $("loading").hidden = Boolean(ready);
  if (broken !== undefined) {
    $("loading").classList.add("broken");
    $("loading-words").textContent = location.protocol === "file:"
      ? "A browser runs Python only from a server. In this folder: python3 -m http.server, then open localhost:8000."
      : `Python could not be started: ${broken}`;
  } else if (!ready) {
    const share = of ? Math.min(1, loading / of) : 0;
    $("bar").value = share;
    $("loading-words").textContent = share < 1 ? `Python is coming: ${Math.round(100 * share)} %` : "Python is starting";
  }
});

begin();
show();
