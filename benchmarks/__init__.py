"""How fast the engine is, and next to whom: `python -m benchmarks.eager`."""
