"""Bad input is refused with a ``ValueError`` that says what was wrong, for every public function.

A public function, class or method without an entry here is a failure, and so is an argument of one without a
list of bad values: ``test_everything_public_is_tried`` reads ``ngbook.__all__`` and the ``__all__`` of every
module there. To cover another function, add a ``Subject``: one call that works, and for each argument its bad
values, from the lists below or a list of its own. What is exempt says why.
"""

import dataclasses
import functools
import importlib
import inspect
from dataclasses import dataclass
from pathlib import Path

import gymnasium
import matplotlib
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiDiscrete

import ngbook
from ngbook import families

matplotlib.use("Agg")

EXCEPTION = "an exception: raised, and made by nobody else"
RESULT = "a result: made by the functions that return it, and not read by any"
SYMBOL = "a symbol, which is no function"
EXEMPT = {
    "checks.CheckFailed": EXCEPTION,
    "descent.Path": RESULT,
    "plots.PALETTE": "a table of colours, which is no function",
    "plots.ROLES": "a table of roles, which is no function; unknown roles are tried where one is given",
    "solve.ConjugateGradient": RESULT,
    "symbolic.FisherDerivation": RESULT + "; its method subs is tried",
    "symbolic.NoClosedForm": EXCEPTION,
    "symbolic.Undecided": EXCEPTION,
}
EXEMPT |= {f"symbolic.{name}": SYMBOL for name in ("L", "T", "U", "V", "s")}
EXEMPT |= {
    f"families.{name}": "a Family, no function: the methods of one are tried, and the space of every one"
    for name in families.__all__
    if isinstance(getattr(families, name), families.Family)
}

NAN, INF = float("nan"), float("inf")


def constant(result):
    return lambda *arguments: result


# --- bad values: each with what the message has to say -----------------------------------------------------

VECTORS = {
    "NaN": ([NAN, 1.0], "finite.*nan"),
    "infinite": ([1.0, -INF], "finite.*inf"),
    "matrix": ([[1.0, 2.0]], r"shape \(p,\).*\(1, 2\)"),
    "scalar": (1.0, r"shape \(p,\).*\[x\]"),
    "empty": ([], r"shape \(p,\)"),
    "words": (["a", "b"], "real numbers"),
    "complex": ([1j, 1.0], "real numbers"),
    "nothing": (None, r"real numbers|shape"),
    "ragged": ([[1.0], [1.0, 2.0]], "real numbers"),
}
POSITIVE = {
    "zero": (0.0, "greater than 0"),
    "negative": (-1.0, "greater than 0"),
    "NaN": (NAN, "finite"),
    "infinite": (INF, "finite"),
    "two numbers": ([1.0, 2.0], "one number"),
    "word": ("large", "real numbers"),
}
FRACTIONS = POSITIVE | {"one": (1.0, "below 1")}
NOT_NEGATIVE = {key: POSITIVE[key] for key in ("NaN", "infinite", "two numbers", "word")} | {
    "negative": (-1.0, "at least 0")
}
UNEQUAL = {"too long": ([1.0, 2.0, 3.0], "2 entries")}


def whole_numbers(least):
    return {
        "too small": (least - 1, f"whole number, at least {least}, but is {least - 1}"),
        "not whole": (2.5, f"whole number, at least {least}, but is 2.5"),
        "NaN": (NAN, "whole number.*nan"),
        "infinite": (INF, "whole number.*inf"),
        "word": ("many", "real numbers.*many"),
        "nothing": (None, "whole number.*None"),
        "two": ([1, 2], "whole number"),
    }


@dataclass(frozen=True)
class Subject:
    """A public function, arguments with which it works, and the bad values of each argument."""

    function: object
    good: dict
    bad: dict


SUBJECTS = {}

SUBJECTS |= {  # without arguments
    f"families.Family.{name}": Subject(getattr(families.normal, name), {}, {})
    for name in ("derivation", "hessian_matrix", "kl_expression", "score_vector")
}
SUBJECTS["families.catalogue"] = Subject(families.catalogue, {}, {})

# --- figures ------------------------------------------------------------------------------------------------

FLAG = {}  # anything is true or false


# --- environments -------------------------------------------------------------------------------------------

