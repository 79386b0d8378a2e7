// The viewer on a page of its own: what it says of the training, and the address of what is shown.
const taken = DATA.frames.step.length - DATA.frames.without.length, many = (n) => n.toLocaleString("en");
$("whole").textContent = [DATA.model, DATA.loss && `loss: ${DATA.loss}`, taken < DATA.steps
  ? `${many(taken)} of ${many(DATA.steps)} steps are kept here, the denser the earlier`
  : `all ${many(DATA.steps)} step${DATA.steps === 1 ? "" : "s"}`].filter(Boolean).join(" · ");

// #frame=12&sample=3&unit=5
const view = showRun($("main"), DATA, {
  rows: ROWS, keys: document, frame: asked("frame"), sample: asked("sample"), unit: asked("unit"),
  onchange({frame, sample, unit}) {
    address(`#frame=${frame}${sample === undefined ? "" : `&sample=${sample}`}${unit < 0 ? "" : `&unit=${unit}`}`);
  },
});
addEventListener("hashchange", () => { // a link to another step of the same page
  view.seek(asked("frame") ?? 0);
  view.sample(asked("sample") ?? 0);
  view.select(asked("unit") ?? -1);
});
document.querySelector(".run-bar input").dataset.first = "";
$("theme").addEventListener("click", view.refresh);
