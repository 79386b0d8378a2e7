// What the pages of this package have in common: how numbers are written, how elements are made, how programs run.
// A classic script: these functions are global, and change nothing but what they are given.

// All digits of a whole number, else about four, as `words.brief` has it; exact halves go to the even digit, as there.
function short(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  if (Number.isInteger(x) && Math.abs(x) < 1e9) return String(x + 0);
  const half = /^(-?\d\.\d\d[02468])50*(e.*)$/.exec(x.toExponential(60));
  const y = half ? Number(half[1] + half[2]) : Number(x.toPrecision(4));
  const size = Math.abs(y);
  return size >= 1e6 || size < 1e-4 ? y.toExponential().replace("e+", "e")
    : Math.abs(x) >= 1e4 ? x.toFixed(0) : String(y);
}
// As an operand: a negative number beside an operation needs parentheses.
const signed = (x) => (x < 0 || Object.is(x, -0) ? `(${short(x)})` : short(x));

// Elements: el("p.note", {title: "…"}, "text", child).  Text goes in as text, never as markup.
const DRAWN = new Set("svg g rect circle path line polyline text tspan defs marker clipPath title image".split(" "));
function el(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const e = DRAWN.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  if (classes.length) e.setAttribute("class", classes.join(" "));
  for (const [k, v] of Object.entries(attributes)) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else e.setAttribute(k, v);
  }
  e.append(...children);
  return e;
}
// What stays the same is not touched: a step of a large graph changes few of its elements.
const put = (e, k, text) => { if (e.getAttribute(k) !== text) e.setAttribute(k, text); };
const numeral = (x) => el("b", {title: x}, short(x));

// A program: after what is given come constants, then steps, each a row and the places of its inputs.  What is given is
// numbers, or Float64Arrays of one number for each lane (a point of a grid, a sample): then what depends on those is
// too.  `rows` are functions of numbers, or the words "sum" and "dot", which add up from left to right, as we do.
function runProgram(rows, {constants, steps, outputs}, given) {
  const v = [...given, ...constants];
  for (const [row, ...places] of steps) v.push(runStep(rows[row], places.map((i) => v[i])));
  return outputs.map((i) => v[i]);
}
function runStep(row, xs) {
  const lanes = xs.find((x) => typeof x !== "number")?.length;
  if (row === "sum" || row === "dot") return added(row, xs, lanes);
  if (lanes === undefined) return row(...xs);
  const y = new Float64Array(lanes), [a, b] = xs;
  if (xs.length === 1) for (let l = 0; l < lanes; l++) y[l] = row(a[l]);
  else if (xs.length > 2)
    for (let l = 0; l < lanes; l++)
        y[l] = row(...xs.map((x) => (typeof x === "number" ? x : x[l])));
  else if (typeof a === "number") for (let l = 0; l < lanes; l++) y[l] = row(a, b[l]);
  else if (typeof b === "number") for (let l = 0; l < lanes; l++) y[l] = row(a[l], b);
  else for (let l = 0; l < lanes; l++) y[l] = row(a[l], b[l]);
  return y;
}
// x0 + x1 + ..., or x0 * x[n] + x1 * x[n + 1] + ..., where one more at the end is the bias, which comes first.
function added(row, xs, lanes) {
  const n = row === "sum" ? xs.length : xs.length >> 1, odd = row === "dot" && xs.length % 2 ? xs[2 * n] : undefined;
  const from = odd === undefined ? 1 : 0; // the first product begins, unless there is a bias
  if (lanes === undefined) {
    let total = odd ?? (row === "sum" ? xs[0] : xs[0] * xs[n]);
    for (let k = from; k < n; k++) total += row === "sum" ? xs[k] : xs[k] * xs[k + n];
    return total;
  }
  const y = new Float64Array(lanes), each = (x) => (typeof x === "number" ? new Float64Array(lanes).fill(x) : x);
  const product = (k, add) => {
    let a = xs[k], b = row === "sum" ? 1 : xs[k + n];
    if (typeof a === "number") [a, b] = [b, a];
    if (typeof a === "number") { a = a * b; for (let l = 0; l < lanes; l++) y[l] = add ? y[l] + a : a; }
    else if (typeof b === "number") for (let l = 0; l < lanes; l++) y[l] = add ? y[l] + a[l] * b : a[l] * b;
    else for (let l = 0; l < lanes; l++) y[l] = add ? y[l] + a[l] * b[l] : a[l] * b[l];
  };
  if (odd === undefined) product(0, false);
  else y.set(each(odd));
  for (let k = from; k < n; k++) product(k, true);
  return y;
}
