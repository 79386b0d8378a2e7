"""Backprop-Q: what a critic must see is found in the graph, and with exact Q-functions its gradient is exact."""

import math
import random

import pytest

from tests.test_stochastic import random_graph
from tinygrad_edu import Value, grad, jit, nn, optim
from tinygrad_edu import stochastic as S
from tinygrad_edu.engine import topological
from tinygrad_edu.errors import UserError
from tinygrad_edu.stochastic.rows import score
from tinygrad_edu.stochastic.substitution import choices
from tinygrad_edu.tracing import RecordingError

FORMS = pytest.mark.parametrize("all_outcomes", [False, True], ids=["scored", "all outcomes"])
JOIN = (-0.0577646447, 0.0266940334, -0.0983059666)
CHAIN = (0.00577646, 0.02233060, 0.00983060)


def two(cost, w=1.0):
    """Two choices, the second of which depends on the first: parameters t1, t2, w, and a cost of both."""
    t1, t2, w = (Value(x, label=name) for name, x in (("t1", 0.0), ("t2", 0.0), ("w", w)))

    def f(rng):
        b1 = S.Bernoulli(logit=t1).sample(rng)
        b2 = S.Bernoulli(logit=t2 + w * b1).sample(rng)
        b1.label, b2.label = "b1", "b2"
        return cost(b1, b2)

    return [t1, t2, w], f


def join(w=1.0):
    return two(lambda b1, b2: (b1 - b2) ** 2, w)


def chain(w=1.0):
    return two(lambda b1, b2: (b2 - 0.45) ** 2, w)


def weighed(parameters, f, critic):
    """The gradient with a critic, weighed over all outcomes, and its variance."""
    found = [(p, [g.data for g in grad(S.surrogate(c, estimator=critic), *parameters)]) for p, c in S.outcomes(f)]
    mean = [math.fsum(p * g[i] for p, g in found) for i in range(len(parameters))]
    return mean, [math.fsum(p * (g[i] - m) ** 2 for p, g in found) for i, m in enumerate(mean)]


def exact(parameters, f):
    return [g.data for g in grad(S.expected(f), *parameters)]


def taught(f, **how):
    """A critic whose tables are the exact conditional expectations."""
    critic = S.Critic(**how)
    for p, costs in S.outcomes(f):
        critic.learn(costs, weight=p)
    return critic


# The published systems


@FORMS
def test_with_the_exact_tables_the_join_has_the_exact_gradient(all_outcomes):
    parameters, f = join()
    q = {"b1": S.Table(values={(0,): 0.5, (1,): 1 / (1 + math.e)}),
         "b2": lambda seen: (seen[1] - seen[0]) ** 2}  # fmt: skip
    found, _ = weighed(parameters, f, S.Critic(q, all_outcomes=all_outcomes))
    assert found == pytest.approx(exact(parameters, f), abs=1e-12)
    assert found == pytest.approx(JOIN, abs=1e-10)
    assert taught(f).q["b1"].values == pytest.approx({(0.0,): 0.5, (1.0,): 0.2689414214}, abs=1e-10)


@pytest.mark.parametrize("see", ["b2", "b2 and its logit"])
@pytest.mark.parametrize("w", [1.0, 0.0])
def test_a_critic_that_does_not_see_the_first_choice_gets_the_join_wrong(see, w):
    """Its Q(b2) is right on the average, .3497554091 and .4061545150, and the gradient of w has the wrong sign."""
    parameters, f = join(w)
    rows = [(p, choices([c]), c.data) for p, c in S.outcomes(f)]
    key = lambda b1, b2: (b2.data, w and b1.data * (see != "b2"))  # noqa: E731
    total, paid = {}, {}
    for p, (b1, b2), c in rows:
        k = key(b1, b2)
        total[k], paid[k] = total.get(k, 0.0) + p, paid.get(k, 0.0) + p * c
    q2 = {k: paid[k] / total[k] for k in total}
    q1 = taught(f).q["b1"]
    found = [0.0] * 3
    for p, (b1, b2), _ in rows:
        loss = score(b1.distribution.log_prob(b1), q1([b1.data])) + score(b2.distribution.log_prob(b2), q2[key(b1, b2)])
        found = [m + p * g.data for m, g in zip(found, grad(loss, *parameters))]
    right = exact(parameters, f)
    if w and see == "b2":
        assert sorted(q2.values()) == pytest.approx([0.3497554091, 0.4061545150], abs=1e-10)
        assert found == pytest.approx([JOIN[0], 0.0125942569, 0.0055443686], abs=1e-10)
    elif not w:  # b1 is not to be read in the logit
        assert found[2] == pytest.approx(0, abs=1e-12) and right[2] == pytest.approx(-0.125)
    else:
        assert found == pytest.approx(right, abs=1e-12)  # here the logit tells what b1 was
    assert weighed(parameters, f, taught(f))[0] == pytest.approx(right, abs=1e-12)


