"""What every module does first with an argument that should be numbers."""

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
