"""What families refuse: wrong declarations, parameters outside their space, outcomes of another shape."""

import numpy as np
import pytest
import sympy as sp
from refusals import INF, NAN, NOT_GENERATORS, Example, refusal_tests, says

import ngbook
from ngbook import families, symbolic
from ngbook.families.spaces import positive
from ngbook.symbolic import L, MomentRule, s

normal = families.normal
x, (mu, sigma) = normal.variable, normal.parameters
k, p = sp.Symbol("k", integer=True), sp.Symbol("p", positive=True)
PLAIN_X, PLAIN_MU = sp.symbols("x mu")  # other symbols than x and mu, because of their assumptions
GENERATING = sp.exp(mu * s + sigma**2 * s**2 / 2)

NOT_THETA = [
    ["a", "b"],
    [1j, 1.0],
    None,
    says("finite", [NAN, 1.0], ngbook.OutsideDomain),
    says("finite", [0.0, INF], ngbook.OutsideDomain),
    says("mu, sigma", [0.0, 1.0, 2.0]),
    says("shape ()", 1.0),
    says("sigma = -1", [0.0, -1.0], ngbook.OutsideDomain),
    says("sigma > 0", [0.0, 0.0], ngbook.OutsideDomain),
]
NOT_OUTCOMES = [says("NaN, at position 1", [1.0, NAN]), [[1.0, 2.0]], 1.0, ["a"], [1j], [[1.0], [1.0, 2.0]]]
NOT_DERIVABLE = [
    "x**2",
    None,
    np.log,
    [x, x],
    NAN,
    sp.nan + x,
    sp.Eq(x, 1),
    says("rounded number", x / 2.0),
    sp.oo,
    x + sp.zoo,
    sp.eye(2),
    np.eye(2),
]
NOT_DECLARED = [each for each in NOT_DERIVABLE if each is not None]
UNDECLARED = says("contains c", normal.log_density + sp.Symbol("c"))
NOT_SYMBOLS = [mu, "mu", None, 2, {mu, sigma}, [mu, 2], [mu, sigma**2]]
TWICE = [
    says("occurs twice", each) for each in ([mu, mu], [mu, PLAIN_MU], [mu, sigma, symbolic.forms.old(mu)])
]
NOT_VALUES = [
    [1, 2],
    0,
    says("SymPy symbol", {"sigma": 1}),
    says("rounded number", {sigma: 0.5}),
    {sigma: NAN},
    {sigma: "one"},
    {sigma: mu},
    {mu: sp.I},
    says("declared positive", {sigma: -1}),
]

at = Example(families.student_t.at, nu=5)
log_prob = Example(normal.log_prob, theta=[0.0, 1.0], x=[1.0, 2.0])
score = Example(normal.score, theta=[0.0, 1.0], x=[1.0, 2.0])
of_one_theta = [Example(method, theta=[0.0, 1.0]) for method in (normal.fisher, normal.fisher_with_error)]
of_two_thetas = [
    Example(method, old=[0.0, 1.0], new=[1.0, 1.0]) for method in (normal.kl, normal.kl_with_error)
]
sample = Example(normal.sample, theta=[0.0, 1.0], n=3, rng=np.random.default_rng(0))
expectation = Example(normal.expectation, expression=x**2)
declaration = Example(
    families.Family,
    name="Normal",
    variable=x,
    parameters=[mu, sigma],
    log_density=normal.log_density,
    rule=normal.rule,
)
REFUSED = [
    *at.refuses("nu", -1, NAN, "five", None, [5, 6]),
    *at.refuses("df", says("no constant 'df'", 5)),
    *log_prob.refuses("theta", *NOT_THETA),
    *log_prob.refuses("x", *NOT_OUTCOMES),
    *score.refuses("theta", *NOT_THETA),
    *score.refuses("x", *NOT_OUTCOMES),
    *(fact for example in of_one_theta for fact in example.refuses("theta", *NOT_THETA)),
    *(fact for example in of_two_thetas for fact in example.refuses("old", *NOT_THETA)),
    *(fact for example in of_two_thetas for fact in example.refuses("new", *NOT_THETA)),
    *sample.refuses("theta", *NOT_THETA),
    *sample.refuses("n", -1, 2.5, "many", None),
    *sample.refuses("rng", *NOT_GENERATORS),
    *expectation.refuses("expression", *NOT_DERIVABLE, PLAIN_X**2, says("no rule", sp.atan(x))),
    *declaration.refuses("name", 2, mu, None),
    *declaration.refuses("variable", "x", None, x**2, (), (x, x)),
    *declaration.refuses(
        "variable",
        says("x, which is neither the variable", k),
        says("same assumptions", PLAIN_X),
        says("occurs twice", PLAIN_MU),
    ),
    *declaration.refuses("parameters", *NOT_SYMBOLS, [], *TWICE, says("mu", [PLAIN_MU, sigma])),
    *declaration.refuses("log_density", *NOT_DERIVABLE),
    *declaration.refuses("log_density", says("mu", normal.log_density + PLAIN_MU), UNDECLARED),
    *declaration.refuses("rule", MomentRule, normal, says("x", families.gamma.rule)),
    *declaration.refuses("rule", says("contains x", MomentRule({k: L}, GENERATING))),
    *declaration.refuses("rule", says("another symbol named x", MomentRule({PLAIN_X: L}, GENERATING))),
    *declaration.refuses("rule", says("another symbol named mu", MomentRule({x: PLAIN_MU + L}, GENERATING))),
    *declaration.refuses("rule", says("contains p", MomentRule({x: L}, GENERATING.subs(mu, p)))),
    *declaration.refuses("support", (0, 1), "positive", sp.ProductSet(sp.S.Reals, sp.S.Reals)),
    *declaration.refuses("support", sp.Union(sp.Interval(0, 1), sp.Interval(2, 3))),
    *declaration.refuses("support", says("contains p", sp.Interval(p, sp.oo))),
    *declaration.refuses("support", sp.ConditionSet(x, sp.StrictGreaterThan(x, mu), sp.S.Reals)),
    *declaration.refuses("parameter_space", positive(sigma)[0], "sigma > 0", 1),
    *declaration.refuses("parameter_space", says("evaluate=False", [sigma > 0]), [sp.Eq(mu, sigma)]),
    *declaration.refuses("parameter_space", says("contains p", positive(p))),
    *declaration.refuses("sampler", 1, "normal"),
    *declaration.refuses("constants", mu, "mu", None, [mu, 2], says("occurs twice", [mu])),
    *declaration.refuses("closed_form_kl", *NOT_DECLARED, UNDECLARED),
    *declaration.refuses("kl_source", 2, mu),
    *declaration.refuses("no_kl", 2, mu),
    *declaration.refuses("stable_log_density", *NOT_DECLARED, UNDECLARED),
    *declaration.refuses("stable_score", "mu", mu, [mu], [mu, "sigma"], [mu, sp.Symbol("c")]),
    *declaration.refuses("example", *NOT_VALUES, says("contains p", {p: sp.S.Half})),
    *declaration.refuses("slug", 2, mu),
    *declaration.refuses("chart", 2, mu),
]
test_works, test_refused = refusal_tests(REFUSED)


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
