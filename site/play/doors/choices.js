// The form of a training: data, network, learning.  What is typed goes to Python as it is, which says what is allowed.
import {numeral} from "./link.js";

export function choicesForm(choices, chosen) {
  const element = document.createElement("form");
  element.innerHTML = `
    <fieldset><legend>Data</legend>
      <label>set <select name="data"></select></label>
      <label>points <input type="text" inputmode="numeric" name="points"></label>
      <label>noise <input type="text" inputmode="decimal" name="noise"></label>
      <label title="a share of the points that nothing is learned from: is what was learned true of them too?">
        share to test on <input type="text" inputmode="decimal" name="held"></label>
    </fieldset>
    <fieldset><legend>Network</legend>
      <div class="layers" role="group" aria-label="Hidden layers"></div>
      <label>activation <select name="activation"></select></label>
      <label>first weights <select name="init"></select></label>
    </fieldset>
    <fieldset><legend>Learning</legend>
      <label class="whole">loss <select name="loss"></select></label>
      <label>optimizer <select name="optimizer"></select></label>
      <label>learning rate <input type="text" inputmode="decimal" name="lr"></label>
      <label title="how many points each step learns from">
        batch <input type="text" inputmode="numeric" name="batch"></label>
      <label title="how strongly weights are pulled to 0 at each step (L2)">
        weight decay <input type="text" inputmode="decimal" name="decay"></label>
      <label title="the same seed gives the same points, first weights and order">
        seed <input type="text" inputmode="numeric" name="seed"></label>
    </fieldset>
    <p class="note">Optimizer, learning rate, batch and decay may change while it trains,
      from the next epoch on; anything else begins anew.</p>`;
  const fields = element.elements, layers = element.querySelector(".layers");
  const fill = (name, pairs) => fields[name].replaceChildren(
    ...pairs.map(([value, title = value]) => new Option(title, value)));
  fill("data", choices.data);
  fill("activation", choices.activations.map((x) => [x]));
  fill("init", choices.inits.map((x) => [x]));
  fill("optimizer", choices.optimizers.map((x) => [x]));
  let settings = choices.settings;

  element.addEventListener("submit", (event) => event.preventDefault());
  element.addEventListener("change", ({target}) => {
    if (target.dataset.layer) layered(target.dataset.layer, numeral(target.value));
    else if (target.name) chosen({[target.name]: target.tagName === "SELECT" ? target.value : numeral(target.value)});
  });
  function layered(k, size) {
    chosen({layers: settings.layers.map((old, i) => (i === Number(k) ? size : old))});
  }
  function drawLayers() {
    const {layers: sizes} = settings, button = (text, name, layers) => {
      const b = Object.assign(document.createElement("button"), {type: "button", textContent: text});
      b.setAttribute("aria-label", name);
      b.addEventListener("click", () => {
        chosen({layers: layers()});
        element.querySelector(`[aria-label="${name}"]`)?.focus();
      });
      return b;
    };
    const fewer = button("−", "one layer fewer", () => settings.layers.slice(0, -1));
    const more = button("+", "one layer more", () => [...settings.layers, settings.layers.at(-1) ?? 4]);
    fewer.disabled = !sizes.length;
    more.disabled = sizes.length >= choices.limits.layers;
    more.title = `at most ${choices.limits.layers} layers`;
    const inputs = sizes.map((size, k) => {
      const input = Object.assign(document.createElement("input"),
        {type: "text", inputMode: "numeric", value: size, title: `1 to ${choices.limits.width} units`});
      input.dataset.layer = String(k);
      input.setAttribute("aria-label", `units of hidden layer ${k + 1}`);
      return input;
    });
    layers.replaceChildren("layers ", ...inputs, fewer, more);
  }
  return {
    element,
    // What goes with a data set: its noise, and a loss for its targets
    usual(name) {
      const [, , noise, targets] = choices.data.find(([known]) => known === name);
      const loss = choices.losses.find(([known]) => known === settings.loss);
      return {noise, loss: loss?.[2].includes(targets) ? settings.loss : ""};
    },
    fill(now) {
      const other = JSON.stringify(now.layers) !== JSON.stringify(settings.layers) || !layers.children.length;
      settings = now;
      const [, , , targets] = choices.data.find(([name]) => name === now.data) ?? [];
      const some = targets === "two classes" && now.data === "drawn" && now.drawn.some(([, , c]) => c > 1)
        ? "several classes" : targets;
      fill("loss", choices.losses.filter(([, , kinds]) => kinds.includes(some)));
      for (const name of ["data", "points", "noise", "held",
          "activation", "init", "loss", "optimizer", "lr", "batch", "decay", "seed"]) {
        if (fields[name].value !== String(now[name])) fields[name].value = now[name];
      }
      if (!now.loss) fields.loss.selectedIndex = 0;
      for (const name of ["points", "noise"]) fields[name].closest("label").hidden = now.data === "drawn";
      if (other) drawLayers();
    },
  };
}
