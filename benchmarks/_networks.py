"""One side of the curvature races of networks.py: ``python _networks.py <side> <problem>`` prints JSON.

Each side is a function of (problem, v, g) that returns three pairs: a function without arguments, which is
timed, and one that brings its result to ngbook's layout, which is not. The functions are the Kronecker
factors, with the evaluation of the network; a damped solve with factors that are there; and a product with
the Gauss–Newton matrix, where the side has kept what it can keep.
"""

import json
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from _timing import measure

sys.path.append(str(Path(__file__).resolve().parents[1]))  # all sides draw data and starts with ngbook

DAMPING = 0.01
QUANTITIES = ("Kronecker factors", "damped solve", "Gauss–Newton product")
SECONDS = 0.3  # of measuring each


def problem(name, seed=0):
    """A network, its likelihood and data, which are always the same, and parameters to start from."""
    from ngbook import data, networks

    if name == "spirals":
        network, likelihood = networks.Network(2, 3, (16, 16)), networks.Categorical()
        inputs, targets = data.spirals(100, 3, np.random.default_rng(0))
    else:
        network, likelihood = networks.Network(64, 64, (20, 6, 20)), networks.Bernoulli()
        inputs = targets = data.curves(300, 8, np.random.default_rng(0))
    theta = network.initial(np.random.default_rng(seed))
    return SimpleNamespace(
        network=network, likelihood=likelihood, inputs=inputs, targets=targets, theta=theta, name=name
    )


def joined(pairs):
    """All factors in one vector."""
    return np.concatenate([np.ravel(np.asarray(matrix)) for pair in pairs for matrix in pair])


def ngbook(task, v, g):
    """The functions of the package."""
    from ngbook import networks

    def factors():
        return networks.kronecker_factors(task.network.at(task.theta, task.inputs), task.likelihood)

    kept = factors()
    matrix = networks.gauss_newton(task.network.at(task.theta, task.inputs), task.likelihood)
    return [
        (factors, joined),
        (lambda: networks.KroneckerMetric(kept, DAMPING, "trace").solve(g), np.asarray),
        (lambda: matrix @ v, np.asarray),
    ]


class Jax:
    """A network in JAX: parameters as matrices, with the bias in the last row."""

    def __init__(self, task, double=True):
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", double)
        self.jax, self.jnp, self.task = jax, jnp, task
        self.inputs, self.targets = jnp.asarray(task.inputs, float), jnp.asarray(task.targets)

    def enter(self, vector):
        """One matrix for each layer."""
        return [self.jnp.asarray(matrix) for matrix in self.task.network.split(vector)]

    def leave(self, matrices):
        return joined([matrices])

    def outputs(self, matrices, inputs, shifts=None):
        """The outputs and what the layers read; the shifts are added to the layers' sums."""
        reads, z = [], inputs
        for i, matrix in enumerate(matrices):
            reads.append(self.jnp.hstack([self.jnp.tanh(z) if i else z, self.jnp.ones((len(inputs), 1))]))
            z = reads[-1] @ matrix + (0 if shifts is None else shifts[i])
        return z, reads

    def loss(self, matrices, inputs, targets):
        z, _ = self.outputs(matrices, inputs)
        if self.task.name == "spirals":
            return -self.jnp.take_along_axis(self.jax.nn.log_softmax(z), targets[:, None], axis=1).mean()
        return (self.jnp.logaddexp(0, z) - targets * z).sum(axis=1).mean()


