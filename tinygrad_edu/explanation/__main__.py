"""`python -m tinygrad_edu.explanation`: the lecture's neuron explained, and then one of its gradients."""

from .. import streams
from ..figures.__main__ import neuron
from . import explain

if __name__ == "__main__":
    o = neuron()
    with streams.safe():
        print(explain(o))
        print(f"\n{explain(o, of='w1')}")
