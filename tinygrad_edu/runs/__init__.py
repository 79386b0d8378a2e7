"""A training that can be looked at again: step by step, unit by unit."""
