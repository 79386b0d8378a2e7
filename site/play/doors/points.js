// Points drawn by hand: a click, or a cross that arrow keys move and a digit that puts a point there; or lines of text.
const SIDE = 230, SPAN = 2; // pixels; the plane goes from -SPAN to SPAN
const SVG = "http://www.w3.org/2000/svg";

export function pointsEditor({classes, points: most}, drawn) {
  const element = document.createElement("fieldset");
  element.className = "points";
  element.addEventListener("change", (event) => event.stopPropagation()); // it stands in a form of others
  element.innerHTML = `<legend>Your points</legend>
    <div class="classes" role="radiogroup" aria-label="Class of the next point"></div>
    <svg class="draw" viewBox="0 0 ${SIDE} ${SIDE}" tabindex="0" role="application" aria-describedby="draw-help"></svg>
    <p class="note" id="draw-help">Click to add a point; a click on one takes it away. By keyboard: arrows move the
      cross, 1 to ${classes.length} puts a point, Delete takes the nearest away.</p>
    <div class="buttons"><button type="button" class="undo">Undo</button><button type="button"
      class="clear">Clear</button></div>
    <details><summary>As text</summary>
      <textarea rows="6" aria-label="Points, one a line: x y class"></textarea></details>
    <p class="unseen" role="status"></p>`;
  const svg = element.querySelector("svg"), text = element.querySelector("textarea"),
    said = element.querySelector("[role=status]");
  let points = [], cross = [0, 0], kind = 0;

  element.querySelector(".classes").append(...[...classes].map((name, c) => {
    const label = document.createElement("label"),
      input = Object.assign(document.createElement("input"),
        {type: "radio", name: "class", value: c, checked: !c});
    input.addEventListener("change", () => { kind = c; });
    const mark = document.createElement("i");
    mark.className = `class-${c}`;
    label.append(input, mark, `class ${name}`);
    return label;
  }));
  const shape = (tag, attributes) => {
    const e = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    return e;
  };
  const place = ([x, y]) => [SIDE * (x + SPAN) / (2 * SPAN), SIDE * (SPAN - y) / (2 * SPAN)];
  const rounded = (v) => Math.max(-SPAN, Math.min(SPAN, Math.round(100 * v) / 100));

  function draw() {
    const [x, y] = place(cross), axis = SIDE / 2;
    svg.replaceChildren(shape("path", {class: "axis", d: `M0,${axis}H${SIDE}M${axis},0V${SIDE}`}),
      ...points.filter((p) => p.every(Number.isFinite)).map(([px, py, c]) => {
        const [cx, cy] = place([px, py]);
        return shape("circle", {class: `class-${c}`, cx, cy, r: 5});
      }),
      shape("path", {class: "cross", d: `M${x - 9},${y}H${x + 9}M${x},${y - 9}V${y + 9}`}));
    svg.setAttribute("aria-label", `The plane with ${points.length} points; the cross is at ${cross.join(", ")}`);
    if (document.activeElement !== text)
      text.value = points.map(([px, py, c]) => `${px} ${py} ${classes[c] ?? c}`).join("\n");
    element.querySelector(".undo").disabled = element.querySelector(".clear").disabled = !points.length;
  }
  function set(now, words) {
    points = now;
    said.textContent = words;
    draw();
    drawn(points);
  }
  function put(x, y, c) {
    if (points.length < most)
      set([...points, [x, y, c]], `class ${classes[c]} at ${x}, ${y}; ${points.length + 1} points`);
  }
  function take([x, y], reach) {
    const far = ([px, py]) => Math.hypot(px - x, py - y);
    const nearest = points.reduce((best, p, i) => (best < 0 || far(p) < far(points[best]) ? i : best), -1);
    if (nearest < 0 || far(points[nearest]) > reach) return false;
    set(points.filter((_, i) => i !== nearest), `taken away; ${points.length - 1} points`);
    return true;
  }
  svg.addEventListener("pointerdown", (event) => {
    const box = svg.getBoundingClientRect();
    cross = [rounded(2 * SPAN * (event.clientX - box.left) / box.width - SPAN),
        rounded(SPAN - 2 * SPAN * (event.clientY - box.top) / box.height)];
    if (!take(cross, 0.09)) put(...cross, kind);
  });
  svg.addEventListener("keydown", (event) => {
    const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
    const c = Number(event.key) - 1, by = event.shiftKey ? 0.5 : 0.1;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (moves) {
      cross = cross.map((v, i) => rounded(v + by * moves[i]));
      said.textContent = cross.join(", ");
      draw();
    } else if (c >= 0 && c < classes.length) put(...cross, c);
    else if (event.key === "Delete" || event.key === "Backspace") take(cross, Infinity);
    else return;
    event.preventDefault();
  });
  element.querySelector(".undo").addEventListener("click", () => set(points.slice(0, -1), "the last point is gone"));
  element.querySelector(".clear").addEventListener("click", () => set([], "no points"));
  text.addEventListener("change", () =>
    set(text.value.split("\n").filter((line) => line.trim()).map(read), "points are read"));
  // A line as numbers, as far as it is some: Python says what is not.
  function read(line) {
    const [x, y, name = "A", ...rest] = line.trim().split(/[\s,;]+/);
    const c = classes.indexOf(name.toUpperCase());
    const number = (word) => (word === undefined || Number.isNaN(Number(word)) ? word ?? "" : Number(word));
    const hundredths = (v) => (typeof v === "number" ? Math.round(100 * v) / 100 : v); // as a link has them
    return [hundredths(number(x)), hundredths(number(y)), c < 0 ? number(name) : c, ...rest];
  }
  draw();
  return {element, fill(now) {
    if (JSON.stringify(now) === JSON.stringify(points)) return;
    points = now;
    draw();
  }};
}
