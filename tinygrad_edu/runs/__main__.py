"""`python -m tinygrad_edu.runs`: two hidden layers on the moons, as run.html."""

from .. import data, nn, train

if __name__ == "__main__":
    X, y = data.moons(100, noise=0.15, seed=1)
    model = nn.MLP(2, [16, 16, 1], activation="tanh", seed=1)
    train.fit(model, X, [2 * c - 1 for c in y], loss="hinge", optimizer="adam", lr=0.02, epochs=20, batch_size=10,
              record="run.html")  # fmt: skip
    print("wrote run.html: open it in a browser")
