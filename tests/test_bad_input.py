"""Bad input is refused with a ``ValueError`` that says what was wrong, for every public function.

A public function, class or method without an entry here is a failure, and so is an argument of one without a
list of bad values: ``test_everything_public_is_tried`` reads ``ngbook.__all__`` and the ``__all__`` of every
module there. To cover another function, add a ``Subject``: one call that works, and for each argument its bad
values, from the lists below or a list of its own. What is exempt says why.
"""

import dataclasses
import functools
import importlib
import inspect
from dataclasses import dataclass
from pathlib import Path

import gymnasium
import matplotlib
import numpy as np
import pytest
import sympy as sp
from gymnasium.spaces import Box, Discrete, MultiDiscrete
from matplotlib.figure import Figure
from scipy.sparse.linalg import aslinearoperator

import ngbook
from ngbook import checks, descent, families, fisher, plots, solve, symbolic
from ngbook.families.spaces import positive
from ngbook.symbolic import BetaRule, FiniteSum, L, MomentRule, T, U, V, s

matplotlib.use("Agg")

EXCEPTION = "an exception: raised, and made by nobody else"
RESULT = "a result: made by the functions that return it, and not read by any"
SYMBOL = "a symbol, which is no function"
EXEMPT = {
    "checks.CheckFailed": EXCEPTION,
    "descent.Path": RESULT,
    "plots.PALETTE": "a table of colours, which is no function",
    "plots.ROLES": "a table of roles, which is no function; unknown roles are tried where one is given",
    "plots.Role": "an entry of plots.ROLES: functions take its name, and unknown names are tried there",
    "solve.ConjugateGradient": RESULT,
    "symbolic.FisherDerivation": RESULT + "; its method subs is tried",
    "symbolic.NoClosedForm": EXCEPTION,
    "symbolic.Undecided": EXCEPTION,
}
EXEMPT |= {f"symbolic.{name}": SYMBOL for name in ("ANGLE", "COSINE", "L", "SINE", "T", "U", "V", "s")}
EXEMPT |= {
    f"families.{name}": "a Family, no function: the methods of one are tried, and the space of every one"
    for name in families.__all__
    if isinstance(getattr(families, name), families.Family)
}

NAN, INF = float("nan"), float("inf")
METRIC = np.array([[2.0, 0.5], [0.5, 1.0]])


def value(theta):
    return theta @ METRIC @ theta / 2


def gradient(theta):
    return METRIC @ theta


def metric(theta):
    return METRIC


def normal_kl(old, new):
    return np.log(new[1] / old[1]) + (old[1] ** 2 + (old[0] - new[0]) ** 2) / (2 * new[1] ** 2) - 0.5


def constant(result):
    return lambda *arguments: result


# --- bad values: each with what the message has to say -----------------------------------------------------

VECTORS = {
    "NaN": ([NAN, 1.0], "finite.*nan"),
    "infinite": ([1.0, -INF], "finite.*inf"),
    "matrix": ([[1.0, 2.0]], r"shape \(p,\).*\(1, 2\)"),
    "scalar": (1.0, r"shape \(p,\).*\[x\]"),
    "empty": ([], r"shape \(p,\)"),
    "words": (["a", "b"], "real numbers"),
    "complex": ([1j, 1.0], "real numbers"),
    "nothing": (None, r"real numbers|shape"),
    "ragged": ([[1.0], [1.0, 2.0]], "real numbers"),
}
MATRICES = {
    "NaN": ([[NAN, 0.0], [0.0, 1.0]], "finite"),
    "infinite": ([[INF, 0.0], [0.0, 1.0]], "finite"),
    "vector": ([1.0, 2.0], r"square matrix of shape \(p, p\)"),
    "not square": (np.ones((2, 3)), r"\(2, 3\)"),
    "operator that is not square": (aslinearoperator(np.ones((2, 3))), r"\(2, 3\)"),
    "not symmetric": ([[1.0, 0.5], [0.2, 1.0]], "asymmetry is 0.3"),
    "words": ("identity", "real numbers"),
}
FITTING_MATRICES = MATRICES | {
    "too large": (np.eye(3), r"\(2, 2\).*\(3, 3\)"),
    "operator that is too large": (aslinearoperator(np.eye(3)), r"\(2, 2\).*\(3, 3\)"),
    "negative along the direction": (-np.eye(2), "negative curvature.*pᵀFp = -"),
}
POSITIVE = {
    "zero": (0.0, "greater than 0"),
    "negative": (-1.0, "greater than 0"),
    "NaN": (NAN, "finite"),
    "infinite": (INF, "finite"),
    "two numbers": ([1.0, 2.0], "one number"),
    "word": ("large", "real numbers"),
}
FRACTIONS = POSITIVE | {"one": (1.0, "below 1")}
NOT_NEGATIVE = {key: POSITIVE[key] for key in ("NaN", "infinite", "two numbers", "word")} | {
    "negative": (-1.0, "at least 0")
}
SCORES = {
    "one-dimensional": ([1.0, 2.0], r"\(n, p\).*scores\[:, None\]"),
    "three-dimensional": (np.ones((2, 2, 2)), r"\(n, p\)"),
    "empty": (np.ones((0, 2)), r"\(n, p\)"),
    "NaN": ([[1.0, 2.0], [NAN, 0.0]], "1 of 2 rows.*row 1.*parameter space"),
    "words": ([["a", "b"]], "real numbers"),
    "complex": ([[1j, 0.0]], "real numbers"),
}
NUMBER_FUNCTIONS = {
    "NaN": (constant(NAN), "finite"),
    "one value per sample": (constant(np.ones(3)), "one number.*average"),
    "not a function": (3.0, "function"),
}
VECTOR_FUNCTIONS = {
    "NaN": (constant([NAN, 0.0]), "gradient must be finite"),
    "wrong length": (constant(np.ones(3)), "gradient must have 2 entries"),
    "one row per sample": (constant(np.ones((5, 2))), r"shape \(p,\).*\(5, 2\)"),
    "a number": (constant(1.0), r"shape \(p,\)"),
    "not a function": ([1.0, 2.0], "function"),
}
METRIC_FUNCTIONS = {key: (constant(bad), message) for key, (bad, message) in FITTING_MATRICES.items()} | {
    "singular": (constant(np.ones((2, 2))), "at step 0, theta = .*singular.*damping.*minimal chart"),
    "not a function": (METRIC, "function.*theta"),
}
UNEQUAL = {"too long": ([1.0, 2.0, 3.0], "2 entries")}
UPWARDS = {
    "not a descent direction": ([1.0, 1.0], "does not descend.*negative.*MINUS"),
    "along the contour": ([2.5, -3.0], "does not descend.*is 0 and"),
    "zero": ([0.0, 0.0], "does not descend"),
}
LINE_SEARCHES = POSITIVE | {
    "line search that finds a negative step": (constant(-0.1), "line search.*greater than 0"),
    "line search that finds NaN": (constant(NAN), "line search.*finite"),
}
SCHEDULES = POSITIVE | {
    "schedule that reaches zero": (lambda t: 0.1 - 0.05 * t, "radius must be greater than 0"),
    "schedule of vectors": (lambda t: [0.1, 0.2], "radius must be one number"),
}
TOO_LONG = {"too long": ([1.0, 2.0, 3.0], r"\(3, 3\) to fit")}
INDEFINITE = {"indefinite": ([[1.0, 4.0], [4.0, 1.0]], "negative curvature.*pᵀFp = -")}
SINGULAR = {"singular": (np.ones((2, 2)), "singular.*damping.*minimal chart")}


def whole_numbers(least):
    return {
        "too small": (least - 1, f"whole number, at least {least}, but is {least - 1}"),
        "not whole": (2.5, f"whole number, at least {least}, but is 2.5"),
        "NaN": (NAN, "whole number.*nan"),
        "infinite": (INF, "whole number.*inf"),
        "word": ("many", "real numbers.*many"),
        "nothing": (None, "whole number.*None"),
        "two": ([1, 2], "whole number"),
    }


TEXT = {}  # a name to print: nothing to refuse


@dataclass(frozen=True)
class Subject:
    """A public function, arguments with which it works, and the bad values of each argument."""

    function: object
    good: dict
    bad: dict


RUN = {"value": NUMBER_FUNCTIONS, "gradient": VECTOR_FUNCTIONS, "start": VECTORS, "tolerance": NOT_NEGATIVE}
LINE = {"value": value, "gradient": gradient, "point": [1.0, 2.0], "direction": [-1.0, -1.0]}
SQUARE = sp.Symbol("x") ** 2 + sp.Symbol("x")
NUMBERS = {
    "NaN": ([NAN], "nan"),
    "infinite": ([INF], "inf"),
    "empty": ([], "empty"),
    "words": (["a"], "real numbers"),
    "complex": ([1j], "real numbers"),
}
TOLERANCES = {
    "negative": (-1.0, "not negative"),
    "NaN": (NAN, "one finite number"),
    "word": ("small", "one finite number"),
    "nothing": (None, "one finite number"),
    "two numbers": ([0.1, 0.1], "one finite number"),
}
SIDES = {
    "a float": (0.5, "floating-point"),
    "NaN": (sp.nan, "undefined"),
    "word": ("x", "expressions or matrices"),
    "nothing": (None, "expression"),
    "an equation": (sp.Eq(sp.Symbol("x"), 1), "two sides"),
}

