// What every door makes its page of.

// Elements: el("p.note", {title: "…", onclick: f}, "text", child).  Text goes in as text, never as markup.
export function el(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const e = document.createElement(tag);
  if (classes.length) e.className = classes.join(" ");
  for (const [k, v] of Object.entries(attributes)) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (v === true || v === false) e.toggleAttribute(k, v);
    else if (v !== undefined) e.setAttribute(k, v);
  }
  e.append(...children);
  return e;
}

// A button that copies what `text()` returns, or a promise of it, and says so.
export function copier(words, text) {
  const button = el("button", {type: "button", onclick: async () => {
    let done = false;
    try {
      await navigator.clipboard.writeText(await text());
      done = true;
    } catch { /* no permission, or not over https */ }
    button.textContent = done ? "Copied" : "Not allowed here: select it and copy";
    setTimeout(() => { button.textContent = words; }, 2500);
  }}, words);
  return button;
}

// Tabs that the arrow keys go through: names and words in pairs; `choose(name)` is called when another is chosen.
export function tabs(label, pairs, panel, choose) {
  const list = el("div.tabs", {role: "tablist", "aria-label": label});
  const buttons = new Map(pairs.map(([name, words]) => [name, el("button", {type: "button", role: "tab",
    id: `tab-${name}`, "aria-controls": panel.id, onclick: () => show(name, true)}, words)]));
  panel.setAttribute("role", "tabpanel");
  function show(name, told = false) {
    for (const [n, b] of buttons) {
      b.setAttribute("aria-selected", n === name);
      b.tabIndex = n === name ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    if (told) choose(name);
  }
  list.addEventListener("keydown", (event) => {
    const names = [...buttons.keys()], at = names.findIndex((n) => buttons.get(n) === document.activeElement);
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1}[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const name = names[(to + names.length) % names.length];
    buttons.get(name).focus();
    show(name, true);
  });
  list.append(...buttons.values());
  return {list, show};
}