environments = ngbook.environments
PROCESS = environments.MarkovDecisionProcess.random(2, 2, np.random.default_rng(0))
LINE_WALK, PENDULUM = environments.LineWalk(2), environments.Pendulum(2)
LINE_WALK.reset(seed=0)
PENDULUM.reset(seed=0)
INHERITED = "Gymnasium's own method, inherited as it is"
EXEMPT |= {
    f"environments.{name}.{method}": INHERITED
    for name in ("LineWalk", "Pendulum")
    for method in ("close", "close_extras", "render")
}
EXEMPT |= {"environments.Trajectories": RESULT}
REWARDS_AT = {
    "another word": ("during", "'before' or 'after'.*'during'"),
    "nothing": (None, "'before' or 'after'"),
    "list": (["before"], "'before' or 'after'"),
}
GAUSSIAN_POINTS = {key: VECTORS[key] for key in ("NaN", "matrix", "scalar", "words", "nothing")} | {
    "too long": ([1.0, 2.0, 3.0], "2 entries"),
    "deviation of zero": ([1.0, 0.0], "sigma must be greater than 0.*log sigma"),
    "negative deviation": ([1.0, -2.0], "sigma must be greater than 0.*log sigma"),
}
STEPS = {
    "NaN": ([[NAN], [0.0]], "finite.*nan.*policy"),
    "infinite": ([[INF], [0.0]], "finite.*inf"),
    "one-dimensional": ([0.0, 0.0], r"\(2, 1\).*\(2,\)"),
    "too many": (np.zeros((3, 1)), r"\(2, 1\).*\(3, 1\)"),
    "words": ([["a"], ["b"]], "real numbers"),
    "complex": (np.ones((2, 1)) * 1j, "real numbers"),
    "truth values": (np.ones((2, 1), dtype=bool), "real numbers.*bool"),
    "ragged": ([[0.0], [0.0, 1.0]], "real numbers"),
    "nothing": (None, "real numbers"),
}
SEEDS = {
    "negative": (-1, "seed must be a whole number"),
    "not whole": (0.5, "seed must be a whole number"),
    "word": ("0", "seed must be a whole number"),
    "a generator": (np.random.default_rng(0), "seed must be a whole number"),
}
OPTIONS = {"list": ([1], "dictionary"), "word": ("x_init", "dictionary")}
GENERATORS = {
    "a seed": (0, r"numpy.random.Generator.*default_rng"),
    "nothing": (None, "numpy.random.Generator"),
    "the old kind": (np.random.RandomState(0), "numpy.random.Generator"),
}
POLICY_TABLES = {
    "one row": ([0.5, 0.5], r"shape \(2, 2\).*\(2,\)"),
    "too many actions": (np.full((2, 3), 1 / 3), r"shape \(2, 2\).*\(2, 3\)"),
    "negative": ([[1.5, -0.5], [0.5, 0.5]], "at least 0.*-0.5"),
    "NaN": ([[NAN, 0.5], [0.5, 0.5]], "finite"),
    "not normalised": ([[0.5, 0.6], [0.5, 0.5]], "add up to 1.*0.1: normalise"),
    "logits": ([[0.0, 0.0], [0.0, 0.0]], "add up to 1"),
    "words": ([["a", "b"], ["c", "d"]], "real numbers"),
    "nothing": (None, "real numbers|shape"),
}
DISCOUNTS = {
    "one": (1.0, "below 1.*no end"),
    "negative": (-0.1, "at least 0"),
    "NaN": (NAN, "finite"),
    "word": ("half", "real numbers"),
    "nothing": (None, "real numbers|finite"),
}
HALF = [[0.5, 0.5], [0.5, 0.5]]

