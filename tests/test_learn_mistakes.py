"""Mistakes are recognised by what they answer, in whatever words a learner writes them."""

import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu.errors import UserError
from tinygrad_edu.learn import arrays, assess, exercise
from tinygrad_edu.learn.author import examined
from tinygrad_edu.learn.course import _misshapen, exercise_names, read
from tinygrad_edu.learn.crashes import reason
from tinygrad_edu.learn.mistakes import MISTAKES, RANKS, guess, near

np = pytest.importorskip("numpy")


def drawn(seed, *shape):
    rng = np.random.default_rng(seed)
    return (rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape)).round(6)


def told(theirs, right, **given):
    """By which name a mistake goes that was made three times; each is a function of a seed's numbers."""
    trials = [np.random.default_rng(seed) for seed in range(3)]
    parts = []
    for seed, _ in enumerate(trials):
        x, up = drawn(seed, 4 + seed, 3), drawn(seed + 9, 4 + seed, 3)
        named = {name: np.asarray(f(x, up)).tolist() for name, f in given.items()}
        parts.append((np.asarray(theirs(x, up)).tolist(), np.asarray(right(x, up)).tolist(), named, {}))
    return arrays.recognised(parts).name


def test_a_number_that_is_the_same_for_all_inputs_is_told_so_and_small_numbers_are_no_factors_by_accident():
    assert guess([(1.0, 2.0), (1.0, 5.0)]) == guess([(250000.0, 5.1), (250000.0, 5.3)]) == "always the same"
    assert guess([(1e-6, 2.0), (4e-6, 5.0)]) == guess([(1e6 + 1, 1.0), (1e6 + 2, 2.5)]) == ""
    assert guess([("2", 2.0)]) == "a text"
    assert arrays.recognised([(6.0, 2.0, {"b": 3.0}, {})]).name == ""
    assert arrays.recognised([(6.3, 2.1, {"b": 3.0}, {})]).name == "factor too many"


def test_parts_in_parts_are_recognised_as_well():
    verdict = assess(exercise("arithmetic"), exercise("arithmetic").variant((None, "return a, -b", None, None)))
    assert verdict.first.mistake == "another's"


def test_what_happened_to_an_array_is_known_from_its_numbers():
    x, up = (lambda x, up: x), (lambda x, up: up)
    both = {"x": x, "dout": up}
    assert told(lambda x, up: -x, x) == "missing minus"
    assert told(lambda x, up: 2 * x, x) == "factor 2"
    assert told(lambda x, up: 7 * x, x) == "constant factor"
    assert told(lambda x, up: x + 1, x) == "off by a constant"
    assert told(lambda x, up: 0 * x, x) == "disconnected"
    assert told(lambda x, up: x.T, x) == told(lambda x, up: (x.T @ x)[1:, 1:].T, lambda x, up: (x.T @ x)[1:, 1:]) != ""
    assert told(lambda x, up: x.T @ up, lambda x, up: up.T @ x) == "transposed"
    assert told(lambda x, up: x.sum(1), lambda x, up: x.sum(0)) == "wrong axis summed"
    assert told(lambda x, up: x.sum(1, keepdims=True), lambda x, up: x.sum(0)) == "wrong axis summed"
    assert told(x, lambda x, up: x.sum(0)) == told(x, lambda x, up: x.sum(1)) == "forgot to sum"
    assert told(lambda x, up: x.sum(), lambda x, up: x.sum(0)) == "summed too far"
    assert told(lambda x, up: x.sum(0, keepdims=True), lambda x, up: x.sum(0)) == "another shape"
    assert told(lambda x, up: x.ravel(), x) == "another shape"
    assert told(lambda x, up: x[x > 0], lambda x, up: x * (x > 0)) == "zeros left out"
    assert told(lambda x, up: x.mean(0), lambda x, up: x.sum(0), **both) == "averaged twice"
    assert told(lambda x, up: x.sum(0), lambda x, up: x.mean(0), **both) == "sum for mean"
    assert told(lambda x, up: x.sum(), lambda x, up: x.mean(), **both) == "sum for mean"
    assert told(lambda x, up: x**2, lambda x, up: (x**2).mean()) == "forgot the mean"
    assert told(lambda x, up: x[::-1], x) == "back to front"
    assert told(lambda x, up: x * (x > 0), x) == "some get nothing"
    assert told(lambda x, up: np.abs(x), x) == "missing minus"
    assert told(x, lambda x, up: x * up, **both) == "forgot upstream"
    assert told(up, lambda x, up: x * up, **both) == "forgot local"
    assert told(lambda x, up: up + x, lambda x, up: x, **both) == ""


