"""Score, Hessian, KL, and the Fisher matrix in its three forms."""

from dataclasses import dataclass, field, replace
from itertools import combinations
from types import MappingProxyType

import sympy as sp

from ngbook._check import expressions as check
from ngbook.symbolic.equality import each_once, equal, prove_equal, tidy
from ngbook.symbolic.rules import NoClosedForm, fitting_rule

ONE_SIDED = "KL(old || new) is infinite on one side of coincidence, however close: it has no Hessian there."
KINK = (
    "The log-density has a kink: its second derivative is zero on either side and does not exist at "
    "the kink itself, so its mean misses the information that sits there."
)


def score(log_density, parameters) -> sp.ImmutableMatrix:
    """Score: the gradient of the log-density in the parameters (eq-kl-score).

    Parameters
    ----------
    log_density : sympy.Expr
        ``log p_theta(x)``.
    parameters : sequence of sympy.Symbol
        The p parameters.

    Returns
    -------
    sympy.Matrix
        Column of shape (p, 1), a function of the parameters and of the outcome.
    """
    log_density = check.exact(log_density, "log_density")
    parameters = check.symbols(parameters, "parameters", log_density)
    return sp.ImmutableMatrix([sp.diff(log_density, parameter) for parameter in parameters])


def hessian(log_density, parameters) -> sp.ImmutableMatrix:
    """Hessian of the log-density in the parameters.

    Parameters
    ----------
    log_density : sympy.Expr
        ``log p_theta(x)``.
    parameters : sequence of sympy.Symbol
        The p parameters.

    Returns
    -------
    sympy.Matrix
        Symmetric, of shape (p, p).
    """
    log_density = check.exact(log_density, "log_density")
    parameters = check.symbols(parameters, "parameters", log_density)
    return sp.ImmutableMatrix(sp.hessian(log_density, parameters))


def old(parameter):
    """Symbol for the old value of a parameter, with the same assumptions: ``sigma_old``."""
    return sp.Symbol(f"{parameter.name}_old", **parameter.assumptions0)


def outer_product(gradient, rule):
    """Mean outer product of a score."""
    return each_once(gradient * gradient.T, rule.expectation)


def kl_divergence(log_density, parameters, rule, point=None):
    """Derive ``KL(old || new)``, in which the old parameters carry the expectation (eq-distance-kl).

    ``point`` maps symbols to exact numbers: the signs of factors are chosen so that they are positive there.
    An expectation that the rule does not know raises ``NoClosedForm``.
    """
    to_old = {parameter: old(parameter) for parameter in parameters}
    taken = log_density.free_symbols & set(to_old.values())
    if taken:
        raise ValueError(f"log_density contains {taken.pop()}, which names an old parameter; rename it")
    ratio = sp.expand_log(log_density.xreplace(to_old)) - sp.expand_log(log_density)
    return _tidy_kl(rule.subs(to_old).expectation(ratio), parameters, point or {})


def _tidy_kl(kl, parameters, point):
    """KL as differences of locations and logarithms of ratios: shorter, and more exact near coincidence."""
    point = point | {old(parameter): value for parameter, value in point.items()}
    gaps, kl = {}, sp.expand_log(kl)
    for parameter in parameters:
        gap = sp.Dummy("gap", real=True)
        shifted = sp.powsimp(sp.expand(kl.subs(parameter, old(parameter) + gap)), combine="exp")
        if not shifted.has(old(parameter)):
            kl, gaps[gap] = shifted, parameter - old(parameter)
            point[gap] = sp.Rational(1, 17)
    kl = sp.expand(kl)
    atoms = sorted(kl.atoms(sp.log, sp.loggamma, sp.polygamma), key=str)
    parts = sp.collect(kl, atoms, lambda coefficient: tidy(coefficient, point), evaluate=False)
    rest = sp.powsimp(tidy(parts.pop(sp.S.One, sp.S.Zero), point), combine="exp")
    return (_join_logarithms(parts, point) + rest).subs(gaps)


def _join_logarithms(parts, point):
    """Sum of coefficients times atoms; logarithms of opposite coefficients become one of a ratio."""
    total, ratios = sp.S.Zero, {}
    for atom, coefficient in parts.items():
        if not isinstance(atom, sp.log):
            total += coefficient * atom
            continue
        sign = -1 if coefficient.subs(point).is_negative else 1
        key = sp.expand(sign * coefficient)
        ratios[key] = ratios.get(key, 1) * atom.args[0] ** sign
    return total + sum(tidy(coefficient, point) * sp.log(ratio) for coefficient, ratio in ratios.items())


