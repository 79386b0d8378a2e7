"""The exercises, a folder for each chapter; `course` says how one is written."""

CHAPTERS = (
    "slopes", "chains", "rows", "forks", "order", "passes", "engine", "networks", "losses", "routing", "matrices",
    "deltas", "layers", "checking", "leaks", "chance", "milestones",
)  # fmt: skip