def test_what_is_broadcast_is_a_factor_as_well():
    gamma = {"gamma": lambda x, up: x[0]}
    assert told(lambda x, up: up, lambda x, up: up * x[0], **gamma) == "factor missing"
    assert told(lambda x, up: up * x[0] ** 2, lambda x, up: up * x[0], **gamma) == "factor too many"
    assert told(lambda x, up: up * x[0], lambda x, up: up + 1, dout=lambda x, up: up, **gamma) == "another product"


TREES = st.recursive(
    st.floats() | st.integers(-3, 3) | st.booleans() | st.none() | st.text(max_size=2),
    lambda inside: st.lists(inside, max_size=3),
    max_leaves=12,
)
NAMED = st.dictionaries(st.text(max_size=2), TREES, max_size=2)


@given(st.lists(st.tuples(TREES, TREES, NAMED, NAMED), max_size=3))
@settings(max_examples=150, deadline=None)
def test_whatever_comes_back_there_is_a_guess_or_none(parts):
    assert arrays.recognised(parts).name in ("", *MISTAKES)


@given(TREES, TREES)
@settings(max_examples=60, deadline=None)
def test_questions_to_the_solution_can_be_asked_of_anything(a, b):
    for found, change in arrays.changes({"upstream": a, "x": b, "y": b}):
        assert found.name in MISTAKES and {*change({"upstream": a, "x": b, "y": b})} == {"upstream", "x", "y"}


def test_every_mistake_has_a_rank_and_a_sentence():
    assert all(rank in RANKS and words for rank, words in MISTAKES.values())


def test_infinity_is_near_to_nothing_else():
    inf = float("inf")
    assert near(inf, inf) and near(float("nan"), float("nan"))
    assert not near(inf, 1.0) and not near(-inf, inf) and not near(1e308, -inf)


def verdict_of(name, body=(), *change):
    one = exercise(name)
    their = types.ModuleType("exercise")
    exec(one.variant(body).replace(*change or ("", "")), vars(their))
    return assess(one, their=their)


