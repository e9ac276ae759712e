"""Parametric distributions, each declared once in SymPy and compiled to NumPy.

``families.normal`` and its like are objects of ``Family``; ``catalogue()`` lists them in a teaching order.
``families.uniform`` is the counterexample: its support moves with its parameter, and its Fisher matrix does
not exist. ``multivariate_normal_fisher`` is the closed form for a Normal distribution of any dimension.
"""

# fmt: off
from ngbook.families.discrete import (  # noqa: I001
    bernoulli, bernoulli_logit, binomial, categorical, categorical_softmax, geometric, negative_binomial,
    poisson,
)
from ngbook.families.exponential_form import ExponentialForm
from ngbook.families.family import Family
from ngbook.families.gaussian import (
    bivariate_normal, bivariate_normal_cholesky, log_normal, normal, normal_log_sigma, normal_mean,
    normal_natural, normal_variance,
)
from ngbook.families.half_line import (
    beta, dirichlet, exponential, gamma, inverse_gamma, inverse_gaussian, pareto, rayleigh, uniform, weibull,
)
from ngbook.families.multivariate import multivariate_normal_fisher
from ngbook.families.rank import OrderTest, exponential_order
from ngbook.families.real_line import cauchy, gumbel, laplace, logistic, student_t, von_mises


def catalogue() -> dict[str, Family]:
    """List all regular families of the book by their slugs, in a teaching order; ``uniform`` is not one."""
    families = (
        bernoulli, bernoulli_logit, categorical, categorical_softmax, binomial, poisson, geometric,
        negative_binomial, normal, normal_log_sigma, normal_variance, normal_natural, normal_mean,
        bivariate_normal, bivariate_normal_cholesky, log_normal, exponential, gamma, inverse_gamma, beta,
        dirichlet, weibull, gumbel, pareto, rayleigh, inverse_gaussian, von_mises, logistic, laplace, cauchy,
        student_t,
    )
    return {family.slug: family for family in families}


_others = [ExponentialForm, Family, OrderTest, catalogue, exponential_order, multivariate_normal_fisher]
__all__ = sorted([*(thing.__name__ for thing in _others), uniform.slug, *catalogue()])