SUBJECTS |= {
    f"environments.line_walk_{name}": Subject(
        getattr(environments, f"line_walk_{name}"),
        {"theta": [10.0, 14.0], "horizon": 10, "reward_at": "before"},
        {"theta": GAUSSIAN_POINTS, "horizon": whole_numbers(1), "reward_at": REWARDS_AT},
    )
    for name in ("objective", "gradient", "return_variance")
}
SUBJECTS |= {
    "environments.line_walk_coefficients": Subject(
        environments.line_walk_coefficients,
        {"horizon": 10, "reward_at": "after"},
        {"horizon": whole_numbers(1), "reward_at": REWARDS_AT},
    ),
    "environments.make": Subject(
        environments.make,
        {"name": "CartPole-v1", "num_envs": 2},
        {
            "name": {
                "unknown": ("CartPool-v1", "cannot make.*CartPool"),
                "unknown version": ("CartPole-v99", "cannot make.*v99"),
                "without a version": ("Nothing", "cannot make"),
                "not an id": ("a b", "cannot make"),
                "unknown module": ("no_such_module:Walk-v0", "cannot make.*no_such_module"),
                "number": (1, "id of a Gymnasium environment"),
                "nothing": (None, "id of a Gymnasium environment"),
            },
            "num_envs": whole_numbers(1),
            "colour": {"unknown option": ("red", "cannot make.*colour")},
        },
    ),
    "environments.LineWalk": Subject(
        environments.LineWalk,
        {"num_envs": 2, "horizon": 3, "reward_at": "after"},
        {"num_envs": whole_numbers(1), "horizon": whole_numbers(1), "reward_at": REWARDS_AT},
    ),
    "environments.LineWalk.reset": Subject(
        LINE_WALK.reset, {"seed": 0, "options": {}}, {"seed": SEEDS, "options": OPTIONS}
    ),
    "environments.LineWalk.step": Subject(LINE_WALK.step, {"actions": np.zeros((2, 1))}, {"actions": STEPS}),
    "environments.Pendulum": Subject(
        environments.Pendulum,
        {"num_envs": 2, "max_episode_steps": 3},
        {"num_envs": whole_numbers(1), "max_episode_steps": whole_numbers(1)},
    ),
    "environments.Pendulum.reset": Subject(
        PENDULUM.reset,
        {"seed": 0, "options": {"x_init": 0.1}},
        {
            "seed": SEEDS,
            "options": OPTIONS
            | {
                "negative bound": ({"x_init": -1.0}, "x_init must be at least 0"),
                "NaN": ({"y_init": NAN}, "y_init must be finite"),
                "nothing": ({"y_init": None}, "y_init must be"),
                "word": ({"x_init": "pi"}, "x_init must be made of real numbers"),
            },
        },
    ),
    "environments.Pendulum.step": Subject(PENDULUM.step, {"actions": np.zeros((2, 1))}, {"actions": STEPS}),
    "environments.MarkovDecisionProcess": Subject(
        environments.MarkovDecisionProcess,
        {"transitions": np.full((2, 2, 2), 0.5), "rewards": HALF, "start": [0.5, 0.5]},
        {
            "transitions": {
                "two axes": (np.full((2, 2), 0.5), r"\(2, 2, 2\).*\(2, 2\)"),
                "too many actions": (np.full((2, 3, 2), 0.5), r"\(2, 2, 2\).*\(2, 3, 2\)"),
                "not normalised": (np.ones((2, 2, 2)), "add up to 1"),
                "normalised over the first axis": (np.eye(2)[None] * np.ones((2, 1, 1)) * [2, 0], "add up"),
                "negative": (np.full((2, 2, 2), [-1.0, 2.0]), "at least 0"),
                "NaN": (np.full((2, 2, 2), NAN), "finite"),
                "words": ("matrix", "real numbers"),
            },
            "rewards": {
                "one axis": ([1.0, 2.0], r"\(S, A\).*\(2,\)"),
                "three axes": (np.ones((2, 2, 2)), r"\(S, A\)"),
                "empty": (np.ones((0, 2)), r"\(S, A\)"),
                "NaN": ([[NAN, 0.0], [0.0, 0.0]], "finite.*nan"),
                "infinite": ([[INF, 0.0], [0.0, 0.0]], "finite.*inf"),
                "words": ([["a", "b"], ["c", "d"]], "real numbers"),
                "one more state": (np.ones((3, 2)), r"transitions must have shape \(3, 2, 3\)"),
            },
            "start": {
                "one state": ([1.0], r"start must have shape \(2,\)"),
                "the number of a state": (0, r"start must have shape \(2,\)"),
                "not normalised": ([1.0, 1.0], "add up to 1"),
                "negative": ([2.0, -1.0], "at least 0"),
                "NaN": ([NAN, 1.0], "finite"),
                "words": (["a", "b"], "real numbers"),
            },
        },
    ),
    "environments.MarkovDecisionProcess.random": Subject(
        environments.MarkovDecisionProcess.random,
        {"states": 2, "actions": 2, "rng": np.random.default_rng(0)},
        {"states": whole_numbers(1), "actions": whole_numbers(1), "rng": GENERATORS},
    ),
    "environments.MarkovDecisionProcess.trajectories": Subject(
        PROCESS.trajectories,
        {"policy_table": HALF, "horizon": 2},
        {
            "policy_table": POLICY_TABLES,
            "horizon": whole_numbers(1) | {"too long": (30, "2.31e.18 trajectories.*shorten")},
        },
    ),
}
SUBJECTS |= {
    f"environments.MarkovDecisionProcess.{name}": Subject(
        getattr(PROCESS, name),
        {"policy_table": HALF, "discount": 0.9},
        {"policy_table": POLICY_TABLES, "discount": DISCOUNTS},
    )
    for name in ("values", "action_values", "advantages", "visitation", "objective")
}

# --- policies ----------------------------------------------------------------------------------------------

policies = ngbook.policies
SPOT = np.array([[0.5, -1.0], [0.0, 1.0], [2.0, 0.0]])
CHOICES, PLACES = policies.SoftmaxPolicy(2, 2, (3,)), policies.GaussianPolicy(2, 1, chart="std")
CHOSEN, PLACED = CHOICES.at(np.ones(17), SPOT), PLACES.at(np.ones(4), SPOT)
EXEMPT |= {
    f"policies.{name}": "a distribution: made by the method at of a policy, and its own methods are tried"
    for name in ("SoftmaxActions", "GaussianActions")
}


class Spaces:
    """An environment as far as a policy looks at it."""

    def __init__(self, observations, actions):
        self.observation_space, self.action_space = observations, actions