@FORMS
def test_the_chain_has_its_tables_and_its_gradient(all_outcomes):
    parameters, f = chain()
    critic = taught(f, all_outcomes=all_outcomes)
    assert critic.q["b1"].values == pytest.approx({(0.0,): 0.2525, (1.0,): 0.2756059}, abs=1e-7)
    assert set(critic.q["b2"].values) == {(0.0,), (1.0,)}  # the cost looks at b2 alone
    assert weighed(parameters, f, critic)[0] == pytest.approx(exact(parameters, f), abs=1e-12)
    assert exact(parameters, f) == pytest.approx(CHAIN, abs=1e-8)


# In general


@FORMS
@pytest.mark.parametrize("seed", range(2, 50, 6))
def test_on_random_graphs_a_critic_with_exact_tables_has_the_exact_gradient(seed, all_outcomes):
    """One cost or several, up to six choices of any kind, deterministic parts between them."""
    parameters, f = random_graph(seed + all_outcomes)
    critic = taught(f, all_outcomes=all_outcomes)
    assert weighed(parameters, f, critic)[0] == pytest.approx(exact(parameters, f), abs=1e-12)


@pytest.mark.parametrize("seed", range(0, 50, 7))
def test_targets_of_the_next_choices_have_the_mean_of_the_sampled_costs(seed):
    """Temporal differences: wherever a next Q-function speaks, it knows as much as the costs themselves."""
    parameters, f = random_graph(seed)
    monte_carlo, ahead = taught(f), S.Critic(td=True)
    ahead.q.update(monte_carlo.q)
    mean = S.Critic()
    for p, costs in S.outcomes(f):
        for name, seen, target, _ in ahead.lessons(costs):
            mean.q.setdefault(name, S.Table()).learn(seen, target, p)
    assert mean.q.keys() == monte_carlo.q.keys()
    for name, table in mean.q.items():
        assert table.values == pytest.approx(monte_carlo.q[name].values, abs=1e-12)


@pytest.mark.parametrize("td", [False, True])
@pytest.mark.parametrize("seed", range(1, 50, 10))
def test_remembered_runs_teach_what_runs_of_now_would_teach(seed, td):
    """Importance weights: the probability now, by that of then, of what Q does not see."""
    parameters, f = random_graph(seed)
    old = S.Critic(td=td, memory=10_000)
    probabilities = []
    for p, costs in S.outcomes(f):
        old.remember(costs)
        probabilities.append(p)
    for i, t in enumerate(parameters):
        t.data += (0.4, -0.7, 0.3)[i]
    now = taught(f)
    old.q.update(now.q)  # what TD asks the next choices
    mean = {}
    for p, lessons in zip(probabilities, old.replayed(), strict=True):
        for name, seen, target, weight in lessons:
            mean.setdefault(name, S.Table()).learn(seen, target, p * weight)
    for name, table in mean.items():
        want = now.q[name].values
        keys = sorted(want)  # numbers that are computed anew may be rounded otherwise
        assert len(keys) == len(table.values)
        assert [table.values[k] for k in sorted(table.values)] == pytest.approx([want[k] for k in keys], abs=1e-12)


# What is seen


def coin(rng, logit, label):
    b = S.Bernoulli(logit=logit).sample(rng)
    b.label = label
    return b


