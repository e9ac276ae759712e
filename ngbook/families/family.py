"""A parametric distribution p_theta(x), declared once.

``derivation`` makes expressions of the declaration, and ``evaluation`` numbers. Arguments that do not fit
raise ``ValueError``; parameters outside their space raise ``OutsideDomain``, which is one, and so does a
number beyond the range of double precision.
"""

import re
from copy import copy
from functools import cached_property

import numpy as np
import sympy as sp

from ngbook import symbolic
from ngbook._check import arrays, expressions
from ngbook._check import families as check
from ngbook.families import derivation
from ngbook.families.evaluation import Evaluation
from ngbook.families.exponential_form import ExponentialForm, derived_form
from ngbook.families.mass import refuse_wrong_mass
from ngbook.families.spaces import assumed, assumed_support
from ngbook.symbolic.equality import tidy
from ngbook.symbolic.forms import old
from ngbook.symbolic.rules import fitting_rule

_LARGE, _FACTORIALS = 1000, (sp.loggamma, sp.gamma, sp.factorial)


class Family:
    """Parametric distribution, declared once as a SymPy log-density.

    Everything else is derived from the declaration, on first use: the score, the Fisher matrix in three ways,
    KL, and a NumPy function for each. The first use of any kind integrates the density, and refuses a
    declaration whose mass is not 1.

    Parameters
    ----------
    name : str
        ``"Normal"``.
    variable : sympy.Symbol or tuple of sympy.Symbol
        The outcome; a tuple of d symbols for vector outcomes.
    parameters : sequence of sympy.Symbol
        The chart: p symbols with their assumptions.
    log_density : sympy.Expr
        ``log p_theta(x)``, in the variable, the parameters and the constants.
    rule : MomentRule, BetaRule, FiniteSum or None
        The expectation, an object of ``ngbook.symbolic``. Without one nothing is derived, and the Fisher
        matrix and KL of one outcome come from quadrature or sums.
    support : sympy.Set, optional
        Outcomes of positive density. If not given, the half-line or the line, by the assumptions on
        ``variable``.
    parameter_space : sequence of sympy relation, optional
        Unevaluated inequalities. From the assumptions on the parameters and constants, if not given.
    sampler : callable, optional
        ``sampler(rng, n, *theta, **constants)`` returning n samples, sample axis first.
    constants : sequence of sympy.Symbol, optional
        Shape constants that are not estimated; ``at`` gives them a value.
    closed_form_kl : sympy.Expr, optional
        ``KL(old || new)`` where the rule cannot derive it, taken from ``kl_source``.
    kl_source : str, optional
        The literature that ``closed_form_kl`` is taken from.
    no_kl : str, optional
        One sentence that says why KL has no closed form.
    stable_log_density : sympy.Expr, optional
        The same log-density, written in the functions of ``ngbook.families.special`` so that no digits are
        lost where parameters and outcomes are very large or small. It is what is compiled.
    stable_score : sequence of sympy.Expr, optional
        The same for the score, one entry for each parameter.
    example : dict, optional
        Exact values of the parameters and constants: a generic point of the parameter space.
    slug, chart : str, optional
        ``"normal_log_sigma"`` and ``"(μ, log σ)"``; from ``name`` and ``parameters`` if not given.

    Examples
    --------
    A family of one's own, the half-normal distribution. ``x**2 / (2 * sigma**2)`` is Gamma distributed with
    shape one half; its logarithm is the statistic ``L`` of the rule.

    >>> import sympy as sp
    >>> from ngbook.families import Family
    >>> from ngbook.symbolic import L, MomentRule, s
    >>> x, sigma = sp.symbols("x sigma", positive=True)
    >>> log_density = sp.log(2 / sp.pi) / 2 - sp.log(sigma) - x**2 / (2 * sigma**2)
    >>> moments = sp.gamma(s + sp.S.Half) / sp.gamma(sp.S.Half)
    >>> rule = MomentRule({x: sp.sqrt(2) * sigma * sp.exp(L / 2)}, moments)
    >>> Family("Half-normal", x, [sigma], log_density, rule).derivation().matrix
    Matrix([[2/sigma**2]])
    """

    def __init__(
        self, name, variable, parameters, log_density, rule, *, support=None, parameter_space=None,
        sampler=None, constants=(), closed_form_kl=None, kl_source="", no_kl=None, stable_log_density=None,
        stable_score=None, example=None, slug=None, chart=None,
    ):  # fmt: skip
        self.name, self.kl_source = check.text(name, "name"), check.text(kl_source, "kl_source")
        self.no_kl = arrays.optional(check.text)(no_kl, "no_kl")
        self.sampler = sampler if sampler is None else arrays.function(sampler, "sampler", "rng, n, *theta")
        self.variable = tuple(variable) if isinstance(variable, (tuple, list)) else variable
        self.variables = self.variable if isinstance(self.variable, tuple) else (self.variable,)
        expressions.symbols(self.variables, f"the variables of {name}")
        self.parameters = expressions.symbols(parameters, f"parameters of {name}")
        none = constants in ((), [])
        self.constants = () if none else expressions.symbols(constants, f"constants of {name}")
        self.old_parameters = tuple(old(parameter) for parameter in self.parameters)
        symbols = self.variables + self.parameters + self.constants
        expressions.symbols(symbols + self.old_parameters, f"variables, parameters and constants of {name}")

        def declared(rule, value, argument, *more):
            return rule(value, *more, symbols, f"{argument} of {name}")

        log_density = declared(check.expression, expressions.exact(log_density, "log_density"), "log_density")
        if rule is not None:
            fitting_rule(rule, log_density, self.parameters)
            fitting_rule(rule, sum(self.variables), self.parameters)
            declared(check.declared, rule.free_symbols, "the rule")
        kl = check.expression(closed_form_kl, symbols + self.old_parameters, f"closed_form_kl of {name}")
        self.log_density, self.rule, self.closed_form_kl = log_density, rule, kl
        self.stable_log_density = declared(check.expression, stable_log_density, "stable_log_density")
        self.stable_score = declared(check.entries, stable_score, "stable_score", len(self.parameters))
        support = assumed_support(self.variables) if support is None else support
        self.support = declared(check.support, support, "support", len(self.variables))
        space = assumed(self.parameters + self.constants) if parameter_space is None else parameter_space
        self.parameter_space = declared(check.space, space, "parameter_space")
        self.example = declared(check.example, example, "example", self.parameter_space)
        self.slug = check.text(slug or re.sub("[- ]", "_", name.lower()), "slug")
        self.chart = check.text(chart or f"({', '.join(map(str, self.parameters))})", "chart")
        self._general, self._values, self.fixed = self, {}, {}  # the family before ``at``; what ``at`` put in

    def __repr__(self):
        fixed = "".join(f", {name}={value}" for name, value in self.fixed.items())
        return f"Family({self.name} {self.chart}{fixed})"

    @property
    def moving(self):
        """Whether the support moves with a parameter."""
        return bool(self.support.free_symbols & set(self.parameters))

    # --- constants

    def at(self, **constants: float) -> "Family":
        """Fix constants by name, ``student_t.at(nu=5)``.

        Exact results are those of the general family, with the values put in when they are asked for; numbers
        come from the functions that were compiled for the general family.
        """
        values = check.constants(self, constants)
        family = copy(self)
        family.log_density = _put_in(self.log_density, values)
        family.rule = self.rule and self.rule.subs(values)
        family.closed_form_kl = self.closed_form_kl and _put_in(self.closed_form_kl, values)
        family.support = self.support.subs(values)
        family.parameter_space = tuple(r for r in self.parameter_space if not r.free_symbols <= set(values))
        family.constants = tuple(constant for constant in self.constants if constant not in values)
        family.example = {symbol: value for symbol, value in self.example.items() if symbol not in values}
        family._values = self._values | values
        plain = {symbol.name: (int if value.is_Integer else float)(value) for symbol, value in values.items()}
        family.fixed = self.fixed | plain
        return family

    # --- exact

    def expectation(self, expression: sp.Expr) -> sp.Expr:
        """Take the expectation of an expression in the outcome under p_theta, exactly.

        The result is a function of the parameters. An expectation that the rule does not know raises
        ``ngbook.symbolic.NoClosedForm``.
        """
        expression = expressions.exact(expression, "expression")
        refuse_wrong_mass(self._general)
        derivation.refuse_without_rule(self)
        return tidy(self.rule.expectation(expression))

    def score_vector(self) -> sp.ImmutableMatrix:
        """Differentiate the log-density: a column of shape (p, 1), in the variable and the parameters."""
        return symbolic.score(self.log_density, self.parameters)

    def hessian_matrix(self) -> sp.ImmutableMatrix:
        """Differentiate the log-density twice: shape (p, p), in the variable and the parameters."""
        return symbolic.hessian(self.log_density, self.parameters)

    def kl_expression(self) -> sp.Expr | None:
        """Derive ``KL(old || new)`` in closed form.

        In ``old_parameters``, which carry the expectation, and ``parameters``; None if it has no closed form,
        for the reason in ``derivation().missing["kl_hessian"]``.
        """
        refuse_wrong_mass(self._general)
        return derivation.kl_expression(self)

    def derivation(self) -> symbolic.FisherDerivation:
        """Derive the Fisher matrix per observation in three ways, and prove that they agree.

        Where expectations are sums over outcomes of log-gammas, the proof takes long or ends in
        ``ngbook.symbolic.Undecided``: for the beta-binomial distribution 6 s with one trial, two minutes with
        two. The numbers of ``fisher`` need no proof, and take milliseconds there.
        """
        refuse_wrong_mass(self._general)
        return derivation.three_ways(self)

    def exponential_form(self) -> ExponentialForm:
        """Write the density as exp(η(θ)·T(x) − A(θ)) h(x), derived from the declaration.

        By separation: each term of the expanded log-density is a function of the outcome times one of the
        parameters (eq-two-coordinates-form). A family for which one is not, or whose support moves, is
        refused with the reason; ``exponential_order`` tells by numbers alone.

        Returns
        -------
        ExponentialForm
            Statistics, natural and mean parameters, and the maps between them.
        """
        return derived_form(self)

    # --- numbers

    def log_prob(self, theta, x) -> np.ndarray:
        """Evaluate the log-density at outcomes, minus infinity outside the support.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            Parameters, in the order of ``parameters``.
        x : ndarray of shape (n,) or (n, d)
            Outcomes, sample axis first.

        Returns
        -------
        ndarray of shape (n,)
        """
        return self.evaluation.log_prob(self._numbers(theta), check.outcomes(self, x))

    def score(self, theta, x) -> np.ndarray:
        """Evaluate the score, the gradient of the log-density, at outcomes inside the support.

        It takes the arguments of ``log_prob`` and returns shape (n, p), one row for each outcome.
        """
        return self.evaluation.score(self._numbers(theta), check.outcomes(self, x))

    def fisher(self, theta) -> np.ndarray:
        """Evaluate the Fisher matrix per observation, the mean outer product of the score.

        One expectation is derived (``Evaluation.fisher_matrix``) and nothing is proved; where the rule does
        not know it, quadrature or a sum takes its place. A family whose support moves has no such matrix.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            Parameters, in the order of ``parameters``.

        Returns
        -------
        ndarray of shape (p, p)
        """
        return self.fisher_with_error(theta)[0]

    def fisher_with_error(self, theta) -> tuple[np.ndarray, np.ndarray]:
        """Evaluate the Fisher matrix and a bound on the error of each entry.

        The error is that of rounding where the matrix has a closed form; where it has none, what the last
        refinement of the quadrature changed. Both have shape (p, p).
        """
        return self.evaluation.fisher(self._numbers(theta))

    def kl(self, old, new) -> float:
        """Evaluate ``KL(old || new)``, the mean of ``log p_old(x) - log p_new(x)`` over x from ``old``.

        In nats; by the closed form of ``kl_expression`` where there is one, by quadrature or sums where there
        is not. The relative error is below 1e-12 times the condition number: 1 plus the sum over parameters
        of ``abs(parameter * derivative of KL / KL)``.

        Parameters
        ----------
        old, new : ndarray of shape (p,)
            Parameters; ``old`` carries the expectation.

        Returns
        -------
        float
            Infinity if ``new`` gives no density to outcomes that ``old`` does.
        """
        return self.kl_with_error(old, new)[0]

    def kl_with_error(self, old, new) -> tuple[float, float]:
        """Evaluate ``KL(old || new)`` and a bound on its error, as in ``fisher_with_error``."""
        old, new = self._numbers(old, "old"), self._numbers(new, "new")
        return tuple(map(float, self.evaluation.kl(old, new)))

    def sample(self, theta, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw n independent outcomes: shape (n,) or (n, d), all inside the support.

        Rounding takes outcomes near an end of the support to the end itself, where there is no density; they
        are moved to the nearest double inside.
        """
        numbers, n, rng = self._numbers(theta), arrays.count(n, "n", least=0), arrays.generator(rng)
        if self.sampler is None:
            raise ValueError(f"{self!r} was declared without a sampler; give it as sampler(rng, n, *theta)")
        with np.errstate(all="ignore"):
            drawn = np.asarray(self.sampler(rng, n, *numbers[: len(self.parameters)], **self.fixed))
        if np.issubdtype(drawn.dtype, np.integer):
            return drawn
        return self.evaluation.support.clip(np.atleast_2d(drawn.T), numbers).T.reshape(drawn.shape)

    @cached_property
    def evaluation(self):
        """What computes the numbers, compiled once for the family before ``at``."""
        return Evaluation(self) if self._general is self else self._general.evaluation

    def _numbers(self, theta, name="theta"):
        """Parameters, checked, and constants, as a list of floats."""
        theta = check.theta(self, theta, name)
        constants = [float(self.fixed[constant.name]) for constant in self._general.constants]
        numbers = [*theta.tolist(), *constants]
        self.evaluation.space.refuse_outside(numbers, self, name)
        refuse_wrong_mass(self._general)
        return numbers


def _put_in(expression, values):
    """The expression with the values; SymPy would multiply out factorials of large numbers."""

    def put_in(function):
        x = function.args[0].subs(values)
        return function.func(x, evaluate=not (x.is_Integer and x > _LARGE))

    return expression.replace(lambda e: isinstance(e, _FACTORIALS), put_in).subs(values)