SUBJECTS = {
    "solve.curvature": Subject(
        solve.curvature,
        {"metric": METRIC, "direction": [1.0, 2.0]},
        {"metric": FITTING_MATRICES, "direction": VECTORS | TOO_LONG},
    ),
    "solve.dense_solve": Subject(
        solve.dense_solve,
        {"metric": METRIC, "gradient": [1.0, 2.0], "damping": 0.1},
        {
            "metric": FITTING_MATRICES | INDEFINITE,
            "gradient": VECTORS | TOO_LONG,
            "damping": NOT_NEGATIVE,
        },
    ),
    "solve.mean_outer_product": Subject(
        solve.mean_outer_product, {"scores": np.ones((3, 2))}, {"scores": SCORES}
    ),
    "solve.conjugate_gradient": Subject(
        solve.conjugate_gradient,
        {"metric": METRIC, "gradient": [1.0, 2.0], "damping": 0.1},
        {
            # Negative curvature is reported in the result, with the iterate before it.
            "metric": {key: bad for key, bad in FITTING_MATRICES.items() if not key.startswith("negative")}
            | {"operator with NaN": (aslinearoperator(METRIC * NAN), "finite")},
            "gradient": VECTORS | TOO_LONG,
            "damping": NOT_NEGATIVE,
            "iterations": {key: bad for key, bad in whole_numbers(0).items() if key != "nothing"},  # no limit
            "tolerance": NOT_NEGATIVE,
            "keep_iterates": {},  # anything is true or false
        },
    ),
    "solve.dual_solve": Subject(
        solve.dual_solve,
        {"scores": np.ones((3, 2)), "gradient": [1.0, 2.0], "damping": 0.1},
        {
            "scores": SCORES
            | {"operator with NaN": (aslinearoperator(np.array([[1.0, NAN]])), "1 of 1 rows")},
            "gradient": VECTORS | UNEQUAL,
            "damping": NOT_NEGATIVE
            | {"zero": (0.0, "greater than 0.*singular"), "lost": (1e-14, "singular to working precision")},
        },
    ),
    "solve.natural_direction": Subject(
        solve.natural_direction,
        {"scores": [[1.0, 2.0], [0.0, 1.0]], "gradient": [1.0, 2.0], "damping": 0.1},
        {
            "scores": SCORES
            | {"operator with NaN": (aslinearoperator(np.array([[1.0, NAN], [0.0, 1.0]])), "finite")},
            "gradient": VECTORS | UNEQUAL,
            "damping": NOT_NEGATIVE,
            "method": {
                "unknown": ("cholesky", "one of auto, dense, conjugate_gradient, dual, but is 'cholesky'"),
                "nothing": (None, "one of auto"),
                "list": (["dual"], "one of auto"),
            },
            "tolerance": NOT_NEGATIVE,
        },
    ),
    "solve.cheapest_method": Subject(
        solve.cheapest_method,
        {"samples": 100, "parameters": 10},
        {
            "samples": whole_numbers(1),
            "parameters": whole_numbers(1),
            "iterations": whole_numbers(0),
        },
    ),
    "fisher.sampled_fisher": Subject(fisher.sampled_fisher, {"scores": np.ones((3, 2))}, {"scores": SCORES}),
    "fisher.empirical_fisher": Subject(
        fisher.empirical_fisher, {"scores": np.ones((3, 2))}, {"scores": SCORES}
    ),
    "fisher.fisher_from_kl": Subject(
        fisher.fisher_from_kl,
        {"kl": normal_kl, "theta": [0.0, 1.0], "step": 0.01},
        {
            "kl": {
                "not zero at theta": (lambda old, new: 1 + normal_kl(old, new), "must be 0.*not a loss"),
                "NaN": (constant(NAN), "must be 0, but is nan"),
                "negative": (lambda old, new: -normal_kl(old, new), "never negative"),
                "both arguments move": (
                    lambda old, new: normal_kl(new, new),
                    "zero everywhere tried.*is one argument held fixed.*only new may move",
                ),
                "both arguments move, with rounding": (
                    lambda old, new: np.exp(new[1]) / np.exp(new[1] - 1) / np.e - 1 if new[1] > 0 else NAN,
                    "zero everywhere tried.*is one argument held fixed",
                ),
                "zero": (constant(0.0), "zero everywhere tried"),
                "kl(new, new) of a moving support": (
                    lambda old, new: families.uniform.kl([new[1]], [new[1]]),
                    "zero everywhere tried",
                ),
                "moving support": (
                    lambda old, new: families.uniform.kl([old[1]], [new[1]]),
                    "edge of its space, or the support moves",
                ),
                "one value per sample": (lambda old, new: (new - old) ** 2, "one number.*average"),
                "linear": (lambda old, new: np.sum(np.abs(new - old)), "not twice differentiable"),
                "infinite nearby": (lambda a, b: 0.0 if np.array_equal(a, b) else INF, "support moves"),
                "not a function": (3.0, "function"),
            },
            "theta": VECTORS | {"outside its space": ([0.0, 0.0], "is nan.*inside its space")},
            "step": POSITIVE | {"too long": (2.0, "at most 1")},
        },
    ),
    "descent.gradient_descent": Subject(
        descent.gradient_descent,
        {"value": value, "gradient": gradient, "start": [1.0, 2.0], "step_size": 0.1},
        RUN | {"step_size": LINE_SEARCHES, "iterations": whole_numbers(0)},
    ),
    "descent.natural_gradient_descent": Subject(
        descent.natural_gradient_descent,
        {"value": value, "gradient": gradient, "metric": metric, "start": [1.0, 2.0], "step_size": 0.1},
        RUN | {"metric": METRIC_FUNCTIONS, "step_size": LINE_SEARCHES, "iterations": whole_numbers(0)},
    ),
    "descent.trust_region_descent": Subject(
        descent.trust_region_descent,
        {"value": value, "gradient": gradient, "metric": metric, "start": [1.0, 2.0], "radius": 0.1},
        RUN | {"metric": METRIC_FUNCTIONS, "radius": SCHEDULES, "iterations": whole_numbers(0)},
    ),
    "descent.trust_region_step": Subject(
        descent.trust_region_step,
        {"gradient": [1.0, 2.0], "metric": METRIC, "radius": 0.1},
        {
            "gradient": VECTORS | {"zero": ([0.0, 0.0], "undefined.*stationary")},
            "metric": FITTING_MATRICES | INDEFINITE | SINGULAR,
            "radius": POSITIVE,
        },
    ),
    "descent.exact_line_search": Subject(
        descent.exact_line_search,
        LINE,
        {
            "value": NUMBER_FUNCTIONS,
            "gradient": VECTOR_FUNCTIONS,
            "point": VECTORS,
            "direction": VECTORS | UNEQUAL | UPWARDS,
        },
    ),
    "descent.backtracking_line_search": Subject(
        descent.backtracking_line_search,
        LINE,
        {
            "value": NUMBER_FUNCTIONS,
            "gradient": VECTOR_FUNCTIONS,
            "point": VECTORS,
            "direction": VECTORS | UNEQUAL | UPWARDS,
            "initial_step": POSITIVE,
            "contraction_factor": FRACTIONS,
            "sufficient_decrease": FRACTIONS,
        },
    ),
    "descent.metric_length": Subject(
        descent.metric_length,
        {"delta": [1.0, 2.0], "metric": METRIC},
        {
            "delta": {key: VECTORS[key] for key in ("NaN", "scalar", "empty", "words", "complex", "ragged")}
            | TOO_LONG
            | {
                "a row with NaN": (np.array([[1.0, 2.0], [NAN, 0.0]]), "row 1 of delta must be finite"),
                "no rows": (np.ones((0, 2)), "no rows"),
            },
            "metric": FITTING_MATRICES,
        },
    ),
    "checks.same": Subject(
        checks.same,
        {"left": sp.Symbol("x") * (sp.Symbol("x") + 1), "right": SQUARE},
        {
            "left": SIDES | {"equal before any step": (SQUARE, "before any simplification")},
            "right": SIDES | {"another shape": (sp.zeros(2, 2), "shape")},
            "about": TEXT,
            "unlike": {"another shape": (sp.zeros(2, 2), "")},
        },
    ),
    "checks.close": Subject(
        checks.close,
        {"actual": [1.0], "expected": [1.0]},
        {
            "actual": NUMBERS | {"another shape": ([1.0, 1.0], "shape")},
            "expected": NUMBERS | {"another shape": ([1.0, 1.0], "shape")},
            "rtol": TOLERANCES | {"too wide": (2.0, "factor")},
            "atol": TOLERANCES | {"too wide": (2.0, "factor")},
            "standard_error": {
                "negative": (-1.0, "positive"),
                "NaN": (NAN, "finite"),
                "word": ("small", "real numbers"),
                "another shape": ([0.1, 0.1], "shape"),
            },
            "about": TEXT,
        },
    ),
    "checks.slope": Subject(
        checks.slope,
        {"x": [1.0, 10.0, 100.0], "y": [2.0, 20.0, 200.0], "expected": 1.0},
        {
            "x": NUMBERS
            | {
                "two points": ([1.0, 2.0], "at least 3"),
                "zero": ([0.0, 1.0, 10.0], "positive"),
                "short of a decade": ([1.0, 2.0, 3.0], "decade"),
            },
            "y": NUMBERS | {"negative": ([-1.0, 1.0, 10.0], "positive")},
            "expected": {
                "word": ("two", "expected must be made of real numbers, but is .two"),
                "NaN": (NAN, "expected is nan.*finite"),
                "infinite": (INF, "expected is inf.*finite"),
                "nothing": (None, "expected"),
                "two numbers": ([1.0, 2.0], "expected has shape.*one number"),
            },
            "tolerance": {
                "zero": (0.0, "positive"),
                "too wide": (0.5, "below 0.5"),
                "NaN": (NAN, "finite"),
                "word": ("small", "real numbers"),
                "two numbers": ([0.1, 0.1], "one number"),
            },
            "about": TEXT,
        },
    ),
    "checks.at_most": Subject(
        checks.at_most,
        {"smaller": [1.0], "larger": [2.0]},
        {
            "smaller": NUMBERS | {"another shape": ([1.0, 1.0], "shape")},
            "larger": NUMBERS | {"another shape": ([2.0, 2.0], "shape")},
            "about": TEXT,
        },
    ),
}

