"""Transport: how far mass has to go, as a distance, a metric and a flow.

W is the Wasserstein distance of order two, the root of the least mean square way; every function returns W
and not its square. For a metric G, dᵀGd is W² to leading order, so that the ball ½ dᵀGd = ε is one of ½ W².

============================  =========================================================================
``wasserstein_metric``        of a family on the line, by its quantile function
``exact_wasserstein_metric``  the same, derived from the declaration of a family
``quantile_distance``,        W on the line
``sample_distance``
``pull_back``                 a metric in another chart
``graph_laplacian``,          where only neighbours exchange mass
``graph_metric``
``bures_direction``,          between Gaussians: the velocity of a change, its length,
``bures_metric``,             a step along the geodesic, and W
``bures_step``,
``gaussian_distance``
``jko_step``                  an implicit step of a gradient flow in W, by particles on the line
============================  =========================================================================

Bad input raises ``ValueError``; so does a metric that is infinite.
"""

from ngbook.transport.exact import exact_wasserstein_metric
from ngbook.transport.gaussians import bures_direction, bures_metric, bures_step, gaussian_distance
from ngbook.transport.graphs import graph_laplacian, graph_metric
from ngbook.transport.jko import jko_step
from ngbook.transport.line import pull_back, quantile_distance, sample_distance, wasserstein_metric

__all__ = [
    "bures_direction",
    "bures_metric",
    "bures_step",
    "exact_wasserstein_metric",
    "gaussian_distance",
    "graph_laplacian",
    "graph_metric",
    "jko_step",
    "pull_back",
    "quantile_distance",
    "sample_distance",
    "wasserstein_metric",
]
