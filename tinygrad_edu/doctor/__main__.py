"""A network that was begun badly: weights far too large for tanh, and a loss that takes logits and gets a sigmoid."""

from .. import losses, nn
from ..data import moons
from ..streams import safe
from . import diagnose

if __name__ == "__main__":
    X, y = moons(20, seed=0)
    model = nn.MLP(2, [8, 8, 1], activation="tanh", output="sigmoid", seed=0)
    for p in model.parameters():
        p.data *= 10
    loss = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)
    loss.label = "loss"
    with safe():
        print(diagnose(loss, model, X))