THETA = {
    "words": (["a", "b"], "theta|old|new.*real numbers"),
    "complex": ([1j, 1.0], "real numbers"),
    "nothing": (None, "shape|real numbers"),
    "NaN": ([NAN, 1.0], "finite.*mu, sigma"),
    "too long": ([0.0, 1.0, 2.0], r"shape \(3,\).*mu, sigma"),
    "scalar": (1.0, r"shape \(\)"),
    "outside its space": ([0.0, -1.0], r"sigma = -1.*outside the parameter space.*sigma > 0"),
    "on the edge": ([0.0, 0.0], "sigma > 0"),
}
OUTCOMES = {
    "NaN": ([1.0, NAN], "NaN, at position 1"),
    "matrix": ([[1.0, 2.0]], r"shape \(n,\)"),
    "scalar": (1.0, r"shape \(n,\)"),
    "words": (["a"], "real numbers"),
    "complex": ([1j], "real numbers"),
}
METHODS = {
    "at": Subject(
        families.student_t.at,
        {"nu": 5},
        {
            "nu": {
                "negative": (-1, "nu"),
                "NaN": (NAN, "nu.*finite"),
                "word": ("five", "nu.*number"),
                "nothing": (None, "nu.*number"),
                "two numbers": ([5, 6], "nu.*number"),
            },
            "df": {"no such constant": (5, "no constant 'df'")},
        },
    ),
    "log_prob": Subject(
        families.normal.log_prob, {"theta": [0.0, 1.0], "x": [1.0, 2.0]}, {"theta": THETA, "x": OUTCOMES}
    ),
    "score": Subject(
        families.normal.score, {"theta": [0.0, 1.0], "x": [1.0, 2.0]}, {"theta": THETA, "x": OUTCOMES}
    ),
    "fisher": Subject(families.normal.fisher, {"theta": [0.0, 1.0]}, {"theta": THETA}),
    "fisher_with_error": Subject(families.normal.fisher_with_error, {"theta": [0.0, 1.0]}, {"theta": THETA}),
    "kl": Subject(families.normal.kl, {"old": [0.0, 1.0], "new": [1.0, 1.0]}, {"old": THETA, "new": THETA}),
    "kl_with_error": Subject(
        families.normal.kl_with_error,
        {"old": [0.0, 1.0], "new": [1.0, 1.0]},
        {"old": THETA, "new": THETA},
    ),
    "sample": Subject(
        families.normal.sample,
        {"theta": [0.0, 1.0], "n": 3, "rng": np.random.default_rng(0)},
        {
            "theta": THETA,
            "n": {"negative": (-1, "not negative"), "not whole": (2.5, "whole number")},
            "rng": {"a seed": (0, "numpy.random.Generator"), "nothing": (None, "numpy.random.Generator")},
        },
    ),
}

# --- exact --------------------------------------------------------------------------------------------------

x, mu = families.normal.variable, families.normal.parameters[0]
sigma = families.normal.parameters[1]
k, p = sp.Symbol("k", integer=True), sp.Symbol("p", positive=True)
PLAIN_X, PLAIN_MU = sp.symbols("x mu")  # other symbols than x and mu, because of their assumptions
NORMAL = families.normal.log_density
GENERATING = sp.exp(mu * s + sigma**2 * s**2 / 2)
FISHER = families.normal.derivation().matrix
COIN = k * sp.log(p) + (1 - k) * sp.log(1 - p)

NO_EXPRESSIONS = {
    "word": ("x**2", "one SymPy expression|SymPy expression or matrix"),
    "nothing": (None, "one SymPy expression|SymPy expression or matrix"),
    "function": (np.log, "one SymPy expression|SymPy expression or matrix"),
    "list": ([x, x], "one SymPy expression|SymPy expression or matrix"),
    "NaN": (NAN, "undefined"),
    "SymPy's NaN": (sp.nan + x, "undefined"),
}
SIDES_OR_MATRICES = NO_EXPRESSIONS | {
    "equation": (sp.Eq(x, 1), "one SymPy expression"),
    "float": (x / 2.0, r"rounded number.*sp.Rational\(1, 2\)"),
    "infinite": (sp.oo, "infinite"),
    "division by zero": (x + sp.zoo, "undefined"),
}
MATRIX_OF_FLOATS = {"matrix of floats": (sp.Matrix([0.5]), "rounded number.*sp.Rational")}
EXPRESSIONS = SIDES_OR_MATRICES | {
    "matrix": (sp.eye(2), "one SymPy expression"),
    "array": (np.eye(2), "one SymPy expression"),
}
UNDECLARED = {"undeclared symbol": (NORMAL + sp.Symbol("c"), "contains c.*declare|contains c.*rule")}
NAMESAKE = {"namesake": (NORMAL + PLAIN_MU, "another symbol named mu|contains mu.*same assumptions")}
SYMBOLS = {
    "one symbol": (mu, r"sequence of SymPy symbols, as \[mu, sigma\]"),
    "word": ("mu", "sequence of SymPy symbols"),
    "nothing": (None, "sequence of SymPy symbols"),
    "number": (2, "sequence of SymPy symbols"),
    "set, which has no order": ({mu, sigma}, "sequence of SymPy symbols"),
    "number among them": ([mu, 2], "sequence of SymPy symbols"),
    "expression among them": ([mu, sigma**2], "sequence of SymPy symbols"),
    "empty": ([], "at least one symbol"),
    "one twice": ([mu, mu], "occurs twice"),
    "one name twice": ([mu, PLAIN_MU], "occurs twice"),
}
PARAMETERS = SYMBOLS | {
    "namesake": (
        [PLAIN_MU, sigma],
        "another symbol named mu: symbols with different assumptions|contains mu",
    ),
}
VALUES = {
    "no dictionary": ([1, 2], "give a dictionary"),
    "nothing": (0, "give a dictionary"),
    "names": ({"sigma": 1}, "SymPy symbol"),
    "float": ({sigma: 0.5}, r"sp.Rational\(1, 2\)"),
    "NaN": ({sigma: NAN}, "undefined"),
    "word": ({sigma: "one"}, "one SymPy expression"),
}
POINTS = VALUES | {
    "no number": ({sigma: mu}, "exact real number"),
    "complex": ({mu: sp.I}, "exact real number"),
    "outside the assumptions": ({sigma: -1}, "declared positive"),
}
SYMBOL_VALUES = {
    "word": ("mu", "give a SymPy symbol"),
    "nothing": (None, "give a SymPy symbol"),
    "expression": (mu**2, "give a SymPy symbol"),
    "list": ([mu], "give a SymPy symbol"),
}
RULES = {
    "nothing": (None, "give a MomentRule, a BetaRule or a FiniteSum"),
    "class": (MomentRule, "give a MomentRule"),
    "family": (families.normal, "give a MomentRule"),
    "for another variable": (families.gamma.rule, "rule contains another symbol named x|does not know"),
    "for a symbol of another name": (MomentRule({k: L}, GENERATING), "contains x.*does not know"),
    "in a namesake of the outcome": (MomentRule({PLAIN_X: L}, GENERATING), "another symbol named x"),
    "in a namesake of a parameter": (
        MomentRule({x: PLAIN_MU + L}, sp.exp(sigma**2 * s**2 / 2)),
        "another symbol named mu",
    ),
}
OUTCOME = {"namesake of the outcome": (PLAIN_X**2, "another symbol named x.*declare it once")}
NO_KL = {
    "expression": (sp.S.Zero, "give one sentence"),
    "flag": (True, "give one sentence"),
}
MATRICES_OF_EXPRESSIONS = {
    "nothing": (None, "matrix"),
    "word": ("F", "matrix"),
    "expression": (sigma, "matrix"),
    "function": (np.eye, "matrix"),
    "not square": (sp.ones(2, 3), r"shape \(2, 3\).*square"),
    "empty": (sp.zeros(0, 0), "square"),
    "of another size": (sp.eye(3), "3 by 3.*do not fit.*one expression for each"),
    "not symmetric": (
        sp.Matrix([[1, mu], [sigma, 1]]),
        r"not symmetric: entry .* is mu and entry .* is sigma",
    ),
    "floats": (np.eye(2), r"rounded number.*sp.Rational"),
    "NaN": (sp.diag(sp.nan, 1), "undefined"),
    "in a namesake": (sp.diag(1, PLAIN_MU**2 + 1), "another symbol named mu"),
}
TRANSFORMED = {
    "nothing": (None, "give a list, one for each"),
    "one expression": (mu, "give a list, one for each"),
    "word": ("mu", "give a list, one for each"),
    "too few": ([mu], "1 expressions do not fit"),
    "too many": ([mu, sigma, sigma], "3 expressions do not fit"),
    "float": ([mu, 0.5 * sigma], "rounded number.*sp.Rational"),
    "word among them": ([mu, "sigma"], "one SymPy expression"),
    "in a namesake": ([PLAIN_MU, sigma], "another symbol named mu"),
}
SUBSTITUTIONS = {
    "nothing": (None, "give a dictionary"),
    "expression": (mu + L, "give a dictionary"),
    "name": ({"x": L}, "SymPy symbol"),
    "number": ({1: L}, "SymPy symbol"),
    "word": ({x: "L"}, "one SymPy expression"),
    "float": ({x: 0.5 * L + 0.5 * U}, "rounded number"),
    "without a statistic": ({x: mu}, "contains none of the statistics"),
    "namesake of a statistic": ({x: sp.Symbol("L") + sp.Symbol("U")}, "contains none of the statistics"),
}

