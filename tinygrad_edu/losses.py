"""How wrong a model is, as one Value to call `backward()` on.

    >>> from tinygrad_edu import Value
    >>> logits = [Value(0.0), Value(3.0), Value(-2.0), Value(1.0)]
    >>> loss = cross_entropy(logits, 3)
    >>> loss.backward()
    >>> loss.data, [round(z.grad, 10) for z in logits]
    (2.1755153626167147, [0.0417725705, 0.8390245075, 0.0056533027, -0.8864503806])

Each takes Values or numbers, one sample or a batch, and stays finite wherever the true value is: what comes from logits
never overflows.  Of a batch it returns the mean, with `reduction="sum"` the sum, with `reduction="none"` a list with
the loss of each sample.  A loss of numbers alone is a number.  A target may be an argument of a
function that is recorded (see `jit`): then nobody can check it, and a class that does not exist makes the loss nan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal, overload

from . import ops, signposts
from .engine import Value
from .functional import mean
from .ieee import inf, isfinite, number
from .targets import (
    as_float,
    check_probability,
    class_of,
    is_class,
    is_recorded,
    pairs,
    samples,
    score_of,
    several,
    shares_of,
    with_shares,
)

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "categorical_cross_entropy", "cross_entropy",
           "hinge", "huber", "kl_divergence", "l2", "mae", "mse", "multiclass_hinge", "nll"]  # fmt: skip
signposts.put_up(__name__)

Reduced = Literal["mean", "sum"]  # then a loss is one Value to a type checker; "none" may give a list


def _reduced(losses: list[Any], reduction: str, who: str, weights: list[Any] | None = None) -> Any:
    """The losses of samples as one: their mean (by weight, if they have any), their sum, or,
    for "none", as they are.
    """
    if reduction == "none":
        return losses
    if reduction == "sum":
        return ops.sum(*losses)
    if reduction != "mean":
        raise ValueError(f"{who}'s reduction is 'mean', 'sum' or 'none', got {reduction!r}")
    return mean(losses) if weights is None else ops.sum(*losses) / ops.sum(*weights)


@overload
def mse(predictions: Any, targets: Any, reduction: Reduced = "mean") -> Value: ...
@overload
def mse(predictions: Any, targets: Any, reduction: str = "mean") -> Any: ...
def mse(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """The mean of (prediction - target)².  Raises ValueError if the lengths differ.

    >>> mse([Value(1.0), 2.0], [0.0, 4.0])
    Value(2.5)
    """
    away = [p - t for p, t in pairs(predictions, targets, "mse")]
    return (
        ops.dot(*away, *away) / len(away) if reduction == "mean" else _reduced([d * d for d in away], reduction, "mse")
    )


@overload
def mae(predictions: Any, targets: Any, reduction: Reduced = "mean") -> Value: ...
@overload
def mae(predictions: Any, targets: Any, reduction: str = "mean") -> Any: ...
def mae(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """The mean of |prediction - target|.  Raises ValueError if the lengths differ.

    >>> mae([Value(1.0), 2.0], [0.0, 4.0])
    Value(1.5)
    """
    return _reduced([ops.abs(p - t) for p, t in pairs(predictions, targets, "mae")], reduction, "mae")


@overload
def huber(predictions: Any, targets: Any, delta: float = 1.0, reduction: Reduced = "mean") -> Value: ...
@overload
def huber(predictions: Any, targets: Any, delta: float = 1.0, reduction: str = "mean") -> Any: ...
def huber(predictions: Any, targets: Any, delta: float = 1.0, reduction: str = "mean") -> Any:
    """The mean of d²/2 where |d| <= delta, and delta * (|d| - delta/2) beyond, d = prediction - target (Huber 1964).

    Its slope is d clipped to ±delta: a large error pulls, but with limited force;
    a clipped error would not pull at all.
    Raises ValueError if the lengths differ or delta is not above 0.

    >>> q = Value(-5.0)
    >>> loss = huber(q, 0.0)
    >>> loss.backward()
    >>> loss.data, q.grad
    (4.5, -1.0)
    """
    delta = number(delta)
    if not delta > 0:
        raise ValueError(f"huber needs a delta above 0, where the parabola becomes a line, got {delta!r}")
    away = [p - t for p, t in pairs(predictions, targets, "huber")]
    losses = [ops.where(ops.greater(abs(d), delta), delta * (abs(d) - 0.5 * delta), 0.5 * (d * d)) for d in away]
    return _reduced(losses, reduction, "huber")


def _mixed(t: Any, p: float, first: Any, second: Any) -> Any:
    """t * first() + (1 - t) * second(), where what counts for nothing may be infinite."""
    if isinstance(t, Value) or 0 < p < 1:
        a, b = first(), second()
        if is_recorded(t):  # which side will count for nothing is not known yet
            return _counted(t, a) + _counted(1 - t, b)
        if p == 1 and not isfinite(as_float(b)) or p == 0 and not isfinite(as_float(a)):
            return t * a if p == 1 else (1 - t) * b
        return t * a + (1 - t) * b
    return first() if p else second()


def _counted(share: Any, loss: Any) -> Any:
    """share * loss, and 0 for no share of an infinite loss; a nan stays one."""
    return ops.where(share + ops.greater(inf, loss), share * loss, 0.0)


@overload
def binary_cross_entropy_with_logits(logits: Any, targets: Any, reduction: Reduced = "mean") -> Value: ...
@overload
def binary_cross_entropy_with_logits(logits: Any, targets: Any, reduction: str = "mean") -> Any: ...
def binary_cross_entropy_with_logits(logits: Any, targets: Any, reduction: str = "mean") -> Any:
    """The mean of -t*log(p) - (1-t)*log(1-p), p = sigmoid(logit), for targets t from 0 to 1; accurate in both tails.

    Computed as t*softplus(-z) + (1-t)*softplus(z): no difference of large numbers.
    Raises ValueError if the lengths differ or a target is outside [0, 1].

    >>> binary_cross_entropy_with_logits([1000.0, -1000.0, -40.0], [1, 1, 0]) == (0.0 + 1000.0 + ops.exp(-40.0)) / 3
    True
    """
    who = "binary_cross_entropy_with_logits"
    losses = [
        _mixed(t, p, partial(ops.softplus, -z), partial(ops.softplus, z))
        for z, t, p in with_shares(logits, targets, who)
    ]
    return _reduced(losses, reduction, who)


@overload
def binary_cross_entropy(probabilities: Any, targets: Any, reduction: Reduced = "mean") -> Value: ...
@overload
def binary_cross_entropy(probabilities: Any, targets: Any, reduction: str = "mean") -> Any: ...
def binary_cross_entropy(probabilities: Any, targets: Any, reduction: str = "mean") -> Any:
    """The mean of -t*log(p) - (1-t)*log(1-p) for probabilities p and targets t from 0 to 1.

    A probability that has been rounded to 0 or 1 has lost what a logit keeps:
    prefer `binary_cross_entropy_with_logits`.
    Raises ValueError if the lengths differ, or a probability or target is outside [0, 1].

    >>> binary_cross_entropy([Value(0.5), 1.0], [1, 1])
    Value(0.34657359027997264)
    """
    who, losses = "binary_cross_entropy", []
    for q, t, p in with_shares(probabilities, targets, who):
        check_probability(q, who)
        losses.append(_mixed(t, p, lambda q=q: -ops.log(q), lambda q=q: -ops.log1p(-q)))
    return _reduced(losses, reduction, who)


def _classified(who: str, loss: Callable[[list[Any]], Callable[[Any], Any]], scores: Any, targets: Any, weight: Any,
                smoothing: float, reduction: str) -> Any:  # fmt: skip
    """The losses of samples whose target is a class, or a share for each class;
    `loss(scores)(k)` is that of class k.
    """
    smoothing = number(smoothing)
    if not 0 <= smoothing <= 1:
        raise ValueError(f"label_smoothing is a share from 0 to 1, got {smoothing!r}")
    losses, heavy = [], []
    for row, target, where in samples(scores, targets, who):
        n, of = len(row), loss(row)
        if weight is None and not smoothing and not several(target):  # the case that must be fast
            losses.append(of(class_of(target, n, who, where)))
            continue
        if weight is not None and not (several(weight) and len(weight) == n):
            got = len(weight) if several(weight) else repr(weight)
            raise ValueError(f"{who}'s weight has one number per class, {n} here, got {got}")
        heavier = [1.0] * n if weight is None else list(weight)

        def weighed(k: Any, of: Any = of, heavier: list[Any] = heavier) -> Any:
            return of(k) if weight is None else score_of(heavier, k) * of(k)

        def spread(shares: Iterable[Any], weighed: Any = weighed) -> Any:
            some = [(t, weighed(k)) for k, t in enumerate(shares) if isinstance(t, Value) or t != 0]
            return ops.dot(*[t for t, _ in some], *[x for _, x in some])

        if several(target):
            shares = shares_of(target, n, who, where)
            losses.append(spread([(1 - smoothing) * t + smoothing / n for t in shares] if smoothing else shares))
            heavy.append(1.0)
        else:
            k = class_of(target, n, who, where)
            losses.append((1 - smoothing) * weighed(k) + spread([smoothing / n] * n) if smoothing else weighed(k))
            heavy.append(score_of(heavier, k))
    return _reduced(losses, reduction, who, None if weight is None else heavy) if several(scores[0]) else losses[0]


@overload
def cross_entropy(
    logits: Any, target: Any, weight: Any = None, label_smoothing: float = 0.0, reduction: Reduced = "mean"
) -> Value: ...
@overload
def cross_entropy(
    logits: Any, target: Any, weight: Any = None, label_smoothing: float = 0.0, reduction: str = "mean"
) -> Any: ...
def cross_entropy(
    logits: Any, target: Any, weight: Any = None, label_smoothing: float = 0.0, reduction: str = "mean"
) -> Any:
    """-log(softmax(logits)[target]) = logsumexp(logits) - logits[target]; the mean over a batch of logits and targets.

    A target is the number of the right class, or a list with a share for each class, which make 1.  `weight` has one
    number per class: a sample's loss is multiplied by its class's, and the mean of a batch divided by the weights of
    its samples' classes.  `label_smoothing=s` takes s of the target away and spreads it evenly over all
    classes (Szegedy et al. 2016).
    As in PyTorch.  Raises ValueError for a class that does not exist, TypeError for no number.

    >>> cross_entropy([1000.0, -1000.0], 1), cross_entropy([[0.0, 0.0], [0.0, 0.0]], [0, 1])
    (2000.0, 0.6931471805599453)
    >>> cross_entropy([0.0, 1.0], [0.25, 0.75]) == cross_entropy([0.0, 1.0], 1, label_smoothing=0.5)
    True
    """

    def loss(zs: list[Any]) -> Callable[[int], Any]:
        total = ops.logsumexp(*zs)
        return lambda k: total - score_of(zs, k)

    return _classified("cross_entropy", loss, logits, target, weight, label_smoothing, reduction)


@overload
def nll(log_probabilities: Any, target: Any, weight: Any = None, reduction: Reduced = "mean") -> Value: ...
@overload
def nll(log_probabilities: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any: ...
def nll(log_probabilities: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """-log_probabilities[target], the negative log-likelihood: of `log_softmax(logits)` it is the cross-entropy.

    `weight` and a list for a target as in `cross_entropy`.  Raises ValueError for a class that does not exist.

    >>> nll([Value(-0.5), Value(-0.9)], 1)
    Value(0.9)
    """
    return _classified("nll", lambda ls: lambda k: -score_of(ls, k), log_probabilities, target, weight, 0.0, reduction)


@overload
def categorical_cross_entropy(
    probabilities: Any, target: Any, weight: Any = None, label_smoothing: float = 0.0, reduction: Reduced = "mean"
) -> Value: ...
@overload
def categorical_cross_entropy(
    probabilities: Any, target: Any, weight: Any = None, label_smoothing: float = 0.0, reduction: str = "mean"
) -> Any: ...
def categorical_cross_entropy(
    probabilities: Any, target: Any, weight: Any = None, label_smoothing: float = 0.0, reduction: str = "mean"
) -> Any:
    """-log(probabilities[target]), for what `softmax` has made of logits already;
    inf for a right class of probability 0.

    Prefer `cross_entropy`, which takes logits and never overflows.  The other arguments are as there.
    Raises ValueError for a class that does not exist, or a probability outside [0, 1].

    >>> categorical_cross_entropy([Value(0.25), Value(0.75)], 0)
    Value(1.3862943611198906)
    """

    def loss(ps: list[Any]) -> Callable[[int], Any]:
        for p in ps:
            check_probability(p, "categorical_cross_entropy")
        return lambda k: -ops.log(score_of(ps, k))

    return _classified("categorical_cross_entropy", loss, probabilities, target, weight, label_smoothing, reduction)


@overload
def kl_divergence(p: Any, q: Any, reduction: Reduced = "mean") -> Value: ...
@overload
def kl_divergence(p: Any, q: Any, reduction: str = "mean") -> Any: ...
def kl_divergence(p: Any, q: Any, reduction: str = "mean") -> Any:
    """The sum of p*log(p/q) over all classes: what it costs to take the distribution p for q (Kullback & Leibler 1951).

    Of two lists of distributions, the mean over the samples.
    Where p is 0 there is no cost; where only q is 0 it is inf.
    Raises ValueError if the lengths differ or a probability is outside [0, 1].

    >>> kl_divergence([0.5, 0.5], [Value(0.25), Value(0.75)])
    Value(0.14384103622589045)
    """
    if several(p) and len(p) and several(p[0]):
        if not several(q) or len(p) != len(q):
            raise ValueError(
                f"kl_divergence needs as many distributions q as p, got {len(p)} and "
                f"{len(q) if several(q) else repr(q)}"
            )
        return _reduced([kl_divergence(a, b) for a, b in zip(p, q)], reduction, "kl_divergence")
    if not several(p) or not several(q):
        raise ValueError(f"kl_divergence needs two lists of probabilities, got {p!r} and {q!r}")
    terms = []
    for a, b in pairs(p, q, "kl_divergence"):
        check_probability(a, "kl_divergence")
        check_probability(b, "kl_divergence")
        if isinstance(a, Value):
            terms.append(ops.where(a, a * (ops.log(a) - ops.log(b)), 0.0))
        elif a:
            terms.append(a * (ops.log(a) - ops.log(b)))
    return ops.sum(*terms)


@overload
def multiclass_hinge(scores: Any, target: Any, margin: float = 1.0, reduction: Reduced = "mean") -> Value: ...
@overload
def multiclass_hinge(scores: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any: ...
def multiclass_hinge(scores: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """The sum over the wrong classes j of max(0, s_j - s_right + margin), as in CS231n (Weston & Watkins 1999);
    the mean over a batch.

    Raises ValueError for a class that does not exist, TypeError for no number.

    >>> multiclass_hinge([Value(3.2), 5.1, -1.7], 0)
    Value(2.8999999999999995)
    """
    margin = number(margin)

    def loss(scores: list[Any], k: Any) -> Any:
        right = score_of(scores, k)
        over = [ops.relu(s - right + margin) if isinstance(k, int)
                else ops.where(is_class(k, j), 0.0, ops.relu(s - right + margin))
                for j, s in enumerate(scores) if not isinstance(k, int) or j != k]  # fmt: skip
        return ops.sum(*over) if over else 0.0 * right

    who = "multiclass_hinge"
    losses = [loss(row, class_of(k, len(row), who, where)) for row, k, where in samples(scores, target, who)]
    return _reduced(losses, reduction, who) if several(scores[0]) else losses[0]


@overload
def hinge(scores: Any, targets: Any, margin: float = 1.0, reduction: Reduced = "mean") -> Value: ...
@overload
def hinge(scores: Any, targets: Any, margin: float = 1.0, reduction: str = "mean") -> Any: ...
def hinge(scores: Any, targets: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """The mean of max(0, margin - target * score) for targets -1 and 1: micrograd's "max-margin" loss.

    Raises ValueError if the lengths differ or a target is neither -1 nor 1.

    >>> hinge([Value(0.5), Value(2.0)], [1, -1])
    Value(1.75)
    """
    margin, losses = number(margin), []
    for i, (s, t) in enumerate(pairs(scores, targets, "hinge")):
        y = 1.0 if is_recorded(t) else as_float(t)
        if y not in (-1.0, 1.0):
            raise ValueError(
                f"hinge needs targets -1 or 1, got {y:g} at {i}"
                + ("; 2*y - 1 turns 0 and 1 into -1 and 1" if y == 0 else "")
            )
        losses.append(ops.relu(ops.dot(-t if is_recorded(t) else -y, s, margin)))  # margin + -y * s as one node
    if reduction == "mean":
        return ops.sum(*losses) * (1.0 / len(losses))  # in micrograd's order, to the bit
    return _reduced(losses, reduction, "hinge")


def l2(parameters: Iterable[Any], alpha: float = 1e-4) -> Value:
    """alpha * (p1² + ... + pn²) as one sum: add it to a loss to keep the parameters small.

    Raises ValueError if there are none.

    >>> l2([Value(3.0), Value(4.0)], alpha=0.5)
    Value(12.5)
    """
    if not hasattr(parameters, "__iter__"):
        raise TypeError(f"l2 needs parameters, as in l2(model.parameters()), got {type(parameters).__name__}")
    ps = tuple(parameters)
    if not ps:
        raise ValueError("l2 needs at least one parameter, got none")
    penalty: Value = number(alpha) * ops.dot(*ps, *ps)
    return penalty