WHERE, WHAT = Box(-1, 1, (2,)), Discrete(2)


WIDTHS = {
    "zero": ((0,), "width.*at least 1"),
    "not whole": ((2.5,), "width.*whole number"),
    "word": ("wide", "tuple of widths"),
    "number": (64, "tuple of widths.*64"),
    "nothing": (None, "tuple of widths"),
}
SCALES = {
    "too short": ([1.0], "observation_scale must have 2 entries"),
    "number": (1.0, "observation_scale"),
    "NaN": ([NAN, 1.0], "observation_scale must be finite"),
    "words": (["a", "b"], "real numbers"),
}
DTYPES = {
    "whole numbers": (int, "float32"),
    "half precision": (np.float16, "float32"),
    "word": ("double", "float32"),
    "nothing": (None, "float32"),
}
CHARTS = {"another": ("variance", "chart must be one of"), "nothing": (None, "chart must be one of")}
SHAPES = {"hidden": WIDTHS, "observation_scale": SCALES, "dtype": DTYPES}
LAST_LAYERS = NOT_NEGATIVE | {"nothing": (None, "last_layer")}


def parameters(size):
    kept = ("matrix", "scalar", "words", "complex", "ragged", "nothing")
    return {key: VECTORS[key] for key in kept} | {
        "NaN": ([NAN] + [1.0] * (size - 1), "must be finite.*nan"),
        "infinite": ([INF, -INF] + [1.0] * (size - 2), "must be finite.*inf"),
        "too short": ([1.0] * (size - 1), f"must have {size} entries, but has {size - 1}"),
    }


OBSERVATIONS = {
    "one observation": (SPOT[0], r"shape \(n, 2\).*observation\[None\]"),
    "none": (np.ones((0, 2)), r"n at least 1"),
    "too wide": (np.ones((3, 4)), r"\(n, 2\), but have \(3, 4\)"),
    "pictures": (np.ones((3, 2, 2)), r"\(n, 2\)"),
    "NaN": ([[0.0, 1.0], [NAN, 0.0]], "1 of 2 rows.*row 1"),
    "infinite": ([[0.0, -INF], [1.0, 0.0]], "1 of 2 rows.*row 0"),
    "words": ([["a", "b"]], "real numbers"),
    "complex": (1j * SPOT, "real numbers"),
    "nothing": (None, "real numbers|shape"),
}
NUMBERED = {
    "real numbers": ([0.0, 1.0, 0.0], "3 integers.*float64"),
    "too few": ([0, 1], r"3 integers.*\(2,\)"),
    "in a column": ([[0], [1], [0]], r"3 integers.*\(3, 1\)"),
    "too large": ([0, 1, 2], "from 0 to 1, but range from 0 to 2"),
    "negative": ([0, 1, -1], "from 0 to 1, but range from -1"),
    "words": (["left", "right", "left"], "3 integers"),
    "nothing": (None, "3 integers"),
    "ragged": ([[0], [0, 1], [1]], "inhomogeneous shape"),
}
DRAWN = {
    "in a row": ([0.0, 1.0, 2.0], r"\(3, 1\).*\(3,\)"),
    "too few": ([[0.0], [1.0]], r"\(3, 1\).*\(2, 1\)"),
    "NaN": ([[0.0], [NAN], [1.0]], "finite.*1 entries"),
    "infinite": ([[0.0], [INF], [1.0]], "finite.*1 entries"),
    "words": ([["a"], ["b"], ["c"]], "real numbers"),
    "nothing": (None, "real numbers|finite"),
}
WEIGHTS = {
    "too few": ([1.0, 2.0], r"3 finite numbers.*\(2,\)"),
    "a number": (1.0, "3 finite numbers"),
    "NaN": ([1.0, NAN, 0.0], "3 finite numbers.*1 entries"),
    "infinite": ([1.0, INF, 0.0], "3 finite numbers.*1 entries"),
    "words": (["a", "b", "c"], "real numbers"),
    "nothing": (None, "real numbers|3 finite numbers"),
}


def elsewhere(here, fewer, other_kind):
    return {
        "fewer observations": (fewer, "at the same 3 observations"),
        "another kind": (other_kind, f"must be {type(here).__name__}"),
        "parameters": (np.ones(17), f"must be {type(here).__name__}.*policy.at"),
        "nothing": (None, f"must be {type(here).__name__}"),
    }