SUBJECTS |= {
    "symbolic.equal": Subject(
        symbolic.equal,
        {"left": mu * (mu + 1), "right": mu**2 + mu},
        {
            "left": SIDES_OR_MATRICES | MATRIX_OF_FLOATS,
            "right": SIDES_OR_MATRICES | MATRIX_OF_FLOATS,
            "point": POINTS,
        },
    ),
    "symbolic.prove_equal": Subject(
        symbolic.prove_equal,
        {"left": mu * (mu + 1), "right": mu**2 + mu},
        {
            "left": SIDES_OR_MATRICES | MATRIX_OF_FLOATS,
            "right": SIDES_OR_MATRICES | MATRIX_OF_FLOATS,
            "point": POINTS,
        },
    ),
    "symbolic.tidy": Subject(
        symbolic.tidy,
        {"expression": mu * sigma + mu},
        {"expression": SIDES_OR_MATRICES | MATRIX_OF_FLOATS, "point": POINTS},
    ),
    "symbolic.latex": Subject(symbolic.latex, {"expression": x / 2.5}, {"expression": NO_EXPRESSIONS}),
    "symbolic.old": Subject(symbolic.old, {"parameter": mu}, {"parameter": SYMBOL_VALUES}),
    "symbolic.score": Subject(
        symbolic.score,
        {"log_density": NORMAL, "parameters": [mu, sigma]},
        {"log_density": EXPRESSIONS | NAMESAKE, "parameters": PARAMETERS},
    ),
    "symbolic.hessian": Subject(
        symbolic.hessian,
        {"log_density": NORMAL, "parameters": [mu, sigma]},
        {"log_density": EXPRESSIONS | NAMESAKE, "parameters": PARAMETERS},
    ),
    "symbolic.kl_divergence": Subject(
        symbolic.kl_divergence,
        {"log_density": NORMAL, "parameters": [mu, sigma], "rule": families.normal.rule},
        {
            "log_density": EXPRESSIONS
            | NAMESAKE
            | UNDECLARED
            | {
                "statistic": (NORMAL + L, "symbol in which rules are written"),
                "name of an old parameter": (
                    NORMAL + symbolic.old(mu),
                    "mu_old, which names an old|contains mu_old",
                ),
            },
            "parameters": PARAMETERS,
            "rule": RULES,
            "point": POINTS,
        },
    ),
    "symbolic.fisher_three_ways": Subject(
        symbolic.fisher_three_ways,
        {"log_density": NORMAL, "parameters": [mu, sigma], "rule": families.normal.rule},
        {
            "log_density": EXPRESSIONS | NAMESAKE | UNDECLARED,
            "parameters": PARAMETERS,
            "rule": RULES,
            "kl": {key: bad for key, bad in EXPRESSIONS.items() if key != "nothing"} | NAMESAKE,
            "no_kl": NO_KL,
            "point": POINTS,
        },
    ),
    "symbolic.change_of_chart": Subject(
        symbolic.change_of_chart,
        {
            "fisher": FISHER,
            "old_parameters": [mu, sigma],
            "expressions": [mu, sigma**2],
            "new_parameters": [mu, sigma],
        },
        {
            "fisher": MATRICES_OF_EXPRESSIONS,
            "old_parameters": SYMBOLS
            | {
                "too few": ([mu], "1 old parameters.*do not fit"),
                "namesake": ([mu, sp.Symbol("sigma")], "another symbol named sigma"),
            },
            "expressions": TRANSFORMED,
            "new_parameters": PARAMETERS,
        },
    ),
    "symbolic.FisherDerivation.subs": Subject(
        families.normal.derivation().subs, {"values": {sigma: 2}}, {"values": VALUES}
    ),
    "symbolic.MomentRule": Subject(
        MomentRule,
        {"substitution": {x: L}, "generating": GENERATING, "statistics": (L,), "orders": (s,)},
        {
            "substitution": SUBSTITUTIONS | {"no branches": ([], "give a dictionary")},
            "generating": EXPRESSIONS
            | {
                "without its argument": (sp.exp(mu), "does not depend on s.*ngbook.symbolic.s"),
                "namesake of its argument": (sp.exp(sp.Symbol("s", real=True)), "does not depend on s"),
                "not 1 at 0": (2 * GENERATING, "2 at 0.*1 there"),
                "undefined at 0": (sp.sinh(s) / s, "nan at 0"),
            },
            "statistics": SYMBOLS | {"too many": ([L, U], "one order per statistic")},
            "orders": SYMBOLS,
        },
    ),
    "symbolic.MomentRule.expectation": Subject(
        families.normal.rule.expectation,
        {"expression": x**2},
        {
            "expression": EXPRESSIONS | OUTCOME | {"without a rule": (sp.atan(x), "no rule")},
        },
    ),
    "symbolic.MomentRule.subs": Subject(
        families.normal.rule.subs, {"values": {sigma: 2}}, {"values": VALUES}
    ),
    "symbolic.BetaRule": Subject(
        BetaRule,
        {"substitution": {x: mu + T}, "first": sigma, "second": 2, "square": V / U},
        {
            "substitution": SUBSTITUTIONS,
            "first": EXPRESSIONS | {"negative": (-1, "positive"), "zero": (0, "positive")},
            "second": EXPRESSIONS | {"negative": (-sigma, "positive")},
            "square": EXPRESSIONS | {"without U and V": (mu**2, "function of U and V")},
        },
    ),
    "symbolic.BetaRule.expectation": Subject(
        families.cauchy.rule.expectation,
        {
            "expression": 1
            / (1 + (x - families.cauchy.parameters[0]) ** 2 / families.cauchy.parameters[1] ** 2)
        },
        {"expression": EXPRESSIONS | OUTCOME | {"without a rule": (sp.atan(x), "no rule")}},
    ),
    "symbolic.BetaRule.subs": Subject(families.cauchy.rule.subs, {"values": {sigma: 2}}, {"values": VALUES}),
    "symbolic.FiniteSum": Subject(
        FiniteSum,
        {"variable": k, "log_density": COIN, "values": [0, 1]},
        {
            "variable": SYMBOL_VALUES | {"namesake": (sp.Symbol("k"), "another symbol named k")},
            "log_density": EXPRESSIONS,
            "values": {
                "nothing": (None, "outcomes in a list"),
                "number": (2, "outcomes in a list"),
                "word": ("01", "outcomes in a list"),
                "empty": ([], "at least one outcome"),
                "one twice": ([0, 1, 1], "each once"),
                "floats": ([0.0, 0.5], "rounded number"),
                "NaN": ([0, NAN], "undefined"),
            },
        },
    ),
    "symbolic.FiniteSum.expectation": Subject(
        FiniteSum(k, COIN, [0, 1]).expectation,
        {"expression": k**2},
        {"expression": EXPRESSIONS | {"namesake": (sp.Symbol("k"), "another symbol named k")}},
    ),
    "symbolic.FiniteSum.subs": Subject(
        FiniteSum(k, COIN, [0, 1]).subs, {"values": {p: sp.S.Half}}, {"values": VALUES}
    ),
}

METHODS |= {
    "expectation": Subject(
        families.normal.expectation,
        {"expression": x**2},
        {"expression": EXPRESSIONS | OUTCOME | {"without a rule": (sp.atan(x), "no rule")}},
    ),
}
METHODS |= {  # without arguments
    name: Subject(getattr(families.normal, name), {}, {})
    for name in ("derivation", "hessian_matrix", "kl_expression", "score_vector")
}
SUBJECTS |= {f"families.Family.{name}": subject for name, subject in METHODS.items()}

NO_TEXT = {"number": (2, "give a string"), "symbol": (mu, "give a string")}
SUBJECTS["families.catalogue"] = Subject(families.catalogue, {}, {})
SUBJECTS["families.Family"] = Subject(
    families.Family,
    {
        "name": "Normal",
        "variable": x,
        "parameters": [mu, sigma],
        "log_density": NORMAL,
        "rule": families.normal.rule,
    },
    {
        "name": NO_TEXT | {"nothing": (None, "give a string")},
        "variable": {
            "word": ("x", "sequence of SymPy symbols"),
            "nothing": (None, "sequence of SymPy symbols"),
            "expression": (x**2, "sequence of SymPy symbols"),
            "empty": ((), "at least one symbol"),
            "one twice": ((x, x), "occurs twice"),
            "another": (k, "x, which is neither the variable"),
            "namesake": (PLAIN_X, "contains x.*same assumptions"),
            "name of a parameter": (PLAIN_MU, "occurs twice"),
        },
        "parameters": PARAMETERS | {"name of an old one": ([mu, sigma, symbolic.old(mu)], "occurs twice")},
        "log_density": EXPRESSIONS | NAMESAKE | UNDECLARED,
        "rule": {key: bad for key, bad in RULES.items() if key != "nothing"}
        | {
            "with an undeclared symbol": (
                MomentRule({x: L}, GENERATING.subs(mu, p)),
                "rule.*contains p.*declare",
            )
        },
        "support": {
            "pair": ((0, 1), "SymPy set"),
            "word": ("positive", "SymPy set"),
            "two coordinates": (sp.ProductSet(sp.S.Reals, sp.S.Reals), "2 coordinates for 1"),
            "union": (sp.Union(sp.Interval(0, 1), sp.Interval(2, 3)), "not an Interval"),
            "undeclared symbol": (sp.Interval(p, sp.oo), "contains p"),
            "condition that is no equation": (
                sp.ConditionSet(x, sp.StrictGreaterThan(x, mu), sp.S.Reals),
                "must be an sp.Eq",
            ),
        },
        "parameter_space": {
            "one relation": (positive(sigma)[0], "list of inequalities"),
            "word": ("sigma > 0", "list of inequalities"),
            "number": (1, "list of inequalities"),
            "relation that SymPy evaluated": ([sigma > 0], "True.*evaluate=False"),
            "equation": ([sp.Eq(mu, sigma)], "evaluate=False"),
            "undeclared symbol": (positive(p), "contains p"),
        },
        "sampler": {"number": (1, r"sampler\(rng, n, \*theta"), "word": ("normal", "function")},
        "constants": {key: SYMBOLS[key] for key in ("one symbol", "word", "nothing", "number among them")}
        | {"a parameter": ([mu], "occurs twice")},
        "closed_form_kl": {key: bad for key, bad in EXPRESSIONS.items() if key != "nothing"} | UNDECLARED,
        "kl_source": NO_TEXT,
        "no_kl": NO_TEXT,
        "stable_log_density": {key: bad for key, bad in EXPRESSIONS.items() if key != "nothing"} | UNDECLARED,
        "stable_score": {
            "word": ("mu", "give a list of expressions"),
            "one expression": (mu, "give a list of expressions"),
            "too few": ([mu], "1 entries.*one for each parameter"),
            "word among them": ([mu, "sigma"], "give one SymPy expression"),
        },
        "example": {key: bad for key, bad in POINTS.items()}
        | {"undeclared symbol": ({p: sp.S.Half}, "contains p")},
        "slug": NO_TEXT,
        "chart": NO_TEXT,
    },
)

# --- figures ------------------------------------------------------------------------------------------------

