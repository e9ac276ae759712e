"""What follows from a declared log-density, exactly: score, Hessian, expectations, KL, the Fisher matrix.

Each is derived once for a family. A family with constants fixed by ``at`` has the result of the general
family, with the values put in.
"""

from dataclasses import replace
from functools import cache
from types import MappingProxyType

from ngbook import symbolic
from ngbook.symbolic.equality import tidy
from ngbook.symbolic.forms import ONE_SIDED, kl_divergence


@cache
def score_vector(family):
    """Gradient of the log-density in the parameters (eq-kl-score)."""
    return symbolic.score(family.log_density, family.parameters)


@cache
def hessian_matrix(family):
    """Matrix of second derivatives of the log-density."""
    return symbolic.hessian(family.log_density, family.parameters)


@cache
def expectation(family, expression):
    """Mean of an expression in the outcome, by the rule of the family."""
    _refuse_without_rule(family)
    return tidy(family.rule.expectation(expression))


def kl_expression(family):
    """``KL(old || new)``, or None if it has no closed form."""
    kl, _ = _kl_or_reason(family._general)
    return kl if kl is None or family is family._general else kl.subs(family._values)


@cache
def _kl_or_reason(family):
    """The divergence, and why there is none."""
    if family.closed_form_kl is not None:
        return family.closed_form_kl, None
    if family.no_kl is not None or family.rule is None:
        return None, family.no_kl
    try:
        return kl_divergence(family.log_density, family.parameters, family.rule, family.example), None
    except symbolic.NoClosedForm as reason:
        return None, str(reason)


@cache
def three_ways(family):
    """The Fisher matrix from the score, from the Hessian and from KL, with proofs that they agree."""
    if family is not family._general:
        return three_ways(family._general).subs(family._values)
    _refuse_without_rule(family)
    kl, no_kl = _kl_or_reason(family)
    derivation = symbolic.fisher_three_ways(
        family.log_density, family.parameters, family.rule, kl=kl, no_kl=no_kl, point=family.example
    )
    return _not_regular(family, derivation) if family.moving else derivation


def _not_regular(family, derivation):
    """The derivation of a family whose support moves, which no expectation sees."""
    reasons = [f"the support {family.support} moves with the parameters", derivation.reason]
    return replace(
        derivation,
        kl_hessian=None,
        matrix=None,
        missing=MappingProxyType({**derivation.missing, "kl_hessian": ONE_SIDED}),
        proved=tuple(pair for pair in derivation.proved if "kl_hessian" not in pair[0]),
        regular=False,
        reason="; ".join(filter(None, reasons)),
    )


def _refuse_without_rule(family):
    if family.rule is None:
        raise symbolic.NoClosedForm(
            f"{family!r} was declared without a rule; give Family one, as a MomentRule"
        )
