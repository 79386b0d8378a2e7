// What pages of their own have in common: the button for the colours, the link to the controls, the address.
const $ = (id) => document.getElementById(id);

// Colours: the system's, until the button chooses others.
const system = matchMedia("(prefers-color-scheme: dark)");
const dark = () => ($("theme").dataset.chosen ?? (system.matches ? "dark" : "light")) === "dark";
function theme(chosen) {
  if (chosen) document.documentElement.style.colorScheme = $("theme").dataset.chosen = chosen;
  $("theme").setAttribute("aria-pressed", dark());
}
$("theme").onclick = () => theme(dark() ? "light" : "dark");
system.addEventListener("change", () => theme());
theme();

$("skip").onclick = (e) => {
  e.preventDefault(); // the address says which step is shown
  document.querySelector("[data-first]").focus();
};

// #step=12&training=3: a number of the address, if it is there.
function asked(word) {
  const found = new RegExp(`\\b${word}=(-?\\d+)`).exec(location.hash);
  return found ? Number(found[1]) : undefined;
}
function address(hash) { // a page inside a notebook has none of its own
  if (location.protocol !== "about:" && location.hash !== hash) history.replaceState(null, "", hash);
}