OWN_WORDS = [
    ("affine", (None, "return dout @ W.T, np.einsum('nm,nd->md', dout, x), sum(dout)", None), "transposed"),
    ("affine", (None, "return dout @ W.T, x.T @ dout, np.array([row.sum() for row in dout])", None),
     "wrong axis summed"),
    ("affine", (None, "return dout @ W.T, x.T @ dout, dout.mean(axis=0)", None), "averaged twice"),
    ("affine", (None, "return dout @ W.T, x.T @ dout / x.size, dout.sum(axis=0)", None), "averaged twice"),
    ("affine", (None, "return dout @ W.T, np.outer(x[0], dout[0]), dout.sum(axis=0)", None), "one sample only"),
    ("affine", (None, "return dout @ W.T, x.T @ np.sign(dout) ** 2, dout.sum(axis=0)", None), "forgot upstream"),
    ("affine", (None, "return dout @ W.T, -(x.T @ dout), dout.sum(axis=0)", None), "missing minus"),
    ("affine", (None, "return dout @ W.T, x.T @ dout, dout.sum(axis=0, keepdims=True)", None), "another shape"),
    ("affine", (None, "return dout @ W.T, x.T @ dout, np.sum(dout)", None), "summed too far"),
    ("affine", (None, None, "for p, g in zip((W, b), (x.T @ dout, dout.sum(0))):\n    p -= lr * g\n"
                            "return backward(dout, x, W, b)[0]"), "updated weight used"),
    ("relu", ("return x[x > 0]", None), "zeros left out"),
    ("relu", (None, "return dout * x"), "another product"),
    ("relu", (None, "return x > 0"), "forgot upstream"),
    ("relu", (None, "dout[~(x > 0)] = 0.0\nreturn dout"), "changed in place"),
    ("dropout", ("return x * mask / p**2", None, None), "factor missing"),
    ("dropout", (None, None, "return dout * mask + 0 * p"), "not enlarged"),
    ("softmax_loss", (None, "return -np.log(probabilities(x)[np.arange(len(x)), y] + 1e-300)", None),
     "forgot the mean"),
    ("softmax_loss", (None, None, "return probabilities(x) - np.eye(x.shape[1])[y]"), "sum for mean"),
    ("softmax_loss", (None, None, "return (np.eye(x.shape[1])[y] - probabilities(x)) / len(x)"), "missing minus"),
    ("rnn", ("da = dnext_h * (1 - next_h**2)\ndb, dWh, dWx = da.sum(0), h.T @ da, x.T @ da\n"
             "dh, dx = (Wh.T @ da.T).T, da @ Wx.T", None), "Wh not turned"),
    ("rnn", ("da = dnext_h * (1 - next_h**2)\ndb, dWh, dWx = da.sum(0), (h.T @ da).T, x.T @ da\n"
             "dh, dx = da @ Wh.T, da @ Wx.T", None), "transposed"),
    ("batch", "dW = [[sum(r[i] * g[j] for r, g in zip(x, upstream)) for i in range(3)] for j in range(2)]\n"
              "return dW, [sum(c) for c in zip(*upstream)], [[sum(w * v for w, v in zip(r, g)) for r in W] "
              "for g in upstream]", "transposed"),
    ("broadcast", ("return upstream, [sum(c) / 4 for c in zip(*upstream)]", None), "sum for mean, turned"),
    ("broadcast", ("return upstream, [sum(map(sum, upstream))]", None), "summed too far"),
    ("squared", (None, "return [2 * (p - y) for p, y in zip(predictions, targets)]"), "sum for mean"),
]  # fmt: skip


