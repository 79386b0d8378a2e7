// Train: a network learns, and everything of it is seen: the viewer of recorded runs, fed with the frames of a training
// that goes on in the worker.
//
// All that is chosen is one object, `settings`, as `tinygrad_edu.playground.settings` has it; the address holds what is
// not as usual.  A training follows from its settings alone: when Python has begun anew, it is brought to where it was.
import {choicesForm} from "./choices.js";
import {pointsEditor} from "./points.js";
import {linked, settingsOf} from "./link.js";

const LATER = ["optimizer", "lr", "batch", "decay"]; // what goes on with the weights
const SPEEDS = [ // steps for each picture, and a pause after it in milliseconds
  ["slow", "slowly, a step at a time", 1, 600],
  ["step", "a step for each picture", 1, 0],
  ["normal", "10 steps for each picture", 10, 0],
  ["fast", "as fast as it can", 100000, 0],
];
// Seconds that Python computes for one picture, whatever the network: so 10 pictures a second are kept.
const BUDGET = 0.05;
const picture = () => new Promise(requestAnimationFrame);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

let scripts; // the viewer: two classic scripts, whose functions are global
const loaded = (name) => new Promise((done, failed) => {
  const script = Object.assign(document.createElement("script"),
    {src: new URL(`../${name}`, import.meta.url), onload: done, onerror: failed});
  document.head.append(script);
});
export async function open(root, state, play) {
  await (scripts ??= loaded("shared.js").then(() => loaded("run.js")));
  const choices = await play.ask("training.options"); // known, as what is shown first, from when the site was built
  root.innerHTML = `
    <h1>Train a network, and see every number of it</h1>
    <div class="train">
      <p class="wrong" role="alert"></p>
      <details class="train-choices box"><summary></summary><div class="form"></div></details>
      <div class="train-main">
        <div class="train-bar" role="group" aria-label="Training">
          <button type="button" class="main go">▶ Train</button>
          <button type="button" class="one">One step</button>
          <button type="button" class="again">Begin anew</button>
          <label>speed <select class="speed"></select></label>
          <span class="away">
            <button type="button" class="copy">Copy as Python</button>
            <button type="button" class="save">Save this run</button>
          </span>
        </div>
        <p class="note waits" role="status"></p>
        <div class="train-view"></div>
      </div>
    </div>`;
  const $ = (selector) => root.querySelector(selector);
  const [go, one, again, copy, save, speed] = ["go", "one", "again", "copy", "save", "speed"]
    .map((name) => $(`.${name}`));
  const panel = $(".train-choices"), wide = matchMedia("(min-width: 1100px)");
  let settings = choices.settings; // what is chosen
  let begun = null; // the settings that the training on the screen began with
  let changes = []; // [step, settings]: what was changed since
  let view = null, at = 0, stopped = false, lost = true, playing = false, turn = 0, plays = 0;

  speed.append(...SPEEDS.map(([name, title]) => new Option(title, name, name === "normal", name === "normal")));
  const form = choicesForm(choices, chosen);
  const points = pointsEditor(choices.limits, (drawn) => chosen({drawn}));
  $(".form").append(form.element);
  form.element.querySelector("fieldset").after(points.element);

  // Questions to Python: what a person can put right is said; whatever else is raised goes on to the frame.

  async function asked(name, given = {}) {
    try {
      return await play.ask(`training.${name}`, given, {seconds: 30});
    } catch (error) {
      halt();
      if (!(error instanceof play.Refusal)) throw error;
      $(".wrong").textContent = error.message;
      return null;
    }
  }
  // Nobody waits in vain: what is asked before Python is there is said to wait.
  let waiting = 0, ready = false;
  const waits = (words) => { $(".waits").textContent = words; };
  async function busy(words, task) {
    waiting++;
    const late = setTimeout(() => waits(ready ? words : "This waits until Python is there."), ready ? 250 : 0);
    try {
      return await task();
    } finally {
      clearTimeout(late);
      if (!--waiting) waits("");
    }
  }

  play.listen((news) => {
    if (!news.ready && ready) lost = true; // it begins anew, and knows of no training
    ready = Boolean(news.ready);
    waits(waiting && !ready ? "This waits until Python is there." : "");
    prepare();
  });
  function prepare() { // so that nobody waits for the first step
    if (ready && begun && !root.hidden) restored(true);
  }

  // The training

  let beginning = null; // the last that was asked for, until it is there: it is what goes on, not the one before
  function begin() {
    const mine = beginning = begins().finally(() => { if (beginning === mine) beginning = null; });
    return mine;
  }
  async function begins() {
    const mine = ++turn, wanted = settings;
    halt();
    $(".wrong").textContent = "";
    const run = await busy("The network is written down …", () => asked("start", {settings: wanted}));
    if (!run || mine !== turn) return false;
    $(".wrong").textContent = ""; // of a question before this one, whose answer came meanwhile
    lost = false;
    begun = wanted;
    changes = [];
    show(run);
    return true;
  }
  // Bring the training that Python has forgotten, or never knew, to where it is on the screen; false if that cannot be.
  let restoring = null;
  const restored = (silent) =>
    beginning ?? (lost ? restoring ??= recalled(silent).finally(() => { restoring = null; }) : true);
  async function recalled(silent) {
    const mine = ++turn, to = at, before = changes, words = silent ? "" : "The training is computed again …";
    const run = await busy(words, () => asked("start", {settings: begun}));
    if (!run || mine !== turn) return false;
    lost = false;
    let reached = 0;
    for (const [step, other] of [...before, [to, null]]) {
      while (!lost && mine === turn && reached < step) {
        const news = await busy(words, () => asked("advance", {most: step - reached, seconds: 1}));
        if (!news?.taken) return false;
        reached = news.frame.step;
      }
      if (other) await asked("adjust", {settings: other});
    }
    return !lost && mine === turn;
  }
  function show(run) {
    const chosenUnit = view && begun && run.units.length === view.units ? view.unit : -1;
    const programs = run.programs ? [run.programs.forward, run.programs.both, ...run.programs.heads] : [];
    for (const program of programs) program.constants = program.constants.map(number);
    run.frames.accuracy = run.frames.accuracy.map(() => null); // of a batch: those that follow have none
    view?.destroy();
    at = run.frames.step.at(-1);
    stopped = false;
    const seen = {units: run.units.length, unit: chosenUnit};
    view = Object.assign(showRun($(".train-view"), run, {follow: true, controls: "steps", unit: chosenUnit, frame: 0,
      onchange: ({unit}) => { seen.unit = unit; }}), {get unit() { return seen.unit; }, units: seen.units});
    told();
  }
  // So many steps, or as many as the time allows: asked for now, and shown when they are there; false if there is no
  // more.
  const steps = (most, seconds = 60) =>
    busy("Python records the first step …", () => asked("advance", {most, seconds}));
  async function on(news, mine = turn) {
    news = await news;
    if (!news || mine !== turn) return false;
    for (const epoch of news.epochs) view.epoch(numbers(epoch));
    for (const finding of news.findings) view.finding(finding);
    const {frame} = news;
    view.add({...frame, loss: number(frame.loss), w: floats(frame.w), g: frame.g && floats(frame.g)});
    at = frame.step;
    if (news.stopped) {
      stopped = true;
      halt();
      $(".wrong").textContent = news.stopped;
      told();
    }
    return !news.stopped;
  }
  async function run() {
    const id = ++plays; // who pauses and goes on at once begins another
    playing = true;
    $(".train-view").setAttribute("aria-busy", "true");
    told();
    view.follow();
    if (!await restored()) {
      $(".train-view").removeAttribute("aria-busy");
      return halt();
    }
    const chosen = () => SPEEDS.find(([name]) => name === speed.value), mine = turn;
    const more = () => (playing && id === plays && !root.hidden ? steps(chosen()[2], BUDGET) : null);
    let next = more();
    while (next) { // Python computes the next picture while this one is drawn
      const news = await next, rest = chosen()[3];
      next = rest || news?.stopped ? null : more();
      if (!await on(news, mine)) break;
      await picture();
      if (rest) {
        await pause(rest);
        next = more();
      }
    }
    if (id !== plays) return;
    halt();
    $(".train-view").removeAttribute("aria-busy");
  }
  function halt() {
    if (!playing) return;
    playing = false;
    told();
    play.say(`paused at step ${at}`);
  }
  function told() {
    go.textContent = playing ? "❚❚ Pause" : "▶ Train";
    go.disabled = one.disabled = stopped || !view;
    copy.disabled = save.disabled = !view;
  }

  // What is chosen

  function chosen(some) {
    const before = settings;
    settings = {...settings, ...some};
    if (some.data && some.data !== before.data) settings = {...settings, ...form.usual(some.data)};
    keep();
    const later = Object.keys(some).every((name) => LATER.includes(name));
    if (later && at && begun && !stopped && !beginning) change();
    else begin();
  }
  async function change() {
    $(".wrong").textContent = "";
    const wanted = settings, known = lost ? {step: at} : await asked("adjust", {settings: wanted});
    if (known) changes.push([known.step, wanted]);
  }
  function keep() {
    play.keep(linked(settings, choices.settings));
    form.fill(settings);
    points.fill(settings.drawn);
    points.element.hidden = settings.data !== "drawn";
    const {data, layers, activation, optimizer, lr} = settings;
    $("summary").textContent = `${choices.data.find(([name]) => name === data)?.[1] ?? data} · ` +
      `${layers.length ? layers.join(" + ") + ` ${activation} units` : "no hidden layer"} · ${optimizer}, ${lr}`;
  }

  // Buttons

  go.addEventListener("click", () => (playing ? halt() : run()));
  one.addEventListener("click", async () => {
    halt();
    view.follow();
    if (await restored()) await on(steps(1));
    play.say(`step ${at}`);
  });
  again.addEventListener("click", () => begin());
  copy.addEventListener("click", async () => {
    if (!await restored()) return;
    const program = await asked("as_python");
    if (program === null) return;
    const done = await navigator.clipboard?.writeText(program).then(() => true, () => false);
    if (!done) download("train.py", "text/x-python", program);
    copy.textContent = done ? "Copied" : "Saved as train.py";
    setTimeout(() => { copy.textContent = "Copy as Python"; }, 2000);
  });
  save.addEventListener("click", async () => {
    halt();
    if (!await restored()) return;
    const page = await busy("The page is written …", () => asked("whole_page"));
    if (page !== null) download("run.html", "text/html", page);
  });
  function download(name, type, text) {
    const link = Object.assign(document.createElement("a"),
      {href: URL.createObjectURL(new Blob([text], {type})), download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
  told();
  document.getElementById("theme").addEventListener("click", () => view?.refresh()); // its canvases, too
  const fold = () => { panel.open = wide.matches; };
  wide.addEventListener("change", fold);
  fold();

  function update(given) {
    settings = settingsOf(given, choices.settings);
    keep();
    begin();
  }
  if (Object.keys(state).length) update(state);
  else {
    begun = settings;
    keep();
    show(await play.ask("training.start", {settings: {}}));
    prepare();
  }
  return {update};
}

// Numbers as Python has sent them: those that JSON does not know are words, those of parameters base64.
const WORDS = {nan: NaN, inf: Infinity, "-inf": -Infinity};
const number = (x) => (typeof x === "string" ? WORDS[x] : x);
const numbers = (some) => Object.fromEntries(Object.entries(some).map(([name, x]) => [name, number(x)]));
const floats = (text) => new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
