"""Bad input is refused with a ``ValueError`` that says what was wrong, for every public function.

A public function without an entry here is a failure, and so is an argument of one without a list of bad
values: ``test_every_public_function_is_tried`` reads ``__all__``. To cover another function, add a
``Subject``: one call that works, and for each argument the name of a list in ``BAD`` (or a list of its own).
"""

import inspect
from dataclasses import dataclass

import numpy as np
import pytest
import sympy as sp
from scipy.sparse.linalg import aslinearoperator

from ngbook import checks, descent, families, fisher, solve

COVERED = [checks, families, solve, fisher, descent]

# What functions return or raise, what is no function (a family), and what takes no argument. The methods
# of a family are tried one by one, and every family's parameter space below.
EXEMPT = {"checks.CheckFailed", "descent.Path", "families.Family", "families.catalogue"}
EXEMPT |= {f"families.{n}" for n in families.__all__ if isinstance(getattr(families, n), families.Family)}

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
FRACTIONS = POSITIVE | {"one": (1.0, "between 0 and 1")}
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
COUNTS = {
    "negative": (-1, "whole number"),
    "not whole": (2.5, "whole number"),
    "NaN": (NAN, "finite"),
    "word": ("many", "real numbers"),
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
NUMBERS = {"NaN": ([NAN], "nan"), "empty": ([], "empty"), "words": (["a"], "real numbers")}

SUBJECTS = {
    "solve.as_number": Subject(
        solve.as_number,
        {"value": 1.0, "name": "radius", "above": 0.0},
        {"value": POSITIVE, "name": TEXT, "above": {"not reached": (2.0, "radius must be greater than 2")}},
    ),
    "solve.as_vector": Subject(
        solve.as_vector,
        {"value": [1.0, 2.0], "name": "theta", "size": 2},
        {"value": VECTORS | UNEQUAL, "name": TEXT, "size": {"another": (3, "theta must have 3 entries")}},
    ),
    "solve.as_matrix": Subject(
        solve.as_matrix,
        {"metric": METRIC, "size": 2},
        {"metric": MATRICES, "size": {"another": (3, r"\(3, 3\) to fit")}},
    ),
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
    "solve.as_function": Subject(
        solve.as_function,
        {"function": value, "name": "value", "call": "theta"},
        {"function": {"a number": (1.0, r"called as value\(theta\)")}, "name": TEXT, "call": TEXT},
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
        RUN | {"step_size": LINE_SEARCHES, "iterations": COUNTS},
    ),
    "descent.natural_gradient_descent": Subject(
        descent.natural_gradient_descent,
        {"value": value, "gradient": gradient, "metric": metric, "start": [1.0, 2.0], "step_size": 0.1},
        RUN | {"metric": METRIC_FUNCTIONS, "step_size": LINE_SEARCHES, "iterations": COUNTS},
    ),
    "descent.trust_region_descent": Subject(
        descent.trust_region_descent,
        {"value": value, "gradient": gradient, "metric": metric, "start": [1.0, 2.0], "radius": 0.1},
        RUN | {"metric": METRIC_FUNCTIONS, "radius": SCHEDULES, "iterations": COUNTS},
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
            "left": {"equal before any step": (SQUARE, ""), "a float": (0.5, "")},
            "right": {"another shape": (sp.zeros(2, 2), ""), "a float": (0.5, "")},
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
            "rtol": {"too wide": (2.0, "factor"), "negative": (-1.0, ""), "NaN": (NAN, "")},
            "atol": {"too wide": (2.0, "factor"), "negative": (-1.0, ""), "NaN": (NAN, "")},
            "standard_error": {
                "negative": (-1.0, "positive"),
                "NaN": (NAN, ""),
                "another shape": ([0.1, 0.1], "shape"),
            },
            "about": TEXT,
        },
    ),
    "checks.slope": Subject(
        checks.slope,
        {"x": [1.0, 10.0, 100.0], "y": [2.0, 20.0, 200.0], "expected": 1.0},
        {
            "x": NUMBERS | {"two points": ([1.0, 2.0], ""), "zero": ([0.0, 1.0, 10.0], "")},
            "y": NUMBERS | {"negative": ([-1.0, 1.0, 10.0], "")},
            "expected": TEXT,  # any number may be claimed
            "tolerance": {"zero": (0.0, "positive"), "NaN": (NAN, "")},
            "about": TEXT,
        },
    ),
    "checks.at_most": Subject(
        checks.at_most,
        {"smaller": [1.0], "larger": [2.0]},
        {"smaller": NUMBERS, "larger": NUMBERS, "about": TEXT},
    ),
}

