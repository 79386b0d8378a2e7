// The page: a list of steps over one graph.  `show(i)` draws step i from nothing but the numbers and i, so that
// Back, the slider and a deep link are all the same.  The picture is that of `graph.js`; numbers, elements and programs
// are those of `shared.js`.

// Names

const times = (n) => (n === 1 ? "once" : n === 2 ? "twice" : `${n} times`);
const nameOf = (i) => nodes[i].name || short(now.values[i]);
// A formula holds places of nodes between two private letters; a negative number beside an operation needs parentheses.
const filled = (formula, word) => formula.replace(
  /(^|\(|, )?\ue000(\d+)\ue001(?=(\)|,|$)?)/g, (all, before, i, after) =>
  (before ?? "") + (word(i) || (before !== undefined && after !== undefined ? short : signed)(now.values[i])));
const inNames = (formula) => filled(formula, (i) => nodes[i].name);
const inNumbers = (formula) => filled(formula, () => "");
const partial = (a, b) => `∂${nameOf(a)}/∂${nameOf(b)}`;

// Both passes, as the engine writes them down: DATA.forward gives values and local gradients, DATA.backward what flows

let frame = 0, at = 0, selected = -1, timer = 0;
let edits = new Map(); // leaf -> the number typed for it
let now; // values, gradients, and one record for each edge: upstream, local, flow, before, after

// What was recorded, until a value is edited: then every row is computed again, here.
function compute() {
  const {v, d} = frames[frame];
  const inside = edits.size ? runProgram(ROWS, DATA.forward, leaves.map((i) => edits.get(i) ?? v[i])) : [...v, ...d];
  const values = inside.slice(0, nodes.length), locals = inside.slice(nodes.length);
  // For each edge what flows, then for each the sum where it arrives
  const passed = runProgram(ROWS, DATA.backward, [1, ...locals]);
  const grads = nodes.map((_, i) => (i === root ? 1 : undefined));
  const flows = edges.map(([p, n], k) => {
    const before = grads[p];
    grads[p] = passed[edges.length + k];
    return {upstream: grads[n], local: locals[k], flow: passed[k], before, after: grads[p]};
  });
  return {values, grads, flows};
}

// The steps: the same for every choice of numbers.  An edge's place in `edges` is its place in the backward pass.
const computed = nodes.map((n, i) => i).filter((i) => nodes[i].parents.length);
const steps = [
  {kind: "start"},
  ...computed.map((node) => ({kind: "forward", node})),
  {kind: "seed", node: root},
  ...edges.map(([parent, node], edge) => ({kind: "edge", node, parent, edge})),
  {kind: "end"},
];
const seed = 1 + computed.length;
const uses = nodes.map((_, i) => edges.flatMap(([p], k) => (p === i ? [k] : [])));
const L = nodes[root].name;

// One step

// At the start the leaves, as many as fit, from the first.
const leftmost = () => nodes.map((n, i) => i).filter((i) => !nodes[i].parents.length)
  .sort((a, b) => nodes[a].x - nodes[b].x || nodes[a].y - nodes[b].y);
const shown = () => { // the nodes that a step is about
  const {kind, node, parent} = steps[at];
  if (kind === "forward") return [node, ...nodes[node].parents];
  return kind === "edge" ? [node, parent] : kind === "start" ? leftmost() : [root];
};