AXES = Figure().subplots()
NO_AXES = {
    "nothing": (None, r"fig, axes = plt.subplots\(\)"),
    "figure": (Figure(), "one Axes"),
    "figure and axes": ((AXES.figure, AXES), "one Axes"),
    "several axes": (Figure().subplots(1, 2), "one Axes"),
}
NO_ROLE = {
    "unknown": ("ours", "use one of natural"),
    "nothing": (None, "use one of"),
    "list": (["natural"], "use one of"),
    "an entry": (plots.ROLES["natural"], "use one of"),
}
PAIRS = {
    "one point": ([0.0, 1.0], r"shape \(n, 2\)"),
    "three coordinates": (np.ones((4, 3)), r"\(4, 3\).*\(n, 2\)"),
    "empty": (np.ones((0, 2)), r"shape \(n, 2\)"),
    "NaN": ([[0.0, 1.0], [NAN, 1.0]], "finite, but row 1"),
    "infinite": ([[0.0, INF]], "finite"),
    "words": ([["a", "b"]], "real numbers"),
    "complex": ([[1j, 0.0]], "real numbers"),
    "nothing": (None, r"shape \(n, 2\)|real numbers"),
    "ragged": ([[1.0], [1.0, 2.0]], "real numbers"),
}
COORDINATES = VECTORS | {"decreasing": ([2.0, 1.0], "must increase"), "one point": ([1.0], "at least 2")}
CURVES = {
    "nothing": (None, "give a dictionary"),
    "list": ([("natural", [1.0, 2.0])], "give a dictionary"),
    "empty": ({}, "give a dictionary"),
    "without a role": ({"a": [1.0, 2.0, 3.0]}, r"\(role, values\)"),
    "unknown role": ({"a": ("ours", [1.0, 2.0])}, "use one of"),
    "another length": ({"a": ("natural", [1.0, 2.0, 3.0])}, r"'a' must be.*shape \(2,\)"),
    "NaN": ({"a": ("natural", [1.0, NAN])}, "'a' must be"),
    "infinite": ({"a": ("natural", [1.0, INF])}, "'a' must be"),
    "negative": ({"a": ("natural", [1.0, -1.0])}, "'a' must be"),
    "words": ({"a": ("natural", ["b", "c"])}, "'a' must be made of real numbers"),
}
SPACINGS = {
    "zero": (0, "positive whole number"),
    "not whole": (2.5, "positive whole number"),
    "word": ("all", "positive whole number"),
    "three numbers": ((1, 2, 3), "positive whole number"),
    "negative start": ((-1, 2), "positive whole number"),
}
SURFACES = {
    "number": (1.0, r"function, called as value\(x, y\)"),
    "not elementwise": (lambda x, y: 1.0, "elementwise"),
    "NaN": (lambda x, y: np.where(x > 0, x, NAN), "is nan at x = .*choose a grid"),
    "words": (lambda x, y: np.full(x.shape, "a"), "real numbers"),
}
NO_SVG = {"a number": (1.0, "text of an SVG file"), "another text": ("<html>", "text of an SVG file")}
NO_COLOUR = {"a number": (2.0, "give a colour"), "unknown": ("bluish", "'bluish'; give a colour")}
FLAG = {}  # anything is true or false

SUBJECTS |= {
    "plots.use_style": Subject(
        plots.use_style,
        {"formats": ("svg", "png"), "background": "white"},
        {
            "formats": {
                "a word": ("svg", "in a tuple"),
                "a number": (2, "at least one of"),
                "none": ((), "at least one of"),
                "unknown": (("svg", "gif"), r"\['svg', 'png'\]"),
                "unhashable": ([["svg"]], "at least one of"),
            },
            "background": NO_COLOUR,
        },
    ),
    "plots.with_background": Subject(
        plots.with_background,
        {"svg": "<svg></svg>", "background": "white"},
        {"svg": NO_SVG, "background": NO_COLOUR},
    ),
    "plots.rounded_coordinates": Subject(
        plots.rounded_coordinates,
        {"svg": "<svg></svg>"},
        {"svg": NO_SVG},
    ),
    "plots.path": Subject(
        plots.path,
        {"axes": AXES, "points": [[0, 0], [1, 1]], "role": "natural", "every": (0, 2)},
        {"axes": NO_AXES, "points": PAIRS, "role": NO_ROLE, "label": TEXT, "every": SPACINGS},
    ),
    "plots.contours": Subject(
        plots.contours,
        {"axes": AXES, "value": lambda x, y: x + y, "x": [-1, 1], "y": [-1, 0, 1], "levels": [0, 1]},
        {
            "axes": NO_AXES,
            "value": SURFACES,
            "x": COORDINATES,
            "y": COORDINATES,
            "levels": VECTORS
            | {"decreasing": ([1.0, 0.0], "must increase"), "out of reach": ([7.0], "levels in between")},
            "labels": FLAG,
        },
    ),
    "plots.cover": Subject(
        plots.cover,
        {
            "axes": AXES,
            "metric": metric,
            "radius": 0.1,
            "tiles": [[0, 0], [1, 1]],
            "natural": [[0, 0], [1, 1]],
            "gradient": [[0, 0], [1, 1]],
        },
        {
            "axes": NO_AXES,
            "metric": {key: bad for key, bad in METRIC_FUNCTIONS.items() if not key.startswith("negative")}
            | {
                "indefinite": (constant([[1.0, 4.0], [4.0, 1.0]]), "positive definite"),
                "singular": (constant(np.ones((2, 2))), "positive definite"),
            },
            "radius": POSITIVE,
            "tiles": PAIRS,
            "natural": PAIRS,
            "gradient": PAIRS,
        },
    ),
    "plots.densities": Subject(
        plots.densities,
        {"axes": AXES, "x": [0, 1], "curves": {"a": ("natural", [0.0, 1.0])}},
        {"axes": NO_AXES, "x": COORDINATES, "curves": CURVES},
    ),
    "plots.ellipse": Subject(
        plots.ellipse,
        {"axes": AXES, "centre": [0, 0], "metric": METRIC, "radius": 0.1},
        {
            "axes": NO_AXES,
            "centre": VECTORS | {"too long": ([1.0, 2.0, 3.0], "2 entries")},
            "metric": {key: bad for key, bad in FITTING_MATRICES.items() if not key.startswith("negative")}
            | {
                "indefinite": ([[1.0, 4.0], [4.0, 1.0]], "positive definite"),
                "singular": (np.ones((2, 2)), "positive definite"),
            },
            "radius": POSITIVE,
            "role": NO_ROLE,
            "label": TEXT,
            "fill": FLAG,
            "count": {
                "too small": (3, "at least 4"),
                "not whole": (90.5, "whole number"),
                "word": ("many", "whole number"),
            },
        },
    ),
    "plots.field": Subject(
        plots.field,
        {"axes": AXES, "points": [[0, 0], [1, 1]], "vectors": [[1, 0], [0, 1]], "role": "natural"},
        {
            "axes": NO_AXES,
            "points": PAIRS | {"too few": ([[0, 0]], "one vector a point")},
            "vectors": PAIRS | {"too many": (np.ones((3, 2)), "one vector a point")},
            "role": NO_ROLE,
            "scale": POSITIVE,
            "label": TEXT,
        },
    ),
    "plots.log_log": Subject(
        plots.log_log,
        {"axes": AXES, "x": [1, 2], "curves": {"a": ("natural", [1.0, 2.0])}, "guides": [(2, 0.5)]},
        {
            "axes": NO_AXES,
            "x": COORDINATES | {"zero": ([0.0, 1.0], "positive")},
            "curves": CURVES | {"zero": ({"a": ("natural", [0.0, 1.0])}, "positive")},
            "guides": {
                "number": (2.0, "list of pairs"),
                "one pair": ((2.0, 0.5), r"\(slope, height\)"),
                "four": ([(1, 1)] * 4, "told apart"),
                "height of zero": ([(2, 0.0)], "greater than 0"),
                "NaN": ([(NAN, 1.0)], "finite"),
                "words": ([("two", 1.0)], "real numbers"),
            },
        },
    ),
}

# --- environments -------------------------------------------------------------------------------------------

environments = ngbook.environments
PROCESS = environments.MarkovDecisionProcess.random(2, 2, np.random.default_rng(0))
LINE_WALK, PENDULUM = environments.LineWalk(2), environments.Pendulum(2)
LINE_WALK.reset(seed=0)
PENDULUM.reset(seed=0)
INHERITED = "Gymnasium's own method, inherited as it is"
EXEMPT |= {
    f"environments.{name}.{method}": INHERITED
    for name in ("LineWalk", "Pendulum")
    for method in ("close", "close_extras", "render")
}
EXEMPT |= {"environments.Trajectories": RESULT}
REWARDS_AT = {
    "another word": ("during", "'before' or 'after'.*'during'"),
    "nothing": (None, "'before' or 'after'"),
    "list": (["before"], "'before' or 'after'"),
}
GAUSSIAN_POINTS = {key: VECTORS[key] for key in ("NaN", "matrix", "scalar", "words", "nothing")} | {
    "too long": ([1.0, 2.0, 3.0], "2 entries"),
    "deviation of zero": ([1.0, 0.0], "sigma must be greater than 0.*log sigma"),
    "negative deviation": ([1.0, -2.0], "sigma must be greater than 0.*log sigma"),
}
STEPS = {
    "NaN": ([[NAN], [0.0]], "finite.*nan.*policy"),
    "infinite": ([[INF], [0.0]], "finite.*inf"),
    "one-dimensional": ([0.0, 0.0], r"\(2, 1\).*\(2,\)"),
    "too many": (np.zeros((3, 1)), r"\(2, 1\).*\(3, 1\)"),
    "words": ([["a"], ["b"]], "real numbers"),
    "complex": (np.ones((2, 1)) * 1j, "real numbers"),
    "truth values": (np.ones((2, 1), dtype=bool), "real numbers.*bool"),
    "ragged": ([[0.0], [0.0, 1.0]], "real numbers"),
    "nothing": (None, "real numbers"),
}
SEEDS = {
    "negative": (-1, "seed must be a whole number"),
    "not whole": (0.5, "seed must be a whole number"),
    "word": ("0", "seed must be a whole number"),
    "a generator": (np.random.default_rng(0), "seed must be a whole number"),
}
OPTIONS = {"list": ([1], "dictionary"), "word": ("x_init", "dictionary")}
GENERATORS = {
    "a seed": (0, r"numpy.random.Generator.*default_rng"),
    "nothing": (None, "numpy.random.Generator"),
    "the old kind": (np.random.RandomState(0), "numpy.random.Generator"),
}
POLICY_TABLES = {
    "one row": ([0.5, 0.5], r"shape \(2, 2\).*\(2,\)"),
    "too many actions": (np.full((2, 3), 1 / 3), r"shape \(2, 2\).*\(2, 3\)"),
    "negative": ([[1.5, -0.5], [0.5, 0.5]], "at least 0.*-0.5"),
    "NaN": ([[NAN, 0.5], [0.5, 0.5]], "finite"),
    "not normalised": ([[0.5, 0.6], [0.5, 0.5]], "add up to 1.*0.1: normalise"),
    "logits": ([[0.0, 0.0], [0.0, 0.0]], "add up to 1"),
    "words": ([["a", "b"], ["c", "d"]], "real numbers"),
    "nothing": (None, "real numbers|shape"),
}
DISCOUNTS = {
    "one": (1.0, "below 1.*no end"),
    "negative": (-0.1, "at least 0"),
    "NaN": (NAN, "finite"),
    "word": ("half", "real numbers"),
    "nothing": (None, "real numbers|finite"),
}
HALF = [[0.5, 0.5], [0.5, 0.5]]

