"""Draw the cover, book/pictures/cover.svg: two ways to fit a Gaussian.

    python book/cover.py

The plane holds every Gaussian: its mean to the right, its deviation upwards. All
ellipses have the same radius in the Fisher metric, which is why they shrink towards
the lower edge. The natural path goes from edge to edge of them, to the maximum of a
likelihood; the path of the plain gradient first leaps.
"""

from io import StringIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from ngbook import descent, families, plots

PICTURE = Path(__file__).parent / "pictures" / "cover.svg"
RADIUS = 0.09
LEFT, RIGHT, TOP = -2.6, 15.6, 10.3


def paths():
    """Two paths from one start: natural steps of the radius, and the gradient's."""
    normal, data = families.normal, np.random.default_rng(0).normal(12, 4, 40)

    def loss(theta):
        return -normal.log_prob(theta, data).mean()

    def gradient(theta):
        return -normal.score(theta, data).mean(axis=0)

    start = np.array([0.0, 1.0])
    natural = descent.trust_region_descent(
        loss, gradient, normal.fisher, start, RADIUS, iterations=12
    )
    plain = descent.gradient_descent(loss, gradient, start, 0.05, iterations=6000)
    return natural.points, plain.points


def tiles():
    """Centres of ellipses that touch, row upon row, from the lower edge upwards."""
    half_height, half_width = np.sqrt(RADIUS), np.sqrt(2 * RADIUS)  # over sigma
    sigma, centres = 0.42, []
    while sigma * (1 - half_height) < TOP:
        means = np.arange(LEFT, RIGHT + 2 * sigma, 2 * half_width * sigma)
        centres += [(mean, sigma) for mean in means]
        sigma *= (1 + half_height) / (1 - half_height)
    return np.array(centres)


def draw():
    """The cover as the text of an SVG file."""
    plots.use_style()
    figure, axes = plt.subplots(figsize=(7.2, 2.9), layout="none")
    axes.set_position([0, 0, 1, 1])
    natural, plain = paths()
    leap_then_every_fiftieth = np.r_[0, 1 : len(plain) : 50]
    plots.cover(
        axes,
        families.normal.fisher,
        RADIUS,
        tiles(),
        natural,
        plain[leap_then_every_fiftieth],
    )
    axes.set(xlim=(LEFT, RIGHT), ylim=(0, TOP))
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    plt.close(figure)
    return plots.rounded_coordinates(text.getvalue())


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