function show(i) {
  at = Math.max(0, Math.min(steps.length - 1, Math.trunc(i) || 0));
  const step = steps[at], {kind, node} = step;
  const passed = edges.filter((_, k) => seed + 1 + k <= at).length; // edges that were passed, the one of this step too
  const grads = nodes.map((_, i) => (i === root && at >= seed ? 1 : undefined));
  edges.slice(0, passed).forEach(([p], k) => { grads[p] = now.flows[k].after; });
  const largest = Math.max(...now.grads.map(Math.abs).filter(Number.isFinite), 0);
  const forward = kind === "forward" ? " forward" : " backward";
  nodes.forEach((n, i) => {
    const waiting = n.parents.length && at < 1 + computed.indexOf(i), g = grads[i];
    const mark = i === node ? " now"
      : i === step.parent || (kind === "forward" && nodes[node].parents.includes(i)) ? " beside" : "";
    put(cards[i], "class",
      `node ${n.role}${waiting ? " waiting" : ""}${mark && mark + forward}${i === selected ? " selected" : ""}`);
    put(cards[i], "aria-label",
      `${nameOf(i)}${n.op && `, ${n.op}`}: value ${waiting ? "not computed yet" : short(now.values[i])}, ` +
      `gradient ${g === undefined ? "not computed yet" : short(g)}`);
    write(cards[i].querySelector(".value"), waiting ? undefined : now.values[i]);
    write(cards[i].querySelector(".grad"), g);
    const tint = cards[i].querySelector(".tint");
    const ink = g > 0 ? "--plus" : g < 0 ? "--minus" : Number.isNaN(g) ? "--wrong" : "";
    const strength = Number.isFinite(g) && largest ? 0.12 + 0.4 * Math.sqrt(Math.abs(g) / largest) : 0.4;
    put(tint, "style", ink && `fill: var(${ink}); fill-opacity: ${strength.toFixed(2)}`);
  });
  edges.forEach(([p, n], k) => {
    const lit = kind === "edge" ? k === step.edge : kind === "forward" && n === node;
    put(wires[k], "class", `edge${k < passed && !lit ? " done" : ""}${lit ? ` now${forward}` : ""}`);
  });
  follow(shown());
  label();
  $("step").replaceChildren(...explained(step));
  $("say").textContent = `Step ${at} of ${steps.length - 1}. ${$("step").innerText.replace(/\s+/g, " ")}`;
  code(step);
  about();
  $("slider").value = at;
  $("slider").setAttribute("aria-valuetext", `step ${at} of ${steps.length - 1}: ${spoken(step)}`);
  $("count").textContent = `${at} / ${steps.length - 1}`;
  $("back").disabled = $("first").disabled = at === 0;
  $("next").disabled = at === steps.length - 1;
  if (at === steps.length - 1) pause();
  address(`#step=${at}${frames.length > 1 ? `&training=${frame}` : ""}`);
}
// The local gradient, at the middle of the edge that is walked, or as near to it as the edge is in sight.
function label() {
  const {kind, edge} = steps[at];
  local.textContent = kind === "edge" ? `× ${short(now.flows[edge].local)}` : "";
  if (kind !== "edge") return;
  const wire = wires[edge], long = wire.getTotalLength(), [, , w, h] = inside(), edgeOf = 30 / view.scale;
  const share = (k) => 0.5 + (k % 2 ? -1 : 1) * Math.ceil(k / 2) / 20;
  const points = [...Array(19)].map((_, k) => wire.getPointAtLength(long * share(k)));
  const seen = ({x, y}) => Math.abs(x - view.x - w / view.scale / 2) < w / view.scale / 2 - edgeOf
    && Math.abs(y - view.y - h / view.scale / 2) < h / view.scale / 2 - edgeOf;
  const point = points.find(seen) ?? points[0];
  local.setAttribute("x", point.x);
  local.setAttribute("y", point.y - 9);
}
function write(e, x) {
  if (e.shown === String(x)) return;
  e.shown = String(x);
  e.classList.toggle("long", x !== undefined && short(x).length > 9);
  e.classList.toggle("wrong", x !== undefined && !Number.isFinite(x));
  e.replaceChildren(x === undefined ? "" : short(x), ...(x === undefined ? [] : [el("title", {}, x)]));
}
const spoken = ({kind, node, parent}) => ({
  start: "start", forward: `forward, ${nameOf(node ?? 0)}`, seed: "backward begins", end: "done",
  edge: `backward, from ${nameOf(node ?? 0)} to ${nameOf(parent ?? 0)}`,
})[kind];