SUBJECTS |= {
    "policies.SoftmaxPolicy": Subject(
        policies.SoftmaxPolicy,
        {"inputs": 2, "actions": 2, "hidden": (3,), "observation_scale": [1.0, 2.0], "dtype": np.float32},
        {
            "inputs": whole_numbers(0),
            "actions": whole_numbers(2),
            **SHAPES,
        },
    ),
    "policies.GaussianPolicy": Subject(
        policies.GaussianPolicy,
        {"inputs": 2, "actions": 1, "hidden": (3,), "observation_scale": [1.0, 2.0], "chart": "std"},
        {"inputs": whole_numbers(0), "actions": whole_numbers(1), "chart": CHARTS, **SHAPES},
    ),
    "policies.SoftmaxPolicy.initial": Subject(
        CHOICES.initial,
        {"rng": np.random.default_rng(0), "last_layer": 0.0},
        {"rng": GENERATORS, "last_layer": LAST_LAYERS},
    ),
    "policies.GaussianPolicy.initial": Subject(
        PLACES.initial,
        {"rng": np.random.default_rng(0), "log_std": -1.0, "last_layer": 0.0},
        {
            "rng": GENERATORS,
            "log_std": {key: NOT_NEGATIVE[key] for key in ("NaN", "infinite", "two numbers", "word")}
            | {"too large": (1000.0, "between -80 and 80")},
            "last_layer": LAST_LAYERS,
        },
    ),
    "policies.SoftmaxPolicy.at": Subject(
        CHOICES.at,
        {"theta": np.ones(17), "observations": SPOT},
        {"theta": parameters(17), "observations": OBSERVATIONS},
    ),
    "policies.GaussianPolicy.at": Subject(
        PLACES.at,
        {"theta": np.ones(4), "observations": SPOT},
        {
            "theta": parameters(4)
            | {
                "deviation of zero": ([1.0, 1.0, 1.0, 0.0], "outside the parameter space.*above 0.*log_std"),
                "negative deviation": ([1.0, 1.0, 1.0, -0.1], "outside the parameter space.*shorter step"),
            },
            "observations": OBSERVATIONS,
        },
    ),
    "policies.for_environment": Subject(
        policies.for_environment,
        {"environment": Spaces(WHERE, Box(-1, 1, (1,))), "chart": "std"},
        {
            "environment": {
                "a name": ("CartPole-v1", "Gymnasium environment.*CartPole.*environments.make"),
                "nothing": (None, "Gymnasium environment"),
                "numbered observations": (Spaces(Discrete(16), WHAT), r"vectors.*Discrete\(16\)"),
                "pictures": (Spaces(Box(0, 1, (8, 8)), WHAT), r"vectors.*FlattenObservation"),
                "several choices": (Spaces(WHERE, MultiDiscrete([2, 2])), r"Discrete\(k\).*MultiDiscrete"),
                "choices from one": (Spaces(WHERE, Discrete(2, start=1)), r"from 0.*start=1"),
                "actions that are matrices": (Spaces(WHERE, Box(0, 1, (2, 2))), r"Box\(..., \(k,\)\)"),
                "whole numbers": (Spaces(WHERE, Box(0, 9, (2,), dtype=int)), "real numbers.*int64"),
                "a single choice": (
                    Spaces(WHERE, Discrete(1)),
                    r"k at least 2.*action space is Discrete\(1\): wrap",
                ),
            },
            "chart": CHARTS,
            **SHAPES,
        },
    ),
}
for kind, here, fewer, other, actions in (
    ("Softmax", CHOSEN, CHOICES.at(np.ones(17), SPOT[:2]), PLACED, NUMBERED),
    ("Gaussian", PLACED, PLACES.at(np.ones(4), SPOT[:2]), CHOSEN, DRAWN),
):
    size, taken = here.fisher().shape[0], here.mode()
    strange = elsewhere(here, fewer, other)
    SUBJECTS |= {
        f"policies.{kind}Actions.{method}": Subject(getattr(here, method), good, bad)
        for method, good, bad in (
            ("sample", {"rng": np.random.default_rng(0)}, {"rng": GENERATORS}),
            ("mode", {}, {}),
            ("entropy", {}, {}),
            ("fisher", {}, {}),
            ("log_prob", {"actions": taken}, {"actions": actions}),
            ("kl", {"new": here}, {"new": strange}),
            ("kl_gradient", {"old": here}, {"old": strange}),
            ("scores", {"actions": taken}, {"actions": actions}),
            ("gradient", {"actions": taken, "weights": [1, 2, 3]}, {"actions": actions, "weights": WEIGHTS}),
            ("fisher_product", {"v": np.ones(size)}, {"v": parameters(size)}),
        )
    }

# --- policy gradients --------------------------------------------------------------------------------------

policy_gradient = ngbook.policy_gradient
WALK = environments.LineWalk(2, horizon=3)
WALKER, WALKS_FROM = policies.GaussianPolicy(0, 1, chart="std"), [0.0, 1.0]
WALKED = policy_gradient.Rollouts(WALK, WALKER, np.random.default_rng(0)).collect(WALKS_FROM, 3)
CUT = policy_gradient.Rollouts(WALK, WALKER, np.random.default_rng(0)).collect(WALKS_FROM, 2)
ONES = np.ones((3, 2))
EXEMPT |= {
    "policy_gradient.Batch": "what happened: made by Rollouts.collect, and its method flat is tried",
    "policy_gradient.History": RESULT,
    "policy_gradient.Record": RESULT,
    "policy_gradient.Step": RESULT,
    "policy_gradient.Training": RESULT,
}