SUBJECTS |= {
    f"environments.line_walk_{name}": Subject(
        getattr(environments, f"line_walk_{name}"),
        {"theta": [10.0, 14.0], "horizon": 10, "reward_at": "before"},
        {"theta": GAUSSIAN_POINTS, "horizon": whole_numbers(1), "reward_at": REWARDS_AT},
    )
    for name in ("objective", "gradient", "return_variance")
}
SUBJECTS |= {
    "environments.line_walk_coefficients": Subject(
        environments.line_walk_coefficients,
        {"horizon": 10, "reward_at": "after"},
        {"horizon": whole_numbers(1), "reward_at": REWARDS_AT},
    ),
    "environments.make": Subject(
        environments.make,
        {"name": "CartPole-v1", "num_envs": 2},
        {
            "name": {
                "unknown": ("CartPool-v1", "cannot make.*CartPool"),
                "unknown version": ("CartPole-v99", "cannot make.*v99"),
                "without a version": ("Nothing", "cannot make"),
                "not an id": ("a b", "cannot make"),
                "unknown module": ("no_such_module:Walk-v0", "cannot make.*no_such_module"),
                "number": (1, "id of a Gymnasium environment"),
                "nothing": (None, "id of a Gymnasium environment"),
            },
            "num_envs": whole_numbers(1),
            "colour": {"unknown option": ("red", "cannot make.*colour")},
        },
    ),
    "environments.LineWalk": Subject(
        environments.LineWalk,
        {"num_envs": 2, "horizon": 3, "reward_at": "after"},
        {"num_envs": whole_numbers(1), "horizon": whole_numbers(1), "reward_at": REWARDS_AT},
    ),
    "environments.LineWalk.reset": Subject(
        LINE_WALK.reset, {"seed": 0, "options": {}}, {"seed": SEEDS, "options": OPTIONS}
    ),
    "environments.LineWalk.step": Subject(LINE_WALK.step, {"actions": np.zeros((2, 1))}, {"actions": STEPS}),
    "environments.Pendulum": Subject(
        environments.Pendulum,
        {"num_envs": 2, "max_episode_steps": 3},
        {"num_envs": whole_numbers(1), "max_episode_steps": whole_numbers(1)},
    ),
    "environments.Pendulum.reset": Subject(
        PENDULUM.reset,
        {"seed": 0, "options": {"x_init": 0.1}},
        {
            "seed": SEEDS,
            "options": OPTIONS
            | {
                "negative bound": ({"x_init": -1.0}, "x_init must be at least 0"),
                "NaN": ({"y_init": NAN}, "y_init must be finite"),
                "nothing": ({"y_init": None}, "y_init must be"),
                "word": ({"x_init": "pi"}, "x_init must be made of real numbers"),
            },
        },
    ),
    "environments.Pendulum.step": Subject(PENDULUM.step, {"actions": np.zeros((2, 1))}, {"actions": STEPS}),
    "environments.MarkovDecisionProcess": Subject(
        environments.MarkovDecisionProcess,
        {"transitions": np.full((2, 2, 2), 0.5), "rewards": HALF, "start": [0.5, 0.5]},
        {
            "transitions": {
                "two axes": (np.full((2, 2), 0.5), r"\(2, 2, 2\).*\(2, 2\)"),
                "too many actions": (np.full((2, 3, 2), 0.5), r"\(2, 2, 2\).*\(2, 3, 2\)"),
                "not normalised": (np.ones((2, 2, 2)), "add up to 1"),
                "normalised over the first axis": (np.eye(2)[None] * np.ones((2, 1, 1)) * [2, 0], "add up"),
                "negative": (np.full((2, 2, 2), [-1.0, 2.0]), "at least 0"),
                "NaN": (np.full((2, 2, 2), NAN), "finite"),
                "words": ("matrix", "real numbers"),
            },
            "rewards": {
                "one axis": ([1.0, 2.0], r"\(S, A\).*\(2,\)"),
                "three axes": (np.ones((2, 2, 2)), r"\(S, A\)"),
                "empty": (np.ones((0, 2)), r"\(S, A\)"),
                "NaN": ([[NAN, 0.0], [0.0, 0.0]], "finite.*nan"),
                "infinite": ([[INF, 0.0], [0.0, 0.0]], "finite.*inf"),
                "words": ([["a", "b"], ["c", "d"]], "real numbers"),
                "one more state": (np.ones((3, 2)), r"transitions must have shape \(3, 2, 3\)"),
            },
            "start": {
                "one state": ([1.0], r"start must have shape \(2,\)"),
                "the number of a state": (0, r"start must have shape \(2,\)"),
                "not normalised": ([1.0, 1.0], "add up to 1"),
                "negative": ([2.0, -1.0], "at least 0"),
                "NaN": ([NAN, 1.0], "finite"),
                "words": (["a", "b"], "real numbers"),
            },
        },
    ),
    "environments.MarkovDecisionProcess.random": Subject(
        environments.MarkovDecisionProcess.random,
        {"states": 2, "actions": 2, "rng": np.random.default_rng(0)},
        {"states": whole_numbers(1), "actions": whole_numbers(1), "rng": GENERATORS},
    ),
    "environments.MarkovDecisionProcess.trajectories": Subject(
        PROCESS.trajectories,
        {"policy_table": HALF, "horizon": 2},
        {
            "policy_table": POLICY_TABLES,
            "horizon": whole_numbers(1) | {"too long": (30, "2.31e.18 trajectories.*shorten")},
        },
    ),
}
SUBJECTS |= {
    f"environments.MarkovDecisionProcess.{name}": Subject(
        getattr(PROCESS, name),
        {"policy_table": HALF, "discount": 0.9},
        {"policy_table": POLICY_TABLES, "discount": DISCOUNTS},
    )
    for name in ("values", "action_values", "advantages", "visitation", "objective")
}

# --- policies ----------------------------------------------------------------------------------------------

policies = ngbook.policies
SPOT = np.array([[0.5, -1.0], [0.0, 1.0], [2.0, 0.0]])
CHOICES, PLACES = policies.SoftmaxPolicy(2, 2, (3,)), policies.GaussianPolicy(2, 1, chart="std")
CHOSEN, PLACED = CHOICES.at(np.ones(17), SPOT), PLACES.at(np.ones(4), SPOT)
EXEMPT |= {
    f"policies.{name}": "a distribution: made by the method at of a policy, and its own methods are tried"
    for name in ("SoftmaxActions", "GaussianActions")
}


class Spaces:
    """An environment as far as a policy looks at it."""

    def __init__(self, observations, actions):
        self.observation_space, self.action_space = observations, actions


WHERE, WHAT = Box(-1, 1, (2,)), Discrete(2)


WIDTHS = {
    "zero": ((0,), "width.*at least 1"),
    "not whole": ((2.5,), "width.*whole number"),
    "word": ("wide", "tuple of widths"),
    "number": (64, "tuple of widths.*64"),
    "nothing": (None, "tuple of widths"),
}
SCALES = {
    "too short": ([1.0], "observation_scale must have 2 entries"),
    "number": (1.0, "observation_scale"),
    "NaN": ([NAN, 1.0], "observation_scale must be finite"),
    "words": (["a", "b"], "real numbers"),
}
DTYPES = {
    "whole numbers": (int, "float32"),
    "half precision": (np.float16, "float32"),
    "word": ("double", "float32"),
    "nothing": (None, "float32"),
}
CHARTS = {"another": ("variance", "chart must be one of"), "nothing": (None, "chart must be one of")}
SHAPES = {"hidden": WIDTHS, "observation_scale": SCALES, "dtype": DTYPES}
LAST_LAYERS = NOT_NEGATIVE | {"nothing": (None, "last_layer")}


def parameters(size):
    kept = ("matrix", "scalar", "words", "complex", "ragged", "nothing")
    return {key: VECTORS[key] for key in kept} | {
        "NaN": ([NAN] + [1.0] * (size - 1), "must be finite.*nan"),
        "infinite": ([INF, -INF] + [1.0] * (size - 2), "must be finite.*inf"),
        "too short": ([1.0] * (size - 1), f"must have {size} entries, but has {size - 1}"),
    }


OBSERVATIONS = {
    "one observation": (SPOT[0], r"shape \(n, 2\).*observation\[None\]"),
    "none": (np.ones((0, 2)), r"n at least 1"),
    "too wide": (np.ones((3, 4)), r"\(n, 2\), but have \(3, 4\)"),
    "pictures": (np.ones((3, 2, 2)), r"\(n, 2\)"),
    "NaN": ([[0.0, 1.0], [NAN, 0.0]], "1 of 2 rows.*row 1"),
    "infinite": ([[0.0, -INF], [1.0, 0.0]], "1 of 2 rows.*row 0"),
    "words": ([["a", "b"]], "real numbers"),
    "complex": (1j * SPOT, "real numbers"),
    "nothing": (None, "real numbers|shape"),
}
NUMBERED = {
    "real numbers": ([0.0, 1.0, 0.0], "3 integers.*float64"),
    "too few": ([0, 1], r"3 integers.*\(2,\)"),
    "in a column": ([[0], [1], [0]], r"3 integers.*\(3, 1\)"),
    "too large": ([0, 1, 2], "from 0 to 1, but range from 0 to 2"),
    "negative": ([0, 1, -1], "from 0 to 1, but range from -1"),
    "words": (["left", "right", "left"], "3 integers"),
    "nothing": (None, "3 integers"),
    "ragged": ([[0], [0, 1], [1]], "inhomogeneous shape"),
}
DRAWN = {
    "in a row": ([0.0, 1.0, 2.0], r"\(3, 1\).*\(3,\)"),
    "too few": ([[0.0], [1.0]], r"\(3, 1\).*\(2, 1\)"),
    "NaN": ([[0.0], [NAN], [1.0]], "finite.*1 entries"),
    "infinite": ([[0.0], [INF], [1.0]], "finite.*1 entries"),
    "words": ([["a"], ["b"], ["c"]], "real numbers"),
    "nothing": (None, "real numbers|finite"),
}
WEIGHTS = {
    "too few": ([1.0, 2.0], r"3 finite numbers.*\(2,\)"),
    "a number": (1.0, "3 finite numbers"),
    "NaN": ([1.0, NAN, 0.0], "3 finite numbers.*1 entries"),
    "infinite": ([1.0, INF, 0.0], "3 finite numbers.*1 entries"),
    "words": (["a", "b", "c"], "real numbers"),
    "nothing": (None, "real numbers|3 finite numbers"),
}


def elsewhere(here, fewer, other_kind):
    return {
        "fewer observations": (fewer, "at the same 3 observations"),
        "another kind": (other_kind, f"must be {type(here).__name__}"),
        "parameters": (np.ones(17), f"must be {type(here).__name__}.*policy.at"),
        "nothing": (None, f"must be {type(here).__name__}"),
    }