// The words of a step, and of the sum where paths meet.
function explained({kind, node, parent, edge}) {
  const tag = (text, more = "") => el("span.tag" + more, {}, text);
  if (kind === "start") {
    return [tag("start"), el("h2", {}, "Only the leaves have values"),
      el("p", {}, "Inputs, weights and constants are given. The forward pass computes the rest from them, left to " +
        "right; the backward pass then walks the same graph right to left and gives every node its gradient: how fast ",
      el("b", {}, L), " changes with it."),
      el("p.note", {}, "Next, or the → key, takes a step. Choose a node to read about it.")];
  }
  if (kind === "forward") {
    return [tag("forward"), el("h2", {}, el("span.formula", {}, `${nameOf(node)} = ${inNames(nodes[node].formula)}`)),
      el("p.formula", {}, `= ${inNumbers(nodes[node].formula)} = `, numeral(now.values[node])),
      el("p.note", {}, "The node remembers its inputs, and with them the local gradients for the way back:"),
      localGradients(node)];
  }
  if (kind === "seed") {
    return [tag("backward", ".backward"), el("h2", {}, el("span.formula", {}, `∂${L}/∂${L} = 1`)),
      el("p", {},
        `The backward pass begins at the root: when ${L} changes by a little, ${L} changes by just as much.`)];
  }
  if (kind === "end") {
    const leaves = nodes.flatMap((n, i) => (n.parents.length || n.role === "const" ? [] : [i]));
    return [tag("done", ".backward"), el("h2", {}, "Every gradient, in one walk"),
      el("table", {"aria-label": "Gradients"}, el("tbody", {},
        ...leaves.map((i) => el("tr", {},
          el("td.formula", {}, partial(root, i)),
        el("td.number", {title: now.grads[i]}, short(now.grads[i])), el("td.note", {}, meaning(i))))))];
  }
  const f = now.flows[edge];
  return [tag("backward", ".backward"), el("h2", {}, `${nameOf(node)} → ${nameOf(parent)}`),
    el("div.chips", {},
      el("div.chip.upstream", {}, el("small", {}, "upstream"),
        numeral(f.upstream), el("small", {}, partial(root, node))),
      el("span", {}, "×"),
      el("div.chip.local", {}, el("small", {}, "local"),
        numeral(f.local), el("small", {}, partial(node, parent))),
      el("span", {}, "="),
      el("div.chip.downstream", {}, el("small", {}, "downstream"),
        numeral(f.flow), el("small", {}, `into ${nameOf(parent)}`))),
    el("p.formula", {}, `${nameOf(node)} = ${inNames(nodes[node].formula)}`, el("br"), slope(edge)),
    el("p.sum", {}, el("span.formula", {}, `${nameOf(parent)}.grad`),
      `: ${short(f.before ?? 0)} + ${signed(f.flow)} = `, numeral(f.after),
      f.before === undefined ? "" : `, it adds up: ${nameOf(parent)} is used ${times(uses[parent].length)}`)];
}
function meaning(i) {
  const g = now.grads[i];
  return g > 0 ? `raise it: ${L} grows`
    : g < 0 ? `raise it: ${L} falls`
    : g === 0 ? "a small change: no effect" : "not a number";
}
// ∂e/∂h = x = 2: in names, then the number, unless they are the same.
function slope(edge) {
  const [p, n, formula] = edges[edge], number = short(now.flows[edge].local), words = inNames(formula);
  return `${partial(n, p)} = ${words && words.replace("−", "-") !== number ? `${words} = ` : ""}${number}`;
}
const localGradients = (node) =>
  el("p.formula", {}, ...edges.flatMap(([, n], k) => (n === node ? [slope(k), el("br")] : [])));

