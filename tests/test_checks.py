"""Every check can pass, can fail, and refuses what could not fail."""

import subprocess
import sys

import numpy as np
import pytest
import sympy as sp

from ngbook import checks

x = sp.Symbol("x", real=True)
mu = sp.Symbol("mu", real=True)
sigma = sp.Symbol("sigma", positive=True)
p = sp.Symbol("p", positive=True)
a = sp.Symbol("a", positive=True)
k = sp.Symbol("k", integer=True, positive=True)
n = sp.Symbol("n", integer=True, positive=True)
z = sp.Symbol("z")
f, g = sp.Function("f"), sp.Function("g")

normal = sp.exp(-((x - mu) ** 2) / (2 * sigma**2)) / sp.sqrt(2 * sp.pi * sigma**2)
log_normal = -((x - mu) ** 2) / (2 * sigma**2) - sp.log(sigma) - sp.log(2 * sp.pi) / 2
real_line = (x, -sp.oo, sp.oo)

TRUE = {
    "derivative": (sp.Derivative(x**3, x), 3 * x**2),
    "integral": (sp.Integral(normal, real_line), 1),
    "entropy": (sp.Integral(-normal * log_normal, real_line), sp.log(2 * sp.pi * sp.E * sigma**2) / 2),
    "limit": (sp.Limit(sp.sin(x) / x, x, 0), 1),
    "sum": (sp.Sum(k**2, (k, 1, n)), n * (n + 1) * (2 * n + 1) / 6),
    "rational": ((x**2 - 1) / (x**2 + x + 1) * (x**3 - 1), (x - 1) ** 2 * (x + 1)),
    "logarithm": (sp.log(p**2 * sigma), 2 * sp.log(p) + sp.log(sigma)),
    "trigonometric": (sp.sin(x) ** 2, 1 - sp.cos(x) ** 2),
    "hyperbolic": (sp.tanh(x), (sp.exp(2 * x) - 1) / (sp.exp(2 * x) + 1)),
    "logistic": (sp.log(sp.exp(x) / (1 + sp.exp(x))), -sp.log(1 + sp.exp(-x))),
    "gamma": (sp.gamma(a + 2), a * (a + 1) * sp.gamma(a)),
    "log gamma": (sp.loggamma(a + 1), sp.loggamma(a) + sp.log(a)),
    "trigamma": (sp.polygamma(1, a + 1), sp.polygamma(1, a) - 1 / a**2),
    "Bessel": (sp.Derivative(sp.besseli(1, a), a), sp.besseli(0, a) - sp.besseli(1, a) / a),
    "algebraic number": (sp.sqrt(5 + 2 * sp.sqrt(6)), sp.sqrt(2) + sp.sqrt(3)),
    "product rule": (sp.Derivative(f(x) * g(x), x), f(x) * g(x).diff(x) + g(x) * f(x).diff(x)),
    "score": (sp.Derivative(sp.log(f(x, mu)), mu), f(x, mu).diff(mu) / f(x, mu)),
    "matrix of derivatives": (sp.Matrix([[sp.Derivative(x**2, x)], [p]]), sp.Matrix([[2 * x], [p]])),
    "immutable matrix": (sp.ImmutableMatrix([[sp.Derivative(x**2, x), p]]), sp.Matrix([[2 * x, p]])),
    "matrix": (sp.Matrix([[(sigma**2 - 1) / (sigma - 1), p]]), sp.Matrix([[sigma + 1, p]])),
}


@pytest.mark.parametrize("name", TRUE)
def test_same_proves(name, capsys):
    checks.same(*TRUE[name], about=name)
    assert capsys.readouterr().out == f"exact: {name}\n"


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize("wrong", [lambda r: -r, lambda r: r / 2, lambda r: r + 1], ids=["-", "half", "one"])
def test_same_refutes_each_of_them_doctored(name, wrong):
    left, right = TRUE[name]
    right = right.applyfunc(wrong) if isinstance(right, sp.MatrixBase) else wrong(sp.sympify(right))
    with pytest.raises(checks.CheckFailed, match=r"(?s)not the same.*left - right = "):
        checks.same(left, right)


def test_same_shows_a_counterexample():
    with pytest.raises(checks.CheckFailed) as failure:
        left, right = TRUE["entropy"]
        checks.same(left, right.subs(sigma, sp.sqrt(sigma)), "entropy")
    assert "entropy" in str(failure.value)
    assert "at sigma = 1/3: left = 0.3203262445, right = 0.8696323889" in str(failure.value)