SUBJECTS |= {
    "policies.SoftmaxPolicy": Subject(
        policies.SoftmaxPolicy,
        {"inputs": 2, "actions": 2, "hidden": (3,), "observation_scale": [1.0, 2.0], "dtype": np.float32},
        {
            "inputs": whole_numbers(0),
            "actions": whole_numbers(2),
            **SHAPES,
        },
    ),
    "policies.GaussianPolicy": Subject(
        policies.GaussianPolicy,
        {"inputs": 2, "actions": 1, "hidden": (3,), "observation_scale": [1.0, 2.0], "chart": "std"},
        {"inputs": whole_numbers(0), "actions": whole_numbers(1), "chart": CHARTS, **SHAPES},
    ),
    "policies.SoftmaxPolicy.initial": Subject(
        CHOICES.initial,
        {"rng": np.random.default_rng(0), "last_layer": 0.0},
        {"rng": GENERATORS, "last_layer": LAST_LAYERS},
    ),
    "policies.GaussianPolicy.initial": Subject(
        PLACES.initial,
        {"rng": np.random.default_rng(0), "log_std": -1.0, "last_layer": 0.0},
        {
            "rng": GENERATORS,
            "log_std": {key: NOT_NEGATIVE[key] for key in ("NaN", "infinite", "two numbers", "word")}
            | {"too large": (1000.0, "between -80 and 80")},
            "last_layer": LAST_LAYERS,
        },
    ),
    "policies.SoftmaxPolicy.at": Subject(
        CHOICES.at,
        {"theta": np.ones(17), "observations": SPOT},
        {"theta": parameters(17), "observations": OBSERVATIONS},
    ),
    "policies.GaussianPolicy.at": Subject(
        PLACES.at,
        {"theta": np.ones(4), "observations": SPOT},
        {
            "theta": parameters(4)
            | {
                "deviation of zero": ([1.0, 1.0, 1.0, 0.0], "outside the parameter space.*above 0.*log_std"),
                "negative deviation": ([1.0, 1.0, 1.0, -0.1], "outside the parameter space.*shorter step"),
            },
            "observations": OBSERVATIONS,
        },
    ),
    "policies.for_environment": Subject(
        policies.for_environment,
        {"environment": Spaces(WHERE, Box(-1, 1, (1,))), "chart": "std"},
        {
            "environment": {
                "a name": ("CartPole-v1", "Gymnasium environment.*CartPole.*environments.make"),
                "nothing": (None, "Gymnasium environment"),
                "numbered observations": (Spaces(Discrete(16), WHAT), r"vectors.*Discrete\(16\)"),
                "pictures": (Spaces(Box(0, 1, (8, 8)), WHAT), r"vectors.*FlattenObservation"),
                "several choices": (Spaces(WHERE, MultiDiscrete([2, 2])), r"Discrete\(k\).*MultiDiscrete"),
                "choices from one": (Spaces(WHERE, Discrete(2, start=1)), r"from 0.*start=1"),
                "actions that are matrices": (Spaces(WHERE, Box(0, 1, (2, 2))), r"Box\(..., \(k,\)\)"),
                "whole numbers": (Spaces(WHERE, Box(0, 9, (2,), dtype=int)), "real numbers.*int64"),
                "a single choice": (
                    Spaces(WHERE, Discrete(1)),
                    r"k at least 2.*action space is Discrete\(1\): wrap",
                ),
            },
            "chart": CHARTS,
            **SHAPES,
        },
    ),
}
for kind, here, fewer, other, actions in (
    ("Softmax", CHOSEN, CHOICES.at(np.ones(17), SPOT[:2]), PLACED, NUMBERED),
    ("Gaussian", PLACED, PLACES.at(np.ones(4), SPOT[:2]), CHOSEN, DRAWN),
):
    size, taken = here.fisher().shape[0], here.mode()
    strange = elsewhere(here, fewer, other)
    SUBJECTS |= {
        f"policies.{kind}Actions.{method}": Subject(getattr(here, method), good, bad)
        for method, good, bad in (
            ("sample", {"rng": np.random.default_rng(0)}, {"rng": GENERATORS}),
            ("mode", {}, {}),
            ("entropy", {}, {}),
            ("fisher", {}, {}),
            ("log_prob", {"actions": taken}, {"actions": actions}),
            ("kl", {"new": here}, {"new": strange}),
            ("kl_gradient", {"old": here}, {"old": strange}),
            ("scores", {"actions": taken}, {"actions": actions}),
            ("gradient", {"actions": taken, "weights": [1, 2, 3]}, {"actions": actions, "weights": WEIGHTS}),
            ("fisher_product", {"v": np.ones(size)}, {"v": parameters(size)}),
        )
    }

# --- policy gradients --------------------------------------------------------------------------------------

policy_gradient = ngbook.policy_gradient
WALK = environments.LineWalk(2, horizon=3)
WALKER, WALKS_FROM = policies.GaussianPolicy(0, 1, chart="std"), [0.0, 1.0]
WALKED = policy_gradient.Rollouts(WALK, WALKER, np.random.default_rng(0)).collect(WALKS_FROM, 3)
CUT = policy_gradient.Rollouts(WALK, WALKER, np.random.default_rng(0)).collect(WALKS_FROM, 2)
ONES = np.ones((3, 2))
EXEMPT |= {
    "policy_gradient.Batch": "what happened: made by Rollouts.collect, and its method flat is tried",
    "policy_gradient.History": RESULT,
    "policy_gradient.Record": RESULT,
    "policy_gradient.Step": RESULT,
    "policy_gradient.Training": RESULT,
}


class Acting(environments.LineWalk):
    """A line walk that says that it has other actions."""

    def __init__(self, actions):
        super().__init__(2)
        self.single_action_space = actions


ENVIRONMENTS = {
    "a name": ("CartPole-v1", "VectorEnv.*CartPole.*environments.make"),
    "a single environment": (gymnasium.make("CartPole-v1"), "VectorEnv"),
    "nothing": (None, "VectorEnv"),
    "other actions": (environments.make("CartPole-v1", 2), r"GaussianPolicy cannot act in Discrete\(2\)"),
    "whole numbers": (
        Acting(Box(0, 9, (1,), dtype=int)),
        r"GaussianPolicy cannot act in Box.*int64.*of real numbers",
    ),
    "matrices": (Acting(Box(0, 1, (1, 1))), r"GaussianPolicy cannot act in Box.*\(k,\)"),
}
STRANGE_POLICIES = {
    "nothing": (None, "policy must be a SoftmaxPolicy"),
    "two inputs": (policies.SoftmaxPolicy(2, 2), "2 inputs.*observations have 1"),
    "two actions": (policies.GaussianPolicy(1, 2), "2 actions.*action space is Box"),
    "choices": (policies.SoftmaxPolicy(1, 2), "SoftmaxPolicy cannot act in Box"),
}
NO_BATCH = {
    "nothing": (None, "batch must be a Batch, but is a NoneType"),
    "rewards": (ONES, "batch must be a Batch.*collect"),
    "nothing decided": (dataclasses.replace(WALKED, valid=ONES < 0), "no valid step among its 6"),
}
PER_STEP = {
    "in a row": (np.ones(6), r"one number a step, shape \(3, 2\).*\(6,\)"),
    "a number": (1.0, "one number a step"),
    "NaN": (ONES * [1.0, NAN], "finite.*step 0 of environment 1"),
    "infinite": (ONES * [INF, 1.0], "finite.*step 0 of environment 0"),
    "words": ([["a", "b"]] * 3, "real numbers"),
    "nothing": (None, "real numbers|one number a step"),
}
SHARES = {key: POSITIVE[key] for key in ("NaN", "infinite", "two numbers", "word")} | {
    "negative": (-0.1, "at least 0 and at most 1"),
    "too large": (1.01, "at least 0 and at most 1"),
}
ON_A_BATCH = {"policy": WALKER, "theta": WALKS_FROM, "batch": WALKED, "advantages": ONES - np.eye(3)[:, :2]}
BAD_ON_A_BATCH = {
    "policy": {"nothing": (None, "policy must be a SoftmaxPolicy")},
    "theta": VECTORS
    | {"outside its space": ([0.0, -1.0], "above 0"), "too long": ([0.0, 1.0, 2.0], "2 entries")},
    "batch": NO_BATCH,
    "advantages": PER_STEP,
}
TRAINING = {
    "environment": WALK,
    "policy": WALKER,
    "update": functools.partial(policy_gradient.trpo, radius=0.1),
}
TRAINING |= {"iterations": 1, "steps": 3, "rng": np.random.default_rng(0), "theta": WALKS_FROM}

