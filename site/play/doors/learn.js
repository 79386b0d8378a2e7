// Learn: the exercises of `tinygrad-edu learn`, checked by the same checker, and expressions to do by hand.
//
// The course is a file that was written when the site was built: it can be read, and answers can be written, before
// Python is there.  The address names the exercise, and a text if one is sent along; what a learner has written and
// reached stays in this browser (learn/notes.js) and can be carried to the command line and back as a folder.
import {hand} from "../learn/hand.js";
import {lesson} from "../learn/lesson.js";
import {change, keeps, read} from "../learn/notes.js";

const wide = matchMedia("(min-width: 960px)");

export async function open(root, state, play) {
  root.innerHTML = `
    <div class="learn">
      <a class="skip" href="#learn">Skip the list of exercises</a>
      <details class="course box">
        <summary><h2>Exercises <span class="done"></span></h2></summary>
        <nav aria-label="Exercises"></nav>
        <p><a class="by-hand" href="#learn?level=1">Gradients by hand</a></p>
        <div class="folder">
          <button class="download" type="button">Download my answers</button>
          <button class="bring" type="button" title="a zip of answers, or an exercise of your own, NAME.py">Open answers
            or an exercise</button>
          <input type="file" accept=".zip,.py" hidden>
          <p class="note" role="status"></p>
        </div>
      </details>
      <article></article>
    </div>`;
  const $ = (selector) => root.querySelector(selector), article = $("article"), told = $(".folder .note");
  const chapters = await (await fetch(new URL("../lessons.json", import.meta.url))).json();
  const all = chapters.flatMap((chapter) => chapter.exercises.map((one, i) => ({...one, chapter, place: i + 1})));
  const byName = new Map(all.map((one) => [one.name, one]));
  let current = "";
  $(".skip").onclick = (event) => {
    event.preventDefault();
    article.querySelector("h1").focus();
  };

  const isOpen = (one) => !read().passed[one.name] && !one.needs.length;
  // The first after this one that is left to do, or the first of all.
  function next(after = null) {
    const at = after ? all.indexOf(after) + 1 : 0;
    return all.slice(at).find(isOpen) ?? all.find(isOpen) ?? null;
  }

  function score() {
    const {passed} = read();
    return `${all.filter((one) => passed[one.name]).length} of ${all.length} done`;
  }
  function list() {
    const {passed} = read(), now = next();
    $(".done").textContent = score();
    const opened = new Set([...root.querySelectorAll("nav details[open]")].map((e) => e.dataset.name));
    $(".course nav").replaceChildren(...chapters.map((chapter) => {
      const part = document.createElement("details"), heading = document.createElement("summary");
      const ours = chapter.exercises, done = ours.filter((one) => passed[one.name]).length;
      const minutes = ours.reduce((sum, one) => sum + one.minutes, 0);
      part.dataset.name = chapter.name;
      part.open = opened.has(chapter.name) || ours.some((one) => one.name === current);
      heading.append(chapter.title, note(`${done}/${ours.length} · ${minutes} min`));
      const items = document.createElement("ol");
      items.append(...ours.map((one) => {
        const item = document.createElement("li"), link = document.createElement("a");
        link.href = `#learn?exercise=${one.name}`;
        if (one.name === current) link.setAttribute("aria-current", "page");
        const mark = document.createElement("span");
        mark.className = "mark";
        mark.textContent = passed[one.name] ? "✓" : one.name === now?.name ? "→" : "";
        mark.ariaHidden = "true";
        const unseen = passed[one.name] ? "done, " : one.needs.length ? "outside of the browser only, " : "";
        const why = document.createElement("span");
        why.className = "unseen";
        why.textContent = unseen;
        link.append(mark, why, one.title, note(one.needs.length ? "needs NumPy" : `${one.minutes} min`));
        item.append(link);
        return item;
      }));
      part.append(heading, items);
      return part;
    }));
    for (const link of root.querySelectorAll(".by-hand")) {
      if (current) link.removeAttribute("aria-current");
      else link.setAttribute("aria-current", "page");
    }
  }

  function note(words) {
    const span = document.createElement("span");
    span.className = "note";
    span.textContent = words;
    return span;
  }

  // An exercise that a teacher has written: it is there until another one is opened.
  async function own(file, source) {
    const one = await play.ask("lessons.task", {name: file, source});
    shown?.leave();
    current = file;
    shown = lesson(article, {...one, name: file, source, chapter: {title: file}}, play,
      {score, next: () => next(), changed: list});
    list();
    article.querySelector("h1").focus();
    return `${file} is open. After a reload open it again; what you write is kept.`;
  }

  let entered = false;
  let shown = null; // what stands in the article: {leave()}
  function update(state) {
    shown?.leave();
    if (state.level) {
      current = "";
      shown = hand(article, state, play);
    } else {
      const one = byName.get(state.exercise) ?? next() ?? all[0];
      current = one.name;
      shown = lesson(article, one, play, {
        score, next: () => next(one), changed: list, text: state.text,
        unknown: state.exercise && !byName.has(state.exercise) ? state.exercise : "",
      });
    }
    list();
    $(".course").open = wide.matches;
    if (entered) article.querySelector("h1").focus({preventScroll: !wide.matches});
    entered = true;
    document.querySelector(".course [aria-current]")?.scrollIntoView({block: "nearest"});
  }
  wide.addEventListener("change", () => { $(".course").open = wide.matches; });
  $(".course > summary").addEventListener("click", (event) => { if (wide.matches) event.preventDefault(); });
  addEventListener("storage", list);

  async function tell(words, f) {
    told.textContent = words;
    try {
      told.textContent = await f();
    } catch (error) {
      if (!(error instanceof play.Refusal)) throw error;
      told.textContent = error.message;
    }
  }
  $(".download").addEventListener("click", () => tell("Packing …", async () => {
    const ours = (some) => Object.fromEntries(Object.entries(some).filter(([name]) => byName.has(name)));
    const {texts, passed, hints, tries, begun} =
      Object.fromEntries(Object.entries(read()).map(([kind, some]) => [kind, ours(some)]));
    const zip = await play.ask("lessons.zipped", {texts, notes: {passed, hints, tries, begun}}, {seconds: 60});
    const link = document.createElement("a");
    link.href = `data:application/zip;base64,${zip}`;
    link.download = "course.zip";
    link.click();
    return "Unpack it, and in that folder go on with: tinygrad-edu learn";
  }));
  $(".bring").addEventListener("click", () => $("input[type=file]").click());
  $("input[type=file]").addEventListener("change", (event) => tell("Reading …", async () => {
    const [file] = event.target.files, bytes = new Uint8Array(await file.arrayBuffer());
    event.target.value = "";
    if (/\.py$/i.test(file.name)) return own(file.name, new TextDecoder().decode(bytes) || "\n"); // "" is one of ours
    const packed = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    const {texts, notes} = await play.ask("lessons.unzipped", {packed}, {seconds: 60});
    change((now) => {
      for (const [name, text] of Object.entries(texts)) {
        if (now.texts[name] !== undefined && now.texts[name] !== text) now.before[name] = now.texts[name];
        now.texts[name] = text;
      }
      for (const kind of Object.keys(notes)) Object.assign(now[kind], notes[kind]);
    });
    update({exercise: current});
    return `${Object.keys(texts).length} answers from ${file.name}` +
      (keeps() ? "" : "; this browser keeps nothing: download them before you leave");
  }));

  update(state);
  return {update};
}
