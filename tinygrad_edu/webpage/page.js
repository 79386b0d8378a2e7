// The page: a list of steps over one graph.  `show(i)` draws step i from nothing but the numbers and i, so that
// Back, the slider and a deep link are all the same.  Numbers, elements and programs are those of `shared.js`.
const {nodes, edges, frames} = DATA;
const root = nodes.length - 1;
const $ = (id) => document.getElementById(id);

// Names

const times = (n) => (n === 1 ? "once" : n === 2 ? "twice" : `${n} times`);
const nameOf = (i) => nodes[i].name || short(now.values[i]);
// A formula holds places of nodes between two private letters; a negative number beside an operation needs parentheses.
const filled = (formula, word) => formula.replace(/(^|\(|, )?\ue000(\d+)\ue001(?=(\)|,|$)?)/g, (all, before, i, after) =>
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
  const passed = runProgram(ROWS, DATA.backward, [1, ...locals]); // for each edge what flows, then for each the sum where it arrives
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

// The picture

const cards = [], wires = [];
const local = el("text", {id: "local", "aria-hidden": "true"});
const world = el("g");
const svg = el("svg", {role: "group", "aria-label": `Computation graph with ${nodes.length} nodes`}, el("defs", {},
  ...[["tip", "--edge", 8], ["tip-forward", "--fwd", 11], ["tip-backward", "--bwd", 11]].map(([id, ink, size]) =>
    el("marker", {id, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: size, markerHeight: size, orient: "auto-start-reverse",
      markerUnits: "userSpaceOnUse"}, el("path", {d: "M0,0L10,5L0,10z", fill: `var(${ink})`})))), world);
$("graph").append(svg);
const modules = DATA.around.map((title) => [el("rect.frame", {rx: 9}), el("text.module", {}, title)]);
world.append(...modules.flat());
edges.forEach(() => wires.push(el("path.edge")));
world.append(...wires);
nodes.forEach((n, i) => {
  const {width: w, height: h} = DATA, r = 7;
  const g = el("g", {tabindex: 0, role: "button", onclick: () => moved || select(i)},
    el("rect.body", {width: w, height: h, rx: r}),
    el("path.head", {d: `M1,24v-${23 - r}a${r},${r} 0 0 1 ${r},-${r}h${w - 2 - 2 * r}a${r},${r} 0 0 1 ${r},${r}v${23 - r}z`}),
    el("rect.tint", {x: 1, y: 47, width: w - 2, height: h - 48, rx: 5}),
    el(n.long ? "text.name.long" : "text.name", {x: w / 2, y: 17}, fitted(n.title, (w - 20) / (n.long ? 7 : 9) - n.op.length),
      el("tspan", {dx: n.title && n.op ? 5 : 0}, n.op)),
    el("text.word", {x: 8, y: 40}, "value"), el("text.number.value", {x: w - 8, y: 41}),
    el("text.word", {x: 8, y: 63}, "grad"), el("text.number.grad", {x: w - 8, y: 64}));
  g.addEventListener("keydown", (e) => { if (e.key === "Enter") select(i); });
  cards.push(g);
});
world.append(...cards, local);

// A long label keeps its two ends, where what tells it from others stands.
function fitted(name, most) {
  return name.length <= most ? name : `${name.slice(0, most / 2 - 1)}…${name.slice(-most / 2)}`;
}

// Where all of it stands: in one long row, or folded into several; the window takes the plan that is largest in it

const READABLE = 0.84; // pixels for each unit: smaller, its words are no longer read
let plan;
function lay(other) {
  if (plan === other) return;
  plan = other;
  plan.spots.forEach(([x, y], i) => {
    cards[i].setAttribute("transform", `translate(${x - DATA.width / 2},${y - DATA.height / 2})`);
    Object.assign(nodes[i], {x, y});
  });
  plan.ways.forEach((d, k) => wires[k].setAttribute("d", d));
  plan.frames.forEach(([x, y, width, height], i) => {
    const [frame, title] = modules[i];
    for (const [k, v] of Object.entries({x, y, width, height})) frame.setAttribute(k, v);
    title.setAttribute("x", x + 10);
    title.setAttribute("y", y + 18);
  });
  draft();
}

// Zoom and pan: what part of the graph the picture shows

const view = {x: 0, y: 0, scale: 1}; // the graph's point in the upper left corner, and pixels for each of its units
let moved = false; // whether the pointer dragged: then it did not click
function place() {
  world.setAttribute("transform", `scale(${view.scale}) translate(${-view.x},${-view.y})`);
  mapped();
}
const inside = () => {
  const {clientWidth: w, clientHeight: h} = svg, pad = Math.min(20, w / 30);
  return [w - 2 * pad, h - 2 * pad - 32, w, h, pad];
};
const whole = ({size: [gw, gh]}) => Math.min(inside()[0] / gw, inside()[1] / gh, 1.5);
// Whole, if it can be read so; else as wide as the window, to be read downwards; else as narrow as may be.
function choose() {
  const [w] = inside(), plans = DATA.plans, best = plans.reduce((a, b) => (whole(b) > whole(a) ? b : a));
  const fits = plans.filter(({size}) => size[0] * READABLE <= w).sort((a, b) => a.size[1] - b.size[1]);
  lay(whole(best) >= READABLE ? best : fits[0] ?? plans.at(-1));
}
function fit(least = 0) {
  const [, , w, h, pad] = inside(), [gw, gh] = plan.size;
  view.scale = Math.max(whole(plan), least);
  const lead = (room, size) => (size * view.scale < room ? (size - room / view.scale) / 2 : -pad / view.scale);
  view.x = lead(w, gw);
  view.y = lead(h, gh);
  place();
}

// The map: the whole graph, what of it is in sight, and what the step is about.
// It is there when something is out of sight.
const map = $("map"), [paper, spot, frameOf] = ["cards", "here", "sight"].map((kind) => el(`path.${kind}`));
map.append(paper, spot, frameOf);
const boxed = (x, y, w, h) => `M${x},${y}h${w}v${h}h${-w}z`;
const cardAt = (i) => boxed(nodes[i].x - DATA.width / 2, nodes[i].y - DATA.height / 2, DATA.width, DATA.height);
function draft() {
  paper.setAttribute("d", nodes.map((_, i) => cardAt(i)).join(""));
}
function mapped() {
  const [gw, gh] = plan.size, [, , w, h] = inside(), area = Math.min(16000, 0.06 * w * h);
  const scale = Math.min(0.8 * w / gw, 0.8 * h / gh, Math.sqrt(area / (gw * gh)));
  const left = Math.max(view.x, 0), top = Math.max(view.y, 0);
  const right = Math.min(view.x + w / view.scale, gw), bottom = Math.min(view.y + h / view.scale, gh);
  map.toggleAttribute("hidden", left < 1 && top < 1 && right > gw - 1 && bottom > gh - 1);
  map.setAttribute("viewBox", `${-4 / scale} ${-4 / scale} ${gw + 8 / scale} ${gh + 8 / scale}`);
  map.style.width = `${gw * scale + 8}px`;
  map.style.height = `${gh * scale + 8}px`;
  frameOf.setAttribute("d", right > left && bottom > top ? boxed(left, top, right - left, bottom - top) : "");
  spot.setAttribute("d", steps[at].kind === "start" ? "" : shown().map(cardAt).join(""));
}
function jump(e) { // the middle of the window goes to where the map is pressed
  const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(map.getScreenCTM().inverse());
  view.x = p.x - svg.clientWidth / view.scale / 2;
  view.y = p.y - svg.clientHeight / view.scale / 2;
  place();
}
map.addEventListener("pointerdown", (e) => { map.setPointerCapture(e.pointerId); jump(e); });
map.addEventListener("pointermove", (e) => { if (map.hasPointerCapture(e.pointerId)) jump(e); });
map.addEventListener("keydown", (e) => {
  const far = {ArrowRight: [-1, 0], ArrowLeft: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[e.key];
  if (!far || e.ctrlKey || e.metaKey || e.altKey) return;
  e.preventDefault();
  e.stopPropagation();
  pan(far[0] * svg.clientWidth / 4, far[1] * svg.clientHeight / 4);
});
function zoom(by, x = svg.clientWidth / 2, y = svg.clientHeight / 2) {
  const scale = Math.min(Math.max(view.scale * by, 0.03), 4), before = view.scale;
  view.x += x / before - x / scale;
  view.y += y / before - y / scale;
  view.scale = scale;
  place();
}
function pan(dx, dy) {
  view.x -= dx / view.scale;
  view.y -= dy / view.scale;
  place();
}
// Keep these nodes in sight, the first of them if they do not all fit: where one is out of it, they go to the middle.
function follow(wanted, always = false) {
  const pad = 14 / view.scale;
  const axes = [["x", svg.clientWidth, DATA.width / 2, plan.size[0]],
                ["y", svg.clientHeight, DATA.height / 2, plan.size[1]]]
    .map(([axis, pixels, half, all]) => ({axis, room: pixels / view.scale, half: half + pad, all: all + 2 * pad}));
  while (wanted.length > 1 && axes.some(({axis, room, half}) => span(wanted, axis) + 2 * half > room)) wanted.pop();
  for (const {axis, room, half, all} of axes) {
    const low = Math.min(...wanted.map((i) => nodes[i][axis])) - half, high = low + span(wanted, axis) + 2 * half;
    if (low >= view[axis] && high <= view[axis] + room && !(always && all > room)) continue;
    view[axis] = (low + high - room) / 2;
    if (all > room) view[axis] = Math.min(Math.max(view[axis], -pad), all - pad - room); // no further than the graph goes
  }
  place();
}
const span = (wanted, axis) => Math.max(...wanted.map((i) => nodes[i][axis])) - Math.min(...wanted.map((i) => nodes[i][axis]));
svg.addEventListener("wheel", (e) => {
  e.preventDefault();
  const box = svg.getBoundingClientRect();
  zoom(Math.exp(-e.deltaY / (e.deltaMode ? 12 : 400)), e.clientX - box.x, e.clientY - box.y);
}, {passive: false});
const fingers = new Map(); // one drags, two pinch
let travelled = 0;
svg.addEventListener("pointerdown", (e) => {
  if (!fingers.size) [moved, travelled] = [false, 0];
  fingers.set(e.pointerId, e);
});
addEventListener("pointermove", (e) => {
  const last = fingers.get(e.pointerId);
  if (!last) return;
  travelled += Math.hypot(e.clientX - last.clientX, e.clientY - last.clientY);
  moved ||= travelled > 5;
  const other = [...fingers.values()].find((f) => f.pointerId !== e.pointerId);
  const apart = (f) => Math.hypot(f.clientX - other.clientX, f.clientY - other.clientY);
  const box = svg.getBoundingClientRect();
  if (other && apart(last)) zoom(apart(e) / apart(last), (e.clientX + other.clientX) / 2 - box.x, (e.clientY + other.clientY) / 2 - box.y);
  else if (moved) pan(e.clientX - last.clientX, e.clientY - last.clientY);
  fingers.set(e.pointerId, e);
});
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, (e) => fingers.delete(e.pointerId));
$("in").onclick = () => zoom(1.25);
$("out").onclick = () => zoom(0.8);
$("fit").onclick = () => fit();
// The size of a graph too large to read whole: large enough to read; then the steps are followed.
const refit = () => { choose(); fit(READABLE); follow(shown(), true); label(); };
new ResizeObserver(refit).observe($("graph"));
// On paper: the whole graph, whatever part of it is on screen.
addEventListener("beforeprint", () => {
  svg.setAttribute("viewBox", `-10 -10 ${plan.size[0] + 20} ${plan.size[1] + 20}`);
  world.removeAttribute("transform");
});
addEventListener("afterprint", () => { svg.removeAttribute("viewBox"); place(); });

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
    const mark = i === node ? " now" : i === step.parent || (kind === "forward" && nodes[node].parents.includes(i)) ? " beside" : "";
    put(cards[i], "class", `node ${n.role}${waiting ? " waiting" : ""}${mark && mark + forward}${i === selected ? " selected" : ""}`);
    put(cards[i], "aria-label", `${nameOf(i)}${n.op && `, ${n.op}`}: value ${waiting ? "not computed yet" : short(now.values[i])}, ` +
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
  address();
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
      el("p", {}, "Inputs, weights and constants are given. The forward pass computes the rest from them, left to right; the backward pass " +
        "then walks the same graph right to left and gives every node its gradient: how fast ", el("b", {}, L), " changes with it."),
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
      el("p", {}, `The backward pass begins at the root: when ${L} changes by a little, ${L} changes by just as much.`)];
  }
  if (kind === "end") {
    const leaves = nodes.flatMap((n, i) => (n.parents.length || n.role === "const" ? [] : [i]));
    return [tag("done", ".backward"), el("h2", {}, "Every gradient, in one walk"),
      el("table", {"aria-label": "Gradients"}, el("tbody", {}, ...leaves.map((i) => el("tr", {}, el("td.formula", {}, partial(root, i)),
        el("td.number", {title: now.grads[i]}, short(now.grads[i])), el("td.note", {}, meaning(i))))))];
  }
  const f = now.flows[edge];
  return [tag("backward", ".backward"), el("h2", {}, `${nameOf(node)} → ${nameOf(parent)}`),
    el("div.chips", {},
      el("div.chip.upstream", {}, el("small", {}, "upstream"), numeral(f.upstream), el("small", {}, partial(root, node))), el("span", {}, "×"),
      el("div.chip.local", {}, el("small", {}, "local"), numeral(f.local), el("small", {}, partial(node, parent))), el("span", {}, "="),
      el("div.chip.downstream", {}, el("small", {}, "downstream"), numeral(f.flow), el("small", {}, `into ${nameOf(parent)}`))),
    el("p.formula", {}, `${nameOf(node)} = ${inNames(nodes[node].formula)}`, el("br"), slope(edge)),
    el("p.sum", {}, el("span.formula", {}, `${nameOf(parent)}.grad`), `: ${short(f.before ?? 0)} + ${signed(f.flow)} = `, numeral(f.after),
      f.before === undefined ? "" : `, it adds up: ${nameOf(parent)} is used ${times(uses[parent].length)}`)];
}
function meaning(i) {
  const g = now.grads[i];
  return g > 0 ? `raise it: ${L} grows` : g < 0 ? `raise it: ${L} falls` : g === 0 ? "a small change: no effect" : "not a number";
}
// ∂e/∂h = x = 2: in names, then the number, unless they are the same.
function slope(edge) {
  const [p, n, formula] = edges[edge], number = short(now.flows[edge].local), words = inNames(formula);
  return `${partial(n, p)} = ${words && words.replace("−", "-") !== number ? `${words} = ` : ""}${number}`;
}
const localGradients = (node) => el("p.formula", {}, ...edges.flatMap(([, n], k) => (n === node ? [slope(k), el("br")] : [])));

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
  $("running").textContent = kind === "edge" ? `now v is ${nameOf(node)}, p is ${nameOf(parent)}, d is ${short(now.flows[edge].local)}` : "";
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
  const role = {input: "an input", param: "a parameter", const: "a constant", inner: made, out: `the root${made && `, ${made}`}`}[n.role];
  const close = () => { select(-1); cards[i].focus({preventScroll: true}); };
  const change = () => { $("values").open = true; $(`value-${i}`).focus(); };
  const sum = flows.map((f, k) => (k ? signed : short)(f.flow)).join(" + ");
  $("about").replaceChildren(
    el("button.close", {type: "button", "aria-label": "Close", onclick: close}, "×"),
    el("h2", {}, nameOf(i)), el("p.note", {}, i === root ? role : `${role}; used ${times(uses[i].length)}`),
    el("p.formula", {}, n.formula ? `${nameOf(i)} = ${inNames(n.formula)} = ${inNumbers(n.formula)} = ` : "value ", numeral(now.values[i])),
    ...(n.parents.length ? [localGradients(i)] : []),
    el("p", {}, "Its gradient is the sum over its uses of upstream × local:"),
    el("table", {"aria-label": `The uses of ${nameOf(i)}`}, el("tbody", {},
      ...(i === root ? [el("tr", {}, el("td", {}, "the root itself"), el("td.number", {}, "1"))] : []),
      ...uses[i].map((k) => el("tr", {}, el("td", {}, `in ${nameOf(edges[k][1])}`),
        el("td.formula", {}, `${short(now.flows[k].upstream)} × ${signed(now.flows[k].local)}`),
        el("td.number", {title: now.flows[k].flow}, short(now.flows[k].flow)))))),
    el("p.sum", {}, el("span.formula", {}, partial(root, i)), ` = ${flows.length > 1 ? `${sum} = ` : ""}`, numeral(now.grads[i])),
    n.parents.length || DATA.live ? "" : el("button", {type: "button", onclick: change}, "Change its value"));
}

