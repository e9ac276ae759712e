"""One side of fisher_products.py: ``python _products.py <side>`` prints JSON.

Each side is a function of (weights, observations, v, g) that returns two functions without arguments: one
product F v, and ten iterations of conjugate gradients on (F + damping I) x = g from scratch. Both return
one flat NumPy array: layer after layer, the weights with the layer's inputs along the rows, then its
biases.
"""

import json
import sys
import warnings

import numpy as np
from _timing import measure

INPUTS, HIDDEN, ACTIONS, SAMPLES = 4, (64, 64), 2, 2048
DAMPING, ITERATIONS = 0.1, 10
SHAPES = [(INPUTS, HIDDEN[0]), HIDDEN, (HIDDEN[1], ACTIONS)]
SECONDS = 0.4  # of measuring each


def problem(dtype):
    """The same weights, observations and vectors for every side."""
    rng = np.random.default_rng(0)
    weights = [(rng.normal(size=s) / np.sqrt(s[0]), 0.1 * rng.normal(size=s[1])) for s in SHAPES]
    size = sum(rows * columns + columns for rows, columns in SHAPES)
    rest = rng.normal(size=(SAMPLES, INPUTS)), rng.normal(size=size), rng.normal(size=size)
    return [(w.astype(dtype), b.astype(dtype)) for w, b in weights], *(array.astype(dtype) for array in rest)


def flat(weights):
    """One vector of all weights."""
    return np.concatenate([np.concatenate([w.ravel(), b]) for w, b in weights])


def ngbook(weights, observations, v, g):
    """Layer by layer in NumPy."""
    from ngbook.policies import SoftmaxPolicy
    from ngbook.solve import conjugate_gradient

    policy = SoftmaxPolicy(INPUTS, ACTIONS, HIDDEN, dtype=v.dtype)
    theta = flat(weights)
    here = policy.at(theta, observations)

    def solve():
        fisher = policy.at(theta, observations).fisher()
        return conjugate_gradient(fisher, g, DAMPING, ITERATIONS, tolerance=0.0).solution

    return lambda: here.fisher_product(v), solve


def jax(weights, observations, v, g):
    """Compiled; the network is linearised once, so that a product is its linear map and its transpose."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def unflat(theta):
        start, layers = 0, []
        for rows, columns in SHAPES:
            middle, end = start + rows * columns, start + rows * columns + columns
            layers.append((theta[start:middle].reshape(rows, columns), theta[middle:end]))
            start = end
        return layers

    def logits(theta):
        z = observations
        layers = unflat(theta)
        for w, b in layers[:-1]:
            z = jnp.tanh(z @ w + b)
        return z @ layers[-1][0] + layers[-1][1]

    def linearised(theta):
        z, forward = jax.linearize(logits, theta)
        return jax.nn.softmax(z), forward

    def product(p, forward, v):
        moved = forward(v)
        inner = p * (moved - (p * moved).sum(axis=1, keepdims=True)) / SAMPLES
        (result,) = jax.linear_transpose(forward, v)(inner)
        return result

    @jax.jit
    def solve(theta, g):
        p, forward = linearised(theta)

        def step(_, state):
            x, r, d, rr = state
            a = product(p, forward, d) + DAMPING * d
            alpha = rr / (d @ a)
            r = r - alpha * a
            new = r @ r
            return x + alpha * d, r, r + (new / rr) * d, new

        return jax.lax.fori_loop(0, ITERATIONS, step, (jnp.zeros_like(g), g, g, g @ g))[0]

    observations, theta, v, g = (jnp.asarray(array) for array in (observations, flat(weights), v, g))
    p, forward = jax.jit(linearised)(theta)
    compiled = jax.jit(product)
    return lambda: np.asarray(compiled(p, forward, v)), lambda: np.asarray(solve(theta, g))


class Torch:
    """What the sides in torch share: the module, the layout, conjugate gradients."""

    def __init__(self, weights, observations, v, g):
        import torch

        torch.set_num_threads(1)
        self.torch = torch
        torch.set_default_dtype(torch.float64 if v.dtype == np.float64 else torch.float32)
        layers = []
        for w, b in weights:
            layer = torch.nn.Linear(*w.shape)
            layer.weight.data[:] = torch.from_numpy(w.T.copy())
            layer.bias.data[:] = torch.from_numpy(b)
            layers += [layer, torch.nn.Tanh()]
        self.model = torch.nn.Sequential(*layers[:-1])
        self.parameters = list(self.model.parameters())
        self.observations = torch.from_numpy(observations)
        self.v, self.g = self.enter(v), self.enter(g)

    def enter(self, vector):
        """Into torch's layout: weights with the inputs along the columns."""
        pieces, start = [], 0
        for rows, columns in SHAPES:
            middle, end = start + rows * columns, start + rows * columns + columns
            pieces += [vector[start:middle].reshape(rows, columns).T.ravel(), vector[middle:end]]
            start = end
        return self.torch.from_numpy(np.concatenate(pieces))

    def leave(self, vector):
        """And back."""
        vector, pieces, start = vector.detach().numpy(), [], 0
        for rows, columns in SHAPES:
            middle, end = start + rows * columns, start + rows * columns + columns
            pieces += [vector[start:middle].reshape(columns, rows).T.ravel(), vector[middle:end]]
            start = end
        return np.concatenate(pieces)

    def split(self, vector):
        """One tensor for each parameter."""
        pieces = vector.split([parameter.numel() for parameter in self.parameters])
        return [piece.view_as(parameter) for piece, parameter in zip(pieces, self.parameters, strict=True)]

    def join(self, tensors):
        """One vector."""
        return self.torch.cat([tensor.reshape(-1) for tensor in tensors])

    def solve(self, product):
        """Conjugate gradients, as in the libraries that have TRPO."""
        x, r, d = self.torch.zeros_like(self.g), self.g.clone(), self.g.clone()
        rr = r @ r
        for _ in range(ITERATIONS):
            a = product(d) + DAMPING * d
            alpha = rr / (d @ a)
            x += alpha * d
            r -= alpha * a
            new = r @ r
            d = r + (new / rr) * d
            rr = new
        return x

    def functions(self, prepare):
        """The two functions, from one that prepares and returns a product."""
        product = prepare()
        return lambda: self.leave(product(self.v)), lambda: self.leave(self.solve(prepare()))