W = [Value(x, label=f"w{i}") for i, x in enumerate((0.3, -0.8, 0.0))]


def a_fork(cost):
    a = coin(0, W[0], "a")
    return cost(a, coin(0, W[0] * a, "b"), coin(0, W[1] * a, "c"))


def a_chain(cost):
    made = [coin(0, W[0], "a")]
    for label in "bcd":
        made.append(coin(0, W[0] + W[1] * made[-1], label))
    return cost(*made)


def a_loop(cost):
    """A state that moves as it is decided, which is decided by the state."""
    s, costs = Value(0.0), []
    for label in "abc":
        move = coin(0, W[0] * s + W[1], label)
        s = 0.5 * s + move
        costs.append(cost(s, move))
    return costs


def a_shared_input(cost):
    x = coin(0, W[0], "x")
    return cost(x, coin(0, W[0] * x, "a"), coin(0, W[1] * x, "b"))


def a_collider(cost):
    a, b = coin(0, W[0], "a"), coin(0, W[1], "b")
    return cost(a, b, coin(0, W[0] * a + W[1] * b, "c"))


def dead_weight(cost):
    a = coin(0, W[0], "a")
    return cost(a, coin(0, W[0] + W[2] * a, "b"))


def a_path(cost):
    a = coin(0, W[0], "a")
    x = S.Normal(W[1] * a, 1.0).rsample(1)
    x.label = "x"
    return cost(a, x, coin(0, W[0] * x, "b"))


def a_game(cost):
    """The world replies with a place to each move, by chances of its own."""
    s, costs = Value(0.0), []
    for label in "abc":
        move = coin(0, W[0] * s + W[1], label)
        s = S.reply(0.3 + 0.1 * len(costs), s, move)
        s.label = label.upper()
        costs.append(cost(s, move))
    return costs


def a_table(cost):
    """The same, with chances that stand in a table, by the place."""
    table, s, costs = [Value(x) for x in (0.2, -0.4, 0.9, 0.1)], S.reply(0.0, coin(0, W[0], "x")), []
    for label in "abc":
        move = coin(0, S.lookup(table, s), label)
        s = S.reply(1.0 + len(costs), s, move)
        s.label = label.upper()
        costs.append(cost(s, move))
    return costs


SETS = {
    "table, costs of its places": (a_table, lambda s, m: (s - 0.7) ** 2, {"b": "bA", "c": "cB"}),
    "table, costs of its moves": (a_table, lambda s, m: 2.0 * m, {"b": "bA", "c": "c"}),
    "game, costs of its places": (a_game, lambda s, m: (s - 0.7) ** 2, {"a": "a", "b": "bA", "c": "cB"}),
    "game, costs of its moves": (a_game, lambda s, m: 2.0 * m, {"a": "a", "b": "bA", "c": "c"}),
    "chain, cost at its end": (a_chain, lambda a, b, c, d: d * W[0], {"a": "a", "b": "b", "c": "c", "d": "d"}),
    "chain, cost of its beginning and end": (
        a_chain, lambda a, b, c, d: (a - d) ** 2, {"a": "a", "b": "ba", "c": "cb", "d": "dc"}),
    "chain, costs of neighbours": (
        a_chain, lambda a, b, c, d: [(a - b) ** 2, (b - c) ** 2, (c - d) ** 2],
        {"a": "a", "b": "ba", "c": "cb", "d": "dc"}),
    "chain, a cost of each": (a_chain, lambda *made: [b**2 for b in made], {"a": "a", "b": "b", "c": "c", "d": "d"}),
    "join": (dead_weight, lambda a, b: (a - b) ** 2, {"a": "a", "b": "ba"}),
    "a cost of the second alone": (dead_weight, lambda a, b: (b - 0.4) ** 2, {"a": "a", "b": "b"}),
    "fork, a cost of each": (a_fork, lambda a, b, c: [b**2, c**2], {"a": "a", "b": "b", "c": "c"}),
    "fork, one cost of both": (a_fork, lambda a, b, c: (b - c) ** 2, {"a": "a", "b": "ba", "c": "ca"}),
    "fork, a sum of costs": (a_fork, lambda a, b, c: b**2 + 3 * c**2 - a, {"a": "a", "b": "b", "c": "c"}),
    "loop, costs of its states": (a_loop, lambda s, m: (s - 0.7) ** 2, {"a": "a", "b": "ba", "c": "cab"}),
    "loop, costs of its moves": (a_loop, lambda s, m: 2.0 * m, {"a": "a", "b": "ba", "c": "c"}),
    "shared input, a cost of it": (
        a_shared_input, lambda x, a, b: [(a - x) ** 2, b**2], {"x": "x", "a": "ax", "b": "b"}),
    "shared input, none": (a_shared_input, lambda x, a, b: [(a - 0.5) ** 2, b**2], {"x": "x", "a": "a", "b": "b"}),
    "collider, a cost of it": (a_collider, lambda a, b, c: c * W[0], {"a": "a", "b": "b", "c": "c"}),
    "collider, a cost of one": (a_collider, lambda a, b, c: (a - c) ** 2, {"a": "a", "b": "b", "c": "ca"}),
    "path, a cost of it": (a_path, lambda a, x, b: (x - b) ** 2, {"a": "a", "b": "bx"}),
    "path, a cost from before": (a_path, lambda a, x, b: (a - b) ** 2, {"a": "a", "b": "ba"}),
    "path, none": (a_path, lambda a, x, b: b * W[0], {"a": "a", "b": "b"}),
}  # fmt: skip


