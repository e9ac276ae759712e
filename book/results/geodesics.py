"""Curvatures of the catalogue's families, distances by shooting, and how far shooting reaches."""

import numpy as np
import sympy as sp

from ngbook import families, geodesics

SETTINGS = {
    "constant": [
        *("normal", "normal_log_sigma", "normal_variance", "normal_natural", "normal_mean"),
        *("log_normal", "inverse_gaussian", "laplace", "cauchy", "student_t"),
        *("logistic", "gumbel", "weibull", "categorical"),
    ],
    "varying": {"gamma": ["a"], "beta": ["a", "b"], "von_mises": ["kappa"]},
    "at": {"from": 0.1, "to": 100, "count": 31},
    "pairs": {
        "gamma": [[2.5, 1.3], [6.0, 1.0]],
        "beta": [[2.5, 1.3], [6.0, 3.0]],
        "weibull": [[2.5, 1.3], [1.0, 2.0]],
    },
    "shooting": {"distances": [2, 4, 6, 8], "directions": 10, "seed": 0},
}


def parameter_values():
    """From 0.1 to 100, evenly on a logarithmic axis, rounded so that every machine has the same."""
    grid = SETTINGS["at"]
    return np.round(np.geomspace(grid["from"], grid["to"], grid["count"]), 6).tolist()


def curve(slug):
    """The curvature at each of these values of the parameters that it depends on; others are 1."""
    family = families.catalogue()[slug]
    curvature = geodesics.gauss_curvature(family)
    values = []
    for value in parameter_values():
        numbers = {each: sp.Integer(1) for each in family.parameters}
        moved = {each for each in family.parameters if str(each) in SETTINGS["varying"][slug]}
        numbers |= dict.fromkeys(moved, sp.Rational(str(value)))
        values.append(round(float(sp.N(curvature.subs(numbers), 15)), 6))
    return values


def both_ways(slug):
    start, end = SETTINGS["pairs"][slug]
    family = families.catalogue()[slug]
    there, back = (geodesics.logarithm(family, *ends) for ends in ((start, end), (end, start)))
    return {"there": round(there.length, 9), "back": round(back.length, 9)}


def reach(distance, stages):
    """How many of ten ends at this distance from N(0, 1) are found, with the right distance."""
    setting, found = SETTINGS["shooting"], 0
    rng = np.random.default_rng(setting["seed"])
    for angle in rng.uniform(0, 2 * np.pi, setting["directions"]):
        velocity = distance * np.array([np.cos(angle), np.sin(angle) / np.sqrt(2)])
        end = geodesics.exponential_map(families.normal, [0.0, 1.0], velocity)
        try:
            logarithm = geodesics.logarithm(families.normal, [0.0, 1.0], end, stages=stages)
        except ValueError:
            continue
        found += bool(abs(logarithm.length - distance) < 1e-6)
    return found


def compute():
    """Curvatures, as text for ``sympify`` or as numbers; distances there and back; counts of ten."""
    catalogue = families.catalogue()
    return {
        "constant": {each: str(geodesics.gauss_curvature(catalogue[each])) for each in SETTINGS["constant"]},
        "at": parameter_values(),
        "curves": {slug: curve(slug) for slug in SETTINGS["varying"]},
        "distances": {slug: both_ways(slug) for slug in SETTINGS["pairs"]},
        "shooting": {
            str(distance): [reach(distance, 1), reach(distance, None)]
            for distance in SETTINGS["shooting"]["distances"]
        },
    }


def beginning():
    """One curvature and one distance."""
    return {
        "normal": [float(geodesics.gauss_curvature(families.normal))],
        "gamma": [geodesics.logarithm(families.gamma, [2.5, 1.3], [3.0, 1.5]).length],
    }