class Acting(environments.LineWalk):
    """A line walk that says that it has other actions."""

    def __init__(self, actions):
        super().__init__(2)
        self.single_action_space = actions


ENVIRONMENTS = {
    "a name": ("CartPole-v1", "VectorEnv.*CartPole.*environments.make"),
    "a single environment": (gymnasium.make("CartPole-v1"), "VectorEnv"),
    "nothing": (None, "VectorEnv"),
    "other actions": (environments.make("CartPole-v1", 2), r"GaussianPolicy cannot act in Discrete\(2\)"),
    "whole numbers": (
        Acting(Box(0, 9, (1,), dtype=int)),
        r"GaussianPolicy cannot act in Box.*int64.*of real numbers",
    ),
    "matrices": (Acting(Box(0, 1, (1, 1))), r"GaussianPolicy cannot act in Box.*\(k,\)"),
}
STRANGE_POLICIES = {
    "nothing": (None, "policy must be a SoftmaxPolicy"),
    "two inputs": (policies.SoftmaxPolicy(2, 2), "2 inputs.*observations have 1"),
    "two actions": (policies.GaussianPolicy(1, 2), "2 actions.*action space is Box"),
    "choices": (policies.SoftmaxPolicy(1, 2), "SoftmaxPolicy cannot act in Box"),
}
NO_BATCH = {
    "nothing": (None, "batch must be a Batch, but is a NoneType"),
    "rewards": (ONES, "batch must be a Batch.*collect"),
    "nothing decided": (dataclasses.replace(WALKED, valid=ONES < 0), "no valid step among its 6"),
}
PER_STEP = {
    "in a row": (np.ones(6), r"one number a step, shape \(3, 2\).*\(6,\)"),
    "a number": (1.0, "one number a step"),
    "NaN": (ONES * [1.0, NAN], "finite.*step 0 of environment 1"),
    "infinite": (ONES * [INF, 1.0], "finite.*step 0 of environment 0"),
    "words": ([["a", "b"]] * 3, "real numbers"),
    "nothing": (None, "real numbers|one number a step"),
}
SHARES = {key: POSITIVE[key] for key in ("NaN", "infinite", "two numbers", "word")} | {
    "negative": (-0.1, "at least 0 and at most 1"),
    "too large": (1.01, "at least 0 and at most 1"),
}
ON_A_BATCH = {"policy": WALKER, "theta": WALKS_FROM, "batch": WALKED, "advantages": ONES - np.eye(3)[:, :2]}
BAD_ON_A_BATCH = {
    "policy": {"nothing": (None, "policy must be a SoftmaxPolicy")},
    "theta": VECTORS
    | {"outside its space": ([0.0, -1.0], "above 0"), "too long": ([0.0, 1.0, 2.0], "2 entries")},
    "batch": NO_BATCH,
    "advantages": PER_STEP,
}
TRAINING = {
    "environment": WALK,
    "policy": WALKER,
    "update": functools.partial(policy_gradient.trpo, radius=0.1),
}
TRAINING |= {"iterations": 1, "steps": 3, "rng": np.random.default_rng(0), "theta": WALKS_FROM}