// The four lines of code, what their names stand for now, and the order of the walk
const lines = [
  `${L}.grad = 1.0`,
  `for v in reversed(topological(${L})):`,
  "    for p, d in zip(v.parents, v.local_grads()):",
  "        p.grad += d * v.grad",
];
$("code").append(...lines.map((line) => el("span", {}, line)));
const items = [...nodes.keys()].reverse().map((i) => {
  const first = edges.findIndex(([, n]) => n === i);
  const item = first < 0 ? el("span", {title: "a leaf: it passes nothing on"})
    : el("a", {href: `#step=${seed + 1 + first}`, onclick: (e) => { e.preventDefault(); go(seed + 1 + first); }});
  $("order").append(el("li", {}, item));
  return {i, item, first, last: edges.findLastIndex(([, n]) => n === i)};
});
function code({kind, node, parent, edge}) {
  const lit = {seed: 0, edge: 3}[kind];
  [...$("code").children].forEach((line, k) => line.setAttribute("class", k === lit ? "lit" : ""));
  $("running").textContent = kind === "edge"
    ? `now v is ${nameOf(node)}, p is ${nameOf(parent)}, d is ${short(now.flows[edge].local)}` : "";
  for (const {i, item, first, last} of items) {
    const done = first >= 0 && at > seed + 1 + last;
    if (item.textContent !== nameOf(i)) item.textContent = nameOf(i);
    put(item, "class", done ? "done" : "");
    if (kind === "edge" && i === node) {
      item.setAttribute("aria-current", "step");
      $("order").scrollTop = item.offsetTop - $("order").clientHeight / 2;
    } else item.removeAttribute("aria-current");
  }
}

// About one node: what it computes, and its gradient as a sum over its uses
function select(i) {
  selected = i;
  show(at);
  if (i >= 0) $("about").scrollIntoView({block: "nearest"});
}
function about() {
  const i = selected;
  $("about").hidden = i < 0;
  if (i < 0) return;
  const n = nodes[i], flows = uses[i].map((k) => now.flows[k]);
  const made = n.op && `computed by ${n.op}`;
  const role = {input: "an input", param: "a parameter", const: "a constant",
    inner: made, out: `the root${made && `, ${made}`}`}[n.role];
  const close = () => { select(-1); cards[i].focus({preventScroll: true}); };
  const change = () => { $("values").open = true; $(`value-${i}`).focus(); };
  const sum = flows.map((f, k) => (k ? signed : short)(f.flow)).join(" + ");
  $("about").replaceChildren(
    el("button.close", {type: "button", "aria-label": "Close", onclick: close}, "×"),
    el("h2", {}, nameOf(i)), el("p.note", {}, i === root ? role : `${role}; used ${times(uses[i].length)}`),
    el("p.formula", {}, n.formula ? `${nameOf(i)} = ${inNames(n.formula)} = ${inNumbers(n.formula)} = ` : "value ",
      numeral(now.values[i])),
    ...(n.parents.length ? [localGradients(i)] : []),
    el("p", {}, "Its gradient is the sum over its uses of upstream × local:"),
    el("table", {"aria-label": `The uses of ${nameOf(i)}`}, el("tbody", {},
      ...(i === root ? [el("tr", {}, el("td", {}, "the root itself"), el("td.number", {}, "1"))] : []),
      ...uses[i].map((k) => el("tr", {}, el("td", {}, `in ${nameOf(edges[k][1])}`),
        el("td.formula", {}, `${short(now.flows[k].upstream)} × ${signed(now.flows[k].local)}`),
        el("td.number", {title: now.flows[k].flow}, short(now.flows[k].flow)))))),
    el("p.sum", {}, el("span.formula", {}, partial(root, i)), ` = ${flows.length > 1 ? `${sum} = ` : ""}`,
      numeral(now.grads[i])),
    n.parents.length || DATA.live ? "" : el("button", {type: "button", onclick: change}, "Change its value"));
}

// Values that can be changed

const leaves = nodes.flatMap((n, i) => (n.parents.length ? [] : [i]));
$("live").textContent = DATA.live ? `These values cannot be changed here: ${DATA.live}.`
  : "Type a number and press Enter: the whole page is computed again.";
