// A text area made good for a few lines of Python: numbers, colours, a marked line, Tab and Enter that indent.
//
// The colours are a copy of the text below a transparent text area, line by line in the same letters: what is typed is
// plain text in a plain field, which every browser, phone and screen reader knows.

const WORDS = "and as assert async await break class continue def del elif else except finally for from global if " +
  "import in is lambda nonlocal not or pass raise return try while with yield None True False self";
const STRINGS = [`"""[^]*?(?:"""|$)`, `'''[^]*?(?:'''|$)`,
  String.raw`"(?:\\.|[^"\\\n])*"?`, String.raw`'(?:\\.|[^'\\\n])*'?`];
const TOKENS = new RegExp([
  /(?<comment>#.*)/, new RegExp(`(?<string>[rfbRFB]{0,2}(?:${STRINGS.join("|")}))`),
  /(?<=\b(?:def|class) +)(?<name>\w+)/, new RegExp(`\\b(?<word>${WORDS.replaceAll(" ", "|")})\\b`),
  /\b(?<number>\d[\d_]*\.?\d*(?:e[+-]?\d+)?)/,
].map((part) => part.source).join("|"), "g");

// Lines of a program, each a list of [kind, text].
export function coloured(text) {
  const lines = [[]];
  const add = (kind, part) => part.split("\n").forEach((piece, i) => {
    if (i) lines.push([]);
    if (piece) lines.at(-1).push([kind, piece]);
  });
  let at = 0;
  for (const found of text.matchAll(TOKENS)) {
    const [kind] = Object.entries(found.groups).find(([, part]) => part !== undefined);
    add("", text.slice(at, found.index));
    add(kind, found[0]);
    at = found.index + found[0].length;
  }
  add("", text.slice(at));
  return lines;
}

// The same as elements: a block for each line, numbered from `first`.
export function shown(text, first = 1, marked = 0) {
  return coloured(text).map((parts, i) => {
    const line = document.createElement("span");
    line.className = `code-line${first + i === marked ? " marked" : ""}`;
    line.dataset.n = first + i;
    line.append(...(parts.length ? parts : [["", "\u200b"]]).map(([kind, part]) => {
      const span = document.createElement("span");
      span.className = kind;
      span.textContent = part;
      return span;
    }));
    return line;
  });
}

export function editor(root, {label, help, onInput, onCheck}) {
  root.classList.add("code", "editor");
  const below = document.createElement("div"), field = document.createElement("textarea");
  below.className = "paint";
  below.ariaHidden = "true";
  Object.assign(field, {spellcheck: false, wrap: "soft", ariaLabel: label});
  for (const name of ["autocapitalize", "autocomplete", "autocorrect"]) field.setAttribute(name, "off");
  field.setAttribute("aria-describedby", help);
  root.replaceChildren(below, field);
  let first = 1, marked = 0, leaving = false;

  const draw = () => below.replaceChildren(...shown(field.value, first, marked));
  const insert = (text) => { // as if it were typed, so that it can be undone
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input"));
    }
  };
  const begun = (at) => field.value.lastIndexOf("\n", at - 1) + 1;

  function shift(back) { // all lines that are selected
    const {selectionStart: from, selectionEnd: to} = field, start = begun(from);
    const old = field.value.slice(start, to);
    const fresh = old.replace(/^.*/gm, (line) => back ? line.replace(/^ {1,4}|^\t/, "") : line && `    ${line}`);
    if (fresh === old) return;
    field.setSelectionRange(start, to);
    insert(fresh);
    const end = start + fresh.length;
    field.setSelectionRange(from === to ? end : start, end);
  }

  field.addEventListener("keydown", (event) => {
    const {key} = event, {selectionStart: from, selectionEnd: to, value} = field;
    const free = leaving;
    leaving = key === "Escape" || (leaving && key === "Shift");
    if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onCheck();
    } else if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
      return;
    } else if (key === "Tab" && !free) {
      event.preventDefault();
      if (event.shiftKey || value.slice(from, to).includes("\n")) shift(event.shiftKey);
      else insert(" ".repeat(4 - (from - begun(from)) % 4));
    } else if (key === "Enter") {
      event.preventDefault();
      const line = value.slice(begun(from), from), indent = line.match(/^[ \t]*/)[0];
      insert(`\n${indent}${/:\s*(#.*)?$/.test(line) ? "    " : ""}`);
    } else if (key === "Backspace" && from === to && /^ +$/.test(value.slice(begun(from), from))) {
      event.preventDefault();
      field.setSelectionRange(from - ((from - begun(from) - 1) % 4 + 1), from);
      document.execCommand("delete");
    }
  });
  field.addEventListener("input", () => {
    marked = 0;
    draw();
    onInput(field.value);
  });
  return {
    field,
    show(text, number = 1) {
      [field.value, first, marked] = [text, number, 0];
      field.style.setProperty("--digits", String(number + text.split("\n").length).length);
      draw();
    },
    go(line) { // to the beginning of what is in it
      const before = field.value.split("\n").slice(0, line - first);
      const at = before.reduce((sum, {length}) => sum + length + 1, 0);
      field.setSelectionRange(at, at);
      field.focus();
      below.children[line - first]?.scrollIntoView({block: "center"});
    },
    mark(line) {
      marked = line;
      draw();
    },
  };
}
