"""What follows exactly from a declared log-density with a rule: KL, and the Fisher matrix in three ways.

Each is derived once for a family. A family with constants fixed by ``at`` has the result of the general
family, with the values put in.
"""

from dataclasses import replace
from functools import cache

from ngbook import symbolic
from ngbook.symbolic.forms import ONE_SIDED, kl_divergence


@cache
def kl_expression(family):
    """``KL(old || new)``, or None if it has no closed form."""
    if family is not family._general:
        kl = kl_expression(family._general)
        return None if kl is None else kl.subs(family._values)
    if family.closed_form_kl is not None or family.no_kl is not None or family.rule is None:
        return family.closed_form_kl
    try:
        return kl_divergence(family.log_density, family.parameters, family.rule, family.example)
    except symbolic.NoClosedForm:
        return None


@cache
def three_ways(family):
    """The Fisher matrix from the score, from the Hessian and from KL, with proofs that they agree."""
    if family is not family._general:
        return three_ways(family._general).subs(family._values)
    refuse_without_rule(family)
    kl = None if family.moving else kl_expression(family)
    no_kl = ONE_SIDED if family.moving else family.no_kl if kl is None else None
    derivation = symbolic.fisher_three_ways(
        family.log_density, family.parameters, family.rule, kl=kl, no_kl=no_kl, point=family.example
    )
    if not family.moving:
        return derivation
    moves = f"the support {family.support} moves with the parameters"  # which no expectation sees
    reason = f"{moves}; {derivation.reason}" if derivation.reason else moves
    return replace(derivation, matrix=None, regular=False, reason=reason)


def refuse_without_rule(family):
    """NoClosedForm for a family of which only numbers are known."""
    if family.rule is None:
        raise symbolic.NoClosedForm(
            f"{family!r} was declared without a rule; give Family one, as a MomentRule"
        )
