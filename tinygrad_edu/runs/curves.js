// Loss and accuracy over the steps: of each recorded step, and the means of each epoch, also of what is held back.

function runCurves(run, on) {
  const W = 360, H = 132, LEFT = 38, BOTTOM = 20, TOP = 8;
  const kinds = [["loss", "training"], ["validation_loss", "validation"], ["test_loss", "test"]];
  const charts = [["Loss", "loss"], ["Accuracy", "accuracy"]].map(([title, word]) => {
    const svg = el("svg", {viewBox: `0 0 ${W} ${H}`, role: "img"}), key = el("p.note.key");
    const part = el("div", {}, el("h2", {}, title), svg, key);
    const steps = el("path.batches"),
      lines = kinds.map(([name]) =>
        el(`path.mean.${name.replace("_loss", "").replace("loss", "train")}`));
    const axis = el("path.axis"), cursor = el("line.cursor", {y1: TOP, y2: H - BOTTOM}),
      spot = el("circle.spot", {r: 4}),
      words = el("g"), marks = el("g");
    svg.append(axis, words, steps, ...lines, cursor, spot, marks);
    const seek = (e) => {
      const box = svg.getBoundingClientRect(), x = (e.clientX - box.left) * W / box.width;
      on.step(Math.max(0, Math.round(last * (x - LEFT) / (W - LEFT - 8))));
    };
    svg.addEventListener("pointerdown", (e) => { svg.setPointerCapture(e.pointerId); seek(e); });
    svg.addEventListener("pointermove", (e) => { if (e.buttons) seek(e); });
    return {title, word, part, svg, key, steps, lines, axis, cursor, spot, words, marks, drawn: ""};
  });
  let last = 1;
  const element = el("section.box.curves", {"aria-label": "Curves"}, ...charts.map((c) => c.part));

  function draw(now) {
    const {frames, epochs, findings, f} = now;
    last = Math.max(1, frames.at(-1).step, ...epochs.slice(-1).map((e) => e.step));
    const x = (step) => LEFT + (W - LEFT - 8) * step / last;
    for (const c of charts) {
      const names = kinds.map(([name]) => name.replace("loss", c.word));
      const known = (v) => v != null && Number.isFinite(v);
      const means = epochs.flatMap((e) => names.map((name) => e[name])).filter(known),
        seen = [...frames.map((g) => g[c.word]).filter(known), ...means];
      c.part.hidden = !seen.length;
      if (!seen.length) continue;
      const sorted = seen.toSorted((a, b) => a - b);
      const most = sorted[Math.floor(0.985 * (sorted.length - 1))]; // a rare batch may be cut off
      const lo = c.word === "loss" ? Math.min(0, sorted[0]) : Math.min(0.9, sorted[0]);
      const hi = c.word === "loss" ? 1.05 * Math.max(most, Math.min(4 * most, Math.max(...means, 0))) || 1 : 1;
      const y = (v) => TOP + (H - TOP - BOTTOM) * (1 - (Math.max(lo, Math.min(hi, v)) - lo) / (hi - lo || 1));
      const path = (points) => points.filter(([, v]) => v != null && Number.isFinite(v))
        .map(([s, v], i) => `${i ? "L" : "M"}${x(s).toFixed(1)},${y(v).toFixed(1)}`)
        .join("");
      const key = `${frames.length} ${last} ${epochs.length} ${findings.length} ${hi}`;
      if (key !== c.drawn) {
        c.drawn = key;
        c.steps.setAttribute("d", path(frames.map((g) => [g.step, g[c.word]])));
        names.forEach((name, i) => c.lines[i].setAttribute("d", path(epochs.map((e) => [e.step, e[name]]))));
        c.axis.setAttribute("d", `M${LEFT},${TOP}V${H - BOTTOM}H${W - 8}`);
        const told = (v, write = twoDigits) => (c.word === "accuracy" ? `${Math.round(100 * v)} %` : write(v));
        const mean = (name) => told(epochs.findLast((e) => e[name] != null)[name], short);
        c.words.replaceChildren(
          ...[lo, hi].map((v) => el("text.tick", {x: LEFT - 4, y: y(v) + 4, "text-anchor": "end"}, told(v))),
          el("text.tick", {x: LEFT, y: H - 5}, "0"),
            el("text.tick", {x: W - 8, y: H - 5, "text-anchor": "end"},
              `${last.toLocaleString("en")} step${last === 1 ? "" : "s"}`));
        c.marks.replaceChildren(
          ...findings.map((g) => el(g.severity === "broken" ? "path.mark.broken" : "path.mark",
            {d: `M${x(g.step ?? 0)},${TOP + 7}l-5,-8h10z`}, el("title", {}, `${g.what}, step ${g.step}`))));
        const has = names.map((name) => epochs.some((e) => e[name] != null));
        c.key.replaceChildren(
          ...(frames.some((g) => g[c.word] != null) ? [el("span.batches", {}, "— of a step’s batch")] : []),
          ...kinds.flatMap(([name, word], i) => (has[i] ? [
            el(`span.${name.replace("_loss", "").replace("loss", "train")}`, {},
              ` — ${word}, by epoch: ${mean(names[i])}`)] : [])));
        c.svg.setAttribute("aria-label", `${c.title} over ${last} steps, from ${short(seen[0])}`);
      }
      c.cursor.setAttribute("x1", x(f.step));
      c.cursor.setAttribute("x2", x(f.step));
      const here = f[c.word], seenHere = here != null && !Number.isNaN(here);
      c.spot.style.display = seenHere ? "" : "none";
      if (seenHere) { c.spot.setAttribute("cx", x(f.step)); c.spot.setAttribute("cy", y(here)); }
    }
  }
  return {element, draw};
}
