// The settings of a training as the address has them, and back: what is as usual is left out.
const SHORT = {data: "d", points: "n", noise: "noise", held: "test", layers: "layers", activation: "act", init: "init",
  loss: "loss", optimizer: "opt", lr: "lr", batch: "batch", decay: "decay", seed: "seed", drawn: "p"};
const LISTS = ["layers", "drawn"], WORDS = ["data", "activation", "init", "loss", "optimizer"];

export function linked(settings, usual) {
  const found = {};
  for (const [name, short] of Object.entries(SHORT)) {
    if (JSON.stringify(settings[name]) === JSON.stringify(usual[name])) continue;
    if (name === "layers") found[short] = settings.layers.join("-") || "none";
    else if (name !== "drawn") found[short] = String(settings[name]);
    else if (settings.data === "drawn") found[short] = packed(settings.drawn);
  }
  return found;
}
// What is no number stays a word: Python says what is allowed.
export function settingsOf(state, usual) {
  const found = {...usual};
  for (const [name, short] of Object.entries(SHORT)) {
    if (!(short in state)) continue;
    const text = state[short];
    if (name === "layers") found.layers = text === "none" ? [] : text.split("-").map(numeral);
    else if (name === "drawn") found.drawn = unpacked(text);
    else found[name] = WORDS.includes(name) ? text : numeral(text);
  }
  return found;
}
export const numeral = (text) => (String(text).trim() && Number.isFinite(Number(text)) ? Number(text) : text);

// Points as whole hundredths: x.y.class_x.y.class
const whole = (x) => (typeof x === "number" ? Math.round(100 * x) : x ?? "");
const packed = (points) => points.map(([x, y, c]) => `${whole(x)}.${whole(y)}.${c ?? ""}`).join("_");
const unpacked = (text) => text.split("_").filter(Boolean).map((point) => {
  const [x, y, c] = point.split(".").map(numeral);
  return [typeof x === "number" ? x / 100 : x, typeof y === "number" ? y / 100 : y, c];
});
