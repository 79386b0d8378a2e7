// The viewer of a training: frames are scrubbed through, a sample and a unit are chosen, all else is computed here.
//
//   const view = showRun(element, run, options)
//
// One global function, a classic script, after `webpage/shared.js` (and `shared.css`, `run.css`).  It fills `element`.
//
// run, as `runs.network` and `runs.page` write it, all of it plain JSON:
//   parameters: how many numbers a frame has          matrices: [{name, rows, cols, at: [start, length, ...]}] of those
//   units: [{name, level, inputs, weights, bias, formula}], in the order of levels; an input is [0, i], number i of the
//     sample, [1, k], unit k, or [2, j], another number; a weight or bias is a place among the parameters, or -1
//   layers: [{title, units: [k, ...]}]                  outputs: how many numbers the model gives
//   programs: null, or {forward, both, heads: [...], head: [which of them, for each sample], others: how many}
//     each {parameters: [places], constants, steps, outputs}, run by `runProgram`: `forward` and `both` are given
//     [...sample, ...parameters, ...gradients of the outputs], a head [...outputs, ...target, ...parameters, 1].
//     forward gives z and a of each unit, the other numbers, the outputs; both in addition dL/dz and dL/da of each
//     unit, da/dz, dL/d(other number); a head gives the loss and its gradient for each output.
//   rows: the rows of the programs as text (`return [...]`); a page that has them as functions passes options.rows
//   samples: {of, places, x: [[...]], y: [[...]]}       why: what keeps a model from having programs
//   title, model, loss: words                          classes: whether targets are classes
//   names: of the numbers of a sample, [] for x0, x1...  kinds: names of the classes, [] for 0, 1, ...
//   frames: [], or packed, as `runs.page.packed` does   epochs: [{step, loss, accuracy, test_loss, ...}]
//   findings: [{step, what, severity, where, seen, why, try}]          steps: how many were taken, or are planned
//
// A frame for `add`: {step, epoch, loss, accuracy, w, g}; w and g are arrays of numbers (Float64Array or Array), of the
// parameters before the step and of the gradient of its batch's mean loss; accuracy may be null, g and loss too.
//
// options: rows; follow: true to stay at the newest frame (until somebody seeks); most: frames that are kept (400),
//   then every second is left out; controls: false leaves out the bar with the slider, "steps" its play button; keys:
//   the element whose keys are heard (the viewer's own); frame, sample, unit: where to begin; onchange({frame, step,
//   sample, unit}): after every change; a sample is called by its number in the training
// view: add(frame), epoch({...}), finding({...}), seek(i), step(s), play(), pause(), sample(n), select(k), refresh(),
//   destroy(), and at, frames, now: what was drawn last, with all that is computed for the chosen sample.
function showRun(element, run, options = {}) {
  const rows = options.rows ?? new Function(run.rows)();
  const most = options.most ?? 400;
  let frames = unpacked(run.frames, run.parameters), at = -1, follow = options.follow ?? false, timer = 0, waiting = 0;
  const epochs = [...run.epochs ?? []], findings = [...run.findings ?? []];
  const scale = {w: 0, g: 0, a: 0, of: run.matrices.map(() => 0)}; // the largest so far, so that frames can be compared
  let sample = nearestSample(run, options.sample ?? 0),
    unit = options.unit ?? -1, edge = -1,
    past = null, scaled = -1, latest = null;
  const {programs} = run, m = run.units.length, others = programs?.others ?? 0, k = run.outputs ?? 0;

  // What a frame and a sample give

  const pick = (program, w) => program.parameters.map((i) => w[i]);
  const blank = new Array(k).fill(0);
  const forward = (xs, w) => runProgram(rows, programs.forward, [...xs, ...pick(programs.forward, w), ...blank]);
  const outputsOf = (found) => found.slice(2 * m + others, 2 * m + others + k);
  const graded = (out, i, w) => {
    const head = programs.heads[programs.head[i]];
    return runProgram(rows, head, [...out, ...(head.targets ? run.samples.y[i] : []), ...pick(head, w), 1]);
  };
  // All of it for one sample: with numbers for w those of one frame; with a Float64Array for each, those of all frames.
  function computed(i, w) {
    const out = outputsOf(forward(run.samples.x[i], w)), [loss, ...dout] = graded(out, i, w);
    const all = runProgram(rows, programs.both, [...run.samples.x[i], ...pick(programs.both, w), ...dout]);
    let from = 0;
    const next = (n) => all.slice(from, from += n);
    return {z: next(m), a: next(m), other: next(others), out: next(k), dz: next(m), da: next(m), slope: next(m),
      dother: next(others), loss, dout};
  }
  // The same over all frames, for the history of a unit; kept until the sample or the frames are others.
  function history() {
    if (past?.sample === sample && past.frames === frames.length && past.first === frames[0]) return past;
    const lanes = Array.from({length: run.parameters}, (_, i) => Float64Array.from(frames, (f) => f.w[i]));
    return (past = {sample, frames: frames.length, first: frames[0], lanes, ...computed(sample, lanes)});
  }
  const judge = runJudge(run);
  function look() {
    const f = frames[at], w = f.w,
      now = {f, at, w, g: f.g, sample, unit, edge, scale, frames, epochs,
        findings, history, rows};
    if (!programs || sample < 0) return now;
    Object.assign(now, computed(sample, w), {x: run.samples.x[sample], target: run.samples.y[sample]});
    const columns = run.samples.x[0].map((_, j) => Float64Array.from(run.samples.x, (row) => row[j]));
    now.scores = outputsOf(forward(columns, w));
    now.over = (xs) => forward(xs, w); // the forward pass over a grid
    now.right = run.samples.y.map((y, i) => judge.right(now.scores.map((s) => (typeof s === "number" ? s : s[i])), y));
    if (scaled !== sample) { // the colours of units can be compared over all frames of a sample
      scaled = sample;
      scale.a = 0;
      for (const row of history().da)
        for (const x of typeof row === "number" ? [row] : row)
          scale.a = Math.max(scale.a, finite(x));
    }
    scale.a = Math.max(scale.a, ...now.da.map(finite));
    return now;
  }
  function measure(f) {
    for (let i = 0; i < f.w.length; i++) scale.w = Math.max(scale.w, finite(f.w[i]));
    if (f.g) for (let i = 0; i < f.g.length; i++) scale.g = Math.max(scale.g, finite(f.g[i]));
    run.matrices.forEach(({at}, i) => eachPlace(at, (j) => { scale.of[i] = Math.max(scale.of[i], finite(f.w[j])); }));
  }
  frames.forEach(measure);

  // What is seen

  const on = {unit: shown, edge: traced, sample: choose, step: (s) => { pause(); step(s); }};
  const parts = [runPlane, runNetwork, runCurves, runUnit, runMatrices].map((make) => make(run, on, judge));
  const [plane, network, curves, about, matrices] = parts; // the plane first: circles show pieces of its grid
  const told = el("section.box.findings", {"aria-label": "What the doctor found"});
  const say = el("div.unseen", {role: "status", "aria-live": "polite"});
  const bar = options.controls === false ? null
    : runBar({go, step: (d) => go(at + d), toggle, plays: options.controls !== "steps"});
  element.classList.add("run");
  element.replaceChildren(el("div.run-main", {},
    el("div.run-left", {}, network.element, about.element, matrices.element),
    el("div.run-right", {}, plane.element, curves.element, told)), ...(bar ? [bar.element] : []), say);

  function draw() {
    waiting = 0;
    if (at < 0) return;
    const now = (latest = look());
    for (const part of parts) part.draw(now);
    bar?.draw(now, Boolean(timer));
    options.onchange?.({frame: at, step: frames[at].step, sample: run.samples.places[sample], unit});
  }
  // Several changes within one picture of the screen are drawn once.
  function redraw() {
    if (!waiting) waiting = requestAnimationFrame(draw);
  }
  function tell() {
    told.hidden = !findings.length;
    told.replaceChildren(
      el("h2", {}, findings.length === 1 ? "The doctor found" : `The doctor found ${findings.length}`),
      ...findings.map((f) => el("details", {},
        el("summary", {}, el(f.severity === "broken" ? "b.broken" : "b", {}, f.what), ` at step ${f.step ?? "?"}`),
        el("button", {type: "button", onclick: () => on.step(f.step ?? 0)}, "Go there"),
        ...["where", "seen", "why", "try"].filter((word) => f[word])
          .map((word) =>
            el("p", {}, el("i", {}, word), ` ${f[word]}`)))));
  }

  // What is chosen

  function seek(i) {
    if (!frames.length) return;
    at = Math.max(0, Math.min(Math.round(i), frames.length - 1));
    redraw();
  }
  function go(i) {
    pause();
    follow = false;
    seek(i);
    const f = frames[at];
    if (f) say.textContent = `step ${f.step}${f.loss == null ? "" : `, loss ${short(f.loss)}`}`;
  }
  function step(s) {
    let best = 0;
    frames.forEach((f, i) => { if (Math.abs(f.step - s) < Math.abs(frames[best].step - s)) best = i; });
    go(best);
  }
  function choose(i) {
    sample = Math.max(0, Math.min(i, run.samples.x.length - 1));
    redraw();
  }
  function select(i) {
    unit = i === unit ? -1 : i;
    edge = -1;
    redraw();
  }
  function traced(i, j) { // input j of unit i
    if (i !== unit) shown(i);
    edge = j;
    redraw();
  }
  function shown(i) { // what somebody has clicked on is to be seen, also where it stands below; the network, too
    select(i);
    requestAnimationFrame(() => {
      const {top} = about.element.getBoundingClientRect();
      if (unit >= 0 && top > innerHeight - 320) scrollBy(0, top - innerHeight / 2);
    });
  }
  function play() {
    if (timer || frames.length < 2) return;
    if (at >= frames.length - 1) seek(0);
    timer = setInterval(() => {
      if (at >= frames.length - 1) pause();
      else seek(at + 1);
    }, 100);
    redraw();
  }
  function pause() {
    clearInterval(timer);
    timer = 0;
    redraw();
  }
  function toggle() {
    timer ? pause() : play();
  }
  function heard(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches("input, select, textarea")) return;
    const far = e.shiftKey ? 10 : 1;
    const keys = {ArrowRight: () => go(at + far), ArrowLeft: () => go(at - far),
      Home: () => go(0), End: () => go(frames.length - 1),
      Escape: () => select(unit)};
    const act = e.key === " " && !e.target.closest("button, summary, a, [role=button]") && bar?.plays
      ? toggle : keys[e.key];
    if (!act || (e.key === "Escape" && unit < 0)) return;
    e.preventDefault();
    act();
  }
  const keys = options.keys ?? element;
  keys.addEventListener("keydown", heard);
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", redraw);
  const sized = new ResizeObserver(redraw);
  sized.observe(element);
  tell();
  seek(options.frame ?? (follow ? frames.length - 1 : 0));

  return {
    add(frame) {
      const f = {accuracy: null, loss: null, g: null, ...frame};
      if (frames.length && frames.at(-1).step === f.step) frames.pop();
      frames.push(f);
      measure(f);
      if (frames.length > most) {
        const old = frames[at];
        frames = frames.filter((g, i) => i % 2 === 0 || i === frames.length - 1);
        at = Math.max(0, frames.findLastIndex((g) => g.step <= old.step));
      }
      if (follow || at < 0) seek(frames.length - 1);
      else redraw();
    },
    epoch(e) { epochs.push(e); redraw(); },
    finding(f) { findings.push(f); tell(); redraw(); },
    seek: go, step, play, pause, sample: (n) => choose(nearestSample(run, n)),
    select(i) { if (i !== unit) select(i); },
    follow() { follow = true; seek(frames.length - 1); },
    refresh: redraw,
    destroy() {
      pause();
      cancelAnimationFrame(waiting);
      sized.disconnect();
      keys.removeEventListener("keydown", heard);
      system.removeEventListener("change", redraw);
      element.replaceChildren();
      element.classList.remove("run");
    },
    get at() { return at; },
    get frames() { return frames; },
    get now() { return latest; },
  };
}

