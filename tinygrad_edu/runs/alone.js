// The viewer on a page of its own: what it says of the training, and the address of what is shown.
const taken = DATA.frames.step.length - DATA.frames.without.length, many = (n) => n.toLocaleString("en");
$("whole").textContent = [DATA.model, DATA.loss && `loss: ${DATA.loss}`, taken < DATA.steps
  ? `${many(taken)} of ${many(DATA.steps)} steps are kept here, the denser the earlier`
  : `all ${many(DATA.steps)} steps`].filter(Boolean).join(" · ");

// #frame=12&sample=3&unit=5, where a sample has the number that it had in the training
const far = (wanted, place) => Math.abs(place - wanted);
const place = (wanted = 0) => DATA.samples.places.reduce(
  (best, p, i, all) => (far(wanted, p) < far(wanted, all[best]) ? i : best), 0);
const view = showRun($("main"), DATA, {
  rows: ROWS, keys: document, frame: asked("frame"), sample: place(asked("sample")), unit: asked("unit"),
  onchange({frame, sample, unit}) {
    address(`#frame=${frame}${sample === undefined ? "" : `&sample=${sample}`}${unit < 0 ? "" : `&unit=${unit}`}`);
  },
});
addEventListener("hashchange", () => { // a link to another step of the same page
  view.seek(asked("frame") ?? 0);
  view.sample(place(asked("sample")));
  view.select(asked("unit") ?? -1);
});
document.querySelector(".run-bar input").dataset.first = "";
$("theme").addEventListener("click", view.refresh);
