"""How a run shows where it is."""

import sys

from ngbook import _check as check
from ngbook.policy_gradient.history import Record

__all__ = ["progress_bar"]


def progress_bar(iteration, iterations, record):
    """One line on standard error that is written over: how far the run is, and the mean return.

    Parameters
    ----------
    iteration : int
        From 1 on.
    iterations : int
        The last one.
    record : Record
        What the iteration came to.

    Raises
    ------
    ValueError
        If the iterations are not counted from 1 to the last, or it is not a record.
    """
    iterations = check.count(iterations, "iterations")
    if check.count(iteration, "iteration") > iterations:
        raise ValueError(f"iteration is {iteration}, but the last of the iterations is {iterations}")
    if not isinstance(record, Record):
        raise ValueError(f"record must be a Record, but is {record!r}: train makes them")
    filled = round(24 * iteration / iterations)
    bar = "\u2588" * filled + "·" * (24 - filled)
    shown = f"mean return {record.mean_return:.1f}" if record.episodes else "no episode ended"
    line = f"\r{bar} {iteration}/{iterations}  {record.steps} steps  {shown}  KL {record.kl:.4f}"
    end = "\n" if iteration == iterations else ""
    print(f"{line:<90}", end=end, file=sys.stderr, flush=True)


def reporter(progress):
    if progress is None:
        return lambda *arguments: None
    if isinstance(progress, str):
        if progress != "bar":
            raise ValueError(f"progress must be 'bar', a function or None, but is {progress!r}")
        return progress_bar if sys.stderr.isatty() else reporter(None)
    return check.function(progress, "progress", "iteration, iterations, record")