@pytest.mark.parametrize("system", SETS)
def test_a_critic_sees_what_the_graph_says_and_edges_count_not_numbers(system):
    make, cost, want = SETS[system]
    before = [w.data for w in W]
    for numbers in (before, [0.0, 0.0, 0.0], [1.0, 2.0, 3.0]):
        for w, x in zip(W, numbers):
            w.data = x
        costs = make(cost)
        costs = costs if isinstance(costs, list) else [costs]
        by_label = {c.label: c for c in choices(costs)}
        for label, seen in want.items():
            found = S.critic_set(by_label[label], costs)
            assert found[0].label == label and sorted(c.label for c in found) == sorted(seen), label
    for w, x in zip(W, before):
        w.data = x


# Learning


WAYS = {
    "monte carlo": {},
    "temporal differences": {"td": True},
    "off policy": {"memory": 3000},
    "off policy, temporal differences": {"memory": 3000, "td": True},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_learning_comes_to_the_exact_tables(way):
    parameters, f = chain()
    want = taught(f)
    critic, rng = S.Critic(**WAYS[way]), random.Random(3)
    if critic.memory:  # runs of another policy, judged for this one
        for t, x in zip(parameters, (0.5, -0.4, 0.6)):
            t.data = x
    for _ in range(1500):
        costs = f(rng)
        if critic.memory:
            critic.remember(costs)
        else:
            critic.learn(costs)
    if critic.memory:
        for t, x in zip(parameters, (0.0, 0.0, 1.0)):
            t.data = x
        critic.replay(rng, runs=3000)
    for name, table in want.q.items():
        assert critic.q[name].values == pytest.approx(table.values, rel=0.02), name


class Spread:
    """Noise for two choices that lies evenly in the square: its means come to theirs as 1/n, and not as 1/√n."""

    def __init__(self):
        self.drawn = 0

    def random(self):
        run, which = divmod(self.drawn, 2)
        self.drawn += 1
        return (run + 1) * 1.32471795724474602596 ** -(which + 1) % 1


def test_a_learned_table_comes_to_the_exact_one_and_a_seed_is_a_seed():
    _, f = join()

    def learned(rng, runs):
        critic = S.Critic()
        for _ in range(runs):
            critic.learn(f(rng))
        return {name: table.values for name, table in critic.q.items()}

    assert learned(random.Random(2), 100) == learned(random.Random(2), 100)
    exact, found = taught(f).q, learned(Spread(), 1000)
    assert exact["b1"].values == pytest.approx({(0.0,): 0.5, (1.0,): 0.2689414214}, abs=1e-10)
    for name, table in exact.items():
        assert found[name] == pytest.approx(table.values, rel=0.02)


def test_lines_and_networks_learn_as_tables_do():
    _, f = chain()
    want = taught(f)

    def network(size):
        model = nn.MLP(size, [4, 1], activation="tanh", seed=0)
        return S.Network(model, optim.Adam(model.parameters(), lr=optim.linear(0.03, steps=600)))

    for make, close in ((S.Linear, 0.02), (network, 0.05)):
        critic, rng = S.Critic(make), random.Random(3)
        for _ in range(1500 if make is S.Linear else 600):
            critic.learn(f(rng))
        for name, table in want.q.items():
            for key, q in table.values.items():
                assert float(critic.q[name](key)) == pytest.approx(q, rel=close), (make, name)


def test_a_line_is_the_weighted_least_squares_fit():
    rng, line = random.Random(0), S.Linear(2)
    examples = [((rng.random(), rng.random()), rng.random(), rng.random()) for _ in range(30)]
    for xs, y, weight in examples:
        line.learn(xs, y, weight)
    errors = [(weight * (line(xs) - y), (*xs, 1.0)) for xs, y, weight in examples]
    for i in range(3):  # the normal equations
        assert math.fsum(e * xs[i] for e, xs in errors) == pytest.approx(0, abs=1e-5)
    half = S.Table(keep=0.5)
    for y in (1.0, 2.0, 4.0):
        half.learn((0.0,), y)
    assert half((0.0,)) == pytest.approx((0.25 * 1 + 0.5 * 2 + 4) / 1.75)


# What it is used with


def walk(critic, steps=3, **given):
    """A walker who decides by where it is; it pays for its place, and at the end for where it began."""
    lean, pull = Value(0.4), Value(-0.7)

    def f(rng):
        s, costs = Value(1.0), []
        for k in range(steps):
            how = critic.given(s, k, **given) if critic else None
            move = S.Bernoulli(logit=lean + pull * s).sample(rng, estimator=how)
            s = 0.5 * s + 2.0 * move
            costs.append((s - 1.2) ** 2)
        return costs

    return [lean, pull], f


@FORMS
@pytest.mark.parametrize("name", ["", "policy"])
def test_given_the_state_a_critic_needs_no_history_and_steps_of_one_name_share_it(name, all_outcomes):
    critic = S.Critic(all_outcomes=all_outcomes)
    parameters, f = walk(critic, name=name)
    for p, costs in S.outcomes(f):
        critic.learn(costs, weight=p)
    keys = [key for table in critic.q.values() for key in table.values]
    assert len(critic.q) == (1 if name else 3)
    assert {len(key) for key in keys} == {3} and len(keys) == 2 + 4 + 8  # move, place, step
    found, _ = weighed(parameters, f, S.Score())
    assert found == pytest.approx(exact(*walk(None)), abs=1e-12)


def ladder(table, look, how, rng, moves=3):
    """Moves up or down, with chances that stand in a table by the rung; each rung has its price."""
    s, costs = Value(1.0), []
    for k in range(moves):
        move = S.Bernoulli(logit=look(table, s)).sample(rng, estimator=how(s, k))
        s = S.reply(max(0.0, s.data + (1 if move.data else -1)), s, move)
        costs.append(S.reply((1.0, 0.2, 0.7, 3.0, 0.1)[int(s.data) % 5], s))
    return costs


@FORMS
def test_chances_in_a_table_are_looked_up_by_the_state_that_decides_which_they_are(all_outcomes):
    table, critic = [Value(x) for x in (0.3, -0.2, 0.8, -0.5)], S.Critic(all_outcomes=all_outcomes)
    judged = lambda s, k: critic.given(s, k, name="move")  # noqa: E731
    for p, costs in S.outcomes(lambda rng: ladder(table, S.lookup, judged, rng)):
        critic.learn(costs, weight=p)
    found, _ = weighed(table, lambda rng: ladder(table, S.lookup, judged, rng), None)
    want = exact(table, lambda rng: ladder(table, S.lookup, lambda s, k: None, rng))
    assert found == pytest.approx(want, abs=1e-12) and all(abs(g) > 1e-3 for g in want)

    def untold(rng):
        hidden = S.Critic()
        costs = ladder(table, lambda t, s: t[int(s.data) % 4], lambda s, k: hidden.given(s, name="move"), rng, 5)
        hidden.learn(costs)
        return costs

    with pytest.raises(UserError, match=r"write lookup\(table, state\)"):
        list(S.outcomes(untold))


@pytest.mark.parametrize("numbers", [(0.3, -0.2, 0.8), (0.0, 0.0, 0.0)], ids=["different", "alike"])
@pytest.mark.parametrize("given", [False, True])
def test_a_table_that_was_not_looked_up_in_is_refused_whatever_stands_in_it(numbers, given):
    """Also where a cost is computed from none of its entries, which are all alike before anything is learned."""
    table, critic = [Value(x) for x in numbers], S.Critic()

    def f(rng, look):
        a = S.Categorical([0.2, 0.3, 0.5]).sample(rng)
        how = critic.given(a, name="b") if given else critic
        return (S.Bernoulli(logit=look(a)).sample(rng, estimator=how) - a) ** 2

    plain = [costs for _, costs in S.outcomes(lambda rng: f(rng, lambda a: table[int(a.data)]))]
    with pytest.raises(UserError, match=r"Q does not see it.*write lookup\(table, state\)"):
        for costs in plain * 2:
            critic.learn(costs)
    critic = S.Critic()
    found, _ = weighed(table, lambda rng: f(rng, lambda a: S.lookup(table, a)), critic)
    for p, costs in S.outcomes(lambda rng: f(rng, lambda a: S.lookup(table, a))):
        critic.learn(costs, weight=p)
    assert {len(key) for key in critic.q["b" if given else "choice 2"].values} == {2}


def test_a_table_is_asked_where_it_has_an_entry_and_nowhere_else():
    table = [Value(0.3), [Value(1.0), Value(2.0)]]
    assert S.lookup({7: table[0]}, Value(7.0)).parents[0] is table[0] and len(S.lookup(table, Value(1.0))) == 2
    for place in (2.0, -1.0, 0.5, math.nan):
        with pytest.raises(UserError, match="whose places are 0 to 1"):
            S.lookup(table, Value(place))
    with pytest.raises(TypeError, match=r"table\[number\]"):
        S.lookup(table, 1)
    place = S.Bernoulli(0.5).sample(noise=0.9, estimator=S.Enumerate())
    with pytest.raises(UserError, match="looked up at 0"):
        S.surrogate(S.lookup(table, place))


def test_what_is_given_and_is_not_enough_is_completed():
    critic = S.Critic()
    a = coin(0, W[0], "a")
    s = (a > 0) * 1.0 + Value(2.0)  # tells nothing of a
    b = coin(0, W[1] * a, "b")
    assert [x.label for x in S.critic_set(b, (a - b) ** 2, given=[s])][:2] == ["b", "a"]
    t = 3.0 * a
    b = S.Bernoulli(logit=W[1] * t).sample(0, estimator=critic.given(t))
    assert S.critic_set(b, (t - b) ** 2, given=[t]) == [b, t]
    assert S.critic_set(b, (a - b) ** 2, given=[t]) == [b, a, t]  # the graph cannot know that t tells a


@FORMS
@pytest.mark.parametrize("first", [S.Score(0.3), S.Enumerate(), S.StraightThrough(), "critic"], ids=str)
def test_a_critic_of_one_choice_goes_with_any_estimator_of_another(first, all_outcomes):
    """Where the other is summed out, Q is asked again for each of its outcomes."""
    w = [Value(x) for x in (0.2, -0.5, 0.9)]
    critic = S.Critic(all_outcomes=all_outcomes)

    def f(rng, how=(None, None, None)):
        a = S.Bernoulli(logit=w[0]).sample(rng, estimator=how[0])
        b = S.Bernoulli(logit=w[1] * a).sample(rng, estimator=how[1])
        c = S.Bernoulli(logit=w[2] * b + w[0]).sample(rng, estimator=how[2])
        return [(a - b) ** 2 * w[1], b * c + w[2] * c]

    for p, costs in S.outcomes(f):
        critic.learn(costs, weight=p)
    how = (critic if first == "critic" else first, critic, S.Score())
    mean = [0.0] * 3
    for p, costs in S.outcomes(lambda rng: f(rng, how)):
        found = [g.data for g in grad(S.surrogate(costs), *w)]
        mean = [m + p * g for m, g in zip(mean, found)]
    want = exact(w, f)
    if isinstance(first, S.Enumerate):  # its b is made again from the same noise, of which there are more kinds
        rng, column = random.Random(2), []
        for _ in range(250):
            column.append([g.data for g in grad(S.surrogate(f(rng, how)), *w)])
        for m, got in zip(want, zip(*column)):
            centre = math.fsum(got) / len(got)
            assert abs(centre - m) < 5.5 * math.dist(got, [centre] * len(got)) / len(got)
    elif not isinstance(first, S.StraightThrough):
        assert mean == pytest.approx(want, abs=1e-12)
    else:
        assert mean[2] == pytest.approx(want[2], abs=1e-12)  # it is biased, in what its own choice depends on


def test_on_a_path_a_critic_sees_the_sample_that_gradients_pass():
    """Noise on a grid takes the place of all noise, so that both sides can be added up."""
    m, w = Value(0.3), Value(-0.6)
    grid = [(-1.3, 0.2), (-0.2, 0.3), (0.4, 0.4), (1.9, 0.1)]

    def f(rng, z):
        x = S.Normal(m, 0.8).rsample(noise=z)
        b, c = S.Bernoulli(logit=w * x).sample(rng), S.Bernoulli(logit=x + w).sample(rng)
        return [(b - c) ** 2 * x, b * m * 3.0]

    runs = [(share * p, costs) for z, share in grid for p, costs in S.outcomes(lambda rng: f(rng, z))]
    critic = S.Critic()
    for p, costs in runs:
        critic.learn(costs, weight=p)
    want, found = [0.0, 0.0], [0.0, 0.0]
    for z, share in grid:
        want = [a + share * g.data for a, g in zip(want, grad(S.expected(lambda rng: f(rng, z)), m, w))]
    for p, costs in runs:
        found = [a + p * g.data for a, g in zip(found, grad(S.surrogate(costs, estimator=critic), m, w))]
    assert found == pytest.approx(want, abs=1e-12)
    assert {len(key) for table in critic.q.values() for key in table.values} == {2}


def test_weighing_every_outcome_leaves_no_variance_of_the_choice_itself():
    for make in (join, chain):
        parameters, f = make()
        mean, scored = weighed(parameters, f, taught(f))
        same, summed = weighed(parameters, f, taught(f, all_outcomes=True))
        assert same == pytest.approx(mean, abs=1e-12)
        assert summed[0] < 1e-15 < scored[0]  # nothing comes before the first
        assert sum(summed) < 0.6 * sum(scored)


def test_a_critic_learns_from_what_it_is_taught_and_leaves_functions_alone():
    _, f = chain()
    q = {"b1": lambda seen: 7.0, "b2": S.Table()}
    critic, costs = S.Critic(q), f(random.Random(0))
    critic.learn(costs)
    assert critic.q["b1"]([0.0]) == 7.0 and len(critic.q["b2"].values) == 1
    assert [(lesson.name, len(lesson.seen)) for lesson in critic.lessons(costs)] == [("b2", 1), ("b1", 1)]
    names = lambda costs: [lesson.name for lesson in S.Critic().lessons(costs)]  # noqa: E731
    a, b = S.Bernoulli(0.5).sample(0), S.Bernoulli(0.5).sample(1)
    assert names(a * b) == ["choice 2", "choice 1"]
    a.label = b.label = "move"
    assert names(a * b) == ["move_2", "move"]


# What is refused


def shares(x, rng):
    return (S.Bernoulli(logit=W[0] * x).sample(rng) - x) ** 2


REFUSED = {
    "an input that it does not see": (
        lambda: [S.Critic.learn(c, shares(Value(x), 0)) for c in [S.Critic()] for x in (0.25, 0.5)], "critic.given"),
    "a choice that sees more": (
        lambda: [c.learn(cost) for c in [S.Critic()] for cost in (coin(0, W[0], "b") * 2.0, join_named_b())],
        "sees 2 numbers here, and saw 1"),
    "no such function": (lambda: S.Critic({"b": S.Table()}).learn(coin(0, W[0], "a") * 2.0), "no Q-function for 'a'"),
    "a second derivative": (
        lambda: S.surrogate(coin(0, W[0], "a") * 2.0, estimator=S.Critic(), order=2), "first derivatives"),
    "a memory that it has not": (lambda: S.Critic().remember(coin(0, W[0], "a") * 2.0), "memory=1000"),
    "every outcome of a Normal": (
        lambda: S.surrogate(S.Normal(W[0], 1.0).sample(0) ** 2, estimator=S.Critic(all_outcomes=True)), "no end"),
    "a score of a Uniform": (
        lambda: S.surrogate(S.Uniform(W[0], 2.0).sample(0) ** 2, estimator=S.Critic()), "pathwise"),
    "examples that count more and more": (lambda: S.Table(keep=1.5), "above 0 to 1"),
    "a memory of half a run": (lambda: S.Critic(memory=1.5), "memory= is how many runs, .* got 1.5"),
    "a memory of less than none": (lambda: S.Critic(memory=-1), "whole number from 0 on, got -1"),
    "less than no runs": (lambda: S.Critic(memory=3).replay(0, -1), "runs= is how many runs"),
    "a weight that is nan": (lambda: S.Critic().learn(coin(0, W[0], "a") * 2.0, math.nan), "how much .* got nan"),
    "a weight below 0": (lambda: S.Critic().learn(coin(0, W[0], "a") * 2.0, weight=-1), "from 0 on, .* got -1"),
    "an example without end": (lambda: S.Table().learn([0.0], 1.0, math.inf), "no inf or nan, got inf"),
    "a line of another size": (
        lambda: S.Critic(lambda size: S.Linear(3)).learn(coin(0, W[0], "a") * 2.0), "over 3 numbers, got 1"),
    "a line of no size": (lambda: S.Linear(-1), "size= is how many numbers"),
}  # fmt: skip


def join_named_b():
    a = coin(0, W[0], "a")
    return (coin(0, W[1] * a, "b") - a) ** 2


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_critic_cannot_judge_is_refused_with_what_to_do(what):
    wrong, words = REFUSED[what]
    with pytest.raises(UserError, match=words):
        wrong()


def test_a_setting_may_change_and_an_input_that_is_given_may_too():
    critic, setting = S.Critic(), Value(0.3)
    for x in (0.25, 0.5):
        setting.data = x
        critic.learn(shares(setting, 0))
        given = Value(x)
        critic.learn((S.Bernoulli(logit=W[0] * given).sample(0, estimator=critic.given(given, name="g")) - given) ** 2)
    assert {len(key) for key in critic.q["g"].values} == {2} and len(critic.q["g"].values) == 2


def test_runs_of_a_game_are_remembered_with_the_replies_of_the_world():
    critic = S.Critic(memory=1)
    critic.remember(a_game(lambda s, m: (s - m) ** 2))
    [before] = critic.replayed()
    W[0].data, old = 2.0, W[0].data
    [now] = critic.replayed()
    W[0].data = old
    assert [lesson[:3] for lesson in before] == [lesson[:3] for lesson in now]
    assert {lesson.weight for lesson in before} == {1.0} and {lesson.weight for lesson in now} != {1.0}


def test_readers_are_told_whose_score_a_critic_weighs():
    _, f = join()
    costs = f(random.Random(0))
    loss = S.surrogate(costs, estimator=taught(f))
    assert (
        {n.scores for n in topological(loss) if hasattr(n, "scores")} == set(choices([costs])) <= set(topological(loss))
    )
    told = " ".join(str(loss.explain()).split())
    assert "the score × what its Q expects: d(log p(b1))/dt1 × " in told


def test_a_critic_is_not_recorded():
    with pytest.raises(RecordingError, match="run it eagerly"):
        jit(lambda u: S.surrogate(S.Bernoulli(logit=W[0]).sample(noise=u) * 2.0, estimator=S.Critic()))(0.3)