SUBJECTS |= {
    "policy_gradient.Batch.flat": Subject(
        WALKED.flat, {"values": ONES}, {"values": {"in a row": (np.ones(6), "one entry a step")}}
    ),
    "policy_gradient.Rollouts": Subject(
        policy_gradient.Rollouts,
        {"environment": WALK, "policy": WALKER, "rng": np.random.default_rng(0)},
        {"environment": ENVIRONMENTS, "policy": STRANGE_POLICIES, "rng": GENERATORS},
    ),
    "policy_gradient.Rollouts.collect": Subject(
        policy_gradient.Rollouts(WALK, WALKER, np.random.default_rng(0)).collect,
        {"theta": WALKS_FROM, "steps": 1},
        {"theta": BAD_ON_A_BATCH["theta"], "steps": whole_numbers(1)},
    ),
    "policy_gradient.evaluate": Subject(
        policy_gradient.evaluate,
        {
            "environment": environments.LineWalk(2, 3),
            "policy": WALKER,
            "theta": WALKS_FROM,
            "episodes": 3,
            "rng": np.random.default_rng(0),
        },
        {
            "environment": ENVIRONMENTS,
            "policy": STRANGE_POLICIES,
            "theta": BAD_ON_A_BATCH["theta"],
            "episodes": whole_numbers(1),
            "rng": GENERATORS,
        },
    ),
    "policy_gradient.total_return": Subject(
        policy_gradient.total_return,
        {"batch": WALKED},
        {"batch": NO_BATCH | {"half an episode": (CUT, "goes on after the batch")}},
    ),
    "policy_gradient.reward_to_go": Subject(
        policy_gradient.reward_to_go,
        {"batch": WALKED, "discount": 0.9, "next_values": ONES},
        {
            "batch": NO_BATCH | {"another shape": (CUT, r"shape \(2, 2\)")},
            "discount": SHARES,
            "next_values": {key: PER_STEP[key] for key in PER_STEP if key != "nothing"},
        },
    ),
    "policy_gradient.generalised_advantage": Subject(
        policy_gradient.generalised_advantage,
        {"batch": WALKED, "values": ONES, "next_values": ONES, "discount": 0.9, "trace": 0.5},
        {
            "batch": NO_BATCH,
            "values": PER_STEP,
            "next_values": PER_STEP,
            "discount": SHARES,
            "trace": SHARES,
        },
    ),
    "policy_gradient.standardised": Subject(
        policy_gradient.standardised,
        {"batch": WALKED, "advantages": ONES},
        {"batch": NO_BATCH, "advantages": PER_STEP},
    ),
    "policy_gradient.TimeBaseline": Subject(policy_gradient.TimeBaseline, {}, {}),
    "policy_gradient.FourierBaseline": Subject(
        policy_gradient.FourierBaseline,
        {"inputs": 2, "rng": np.random.default_rng(0), "features": 3},
        {
            "inputs": whole_numbers(1),
            "rng": GENERATORS,
            "features": whole_numbers(1),
            "observation_scale": SCALES,
            "bandwidth": POSITIVE,
            "regularisation": POSITIVE,
            "dtype": DTYPES,
        },
    ),
    "policy_gradient.policy_gradient": Subject(
        policy_gradient.policy_gradient,
        ON_A_BATCH | {"step_size": 0.1},
        BAD_ON_A_BATCH | {"step_size": POSITIVE},
    ),
    "policy_gradient.natural_policy_gradient": Subject(
        policy_gradient.natural_policy_gradient,
        ON_A_BATCH | {"step_size": 0.1},
        BAD_ON_A_BATCH
        | {
            "step_size": POSITIVE | {"nothing": (None, "either step_size or radius")},
            "radius": {"as well": (0.1, "either step_size or radius.*radius is 0.1")},
            "damping": NOT_NEGATIVE,
        },
    ),
    "policy_gradient.trpo": Subject(
        policy_gradient.trpo,
        ON_A_BATCH,
        BAD_ON_A_BATCH
        | {
            "radius": POSITIVE,
            "damping": NOT_NEGATIVE,
            "iterations": whole_numbers(1),
            "shrink": FRACTIONS,
            "max_backtracks": whole_numbers(0),
        },
    ),
    "policy_gradient.ppo": Subject(
        policy_gradient.ppo,
        ON_A_BATCH | {"rng": np.random.default_rng(0)},
        BAD_ON_A_BATCH
        | {
            "rng": GENERATORS,
            "clip": FRACTIONS,
            "epochs": whole_numbers(1),
            "minibatches": whole_numbers(1) | {"too many": (7, "7, but the batch has only 6")},
            "step_size": POSITIVE,
            "penalty": POSITIVE,
            "optimiser": {
                "another": ("newton", "must be one of 'adam'"),
                "nothing": (None, "must be one of 'adam'"),
            },
        },
    ),
    "policy_gradient.clipped_surrogate": Subject(
        policy_gradient.clipped_surrogate,
        {"ratio": [0.5, 2.0], "advantages": [1.0, -1.0], "clip": 0.1},
        {
            "ratio": VECTORS | {"negative": ([-1.0, 1.0], "at least 0.*two probabilities")},
            "advantages": VECTORS | UNEQUAL,
            "clip": FRACTIONS,
        },
    ),
    "policy_gradient.AdaptivePenalty": Subject(
        policy_gradient.AdaptivePenalty,
        {"target": 0.1, "value": 1.0},
        {"target": POSITIVE, "value": POSITIVE},
    ),
    "policy_gradient.AdaptivePenalty.adapt": Subject(
        policy_gradient.AdaptivePenalty().adapt, {"kl": 0.0}, {"kl": NOT_NEGATIVE}
    ),
    "policy_gradient.train": Subject(
        policy_gradient.train,
        TRAINING,
        {
            "environment": ENVIRONMENTS,
            "policy": STRANGE_POLICIES,
            "update": {
                "a name": ("trpo", "update must be a function"),
                "no rule": (constant(np.ones(2)), "must return a Step, but returned a ndarray"),
                "with a radius of zero": (
                    functools.partial(policy_gradient.trpo, radius=0.0),
                    "radius must be greater than 0",
                ),
            },
            "iterations": whole_numbers(1),
            "steps": whole_numbers(1),
            "rng": GENERATORS,
            "theta": {key: bad for key, bad in BAD_ON_A_BATCH["theta"].items() if key != "nothing"},
            "discount": SHARES,
            "trace": SHARES,
            "baseline": {
                "a number": (0.0, "methods fit, values and next_values.*TimeBaseline"),
                "a class": (policy_gradient.TimeBaseline, "methods fit, values and next_values"),
                "for others": (
                    policy_gradient.FourierBaseline(2, np.random.default_rng(0)),
                    "with 1 entries.*made for 2",
                ),
            },
            "advantage": {
                "another": ("gae", "one of 'generalised', 'reward_to_go', 'total_return', but is 'gae'"),
                "nothing": (None, "one of 'generalised'"),
            },
            "standardise": FLAG,
            "until": {"a number": (475, r"until must be a function, called as until\(record\)")},
            "progress": {
                "another word": ("loud", "progress must be a function"),
                "a number": (1, "progress must be a function"),
            },
        },
    ),
}
for kind, baseline in (
    ("Time", policy_gradient.TimeBaseline()),
    ("Fourier", policy_gradient.FourierBaseline(1, np.random.default_rng(0))),
):
    SUBJECTS |= {
        f"policy_gradient.{kind}Baseline.fit": Subject(
            baseline.fit, {"batch": WALKED, "targets": ONES}, {"batch": NO_BATCH, "targets": PER_STEP}
        ),
        f"policy_gradient.{kind}Baseline.values": Subject(
            baseline.values, {"batch": WALKED}, {"batch": NO_BATCH}
        ),
        f"policy_gradient.{kind}Baseline.next_values": Subject(
            baseline.next_values, {"batch": WALKED}, {"batch": NO_BATCH}
        ),
    }

CASES = [
    pytest.param(subject, argument, bad, message, id=f"{name}({argument}={label})")
    for name, subject in SUBJECTS.items()
    for argument, values in subject.bad.items()
    for label, (bad, message) in values.items()
]


def public():
    """Every public function, class and method, by its name: ``{"symbolic.MomentRule.subs": ...}``."""
    found = {}
    for module in (name for name in ngbook.__all__ if name != "OutsideDomain"):
        for name in getattr(ngbook, module).__all__:
            found[f"{module}.{name}"] = thing = getattr(getattr(ngbook, module), name)
            if inspect.isclass(thing):
                for method, function in inspect.getmembers(thing, inspect.isroutine):
                    if not method.startswith("_") and hasattr(function, "__code__"):  # written in Python
                        found[f"{module}.{name}.{method}"] = getattr(function, "__func__", function)
    return found


def refused_elsewhere():
    """Of each function (by its identity), the arguments that another test module's ``REFUSED`` tries."""
    tried = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if "\nREFUSED = [" in path.read_text(encoding="utf-8"):
            for fact in importlib.import_module(path.stem).REFUSED:
                function = getattr(fact.example.function, "__func__", fact.example.function)
                tried.setdefault(id(function), set()).add(fact.argument)
    return tried


ELSEWHERE = refused_elsewhere()


@pytest.mark.parametrize("name", public())
def test_everything_public_is_tried(name):
    if name in EXEMPT:
        assert name not in SUBJECTS
        return
    if id(public()[name]) in ELSEWHERE:
        arguments = inspect.signature(public()[name]).parameters.values()
        named = {a.name for a in arguments if a.kind is not a.VAR_KEYWORD} - {"self", "cls"}
        untried = named - ELSEWHERE[id(public()[name])]
        assert not untried, f"{name} has arguments without bad values: {untried}"
        return
    assert name in SUBJECTS, f"{name} is public: add a Subject for it to {__name__}.SUBJECTS"
    function, bad = SUBJECTS[name].function, SUBJECTS[name].bad
    assert getattr(function, "__func__", function) is public()[name], "another function is tried"
    arguments = inspect.signature(function).parameters.values()
    named = {argument.name for argument in arguments if argument.kind is not argument.VAR_KEYWORD}
    assert named <= set(bad), f"{name} has arguments without bad values: {named - set(bad)}"
    assert len(named) < len(arguments) or named == set(bad), f"{name}: no arguments {set(bad) - named}"


def test_what_is_exempt_exists_and_says_why():
    assert set(EXEMPT) | set(SUBJECTS) == {n for n, thing in public().items() if id(thing) not in ELSEWHERE}
    assert all(len(reason.split()) > 3 for reason in EXEMPT.values())


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_good_call_works(name):
    SUBJECTS[name].function(**SUBJECTS[name].good)


@pytest.mark.parametrize(("subject", "argument", "bad", "message"), CASES)
def test_bad_input_is_refused(subject, argument, bad, message):
    with pytest.raises(ValueError, match=f"(?s){message}") as refusal:
        subject.function(**(subject.good | {argument: bad}))
    assert len(str(refusal.value)) > 25, "a message says what was wrong and what to do"


@pytest.mark.parametrize("slug", families.catalogue())
def test_every_family_refuses_parameters_outside_its_space(slug):
    """Each inequality of the space is broken in turn, whatever the family."""
    family = families.catalogue()[slug]
    family = family.at(**{constant.name: 3 for constant in family.constants})
    size = len(family.parameters)
    candidates = np.random.default_rng(0).uniform(-3, 3, size=(1000, size))
    relations = [relation for relation in family.parameter_space if relation.free_symbols]
    tests = [sp.lambdify(family.parameters, relation) for relation in relations]
    holds = np.array([[bool(test(*theta)) for test in tests] for theta in candidates])
    for i, relation in enumerate(relations):
        only_this = np.delete(holds, i, axis=1).all(axis=1) & ~holds[:, i]
        assert only_this.any(), f"no candidate breaks {relation} only"
        for theta in candidates[only_this][:3]:
            with pytest.raises(ngbook.OutsideDomain, match="outside the parameter space") as refusal:
                family.log_prob(theta, np.zeros(1))
            assert any(symbol.name in str(refusal.value) for symbol in relation.free_symbols)
    for theta, message in ((np.full(size, NAN), "finite"), (np.ones(size + 1), "shape")):
        with pytest.raises(ValueError, match=message):
            family.fisher(theta)