@dataclass(frozen=True)
class FisherDerivation:
    """Fisher matrix, derived in three ways.

    Attributes
    ----------
    parameters : tuple of sympy.Symbol
        The chart.
    mean_score : sympy.Matrix
        Expectation of the score; zero for a regular family.
    outer : sympy.Matrix or None
        Mean outer product of the score.
    curvature : sympy.Matrix or None
        Minus the mean Hessian of the log-density.
    kl_hessian : sympy.Matrix or None
        Hessian of ``KL(old || new)`` in the new parameters at coincidence.
    matrix : sympy.Matrix or None
        The Fisher matrix, tidied: what the forms that exist agree on. None if they do not agree.
    missing : dict
        From the name of a form that is None to one sentence that says why.
    proved : tuple
        Pairs of names and how they were proved equal, ``(("outer", "curvature"), "cancellation")``.
    regular : bool
        Whether the mean score is zero and the forms that exist agree.
    reason : str
        Why it is not regular; empty otherwise.
    """

    parameters: tuple
    mean_score: sp.ImmutableMatrix
    outer: sp.ImmutableMatrix | None
    curvature: sp.ImmutableMatrix | None
    kl_hessian: sp.ImmutableMatrix | None
    matrix: sp.ImmutableMatrix | None
    missing: dict = field(default_factory=dict)
    proved: tuple = ()
    regular: bool = True
    reason: str = ""

    def subs(self, values) -> "FisherDerivation":
        """Same derivation with symbols replaced.

        Parameters
        ----------
        values : dict
            From symbols to their replacements.

        Returns
        -------
        FisherDerivation
            With the replacements made in every matrix.
        """
        values = check.values(values, "values")
        matrices = {name: value for name, value in vars(self).items() if isinstance(value, sp.MatrixBase)}
        return replace(self, **{name: matrix.subs(values) for name, matrix in matrices.items()})


def fisher_three_ways(log_density, parameters, rule, kl=None, no_kl=None, point=None) -> FisherDerivation:
    """Fisher matrix from the score, from the Hessian and from KL, with proofs that they agree.

    The three forms are eq-fisher-matrix, eq-kl-curvature and eq-fisher-from-kl; the paper's Appendix A
    derives the second from the first.

    Parameters
    ----------
    log_density : sympy.Expr
        ``log p_theta(x)``.
    parameters : sequence of sympy.Symbol
        The p parameters.
    rule : MomentRule, BetaRule or FiniteSum
        The expectation.
    kl : sympy.Expr, optional
        ``KL(old || new)`` in the parameters and ``old`` of them, if the rule cannot derive it.
    no_kl : str, optional
        One sentence: why there is no closed form of it.
    point : dict, optional
        From symbols to exact numbers: where ``equal`` tries to refute.

    Returns
    -------
    FisherDerivation
        Forms that do not exist, or are not known in closed form, are None and explained in ``missing``.
    """
    log_density, point = check.exact(log_density, "log_density"), check.point(point)
    parameters = check.symbols(parameters, "parameters", log_density)
    rule = fitting_rule(rule, log_density, parameters)
    if kl is not None:
        kl = check.exact(kl, "kl")
        check.refuse_namesakes([*parameters, *map(old, parameters)], kl.free_symbols, "kl")
    if no_kl is not None and not isinstance(no_kl, str):
        raise ValueError(f"no_kl is {no_kl!r}; give one sentence that says why there is no closed form of KL")
    s, second = score(log_density, parameters), hessian(log_density, parameters)
    mean_score = tidy(s.applyfunc(rule.expectation))  # eq-kl-mean-zero
    forms, missing = dict.fromkeys(("outer", "curvature", "kl_hessian")), {}
    forms["outer"] = outer_product(s, rule)  # eq-fisher-matrix
    if second.has(sp.DiracDelta):
        missing["curvature"] = KINK
    else:
        forms["curvature"] = each_once(-second, rule.expectation)  # eq-kl-curvature
    try:
        if no_kl is not None:
            raise NoClosedForm(no_kl)
        kl = kl_divergence(log_density, parameters, rule, point) if kl is None else kl
        forms["kl_hessian"] = _hessian_at_coincidence(kl, parameters)  # eq-fisher-from-kl
    except NoClosedForm as error:
        missing["kl_hessian"] = str(error)
    return _compare(parameters, mean_score, forms, missing, point)