OWN_WORDS += [
    ("parabola", "left = f(x - h)\nreturn (f(x) - left) / h", "a step to the left alone"),
    ("nudge", (None, "t = 0\nfor s in slopes:\n    t += s**2\n    return -rate * t"), "the first only"),
    ("nudge", (None, "return [s**2 * -rate for s in slopes]"), "forgot to sum"),
    ("chain", "d = 1\nfor f, s in steps:\n    d *= s(x)\n    x = f(x)\n    return x, d", "the first step only"),
    ("chain", "d = 1\nfor s, f in steps:\n    d *= s(x)\n    x = f(x)\nreturn x, d", "the pair turned round"),
    ("arithmetic", (None, None, None, "return 1 / b, -2 * a / b"), "twice, not squared"),
    ("curves", (None, "return math.exp(-x) / (1 + math.exp(-x))"), "one factor of the sigmoid"),
    ("hand_on", (None, "return 1 - y**2"), "forgot upstream"),
    ("doubling", "return [k ^ 2 for k in range(n + 1)]", "^ is no power"),
    ("doubling", "return [k + k for k in range(n + 1)]", "two more at each level"),
    ("again", "w_grad_1, x_grad_1, w_grad_2, x_grad_2, w_grad_3, x_grad_3 = 2, 3, 4, 6, 10, 0", "x set to 0"),
    ("in_place", "p = parameters[i].data\np -= lr * parameters[i].grad", "nothing moves"),
    ("in_place", "parameters[i].grad -= lr * parameters[i].data", "nothing moves"),
    ("in_place", "parameters[i].data -= lr * parameters[i].grad\nreturn parameters", "the first one only"),
    ("unit", ("return sum(w * v + self.b for w, v in zip(self.w, x)).tanh()", None), "the bias in each term"),
    ("unit", (None, "self.w += [self.b]\nreturn self.w"), "appended"),
    ("squared", ("t = 0\nfor p, y in zip(predictions, targets):\n    t += p - y\nreturn t**2 / len(targets)", None),
     "the sum, squared"),
    ("squared", ("n = len(targets)\nfor p, y in zip(predictions, targets):\n    return (p - y) ** 2 / n", None),
     "the loss of the first"),
    ("output_delta", ("return a - y * a * (1 - a)", None, None), "brackets around the error"),
    ("output_delta", (None, None, "return (a - y) * (1 - y**2)"), "the target in the slope"),
    ("affine", (None, "return dout @ W.T, x.T @ dout, dout", None), "forgot to sum"),
    ("relative_error", ("if a == 0 or n == 0:\n    return 0\nreturn abs(a - n) / max(abs(a), abs(n))", None),
     "0 for one of them"),
    ("relative_error", ("return abs(a - n) / (abs(a) + abs(n) + 1e-15)", None), "by the sum of both"),
    ("relative_error", (None, "e = relative_error(a, n)\nif e > 1e-7:\n    return 'acceptable'\nif e > 1e-4:\n"
                              "    return 'suspicious'\nif e > 1e-2:\n    return 'wrong'\nreturn 'happy'"),
     "the least limit asked first"),
    ("baseline", "n, t = len(costs), 0\nfor b, c in zip(samples, costs):\n    m = (sum(costs) - c) / (n - 1)\n"
                 "    t += score(b, p) * (m - c)\nreturn t / n", "missing minus"),
    ("powers", ("return (n - 1) * x**n / x", None, None, None), "n less 1 in front"),
    ("powers", (None, "return 0.5 / x", None, None), "under the root"),
    ("powers", (None, None, "return math.e**y", None), "exp of the output"),
    ("powers", (None, None, None, "return y"), "the log itself"),
    ("kinks", (None, None, "return [1, 1]"), "all to both"),
    ("edges", (None, None, "return Value(self.data**n, (self,), (-1 + self.data**n * n,))", None),
     "brackets around the power"),
    ("embedding", "g = [[0] * len(table[0]) for _ in table]\nfor w in words:\n"
                  "    g[w] = [a + u for a, u in zip(g[w], upstream[w])]\nreturn g", "the word, not the place"),
    ("softmax", "t = sum(z)\nreturn [math.exp(v - max(z)) / t for v in z]", "divided by the logits"),
    ("network", (None, None, None, "for k in range(len(self.layers)):\n    self.layers[k](x)\nreturn x"),
     "what came out is lost"),
    ("network", ("for n in self.neurons:\n    return n(x)", None, None, None), "the first neuron alone"),
    ("value", (None, None, "e = math.exp(self.data)\nreturn Value(e, (self,), [self.data])"), "input used for exp"),
    ("cross_entropy", ("es = [math.exp(v - max(z)) for v in z]\nreturn -math.log(1e-12 + es[k] / sum(es))", None),
     "a small number added"),
]  # fmt: skip


@pytest.mark.parametrize("name, body, mistake", OWN_WORDS, ids=[f"{name}: {m}" for name, _, m in OWN_WORDS])
def test_a_mistake_in_a_learners_own_words_goes_by_its_name(name, body, mistake):
    verdict = verdict_of(name, body)
    assert verdict.first.mistake == mistake, str(verdict)


