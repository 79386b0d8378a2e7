"""What depends on what: the values that a critic must see, found in the graph.

>>> from tinygrad_edu import Value
>>> from tinygrad_edu.stochastic import Bernoulli
>>> w = Value(1.0, label="w")
>>> b1 = Bernoulli(0.5).sample(1)
>>> b2 = Bernoulli(logit=w * b1).sample(2)
>>> critic_set(b2, (b1 - b2) ** 2) == [b2, b1], critic_set(b2, (b2 - 0.45) ** 2) == [b2]
(True, True)

**The theorem.**  Let b be a random choice, C the sum of the costs that it influences, and S = d(log p(b)) its score.
The score function estimates S × C, and a critic puts Q(A) = E[C | A] in the place of C, for a set A of values.  If S
and C are independent given A, nothing is lost but variance:

    E[S C] = E[ E[S | A] E[C | A] ] = E[ E[S | A] Q(A) ] = E[S Q(A)].

Let V be b with the nearest random values upstream of its distribution's parameters.  S is a function of V, so A = V
will always do.  Less must be proved: a value of V may be left out where the graph separates it from the costs, given
the others, because then it tells nothing about C, nor does S.  With still less, E[S Q(A)] is another number, and may
have another sign: where b2 depends on b1 and the cost on both, a Q(b2) that does not see b1 takes the mean over it, and
cannot know that b2 = 1 was good because b1 was 1.

All of A but b comes before b.  Given its parameters, b is independent of that, so that the choice may be summed out:
E[S Q(A)] = E[sum over x of d(p(x)) Q(x, the others)], and no variance is left of it.

Edges count, not numbers: with w = 0 the edge from b1 to b2 is still there, and dw, which need not be 0, depends on it.
A leaf is taken for a number that is the same in every run (`Critic` watches over that): parameters that the steps of a
loop share join nothing.  A `reply` of the world is a random value like a choice: given the state of a game, the moves
that led to it are separated from what follows.

Sources: the theorem is in Xu, Zu, Zhou, "Backprop-Q" (2018), and in Weber, Heess, Buesing, Silver, "Credit assignment
techniques in stochastic computation graphs" (2019).  Separation is Pearl's (1988), found with Shachter's Bayes ball
(1998), to which whatever is computed without chance is functional.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from ..chance import is_drawn
from ..engine import Value, topological
from .substitution import costs_of, terms_of


def is_random(n: Value) -> bool:
    """Whether a node is a choice, or a reply of the world, of which nobody knows the chances."""
    return is_drawn(n) or n.op.name == "reply"


def is_passed(choice: Value) -> bool:
    """Whether gradients pass a choice, as on the path of `.rsample`."""
    estimator = getattr(choice, "estimator", None)
    return estimator == "pathwise" or getattr(estimator, "passes", False)


def causes(n: Value) -> Sequence[Value]:
    """What a node is computed from; of a choice the parameters of its distribution, without its noise."""
    of = getattr(n, "distribution", None)
    return n.parents if of is None else [p for p in of.parameters if isinstance(p, Value)]


def nearest(choice: Value) -> list[Value]:
    """The choice, and the nearest random values upstream of its distribution's parameters.

    A choice that gradients pass is one of them, and those above it are, too: its slopes depend on them.
    """
    found, seen, stack = [choice], {choice}, list(causes(choice))
    while stack:
        n = stack.pop()
        if n not in seen:
            seen.add(n)
            if is_random(n):
                found.append(n)
            if not is_random(n) or is_passed(n):
                stack += causes(n)
    return found


def leaves_of(choice: Value, given: Collection[Any] = ()) -> list[Value]:
    """The leaves from which the distribution of a choice is computed, beyond random values and what is given."""
    found, seen, stack = list[Value](), {choice, *given}, [*causes(choice)]
    while stack:
        n = stack.pop()
        if n not in seen:
            seen.add(n)
            if not is_random(n):
                stack += n.parents
                found += [n] * (not n.parents)
    return found


class Graph:
    """All that some costs were computed from, for questions of dependence."""

    def __init__(self, costs: Sequence[Value]) -> None:
        self.order = topological(tuple(costs))
        self.place = {n: i for i, n in enumerate(self.order)}
        self.children: dict[Value, list[Value]] = {n: [] for n in self.order}
        for n in self.order:
            for p in causes(n):
                self.children[p].append(n)

    def ball(self, targets: Iterable[Value], observed: Collection[Value]) -> tuple[set[Value], set[Value]]:
        """Whom the Bayes ball visits, from `targets` on, and whose distribution (or formula) it needs.

        What is observed and not visited tells nothing about the targets, given what is visited.
        """
        visited, needed, passed = set[Value](), set[Value](), set[Value]()
        ahead = [(n, True) for n in targets]
        while ahead:
            n, from_child = ahead.pop()
            visited.add(n)
            if from_child != (n in observed) and n not in needed:
                needed.add(n)
                ahead += [(p, True) for p in causes(n)]
            if n not in observed and n not in passed and (is_random(n) or not from_child):
                passed.add(n)
                ahead += [(c, False) for c in self.children[n]]
        return visited, needed

    def seen(
        self, choice: Value, costs: Sequence[Value], given: Sequence[Value] = ()
    ) -> tuple[list[Value], set[Value]]:
        """The critic set of a choice for the costs that it influences, and whom the ball visits from them."""
        full = nearest(choice)
        visited, _ = self.ball(costs, {*full, *given})
        needed = [n for n in full[1:] if n in visited and n not in given]
        return [choice, *sorted(needed, key=self.place.__getitem__), *given], visited


def critic_set(choice: Value, costs: Any, given: Sequence[Value] = ()) -> list[Value]:
    """What the Q-function of a choice must see for an unbiased gradient: the choice itself, and the values it lists.

    These are the nearest random values upstream of its distribution, without those that tell nothing about the costs,
    given the others.  `costs` is one Value or a list.  `given` are further Values that it is to see, computed before
    the choice, such as the state of a game: what they make needless is left out.
    """
    if not is_drawn(choice):
        raise TypeError(f"critic_set asks of a random choice, such as Bernoulli(t).sample(rng), got {choice!r:.80}")
    terms = [t for cost in costs_of(costs, "critic_set") for t in terms_of(cost)]
    graph = Graph([*terms, *given, choice])
    return graph.seen(choice, [t for t in terms if choice in set(topological(t))], given)[0]
