"""ngbook: natural gradients that a reader can run.

One module per idea; each imports only from those above it.

===================  =========================================================
``checks``           a claim that can fail
``symbolic``         expectation, exactly: score, Hessian, KL, the Fisher matrix
``answers``          an exercise's right answer and its known mistakes
``data``             small data sets, generated
``tables``           small tables of published measurements
``families``         parametric distributions, declared once in SymPy
``solve``            the linear system behind a natural gradient
``fisher``           the Fisher matrix, estimated from scores
``descent``          taking a step, and following it
``geodesics``        the straightest line: connection, exponential map, distance, curvature
``networks``         a network, its Jacobian products, Gauss–Newton, Kronecker factors
``transport``        how far mass has to go: Wasserstein metrics and steps
``environments``     a task: states, actions, rewards
``policies``         how an agent acts, and what its score is
``policy_gradient``  learning from returns: one loop, five update rules
``distributed``      data in chunks, and sweeps over seeds, here or on a cluster
``plots``            the look of the figures
===================  =========================================================

The modules load on first use, so ``import ngbook`` stays quick and pulls in
neither SymPy nor Matplotlib.  Beside them stand one exception, ``OutsideDomain``,
and what a notebook's reader calls, ``check_answer``.
"""

from importlib import import_module

from ngbook._domain import OutsideDomain

__version__ = "1.0.0"

__all__ = [
    "OutsideDomain",
    "answers",
    "check_answer",
    "checks",
    "data",
    "descent",
    "distributed",
    "environments",
    "families",
    "fisher",
    "geodesics",
    "networks",
    "plots",
    "policies",
    "policy_gradient",
    "solve",
    "symbolic",
    "tables",
    "transport",
]


def __getattr__(name):
    if name == "check_answer":
        return import_module("ngbook.answers").check_answer
    if name in __all__:
        return import_module(f"ngbook.{name}")
    raise AttributeError(f"module 'ngbook' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__():
    return sorted([*__all__, "__version__"])