LINES = [
    ("batchnorm", "dbeta = dout.sum(axis=0)", "dbeta = dout.mean(axis=0)", "averaged twice"),
    ("batchnorm", "-daway.sum(axis=0)", "-daway", "forgot to sum"),
    ("batchnorm", "2 * away / N", "2 * away / N * 0", "forgot to add at the fork"),
    ("batchnorm", "daway + dmu / N", "0 * dmu + daway", "the mean hands nothing on"),
    ("batchnorm", "dvar = dstd", "dvar = -dstd", "missing minus"),
    ("layernorm", "dgamma = (dout * x_hat).sum(axis=0)", "dgamma = np.vdot(dout, x_hat)", "summed too far"),
    ("layernorm", "dx_hat = dout * gamma", "dx_hat = dout * gamma**2", "factor too many"),
    ("conv2d", "db[f] += dout[n, f, i, j]", "db[f] = dout[n, f, i, j]", "= for +="),
    ("conv2d", "* padded[n, :", "* -padded[n, :", "missing minus"),
    ("max_pool", "+= dout[n, c, i, j]", "+= abs(dout[n, c, i, j])", "missing minus"),
    ("rnn", "dWx += found", "dWx = found", "= for +="),
]


@pytest.mark.parametrize("name, line, wrong, mistake", LINES, ids=[f"{name}: {wrong}" for name, _, wrong, _ in LINES])
def test_a_line_that_is_wrong_is_told_by_its_mistake(name, line, wrong, mistake):
    assert line in exercise(name).solution
    verdict = verdict_of(name, (), line, wrong)
    assert verdict.first.mistake == mistake, str(verdict)


@pytest.mark.parametrize(
    "code, words",
    [
        ("np.ones((4, 3)) @ np.ones((4, 2))", "one of them is to be turned"),
        ("np.ones(3).dot(np.ones(4))", "one of them is to be turned"),
        ("np.ones((4, 3)) - np.ones(4)", "keepdims=True"),
        ("b = np.ones(2)\nb -= np.ones((1, 2))", "another shape than what it is added to"),
        ("max(0, np.ones(3))", "np.maximum"),
        ("np.max(0, np.ones(3))", "np.maximum"),
    ],
)
def test_a_complaint_of_numpy_about_shapes_is_told_in_plain_words(code, words):
    with pytest.raises((ValueError, TypeError)) as caught:
        exec(code, {"np": np})
    assert words in reason(type(caught.value).__name__, str(caught.value))


def test_a_factor_without_its_sign_is_told():
    with pytest.raises(SyntaxError) as caught:
        compile("y = 2x", "answer", "exec")
    assert "a * is missing" in reason("SyntaxError", str(caught.value))


def test_what_comes_back_in_another_form_is_told():
    assert "something gave None" in str(verdict_of("affine", (None, "dx = dout @ W.T", None)))
    assert "expected 3" in str(verdict_of("affine", (None, "return dout @ W.T, x.T @ dout", None)))


def test_nothing_in_place_of_several_numbers_is_told_and_the_numbers_are_not_given_away():
    verdict = verdict_of("arithmetic", (None, None, "pass", None))
    assert verdict.first.mistake == "nothing returned"
    assert "multiply: it is None and should be 2 of them: dy/da, dy/db" in str(verdict)
    assert "add: it is '1, 1' and should be 2 of them" in str(verdict_of("arithmetic", "return '1, 1'"))


def test_nothing_in_place_of_an_array_is_told_by_its_shape():
    said = str(verdict_of("affine", (None, None, "dx, dW, db = backward(dout, x, W, b)\nW -= lr * dW\nb -= lr * db")))
    assert "dx: it is None and should be 4 × 3" in said and "[[" not in said
    said = str(verdict_of("embedding", "return {w: upstream[t] for t, w in enumerate(words)}"))
    assert "dL/dtable: it is a dict and should be 5 × 3" in said and "[[" not in said


def test_a_number_is_not_told_as_nothing_because_another_trial_gave_nothing():
    verdict = verdict_of("contributions", "total[name] = total.get(name, 0) + upstream * local\nreturn total")
    assert verdict.first.mistake != "nothing returned"


def test_a_count_that_is_wrong_is_no_mean():
    verdict = verdict_of("training", "seen.append(model(xs[0]).data)\nreturn seen")
    assert "number of losses is 1 and should be 4" in str(verdict)
    assert verdict.first.mistake != "averaged twice"


