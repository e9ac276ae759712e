"""What a caller's functions return, inside the domain and outside."""

import numpy as np

from ngbook import _check as check
from ngbook._domain import OutsideDomain


def evaluate(value, gradient, theta):
    """Value and gradient at a trial point, or the complaint that it is outside the domain."""
    with np.errstate(all="ignore"):  # what is not finite is reported by the caller
        try:
            return (inside(value, theta, "value", ()), inside(gradient, theta, "gradient", theta.shape)), ""
        except OutsideDomain as error:
            return None, str(error) or "the function says no more"


def value_or_nan(value, theta):
    with np.errstate(all="ignore"):
        try:
            return inside(value, theta, "value", ())
        except OutsideDomain:
            return np.nan


def gradient_at(gradient, theta):
    return check.vector(gradient(theta), "gradient", theta.size)


def inside(function, theta, name, shape):
    """What a caller's function returns at a trial point, or ``OutsideDomain`` if that is not finite."""
    result = check.floats(function(theta), name)
    if result.shape == shape and not np.isfinite(result).all():
        raise OutsideDomain(f"{name} must be finite, but is {result}")
    return check.vector(result, name, theta.size) if shape else check.number(result, name)
