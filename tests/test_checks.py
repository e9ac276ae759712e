"""Every check can pass, can fail, and refuses what could not fail."""

import subprocess
import sys

import numpy as np
import pytest
import sympy as sp
from refusals import INF, NAN, NEGATIVE, NOT_NUMBERS, NOT_POSITIVE, Example, refusal_tests, says

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


def test_long_expressions_are_cut_in_a_message():
    with pytest.raises(checks.CheckFailed) as failure:
        checks.same(sp.Add(*(x**n for n in range(200))), 1)
    left = str(failure.value).splitlines()[1].removeprefix("  left  = ")
    assert left.endswith(" ...") and len(left) == 300 + len(" ...")


def test_same_names_the_entry_of_a_matrix():
    with pytest.raises(checks.CheckFailed, match=r"in entry \(1, 1\)"):
        checks.same(sp.diag(1 / sigma**2, 2 / sigma**2), sp.diag(1 / sigma**2, 1 / sigma**2))


def test_same_does_not_trust_a_claim_that_needs_an_undeclared_assumption():
    with pytest.raises(checks.CheckFailed, match="at z = -"):
        checks.same(sp.log(z**2), 2 * sp.log(z))


def test_same_states_the_condition_under_which_a_sum_exists(capsys):
    checks.same(sp.Sum(p * (1 - p) ** (k - 1), (k, 1, sp.oo)), 1, "the geometric distribution sums to one")
    assert capsys.readouterr().out == "exact: the geometric distribution sums to one (where Abs(p - 1) < 1)\n"


def test_a_case_of_the_claim_itself_is_no_condition_of_a_sum():
    with pytest.raises(checks.CheckFailed, match="not decided"):
        checks.same(sp.Piecewise((x**2, x > 0)), x**2)


def test_same_says_when_it_cannot_decide():
    with pytest.raises(checks.CheckFailed, match=r"not decided.*\n.*\n.*\n  SymPy could not evaluate"):
        checks.same(sp.Integral(sp.log(x**2 + f(x)), x), 1)


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
    with pytest.raises(checks.CheckFailed, match=r"at index \(1,\)"):
        checks.close([0.0, 1.0], [0.0, 2.0], rtol=1e-9)  # nothing is allowed at 0, and nothing differs there


def test_close_is_a_monte_carlo_check_with_a_standard_error(capsys):
    sample = np.random.default_rng(0).normal(3.0, 2.0, 10_000)
    error = sample.std(ddof=1) / 100
    checks.close(sample.mean(), 3.0, standard_error=error, about="mean")
    assert capsys.readouterr().out.startswith("Monte Carlo: mean (within 4 standard errors)")
    with pytest.raises(checks.CheckFailed):
        checks.close(sample.mean() + 5 * error, 3.0, standard_error=error)


def test_close_compares_small_integers_although_python_keeps_one_of_each():
    checks.close(np.linalg.matrix_rank(np.eye(2)).item(), 2, about="rank")


@pytest.mark.parametrize("order", [1, 2, 3, -1, 0.5])
def test_slope_measures_an_order(order, capsys):
    h = np.geomspace(1e-3, 1e-1, 9)
    checks.slope(h, 3 * h**order, order, about="order")
    assert capsys.readouterr().out == f"slope: order ({order:g} to within 0.05)\n"
    with pytest.raises(checks.CheckFailed, match=r"off by \+1.0000"):
        checks.slope(h, 3 * h ** (order + 1), order)


def test_one_decade_is_enough_for_a_slope():
    checks.slope([0.1, 0.5, 1.0], [0.01, 0.25, 1.0], 2)


def test_slope_never_prints_a_negative_zero(capsys):
    checks.slope([1, 10, 100], [1, 1, 1 - 1e-12], -0.0)
    assert "(0 to within 0.05)" in capsys.readouterr().out


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


def test_a_wrong_version_does_not_make_a_wrong_claim_pass():
    x = sp.Symbol("x")
    with pytest.raises(checks.CheckFailed):
        checks.same(2 * x, 3 * x, "twice x", unlike=x)


# --- bad input ----------------------------------------------------------------------------------

SHARED, DECADES = np.arange(3.0), np.array([1.0, 10.0, 100.0])
SAME = Example(checks.same, left=sp.Derivative(x**2, x), right=2 * x)
TWICE = Example(checks.same, left=2 * x, right=2 * x, unlike=x)
CLOSE = Example(checks.close, actual=[1.0, 0.0], expected=[1.0, 0.0])
NEAR = Example(checks.close, actual=[1e-3, 0.0], expected=[1.1e-3, 0.0], atol=2e-4)
SAMPLED = Example(checks.close, actual=1.0, expected=1.1, standard_error=0.1)
TO_ITSELF = Example(checks.close, actual=SHARED, expected=SHARED.copy())
SLOPE = Example(checks.slope, x=[1.0, 10.0, 100.0], y=[2.0, 20.0, 200.0], expected=1.0)
FROM_ITSELF = Example(checks.slope, x=DECADES, y=DECADES.copy(), expected=1.0)
AT_MOST = Example(checks.at_most, smaller=[1.0, 2.0], larger=[2.0, 2.0])
BELOW_ITSELF = Example(checks.at_most, smaller=SHARED, larger=SHARED + 1)