SUBJECTS |= {
    "policy_gradient.Batch.flat": Subject(
        WALKED.flat, {"values": ONES}, {"values": {"in a row": (np.ones(6), "one entry a step")}}
    ),
    "policy_gradient.Rollouts": Subject(
        policy_gradient.Rollouts,
        {"environment": WALK, "policy": WALKER, "rng": np.random.default_rng(0)},
        {"environment": ENVIRONMENTS, "policy": STRANGE_POLICIES, "rng": GENERATORS},
    ),
    "policy_gradient.Rollouts.collect": Subject(
        policy_gradient.Rollouts(WALK, WALKER, np.random.default_rng(0)).collect,
        {"theta": WALKS_FROM, "steps": 1},
        {"theta": BAD_ON_A_BATCH["theta"], "steps": whole_numbers(1)},
    ),
    "policy_gradient.evaluate": Subject(
        policy_gradient.evaluate,
        {
            "environment": environments.LineWalk(2, 3),
            "policy": WALKER,
            "theta": WALKS_FROM,
            "episodes": 3,
            "rng": np.random.default_rng(0),
        },
        {
            "environment": ENVIRONMENTS,
            "policy": STRANGE_POLICIES,
            "theta": BAD_ON_A_BATCH["theta"],
            "episodes": whole_numbers(1),
            "rng": GENERATORS,
        },
    ),
    "policy_gradient.total_return": Subject(
        policy_gradient.total_return,
        {"batch": WALKED},
        {"batch": NO_BATCH | {"half an episode": (CUT, "goes on after the batch")}},
    ),
    "policy_gradient.reward_to_go": Subject(
        policy_gradient.reward_to_go,
        {"batch": WALKED, "discount": 0.9, "next_values": ONES},
        {
            "batch": NO_BATCH | {"another shape": (CUT, r"shape \(2, 2\)")},
            "discount": SHARES,
            "next_values": {key: PER_STEP[key] for key in PER_STEP if key != "nothing"},
        },
    ),
    "policy_gradient.generalised_advantage": Subject(
        policy_gradient.generalised_advantage,
        {"batch": WALKED, "values": ONES, "next_values": ONES, "discount": 0.9, "trace": 0.5},
        {
            "batch": NO_BATCH,
            "values": PER_STEP,
            "next_values": PER_STEP,
            "discount": SHARES,
            "trace": SHARES,
        },
    ),
    "policy_gradient.standardised": Subject(
        policy_gradient.standardised,
        {"batch": WALKED, "advantages": ONES},
        {"batch": NO_BATCH, "advantages": PER_STEP},
    ),
    "policy_gradient.TimeBaseline": Subject(policy_gradient.TimeBaseline, {}, {}),
    "policy_gradient.FourierBaseline": Subject(
        policy_gradient.FourierBaseline,
        {"inputs": 2, "rng": np.random.default_rng(0), "features": 3},
        {
            "inputs": whole_numbers(1),
            "rng": GENERATORS,
            "features": whole_numbers(1),
            "observation_scale": SCALES,
            "bandwidth": POSITIVE,
            "regularisation": POSITIVE,
            "dtype": DTYPES,
        },
    ),
    "policy_gradient.policy_gradient": Subject(
        policy_gradient.policy_gradient,
        ON_A_BATCH | {"step_size": 0.1},
        BAD_ON_A_BATCH | {"step_size": POSITIVE},
    ),
    "policy_gradient.natural_policy_gradient": Subject(
        policy_gradient.natural_policy_gradient,
        ON_A_BATCH | {"step_size": 0.1},
        BAD_ON_A_BATCH
        | {
            "step_size": POSITIVE | {"nothing": (None, "either step_size or radius")},
            "radius": {"as well": (0.1, "either step_size or radius.*radius is 0.1")},
            "damping": NOT_NEGATIVE,
        },
    ),
    "policy_gradient.trpo": Subject(
        policy_gradient.trpo,
        ON_A_BATCH,
        BAD_ON_A_BATCH
        | {
            "radius": POSITIVE,
            "damping": NOT_NEGATIVE,
            "iterations": whole_numbers(1),
            "shrink": FRACTIONS,
            "max_backtracks": whole_numbers(0),
        },
    ),
    "policy_gradient.ppo": Subject(
        policy_gradient.ppo,
        ON_A_BATCH | {"rng": np.random.default_rng(0)},
        BAD_ON_A_BATCH
        | {
            "rng": GENERATORS,
            "clip": FRACTIONS,
            "epochs": whole_numbers(1),
            "minibatches": whole_numbers(1) | {"too many": (7, "7, but the batch has only 6")},
            "step_size": POSITIVE,
            "penalty": POSITIVE,
            "optimiser": {
                "another": ("newton", "must be one of 'adam'"),
                "nothing": (None, "must be one of 'adam'"),
            },
        },
    ),
    "policy_gradient.clipped_surrogate": Subject(
        policy_gradient.clipped_surrogate,
        {"ratio": [0.5, 2.0], "advantages": [1.0, -1.0], "clip": 0.1},
        {
            "ratio": VECTORS | {"negative": ([-1.0, 1.0], "at least 0.*two probabilities")},
            "advantages": VECTORS | UNEQUAL,
            "clip": FRACTIONS,
        },
    ),
    "policy_gradient.AdaptivePenalty": Subject(
        policy_gradient.AdaptivePenalty,
        {"target": 0.1, "value": 1.0},
        {"target": POSITIVE, "value": POSITIVE},
    ),
    "policy_gradient.AdaptivePenalty.adapt": Subject(
        policy_gradient.AdaptivePenalty().adapt, {"kl": 0.0}, {"kl": NOT_NEGATIVE}
    ),
    "policy_gradient.train": Subject(
        policy_gradient.train,
        TRAINING,
        {
            "environment": ENVIRONMENTS,
            "policy": STRANGE_POLICIES,
            "update": {
                "a name": ("trpo", "update must be a function"),
                "no rule": (constant(np.ones(2)), "must return a Step, but returned a ndarray"),
                "with a radius of zero": (
                    functools.partial(policy_gradient.trpo, radius=0.0),
                    "radius must be greater than 0",
                ),
            },
            "iterations": whole_numbers(1),
            "steps": whole_numbers(1),
            "rng": GENERATORS,
            "theta": {key: bad for key, bad in BAD_ON_A_BATCH["theta"].items() if key != "nothing"},
            "discount": SHARES,
            "trace": SHARES,
            "baseline": {
                "a number": (0.0, "methods fit, values and next_values.*TimeBaseline"),
                "a class": (policy_gradient.TimeBaseline, "methods fit, values and next_values"),
                "for others": (
                    policy_gradient.FourierBaseline(2, np.random.default_rng(0)),
                    "with 1 entries.*made for 2",
                ),
            },
            "advantage": {
                "another": ("gae", "one of 'generalised', 'reward_to_go', 'total_return', but is 'gae'"),
                "nothing": (None, "one of 'generalised'"),
            },
            "standardise": FLAG,
            "until": {"a number": (475, r"until must be a function, called as until\(record\)")},
            "progress": {
                "another word": ("loud", "progress must be a function"),
                "a number": (1, "progress must be a function"),
            },
        },
    ),
}
for kind, baseline in (
    ("Time", policy_gradient.TimeBaseline()),
    ("Fourier", policy_gradient.FourierBaseline(1, np.random.default_rng(0))),
):
    SUBJECTS |= {
        f"policy_gradient.{kind}Baseline.fit": Subject(
            baseline.fit, {"batch": WALKED, "targets": ONES}, {"batch": NO_BATCH, "targets": PER_STEP}
        ),
        f"policy_gradient.{kind}Baseline.values": Subject(
            baseline.values, {"batch": WALKED}, {"batch": NO_BATCH}
        ),
        f"policy_gradient.{kind}Baseline.next_values": Subject(
            baseline.next_values, {"batch": WALKED}, {"batch": NO_BATCH}
        ),
    }

