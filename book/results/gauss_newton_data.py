"""Streams whose parts are drawn anew, and metrics from other inputs: how the trained networks differ."""

import numpy as np

from ngbook import data, networks, solve

SETTINGS = {
    "order": {
        "hidden": [8],
        "batches": 100,
        "batch": 20,
        "flipped": 0.1,
        "parts": 5,
        "streams": 8,
        "starts": [1, 2, 3, 4, 5, 6],
        "tuning starts": [101, 102, 103, 104],
        "sizes": {"SGD": [-1.0, 1.75], "Adam": [-2.5, 0.25], "natural": [-1.0, 0.5]},
        "dampings": [0.1, 0.3, 1.0],
        "per decade": {"SGD": 4, "Adam": 4, "natural": 2},
    },
    "unlabelled": {
        "hidden": [10],
        "batches": 40,
        "starts": [1, 2, 3, 4, 5, 6, 7, 8],
        "rules": [[1.0, 0.03], [1.0, 0.1], [0.3, 0.03], [0.3, 0.1]],
        "ceiling": 1e3,
    },
    "few labels": {"steps": 60, "size": 0.1, "damping": 0.01, "starts": [1, 2, 3, 4, 5, 6, 7, 8]},
}
OTHER = "same batch", "30 others", "batch and 270", "300 others"


def metric_step(network, likelihood, theta, gradient, inputs, damping):
    """The damped natural gradient, with the Fisher matrix at these inputs."""
    F = networks.gauss_newton(network.at(theta, inputs), likelihood) @ np.eye(network.size)
    return solve.dense_solve(F, gradient, damping)


# --- the order of the data ------------------------------------------------------------------------


def noisy_xor(count, rng):
    """Points of a square, labelled by the sign of their product; some labels are flipped."""
    points = rng.uniform(-1, 1, size=(count, 2))
    labels = (points[:, :1] * points[:, 1:] > 0) ^ (rng.random((count, 1)) < SETTINGS["order"]["flipped"])
    return points, labels.astype(float)


def stream(number, part=None):
    """Batches that all streams share, but for one part, which is this stream's own."""
    held, batches = SETTINGS["order"], []
    for index in range(held["batches"]):
        own = part is not None and index * held["parts"] // held["batches"] == part
        batches.append(noisy_xor(held["batch"], np.random.default_rng([index, 1 + number if own else 0])))
    return batches


def online(method, setting, start, batches):
    """One pass over a stream, with one step for each batch."""
    network, likelihood = networks.Network(2, 1, tuple(SETTINGS["order"]["hidden"])), networks.Bernoulli()
    theta = network.initial(np.random.default_rng(start))
    mean, square = np.zeros_like(theta), np.zeros_like(theta)
    for count, (points, labels) in enumerate(batches, start=1):
        g = networks.loss_gradient(network.at(theta, points), likelihood, labels)
        if method == "SGD":
            theta = theta - setting[0] * g
        elif method == "Adam":
            mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
            root = np.sqrt(square / (1 - 0.999**count)) + 1e-8
            theta = theta - setting[0] * mean / (1 - 0.9**count) / root
        else:
            theta = theta - setting[0] * metric_step(network, likelihood, theta, g, points, setting[1])
    return network, likelihood, theta


def settings_of(method):
    """Twelve settings of each method."""
    held = SETTINGS["order"]
    (low, high), per = held["sizes"][method], held["per decade"][method]
    sizes = 10 ** np.linspace(low, high, round((high - low) * per) + 1)
    return [[size, d] for size in sizes for d in (held["dampings"] if method == "natural" else [0.0])]


