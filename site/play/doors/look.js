// Look: an expression and its numbers; its graph, its gradients explained, step by step, and as a program.
//
// All that is known is in `now`: {e, numbers, tab, of, language}.  `refresh` asks Python about it, one question at a
// time; what is typed meanwhile is asked next, and only the last of it.
import {copier, el, tabs} from "../dom.js";
import {EXAMPLES, NUMBERS} from "./examples.js";
import {picture} from "./picture.js";

const TABS = [["graph", "Graph"], ["explain", "Explain"], ["steps", "Step by step"], ["order", "Order lab"],
  ["source", "Source"], ["check", "Check"]];
const LANGUAGES = [["tinygrad_edu", "for this package"], ["python", "Python, by hand"], ["numpy", "NumPy"],
  ["javascript", "JavaScript"], ["latex", "LaTeX"]];
// A picture for so many pixels of room or more is that wide at most; with less room it is folded into more rows.
const WIDTHS = [[620, 800], [530, 580], [0, 420]];

export function open(root, state, play) {
  const now = {e: "", numbers: {}, tab: "graph", of: "", language: "tinygrad_edu"};
  let names = [], shown = {}, svg = "";

  // The page

  const field = el("textarea.formula", {id: "look-formula", rows: 1, spellcheck: "false", autocapitalize: "off",
    autocomplete: "off", "aria-describedby": "look-wrong", oninput: () => later(), onchange: () => typed(true),
    onkeydown: (event) => { // a new line, which ends a step, is Shift-Enter
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      typed(true);
    }});
  const examples = el("select", {id: "look-examples", onchange: () => {
    const [, e, numbers, of] = EXAMPLES[Number(examples.value)];
    set({e, numbers: {...numbers}, of}, true);
  }}, el("option", {value: "", disabled: true, selected: true, hidden: true}, "Choose an example"),
  ...EXAMPLES.map(([words], i) => el("option", {value: i}, words)));
  const wrong = el("p.wrong", {id: "look-wrong", role: "alert"});
  const waiting = el("p.note.waiting", {role: "status"});
  const panel = el("div.panel", {id: "look-panel"});
  const bar = tabs("What to see", TABS, panel, (tab) => set({tab}));
  const result = el("h2.result"), rows = el("div.numbers"), why = el("section.box.why", {"aria-live": "polite",
    "aria-label": "Why the gradient is what it is"});
  const alarms = el("div.alarms.wrong", {role: "status"});
  root.replaceChildren(
    el("h1", {}, "Why is this gradient what it is?"),
    el("p.lead", {}, "Type a formula, or change a number. Click a name or a card: its gradient is explained."),
    el("form.ask", {onsubmit: (event) => { event.preventDefault(); typed(true); }},
      el("label.unseen", {for: "look-formula"}, "Formula"), field,
      el("label.note", {for: "look-examples"}, "or an example"), examples, waiting),
    wrong,
    el("div.look", {},
      el("div.box.seen", {}, bar.list, alarms, panel),
      el("div.side", {}, el("section.box", {"aria-label": "Numbers and gradients"}, result, rows), why)));

  // What is typed

  let timer;
  const later = () => { clearTimeout(timer); timer = setTimeout(() => typed(false), 350); };
  function typed(entered) {
    clearTimeout(timer);
    const e = field.value.trim(), of = names.includes(now.of) ? now.of : ""; // v1 is another node in another formula
    if (e !== now.e) set({e, of}, entered);
  }

  function set(change, entered = false) {
    Object.assign(now, change);
    if (change.e !== undefined && field.value.trim() !== now.e) field.value = now.e;
    keep(entered);
    refresh();
  }

  function keep(entered) {
    const first = now.e === play.first.expression, n = Object.entries(now.numbers).map(([k, x]) => `${k}:${x}`).join();
    const same = first && JSON.stringify(now.numbers) === JSON.stringify(play.first.numbers);
    play.keep({e: first ? "" : now.e, n: same ? "" : n, of: same && now.of === play.first.of ? "" : now.of,
      tab: now.tab === "graph" ? "" : now.tab, in: now.language === "tinygrad_edu" ? "" : now.language}, entered);
  }

  function update({e, n, of, tab, in: language}) {
    const numbers = Object.fromEntries((n ?? "").split(",").filter(Boolean).map((pair) => {
      const at = pair.lastIndexOf(":");
      return [pair.slice(0, at), written(pair.slice(at + 1)) ?? 0];
    }));
    Object.assign(now, {
      e: e ?? play.first.expression, numbers: n ? numbers : e ? {} : {...play.first.numbers},
      of: of ?? (e ? "" : play.first.of), tab: TABS.some(([t]) => t === tab) ? tab : "graph",
      language: LANGUAGES.some(([l]) => l === language) ? language : "tinygrad_edu",
    });
    field.value = now.e;
    shown.numbers = null; // those of the fields are others, also for the same formula
    refresh();
  }

  // Asking

  let busy = false, again = false;
  async function refresh() {
    again = true;
    if (busy) return;
    busy = true;
    const whole = root.querySelector(".look");
    whole.setAttribute("aria-busy", true);
    const clock = setTimeout(() => {
      waiting.textContent = play.ready() ? "Python is working on it." : "Python is coming; your formula is next.";
    }, 200);
    while (again) {
      again = false;
      try {
        await look();
        told("");
      } catch (error) {
        if (!(error instanceof play.Refusal)) {
          busy = false; // a fault of ours: the frame tells it
          throw error;
        }
        told(error.message);
      } finally {
        clearTimeout(clock);
        waiting.textContent = "";
      }
    }
    busy = false;
    whole.setAttribute("aria-busy", false);
  }

  function told(message) {
    const [before, after] = message.split("`ops`");  // a command: here it is a page
    wrong.replaceChildren(before, after === undefined ? "" : el("a", {href: "docs/operations.html"},
      "the table of operations"), after ?? "",
      message && shown.e ? el("span.note", {}, " Below is what was read before.") : "");
    const [, , part, place] = /cannot read (['"])(.*)\1 at column (\d+)/.exec(message) ?? [], at = place - 1;
    const text = field.value.trim(), letters = [...text, " "]; // columns are counted in letters
    if (place && (part === text || letters.slice(at).join("").startsWith(part))) {
      wrong.append(el("br"), el("code", {}, letters.slice(0, at).join(""), el("mark", {}, letters[at] ?? " "),
        letters.slice(at + 1).join("")));
    }
    field.setAttribute("aria-invalid", Boolean(message));
    examples.value = String(EXAMPLES.findIndex(([, e]) => e === now.e)).replace("-1", "");
    root.querySelector(".look").classList.toggle("old", Boolean(message));
  }

  async function look() {
    const {e, tab, language} = now;
    if (!shown.numbers || shown.e !== e) {
      names = e === play.first.expression ? Object.keys(play.first.numbers)
        : (await play.ask("look.read", {expression: e})).names;
      const free = NUMBERS.filter((x) => !Object.values(now.numbers).includes(x));
      const known = (n) => Object.hasOwn(now.numbers, n); // a name may be what every object has, such as constructor
      now.numbers = Object.fromEntries(names.map((n, i) =>
        [n, known(n) ? now.numbers[n] : free[i] ?? NUMBERS[i % NUMBERS.length]]));
    }
    const about = {expression: e, numbers: now.numbers};
    const [, width] = WIDTHS.find(([room]) => panel.clientWidth >= room);
    let seen;
    try {
      seen = await play.ask("look.graph", {...about, of: now.of, width});
    } catch (error) { // a node of another formula, perhaps
      if (!(error instanceof play.Refusal) || !now.of) throw error;
      seen = await play.ask("look.graph", {...about, of: "", width});
    }
    if (!seen.why) { // of nothing, or of what this formula has not: of its first name, then
      now.of = names[0] ?? Object.values(seen.cards)[0];
      seen = await play.ask("look.graph", {...about, of: now.of, width});
    }
    keep(false);
    if (shown.e !== e || Object.keys(shown.numbers ?? {}).join() !== names.join()) fields();
    shown = {e, names, numbers: {...now.numbers}};
    svg = seen.svg;
    numbers(seen);
    why.innerHTML = seen.why;
    alarms.replaceChildren(...seen.alarms.map((said) => el("p", {}, said)));
    bar.show(tab);
    root.querySelector(".look").classList.toggle("wide", tab === "steps");
    if (tab === "graph") return graph(seen);
    if (tab === "source") return source(await play.ask("look.program", {...about, language, of: now.of}));
    const told = await play.ask(`look.${{explain: "explanation", steps: "step_page"}[tab] ?? tab}`, about);
    if (now.tab !== tab) return;
    if (tab === "steps") steps(told);
    else {
      const words = el("div.told");
      words.innerHTML = told;
      if (tab === "check") words.prepend(el("p.note", {}, "The gradients of the chain rule beside central " +
        "differences, which know nothing of rules, and every rule by itself."));
      panel.replaceChildren(scrolled(words));
    }
  }

  // What is shown

  const scrolled = (e) => { // what can be scrolled can be reached with the keyboard
    e.tabIndex = 0;
    e.setAttribute("role", "group");
    e.setAttribute("aria-label", TABS.find(([tab]) => tab === now.tab)[1]);
    return e;
  };

  function graph(seen) {
    const drawn = picture(seen, now.of, (of) => set({of}));
    const focus = panel.contains(document.activeElement) ? document.activeElement.id : "";
    panel.replaceChildren(drawn, el("p.note.below", {}, seen.note && `${seen.note}. `,
      "Blue gradients are below zero, orange ones above. ",
      el("button.quiet", {type: "button", onclick: () => download("graph.svg", "image/svg+xml", svg)},
        "Download SVG")));
    if (focus) document.getElementById(focus)?.focus();
  }

  function download(name, type, text) {
    const url = URL.createObjectURL(new Blob([text], {type}));
    el("a", {href: url, download: name}).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  function steps(html) {
    const frame = el("iframe", {title: "The backward pass, step by step"});
    frame.srcdoc = html;
    frame.onload = coloured;
    panel.replaceChildren(frame, el("p.note", {}, "One file, to hand out: it needs no network. ",
      el("button.quiet", {type: "button", onclick: () => download("steps.html", "text/html", html)},
        "Download this page")));
  }

  function coloured() { // as the page is; the frame has a button of its own, for later
    const inside = panel.querySelector("iframe")?.contentDocument?.documentElement;
    if (inside) inside.style.colorScheme = document.documentElement.dataset.theme ?? "";
  }
  document.getElementById("theme").addEventListener("click", coloured);

  function source(text) {
    const choice = el("select", {id: "look-language", onchange: () => set({language: choice.value})},
      ...LANGUAGES.map(([l, words]) => el("option", {value: l, selected: l === now.language}, words)));
    panel.replaceChildren(el("div.line", {}, el("label", {for: "look-language"}, "Written "), choice,
      copier("Copy", () => text)), scrolled(el("pre", {}, text)));
  }

  // Names: a field and a slider for the number, a button for the gradient

  const parts = new Map();
  function fields() {
    parts.clear();
    rows.replaceChildren(...names.map((name) => {
      const x = now.numbers[name], middle = typeof x === "number" ? x : 0, half = reach(middle);
      const number = el("input", {type: "text", inputmode: "decimal", value: x, "aria-label": `${name}, a number`,
        autocomplete: "off", oninput: () => change(name, number.value, slider)});
      const slider = el("input", {type: "range", min: middle - half, max: middle + half, step: half / 100,
        value: middle, "aria-label": `${name}, as a slider`, oninput: () => {
          number.value = String(Number(Number(slider.value).toPrecision(3)));
          change(name, number.value);
        }});
      const gradient = el("button.grad", {type: "button", onclick: () => set({of: name})});
      const error = el("p.wrong", {role: "alert"});
      parts.set(name, {gradient, error, number});
      return el("div.row", {}, el("code", {}, name), number, slider, gradient, error);
    }));
  }

  function change(name, text, slider) {
    const x = written(text), {error, number} = parts.get(name);
    number.setAttribute("aria-invalid", x === undefined);
    error.textContent = x === undefined ? `${name} needs a number: 2, -0.5, 1e-3, inf or nan.` : "";
    if (x === undefined) return;
    if (slider && typeof x === "number") {
      if (x < slider.min || x > slider.max) {
        Object.assign(slider, {min: x - reach(x), max: x + reach(x), step: reach(x) / 100});
      }
      slider.value = x;
    }
    set({numbers: {...now.numbers, [name]: x}});
  }

  function numbers(seen) {
    result.replaceChildren(el("code", {}, `${seen.root} = ${seen.said}`));
    names.forEach((name, i) => {
      const {gradient} = parts.get(name), g = Number(seen.grads[i]);
      gradient.replaceChildren(el("span", {}, `d${seen.root}/d${name}`), " ", el("b", {}, `= ${seen.slopes[i]}`));
      gradient.setAttribute("aria-pressed", name === now.of);
      gradient.dataset.sign = g < 0 ? "minus" : g > 0 ? "plus" : "";
    });
  }

  update(state);
  return {update};
}

// How far a slider goes to each side of a number.
const reach = (x) => (x ? Math.min(Math.max(2, 2 * Math.abs(x)), Number.MAX_VALUE - Math.abs(x)) : 3);

// A number as it is typed; undefined for what is none.  Those that JSON has no numbers for stay words.
function written(text) {
  const word = text.trim().toLowerCase().replace("−", "-").replace(/infinity|∞/, "inf");
  if (["inf", "-inf", "nan"].includes(word)) return word;
  return word && Number.isFinite(Number(word)) ? Number(word) : undefined;
}
