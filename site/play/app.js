// The frame around the doors: which one is open, what the address says, colours, and the bar while Python comes.
//
// A door is a module that exports `open(root, state, play)`: it fills `root`, a <section>, once, and returns
// {update(state)}, which is called when the address changes.  `state` is an object of strings; `play.keep(state)`
// writes it into the address, so that a link shows the same; `play.keep(state, true)` as a step that Back undoes.
// `play.ask` asks Python, or knows the answer from when the site was built (PREPARED in site_build/play.py);
// `play.first` is what a door begins with, `play.ready()` whether Python is there; `play.say` tells a screen reader.
//
// What a person can put right is a Refusal, which a door shows; a Fault, or any other error, is ours, and shown here.
import {ask, begin, Ended, Fault, isReady, listen, Refusal, stop} from "./python.js";

const $ = (id) => document.getElementById(id);
const DOORS = ["look", "train", "learn"];
const {first, answers} = JSON.parse($("first").textContent);
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
    stop, listen, Refusal, Ended, Fault,
    ask(name, given = {}, limits) {
      const known = answers[`${name} ${JSON.stringify(given)}`];
      return known === undefined ? ask(name, given, limits) : Promise.resolve(known);
    },
    first: first[door],
    ready: isReady,
    say(words) { $("say").textContent = words; },
    keep(state, step = false) { // for this door alone
      const address = written(door, state), before = opened[door].address;
      const here = door === current && location.hash === before; // else somebody goes elsewhere, and `show` is next
      opened[door].address = address;
      if (!here || address === before) return; // browsers refuse to go anywhere after hundreds of changes
      history[step ? "pushState" : "replaceState"](null, "", address);
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
  document.title = `${$(`to-${name}`).firstChild.textContent.trim()} · tinygrad_edu`;
  if (!opened[name]) {
    opened[name] = {address: location.hash};
    try {
      const module = await import(`./doors/${name}.js`);
      opened[name].door = await module.open($(name), state, play(name));
    } catch (error) {
      delete opened[name];
      told(error);
    }
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

// A fault of ours, to be told to us; the page goes on.
function told(error) {
  $("fault").hidden = false;
  $("fault-words").textContent = String(error?.message ?? error);
}
addEventListener("unhandledrejection", ({reason}) => { if (!(reason instanceof Refusal)) told(reason); });
addEventListener("error", ({message}) => { if (message) told(message); });
$("fault-close").addEventListener("click", () => { $("fault").hidden = true; });
$("fault-copy").addEventListener("click", () => navigator.clipboard?.writeText($("fault-words").textContent));

listen(({ready, broken, loading, of}) => {
  $("loading").hidden = Boolean(ready);
  $("loading").classList.toggle("broken", broken !== undefined);
  $("again").hidden = broken === undefined;
  if (broken !== undefined) {
    $("loading-words").textContent = "Python did not come, so only what was prepared can be seen. "
      + `Is the network there? (${broken})`;
  } else if (!ready) {
    const share = of ? Math.min(1, loading / of) : 0;
    $("bar").value = share;
    $("loading-words").textContent =
      share < 1 ? `Python is coming: ${Math.round(100 * share)} %` : "Python is starting";
  }
});
$("again").addEventListener("click", () => {
  $("loading-words").textContent = "Python is coming";
  stop("Python began again");
});

$("loading").hidden = false;
begin();
show();