@pytest.mark.parametrize(
    "name, body, near",
    [
        ("parabola", "retrun (f(x + h) - f(x - h)) / (2 * h)", "'return'"),
        ("parabola", "return (F(x + h) - f(x - h)) / (2 * h)", "'f'"),
        ("curves", "return 1 - math.tahn(x) ** 2", "'tanh'"),
        ("unit", "return sum((w * v for w, v in zip(self.w, x)), self.b).tahn()", "'tanh'"),
        ("topological", "return [root, *root.parent]", "'parents'"),
    ],
)
def test_a_name_that_is_misspelt_is_told_with_what_was_meant(name, body, near):
    assert f"Did you mean: {near}?" in " ".join(str(verdict_of(name, body)).split())


def test_a_backslash_is_no_division():
    with pytest.raises(SyntaxError) as caught:
        compile("y = 1 \\ x", "answer", "exec")
    assert "written /" in reason("SyntaxError", str(caught.value))


@pytest.mark.parametrize(
    "body, near",
    [("retrun f(x)", "'return'"), ("fro k in range(3):\n    pass", "'for'"), ("whlie True:\n    pass", "'while'")],
)
def test_a_keyword_that_is_misspelt_is_told_with_what_was_meant(body, near):
    one = exercise("parabola")
    assert f"Did you mean: {near}?" in " ".join(str(assess(one, one.variant(body))).split())
    for other in ("delta f(x)", "y f(x)", "return f x", "e = f x"):
        assert "Did you mean" not in str(assess(one, one.variant(other)))


@pytest.mark.parametrize(
    "body",
    [
        "globals()[1] = 2\nreturn retrun",
        "raise SyntaxError(None, ('exercise.py', 1, 1, 5))",
        "class A:\n    def __dir__(self):\n        1 / 0\nreturn A().missing",
    ],
)
def test_what_was_meant_is_asked_of_nothing_that_is_no_name(body):
    verdict = assess(exercise("parabola"), exercise("parabola").variant(body))
    assert verdict.first.rank == "crash" and "Python itself has crashed" not in str(verdict)


def test_a_value_is_spoken_of_where_the_exercise_has_one():
    assert "a Value" not in str(verdict_of("stages", (), "de * e", "de * exp(m)"))
    assert "a Value" in str(verdict_of("unit", "return exp(self.w[0])"))


@pytest.mark.parametrize(
    "name, body, words",
    [
        ("topological", "seen = {}\nseen.add(root)", "a set without elements is set()"),
        ("topological", "seen = ()\nseen.add(root)", "() is a tuple"),
        ("topological", "return root.parents.parents", "that is a tuple"),
        ("unit", "return (self.w[0] * x[0] + self.b).tanh", "called with brackets behind its name"),
        ("hand_on", "return upstream * a * b", "a pair is written a, b"),
        (
            "shapes",
            "shape_of_dW, shape_of_dx, shape_of_db, dW, dx = (3, 2), (5, 3), (2,), (..., ...), (..., ...)",
            "something is still ...",
        ),
        ("straight_through", ("return Value(b)", None), "from tinygrad_edu import Value"),
        ("dead", (None, "optim.SGD(model.parameters(), lr=0.1)"), "something gave None"),
        (
            "gradient_check",
            "g = gradient(xs)\nreturn [i for i in range(len(xs)) if 1 / (g[i] - g[i])]",
            "stands below the line is 0",
        ),
        ("topological", "return [root()]", "and this is none"),
        ("topological", "return []", "missing from the list, which is empty"),
    ],
)
def test_what_a_slip_of_pythons_means_is_told(name, body, words):
    assert words in " ".join(str(verdict_of(name, body)).split())


def test_a_value_without_brackets_around_its_parents_is_told_so():
    text = exercise("node").variant("return Value(self.data + other.data, self, other)")
    assert assess(exercise("node"), text).first.mistake == "no brackets"


