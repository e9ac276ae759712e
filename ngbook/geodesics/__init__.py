"""The straightest lines of a family, their lengths, and how the Fisher metric bends them.

All is computed from the Fisher matrix of a ``Family``, as SymPy has it; nothing is estimated. ``theta`` is
the parameter vector in the family's own chart, shape (p,), and a velocity is a vector in the same chart: its
components change with the chart. Constants are fixed by ``at`` before numbers are asked for.

=============================  =====================================================================
function                       what it gives
=============================  =====================================================================
``christoffel``                the Christoffel symbols, exactly; ``christoffel_symbols`` as numbers
``gauss_curvature``            the curvature of a family of two parameters, exactly
``geodesic``                   the geodesic with a given start and velocity, at given times
``exponential_map``            where it is at time 1
``second_order_retraction``    the same but for the third order, without a differential equation
``logarithm``                  the velocity that leads from one member to another, by shooting
``distance``                   the length of that geodesic, in closed form where there is one
``half_plane``                 the coordinates in which a family is a hyperbolic half plane
``e_geodesic``                 what is straight in the natural coordinates
``m_geodesic``                 what is straight in the mean coordinates
=============================  =====================================================================

A geodesic that leaves the parameter space raises ``OutsideDomain``, with the time. Refused are charts with
more parameters than the family has dimensions, families whose support moves, and those of which the Fisher
matrix is not known in closed form.
"""

from ngbook.geodesics.connection import christoffel, christoffel_symbols, gauss_curvature
from ngbook.geodesics.distances import HalfPlane, distance, half_plane
from ngbook.geodesics.flow import Geodesic, exponential_map, geodesic, second_order_retraction
from ngbook.geodesics.lines import e_geodesic, m_geodesic
from ngbook.geodesics.shooting import Logarithm, logarithm

__all__ = [
    "Geodesic",
    "HalfPlane",
    "Logarithm",
    "christoffel",
    "christoffel_symbols",
    "distance",
    "e_geodesic",
    "exponential_map",
    "gauss_curvature",
    "geodesic",
    "half_plane",
    "logarithm",
    "m_geodesic",
    "second_order_retraction",
]