def torch_double_backward(*arguments):
    """The derivative of (gradient of the KL divergence) · v, as in sb3-contrib and tianshou."""
    side = Torch(*arguments)
    torch, distribution = side.torch, side.torch.distributions

    def prepare():
        new = distribution.Categorical(logits=side.model(side.observations))
        old = distribution.Categorical(logits=new.logits.detach())
        kl = distribution.kl_divergence(old, new).mean()
        gradient = side.join(torch.autograd.grad(kl, side.parameters, create_graph=True))
        return lambda v: side.join(torch.autograd.grad(gradient @ v, side.parameters, retain_graph=True))

    return side.functions(prepare)


def torch_func(*arguments):
    """The network's ``jvp``, the logits' Fisher matrix, and the ``vjp``, kept from one evaluation."""
    side = Torch(*arguments)
    torch = side.torch
    names = [name for name, _ in side.model.named_parameters()]
    parameters = tuple(parameter.detach() for parameter in side.parameters)

    def logits(*values):
        named = dict(zip(names, values, strict=True))
        return torch.func.functional_call(side.model, named, side.observations)

    def prepare():
        z, backward = torch.func.vjp(logits, *parameters)
        p = torch.softmax(z, dim=1)

        def product(v):
            _, moved = torch.func.jvp(logits, parameters, tuple(side.split(v)))
            inner = p * (moved - (p * moved).sum(dim=1, keepdim=True)) / SAMPLES
            return side.join(backward(inner))

        return product

    return side.functions(prepare)


def curvlinops(*arguments):
    """GGNLinearOperator with the cross-entropy, which is the exact Fisher matrix of a softmax."""
    from curvlinops import GGNLinearOperator

    side = Torch(*arguments)
    torch = side.torch
    data = [(side.observations, torch.zeros(SAMPLES, dtype=torch.long))]

    def prepare():
        operator = GGNLinearOperator(
            side.model, torch.nn.CrossEntropyLoss(), side.parameters, data, check_deterministic=False
        )
        return lambda v: operator @ v

    return side.functions(prepare)


def nngeometry(*arguments):
    """FIM in the representation PMatImplicit."""
    from nngeometry.layercollection import LayerCollection
    from nngeometry.metrics import FIM
    from nngeometry.object import PMatImplicit, PVector

    side = Torch(*arguments)
    torch = side.torch
    data = torch.utils.data.TensorDataset(side.observations, torch.zeros(SAMPLES, dtype=torch.long))
    loader = torch.utils.data.DataLoader(data, batch_size=SAMPLES)
    layers = LayerCollection.from_model(side.model)

    def prepare():
        fisher = FIM(side.model, loader, PMatImplicit, variant="classif_logits", layer_collection=layers)
        return lambda v: fisher.mv(PVector(layers, vector_repr=v)).to_torch()

    return side.functions(prepare)


def main():
    """Results and times of the side that the command line names."""
    warnings.simplefilter("ignore")
    side = globals()[sys.argv[1]]
    report = {}
    for dtype in ("float32", "float64"):
        product, solve = side(*problem(dtype))
        report[dtype] = {
            "results": [product().tolist(), solve().tolist()],
            "types": [str(product().dtype), str(solve().dtype)],
            "product": measure(product, SECONDS),
            "conjugate gradients": measure(solve, SECONDS),
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
