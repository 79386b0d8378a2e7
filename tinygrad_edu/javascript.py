"""What JavaScript keeps for itself, and what its Math lacks, in JavaScript: definitions for `languages`,
each a row of `ops` or what one is written with.
"""

from __future__ import annotations

# What no name in a program may be called.
WORDS = frozenset(
    "abstract arguments await boolean byte case catch char class const continue debugger default delete do double "
    "else enum eval export extends false final finally float for function goto if implements import in instanceof "
    "int interface let long native new null package private protected public return short static super switch "
    "synchronized this throw throws transient true try typeof var void volatile while with yield undefined "
    "Math NaN Infinity isFinite".split()
)

LACKING = {
    "power": "const power = (a, b) => a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : Math.pow(a, b);",
    "greater": "const greater = (a, b) => a > b ? 1 : a <= b ? 0 : NaN;",
    "logsumexp": """const logsumexp = (...xs) => {
  const top = Math.max(...xs);
  return isFinite(top) ? top + Math.log(xs.reduce((sum, x) => sum + Math.exp(x - top), 0)) : top;
};""",
    # Abramowitz and Stegun: 7.1.5, the Taylor series, below 2; 7.1.14, the continued fraction, above.
    "erf": """const erf = (x) => {
  if (Math.abs(x) > 2) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let term = x, sum = x;
  for (let n = 1; n < 60; n++) { term *= -x * x / n; sum += term / (2 * n + 1); }
  return 2 / Math.sqrt(Math.PI) * sum;
};""",
    "erfc": """function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  if (x < 2) return 1 - erf(x);
  let f = 0;
  for (let n = 150; n > 0; n--) f = n / 2 / (x + f);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + f);
}""",
    "erfinv": """const erfinv = (x) => {
  const a = Math.abs(x), l = Math.log1p(-a * a), w = 2 / (Math.PI * 0.147) + l / 2;
  if (!(a > 0 && a < 1)) return a === 0 ? x : x / (1 - a) / 0;
  let y = a > 0.1 ? Math.sqrt(Math.sqrt(w * w - l / 0.147) - w) : a * Math.sqrt(Math.PI) / 2;
  for (let n = 0; n < 3; n++) {
    const off = (a < 0.5 ? erf(y) - a : 1 - a - erfc(y)) / (2 / Math.sqrt(Math.PI) * Math.exp(-y * y));
    y -= off / (1 + y * off);
  }
  return x < 0 ? -y : y;
};""",
    # As in ieee.py, without its care near 1 and 2.
    "lgamma": """const lgamma = (x) => {
  if (x === -Infinity || (x <= 0 && x === Math.floor(x))) return Infinity;
  if (x < 0) return -Math.log(Math.abs(Math.sin(Math.PI * (x - Math.round(x)))) / Math.PI) - lgamma(1 - x);
  let p = 1;
  for (; x < 10; x++) p *= x;
  const t = 1 / (x * x);
  const series = 1 / 12 - t * (1 / 360 - t * (1 / 1260 - t * (1 / 1680 - t * (1 / 1188 - t * 691 / 360360))));
  return (x - 0.5) * (Math.log(x) - 1) + 0.4189385332046727 + series / x - Math.log(p);
};""",
    "digamma": """const digamma = (x) => {
  if (x === 0) return -1 / x;
  if (x === -Infinity || (x < 0 && x === Math.floor(x))) return NaN;
  if (x < 0) return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  let sum = 0;
  for (; x < 10; x++) sum -= 1 / x;
  const t = 1 / (x * x);
  const series = t * (1 / 12 - t * (1 / 120 - t * (1 / 252 - t * (1 / 240 - t * (1 / 132 - t * 691 / 32760)))));
  return sum + (Math.log(x) - 0.5 / x - series);
};""",
    "polygamma": """const polygamma = (n, x) => {
  if (n === 0) return digamma(x);
  const s = n + 1, sign = n % 2 ? 1 : -1, factorial = [...Array(n)].reduce((f, _, k) => f * (k + 1), 1);
  const zeta = (x) => {
    let sum = 0;
    for (; x < 16 + s; x++) sum += x ** -s;
    let term = s * x ** (-s - 1), k = s;
    sum += x ** (1 - s) / (s - 1) + x ** -s / 2;
    for (const b of [1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160]) {
      sum += b * term;
      term *= (k + 1) / x * (k + 2) / x;
      k += 2;
    }
    return sum;
  };
  if (!(x <= 0)) return sign * factorial * zeta(x);
  const r = x - Math.round(x);
  if (r === 0) return n % 2 ? Infinity : NaN;
  return sign * factorial * (r ** -s + zeta(1 + r) + sign * (zeta(1 - r) - zeta(1 - x)));
};""",
    "round": """const round = (x) => {
  const y = Math.round(x);
  return Math.abs(x % 1) === 0.5 && y % 2 !== 0 ? y - 1 : y;
};""",
    "mod": """const mod = (a, b) => {
  const r = a % b;
  return r !== 0 && (r < 0) !== (b < 0) ? r + b : r;
};""",
    "floor_divide": """const floor_divide = (a, b) => {
  if (Math.abs(b) === Infinity && isFinite(a)) return a !== 0 && (a < 0) !== (b < 0) ? -1 : 0;
  return b === 0 ? a / b : Math.round((a - mod(a, b)) / b);
};""",
}