CASES = [
    pytest.param(subject, argument, bad, message, id=f"{name}({argument}={label})")
    for name, subject in SUBJECTS.items()
    for argument, values in subject.bad.items()
    for label, (bad, message) in values.items()
]


def public():
    """Every public function, class and method, by its name: ``{"symbolic.MomentRule.subs": ...}``."""
    found = {}
    for module in (name for name in ngbook.__all__ if name != "OutsideDomain"):
        for name in getattr(ngbook, module).__all__:
            found[f"{module}.{name}"] = thing = getattr(getattr(ngbook, module), name)
            if inspect.isclass(thing):
                for method, function in inspect.getmembers(thing, inspect.isroutine):
                    if not method.startswith("_") and hasattr(function, "__code__"):  # written in Python
                        found[f"{module}.{name}.{method}"] = getattr(function, "__func__", function)
    return found


def refused_elsewhere():
    """Of each function (by its identity), the arguments that another test module's ``REFUSED`` tries."""
    tried = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if "\nREFUSED = [" in path.read_text(encoding="utf-8"):
            for fact in importlib.import_module(path.stem).REFUSED:
                function = getattr(fact.example.function, "__func__", fact.example.function)
                tried.setdefault(id(function), set()).add(fact.argument)
    return tried


ELSEWHERE = refused_elsewhere()


@pytest.mark.parametrize("name", public())
def test_everything_public_is_tried(name):
    if name in EXEMPT:
        assert name not in SUBJECTS
        return
    if id(public()[name]) in ELSEWHERE:
        arguments = inspect.signature(public()[name]).parameters.values()
        named = {a.name for a in arguments if a.kind is not a.VAR_KEYWORD} - {"self", "cls"}
        untried = named - ELSEWHERE[id(public()[name])]
        assert not untried, f"{name} has arguments without bad values: {untried}"
        return
    assert name in SUBJECTS, f"{name} is public: add a Subject for it to {__name__}.SUBJECTS"
    function, bad = SUBJECTS[name].function, SUBJECTS[name].bad
    assert getattr(function, "__func__", function) is public()[name], "another function is tried"
    arguments = inspect.signature(function).parameters.values()
    named = {argument.name for argument in arguments if argument.kind is not argument.VAR_KEYWORD}
    assert named <= set(bad), f"{name} has arguments without bad values: {named - set(bad)}"
    assert len(named) < len(arguments) or named == set(bad), f"{name}: no arguments {set(bad) - named}"


def test_what_is_exempt_exists_and_says_why():
    assert set(EXEMPT) | set(SUBJECTS) == {n for n, thing in public().items() if id(thing) not in ELSEWHERE}
    assert all(len(reason.split()) > 3 for reason in EXEMPT.values())


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_good_call_works(name):
    SUBJECTS[name].function(**SUBJECTS[name].good)


@pytest.mark.parametrize(("subject", "argument", "bad", "message"), CASES)
def test_bad_input_is_refused(subject, argument, bad, message):
    with pytest.raises(ValueError, match=f"(?s){message}") as refusal:
        subject.function(**(subject.good | {argument: bad}))
    assert len(str(refusal.value)) > 25, "a message says what was wrong and what to do"