def jax(task, v, g):
    """Compiled: answers by ``vjp`` in the layers' sums, solves by Cholesky, and products by ``linearize``."""
    side = Jax(task)
    jax, jnp, count = side.jax, side.jnp, len(task.inputs)

    @jax.jit
    def factors(matrices):
        shifts = [jnp.zeros((count, matrix.shape[1])) for matrix in matrices]
        z, back, reads = jax.vjp(lambda s: side.outputs(matrices, side.inputs, s), shifts, has_aux=True)
        if task.name == "spirals":
            p = jax.nn.softmax(z)
            scores = jnp.sqrt(p.T)[:, :, None] * (jnp.eye(z.shape[1])[:, None] - p)
        else:
            slope = jnp.sqrt(jax.nn.sigmoid(z) * jax.nn.sigmoid(-z))
            scores = jnp.eye(z.shape[1])[:, None] * slope

        def add(total, score):
            return [B + b.T @ b / count for B, b in zip(total, back(score)[0], strict=True)], None

        zeros = [jnp.zeros((matrix.shape[1],) * 2) for matrix in matrices]
        B, _ = jax.lax.scan(add, zeros, scores)
        return [(a.T @ a / count, b) for a, b in zip(reads, B, strict=True)]

    @jax.jit
    def solve(pairs, matrices):
        solved = []
        for (R, B), matrix in zip(pairs, matrices, strict=True):
            pi = jnp.sqrt(jnp.trace(R) / len(R) / (jnp.trace(B) / len(B)))
            R = R + pi * DAMPING**0.5 * jnp.eye(len(R))
            B = B + DAMPING**0.5 / pi * jnp.eye(len(B))
            R, B = jax.scipy.linalg.cho_factor(R), jax.scipy.linalg.cho_factor(B)
            half = jax.scipy.linalg.cho_solve(R, matrix)
            solved.append(jax.scipy.linalg.cho_solve(B, half.T).T)
        return solved

    def linearised(matrices):
        return jax.linearize(lambda m: side.outputs(m, side.inputs)[0], matrices)

    @jax.jit
    def product(z, forward, v):
        moved = forward(v)
        if task.name == "spirals":
            p = jax.nn.softmax(z)
            inner = p * (moved - (p * moved).sum(axis=1, keepdims=True))
        else:
            inner = jax.nn.sigmoid(z) * jax.nn.sigmoid(-z) * moved
        return jax.linear_transpose(forward, v)(inner / count)[0]

    theta, v, g = side.enter(task.theta), side.enter(v), side.enter(g)
    kept, (z, forward) = factors(theta), jax.jit(linearised)(theta)
    return [
        (lambda: jax.block_until_ready(factors(theta)), joined),
        (lambda: jax.block_until_ready(solve(kept, g)), side.leave),
        (lambda: jax.block_until_ready(product(z, forward, v)), side.leave),
    ]


class Torch:
    """What the sides in torch share: the module and the layout."""

    def __init__(self, task, dtype="float64"):
        import torch

        torch.set_num_threads(1)
        torch.set_default_dtype(getattr(torch, dtype))
        self.torch, self.task, layers = torch, task, []
        for matrix in task.network.split(task.theta):
            layer = torch.nn.Linear(len(matrix) - 1, matrix.shape[1])
            layer.weight.data[:] = torch.from_numpy(matrix[:-1].T.copy())
            layer.bias.data[:] = torch.from_numpy(matrix[-1].copy())
            layers += [layer, torch.nn.Tanh()]
        self.model = torch.nn.Sequential(*layers[:-1])
        self.parameters = list(self.model.parameters())
        self.inputs = torch.tensor(task.inputs, dtype=torch.get_default_dtype())
        # No target enters a curvature; curvlinops takes zeros and ones only.
        self.labels = torch.zeros(len(task.inputs), dtype=torch.long)
        if task.name == "curves":
            self.labels = torch.zeros_like(self.inputs)

    def enter(self, vector):
        """Into torch's layout: weights with the inputs along the columns, and the biases after them."""
        pieces = [
            m for matrix in self.task.network.split(vector) for m in (matrix[:-1].T.ravel(), matrix[-1])
        ]
        return self.torch.from_numpy(np.concatenate(pieces))

    def leave(self, vector):
        """And back."""
        vector, pieces, start = vector.detach().numpy(), [], 0
        for rows, width in self.task.network.shapes:
            middle, end = start + (rows - 1) * width, start + rows * width
            pieces += [vector[start:middle].reshape(width, rows - 1).T.ravel(), vector[middle:end]]
            start = end
        return np.concatenate(pieces)


