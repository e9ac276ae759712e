"""One place where a bad vector, number or metric is recognised and explained."""

import numpy as np

from ngbook._arrays import as_floats

__all__ = ["as_function", "as_matrix", "as_number", "as_vector"]

SYMMETRY_TOLERANCE = {False: 1e-10, True: 1e-4}
"""Largest asymmetry, relative to ``sqrt(G_ii * G_jj)``, that counts as rounding; True: in float32."""


def as_function(function, name, call="theta"):
    """A function, or a ValueError that shows how it will be called.

    Parameters
    ----------
    function : callable
        What a caller supplied.
    name : str
        What to call it in a message.
    call : str
        Its arguments, as in ``name(call)``.

    Returns
    -------
    callable
        The function.

    Raises
    ------
    ValueError
        If it cannot be called.
    """
    if not callable(function):
        raise ValueError(
            f"{name} must be a function, called as {name}({call}), but is {function!r}: for a constant "
            f"write lambda {call}: {name}"
        )
    return function


def as_number(value, name="value", above=None):
    """One finite real number as a ``float``.

    Parameters
    ----------
    value : float
        What a caller, or a caller's function, supplied.
    name : str
        What to call it in a message.
    above : float or None
        A bound that the number must exceed.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ValueError
        If it is not a single number (a mean or a sum over samples is missing, say), is not
        finite, or does not exceed ``above``.
    """
    number = as_floats(value, name)
    if number.ndim != 0:
        raise ValueError(
            f"{name} must be one number, but has shape {number.shape}: "
            "sum or average it over the samples, or pick one entry"
        )
    if not np.isfinite(number):
        raise ValueError(f"{name} must be finite, but is {number}: check the point it was computed at")
    if above is not None and not number > above:
        raise ValueError(f"{name} must be greater than {above:g}, but is {number:g}")
    return float(number)


def as_vector(value, name="theta", size=None):
    """A finite vector as a new float array of shape ``(p,)``.

    Parameters
    ----------
    value : ndarray of shape (p,)
        What a caller, or a caller's function, supplied.
    name : str
        What to call it in a message.
    size : int or None
        The length p that it must have.

    Returns
    -------
    ndarray of shape (p,)
        A copy, so that later changes of ``value`` cannot reach it.

    Raises
    ------
    ValueError
        If it is not a vector of real numbers, is empty, has another length than ``size``, or
        holds NaN or infinity (the message gives the entries).
    """
    vector = np.array(as_floats(value, name))
    if vector.ndim != 1 or vector.size == 0:
        raise ValueError(
            f"{name} must be a vector of shape (p,), but has shape {vector.shape}: "
            "a single parameter is written [x]"
        )
    if size is not None and vector.size != size:
        raise ValueError(f"{name} must have {size} entries, but has {vector.size}: {show(vector)}")
    if not np.isfinite(vector).all():
        raise ValueError(
            f"{name} must be finite, but is {show(vector)}: check that the point it was "
            "computed at is inside the parameter space"
        )
    return vector


def as_matrix(metric, size=None):
    """A metric as a dense symmetric float array, whichever way it was given.

    Every function that takes a metric reads it through this one. It checks that the matrix is
    square, finite and symmetric; whether it is positive definite is for ``dense_solve`` to find.
    An asymmetry below ``1e-10`` (relative to ``sqrt(G_ii * G_jj)``, so that the units of the
    parameters do not matter; ``1e-4`` in float32) is rounding, and the mean of the two entries is returned.

    Parameters
    ----------
    metric : ndarray of shape (p, p) or LinearOperator
        A LinearOperator, or a SciPy sparse matrix, is multiplied with the identity: p products and p²
        numbers, meant for small p.
    size : int or None
        The p that it must have.

    Returns
    -------
    ndarray of shape (p, p)
        The dense matrix, exactly symmetric.

    Raises
    ------
    ValueError
        If the matrix is not square, does not have the given size, is not finite or is not
        symmetric (the message gives the largest asymmetry and where it is).
    """
    operator = is_operator(metric)
    matrix = as_floats(metric @ np.eye(operator_size(metric)) if operator else metric, "metric")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"metric must be a square matrix of shape (p, p), but has shape {matrix.shape}")
    if size is not None and len(matrix) != size:
        raise ValueError(
            f"metric must have shape ({size}, {size}) to fit a vector of {size} entries, "
            f"but has shape {matrix.shape}"
        )
    if not np.isfinite(matrix).all():
        raise ValueError(
            f"metric must be finite, but is\n{show(matrix)}\n"
            "check that the point it was computed at is inside the parameter space"
        )
    _check_symmetric(matrix, SYMMETRY_TOLERANCE[getattr(metric, "dtype", None) == np.float32])
    return (matrix + matrix.T) / 2


def as_not_negative(value, name, because=""):
    """A finite number, at least 0; ``because`` ends the message."""
    number = as_number(value, name)
    if number < 0:
        raise ValueError(f"{name} must be at least 0, but is {number:g}{because}")
    return number


def as_fraction(value, name):
    """A number between 0 and 1, neither allowed."""
    number = as_number(value, name, above=0)
    if not number < 1:
        raise ValueError(f"{name} must be between 0 and 1, but is {number:g}")
    return number


def as_damping(value):
    """A finite number, at least 0, to be added to the diagonal."""
    return as_not_negative(value, "damping", ": it would remove curvature")


def as_tolerance(value):
    """A finite number, at least 0, to compare a residual with."""
    return as_not_negative(value, "tolerance", ": a residual is never negative")


def is_operator(metric):
    """Whether it is known by its products: a LinearOperator or a SciPy sparse matrix."""
    return hasattr(metric, "shape") and (hasattr(metric, "matvec") or hasattr(metric, "tocsr"))


def operator_size(operator):
    rows, columns = operator.shape
    if rows != columns:
        raise ValueError(f"metric must be square, but is an operator of shape {operator.shape}")
    return rows


def _check_symmetric(matrix, tolerance):
    asymmetry = np.abs(matrix - matrix.T)
    if not asymmetry.any():
        return
    diagonal = np.sqrt(np.abs(np.diag(matrix)))
    size = np.maximum(diagonal[:, None] * diagonal[None, :], np.maximum(np.abs(matrix), np.abs(matrix.T)))
    if np.any(asymmetry > tolerance * size):
        i, j = np.unravel_index(np.argmax(asymmetry), matrix.shape)
        raise ValueError(
            f"metric must be symmetric, but its largest asymmetry is {asymmetry[i, j]:.3g}: entry "
            f"({i}, {j}) is {matrix[i, j]:.6g} and entry ({j}, {i}) is {matrix[j, i]:.6g}"
        )


def show(array):
    """Entries rounded for a message (a rounding-level entry prints as 0)."""
    return np.array2string(np.round(array, 6) + 0.0, precision=4, threshold=12)


def damped(damping):
    """What to write behind the metric in a message."""
    return f" + {damping:g} I" if damping else ""