def edge(method, place):
    """Whether the place of a setting is at an end of the sizes or of the dampings."""
    inner = len(SETTINGS["order"]["dampings"]) if method == "natural" else 1
    ends = [place // inner in (0, len(settings_of(method)) // inner - 1)]
    return any(ends + [place % inner in (0, inner - 1)] * (inner > 1))


def probabilities(trained, points):
    """What a network predicts, and its likelihood."""
    network, _, theta = trained
    return 1 / (1 + np.exp(-network.at(theta, points).outputs[:, 0]))


def tested(trained, points, labels):
    """The mean loss on other data."""
    network, likelihood, theta = trained
    return likelihood.loss(network.at(theta, points).outputs, labels)


def order(method):
    """Tune on other starts; then draw one part of the stream anew, and see how predictions vary."""
    held, trials = SETTINGS["order"], settings_of(method)
    points, labels = noisy_xor(1000, np.random.default_rng(999))
    with np.errstate(all="ignore"):
        losses = [
            np.mean(
                [
                    tested(online(method, s, start, stream(0)), points, labels)
                    for start in held["tuning starts"]
                ]
            )
            for s in trials
        ]
    place = int(np.nanargmin(losses))
    spread, loss = np.zeros((len(held["starts"]), held["parts"])), []
    for row, start in enumerate(held["starts"]):
        for part in range(held["parts"]):
            runs = [online(method, trials[place], start, stream(k, part)) for k in range(held["streams"])]
            spread[row, part] = np.var([probabilities(each, points) for each in runs], axis=0).mean()
            loss += [tested(each, points, labels) for each in runs]
    return {
        "setting": [float(f"{number:.4g}") for number in trials[place]],
        "at an end": bool(edge(method, place)),
        "tuning": [round(float(x), 3) for x in np.nan_to_num(losses, nan=99, posinf=99)],
        "loss": round(float(np.mean(loss)), 3),
        "variance": [[float(f"{v:.3g}") for v in row] for row in spread],
    }


# --- inputs without labels ------------------------------------------------------------------------


def spiral_batch(count, seed):
    """Points of three spirals in random order."""
    rng = np.random.default_rng(seed)
    points, labels = data.spirals(count // 3, 3, rng)
    mixed = rng.permutation(len(labels))
    return points[mixed], labels[mixed]


def inputs_for(kind, points, index, start):
    """The inputs at which the Fisher matrix is taken."""
    more = {"30 others": 30, "batch and 270": 270, "300 others": 300}
    if kind == "same batch":
        return points
    others = spiral_batch(more[kind], [index, start, 7])[0]
    return np.vstack([points, others]) if kind == "batch and 270" else others


def unlabelled(kind, size, damping, start):
    """The test loss after one pass with batches of thirty."""
    held = SETTINGS["unlabelled"]
    network, likelihood = networks.Network(2, 3, tuple(held["hidden"])), networks.Categorical()
    theta = network.initial(np.random.default_rng(start))
    for index in range(held["batches"]):
        points, labels = spiral_batch(30, [index, start])
        g = networks.loss_gradient(network.at(theta, points), likelihood, labels)
        inputs = inputs_for(kind, points, index, start)
        theta = theta - size * metric_step(network, likelihood, theta, g, inputs, damping)
    points, labels = spiral_batch(600, 999)
    return min(likelihood.loss(network.at(theta, points).outputs, labels), held["ceiling"])


def few_labels(count, start):
    """Test losses after fitting thirty labels, with the Fisher matrix at those inputs or at 600 others."""
    held, (points, labels) = SETTINGS["few labels"], spiral_batch(30, [start, 5])
    inputs = points if count == 0 else spiral_batch(count, [start, 6])[0]
    network, likelihood = networks.Network(2, 3, (10,)), networks.Categorical()
    theta = network.initial(np.random.default_rng(start))
    for _ in range(held["steps"]):
        g = networks.loss_gradient(network.at(theta, points), likelihood, labels)
        theta = theta - held["size"] * metric_step(network, likelihood, theta, g, inputs, held["damping"])
    points, labels = spiral_batch(600, 999)
    outputs = network.at(theta, points).outputs
    return [likelihood.loss(outputs, labels), float(np.mean(outputs.argmax(axis=1) != labels))]


def compute():
    """Variances by part; test losses by the inputs of the metric."""
    held = SETTINGS["unlabelled"]
    return {
        "order": {method: order(method) for method in SETTINGS["order"]["sizes"]},
        "unlabelled": {
            f"{size:g}, {damping:g}": {
                kind: [float(f"{unlabelled(kind, size, damping, s):.3g}") for s in held["starts"]]
                for kind in OTHER
            }
            for size, damping in held["rules"]
        },
        "few labels": {
            str(count): [
                [float(f"{x:.3g}") for x in few_labels(count, s)] for s in SETTINGS["few labels"]["starts"]
            ]
            for count in (0, 600)
        },
    }


def beginning():
    """The parameters after three batches of one run each, in part."""
    batches = stream(0)[:3]
    return {
        "SGD": online("SGD", [1.0, 0.0], 1, batches)[2][:6].tolist(),
        "natural": online("natural", [0.3, 0.1], 1, batches)[2][:6].tolist(),
    }