NOT_SIDES = [
    says("rounded number", 0.5),
    says("rounded number", 1.5 * x),
    says("undefined", sp.nan),
    "x",
    True,
    None,
    object(),
    sp.Eq(x, 1),
    says("shape", sp.Matrix([[x, 1]])),
    says("empty", []),
]
NOT_ARRAYS = [[NAN, 0.0], [1.0, INF], says("empty", []), ["a", "b"], "one", [1j, 0.0], [1.0], 1.0]
NOT_TOLERANCES = [*NEGATIVE, says("factor of two", 2.0)]

REFUSED = [
    *SAME.refuses("left", *NOT_SIDES, says("sides are 2*x before any simplification", 2 * x)),
    *SAME.refuses("right", *NOT_SIDES, says("Leave a claim unevaluated", sp.Derivative(x**2, x))),
    *TWICE.refuses("unlike", *NOT_SIDES, says("before any simplification", None)),
    *TWICE.refuses("unlike", says("not found to differ", sp.expand((x + 1) ** 2 - x**2 - 1))),
    *SAME.takes_anything("about"),
    *SAME.takes_anything("scope"),
    *CLOSE.refuses("actual", *NOT_ARRAYS),
    *CLOSE.refuses("expected", *NOT_ARRAYS),
    *TO_ITSELF.refuses("expected", says("one object twice", SHARED), says("one object twice", SHARED[:])),
    *CLOSE.refuses("rtol", *NOT_TOLERANCES),
    *CLOSE.refuses("atol", *NOT_TOLERANCES),
    *NEAR.refuses("atol", says("factor of two", 6e-4)),
    *SAMPLED.refuses("standard_error", -1.0, 0.0, NAN, "small", 1j, says("draw more samples", 0.6)),
    *SAMPLED.refuses("standard_error", says("has shape", [0.1, 0.1])),
    *SAMPLED.refuses("rtol", says("not both", 0.1)),
    *SAMPLED.refuses("atol", says("not both", 0.1)),
    *CLOSE.takes_anything("about"),
    *CLOSE.refuses("scope", says("only `same` can show", "all values")),
    *SLOPE.refuses("x", *NOT_ARRAYS, says("at least 3", [1.0, 10.0]), says("decade", [1.0, 2.0, 9.0])),
    *SLOPE.refuses("x", says("x contains 0", [0.0, 1.0, 10.0]), says("x contains -1", [-1.0, 2.0, 10.0])),
    *SLOPE.refuses("y", *NOT_ARRAYS, says("one length", [1.0, 2.0]), says("y contains -1", [-1.0, 1.0, 2.0])),
    *SLOPE.refuses("y", says("y contains 0", [1.0, 0.0, 10.0])),
    *FROM_ITSELF.refuses("y", says("one object twice", DECADES)),
    *SLOPE.refuses("expected", *NOT_NUMBERS),
    *SLOPE.refuses("tolerance", *NOT_POSITIVE, says("below 0.5", 0.5)),
    *SLOPE.takes_anything("about"),
    *SLOPE.refuses("scope", says("only `same` can show", "all values")),
    *AT_MOST.refuses("smaller", *NOT_ARRAYS[:-2], [1.0, 2.0, 3.0], INF),
    *AT_MOST.refuses("larger", *NOT_ARRAYS[:-2], [1.0, 2.0, 3.0], INF),
    *BELOW_ITSELF.refuses("larger", says("one object twice", SHARED)),
    *AT_MOST.takes_anything("about"),
    *AT_MOST.refuses("scope", says("only `same` can show", "all values")),
]
test_works, test_refused = refusal_tests(REFUSED)


def test_the_printed_line_ends_with_the_scope(capsys):
    checks.same(sp.sin(x) ** 2 + sp.cos(x) ** 2, 1, about="one", scope="all  values")
    checks.close(2.0, 2.0 + 1e-12, about="two", scope="2.0")
    checks.slope(DECADES, np.square(DECADES), 2, about="three", scope="squares")
    checks.at_most(1, 2, about="four", scope="1 and 2")
    assert [line.split(" (")[0] for line in capsys.readouterr().out.splitlines()] == [
        "exact: one, for all values",
        "close: two, for 2.0",
        "slope: three, for squares",
        "at most: four, for 1 and 2",
    ]


def test_a_check_that_fails_says_for_what(capsys):
    with pytest.raises(checks.CheckFailed, match=r"^at most: the bound, for two numbers: 2 > 1"):
        checks.at_most(2, 1, about="the bound", scope="two numbers")
    with pytest.raises(checks.CheckFailed, match=r"^not close: the sum, for two numbers: "):
        checks.close(2.0, 1.0, about="the sum", scope="two numbers")


def test_what_is_equal_before_any_step_is_refused_as_matrices_and_arrays_too():
    for left in (sp.Matrix([[x]]), np.array([[x]])):
        with pytest.raises(ValueError, match="before any simplification"):
            checks.same(left, sp.Matrix([[x]]))
