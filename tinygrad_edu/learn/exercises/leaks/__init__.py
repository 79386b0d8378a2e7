"""Debugging leaks."""

EXERCISES = {
    "vanishing": 12,
    "dead": 12,
    "forgotten": 10,
    "clipped": 10,
    "unsure": 10,
    "alike": 10,
    "raw": 10,
    "exploding": 12,
}


def still(findings: list[list[str]]) -> str:
    """What the doctor still finds, for a learner: of the first, what it is, where, and what was seen."""
    if not findings:
        return ""
    what, where, seen = findings[0]
    return f"the doctor is not satisfied: {what}. Where: {where}. Seen: {seen}"
