// Gradients by hand: an expression of a level, its graph, and a field for every number that is to be found.
import {reachable} from "./lesson.js";

const LEVELS = 5;

export function hand(root, {level, seed}, play) {
  const drawn = Number.isSafeInteger(Number(seed)) && Number(seed); // what a link says, if it can be said again
  const now = {level: Math.min(LEVELS, Math.max(1, Math.round(level) || 1)), seed: drawn || fresh()};
  root.innerHTML = `
    <h1 tabindex="-1">Gradients by hand</h1>
    <p>Fill in the values, then the gradients, from the end to the beginning. A number will do, or a product such as
      2 * -3; in a gradient names as well, d * c, and gradients that you have found, dL/dd * 3.</p>
    <div class="bar">
      <label>Level <select>${[1, 2, 3, 4, 5].map((n) => `<option>${n}</option>`).join("")}</select></label>
      <button class="another" type="button">Another one</button>
    </div>
    <p class="note" role="status"></p><pre class="given"></pre>
    <div class="scroll picture"></div><ol class="blanks"></ol>`;
  const $ = (selector) => root.querySelector(selector);
  let found = [], gone = false;
  $("select").value = now.level;

  // The answer; null, and what is wrong is said, if a person can do something about it.
  async function ask(name, more, say) {
    try {
      return await play.ask(`lessons.${name}`, {level: now.level, seed: now.seed, ...more});
    } catch (error) {
      if (!(error instanceof play.Refusal)) throw error;
      say.textContent = error.message;
      return null;
    }
  }

  async function begin() {
    const mine = {...now};
    play.keep(now);
    $(".note").textContent = "Drawing …";
    found = [];
    const puzzle = await ask("puzzle", {}, $(".note"));
    if (!puzzle || gone || mine.seed !== now.seed || mine.level !== now.level) return;
    const {given, steps, blanks, svg} = puzzle;
    $(".note").textContent = "";
    $(".given").textContent = [given.join(", "), "", ...steps].join("\n");
    $(".picture").innerHTML = svg;
    reachable(root);
    $(".blanks").replaceChildren(...blanks.map((name) => blank(name)));
  }

  function blank(name) {
    const item = document.createElement("li");
    item.innerHTML = `<form><label><code></code> <input type="text" autocomplete="off" spellcheck="false"
        autocapitalize="off"></label> <button type="submit">Check</button>
      <button class="hint" type="button">Hint</button>
      </form><div class="said" role="status"></div>`;
    const [form, label, field, told] = ["form", "code", "input", ".said"].map((part) => item.querySelector(part));
    label.textContent = name;
    let hints = 0;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!field.value.trim()) return;
      const marked = await ask("solved", {name, answer: field.value}, told);
      item.classList.toggle("right", Boolean(marked?.right));
      if (!marked) return;
      told.innerHTML = marked.said;
      if (!marked.right) return;
      found = [...new Set([...found, name])];
      const left = [...root.querySelectorAll(".blanks li:not(.right) input")];
      left[0]?.focus();
      if (!left.length) $(".note").textContent = "All of them are right.";
      const puzzle = await ask("puzzle", {found}, told);
      if (puzzle && !gone) $(".picture").innerHTML = puzzle.svg;
    });
    form.querySelector(".hint").addEventListener("click", async () => {
      hints = Math.min(2, hints + 1);
      const words = await ask("hint", {name, more: hints}, told);
      if (words) told.textContent = words;
    });
    return item;
  }

  function fresh() { return 1 + Math.floor(Math.random() * 9999); }
  $(".another").addEventListener("click", () => {
    now.seed = fresh();
    begin();
  });
  $("select").addEventListener("change", () => {
    [now.level, now.seed] = [Number($("select").value), fresh()];
    begin();
  });
  begin();
  return {leave() { gone = true; }};
}
