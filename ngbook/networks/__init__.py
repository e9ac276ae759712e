"""A network, what its outputs mean, and the metric of its parameters.

``network.at(theta, inputs)`` evaluates a ``Network``, and multiplies with the Jacobian of its outputs. With a
likelihood, which says what the outputs mean, it has a loss, a gradient, a Fisher matrix, and scores:

=============================  =======================================================================
``Gaussian``, ``Bernoulli``,   the likelihoods: loss, residual, Fisher matrix in the outputs, samples
``Categorical``
``loss_gradient``              of the mean loss
``gauss_newton``               the Gauss–Newton matrix, which is the Fisher matrix, by products
``exact_scores``               rows whose mean outer product is the Fisher matrix
``sampled_scores``             scores of targets drawn from the model
``data_scores``                scores of the data
``kronecker_factors``          two small matrices for each layer, R and B
``KroneckerMetric``            the metric with blocks R ⊗ B, damped, and its solve
=============================  =======================================================================

Of a deep *linear* network ``layerwise_natural_gradient`` and ``shortest_natural_gradient`` are exact, in
closed form, from ``partial_products`` of its layers.

Losses and matrices are means over the data, and sums over the outputs of one datum. Bad input raises
``ValueError``.
"""

from ngbook.networks.curvature import (
    data_scores,
    exact_scores,
    gauss_newton,
    loss_gradient,
    sampled_scores,
)
from ngbook.networks.deep_linear import (
    layerwise_natural_gradient,
    partial_products,
    shortest_natural_gradient,
)
from ngbook.networks.kronecker import KroneckerMetric, kronecker_factors
from ngbook.networks.likelihoods import Bernoulli, Categorical, Gaussian
from ngbook.networks.network import Evaluated, Network

__all__ = [
    "Bernoulli",
    "Categorical",
    "Evaluated",
    "Gaussian",
    "KroneckerMetric",
    "Network",
    "data_scores",
    "exact_scores",
    "gauss_newton",
    "kronecker_factors",
    "layerwise_natural_gradient",
    "loss_gradient",
    "partial_products",
    "sampled_scores",
    "shortest_natural_gradient",
]