// Frames as they stand in a file: see `runs.page.packed`.
function unpacked(packed, count) {
  if (Array.isArray(packed) || !packed) return [...packed ?? []];
  const numbers = (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return packed.bits === 64 ? new Float64Array(bytes.buffer) : new Float32Array(bytes.buffer);
  };
  const w = numbers(packed.weights), g = numbers(packed.gradients), without = new Set(packed.without);
  let graded = 0;
  return packed.step.map((step, i) => ({
    step, epoch: packed.epoch[i], loss: packed.loss[i], accuracy: packed.accuracy[i],
    w: w.subarray(i * count, (i + 1) * count),
    g: without.has(i) ? null : g.subarray(graded * count, ++graded * count)}));
}
// The sample with that number in the training, or the nearest that is here: its place among these; -1 if there is none.
const nearestSample = ({samples: {places}}, wanted) => places.reduce(
  (best, n, i) => (best < 0 || Math.abs(n - wanted) < Math.abs(places[best] - wanted) ? i : best), -1);
const finite = (x) => (Number.isFinite(x) ? Math.abs(x) : 0);
function eachPlace(ranges, f) {
  let n = 0;
  for (let r = 0; r < ranges.length; r += 2) for (let i = 0; i < ranges[r + 1]; i++) f(ranges[r] + i, n++);
}
// How large a number is drawn, 0 to 1: the square root, so that a tenth of the largest is still seen.
const strength = (x, largest) => (Number.isFinite(x) && largest ?
  Math.sqrt(Math.min(Math.abs(x) / largest, 1)) : x ? 1 : 0);