THETA = {
    "NaN": ([NAN, 1.0], "finite.*mu, sigma"),
    "too long": ([0.0, 1.0, 2.0], r"shape \(3,\).*mu, sigma"),
    "scalar": (1.0, r"shape \(\)"),
    "outside its space": ([0.0, -1.0], r"sigma = -1.*outside the parameter space.*sigma > 0"),
    "on the edge": ([0.0, 0.0], "sigma > 0"),
}
OUTCOMES = {"NaN": ([1.0, NAN], "NaN, at position 1"), "matrix": ([[1.0, 2.0]], r"shape \(n,\)")}
METHODS = {
    "at": Subject(
        families.student_t.at,
        {"nu": 5},
        {
            "nu": {"negative": (-1, "nu"), "NaN": (NAN, "nu.*finite"), "word": ("five", "nu.*number")},
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
    "kl": Subject(families.normal.kl, {"old": [0.0, 1.0], "new": [1.0, 1.0]}, {"old": THETA, "new": THETA}),
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
# Methods that take no argument, or an exact expression.
EXACT_METHODS = {"derivation", "expectation", "hessian_matrix", "kl_expression", "score_vector"}
SUBJECTS |= {f"families.normal.{name}": subject for name, subject in METHODS.items()}

CASES = [
    pytest.param(subject, argument, bad, message, id=f"{name}({argument}={label})")
    for name, subject in SUBJECTS.items()
    for argument, values in subject.bad.items()
    for label, (bad, message) in values.items()
]


@pytest.mark.parametrize("module", COVERED, ids=lambda module: module.__name__)
def test_every_public_function_is_tried(module):
    short = module.__name__.removeprefix("ngbook.")
    for name in module.__all__:
        if f"{short}.{name}" in EXEMPT:
            continue
        subject = SUBJECTS.get(f"{short}.{name}")
        assert subject is not None, f"{short}.{name} is public: add a Subject for it to {__name__}.SUBJECTS"
        arguments = set(inspect.signature(getattr(module, name)).parameters)
        assert arguments == set(subject.bad), f"{short}.{name}: arguments without bad values, or renamed"


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_good_call_works(name):
    SUBJECTS[name].function(**SUBJECTS[name].good)


@pytest.mark.parametrize(("subject", "argument", "bad", "message"), CASES)
def test_bad_input_is_refused(subject, argument, bad, message):
    with pytest.raises(ValueError, match=f"(?s){message}") as refusal:
        subject.function(**(subject.good | {argument: bad}))
    assert len(str(refusal.value)) > 25, "a message says what was wrong and what to do"


def test_every_method_of_a_family_is_tried():
    methods = {name for name, _ in inspect.getmembers(families.Family, inspect.isfunction) if name[0] != "_"}
    assert methods == set(METHODS) | EXACT_METHODS, f"add a Subject for it to {__name__}.METHODS"


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
            with pytest.raises(ValueError, match="outside the parameter space") as refusal:
                family.log_prob(theta, np.zeros(1))
            assert any(symbol.name in str(refusal.value) for symbol in relation.free_symbols)
    for theta, message in ((np.full(size, NAN), "finite"), (np.ones(size + 1), "shape")):
        with pytest.raises(ValueError, match=message):
            family.fisher(theta)