def curvlinops(task, v, g):
    """KFACLinearOperator of type 2, its inverse with heuristic damping, and GGNLinearOperator."""
    import curvlinops

    side = Torch(task)
    torch, count = side.torch, len(task.inputs)
    # The mean of BCEWithLogitsLoss is over pixels too.
    loss, scale = (
        (torch.nn.CrossEntropyLoss(), 1.0)
        if task.name == "spirals"
        else (torch.nn.BCEWithLogitsLoss(), float(task.network.outputs))
    )
    arguments = (side.model, loss, side.parameters, [(side.inputs, side.labels)])
    known = {"check_deterministic": False, "num_data": count}

    def factors():
        operator = curvlinops.KFACLinearOperator(
            *arguments,
            fisher_type="type-2",
            separate_weight_and_bias=False,
            num_per_example_loss_terms=1,
            **known,
        )
        operator.compute_kronecker_factors()
        return operator

    def pairs(operator):
        names = operator._mapping
        scaled = [(operator._input_covariances[n], operator._gradient_covariances[n] * scale) for n in names]
        return joined(scaled)

    def solve():
        inverse = curvlinops.KFACInverseLinearOperator(
            kept, damping=DAMPING / scale, use_heuristic_damping=True, min_damping=0.0
        )
        return inverse @ g

    v, g, kept = side.enter(v), side.enter(g), factors()
    matrix = curvlinops.GGNLinearOperator(*arguments, **known)
    return [
        (factors, pairs),
        (solve, lambda x: side.leave(x / scale)),
        (lambda: matrix @ v, lambda x: side.leave(x * scale)),
    ]


def nngeometry(task, v, g):
    """FIM in the representations PMatKFAC and PMatImplicit."""
    from nngeometry.layercollection import LayerCollection
    from nngeometry.metrics import FIM
    from nngeometry.object import PMatImplicit, PMatKFAC, PVector

    side = Torch(task)
    data = side.torch.utils.data.TensorDataset(side.inputs, side.labels)
    loader = side.torch.utils.data.DataLoader(data, batch_size=len(data))
    layers = LayerCollection.from_model(side.model)
    variant = "classif_logits" if task.name == "spirals" else "classif_binary_logits"

    def matrix(representation):
        return FIM(side.model, loader, representation, variant=variant, layer_collection=layers)

    v, g = (PVector(layers, vector_repr=side.enter(vector)) for vector in (v, g))
    kept, implicit = matrix(PMatKFAC), matrix(PMatImplicit)
    # It shares the number of its backward passes, of which a softmax needs one less than classes, between
    # both factors by the root; their product is the same.
    passes = task.network.outputs - (task.name == "spirals")

    def pairs(M):
        return joined((M.data[n][0] / passes**0.5, M.data[n][1] * passes**0.5) for n in layers.layers)

    return [
        (lambda: matrix(PMatKFAC), pairs),
        (lambda: kept.solvePVec(g, regul=DAMPING), lambda x: side.leave(x.to_torch())),
        (lambda: implicit.mv(v), lambda x: side.leave(x.to_torch())),
    ]


def main():
    """Results and times of the side that the command line names."""
    warnings.simplefilter("ignore")
    task = problem(sys.argv[2])
    v, g = np.random.default_rng(1).normal(size=(2, task.network.size))
    report = {}
    for name, (function, leave) in zip(QUANTITIES, globals()[sys.argv[1]](task, v, g), strict=True):
        result = leave(function())
        report[name] = {
            "result": result.tolist(),
            "type": str(result.dtype),
            "seconds": measure(function, SECONDS),
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