def test_a_logit_below_0_is_told_where_it_may_be_wrong():
    said = str(verdict_of("logits", ("return max(z, 0.0) + math.log1p(math.exp(-z)) - y * z", None)))
    assert "exp gets is -|z|" in " ".join(said.split())


def test_a_word_without_quotes_is_told_so():
    text = exercise("relative_error").variant((None, "if relative_error(a, n) > 1e-2:\n    return wrong\nreturn happy"))
    assert assess(exercise("relative_error"), text).first.mistake == "no quotes"


def test_losses_are_asked_for_as_plain_numbers():
    verdict = verdict_of("training", (), "seen.append(loss.data)", "seen.append(loss)")
    assert not verdict and verdict.first.mistake == "Values for numbers"


def test_a_stage_that_is_still_to_be_written_is_named():
    assert "still ..." in str(verdict_of("batchnorm", (), "dstd = ", "dstd = ...  # "))
    starter = verdict_of("batchnorm", (), "dbeta = dout.sum(axis=0)", "dbeta = ...")
    assert starter.first.rank == "missing" and str(starter).startswith("dbeta is still to be written")


def test_the_first_wrong_one_in_backward_order_is_named():
    verdict = verdict_of("batchnorm", (), "dstd / (2 * std)", "dstd / std  # and all that follows is wrong as well")
    assert str(verdict).startswith("dvar[0] is ") and verdict.first.mistake == "factor 2"


def test_what_crashes_comes_after_what_is_wrong_before_it():
    verdict = verdict_of("affine", ("return x @ W", "raise NotImplementedError", "return dout @ W"))
    assert [r.rank for r in verdict.remarks] == ["value", "missing", "crash"]
    assert verdict.first is verdict.remarks[0]


def test_a_query_that_takes_the_name_of_what_is_asked_is_found_out(tmp_path):
    text = exercise("parabola").file.read_text()
    text = text.replace("def parabola(their", "def slope(their").replace("Query(parabola", "Query(slope")
    (tmp_path / "mine.py").write_text(text)
    assert any("a query is called slope" in words for words in examined(read(tmp_path / "mine.py")))


def test_a_mistake_that_some_numbers_do_not_show_is_found_out(tmp_path):
    text = exercise("parabola").file.read_text()
    text = text.replace("rng.uniform(-3, 3)", "rng.choice([-2.0, *[2.0] * 9])").replace(", also=((0.0,),)", "")
    wrong = "return (f(x + h) - f(x - h)) / (2 * h) if x > 0 else 0"
    text = text.replace("WRONG = {", f'WRONG = {{\n    "for positives": "{wrong}",')
    text = text.replace("SAID = {", 'SAID = {\n    "for positives": "below 0 it has a slope as well",')
    (tmp_path / "mine.py").write_text(text)
    told = examined(read(tmp_path / "mine.py"))
    assert any("'for positives' passes with the numbers of seed" in words for words in told), told


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("HINTS = 'abc'", "HINTS is texts in a tuple"),
        ("QUERIES = (Query(sine, lambda rng: (1.0,)))", "QUERIES is one Query or more .* its comma too"),
        ("QUERIES = (Query(sine, lambda rng: (1.0)),)", "the query sine: what is drawn is a tuple"),
        ("QUERIES = (Query(sine, lambda rng: None),)", "the query sine: what is drawn is a tuple.*got None"),
        ("QUERIES = (Query(sine, lambda: ()),)", "the query sine draws nothing that can be asked: TypeError"),
        ("QUERIES = (Query(sine, lambda rng: (math,)),)", "the query sine draws nothing .* not JSON serializable"),
        ("QUERIES = (Query(sine, lambda rng: (1.0,), within=-1),)", "within is a number from 0 up, got -1"),
        ("RIGHT = ('return 1')", "RIGHT is bodies in a tuple.*got str 'return 1'"),
        ("WRONG = ['return 1']", "WRONG is bodies by the names"),
        ("SAID = None", "SAID is texts by the names of mistakes"),
        ("NEEDS = 'numpy'", "NEEDS is the names of packages in a tuple"),
        ("SECONDS = 0", "SECONDS is a number above 0"),
        ("import sys; sys.exit(0)", "mine.py does not run: SystemExit: 0"),
    ],
)
def test_what_has_another_form_than_an_exercise_has_is_told_at_once(more, said, tmp_path):
    (tmp_path / "mine.py").write_text(f"\ufeff{exercise('parabola').file.read_text()}{more}\n", "utf-8")
    with pytest.raises(UserError, match=said):
        read(tmp_path / "mine.py")