def _hessian_at_coincidence(kl, parameters):
    """Hessian in the new parameters at old = new; from both sides where KL contains an absolute value."""
    if kl.has(sp.Piecewise) and kl.has(sp.oo):
        raise NoClosedForm(ONE_SIDED)
    sides = [kl.replace(sp.Abs, lambda argument, sign=sign: sign * argument) for sign in (1, -1)]
    to_new = {old(parameter): parameter for parameter in parameters}
    values = [hessian(side, parameters).subs(to_new).doit() for side in dict.fromkeys(sides)]
    if not equal(values[0], values[-1]):
        raise NoClosedForm("KL(old || new) has different second derivatives on the two sides of coincidence.")
    return values[0]


def _compare(parameters, mean_score, forms, missing, point):
    """Prove the forms equal, or say that they are not."""
    names = [name for name, matrix in forms.items() if matrix is not None]
    proved, reasons = [], []
    if not equal(mean_score, sp.zeros(*mean_score.shape), point):
        reasons.append(f"the mean score is {list(mean_score)}, not zero")
    for name in names[1:]:
        how = prove_equal(forms[names[0]], forms[name], point)
        if how is None:
            left, right = (tidy(forms[n]).tolist() for n in (names[0], name))
            reasons.append(f"{names[0]} is {left} but {name} is {right}")
        else:
            proved.append(((names[0], name), how))
    simplest = min((forms[name] for name in names), key=sp.count_ops)
    matrix, reason = None if reasons else tidy(simplest, point), "; ".join(reasons)
    missing, proved = MappingProxyType(missing), tuple(proved)
    return FisherDerivation(
        parameters, mean_score, *forms.values(), matrix, missing, proved, not reasons, reason
    )


def change_of_chart(fisher, old_parameters, expressions, new_parameters) -> sp.ImmutableMatrix:
    """Fisher matrix in another chart: ``J.T @ F @ J`` (eq-kl-chart), J the derivative of old in new.

    Parameters
    ----------
    fisher : sympy.Matrix
        Fisher matrix in the old chart, (p, p).
    old_parameters : sequence of sympy.Symbol
        The p old parameters.
    expressions : sequence of sympy.Expr
        The old parameters as functions of the new ones.
    new_parameters : sequence of sympy.Symbol
        The q new parameters; q may differ from p (softmax has one parameter too many).

    Returns
    -------
    sympy.Matrix
        Fisher matrix in the new chart, (q, q), tidied.

    Raises
    ------
    Undecided
        If neither a proof nor a refutation of the symmetry was found.
    """
    fisher = check.matrix(fisher, "fisher")
    expressions = check.sequence(expressions, "expressions", check.exact, "them, as [mu, sp.exp(ell)]")
    old_parameters = check.symbols(old_parameters, "old_parameters", fisher)
    if {*fisher.shape, len(expressions)} != {len(old_parameters)}:
        raise ValueError(
            f"fisher, {fisher.rows} by {fisher.cols}, {len(old_parameters)} old parameters and "
            f"{len(expressions)} expressions do not fit: give a square matrix, and one of each for each row"
        )
    for i, j in combinations(range(fisher.rows), 2):
        if not equal(fisher[i, j], fisher[j, i]):
            raise ValueError(
                f"fisher is not symmetric: entry ({i}, {j}) is {fisher[i, j]} and entry ({j}, {i}) is "
                f"{fisher[j, i]}; a Fisher matrix is, so check how it was derived"
            )
    column = sp.ImmutableMatrix(expressions)
    new_parameters = check.symbols(new_parameters, "new_parameters", column)
    check.refuse_namesakes(new_parameters, fisher.free_symbols - set(old_parameters), "fisher")
    jacobian = tidy(column.jacobian(new_parameters))
    carried = tidy(fisher.xreplace(dict(zip(old_parameters, expressions, strict=True))))
    return tidy(jacobian.T * carried * jacobian)
