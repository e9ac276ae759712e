"""Bad input is refused with a ``ValueError`` that says what was wrong, for every public function.

A public function, class or method without an entry here is a failure, and so is an argument of one without a
list of bad values: ``test_everything_public_is_tried`` reads ``ngbook.__all__`` and the ``__all__`` of every
module there. To cover another function, add a ``Subject``: one call that works, and for each argument its bad
values, from the lists below or a list of its own. What is exempt says why.
"""

import importlib
import inspect
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import sympy as sp
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
INHERITED = "Gymnasium's own method, inherited as it is"
EXEMPT |= {
    f"environments.{name}.{method}": INHERITED
    for name in ("LineWalk", "Pendulum")
    for method in ("close", "close_extras", "render")
}
EXEMPT |= {"environments.Trajectories": RESULT}
NO_ARGUMENTS = "called without arguments, so that nothing is refused"
EXEMPT |= {
    f"policies.{kind}Actions{method}": reason
    for kind in ("Softmax", "Gaussian")
    for method, reason in (
        ("", "a distribution: made by the method at of a policy, and its own methods are tried"),
        (".entropy", NO_ARGUMENTS),
        (".fisher", NO_ARGUMENTS),
    )
}
EXEMPT |= {
    "policy_gradient.Batch": "the transitions of Rollouts.collect, and its method flat is tried",
    **{f"policy_gradient.{name}": RESULT for name in ("History", "Record", "Step", "Training")},
    "policy_gradient.TimeBaseline": NO_ARGUMENTS,
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