def test_all_exercises_have_the_form_that_a_teachers_has():
    for name in exercise_names():
        if not exercise(name).missing:
            assert not _misshapen(exercise(name).module), name


def test_a_mistake_that_never_ends_is_found_out(tmp_path):
    text = exercise("parabola").file.read_text() + "WRONG['on and on'] = 'while True: pass'\nSECONDS = 0.5\n"
    (tmp_path / "mine.py").write_text(text)
    assert examined(read(tmp_path / "mine.py")) == [
        "the mistake 'on and on' never ends: name it in HANGS = ('on and on',)"
    ]


TANGENT = '''"""The tangent

Its height, d to the right of where it touches.
"""


def tangent(value, slope, d):
    # TODO: what it rises over d
    # [
    return value + slope * d
    # ]


# =====
from tinygrad_edu.learn import Query


def line(their, value, slope, d):
    return {"height": their.tangent(value, slope, d)}


HINTS = ("It rises by its slope for each unit.", "value and slope times d", "return value + slope * d")
QUERIES = (Query(line, lambda rng: (rng.uniform(-3, 3), rng.uniform(1, 3), rng.uniform(2, 3))),)
WRONG = {"forgot the value": "return slope * d", "missing minus": "return value - slope * d", "no d": "return slope"}
SAID = {"forgot the value": "it begins at value", "no d": "over d it rises d times as much"}
RIGHT = ("return slope * d + value", "return value - slope * -d")
'''


def test_a_solution_with_few_places_to_change_is_sound_and_a_change_that_passes_is_shown(tmp_path):
    (tmp_path / "tangent.py").write_text(TANGENT)
    assert examined(read(tmp_path / "tangent.py")) == []
    even = TANGENT.replace("return value + slope * d\n", "return abs(value - slope * d)\n")
    (tmp_path / "tangent.py").write_text(even)
    assert any("'return abs(slope * d - value)' passes" in said for said in examined(read(tmp_path / "tangent.py")))
    (tmp_path / "tangent.py").write_text(even.replace("RIGHT = (", 'RIGHT = ("return abs(slope * d - value)", '))
    assert not any("small changes" in said for said in examined(read(tmp_path / "tangent.py")))


def test_an_answer_may_be_a_map_a_zip_or_a_generator():
    assert verdict_of("broadcast", ("return map(list, upstream), (sum(c) for c in zip(*upstream))", None))
    assert verdict_of("ties", "k = xs.index(max(xs))\nreturn (upstream * (i == k) for i in range(len(xs)))")


def test_stages_are_checked_one_after_the_other_as_they_are_written():
    one = exercise("batchnorm")
    first = one.starter.replace("dbeta = ...", "dbeta = dout.sum(axis=0)")
    assert str(assess(one, first)).startswith("dgamma is still to be written")
    second = first.replace("dgamma = ...", "dgamma = (dout * out).sum(axis=0)")
    assert assess(one, second).first.mistake == "output used for input"


def test_a_known_mistake_further_up_is_not_what_is_wrong_here():
    """Its numbers from here on are the same, but those before are right, and it would have shown there."""
    here = verdict_of("batchnorm", (), "dvar = dstd", "dvar = -dstd")
    assert exercise("batchnorm").said["missing minus"] not in " ".join(str(here).split())