// Values that can be changed

const leaves = nodes.flatMap((n, i) => (n.parents.length ? [] : [i]));
$("live").textContent = DATA.live ? `These values cannot be changed here: ${DATA.live}.`
  : "Type a number and press Enter: the whole page is computed again.";
$("inputs").append(...(DATA.live ? [] : leaves.map((i) => {
  const input = el("input", {id: `value-${i}`, type: "text", inputmode: "decimal", autocomplete: "off", "aria-describedby": `wrong-${i}`});
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
  const text = input.value.trim().replace("−", "-"), words = {inf: Infinity, "+inf": Infinity, "-inf": -Infinity, nan: NaN};
  const x = words[text.toLowerCase()] ?? (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined);
  if (x === undefined) return wrong(i, input, `${text ? `“${text}”` : "nothing"} is not a number: write one such as 0.5 or -1e-3`);
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
  $("whole").replaceChildren(DATA.whole && el("span.formula", {}, `${L} = ${inNames(DATA.whole)}`), DATA.whole && repeated.length ? " — " : "",
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
  const keys = {ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1), Home: () => go(0), End: () => go(steps.length - 1), b: () => go(seed),
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: () => fit(), Escape: () => select(-1),
    " ": e.target.matches("button, a, summary, pre") ? undefined : e.target.matches(".node") ? () => select(cards.indexOf(e.target)) : play};
  const act = e.shiftKey && arrows[e.key] ? () => pan(...arrows[e.key]) : keys[e.key.length === 1 ? e.key.toLowerCase() : e.key];
  if (!act) return;
  e.preventDefault();
  act();
});
// #step=12, and #step=12&training=3.  A page inside a notebook has no address of its own.
const asked = (word) => Number(new RegExp(`\\b${word}=(\\d+)`).exec(location.hash)?.[1] ?? 0);
function address() {
  const hash = `#step=${at}${frames.length > 1 ? `&training=${frame}` : ""}`;
  if (location.protocol !== "about:" && location.hash !== hash) history.replaceState(null, "", hash);
}
addEventListener("hashchange", () => {
  if (!/step=/.test(location.hash)) return; // the skip link
  frame = Math.min(asked("training"), frames.length - 1);
  at = asked("step");
  pause();
  renew();
});
const system = matchMedia("(prefers-color-scheme: dark)");
const dark = () => ($("theme").dataset.chosen ?? (system.matches ? "dark" : "light")) === "dark";
function theme() {
  if ($("theme").dataset.chosen) document.documentElement.style.colorScheme = $("theme").dataset.chosen;
  $("theme").setAttribute("aria-pressed", dark());
}
$("theme").onclick = () => { $("theme").dataset.chosen = dark() ? "light" : "dark"; theme(); };
system.addEventListener("change", theme);
theme();
frame = Math.min(asked("training"), frames.length - 1);
at = asked("step");
$("values").open = leaves.length <= 12 && innerWidth > 900;
choose();
renew();
refit();
requestAnimationFrame(() => requestAnimationFrame(() => document.body.classList.add("ready"))); // what moves before is no change
