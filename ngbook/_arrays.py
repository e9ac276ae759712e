"""What every module does first with an argument: numbers, a count, a source of randomness."""

import numpy as np


def as_floats(value, name):
    """A real float array of any shape, or one ValueError instead of NumPy's assortment of exceptions."""
    try:
        array = np.asarray(value)
        if np.iscomplexobj(array):
            raise TypeError("complex numbers")
        return array.astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be made of real numbers, but is {value!r}: {error}") from error


def as_count(value, name, least=1):
    """A whole number, at least ``least``, as an ``int``."""
    number = as_floats(value, name)
    if number.ndim != 0 or not least <= number < np.inf or number != int(number):
        raise ValueError(f"{name} must be a whole number, at least {least}, but is {value!r}")
    return int(number)


def as_generator(rng):
    """A generator of random numbers; nothing here makes one by itself."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator, but is {rng!r}: np.random.default_rng(1)")
    return rng
