// A drawing of our package whose cards can be chosen: with the mouse, or with one Tab and then the arrow keys.
import {el} from "../dom.js";

export function picture(seen, of, choose) {
  const box = el("div.drawing");
  box.innerHTML = seen.svg;
  const svg = box.firstElementChild;
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", "The graph: a card for each value, with its gradient");
  svg.style.minWidth = `${Math.min(svg.width.baseVal.value, 0.77 * seen.width)}px`;
  const cards = [...svg.querySelectorAll("g.value")].filter((g) => seen.cards[g.id]);
  const chosen = Math.max(0, cards.findIndex((g) => seen.cards[g.id] === of));
  cards.forEach((g, i) => {
    const name = seen.cards[g.id];
    g.setAttribute("role", "button");
    const said = [...g.querySelectorAll("text")].map((text) => text.textContent).join(" ");
    g.setAttribute("aria-label", `${said}, called ${name}: explain its gradient`);
    g.setAttribute("aria-pressed", name === of);
    g.setAttribute("tabindex", i === chosen ? 0 : -1);
    g.addEventListener("click", () => choose(name));
    g.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(name);
      }
      const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
      if (!step) return;
      event.preventDefault();
      const next = cards[(i + step + cards.length) % cards.length];
      g.setAttribute("tabindex", -1);
      next.setAttribute("tabindex", 0);
      next.focus();
    });
  });
  return box;
}
