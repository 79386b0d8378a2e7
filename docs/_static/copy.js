// A button at each block of code, that copies what one types: without prompts, and without what Python answers.
"use strict";

function typed(text) {
  const lines = text.trimEnd().split("\n");
  const inputs = lines.filter((line) => /^(>>>|\.\.\.)( |$)/.test(line)).map((line) => line.slice(4));
  return (inputs.length ? inputs : lines).join("\n") + "\n";
}

function offer(pre) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "copy", textContent: "copy" });
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(typed(pre.textContent));
    button.textContent = "copied";
    setTimeout(() => (button.textContent = "copy"), 1500);
  });
  pre.parentNode.append(button);
}

document.addEventListener("DOMContentLoaded", () => {
  if (navigator.clipboard) document.querySelectorAll("div.highlight > pre").forEach(offer);
});
