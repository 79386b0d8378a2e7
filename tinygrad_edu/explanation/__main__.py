"""`python -m tinygrad_edu.explanation`: the lecture's neuron explained, and then one of its gradients."""

from ..figures.__main__ import neuron
from . import explain

if __name__ == "__main__":
    o = neuron()
    print(explain(o))
    print(f"\n{explain(o, of='w1')}")
