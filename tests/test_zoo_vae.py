"""The bound of the eight bits is a bound, its closed form the sum over states, the estimates right on the average."""

import itertools
import math
import random

import pytest

from tinygrad_edu import Value, functional, jit, pack
from tinygrad_edu.modes import no_grad
from tinygrad_edu.stochastic import Bernoulli, expected
from tinygrad_edu.zoo import vae
from tinygrad_edu.zoo.vae.estimators import ESTIMATORS
from tinygrad_edu.zoo.vae.models import Bits, Gaussian, of_pixels

COUNT = 3  # bits
STATES = list(itertools.product((0.0, 1.0), repeat=COUNT))
every_seed = pytest.mark.parametrize("seed", range(2))


def some(seed, guesses=0):
    """A model whose bits are not alike, and a picture."""
    rng, model = random.Random(seed), Bits(COUNT, seed, guesses)
    for p in (*model.prior, *(model.critic.parameters() if guesses else [])):
        p.data = rng.gauss(0.0, 0.3)
    return model, [float(rng.random() < 0.4) for _ in range(64)]


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return [p.grad for p in model.parameters()]


def drawn(model, x):
    """Every state, with its probability and noise that makes it."""
    ps = [q.p.data for q in model.hidden(x)]
    for z in STATES:
        yield math.prod(p if b else 1 - p for p, b in zip(ps, z)), [p / 2 if b else (1 + p) / 2 for p, b in zip(ps, z)]


@every_seed
def test_the_closed_form_is_the_expectation_of_the_cost_and_so_is_its_gradient(seed):
    model, x = some(seed)
    long = expected(lambda rng: vae.of_a_walk(model, x, rng))
    assert model.exact(x).data == pytest.approx(long.data, rel=1e-13)
    assert gradients(model, model.exact(x)) == pytest.approx(gradients(model, long), abs=1e-12)


@every_seed
def test_the_bound_lies_above_what_it_bounds(seed):
    model, x = some(seed)
    with no_grad():
        logs = []
        for z in STATES:
            prior = [Bernoulli(logit=b).log_prob(v) for b, v in zip(model.prior, z)]
            logs.append(functional.sum(prior) - of_pixels(model.decoder(list(z)), x))
        assert model.exact(x).data >= -functional.logsumexp(logs).data


@every_seed
@pytest.mark.parametrize("name", ["no baseline", "moving average", "learned baseline", "leave one out"])
def test_what_is_scored_is_right_on_the_average_over_all_outcomes(name, seed):
    how = ESTIMATORS[name]
    model, x = some(seed, how.guesses(COUNT))
    more = [4.0] * how.mean
    total = [0.0] * len(model.parameters())
    for draws in itertools.product(drawn(model, x), repeat=how.draws):
        weight = math.prod(w for w, _ in draws)
        for i, g in enumerate(gradients(model, how.loss(model, x, *[u for _, u in draws], *more))):
            total[i] += weight * g
    theirs = {id(p) for p in model.critic.parameters()} if model.critic else ()
    shared = [i for i, p in enumerate(model.parameters()) if id(p) not in theirs]
    exact = gradients(model, model.exact(x))
    assert [total[i] for i in shared] == pytest.approx([exact[i] for i in shared], abs=1e-11)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_loss_is_recorded_and_replays_what_is_computed_anew(name):
    how = ESTIMATORS[name]
    model, x = some(1, how.guesses(COUNT))
    rng = random.Random(2)
    recorded, theta = jit(lambda x, *more: how.loss(model, x, *more), backend="python"), pack(model.parameters())
    for _ in range(2):
        given = [*[[rng.random() for _ in range(COUNT)] for _ in range(how.draws)], *[20.0] * how.mean]
        loss = how.loss(model, x, *given)
        value, gradient = recorded.value_and_grad(theta, [x], *[[g] for g in given])
        assert value == pytest.approx(loss.data, rel=1e-14)
        assert list(gradient) == pytest.approx(gradients(model, loss), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("name", [name for name, how in ESTIMATORS.items() if name not in ("relaxed",)])
def test_the_value_of_a_loss_is_a_draw_of_the_bound(name):
    how = ESTIMATORS[name]
    model, x = some(0, how.guesses(COUNT))
    total = 0.0
    for draws in itertools.product(drawn(model, x), repeat=how.draws):
        weight = math.prod(w for w, _ in draws)
        total += weight * how.loss(model, x, *[u for _, u in draws], *[3.0] * how.mean).data
    assert total == pytest.approx(model.exact(x).data, rel=1e-12)


@every_seed
def test_the_best_linear_q_is_where_its_error_is_least_and_gives_the_exact_gradient(seed):
    """The slopes of the best line are E[cost | bit] - E[cost | no bit], and so is d(expected cost)/dp."""
    model, x = some(seed, 1 + COUNT)
    with no_grad():
        costs = [of_pixels(model.decoder(list(z)), x).data for z in STATES]
    states = list(drawn(model, x))
    mean = math.fsum(w * cost for (w, _), cost in zip(states, costs))
    for p in model.critic.parameters():
        p.data = 0.0
    model.critic.neurons[0].b.data = mean / 10
    for i, n in enumerate(model.critic.neurons[1:]):
        for bit in (0.0, 1.0):
            those = [(w, cost) for (w, _), cost, z in zip(states, costs, STATES) if z[i] == bit]
            share = math.fsum(w * cost for w, cost in those) / math.fsum(w for w, _ in those)
            n.b.data += share if bit else -share
    names = [name for name, _ in model.named_parameters()]
    exact, average = gradients(model, model.exact(x)), [0.0] * len(names)
    for weight, u in states:
        found = gradients(model, ESTIMATORS["learned Q"].loss(model, x, u))
        average = [a + weight * g for a, g in zip(average, found)]
        for name, ours, true in zip(names, found, exact):
            if name.startswith("encoder"):
                assert ours == pytest.approx(true, abs=1e-11)
    assert all(abs(g) < 1e-9 for name, g in zip(names, average) if name.startswith("critic"))


def test_gradients_take_the_path_through_two_numbers():
    model, x = Gaussian(0), some(0)[1]
    q = model.hidden(x)
    z = [one.rsample(noise=n) for one, n in zip(q, (0.5, -1.0))]
    model.zero_grad()
    functional.sum(z).backward()
    assert any(p.grad for p in model.encoder.parameters()) and not any(p.grad for p in model.decoder.parameters())
    assert [v.data for v in z] == [
        m.data + s.data * n for m, s, n in zip(*zip(*[o.parameters for o in q]), (0.5, -1.0))
    ]
    assert isinstance(model(x, [0.5, -1.0]), Value)
