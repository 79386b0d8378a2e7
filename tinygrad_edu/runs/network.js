// The network: inputs, a circle for each unit, a line for each weight, the loss.  Built once for each width; a frame
// changes attributes alone.  Of wide layers the first so many are drawn, and it says so.

const WIDE = 16;
function runNetwork(run, on) {
  const svg = el("svg", {role: "group"}), note = el("p.note");
  const by = el("select", {"aria-label": "Colour of the lines", onchange: () => draw(seen)},
    el("option", {value: "batch"}, "gradient of the batch"),
    el("option", {value: "sample"}, "gradient of this sample"));
  const inside = el("select", {"aria-label": "In the circles", onchange: () => draw(seen)},
    el("option", {value: "gradient"}, "value, coloured by gradient"),
    el("option", {value: "picture"}, "what each unit sees"));
  const canvas = el("canvas", {"aria-hidden": "true"});
  const stage = el("div.stage", {}, svg, canvas);
  const element = el("section.box.network", {"aria-label": "The network"}, el("div.choices", {},
    el("label", {}, "lines ", by),
    ...(run.samples.x[0]?.length === 2 && run.programs ? [el("label", {}, "circles ", inside)] : [])),
    stage, note);
  const {layers, units} = run, inputs = run.samples.x[0]?.length ?? 0, boxed = inputs > WIDE;
  const shown = new Set(layers.flatMap((l) => l.units.slice(0, WIDE)));
  const columns = [boxed ? 1 : inputs, ...layers.map((l) => Math.min(l.units.length, WIDE))];
  if (!layers.length) {
    element.replaceChildren(el("h2", {}, "The network"),
      el("p", {}, run.why ? `It cannot be drawn as units: ${run.why}.`
        : "Units are known by the names of their weights, such as neuron.w[0], in letters, digits, spaces, - " +
          "and _; these have no such names. The layers of nn give them, if their own is one."),
      el("p.note", {}, "Its parameters are below, as pictures; the curves are those of the training."));
    return {element, draw() {}};
  }
  let width = 0, spots, circles, lines, boxes, end, seen, radius;
  // Lines are thin: the nearest one is meant
  const words = el("title");
  function nearest(e) {
    const box = svg.getBoundingClientRect(), x = e.clientX - box.left, y = e.clientY - box.top;
    if (e.target.closest(".unit, .input, .loss")) return null;
    return lines.reduce((best, one) => {
      const {from: [x0, y0], to: [x1, y1]} = one, [dx, dy] = [x1 - x0, y1 - y0];
      const t = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)));
      const far = Math.hypot(x0 + t * dx - x, y0 + t * dy - y);
      return far < best[0] ? [far, one] : best;
    }, [5, null])[1];
  }
  svg.addEventListener("click", (e) => {
    const line = nearest(e);
    if (line) on.edge(line.k, line.j);
  });
  svg.addEventListener("pointermove", (e) => {
    const line = nearest(e), w = line ? units[line.k].weights[line.j] : -1;
    svg.style.cursor = line ? "pointer" : "";
    words.textContent = w < 0 || !seen ? ""
      : `weight ${short(seen.w[w])}${seen.g ? `, its gradient in the batch ${short(seen.g[w])}` : ""}`;
  });

  function build(wide) {
    width = wide;
    const gap = Math.max(34, Math.min(40, 560 / Math.max(...columns)));
    radius = Math.min(15, gap / 2 - 2);
    const count = columns.length, high = Math.max(2, ...columns) * gap + 34, left = 34, right = width - 44;
    const across = Math.max(58, (right - left) / count), total = left + across * count + 44;
    const y = (i, n) => 26 + (high - 34 - n * gap) / 2 + gap * (i + 0.5);
    spots = [];
    layers.forEach((l, c) =>
      l.units.slice(0, WIDE).forEach((u, i, all) => { spots[u] = [left + across * (c + 1), y(i, all.length)]; }));
    const from = Array.from({length: columns[0]}, (_, i) => [left, y(i, columns[0])]);
    lines = [];
    const wires = el("g"), top = el("g");
    units.forEach((u, k) => {
      if (!shown.has(k)) return;
      if (boxed && u.inputs.some(([kind]) => kind === 0))
        wires.append(el("line.wire.rest",
          {x1: left + 30, y1: from[0][1], x2: spots[k][0], y2: spots[k][1]}));
      u.inputs.forEach(([kind, i], j) => {
        const spot = kind === 0 ? !boxed && from[i] : kind === 1 ? shown.has(i) && spots[i] : null;
        if (!spot) return;
        const line = el("line.wire", {x1: spot[0], y1: spot[1], x2: spots[k][0], y2: spots[k][1]});
        lines.push({line, k, j, from: spot, to: spots[k]});
        wires.append(line);
      });
    });
    boxes = from.map(([x, at], i) => {
      if (boxed) return picture(x, at);
      const text = el("text", {x, y: at + 4}),
        box = el("g.input", {}, el("rect", {x: x - 27, y: at - 12, width: 54, height: 24, rx: 4}), text);
      top.append(box);
      return (v) => {
        text.textContent = `${run.names?.[i] ?? (inputs > 1 ? `x${"₀₁₂₃₄₅₆₇₈₉"[i] ?? i}` : "x")} ${twoDigits(v[i])}`;
      };
    });
    function picture(x, at) {
      const side = Math.sqrt(inputs), square = Number.isInteger(side), cell = 60 / side;
      const cells = square
        ? Array.from({length: inputs}, (_, i) => el("rect.pixel",
          {x: x - 30 + cell * (i % side),
          y: at - 30 + cell * Math.floor(i / side), width: cell + 0.3, height: cell + 0.3}))
        : [];
      top.append(el("g.input", {},
        el("rect", {x: x - 32, y: at - 32, width: 64, height: 64, rx: 4}), ...cells,
        el("text", {x, y: square ? at + 46 : at + 4}, `${inputs} inputs`)));
      return (v) => {
        const most = Math.max(...v.map(Math.abs)) || 1;
        cells.forEach((c, i) => put(c, "fill-opacity", (Math.abs(v[i]) / most).toFixed(2)));
      };
    }
    circles = [];
    units.forEach((u, k) => {
      if (!shown.has(k)) return;
      const [x, at] = spots[k], tint = el("circle.tint", {cx: x, cy: at, r: radius}), text = el("text", {x, y: at + 4});
      const i = circles.length, g = el("g.unit", {tabindex: i ? -1 : 0, role: "button", // one stop for Tab
        onclick: () => on.unit(k),
        onfocus: () => { for (const c of circles) put(c.g, "tabindex", c.g === g ? "0" : "-1"); },
        onkeydown: (e) => {
          const by = {ArrowDown: 1, ArrowUp: -1}[e.key];
          if (!by && e.key !== "Enter" && e.key !== " ") return;
          e.preventDefault();
          if (by) circles[(i + by + circles.length) % circles.length].g.focus();
          else on.unit(k);
        }},
        el("circle.body", {cx: x, cy: at, r: radius}), tint, text);
      circles.push({g, tint, text, k});
      top.append(g);
    });
    const last = layers.at(-1).units.filter((k) => shown.has(k)),
      x = left + across * count,
      text = el("text", {x, y: high / 2 + 9}),
      goal = el("text.small", {x, y: high / 2 + 34});
    last.forEach((k) => wires.append(
      el("line.wire.rest", {x1: spots[k][0], y1: spots[k][1], x2: x, y2: high / 2 + 5})));
    end = {text, goal};
    top.append(el("g.loss", {}, el("rect", {x: x - 34, y: high / 2 - 11, width: 68, height: 32, rx: 5}), text, goal));
    layers.forEach((l, c) => {
      const more = l.units.length - WIDE;
      top.append(el("text.title", {x: left + across * (c + 1), y: 13}, l.title),
        ...(more > 0 ? [el("text.small", {x: left + across * (c + 1), y: high - 1},
          across < 90 ? `+ ${more}` : `and ${more} more`)] : []));
    });
    top.append(el("text.title", {x: left, y: 13}, "inputs"), el("text.title", {x, y: 13}, "loss"));
    for (const [k, v] of
      Object.entries({viewBox: `0 0 ${total} ${high + 4}`, width: total, height: high + 4}))
      svg.setAttribute(k, v);
    Object.assign(canvas.style, {width: `${total}px`, height: `${high + 4}px`});
    svg.replaceChildren(words, wires, top);
    svg.setAttribute("aria-label", `Network with ${units.length} units in ${layers.length} layers`);
  }
  const signOf = (g) => (g > 0 ? "plus" : g < 0 ? "minus" : "none");
  const valueOf = (now, [kind, i]) => (kind === 0 ? now.x[i] : kind === 1 ? now.a[i] : now.other[i]);

  function draw(now) {
    seen = now;
    const wide = Math.max(320, stage.clientWidth || 640);
    if (Math.abs(wide - width) > 1) build(wide);
    if (!now.a) return;
    const batch = by.value === "batch", pictures = inside.value === "picture" && inside.isConnected;
    const gradient = (u, k, j) => (batch
      ? (now.g && u.weights[j] >= 0 ? now.g[u.weights[j]] : 0)
      : now.dz[k] * valueOf(now, u.inputs[j]));
    let largest = batch ? now.scale.g : 0;
    if (!batch) for (const {k, j} of lines) largest = Math.max(largest, finite(gradient(units[k], k, j)));
    for (const {line, k, j} of lines) {
      const u = units[k], w = u.weights[j] >= 0 ? now.w[u.weights[j]] : 1,
        g = gradient(u, k, j),
        share = now.scale.w ? Math.min(1, finite(w) / now.scale.w) : 1,
        traced = k === now.unit && j === now.edge ? "traced" : "";
      put(line, "class",
        `wire ${traced || (Number.isNaN(g) ? "wrong" : signOf(g))}${k === now.unit ? " chosen" : ""}`);
      put(line, "stroke-width", (0.5 + 3.6 * share).toFixed(2));
      put(line, "stroke-opacity", traced ? "1" : (g ? 0.22 + 0.78 * strength(g, largest) : 0.3).toFixed(2));
    }
    for (const {g, tint, text, k} of circles) {
      const grad = now.da[k], closed = now.slope[k] === 0;
      put(g, "class", ["unit", signOf(grad), closed && "closed", k === now.unit && "chosen", pictures && "seeing"]
        .filter(Boolean).join(" "));
      put(tint, "fill-opacity", pictures || closed ? "0" : strength(grad, now.scale.a).toFixed(2));
      const words = pictures ? "" : twoDigits(now.a[k]);
      if (text.textContent !== words) {
        text.textContent = words;
        put(text, "class", words.length > 5 ? "long" : "");
      }
      put(g, "aria-pressed", String(k === now.unit));
      put(g, "aria-label",
        `${titleOf(run, k)}: ${twoDigits(now.a[k])}, gradient ${short(grad)}${closed ? ", closed" : ""}`);
    }
    boxes.forEach((show) => show(now.x));
    end.text.textContent = twoDigits(now.loss);
    const goal = now.target[0];
    end.goal.textContent = now.target.length > 1 ? ""
      : `target ${run.kinds?.[goal] ?? (typeof goal === "number" ? twoDigits(goal) : goal)}`.slice(0, 16);
    const none = now.g || !batch ? "" : " (no step follows this one, so there is none)";
    note.textContent = [
      pictures ? "Circle: what a unit makes of each point of the plane, blue below zero, orange above; its rim is " +
          "the gradient for the chosen sample."
        : "Circle: a unit’s value for the chosen sample, coloured by its gradient: orange above zero, blue below; " +
          "dashed where none passes.",
      `Line: as wide as the weight is large, coloured by its gradient${none}.`,
      layers.some((l) => l.units.length > WIDE) && `Of each layer the first ${WIDE} units are drawn.`,
      "Click on a unit or a line.",
    ].filter(Boolean).join(" ");
    thumbnails(now, pictures);
  }
  // What each unit makes of every point of the plane, small, inside of its circle.
  function thumbnails(now, pictures) {
    canvas.hidden = !pictures;
    if (!pictures || !now.grid) return;
    const ratio = devicePixelRatio || 1, {side, all} = now.grid,
      n = side / 2, colours = runColours(element); // every second point will do
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    const paint = canvas.getContext("2d"), small = el("canvas", {width: n, height: n}), inner = small.getContext("2d");
    paint.scale(ratio, ratio);
    for (const {k} of circles) {
      const [x, y] = spots[k], found = all[units.length + k],
        values = typeof found === "number" ? new Float64Array(side * side).fill(found) : found;
      let most = 1e-9;
      for (const v of values) most = Math.max(most, finite(v));
      inner.putImageData(shaded(n, colours, (i) => values[2 * Math.floor(i / n) * side + 2 * (i % n)] / most), 0, 0);
      paint.save();
      paint.beginPath();
      paint.arc(x, y, radius - 1, 0, 7);
      paint.clip();
      paint.drawImage(small, x - radius, y - radius, 2 * radius, 2 * radius);
      paint.restore();
    }
  }
  return {element, draw};
}
function titleOf(run, k) {
  const layer = run.layers.find((l) => l.units.includes(k));
  return layer.units.length > 1 ? `${layer.title}, unit ${layer.units.indexOf(k)}` : layer.title;
}
// An image of n by n points, from the lower left, each of a tone.
function shaded(n, colours, tone, full = 1) {
  const image = new ImageData(n, n), pixels = new Uint32Array(image.data.buffer), known = [];
  const packed = ([r, g, b]) => (255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r);
  for (let i = 0; i < n * n; i++) {
    const x = tone(i), key = Number.isFinite(x) ? Math.round(100 * x) + 101 : 0;
    pixels[(n - 1 - Math.floor(i / n)) * n + (i % n)] =
      known[key] ??= packed(key ? colours.shade((key - 101) / 100, full)
        : colours.line);
  }
  return image;
}
