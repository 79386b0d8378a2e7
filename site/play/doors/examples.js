// Formulas to begin with: what each shows, the formula, its numbers, and the name whose gradient is explained first.
export const EXAMPLES = [
  ["A neuron", "o = tanh(x1*w1 + x2*w2 + b)", {x1: 2, w1: -3, x2: 0, w2: 1, b: 6.881373587019543}, "w1"],
  ["A chain: slopes are multiplied", "y = exp(sin(x**2))", {x: 0.8}, "x"],
  ["Used twice: gradients add", "L = (tanh(w*x + b) - y)**2 + lam*w**2", {w: -0.5, x: 2, b: 0.8, y: 1, lam: 0.1}, "w"],
  ["A way around: the residual step", "h = x + tanh(w*x); L = h**2", {x: 0.5, w: 6}, "x"],
  ["Where the order matters", "h = x**2; L = h + h**2", {x: 2}, "x"],
  ["Log of a softmax", "s = exp(a) + exp(b) + exp(c); p = exp(b) / s; L = -log(p)", {a: 2, b: 1, c: -0.5}, "b"],
  ["Where it saturates", "o = sigmoid(w*x)", {w: 4, x: 3}, "w"],
  ["A kink", "y = relu(x) + abs(x - 1)", {x: 0}, "x"],
  ["Where it stops being finite", "L = -log(p) * t", {p: 0, t: 1}, "p"],
];

// Numbers for names that have none yet: positive, so that log and sqrt have something to say.
export const NUMBERS = [2, 0.5, 3, 1, 1.5, 0.8];
