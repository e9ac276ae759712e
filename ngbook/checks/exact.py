"""What `ngbook.checks.same` does around the decision whether two expressions are equal.

It refuses a comparison of structurally equal sides, since that proves nothing; it evaluates what a claim
leaves unevaluated, and notes the conditions; and it says what failed, entry by entry.
"""

import sympy as sp

from ngbook._check import expressions as check
from ngbook._equality import UNEVALUATED, decide


def compare(left, right, about, unlike=None):
    """Prove ``left == right``: the conditions it needs and what failed (``None`` if nothing did)."""
    left, right = check.matrix(left, "left"), check.matrix(right, "right")
    if left.shape != right.shape:
        raise ValueError(f"left has shape {left.shape} and right {right.shape}: give both the same shape")
    if left == right and unlike is None:
        raise ValueError(
            f"both sides are {_text(left)} before any simplification, so the check could be empty. "
            "Leave a claim unevaluated (sp.Derivative, sp.Integral), or give unlike=<a plausible mistake>"
        )
    if unlike is not None:
        _must_differ(left, check.matrix(unlike, "unlike"))
    conditions = []
    for place, sides in enumerate(zip(left, right, strict=True)):
        verdict, explanation = _decide(*(_evaluated(side, conditions) for side in sides))
        if verdict != "the same":
            entry = f" in entry {divmod(place, left.cols)}" if len(left) > 1 else ""
            return [], f"{verdict}: {about or 'the two sides'}{entry}\n{explanation}"
    return list(dict.fromkeys(conditions)), None


def _must_differ(left, unlike):
    """Refuse a wrong result that has the wrong shape or is in truth right: it would show nothing."""
    if left.shape != unlike.shape:
        raise ValueError(f"unlike has shape {unlike.shape} and left {left.shape}: give both the same shape")
    for sides in zip(left, unlike, strict=True):
        if _decide(*(_evaluated(side, []) for side in sides))[0] == "not the same":
            return
    raise ValueError(
        f"unlike is {_text(unlike)}, which was not found to differ from left: give a result that is wrong"
    )


def _evaluated(entry, conditions):
    """Evaluate what was left unevaluated, noting the condition where SymPy found one."""
    entry = sp.sympify(entry.doit())

    def settled(*branches):
        known = [(value, where) for value, where in branches if not value.has(*UNEVALUATED)]
        if len(known) == 1 and len(known) < len(branches):
            conditions.append(str(known[0][1]))
            return known[0][0]
        return sp.Piecewise(*branches)

    return entry.replace(sp.Piecewise, settled)


# --- deciding one entry --------------------------------------------------------------------------


def _decide(left, right):
    """Verdict, ``"the same"`` if the two are proved equal, and explanation."""
    difference = left - right
    sides = f"  left  = {_text(left)}\n  right = {_text(right)}"
    if difference.has(*UNEVALUATED) and sp.expand(difference) != 0:
        return "not decided", f"{sides}\n  SymPy could not evaluate {_text(difference.atoms(*UNEVALUATED))}"
    verdict = decide(left, right)
    if verdict.proved:
        return "the same", ""
    if verdict.refuted:
        ours, theirs = verdict.values
        where = ", ".join(f"{name} = {value}" for name, value in verdict.point.items())
        return "not the same", (
            f"{sides}\n  {'at ' + where if where else 'as numbers'}: "
            f"left = {ours.n(10)}, right = {theirs.n(10)}, left - right = {(ours - theirs).n(10)}"
        )
    return "not decided", (
        f"{sides}\n  they agree at {verdict.agreed} rational points, but no rule proves it; what is left is "
        f"{_text(verdict.rest)}. Declare assumptions (positive=True, ...), or prove it in smaller steps"
    )


def _text(value, limit=300):
    if isinstance(value, sp.MatrixBase) and len(value) == 1:
        value = value[0]
    text = " ".join(str(value).split())
    return text if len(text) <= limit else text[:limit] + " ..."
