// Look: an expression, its graph, its gradients explained.
export function open(root, state, play) {
  root.innerHTML = `
    <h1>Why is this gradient what it is?</h1>
    <form><input type="text" name="expression" aria-label="Expression" size="60"><button class="main">Look</button></form>
    <p class="wrong" role="alert"></p><div class="graph"></div><pre class="told"></pre>`;
  const form = root.querySelector("form"), wrong = root.querySelector(".wrong");
  const fill = ({svg, told}) => {
    root.querySelector(".graph").innerHTML = svg;
    root.querySelector(".told").textContent = told;
  };
  async function look() {
    const expression = form.elements.expression.value;
    play.keep({e: expression});
    try {
      const {names} = await play.ask("look.read", {expression});
      const numbers = Object.fromEntries(names.map((n, i) => [n, i + 1]));
      const {svg} = await play.ask("look.graph", {expression, numbers});
      fill({svg, told: await play.ask("look.explanation", {expression, numbers})});
      wrong.textContent = "";
    } catch (error) {
      if (!(error instanceof play.Refusal)) throw error;
      wrong.textContent = error.message;
    }
  }
  form.addEventListener("submit", (event) => { event.preventDefault(); look(); });
  const update = ({e}) => {
    form.elements.expression.value = e ?? play.first.expression;
    if (e) look();
    else fill(play.first);
  };
  update(state);
  return {update};
}
