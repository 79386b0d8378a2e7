// One exercise: what is to be done, the editor, the verdict of the checker, hints, and our solution.
import {editor, shown} from "./editor.js";
import {change, keeps, read, today} from "./notes.js";

const HELP = "Ctrl-Enter checks. Tab sets in; after Escape it goes on to the buttons.";
const LATE = (seconds) => `No answer after ${seconds} seconds: is there a loop that never ends? ` +
  "Python was stopped and begins anew.";
const DEEP = "The function calls itself without an end, or too deeply for Python; a loop with a list of what is " +
  "still to be done has no such limit. Python itself has crashed with it, and begins anew.";
const DIED = "Python itself has crashed, or was ended: what in your lines reaches beyond Python? It begins anew.";
const ALONE = "This one needs NumPy, and is checked outside of the browser only: pip install " +
  "\"tinygrad-edu[numpy]\", then tinygrad-edu learn start course. Read it here, or download your answers and " +
  "go on there.";

const make = (name, words = "", kind = "") => {
  const element = document.createElement(name);
  element.textContent = words;
  if (kind) element.className = kind;
  return element;
};

// What is wider than the screen is scrolled by keyboard, too.
export function reachable(root) {
  for (const part of root.querySelectorAll(".scroll, pre")) {
    if (part.scrollWidth <= part.clientWidth) continue;
    Object.assign(part, {tabIndex: 0, role: "group", ariaLabel: "wider than the screen"});
  }
}

// The words of a task: paragraphs, lists of "- ", and lines that are set in, as they are.
function paragraphs(words) {
  return words.split(/\n\n+/).map((part) => {
    const lines = part.split("\n");
    if (lines.every((line) => line.startsWith("  "))) {
      const least = Math.min(...lines.map((line) => line.match(/^ */)[0].length));
      if (!lines.some((line) => line.trim().startsWith("- "))) {
        return make("pre", lines.map((line) => line.slice(least)).join("\n"));
      }
    }
    if (lines[0].trim().startsWith("- ")) {
      const list = make("ul");
      list.append(...part.trim().replace(/^- /, "").split(/\n *- /).map((item) => inline(make("li"), item)));
      return list;
    }
    if (lines.some((line) => line.startsWith("    "))) return make("pre", part);
    return inline(make("p"), part);
  });
}

function inline(element, words) { // `code` between backticks
  element.append(...words.replace(/\s*\n\s*/g, " ").split("`").map((part, i) => i % 2 ? make("code", part) : part));
  return element;
}