const twoDigits = (x) => {
  if (!Number.isFinite(x)) return short(x);
  const y = Number(x.toPrecision(2));
  return Math.abs(y) < 1e3 && (Math.abs(y) >= 1e-3 || !y) ? short(y) : y.toExponential().replace("e+", "e");
};

// What outputs say, as `train.metrics.right` has it, and what a number or a class is coloured.
function runJudge({classes, outputs, samples, kinds, loss}) {
  const targets = samples.y.map((y) => Number(y[0])), lo = Math.min(...targets), hi = Math.max(...targets);
  const largest = (out) => out.reduce((best, x, i) => (x > out[best] ? i : best), 0);
  const several = outputs > 1, low = lo < 0 ? -1 : 0; // of two classes with one output
  const named = (y) => kinds?.[y < 0 ? 0 : y] ?? (typeof y === "number" ? short(y) : String(y));
  const logits = /cross_entropy/.test(loss); // else a score, which is no probability's
  return {
    // What the network says in words: its class, and the number that says so; and what a target is called
    said(out) {
      if (!classes) return [out.map(short).join(", ")];
      if (several) return [`class ${named(largest(out))}`, `, which has the largest ${logits ? "logit" : "score"}`];
      const said = `class ${named(out[0] > 0 ? 1 : low)}`;
      const sure = `so class ${named(1)} has a probability of ${short(1 / (1 + Math.exp(-out[0])))}`;
      return [said, logits ? `: the logit is ${short(out[0])}, ${sure}`
        : `: the score is ${short(out[0])}, and class ${named(1)} begins above 0`];
    },
    asked: (y) => (classes ? named(y[0]) : y.map(named).join(", ")),
    right: (out, y) => !classes || (several ? largest(out) === Number(y[0]) : out[0] > 0 === Number(y[0]) > 0),
    // A tone: -1 to 1, blue to orange, for two classes or a number; of several classes 2 + 2 * class + how sure it is
    tone(out) {
      if (!classes) return hi > lo ? Math.max(-1, Math.min(1, (2 * (out[0] - lo)) / (hi - lo) - 1)) : 0;
      if (outputs === 1) return Math.tanh(out[0]);
      if (outputs === 2) return Math.tanh((out[1] - out[0]) / 2);
      const top = largest(out);
      return 2 + 2 * top + 1 / out.reduce((sum, x) => sum + Math.exp(x - out[top]), 0);
    },
    target(y) {
      const t = Number(y[0]);
      if (!classes) return hi > lo ? (2 * (t - lo)) / (hi - lo) - 1 : 0;
      return outputs > 2 ? 3 + 2 * t : t > 0 ? 1 : -1;
    },
  };
}
// The colours of now as numbers: `light-dark()` is resolved by asking an element.
function runColours(element) {
  const of = (name) => {
    const probe = el("i", {style: `color: var(${name}); display: none`});
    element.append(probe);
    const rgb = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
    probe.remove();
    return rgb;
  };
  const [paper, plus, minus, ink, line] = ["--card", "--plus", "--minus", "--ink", "--line"].map(of);
  const mix = (share, colour) => paper.map((p, i) => p + (colour[i] - p) * share);
  const hue = (c) => [230, 25, 130, 0, 270, 60, 330, 180, 95, 300][c % 10];
  const solid = (c) => {
    const h = hue(c),
      f = (n) => {
        const q = (n + h / 30) % 12;
        return 255 * (0.52 - 0.32 * Math.max(-1, Math.min(q - 3, 9 - q, 1))); };
    return [f(0), f(8), f(4)];
  };
  return {
    paper, ink, line, mix,
    // The colour of a tone, which may be a part of the full one
    shade: (tone, full = 1) => (tone < 1.5 ? mix(full * Math.abs(tone), tone < 0 ? minus : plus)
      : mix(full * (0.15 + 0.75 * (tone % 2)), solid(Math.floor(tone / 2) - 1))),
    css: (rgb) => `rgb(${rgb.map(Math.round).join(",")})`,
  };
}

