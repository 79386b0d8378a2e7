// One unit: its sum in numbers, its gradient as upstream times local, summed where paths meet, and both over the steps.

const TERMS = 8; // of a sum that are written out
function runUnit(run, on) {
  const element = el("section.box.about", {"aria-label": "About one unit"});
  const {units} = run;
  const readers = units.map(() => []);
  units.forEach((u, k) => u.inputs.forEach(([kind, i], j) => { if (kind === 1) readers[i].push([k, j]); }));
  const sub = (i) => [...String(i)].map((d) => "₀₁₂₃₄₅₆₇₈₉"[d]).join("");
  const inputName = ([kind, i]) => (kind === 0 ? run.names?.[i] ?? `x${sub(i)}`
    : kind === 1 ? titleOf(run, i) : `number ${i}`);
  const value = (now, [kind, i]) => (kind === 0 ? now.x[i] : kind === 1 ? now.a[i] : now.other[i]);
  const weight = (now, u, j) => (u.weights[j] >= 0 ? now.w[u.weights[j]] : NaN);

  function table(head, rows, caption, marked = -1) {
    return el("div", {}, el("p.note", {}, caption),
      el("div.scroll", {tabindex: 0, role: "group", "aria-label": caption},
      el("table", {}, el("tr", {}, ...head.map((h) => el("th", {scope: "col"}, h))),
        ...rows.map((cells, i) => el(i === marked ? "tr.traced" : "tr", {},
          ...cells.map((c) => (
            typeof c === "number" ? el("td.number", {title: c}, short(c)) : el("td", {}, c))))))));
  }
  function largest(items, size) {
    if (items.length <= TERMS) return [items, []];
    const order = items.toSorted((a, b) => finite(size(b)) - finite(size(a)));
    const kept = new Set(order.slice(0, TERMS));
    return [items.filter((x) => kept.has(x)), items.filter((x) => !kept.has(x))];
  }
  const chip = (kind, word, x, words) =>
    el(`div.chip.${kind}`, {}, el("small", {}, word), numeral(x), el("small", {}, words));
  // One row of numbers, or several, over the recorded steps.
  function line(rows, now, word, kind = "mean") {
    const W = 188, H = 56,
      numbers = rows.map((row) => Array.from(typeof row === "number" ? now.frames : row,
        (v) => (typeof row === "number" ? row : finite(v) ? v : 0)));
    let lo = 0, hi = 0;
    for (const row of numbers) for (const v of row) { lo = Math.min(lo, v); hi = Math.max(hi, v); }
    const last = now.frames.length - 1,
      x = (i) => 3 + (W - 6) * i / Math.max(1, last),
      y = (v) => 4 + (H - 8) * (1 - (v - lo) / (hi - lo || 1));
    return el("figure", {}, el("figcaption", {}, word),
      el("svg.spark", {viewBox: `0 0 ${W} ${H}`, role: "img",
        "aria-label": `${word}: from ${short(lo)} to ${short(hi)} over the steps`},
      el("path.axis", {d: `M3,${y(0)}H${W - 3}`}),
        ...numbers.map((row) => el(`path.${kind}`,
          {d: row.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)},${y(v).toFixed(1)}`).join("")})),
      el("line.cursor", {x1: x(now.at), x2: x(now.at), y1: 2, y2: H - 2}),
        ...(rows.length === 1 ? [el("circle.spot",
          {cx: x(now.at), cy: y(numbers[0][now.at]), r: 3.5})] : [])));
  }
  function draw(now) {
    element.hidden = now.unit < 0 || !now.a;
    if (element.hidden) return;
    const k = now.unit, u = units[k],
      terms = u.inputs.map((source, j) => ({source, j, w: weight(now, u, j), v: value(now, source)}));
    const [some, rest] = largest(terms, (t) => (t.j === now.edge ? Number.MAX_VALUE : t.w * t.v));
    const bias = u.bias >= 0 ? now.w[u.bias] : 0;
    const sum = [u.bias >= 0 ? short(bias) : "",
      ...some.map((t) => `${signed(t.w)}·${signed(t.v)}`),
      rest.length ? `${rest.length} more: ${short(rest.reduce((s, t) => s + t.w * t.v, 0))}` : ""
    ].filter(Boolean).join(" + ");
    const products = u.inputs.length > 2 ? "w₀·x₀ + … "
      : u.inputs.map((_, j) => `w${sub(j)}·x${sub(j)}`).join(" + ");
    const formula = u.formula.replaceAll("-", "−");
    const uses = readers[k].map(([r, j]) => ({r, dz: now.dz[r], w: weight(now, units[r], j)}));
    const through = uses.reduce((s, {dz, w}) => s + dz * w, 0),
      left = now.da[k] - through,
      small = 1e-9 * (finite(now.da[k])
        + uses.reduce((s, {dz, w}) => s + finite(dz * w), 0));
    const [shownUses, restUses] = largest(uses, (t) => t.dz * t.w);
    const paths = [...shownUses.map(({r, dz, w}) => [titleOf(run, r), dz, w, dz * w]),
      ...(restUses.length ? [[`${restUses.length} more units`, "", "",
        restUses.reduce((s, t) => s + t.dz * t.w, 0)]] : []),
      ...(finite(left) > small || !uses.length
        ? [[uses.length ? "other operations" : "the loss", "", "", uses.length ? left : now.da[k]]]
        : [])];
    const past = now.history(), kept = u.weights.filter((w) => w >= 0).slice(0, 64);
    const g = now.g;
    element.replaceChildren(
      el("h2", {}, titleOf(run, k),
        el("button.close", {type: "button", "aria-label": "close", onclick: () => on.unit(k)}, "×")),
      el("h3", {}, "Forward"),
      el("p.formula", {},
        `z = ${u.bias >= 0 ? "b + " : ""}${products} = ${sum} = `,
        numeral(now.z[k])),
      el("p.formula", {},
        u.formula === "z" ? "a = z = " : `a = ${formula} = ${formula.replace(/\(z\)/g, () => `(${short(now.z[k])})`)
          .replace(/\bz\b/g, () => signed(now.z[k])).replaceAll("-", "−")} = `,
          numeral(now.a[k])),
      el("h3", {}, "Backward"),
      el("div.chips", {},
        chip("upstream", "upstream", now.da[k], "∂L/∂a"),
        el("span", {}, "×"),
        chip("local", "local", now.slope[k], "∂a/∂z"),
        el("span", {}, "="),
        chip("downstream", "downstream", now.dz[k], "∂L/∂z")),
      ...(paths.length > 1 || uses.length
        ? [table(["a is used in", "∂L/∂z there", "× weight", "= contribution"], paths,
          paths.length > 1 ? `Upstream is a sum, because paths meet: ${short(now.da[k])}`
            : "Upstream comes along one path")]
        : [el("p.note", {}, "Upstream is what the loss, and whatever comes before it, hands on.")]),
      ...(now.loss === 0 && now.dout.every((d) => d === 0)
        ? [el("p.note", {},
          "The loss of this sample is 0 and flat, so that all of its gradients are 0.")]
        : []),
      ...(now.slope[k] === 0 ? [el("p.wrong", {}, "The local gradient is 0: nothing passes to its weights.")] : []),
      table(["from", "weight", "× input", "= product", "∂L/∂w, sample", ...(g ? ["∂L/∂w, batch"] : [])],
        [...some.map((t) => [inputName(t.source), t.w, t.v, t.w * t.v, now.dz[k] * t.v,
          ...(g ? [u.weights[t.j] >= 0 ? g[u.weights[t.j]] : ""] : [])]),
          ...(u.bias >= 0 ? [["bias", bias, 1, bias, now.dz[k], ...(g ? [g[u.bias]] : [])]] : [])],
        `Each weight’s gradient is ∂L/∂z × its input` +
          (rest.length ? `; the ${TERMS} largest products of ${terms.length}` : ""),
        now.edge < 0 ? -1 : some.findIndex((t) => t.j === now.edge)),
      ...(run.programs.heads.some((h) => h.parameters.length)
        ? [el("p.note", {},
          "The loss reads parameters itself, as a penalty does: what it hands on to them is in the gradient of the " +
            "batch alone.")]
        : []),
      el("h3", {}, "Over the steps, for this sample"),
      el("div.sparks", {},
      line([past.a[k]], now, `a = ${short(now.a[k])}`),
      line([past.da[k]], now, `∂L/∂a = ${short(now.da[k])}`),
      line([past.z[k]], now, `z = ${short(now.z[k])}`),
        line(kept.map((w) => past.lanes[w]), now,
          kept.length < u.weights.length ? `the first ${kept.length} weights` : "its weights", "each")));
  }
  return {element, draw};
}

// All parameters as pictures: a list of weights is a matrix, a row for each neuron.
function runMatrices(run) {
  const what = el("select", {"aria-label": "What is shown of the parameters", onchange: () => draw(seen)},
    el("option", {value: "w"}, "weights"),
    el("option", {value: "g"}, "gradients of the batch"));
  const body = el("div.matrices"), side = Math.sqrt(run.samples.x[0]?.length ?? 0);
  const element = el("details.box.weights", {},
    el("summary", {}, "Weights as pictures"),
    el("div.choices", {}, el("label", {}, "show ", what),
      el("span.note", {}, "blue below zero, orange above")),
    body);
  element.open = !run.layers.length;
  element.addEventListener("toggle", () => { if (element.open && seen) draw(seen); });
  let seen;
  const MOST = 40, shown = run.matrices.slice(0, MOST);
  let tiled = false; // the biases of a layer of pictures lie in a row below them, others stand beside their matrix
  const cells = shown.map((matrix) => {
    const lying = tiled && matrix.cols === 1, {name} = matrix,
      [rows, cols] = lying ? [1, matrix.rows] : [matrix.rows, matrix.cols],
      tiles = Number.isInteger(side) && side >= 3 && cols === side * side && rows > 1;
    const across = tiles ? Math.min(rows, 8) : cols,
      w = tiles ? across * (side + 1) - 1 : cols,
      h = tiles ? Math.ceil(rows / across) * (side + 1) - 1 : rows;
    tiled = tiles;
    const canvas = el("canvas", {width: w, height: h, role: "img"}), words = el("figcaption");
    const cell = Math.max(1, Math.min(tiles ? 7 : 14, Math.floor(320 / Math.max(w, h))));
    Object.assign(canvas.style, {width: `${Math.min(w * cell, 640)}px`,
      height: `${h * cell * Math.min(1, 640 / (w * cell))}px`});
    body.append(el("figure", {}, canvas, words));
    return {canvas, words,
      place: (n) => (tiles
      ? [(Math.floor(n / cols) % across) * (side + 1) + (n % cols) % side,
        Math.floor(Math.floor(n / cols) / across) * (side + 1) + Math.floor((n % cols) / side)]
      : [n % cols, Math.floor(n / cols)]),
    ...matrix,
      title:
        `${name.replace(".neurons", "")}: ${matrix.rows} × ${matrix.cols}` +
          (tiles ? `, a picture of ${side} × ${side} for each neuron` : "")};
  });
  if (run.matrices.length > MOST)
    body.append(el("p.note", {}, `… and ${run.matrices.length - MOST} more lists of parameters`));
  function draw(now) {
    seen = now;
    if (!element.open) return;
    const numbers = what.value === "w" ? now.w : now.g, colours = runColours(element);
    cells.forEach((c, i) => {
      let most = what.value === "w" ? now.scale.of[i] : 0;
      if (numbers && what.value === "g") eachPlace(c.at, (j) => { most = Math.max(most, finite(numbers[j])); });
      c.words.textContent = numbers
        ? `${c.title}; full colour is ${twoDigits(most)}`
        : `${c.title}; no step follows, so there is no gradient`;
      c.canvas.setAttribute("aria-label", c.words.textContent);
      const paint = c.canvas.getContext("2d"), image = new ImageData(c.canvas.width, c.canvas.height);
      if (numbers) eachPlace(c.at, (j, n) => {
        const [x, y] = c.place(n),
          rgb = colours.shade(most ? Math.max(-1, Math.min(1, numbers[j] / most)) : 0),
          at = 4 * (y * image.width + x);
        image.data.set([...rgb, 255], at);
      });
      paint.putImageData(image, 0, 0);
    });
  }
  return {element, draw};
}
