"""Debugging leaks."""

EXERCISES = ("vanishing", "dead", "forgotten", "clipped", "unsure", "alike", "raw", "exploding")


def still(findings: list[list[str]]) -> str:
    """What the doctor still finds, for a learner: of the first, what it is, where, and what was seen."""
    if not findings:
        return ""
    what, where, seen = findings[0]
    return f"the doctor is not satisfied: {what}. Where: {where}. Seen: {seen}"