$("inputs").append(...(DATA.live ? [] : leaves.map((i) => {
  const input = el("input", {id: `value-${i}`, type: "text", inputmode: "decimal", autocomplete: "off",
    "aria-describedby": `wrong-${i}`});
  input.onchange = () => edit(i, input);
  input.onkeydown = (e) => { if (e.key === "Escape") restore(i, input); };
  const label = el("label", {for: input.id}, nodes[i].name || `constant ${short(frames[0].v[i])}`);
  return el("div.input", {}, label, input, el("span.wrong", {id: `wrong-${i}`, role: "alert"}));
})));
function restore(i, input) {
  input.value = String(now.values[i]).replace("Infinity", "inf").replace("NaN", "nan");
  wrong(i, input, "");
}
function wrong(i, input, text) {
  $(`wrong-${i}`).textContent = text;
  text ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
}
function edit(i, input) {
  const text = input.value.trim().replace("−", "-"),
    words = {inf: Infinity, "+inf": Infinity, "-inf": -Infinity, nan: NaN};
  const x = words[text.toLowerCase()]
    ?? (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined);
  if (x === undefined)
    return wrong(i, input,
      `${text ? `“${text}”` : "nothing"} is not a number: write one such as 0.5 or -1e-3`);
  edits.set(i, x);
  renew();
}
$("reset").onclick = () => { edits.clear(); renew(); };
// Compute again and draw again, on the same step.
function renew() {
  now = compute();
  if (!DATA.live) for (const i of leaves) restore(i, $(`value-${i}`));
  $("reset").disabled = !edits.size;
  const repeated = [...nodes.keys()].filter((i) => nodes[i].labelled && uses[i].length > 1).slice(0, 3);
  $("whole").replaceChildren(DATA.whole && el("span.formula", {}, `${L} = ${inNames(DATA.whole)}`),
    DATA.whole && repeated.length ? " — " : "",
    ...repeated.flatMap((i, k) => [k ? ", " : "", el("b", {}, nodes[i].name), ` is used ${times(uses[i].length)}`]),
    ["", ": watch its gradient add up", ": watch their gradients add up"][Math.min(repeated.length, 2)],
    edits.size ? el("b", {}, " · values edited") : "");
  if (frames.length > 1) {
    $("frame").value = frame;
    $("frame").setAttribute("aria-valuetext", `training step ${frame} of ${frames.length - 1}`);
    $("loss").textContent = `${frame} / ${frames.length - 1} · ${L} = ${short(now.values[root])}`;
  }
  show(at);
}
$("training").hidden = frames.length < 2;
$("frame").max = frames.length - 1;
$("frame").oninput = () => { frame = Number($("frame").value); edits.clear(); renew(); };

// Controls, keys, address

const go = (i) => { pause(); show(i); };
function pause() {
  clearInterval(timer);
  timer = 0;
  $("play").textContent = "Play";
}
function play() {
  if (timer) return pause();
  if (at === steps.length - 1) show(0);
  $("play").textContent = "Pause";
  timer = setInterval(() => show(at + 1), 1400);
}
$("first").onclick = () => go(0);
$("back").onclick = () => go(at - 1);
$("next").onclick = () => go(at + 1);
$("jump").onclick = () => go(seed);
$("play").onclick = play;
$("slider").max = steps.length - 1;
$("slider").oninput = () => go(Number($("slider").value));
addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches("input")) return; // a slider has keys of its own
  const arrows = {ArrowRight: [-60, 0], ArrowLeft: [60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60]};
  const keys = {ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1), Home: () => go(0),
    End: () => go(steps.length - 1), b: () => go(seed),
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: () => fit(), Escape: () => select(-1),
    " ": e.target.matches("button, a, summary, pre") ? undefined
      : e.target.matches(".node") ? () => select(cards.indexOf(e.target)) : play};
  const act = e.shiftKey && arrows[e.key] ? () => pan(...arrows[e.key])
    : keys[e.key.length === 1 ? e.key.toLowerCase() : e.key];
  if (!act) return;
  e.preventDefault();
  act();
});
// #step=12, and #step=12&training=3
function enter() {
  frame = Math.max(0, Math.min(asked("training") ?? 0, frames.length - 1));
  at = asked("step") ?? 0;
}
addEventListener("hashchange", () => {
  enter();
  pause();
  renew();
});
enter();
$("values").open = leaves.length <= 12 && innerWidth > 900;
choose();
renew();
refit();
// What moves before is no change
requestAnimationFrame(() => requestAnimationFrame(() => document.body.classList.add("ready")));
