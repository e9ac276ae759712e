"""Every public function refuses bad input: what it refuses stands beside its other tests, that it does, here.

The facts are the ``REFUSED`` of the test modules (``refusals`` says how they are written). A public function,
class or method of which an argument is in none of them is a failure. What is exempt says why.
"""

import importlib
import inspect
from pathlib import Path

import pytest

import ngbook
from ngbook import families

EXCEPTION = "an exception: raised, and made by nobody else"
RESULT = "a result: made by the functions that return it, and not read by any"
SYMBOL = "a symbol, which is no function"
DRAWN = "a distribution: made by the method at of a policy, and its own methods are tried"
INHERITED = "Gymnasium's own method, inherited as it is"
EXEMPT = {
    "answers.Answer": RESULT,
    "answers.Answer.judge": "what it cannot read is told in words: nothing is raised",
    "answers.Answer.margins": "of a value that is let in already",
    "answers.Feedback": RESULT,
    "checks.CheckFailed": EXCEPTION,
    "descent.DampedPath": RESULT,
    "descent.OnlinePath": RESULT,
    "descent.Path": RESULT,
    "distributed.RunsFailed": EXCEPTION,
    "environments.Trajectories": RESULT,
    **{
        f"environments.{task}.{method}": INHERITED
        for task in ("LineWalk", "LinearQuadratic", "MotorPrimitive", "Pendulum")
        for method in ("close", "close_extras")
    },
    **{f"geodesics.{name}": RESULT for name in ("Geodesic", "HalfPlane", "Logarithm")},
    "networks.Evaluated": "a network at a point: made by the method at, and its own methods are tried",
    "families.ExponentialForm": RESULT + "; its methods are tried",
    "families.OrderTest": RESULT,
    "plots.PALETTE": "a table of colours, which is no function",
    "plots.ROLES": "a table of roles, which is no function; unknown roles are tried where one is given",
    "policies.GaussianActions": DRAWN,
    "policies.SoftmaxActions": DRAWN,
    "policy_gradient.Batch": "the transitions of Rollouts.collect, and its method flat is tried",
    **{f"policy_gradient.{name}": RESULT for name in ("History", "Record", "Step", "Training")},
    "solve.ConjugateGradient": RESULT,
    "symbolic.FisherDerivation": RESULT + "; its method subs is tried",
    "symbolic.NoClosedForm": EXCEPTION,
    "symbolic.Undecided": EXCEPTION,
    **{f"symbolic.{name}": SYMBOL for name in ("L", "T", "U", "V", "s")},
    **{
        f"families.{name}": "a Family, no function: the methods of one are tried, and the space of every one"
        for name in families.__all__
        if isinstance(getattr(families, name), families.Family)
    },
}


def public():
    """Every public function, class and method, by its name: ``{"symbolic.MomentRule.subs": ...}``."""
    named = {}
    for module in (name for name in ngbook.__all__ if name not in ("OutsideDomain", "check_answer")):
        for name in getattr(ngbook, module).__all__:
            named[f"{module}.{name}"] = thing = getattr(getattr(ngbook, module), name)
            if inspect.isclass(thing):
                for method, function in inspect.getmembers(thing, inspect.isroutine):
                    if not method.startswith("_") and hasattr(function, "__code__"):  # written in Python
                        named[f"{module}.{name}.{method}"] = getattr(function, "__func__", function)
    return named


def arguments(thing):
    """The names of the arguments that a caller gives; none for what is not called."""
    if not callable(thing):
        return set()
    parameters = inspect.signature(thing).parameters.values()
    return {p.name for p in parameters if p.kind is not p.VAR_KEYWORD} - {"self", "cls"}


def tried():
    """For each function (by its identity) the arguments that a fact of some test module tries."""
    facts = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if "\nREFUSED = [" in path.read_text(encoding="utf-8"):
            for fact in importlib.import_module(path.stem).REFUSED:
                function = getattr(fact.example.function, "__func__", fact.example.function)
                facts.setdefault(id(function), set()).add(fact.argument)
    return facts


PUBLIC, TRIED = public(), tried()


@pytest.mark.parametrize("name", sorted(set(PUBLIC) - set(EXEMPT)))
def test_everything_public_is_tried(name):
    untried = arguments(PUBLIC[name]) - TRIED.get(id(PUBLIC[name]), set())
    assert not untried, f"{name} has arguments of which no REFUSED tries a bad value: {untried}"


@pytest.mark.parametrize("name", EXEMPT)
def test_what_is_exempt_exists_is_not_tried_and_says_why(name):
    assert id(PUBLIC[name]) not in TRIED
    assert len(EXEMPT[name].split()) > 3
