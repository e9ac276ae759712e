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
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

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


def trust_regions(axes, metric, radius, tiles, natural, gradient, best):
    """Trust regions of one radius, and two ways down through them.

    Pale regions cover the plane; those of the natural steps are blue, and each step
    ends on the edge of the region it began in: the edges are returned. A ring marks
    the start and a star the best fit. There are no axes and no words, so that
    nothing can overlap at any width.
    """
    pale = [region(centre, metric(centre), radius) for centre in tiles]
    outline = Outline.make_compound_path(*pale)
    grey = plots.PALETTE["grey"]
    axes.add_patch(PathPatch(outline, facecolor=grey, alpha=0.11, linewidth=0))
    edges = [
        plots.ellipse(axes, centre, metric(centre), radius, count=41)
        for centre in natural[:-1]
    ]
    for line in axes.lines:
        line.set(linewidth=0.9)
    plots.path(axes, gradient, "gradient", every=(0, 6), linewidth=1.6)
    plots.path(axes, natural, "natural", linewidth=2.4, markersize=5.5)
    ink = {"color": plots.PALETTE["ink"], "zorder": 5}
    axes.plot(
        *natural[0], "o", markersize=9, fillstyle="none", markeredgewidth=1.8, **ink
    )
    axes.plot(*best, "*", markersize=15, **ink)
    axes.set_axis_off()
    return np.array(edges)


def region(centre, metric, radius):
    """A region as four arcs, each a cubic curve: much shorter than a polygon."""
    k = (
        4 / 3 * (np.sqrt(2) - 1)
    )  # the handle of a quarter circle; off by .03 per cent
    quarter = np.array([[1, k], [k, 1], [0, 1]])
    turn = np.array([[0, 1], [-1, 0]])
    arcs = [quarter @ np.linalg.matrix_power(turn, n) for n in range(4)]
    circle = np.vstack([[1, 0], *arcs, [1, 0]])
    to_circle = np.linalg.cholesky(metric).T
    points = centre + np.sqrt(2 * radius) * np.linalg.solve(to_circle, circle.T).T
    return Outline(
        points, [Outline.MOVETO, *[Outline.CURVE4] * 12, Outline.CLOSEPOLY]
    )


def draw():
    """The cover as the text of an SVG file."""
    plots.use_style()
    figure, axes = plt.subplots(figsize=(7.2, 2.9), layout="none")
    axes.set_position([0, 0, 1, 1])
    natural, plain = paths()
    leap_then_every_fiftieth = np.r_[0, 1 : len(plain) : 50]
    trust_regions(
        axes,
        families.normal.fisher,
        RADIUS,
        tiles(),
        natural,
        plain[leap_then_every_fiftieth],
        plain[-1],
    )
    axes.set(xlim=(LEFT, RIGHT), ylim=(0, TOP))
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    plt.close(figure)
    return plots.rounded_coordinates(text.getvalue())


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
