"""A parametric distribution p_theta(x), declared once."""

from copy import copy
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
import sympy as sp

from ngbook import _check as check
from ngbook import symbolic
from ngbook._check import expressions
from ngbook._domain import OutsideDomain
from ngbook.families import declaration
from ngbook.families.evaluation import Evaluation
from ngbook.families.spaces import assumed, assumed_support, bounds_of
from ngbook.symbolic.forms import ONE_SIDED
from ngbook.symbolic.rules import fitting_rule

__all__ = ["Family"]


class Family:
    """Parametric distribution, declared once as a SymPy log-density.

    Everything else is derived from the declaration, on first use: the score, the Fisher matrix in three ways,
    KL, and a NumPy function for each.

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
        The expectation, an object of ``ngbook.symbolic``. None if none is known: nothing is derived
        then, and the Fisher matrix and KL are numbers, of one outcome, by quadrature or sums.
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

    Raises
    ------
    ValueError
        If an argument is not what is said above, the rule is not a rule for this variable, an expression
        contains a rounded number or a symbol that is not declared, or two symbols have one name.

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
        self,
        name,
        variable,
        parameters,
        log_density,
        rule,
        *,
        support=None,
        parameter_space=None,
        sampler=None,
        constants=(),
        closed_form_kl=None,
        kl_source="",
        no_kl=None,
        stable_log_density=None,
        stable_score=None,
        example=None,
        slug=None,
        chart=None,
    ):
        texts = {"name": name, "kl_source": kl_source, "no_kl": no_kl, "slug": slug, "chart": chart}
        for argument, text in texts.items():
            if not (isinstance(text, str) or (text is None and argument in ("no_kl", "slug", "chart"))):
                raise ValueError(f"{argument} is {text!r}; give a string, as 'Normal'")
        if not (sampler is None or callable(sampler)):
            raise ValueError(f"sampler is {sampler!r}; give a function, sampler(rng, n, *theta, **constants)")
        self.name, self.sampler = name, sampler
        self.variable = tuple(variable) if isinstance(variable, (tuple, list)) else variable
        expressions.symbols(self.variables, f"the variables of {name}")
        self.parameters = expressions.symbols(parameters, f"parameters of {name}")
        self.constants = (
            expressions.symbols(constants, f"constants of {name}") if constants not in ((), []) else ()
        )
        self.old_parameters = tuple(symbolic.old(parameter) for parameter in self.parameters)
        expressions.symbols(
            self._declared + self.old_parameters, f"variables, parameters and constants of {name}"
        )
        log_density = self._as_declared(log_density, "the log-density")
        if rule is not None:
            fitting_rule(rule, log_density, self.parameters)
            fitting_rule(rule, sum(self.variables), self.parameters)
            self._refuse_undeclared(rule.free_symbols, "the rule")
        self.support = assumed_support(self.variable) if support is None else self._as_support(support)
        self.parameter_space = (
            assumed(self.parameters + self.constants)
            if parameter_space is None
            else self._as_space(parameter_space)
        )
        self.kl_source, self.no_kl = kl_source, no_kl
        if closed_form_kl is not None:
            closed_form_kl = self._as_declared(closed_form_kl, "closed_form_kl", self.old_parameters)
        if stable_log_density is not None:
            stable_log_density = self._as_declared(stable_log_density, "stable_log_density")
        self.stable_log_density, self.stable_score = stable_log_density, self._as_score(stable_score)
        self.example = self._as_example({} if example is None else example)
        self.slug = slug or name.lower().replace("-", "_").replace(" ", "_")
        self.chart = chart or f"({', '.join(parameter.name for parameter in self.parameters)})"
        self.fixed, self._expectations = {}, {}
        self._general, self._values = self, {}  # the family before ``at``, and the values that ``at`` put in
        self._formulas = {"log_density": log_density, "rule": rule, "closed_form_kl": closed_form_kl}

    def __repr__(self):
        fixed = "".join(f", {name}={value}" for name, value in self.fixed.items())
        return f"Family({self.name} {self.chart}{fixed})"

    @property
    def variables(self):
        """The outcome as a tuple of symbols."""
        return self.variable if isinstance(self.variable, tuple) else (self.variable,)

    @property
    def _declared(self):
        return self.variables + self.parameters + self.constants

    # --- what is declared

    # ``at`` puts its values in when a formula is asked for: numbers need only the compiled general family.

    @cached_property
    def log_density(self):
        """The declared log-density, with the values of ``at`` put in."""
        return self._put_in(self._general._formulas["log_density"])

    @cached_property
    def rule(self):
        """The declared rule, likewise."""
        rule = self._general._formulas["rule"]
        return rule if rule is None or not self._values else rule.subs(self._values)

    @cached_property
    def closed_form_kl(self):
        """The declared KL, likewise, or None."""
        return self._put_in(self._general._formulas["closed_form_kl"])

    def _put_in(self, expression):
        """Expression with the values of ``at``; SymPy would multiply out the factorial of a large number."""
        if expression is None or not self._values:
            return expression
        held = {
            kind: sp.Function(f"held_{kind.__name__}", real=True)
            for kind in (sp.loggamma, sp.gamma, sp.factorial)
        }
        for kind, name in held.items():
            expression = expression.replace(kind, name)
        expression = expression.subs(self._values)
        for kind, name in held.items():
            expression = expression.replace(
                name, lambda x, kind=kind: kind(x, evaluate=not (x.is_Integer and x > 1000))
            )
        return expression

    @property
    def evaluation(self):
        """What computes the numbers, for the family before ``at``."""
        return self._general._evaluation

    @cached_property
    def _evaluation(self):
        return Evaluation(self)

    @cached_property
    def sample_point(self):
        """Exact values inside the parameter space: those of ``example``, and some of its own; or None."""
        return declaration.sample_point(self)

    @property
    def moving(self):
        """Whether the support moves with a parameter."""
        return bool(self.support.free_symbols & set(self.parameters))

    @cached_property
    def _mass_is_one(self):
        declaration.refuse_wrong_mass(self)
        return True

    def _refuse_wrong_declaration(self):
        """At the first use of any kind; a family that is refused once is refused every time."""
        return self._general._mass_is_one

    def _refuse_undeclared(self, symbols, where, more=()):
        unknown = symbols - {*self._declared, *more}
        if unknown:
            raise ValueError(
                f"{where} of {self.name} contains {', '.join(sorted(map(str, unknown)))}, which is "
                "neither the variable nor a parameter nor a constant; declare it, with the same assumptions"
            )

    def _as_declared(self, expression, where, more=()):
        """Exact expression in declared symbols."""
        expression = expressions.exact(expression, f"{where} of {self.name}")
        self._refuse_undeclared(expression.free_symbols, where, more)
        return expression

    def _as_score(self, entries):
        """List with one expression for each parameter, or None."""
        if entries is None:
            return None
        if isinstance(entries, (str, dict, sp.Basic)) or not hasattr(entries, "__iter__"):
            raise ValueError(f"stable_score of {self.name} is {entries!r}; give a list of expressions")
        entries = [self._as_declared(entry, "an entry of stable_score") for entry in entries]
        if len(entries) != len(self.parameters):
            raise ValueError(
                f"stable_score of {self.name} has {len(entries)} entries; give one for each parameter"
            )
        return entries

    def _as_support(self, support):
        """Set with one factor for each variable."""
        if not isinstance(support, sp.Set):
            raise ValueError(f"support of {self.name} is {support!r}; give a SymPy set, as sp.Interval(0, 1)")
        base = support.base_set if isinstance(support, sp.ConditionSet) else support
        size = len(base.args) if isinstance(base, sp.ProductSet) else 1
        if size != len(self.variables):
            raise ValueError(
                f"support {support} of {self.name} has {size} coordinates for {len(self.variables)} "
                "variables; give one Interval, Range, Naturals or Reals for each, as a ProductSet"
            )
        for factor in base.args if isinstance(base, sp.ProductSet) else (base,):
            bounds_of(factor)
        if isinstance(support, sp.ConditionSet) and not isinstance(support.condition, sp.Equality):
            raise ValueError(f"support {support} of {self.name} has a condition; it must be an sp.Eq")
        self._refuse_undeclared(support.free_symbols, "the support")
        return support

    def _as_space(self, relations):
        """Inequalities, written with > or >=."""
        if isinstance(relations, (str, dict, sp.Basic)) or not hasattr(relations, "__iter__"):
            raise ValueError(f"parameter_space of {self.name} is {relations!r}; give a list of inequalities")
        turned = []
        for relation in relations:
            if isinstance(relation, (sp.StrictLessThan, sp.LessThan)):
                relation = relation.reversed
            if not isinstance(relation, (sp.StrictGreaterThan, sp.GreaterThan)):
                raise ValueError(
                    f"parameter_space of {self.name} contains {relation!r}; give inequalities that SymPy "
                    "does not evaluate, as sp.StrictGreaterThan(sigma, 0, evaluate=False)"
                )
            self._refuse_undeclared(relation.free_symbols, "the parameter_space")
            turned.append(relation)
        return tuple(turned)

    def _as_example(self, example):
        """Exact values of parameters and constants, inside the parameter space."""
        example = expressions.values(example, f"example of {self.name}", numbers=True)
        self._refuse_undeclared(set(example), "the example")
        for relation in self.parameter_space:
            if relation.subs(example) == sp.false:
                raise ValueError(f"example of {self.name} is {example}; it needs {_bound(relation)}")
        return example

    def at(self, **constants):
        """Same family with constants fixed, ``student_t.at(nu=5)``.

        Parameters
        ----------
        **constants : float
            Values, by the names of the constants.

        Returns
        -------
        Family
            Its exact results are those of the general family with the values put in.

        Raises
        ------
        ValueError
            If a name is not a constant of the family, or a value lies outside its space.
        """
        symbols = {constant.name: constant for constant in self.constants}
        for name in constants:
            if name not in symbols:
                raise ValueError(f"{self!r} has no constant {name!r}; it has {', '.join(symbols) or 'none'}")
        values = {symbols[name]: _exact(name, value) for name, value in constants.items()}
        for relation in self.parameter_space:
            if relation.free_symbols <= set(values) and not relation.subs(values):
                raise ValueError(
                    f"{_listing(constants)} is outside the space of {self!r}: it needs {_bound(relation)}"
                )
        for symbol, value in values.items():
            if symbol.is_integer and not value.is_integer:
                raise ValueError(f"{symbol} = {value} of {self!r} must be a whole number")
        family = copy(self)
        for known in [name for name in vars(family) if name in _DERIVED]:
            del family.__dict__[known]
        family.support = self.support.subs(values)
        family.parameter_space = tuple(r for r in self.parameter_space if not r.free_symbols <= set(values))
        family.constants = tuple(constant for constant in self.constants if constant not in values)
        family.example = {symbol: value for symbol, value in self.example.items() if symbol not in values}
        family._expectations = {}
        family._general, family._values = self._general, self._values | values
        family.fixed = {symbol.name: _plain(value) for symbol, value in family._values.items()}
        return family

    # --- exact

    def expectation(self, expression):
        """Expectation of an expression in the outcome under p_theta, exactly.

        Parameters
        ----------
        expression : sympy.Expr
            In the variable and the parameters.

        Returns
        -------
        sympy.Expr
            A function of the parameters.

        Raises
        ------
        ValueError
            If it is no exact expression, contains a symbol that only shares its name with the variable,
            or the rule does not know it (``ngbook.symbolic.NoClosedForm``).
        """
        expression = expressions.exact(expression, "expression")
        self._refuse_wrong_declaration()
        if self.rule is None:
            raise symbolic.NoClosedForm(
                f"{self!r} was declared without a rule; give Family one, as a MomentRule"
            )
        if expression not in self._expectations:
            self._expectations[expression] = symbolic.tidy(self.rule.expectation(expression))
        return self._expectations[expression]

    def score_vector(self):
        """Score, the gradient of the log-density.

        Returns
        -------
        sympy.Matrix
            Column of shape (p, 1), in the variable and the parameters.
        """
        return self._score

    def hessian_matrix(self):
        """Hessian of the log-density.

        Returns
        -------
        sympy.Matrix
            Shape (p, p), in the variable and the parameters.
        """
        return self._hessian

    def kl_expression(self):
        """Divergence ``KL(old || new)`` in closed form.

        Returns
        -------
        sympy.Expr or None
            In ``old_parameters``, which carry the expectation, and ``parameters``; None if it has no closed
            form, for the reason in ``derivation().missing["kl_hessian"]``.
        """
        return self._kl_expression

    def derivation(self):
        """Fisher matrix per observation, derived in three ways.

        Returns
        -------
        FisherDerivation
            The forms, the matrix that they agree on, what is missing and why, and what was proved.
        """
        return self._derivation

    @cached_property
    def _score(self):
        return symbolic.score(self.log_density, self.parameters)

    @cached_property
    def _hessian(self):
        return symbolic.hessian(self.log_density, self.parameters)

    @cached_property
    def _kl_expression(self):
        self._refuse_wrong_declaration()
        if self._general is not self:
            general = self._general.kl_expression()
            return None if general is None else general.subs(self._values)
        if self.closed_form_kl is not None:
            return self.closed_form_kl
        if self.no_kl is not None or self.rule is None:
            return None
        try:
            kl = symbolic.kl_divergence(self.log_density, self.parameters, self.rule, self.example)
        except symbolic.NoClosedForm as reason:
            self.no_kl = str(reason)
            return None
        return kl

    @cached_property
    def _derivation(self):
        if self._general is not self:
            return self._general.derivation().subs(self._values)
        self._refuse_wrong_declaration()
        if self.rule is None:
            raise symbolic.NoClosedForm(
                f"{self!r} was declared without a rule; give Family one, as a MomentRule"
            )
        kl = self.kl_expression()
        derivation = symbolic.fisher_three_ways(
            self.log_density, self.parameters, self.rule, kl=kl, no_kl=self.no_kl, point=self.example
        )
        return self._not_regular(derivation) if self.moving else derivation

    def _not_regular(self, derivation):
        """The derivation of a family whose support moves, which no expectation sees."""
        missing = {**derivation.missing, "kl_hessian": ONE_SIDED}
        reasons = [f"the support {self.support} moves with the parameters", derivation.reason]
        return replace(
            derivation,
            kl_hessian=None,
            matrix=None,
            missing=MappingProxyType(missing),
            proved=tuple(pair for pair in derivation.proved if "kl_hessian" not in pair[0]),
            regular=False,
            reason="; ".join(filter(None, reasons)),
        )

    # --- compiled

    def log_prob(self, theta, x):
        """Log-density at outcomes.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            Parameters, in the order of ``parameters``.
        x : ndarray of shape (n,) or (n, d)
            Outcomes, sample axis first.

        Returns
        -------
        ndarray of shape (n,)
            Minus infinity outside the support.

        Raises
        ------
        ValueError
            If a shape is wrong, a number is NaN or ``theta`` lies outside the parameter space.
        """
        theta = self._checked(theta)
        return self.evaluation.log_prob(self._numbers(theta), self._columns(x))

    def score(self, theta, x):
        """Score at outcomes.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            Parameters, in the order of ``parameters``.
        x : ndarray of shape (n,) or (n, d)
            Outcomes in the support, sample axis first.

        Returns
        -------
        ndarray of shape (n, p)
            Gradient of the log-density, one row for each outcome.

        Raises
        ------
        ValueError
            If a shape is wrong, a number is NaN, ``theta`` lies outside the parameter space or an outcome
            outside the support.
        """
        theta = self._checked(theta)
        columns = self._columns(x)
        score, first = self.evaluation.score(self._numbers(theta), columns)
        if score is None:
            value = [float(column[first]) for column in columns]
            raise ValueError(
                f"x[{first}] = {value[0] if len(value) == 1 else value} is outside the support "
                f"{self.support} of {self!r}, where the score does not exist"
            )
        return score

    def fisher(self, theta):
        """Fisher matrix per observation: the mean outer product of the score.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            Parameters, in the order of ``parameters``.

        Returns
        -------
        ndarray of shape (p, p)
            ``derivation().matrix`` at ``theta``; by quadrature or sums where the rule does not know the
            expectation. Nothing is proved on the way.

        Raises
        ------
        ValueError
            If the shape is wrong, a number is NaN, ``theta`` lies outside the parameter space, the family is
            not regular, so that there is no such matrix, or an entry is beyond the range of double precision.
        """
        return self.fisher_with_error(theta)[0]

    def fisher_with_error(self, theta):
        """Fisher matrix and a bound on the error of each entry.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            Parameters, in the order of ``parameters``.

        Returns
        -------
        matrix, error : ndarray of shape (p, p)
            The error is that of rounding where the matrix has a closed form; where it has none, what the last
            refinement of the quadrature changed.

        Raises
        ------
        ValueError
            As ``fisher`` does.
        """
        theta = self._checked(theta)
        if self.moving:
            raise ValueError(
                f"{self!r} has no Fisher matrix: its support {self.support} moves with the parameters"
            )
        return self.evaluation.fisher(self._numbers(theta))

    def kl(self, old, new):
        """Divergence ``KL(old || new)``: the mean of ``log p_old(x) - log p_new(x)`` over x from ``old``.

        The closed form of ``kl_expression`` where there is one, and quadrature or sums where there is not.
        The relative error is below 1e-12 times the condition number: one, plus the sum over the parameters
        of ``abs(parameter * derivative of KL / KL)``.

        Parameters
        ----------
        old, new : ndarray of shape (p,)
            Parameters; ``old`` carries the expectation.

        Returns
        -------
        float
            In nats; infinity if ``new`` gives no density to outcomes that ``old`` does.

        Raises
        ------
        ValueError
            If a shape is wrong, a number is NaN, a parameter lies outside its space or the divergence is
            beyond the range of double precision.
        """
        return self.kl_with_error(old, new)[0]

    def kl_with_error(self, old, new):
        """Divergence ``KL(old || new)`` and a bound on its error.

        Parameters
        ----------
        old, new : ndarray of shape (p,)
            Parameters; ``old`` carries the expectation.

        Returns
        -------
        value, error : float
            The error as in ``fisher_with_error``.

        Raises
        ------
        ValueError
            As ``kl`` does.
        """
        old, new = self._checked(old, "old"), self._checked(new, "new")
        constants = self._numbers(())
        value, error = self.evaluation.kl(old.tolist(), new.tolist(), constants)
        return float(value), float(error)

    def sample(self, theta, n, rng):
        """Random outcomes.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            Parameters, in the order of ``parameters``.
        n : int
            Number of outcomes.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        ndarray of shape (n,) or (n, d)
            Independent outcomes, sample axis first.

        Raises
        ------
        ValueError
            If ``theta`` or ``n`` is not valid, ``rng`` is not a generator or the family has no sampler.
        """
        theta = self._checked(theta)
        check.generator(rng)
        if not isinstance(n, (int, np.integer)) or n < 0:
            raise ValueError(f"n = {n!r}; give the number of outcomes, a whole number that is not negative")
        if self.sampler is None:
            raise ValueError(
                f"{self!r} was declared without a sampler; give Family a function sampler(rng, n, *theta)"
            )
        with np.errstate(all="ignore"):
            drawn = self.sampler(rng, int(n), *theta, **self.fixed)
        if np.issubdtype(np.asarray(drawn).dtype, np.integer):
            return drawn
        # Rounding takes outcomes near an end to the end itself, where there is no density.
        columns = [drawn] if drawn.ndim == 1 else list(drawn.T)
        columns = self.evaluation.support.clip(columns, self._numbers(theta))
        return columns[0] if drawn.ndim == 1 else np.column_stack(columns)

    def _numbers(self, theta):
        fixed = [self.fixed[constant.name] for constant in self._general.constants] if self.fixed else []
        return [*(theta.tolist() if isinstance(theta, np.ndarray) else theta), *fixed]

    def _checked(self, theta, label="theta"):
        """Parameters as a float vector inside the parameter space, or an exception that says what is off."""
        if self.constants:
            missing = ", ".join(constant.name for constant in self.constants)
            raise ValueError(f"{self!r} has the constant {missing}; fix it first with .at({missing}=...)")
        theta = check.floats(theta, label)
        names = ", ".join(parameter.name for parameter in self.parameters)
        if theta.shape != (len(self.parameters),):
            raise ValueError(
                f"{label} has shape {theta.shape}; {self!r} needs shape ({len(self.parameters)},), one "
                f"number for each of: {names}"
            )
        if not np.isfinite(theta).all():
            raise OutsideDomain(
                f"{label} = {theta.tolist()} of {self!r} must be finite, for each of: {names}"
            )
        relation = self.evaluation.space.violated(self._numbers(theta))
        if relation is not None:
            here = {
                p.name: float(t)
                for p, t in zip(self.parameters, theta, strict=True)
                if p in relation.free_symbols
            }
            raise OutsideDomain(
                f"{label} has {_listing(here)}, outside the parameter space of {self!r}: "
                f"it needs {_bound(relation)}"
            )
        self._refuse_wrong_declaration()
        return theta

    def _columns(self, x):
        """Outcomes as one float array of shape (n,) for each coordinate."""
        x = check.floats(x, "x")
        size = len(self.variables)
        if isinstance(self.variable, tuple):
            if x.ndim != 2 or x.shape[1] != size:
                raise ValueError(
                    f"x has shape {x.shape}; {self!r} needs shape (n, {size}), sample axis first"
                )
        elif x.ndim != 1:
            raise ValueError(f"x has shape {x.shape}; {self!r} needs shape (n,), one number for each sample")
        if np.isnan(x).any():
            raise ValueError(
                f"x contains NaN, at position {int(np.argmax(np.isnan(x).reshape(len(x), -1).any(1)))}"
            )
        return [x] if x.ndim == 1 else list(x.T)


_DERIVED = [name for name, member in vars(Family).items() if isinstance(member, cached_property)]


def _exact(name, value):
    """Number as an exact SymPy number: 2.5 becomes 5/2."""
    try:
        exact = sp.nsimplify(value, rational=True)
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{name} = {value!r} is not a number; give one, as {name}=5") from error
    if not (exact.is_Rational and exact.is_finite):
        raise ValueError(f"{name} = {value!r} is not a finite number; give one, as {name}=5")
    return exact


def _plain(value):
    return int(value) if value.is_Integer else float(value)


def _listing(values):
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _bound(relation):
    """The relation with the symbol first where it compares a symbol with a number."""
    return str(relation if not relation.lhs.is_number else relation.reversed)
