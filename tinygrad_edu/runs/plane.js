// The samples: of two numbers as points on what the network says of the plane, of one number under its curve, of more
// as a picture or a list.  One of them is chosen, by a click or by its number.

const SIDE = 40;
function runPlane(run, on, judge) {
  const {samples} = run, n = samples.x[0]?.length ?? 0, count = samples.x.length;
  const number = el("input", {type: "number", min: 0,
    max: Math.max(0, samples.of - 1),
    "aria-label": "Number of the sample",
    onchange: () => on.sample(nearestSample(run, Number(number.value)))});
  const says = el("p.says"), note = el("p.note"), canvas = el("canvas", {role: "img"}),
    list = el("div.numbers"), scores = el("div.scores");
  const element = el("section.box.plane", {"aria-label": "The samples"},
    el("div.choices", {}, el("label", {}, "sample ", number),
    el("button", {type: "button", "aria-label": "the sample before",
      onclick: () => on.sample(chosen - 1)}, "−"),
      el("button", {type: "button", "aria-label": "the next sample", onclick: () => on.sample(chosen + 1)}, "+"),
      el("span.note", {},
        count < samples.of ? `${count} of ${samples.of.toLocaleString("en")} are here` : `of ${count}`)),
    canvas, list, says, scores, note);
  element.hidden = !count || !run.programs;
  let chosen = 0, place;
  const range = (column, least = 0.12) => {
    const lo = Math.min(...column), hi = Math.max(...column), pad = least * (hi - lo) || 1;
    return [lo - pad, hi + pad];
  };
  const ranges = n === 1 || n === 2 ? samples.x[0].map((_, j) => range(samples.x.map((x) => x[j]))) : [];
  const grid = n === 2 ? [0, 1].map((j) => Float64Array.from({length: SIDE * SIDE}, (_, i) => {
    const [lo, hi] = ranges[j], k = j ? Math.floor(i / SIDE) : i % SIDE;
    return lo + (hi - lo) * (k + 0.5) / SIDE;
  })) : n === 1 ? [Float64Array.from({length: 120},
    (_, i) => ranges[0][0] + (ranges[0][1] - ranges[0][0]) * i / 119)] : null;
  if (grid) {
    canvas.addEventListener("pointerdown", (e) => {
      const box = canvas.getBoundingClientRect(), x = e.clientX - box.left, y = e.clientY - box.top;
      const far = (i) => Math.hypot(place[i][0] - x, place[i][1] - y);
      on.sample(samples.x.reduce((best, _, i) => (far(i) < far(best) ? i : best), 0));
    });
    list.hidden = true;
  } else {
    canvas.hidden = !Number.isInteger(Math.sqrt(n)) || n < 9;
    list.hidden = !canvas.hidden;
  }
  const scoresAt = (all, i) => all.map((s) => (typeof s === "number" ? s : s[i]));

  function draw(now) {
    if (element.hidden || !now.x) return;
    chosen = now.sample;
    if (document.activeElement !== number) number.value = samples.places[chosen];
    const beside = element.closest(".run").clientWidth > 760; // then the loss stands below, and is to be seen as well
    const most = beside ? Math.max(200, Math.min(innerHeight - 620, 340)) : 340;
    const wide = Math.max(160, Math.min(element.clientWidth - 28 || 320, most)),
      high = n === 1 ? 220 : wide,
      ratio = devicePixelRatio || 1;
    if (!canvas.hidden) {
      const [w, h] = grid ? [wide, high] : [160, 160];
      if (canvas.width !== Math.round(w * ratio))
        Object.assign(canvas, {width: Math.round(w * ratio), height: Math.round(h * ratio)});
      Object.assign(canvas.style, {width: `${w}px`, height: `${h}px`});
      const paint = canvas.getContext("2d"), colours = runColours(element);
      paint.setTransform(ratio, 0, 0, ratio, 0, 0);
      paint.clearRect(0, 0, w, h);
      (n === 2 ? plane : n === 1 ? curve : picture)(paint, w, h, colours, now);
    }
    if (!list.hidden) {
      list.replaceChildren(...now.x.slice(0, 24).map((v, i) =>
        el("span", {}, `${run.names?.[i] ?? `x${i}`} `, numeral(v))),
      n > 24 ? `… ${n - 24} more` : "");
    }
    const right = now.right.filter(Boolean).length;
    const [said, because = ""] = judge.said(now.out);
    says.replaceChildren("The network says ",
      el("b", {}, said), `${because}; the target is ${judge.asked(now.target)}; loss `,
    numeral(now.loss), ". ",
      run.classes ? el(now.right[chosen] ? "span.fine" : "span.wrong", {},
        now.right[chosen] ? "Right." : "Wrong.") : "");
    scores.hidden = !run.classes || now.out.length < 3 || now.out.length > 12;
    if (!scores.hidden) {
      const most = Math.max(...now.out.map(finite)) || 1;
      scores.replaceChildren(...now.out.map((s, c) => el("div", {}, el("span.name", {}, judge.asked([c])),
        el("span.bar", {"aria-hidden": "true"},
          el(s < 0 ? "i.minus" : "i.plus", {style: `width: ${50 * finite(s) / most}%`})),
        el("span", {title: s}, short(s)))));
    }
    const others = n === 2 && right < count ? "; the others have a rim" : "";
    note.textContent = run.classes ? `${right} of these ${count} are right${others}.` : "";
    const drawn = {1: "The curve of the network", 2: "What the network says of the plane"}[n]
      ?? "The sample as a picture";
    canvas.setAttribute("aria-label", drawn + (run.classes ? `; ${right} of ${count} samples right` : ""));
  }
  function plane(paint, w, h, colours, now) {
    const all = now.over(grid), outs = all.slice(all.length - run.outputs);
    now.grid = {side: SIDE, all};
    const small = el("canvas", {width: SIDE, height: SIDE});
    const points = run.classes && run.outputs > 2
      ? mixed(outs, colours)
      : shaded(SIDE, colours, (i) => judge.tone(scoresAt(outs, i)), 0.6);
    small.getContext("2d").putImageData(points, 0, 0);
    paint.imageSmoothingEnabled = true;
    paint.drawImage(small, 0, 0, w, h);
    const [[x0, x1], [y0, y1]] = ranges;
    place = samples.x.map(([x, y]) => [w * (x - x0) / (x1 - x0), h * (y1 - y) / (y1 - y0)]);
    dots(paint, colours, now);
  }
  // Of several classes the colours run into each other, as their probabilities do.
  function mixed(outs, colours) {
    const image = new ImageData(SIDE, SIDE), solid = outs.map((_, c) => colours.shade(3 + 2 * c, 0.6));
    for (let i = 0; i < SIDE * SIDE; i++) {
      const scores = scoresAt(outs, i), top = Math.max(...scores),
        parts = scores.map((s) => Math.exp(s - top)),
        whole = parts.reduce((a, b) => a + b, 0);
      const at = 4 * ((SIDE - 1 - Math.floor(i / SIDE)) * SIDE + (i % SIDE));
      for (let j = 0; j < 3; j++) image.data[at + j] = parts.reduce((sum, p, c) => sum + p * solid[c][j], 0) / whole;
      image.data[at + 3] = 255;
    }
    return image;
  }
  function dots(paint, colours, now) { // the chosen one above the others
    place.forEach(([x, y], i) => { if (i !== chosen) dot(paint, x, y, colours, i, now); });
    dot(paint, ...place[chosen], colours, chosen, now);
  }
  function dot(paint, x, y, colours, i, now) {
    paint.beginPath();
    paint.arc(x, y, i === chosen ? 6.5 : 4, 0, 7);
    paint.fillStyle = colours.css(n === 1 && !run.classes
      ? colours.mix(0.55, colours.ink)
      : colours.shade(judge.target(samples.y[i])));
    paint.fill();
    paint.lineWidth = i === chosen ? 3 : now.right[i] ? 1 : 2;
    paint.strokeStyle = colours.css(i === chosen || !now.right[i]
      ? colours.ink
      : run.classes || n === 1 ? colours.paper : colours.mix(0.6, colours.ink));
    paint.stroke();
  }
  function curve(paint, w, h, colours, now) {
    const outs = now.over(grid).at(-1),
      ys = [...samples.y.map((y) => Number(y[0]))],
      [y0, y1] = range(ys, 0.2), [[x0, x1]] = ranges;
    const at = (x, y) => [w * (x - x0) / (x1 - x0),
      h * (y1 - Math.max(y0 - (y1 - y0), Math.min(y1 + (y1 - y0), y))) / (y1 - y0)];
    paint.beginPath();
    paint.strokeStyle = colours.css(colours.line);
    paint.lineWidth = 1;
    paint.moveTo(...at(x0, 0));
    paint.lineTo(...at(x1, 0));
    paint.stroke();
    place = samples.x.map(([x], i) => at(x, Number(samples.y[i][0])));
    dots(paint, colours, now);
    paint.beginPath();
    paint.strokeStyle = colours.css(colours.ink);
    paint.lineWidth = 2;
    grid[0].forEach((x, i) => paint[i ? "lineTo" : "moveTo"](...at(x, typeof outs === "number" ? outs : outs[i])));
    paint.stroke();
  }
  function picture(paint, w, h, colours, now) {
    const side = Math.sqrt(n), cell = w / side, most = Math.max(...now.x.map(finite)) || 1;
    now.x.forEach((v, i) => {
      paint.fillStyle = colours.css(v < 0 ? colours.shade(v / most) : colours.mix(finite(v) / most, colours.ink));
      paint.fillRect(cell * (i % side), cell * Math.floor(i / side), cell + 0.5, cell + 0.5);
    });
  }
  return {element, draw};
}
