"""Fisher matrices of all families of the catalogue, each derived in every form that exists."""

import numpy as np
import sympy as sp

from ngbook import families

SETTINGS = {"values of the beginning": ["poisson", "normal", "weibull"]}


def compute():
    """``{slug: matrix}``, as text from which ``sympify`` makes the same matrix."""
    return {slug: sp.srepr(family.derivation().matrix) for slug, family in families.catalogue().items()}


def beginning():
    """Three of the matrices at their families' examples."""
    values = {}
    for slug in SETTINGS["values of the beginning"]:
        family = families.catalogue()[slug]
        matrix = family.derivation().matrix.subs(family.example)
        values[slug] = np.array(matrix, dtype=float).ravel().tolist()
    return values