// `one` is as `lessons.task` has it, with its chapter; one that is none of ours has its `source`, too.
export function lesson(root, one, play, {score, next, changed, text: sent, unknown}) {
  const lines = one.starter.split("\n"), head = lines.slice(0, one.head).join("\n") + "\n";
  root.innerHTML = `
    <p class="where note"></p><h1 tabindex="-1"></h1><div class="words"></div><p class="aside note"></p>
    <div></div><p class="note" id="learn-help">${HELP}</p>
    <div class="bar">
      <button class="main check" type="button">Check</button><button class="stop" type="button" hidden>Stop</button>
      <button class="hint" type="button"></button><button class="solve" type="button">Solution</button>
      <button class="reset" type="button">Start over</button>
      <button class="back" type="button">Bring back my text</button>
      <button class="send" type="button">Link with my text</button>
    </div>
    <div class="verdict"></div><div class="hints"></div><div class="ours"></div>`;
  const $ = (selector) => root.querySelector(selector), verdict = $(".verdict");
  const {chapter} = one;
  $(".where").textContent = one.source ? chapter.title
    : `${chapter.title} · ${one.place} of ${chapter.exercises.length} · ${one.minutes} minutes`;
  $("h1").textContent = one.title;
  $(".words").append(...paragraphs(one.words));
  const label = `Your code: ${one.title}`;
  const code = editor($(".words ~ div"), {label, help: "learn-help", onInput, onCheck: check});
  let ready = false, busy = false, gone = false, stopped = false, timer = 0, first = 0;
  const unlisten = play.listen((now) => { if (now.ready !== undefined) ready = Boolean(now.ready); });

  const mine = () => read().texts[one.name] ?? one.starter;
  function show(text) {
    const isWhole = !text.startsWith(head); // its task was changed: all of the file is shown
    first = isWhole ? 0 : one.head;
    code.show(isWhole ? text : text.slice(head.length), first + 1);
    buttons();
  }
  const whole = () => (first ? head : "") + code.field.value;

  function keep(text) {
    change((now) => {
      if (text === one.starter) delete now.texts[one.name];
      else now.texts[one.name] = text;
    });
  }
  function onInput() {
    clearTimeout(timer);
    timer = setTimeout(save, 300);
    play.keep({exercise: one.name});
    buttons();
  }
  function save() {
    clearTimeout(timer);
    timer = 0;
    keep(whole());
  }
  function aside(text) { // put the present text away, and show another
    const old = whole();
    change((now) => {
      if (old === one.starter) delete now.before[one.name];
      else now.before[one.name] = old;
    });
    show(text);
    save();
    clear();
    buttons();
  }
  function buttons() {
    const {before, hints} = read(), level = hints[one.name] ?? 0, isNew = whole() === one.starter;
    $(".hint").textContent = level ? `Hint ${level + 1} of ${one.hints.length}` : "A hint";
    $(".hint").hidden = level >= one.hints.length;
    $(".reset").hidden = isNew;
    $(".back").hidden = before[one.name] === undefined || before[one.name] === whole();
    $(".send").hidden = isNew || Boolean(one.source);
  }
  function hints() {
    const level = read().hints[one.name] ?? 0;
    if (!level) return;
    const box = make("div", "", "box"), list = make("ol"); // an idea, a formula, the lines themselves
    list.append(...one.hints.slice(0, level).map((words, i) => {
      const item = make("li");
      if (i === 2) item.append(make("pre", words));
      return i === 2 ? item : inline(item, words);
    }));
    box.append(make("h2", level > 1 ? "Hints" : "A hint"), list);
    $(".hints").replaceChildren(box);
  }
  function clear() {
    verdict.replaceChildren();
    $(".ours").replaceChildren();
  }

  function wait(is) {
    busy = is;
    $(".check").ariaDisabled = String(is); // it keeps the focus, which a disabled one would lose
    $(".stop").hidden = !is;
    if (is) {
      const words = ready ? "Checking …" : "Python is still coming: your answer waits for it.";
      const long = one.seconds > 60 ? " If its parts are right, all of it runs: that may take a minute." : "";
      verdict.replaceChildren(make("p", words + long, "note"));
    }
  }

  async function check() {
    if (busy || gone) return;
    save();
    clear();
    const now = read(), tries = now.tries[one.name] ?? 0, text = whole();
    const value = one.engine && now.passed.value ? now.texts.value ?? "" : "";
    change((kept) => {
      kept.begun[one.name] ??= today();
      kept.tries[one.name] = tries + 1;
    });
    stopped = false;
    wait(true);
    try {
      const given = {name: one.name, text, value, seed: tries, source: one.source};
      const found = await play.ask("lessons.check", given, {seconds: one.seconds, late: LATE(one.seconds)});
      if (found.right) change((kept) => { kept.passed[one.name] ??= today(); });
      if (!gone) tell(found);
      changed();
    } catch (error) {
      if (!gone) fail(error);
    } finally {
      if (!gone) wait(false);
      if (!gone) buttons();
    }
  }

  function fail(error) {
    const box = make("div", "", "box remark");
    if (error instanceof play.Ended) box.append(make("p", error.deep ? DEEP : DIED));
    else if (error instanceof play.Refusal) box.append(make("p", stopped ? "Stopped." : error.message));
    else { // a fault of ours, which the frame shows
      verdict.replaceChildren();
      throw error;
    }
    verdict.replaceChildren(box);
    play.say(box.textContent);
  }

  function remark({said, svg, line}) {
    const box = make("div", "", "box remark");
    box.innerHTML = said; // of our package, which has put what is the learner's into it as text
    for (const p of box.querySelectorAll("p, dd")) {
      if (!p.children.length) p.replaceChildren(...inline(make("p"), p.textContent).childNodes);
    }
    for (const table of box.querySelectorAll("table")) {
      const scroll = make("div", "", "scroll");
      table.replaceWith(scroll);
      scroll.append(table);
    }
    if (svg) {
      const picture = make("div", "", "scroll");
      picture.innerHTML = svg;
      box.append(picture);
    }
    if (line > first) {
      const go = make("button", `Go to line ${line}`);
      go.type = "button";
      go.addEventListener("click", () => code.go(line));
      box.append(go);
    }
    return box;
  }

  function tell({right, missing, printed, remarks}) {
    const parts = [];
    if (printed.trim()) {
      const box = make("div", "", "box printed");
      box.append(make("h2", "Your code printed"), make("pre", printed.trimEnd()));
      parts.push(box);
    }
    if (missing) parts.unshift(make("p", ALONE, "box"));
    else if (right) parts.unshift(done());
    else {
      const [now, ...others] = remarks;
      code.mark(now.line);
      parts.unshift(remark(now));
      if (others.length) {
        const more = make("details");
        more.append(make("summary", "There is more to mend, but first this"), ...others.map(remark));
        parts.splice(1, 0, more);
      }
      if (one.engine && !read().passed.value) parts.push(make("p", OURS, "note"));
    }
    verdict.replaceChildren(...parts);
    reachable(verdict);
    const [head, likely] = [parts[0].querySelector("p") ?? parts[0], parts[0].querySelector("dd")];
    play.say(`${head.textContent} ${likely?.textContent ?? ""}`);
    verdict.scrollIntoView({block: "nearest", behavior: "instant"});
  }

  function done() {
    const box = make("div", "", "box right"), follow = next();
    box.append(make("h2", "Right."), make("p", `${score()}.`));
    const bar = make("div", "", "bar");
    if (follow && follow !== one) {
      const link = make("a", `Next: ${follow.title}`, "button main");
      link.href = `#learn?exercise=${follow.name}`;
      bar.append(link);
    } else if (!follow) box.append(make("p", "These were all. You have written backpropagation yourself."));
    const ours = make("button", "How we would have written it");
    ours.type = "button";
    ours.addEventListener("click", solve);
    bar.append(ours);
    box.append(bar);
    return box;
  }

  async function solve() {
    const place = $(".ours"), box = make("div", "", "box");
    if (!read().passed[one.name]) {
      box.append(make("p", "It is not right yet; a hint may be enough."));
      const really = make("button", "Show it all the same");
      really.type = "button";
      really.addEventListener("click", reveal);
      box.append(really);
      place.replaceChildren(box);
      really.focus();
    } else await reveal();
  }
  async function reveal() {
    const box = make("div", "", "box"), listing = make("div", "", "code");
    box.append(make("h2", "Our solution"), listing);
    listing.append(make("p", "Python is still coming …", "note"));
    $(".ours").replaceChildren(box);
    const text = await play.ask("lessons.solution", {name: one.name, source: one.source});
    listing.replaceChildren(...shown(text.slice(head.length).trimEnd(), one.head + 1));
    box.tabIndex = -1;
    box.focus();
  }

  $(".check").addEventListener("click", check);
  $(".stop").addEventListener("click", () => {
    stopped = true;
    play.stop();
  });
  $(".hint").addEventListener("click", () => {
    change((now) => { now.hints[one.name] = Math.min((now.hints[one.name] ?? 0) + 1, one.hints.length); });
    hints();
    buttons();
    const fresh = $(".hints li:last-child");
    play.say(fresh.textContent);
    fresh.scrollIntoView({block: "nearest"});
    if ($(".hint").hidden) $(".check").focus();
  });
  $(".solve").addEventListener("click", solve);
  $(".reset").addEventListener("click", () => {
    change((now) => { delete now.passed[one.name]; });
    aside(one.starter);
    changed();
    code.field.focus();
  });
  $(".back").addEventListener("click", () => {
    aside(read().before[one.name]);
    code.field.focus();
  });
  $(".send").addEventListener("click", async () => {
    play.keep({exercise: one.name, text: whole()});
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    $(".send").textContent = copied ? "Copied" : "It is in the address bar";
    setTimeout(() => { $(".send").textContent = "Link with my text"; }, 2000);
  });
  addEventListener("storage", elsewhere);
  function elsewhere() { // written in another tab, which has the keyboard: nothing older is to be kept over it
    if (!timer && !document.hasFocus() && mine() !== whole()) show(mine());
  }
  addEventListener("pagehide", flush);
  function flush() { if (timer) save(); }

  const asides = [];
  if (unknown) asides.push(/\.py$/i.test(unknown) ? `${unknown} was opened from a file: open it again.`
    : `There is no exercise ${unknown}; this is the next one for you.`);
  if (one.needs.length) asides.push(ALONE);
  if (one.engine) asides.push(OWN);
  if (!keeps()) asides.push("This browser keeps nothing: download your answers before you leave.");
  show(mine());
  if (sent !== undefined && sent !== whole()) {
    aside(sent);
    asides.push("This text came with the link; your own can be brought back.");
  }
  reachable(root);
  $(".aside").textContent = asides.join(" ");
  hints();
  if (sent === undefined) play.keep({exercise: one.name});
  return {
    leave() {
      flush();
      gone = true;
      unlisten();
      removeEventListener("storage", elsewhere);
      removeEventListener("pagehide", flush);
    },
  };
}

const OWN = "It runs on your own Value, the one that you wrote in the exercise “Value, all of it”; until that " +
  "one is right, on ours.";
const OURS = "This was checked with our Value, since your own is not right yet.";