def test_same_names_the_entry_of_a_matrix():
    with pytest.raises(checks.CheckFailed, match=r"in entry \(1, 1\)"):
        checks.same(sp.diag(1 / sigma**2, 2 / sigma**2), sp.diag(1 / sigma**2, 1 / sigma**2))


def test_same_does_not_trust_a_claim_that_needs_an_undeclared_assumption():
    with pytest.raises(checks.CheckFailed, match="at z = -"):
        checks.same(sp.log(z**2), 2 * sp.log(z))


def test_same_states_the_condition_under_which_a_sum_exists(capsys):
    checks.same(sp.Sum(p * (1 - p) ** (k - 1), (k, 1, sp.oo)), 1, "the geometric distribution sums to one")
    assert capsys.readouterr().out == "exact: the geometric distribution sums to one (where Abs(p - 1) < 1)\n"


def test_same_says_when_it_cannot_decide():
    with pytest.raises(checks.CheckFailed, match=r"not decided.*\n.*\n.*\n  SymPy could not evaluate"):
        checks.same(sp.Integral(sp.log(x**2 + f(x)), x), 1)


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        (x**2, x**2, "before any simplification"),
        (sp.diff(x**2, x), 2 * x, "Leave a claim unevaluated"),
        (1.5 * x, x, "floating-point"),
        (x, 0.5, "floating-point"),
        (sp.Eq(x, 1), x, "two sides of an equation separately"),
        ("x", x, "compares SymPy expressions"),
        (True, x, "compares SymPy expressions"),
        (sp.nan, x, "undefined"),
        (sp.Matrix([x]), sp.Matrix([[x, 1]]), "same shape"),
        (sp.Matrix([[x]]), sp.Matrix([[x]]), "before any simplification"),
        ([], [], "empty"),
        (object(), x, "no SymPy expression"),
        (np.array([1, 2]), sp.Matrix([1, 2]), "before any simplification"),
    ],
)
def test_same_refuses(left, right, message):
    with pytest.raises(ValueError, match=message):
        checks.same(left, right)


# --- numbers


def test_close_prints_the_tolerance_and_not_the_difference(capsys):
    checks.close(1 + 3e-16, np.float64(1.0), rtol=1e-12, about="  one\n is one ")
    checks.close([1.0, 0.0], np.array([1, 1e-12]), rtol=0, atol=1e-10, about="both")
    checks.close(2.0, np.array(2), rtol=1e-8, atol=1e-10)
    assert capsys.readouterr().out.splitlines() == [
        "close: one is one (largest relative difference below 1e-12)",
        "close: both (largest difference below 1e-10)",
        "close: both sides agree (largest difference below 1e-10 plus 1e-8 relative)",
    ]


def test_close_shows_the_worst_element():
    with pytest.raises(checks.CheckFailed, match=r"about two: actual 2.5, expected 2 at index \(1,\).*1 of"):
        checks.close(np.array([1.0, 2.5]), np.array([1.0, 2.0]), about="about two")


def test_close_is_a_monte_carlo_check_with_a_standard_error(capsys):
    sample = np.random.default_rng(0).normal(3.0, 2.0, 10_000)
    error = sample.std(ddof=1) / 100
    checks.close(sample.mean(), 3.0, standard_error=error, about="mean")
    assert capsys.readouterr().out.startswith("Monte Carlo: mean (within 4 standard errors)")
    with pytest.raises(checks.CheckFailed):
        checks.close(sample.mean() + 5 * error, 3.0, standard_error=error)


SHARED = np.arange(3.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"actual": SHARED, "expected": SHARED}, "one object twice"),
        ({"actual": SHARED, "expected": SHARED[:]}, "one object twice"),
        ({"actual": [], "expected": []}, "empty"),
        ({"actual": np.nan, "expected": 1.0}, "actual must be finite, but is nan"),
        (
            {"actual": [1.0, 2.0], "expected": [1.0, np.inf]},
            r"expected must be finite, but is inf at index \(1,\)",
        ),
        ({"actual": [1.0], "expected": 1.0}, "does not broadcast"),
        ({"actual": 1j, "expected": 1.0}, "real numbers"),
        ({"actual": "one", "expected": 1.0}, "real numbers"),
        ({"actual": 1.0, "expected": 1.1, "rtol": 0.5}, "factor of two"),
        ({"actual": [1e-3, 0.0], "expected": [2e-3, 0.0], "atol": 1e-3}, "factor of two"),
        ({"actual": 1.0, "expected": 1.1, "rtol": -1}, "at least 0|must be finite"),
        ({"actual": 1.0, "expected": 1.1, "atol": np.nan}, "at least 0|must be finite"),
        ({"actual": 1.0, "expected": 1.1, "standard_error": 0.2}, "draw more samples"),
        ({"actual": 1.0, "expected": 1.1, "standard_error": 0.0}, "positive"),
        ({"actual": 1.0, "expected": 1.1, "standard_error": [0.1, 0.1]}, "standard_error has shape"),
        ({"actual": 1.0, "expected": 1.1, "standard_error": 0.1, "atol": 1.0}, "not both"),
    ],
)
def test_close_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        checks.close(**arguments)


