// The picture of the graph: its cards and edges, where they stand, and what part of it is in sight.
const {nodes, edges, frames} = DATA;
const root = nodes.length - 1;

const cards = [], wires = [];
const local = el("text", {id: "local", "aria-hidden": "true"});
const world = el("g");
const svg = el("svg", {role: "group", "aria-label": `Computation graph with ${nodes.length} nodes`}, el("defs", {},
  ...[["tip", "--edge", 8], ["tip-forward", "--fwd", 11], ["tip-backward", "--bwd", 11]].map(([id, ink, size]) =>
    el("marker", {id, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: size, markerHeight: size,
      orient: "auto-start-reverse",
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
    el("path.head",
      {d: `M1,24v-${23 - r}a${r},${r} 0 0 1 ${r},-${r}h${w - 2 - 2 * r}a${r},${r} 0 0 1 ${r},${r}v${23 - r}z`}),
    el("rect.tint", {x: 1, y: 47, width: w - 2, height: h - 48, rx: 5}),
    el(n.long ? "text.name.long" : "text.name", {x: w / 2, y: 17},
      fitted(n.title, (w - 20) / (n.long ? 7 : 9) - n.op.length),
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
    // No further than the graph goes
    if (all > room) view[axis] = Math.min(Math.max(view[axis], -pad), all - pad - room);
  }
  place();
}
const span = (wanted, axis) =>
  Math.max(...wanted.map((i) => nodes[i][axis]))
  - Math.min(...wanted.map((i) => nodes[i][axis]));
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
  if (other && apart(last))
    zoom(apart(e) / apart(last), (e.clientX + other.clientX) / 2 - box.x, (e.clientY + other.clientY) / 2 - box.y);
  else if (moved) pan(e.clientX - last.clientX, e.clientY - last.clientY);
  fingers.set(e.pointerId, e);
});
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, (e) => fingers.delete(e.pointerId));
$("in").onclick = () => zoom(1.25);
$("out").onclick = () => zoom(0.8);
$("fit").onclick = () => fit();
// The size of a graph too large to read whole: large enough to read; then the steps are followed.
const refit = () => {
  if (!svg.clientWidth) return; // in a frame that is hidden
  choose(); fit(READABLE); follow(shown(), true); label();
};
new ResizeObserver(refit).observe($("graph"));
// On paper: the whole graph, whatever part of it is on screen.
addEventListener("beforeprint", () => {
  svg.setAttribute("viewBox", `-10 -10 ${plan.size[0] + 20} ${plan.size[1] + 20}`);
  world.removeAttribute("transform");
});
addEventListener("afterprint", () => { svg.removeAttribute("viewBox"); place(); });

