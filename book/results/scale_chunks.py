"""What data in chunks cost, from the lines of the benchmark, and how long an averaged natural gradient is."""

import re
from pathlib import Path

import numpy as np

from ngbook import distributed, solve

SETTINGS = {
    "parameters": 50,
    "damping": 1e-3,
    "rows of a chunk": 100_000,
    "network": [2, 16, 16, 3],
    "shards": {
        "scores": 4000,
        "parameters": 20,
        "draws": 30,
        "machines": [1, 2, 5, 10, 20, 40, 80, 125],
    },
}
MEASURED = Path(__file__).parents[2] / "benchmarks" / "scale.txt"
LINE = re.compile(
    r"scale (?P<task>\w+) (?P<size>\d+) by (?P<chunk>\d+), (?P<side>\w+): (?P<wall>[\d.]+) s "
    r"\((?P<low>[\d.]+)\.\.(?P<high>[\d.]+) s\), processor (?P<processor>[\d.]+) s, "
    r"busiest (?P<busiest>[\d.]+) s, peak (?P<peak>\d+) MiB, before (?P<before>\d+) MiB"
)


def mean_of_natural(scores, gradient, shards):
    """The mean of the natural gradients of equal shards of the scores."""
    parts = scores.reshape(shards, -1, scores.shape[1])
    fishers = parts.transpose(0, 2, 1) @ parts / parts.shape[1]
    right = np.broadcast_to(gradient[:, None], (shards, gradient.size, 1))
    return np.linalg.solve(fishers, right).mean(axis=0)[:, 0]


def logistic_scores(count, rng):
    """Scores of a logistic model with skewed inputs, all parameters 1/2, at labels of the model."""
    x = rng.exponential(size=(count, SETTINGS["shards"]["parameters"])) - 1
    chance = 1 / (1 + np.exp(-x.sum(axis=1) / 2))
    return x * ((rng.random(count) < chance) - chance)[:, None]


def averaged(draws):
    """Mean lengths along the true natural gradient, by the number of machines; Q of the logistic model."""
    held, rng = SETTINGS["shards"], np.random.default_rng(0)
    p = held["parameters"]
    n = np.ones(p) / np.sqrt(p)
    many = logistic_scores(200_000, rng)
    fishers = {"Gaussian": np.eye(p), "logistic": many.T @ many / len(many)}
    lengths = {name: [] for name in fishers}
    for _ in range(draws):
        drawn = {
            "Gaussian": rng.normal(size=(held["scores"], p)),
            "logistic": logistic_scores(held["scores"], rng),
        }
        for name, F in fishers.items():
            means = [mean_of_natural(drawn[name], F @ n, M) for M in held["machines"]]
            lengths[name].append(np.array(means) @ F @ n / (n @ F @ n))
    F = fishers["logistic"]
    squares = np.sum(many * np.linalg.solve(F, many.T).T, axis=1)
    Q = np.mean(squares * (many @ n) ** 2) / (n @ F @ n) - 1
    found = {name: np.mean(each, axis=0) for name, each in lengths.items()}
    return {name: [float(f"{x:.4g}") for x in each] for name, each in found.items()} | {
        "Q": float(f"{Q:.3g}")
    }


def compute():
    """For each task, size and side seconds on the clock and of the processors, and MiB; and the lengths."""
    found = {"shards": averaged(SETTINGS["shards"]["draws"])}
    for line in map(LINE.fullmatch, MEASURED.read_text(encoding="utf-8").splitlines()):
        if line:
            numbers = {key: float(line[key]) for key in ("wall", "processor", "busiest", "peak", "before")}
            found.setdefault(line["task"], {}).setdefault(line["size"], {})[line["side"]] = numbers
    return found


def scores(number):
    """One chunk of 250 scores, as the benchmark draws it."""
    return np.random.default_rng([250, number]).normal(size=(250, SETTINGS["parameters"]))


def beginning():
    """The solution for a thousand scores, from an array and from chunks, in part."""
    chunks, gradient = [scores(number) for number in range(4)], np.ones(SETTINGS["parameters"])
    mean = distributed.chunked_mean(lambda chunk: chunk.T @ chunk / len(chunk), chunks)
    return {
        "array": solve.natural_direction(np.vstack(chunks), gradient, SETTINGS["damping"])[:6].tolist(),
        "chunks": solve.dense_solve(mean, gradient, SETTINGS["damping"])[:6].tolist(),
        "logistic": logistic_scores(3, np.random.default_rng(1))[:, :4].ravel().tolist(),
    }