def test_close_compares_small_integers_although_python_keeps_one_of_each():
    checks.close(np.linalg.matrix_rank(np.eye(2)).item(), 2, about="rank")


@pytest.mark.parametrize("order", [1, 2, 3, -1, 0.5])
def test_slope_measures_an_order(order, capsys):
    h = np.geomspace(1e-3, 1e-1, 9)
    checks.slope(h, 3 * h**order, order, about="order")
    assert capsys.readouterr().out == f"slope: order ({order:g} to within 0.05)\n"
    with pytest.raises(checks.CheckFailed, match=r"off by \+1.0000"):
        checks.slope(h, 3 * h ** (order + 1), order)


def test_slope_never_prints_a_negative_zero(capsys):
    checks.slope([1, 10, 100], [1, 1, 1 - 1e-12], -0.0)
    assert "(0 to within 0.05)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("x", "y", "tolerance", "message"),
    [
        ([1, 10], [1, 10], 0.05, "at least 3"),
        ([1, 2, 10], [1, 2], 0.05, "one length"),
        ([1, 2, 9], [1, 2, 9], 0.05, "one decade"),
        ([1, 2, 10], [1, 0, 10], 0.05, "y contains 0"),
        ([-1, 2, 10], [1, 1, 10], 0.05, "x contains -1"),
        ([1, 2, 10], [1, np.nan, 10], 0.05, "y must be finite, but is nan"),
        ([1, 2, 10], [1, 2, 10], 0.5, "below 0.5"),
        (SHARED, SHARED, 0.05, "one object twice"),
    ],
)
def test_slope_refuses(x, y, tolerance, message):
    with pytest.raises(ValueError, match=message):
        checks.slope(x, y, 1, tolerance=tolerance)


def test_at_most_prints_no_margin(capsys):
    checks.at_most([1.0, 2.0], [1.5, 2.25], "ordered")
    checks.at_most(np.array([0.1, 0.2]), 1, "bounded")
    checks.at_most([1.0, 2.0], [1.0, 3.0], "touching")
    assert capsys.readouterr().out.splitlines() == [
        "at most: ordered",
        "at most: bounded",
        "at most: touching",
    ]
    with pytest.raises(checks.CheckFailed, match=r"2 > 1.9 at index \(1,\), by 0.1"):
        checks.at_most([1.0, 2.0], [1.5, 1.9])


@pytest.mark.parametrize(
    ("smaller", "larger", "message"),
    [
        (SHARED, SHARED, "one object twice"),
        ([], 1, "empty"),
        ([1.0, np.nan], 2, "smaller must be finite, but is nan"),
        (1.0, np.inf, "larger must be finite, but is inf"),
        ([1, 2, 3], [1, 2], "same shape"),
    ],
)
def test_at_most_refuses(smaller, larger, message):
    with pytest.raises(ValueError, match=message):
        checks.at_most(smaller, larger)


def test_a_failed_check_is_an_assertion_error():
    assert issubclass(checks.CheckFailed, AssertionError)


def test_importing_checks_does_not_import_sympy():
    code = "import sys, ngbook.checks as c; c.close(1.0, 1.0 + 1e-12); print('sympy' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.splitlines()[-1] == "False"


# --- a wrong version, told apart ----------------------------------------------------------------


def test_structurally_equal_sides_pass_when_a_wrong_version_is_told_apart(capsys):
    metric = sp.diag(1, 2)
    checks.same(metric, sp.diag(1, 2), "metric", unlike=sp.eye(2))
    assert capsys.readouterr().out == "exact: metric (told apart from a wrong version)\n"


def test_a_wrong_version_that_is_right_is_refused():
    x = sp.Symbol("x")
    with pytest.raises(ValueError, match="not found to differ"):
        checks.same(2 * x, 2 * x, "twice x", unlike=sp.expand((x + 1) ** 2 - x**2 - 1))


def test_a_wrong_version_does_not_make_a_wrong_claim_pass():
    x = sp.Symbol("x")
    with pytest.raises(checks.CheckFailed):
        checks.same(2 * x, 3 * x, "twice x", unlike=x)