// The bar: play, one step, the slider, where it stands

function runBar({go, step, toggle, plays}) {
  const button = (text, title, onclick, kind = "button") =>
    el(kind, {type: "button", title, onclick,
      "aria-label": title.replace(/ \(.*/, "")}, text);
  const play = button("Play", "play (space)", toggle, "button.main");
  const slider = el("input", {type: "range", min: 0, value: 0, "aria-label": "Step",
    oninput: () => go(Number(slider.value))});
  const marks = el("div.marks", {"aria-hidden": "true"}), count = el("span.count");
  const element = el("div.run-bar", {role: "group", "aria-label": "Steps"}, ...(plays ? [play] : []),
    button("◀", "one step back (←)", () => step(-1)), button("▶", "one step on (→)", () => step(1)),
    el("div.track", {}, marks, slider), count);
  let shown = "";
  return {element, plays, draw({f, at, frames, findings}, playing) {
    play.textContent = playing ? "Pause" : "Play";
    play.setAttribute("aria-label", playing ? "pause" : "play");
    slider.max = frames.length - 1;
    slider.value = at;
    const words = [`step ${f.step.toLocaleString("en")}`, f.epoch ? `epoch ${f.epoch}` : "",
      f.loss == null ? "" : `loss ${short(f.loss)}`,
      f.accuracy == null ? "" : `${Math.round(100 * f.accuracy)} % right`].filter(Boolean).join(" · ");
    count.textContent = f.g ? words : `${words} · after the last step`;
    slider.setAttribute("aria-valuetext", count.textContent);
    const key = `${frames.length} ${findings.map((x) => x.step)}`;
    if (key === shown) return;
    shown = key;
    marks.replaceChildren(...findings.map((x) => {
      const place = Math.max(0, frames.findLastIndex((y) => y.step <= (x.step ?? 0))) / Math.max(1, frames.length - 1);
      return el(x.severity === "broken" ? "i.broken" : "i",
        {style: `left: ${100 * place}%`, title: `${x.what}, step ${x.step}`});
    }));
  }};
}
