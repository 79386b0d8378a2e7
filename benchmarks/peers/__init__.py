"""The programs of `benchmarks.replay`, written for other engines.

Nothing in here needs tinygrad_edu: these modules run in processes and in a virtual environment of their own.  A program
for an engine is a function that takes the problem, a dict of plain numbers and lists, and returns three functions:

- `gradient()`: the loss and its gradient at the present parameters, a float and a list of floats;
- `run(n)`: train for n steps, each forward, backward and update, and each with its loss as a Python float;
- `parameters()`: the present parameters, a list of floats.
"""
