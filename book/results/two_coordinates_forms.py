"""The exponential forms of the families of the catalogue, and the ranks of their double differences."""

import numpy as np
import sympy as sp

from ngbook import families

SETTINGS = {"points": 24, "seed": 1, "values of the beginning": ["poisson", "normal", "gamma"]}


def compute():
    """``{slug: ...}``: T, η and A as text for ``sympify``, the order, and the ranks."""
    numbers = {}
    for slug, family in families.catalogue().items():
        fixed = family.at(**{str(each): float(family.example[each]) for each in family.constants})
        rng = np.random.default_rng(SETTINGS["seed"])
        referee = families.exponential_order(fixed, rng, points=SETTINGS["points"])
        numbers[slug] = {"ranks": [int(rank) for rank in referee.ranks], "order": referee.order}
        try:
            form = family.exponential_form()
        except ValueError:
            continue
        numbers[slug] |= {
            "statistics": [sp.srepr(each) for each in form.statistics],
            "natural": [sp.srepr(each) for each in form.natural_parameters],
            "log partition": sp.srepr(form.log_partition),
        }
    return numbers


def beginning():
    """The natural and the mean parameters of three families at their examples."""
    values = {}
    for slug in SETTINGS["values of the beginning"]:
        family = families.catalogue()[slug]
        theta = [float(family.example[parameter]) for parameter in family.parameters]
        form = family.exponential_form()
        values[slug] = [*form.natural(theta).tolist(), *form.mean(theta).tolist()]
    return values
