"""The look of the book: one style, one palette, one function per recurring kind of figure.

Every function draws on axes it is given and returns the arrays it drew, so that the cell can assert
what the figure shows. Nothing here computes a result.

The palette was chosen under three conditions, which ``tests/test_plots.py`` computes: at least 3:1
contrast on white, at least 3:1 on the dark page after the style sheet has turned the figure's
lightness upside down, and colours that stay apart for readers with red-green or blue-yellow colour
blindness. Lines differ by dash and marker as well, because a palette alone is not enough.
"""

import sys
from dataclasses import dataclass

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Polygon

__all__ = [
    "PALETTE",
    "ROLES",
    "Role",
    "contours",
    "densities",
    "ellipse",
    "field",
    "log_log",
    "path",
    "use_style",
]

PALETTE = {
    "blue": "#005ea8",
    "orange": "#c04a00",
    "green": "#007a5e",
    "purple": "#9a3e8c",
    "ink": "#1a1a1a",
    "grey": "#767676",
}


@dataclass(frozen=True)
class Role:
    """How one quantity is drawn throughout the book.

    Attributes
    ----------
    color : str
        A value of ``PALETTE``.
    linestyle : str
        Matplotlib line style, different for every role.
    marker : str
        Matplotlib marker, different for every role.
    """

    color: str
    linestyle: object
    marker: str

    @property
    def line(self):
        """Keyword arguments for a line without markers: ``axes.plot(x, y, **role.line)``."""
        return {"color": self.color, "linestyle": self.linestyle}

    @property
    def points(self):
        """Keyword arguments for a line with markers."""
        return {**self.line, "marker": self.marker}


ROLES = {
    "natural": Role(PALETTE["blue"], "-", "o"),
    "gradient": Role(PALETTE["orange"], "--", "s"),
    "third": Role(PALETTE["green"], "-.", "^"),
    "fourth": Role(PALETTE["purple"], ":", "D"),
    "reference": Role(PALETTE["grey"], (0, (1, 1)), "."),
}

_STYLE = {
    "figure.figsize": (5.6, 3.6),
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "none",
    "savefig.bbox": None,
    "svg.fonttype": "path",
    "svg.hashsalt": "natural gradients",
    "axes.facecolor": "none",
    "axes.edgecolor": PALETTE["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.prop_cycle": mpl.cycler(
        color=[ROLES[name].color for name in ("natural", "gradient", "third", "fourth")],
        linestyle=[ROLES[name].linestyle for name in ("natural", "gradient", "third", "fourth")],
    ),
    "font.size": 11,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "grid.color": PALETTE["grey"],
    "grid.linewidth": 0.4,
    "text.parse_math": True,
    "mathtext.fontset": "dejavusans",
}


# One dash pattern a guide, so that two slopes in one figure are told apart in the legend.
_GUIDES = [(0, (1, 1)), (0, (5, 2)), (0, (6, 2, 1, 2))]


def use_style():
    """Set the book's style for the notebook: transparent figures, vector output, the palette.

    The inline backend writes SVG without a date and with fixed element names, so that a figure that
    has not changed keeps its bytes.
    """
    plt.rcParams.update(mpl.rcParamsDefault | _STYLE | {"backend": mpl.rcParams["backend"]})
    interactive = sys.modules.get("IPython")
    if interactive is None or interactive.get_ipython() is None:
        return  # outside a notebook there is no inline backend to configure
    from matplotlib_inline.backend_inline import set_matplotlib_formats
    from matplotlib_inline.config import InlineBackend

    # The inline backend would crop each figure, which draws it twice and shifts its size by its content.
    InlineBackend.instance().print_figure_kwargs = {"bbox_inches": None}
    InlineBackend.instance().rc = {}
    set_matplotlib_formats("svg", metadata={"Date": None})


def path(axes, points, role, label=None, every=1, **keywords):
    """Draw the path of an optimiser in the plane, with a marker at every ``every``-th iterate.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    points : array_like of shape (T + 1, 2)
        The iterates, the start first.
    role : str
        A key of ``ROLES``.
    label : str, optional
        Name in the legend.
    every : int, optional
        Spacing of the markers.
    **keywords
        Passed on to ``axes.plot``.

    Returns
    -------
    ndarray of shape (T + 1, 2)
        The points drawn.

    Raises
    ------
    ValueError
        If the points are not finite pairs, or the role is unknown.
    """
    points = _pairs(points)
    style = _role(role).points | {"markevery": every, "label": label} | keywords
    axes.plot(points[:, 0], points[:, 1], **style)
    return points


def contours(axes, value, x, y, levels, labels=False, **keywords):
    """Draw level lines of a function of two variables.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    value : callable
        ``value(x, y)``, called once with two arrays of shape ``(len(y), len(x))``.
    x, y : array_like
        Grid coordinates, one-dimensional and increasing.
    levels : array_like
        The values at which to draw a line, increasing.
    labels : bool, optional
        Whether to write the level on the line.
    **keywords
        Passed on to ``axes.contour``.

    Returns
    -------
    ndarray of shape (len(y), len(x))
        The values on the grid.

    Raises
    ------
    ValueError
        If ``value`` returns another shape than it was given.
    """
    grid_x, grid_y = np.meshgrid(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    values = np.asarray(value(grid_x, grid_y), dtype=float)
    if values.shape != grid_x.shape:
        raise ValueError(
            f"value returned shape {values.shape} for grids of shape {grid_x.shape}; write it elementwise"
        )
    style = {"colors": PALETTE["grey"], "linewidths": 0.9, "linestyles": "solid"} | keywords
    drawn = axes.contour(grid_x, grid_y, values, levels=levels, **style)
    if labels:
        axes.clabel(drawn, fontsize="small", fmt="%g")
    return values


def densities(axes, x, curves):
    """Draw densities over one axis, each with its own role, filled lightly down to zero.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    x : array_like of shape (n,)
        Points at which the densities were evaluated, increasing.
    curves : mapping
        ``{label: (role, density)}`` with ``density`` of shape ``(n,)``.

    Returns
    -------
    dict
        ``{label: density}`` as arrays.

    Raises
    ------
    ValueError
        If a density is negative or not finite, or has another length than ``x``.
    """
    x = np.asarray(x, dtype=float)
    drawn = {}
    for label, (role, density) in curves.items():
        density = np.asarray(density, dtype=float)
        if density.shape != x.shape or not np.all(np.isfinite(density)) or np.any(density < 0):
            raise ValueError(f"density {label!r} must be finite, not negative and of shape {x.shape}")
        style = _role(role).line
        axes.plot(x, density, label=label, **style)
        axes.fill_between(x, density, color=style["color"], alpha=0.12, linewidth=0)
        drawn[label] = density
    axes.set_ylim(bottom=0)
    axes.set_ylabel("density")
    return drawn


def ellipse(axes, centre, metric, radius, role="natural", label=None, fill=True, count=181):
    """Draw the trust region ``{centre + d : d @ metric @ d / 2 == radius}`` in the plane.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    centre : array_like of shape (2,)
        Its centre.
    metric : array_like of shape (2, 2)
        Symmetric and positive definite.
    radius : float
        Positive; the same number as in ``ngbook.descent.trust_region_step``.
    role : str, optional
        A key of ``ROLES``.
    label : str, optional
        Name in the legend.
    fill : bool, optional
        Whether to tint the inside.
    count : int, optional
        Number of points on the curve.

    Returns
    -------
    ndarray of shape (count, 2)
        The points drawn.

    Raises
    ------
    ValueError
        If the radius is not positive or the metric is not positive definite.
    """
    if not radius > 0:
        raise ValueError(f"radius is {radius}; a trust region needs a positive one")
    metric = np.asarray(metric, dtype=float)
    if metric.shape != (2, 2) or not np.allclose(metric, metric.T):
        raise ValueError(f"metric must be a symmetric 2 by 2 matrix, got shape {metric.shape}:\n{metric}")
    try:
        lower = np.linalg.cholesky(metric)
    except np.linalg.LinAlgError:
        raise ValueError(f"metric must be positive definite to bound a region, got\n{metric}") from None
    angle = np.linspace(0, 2 * np.pi, count)
    circle = np.sqrt(2 * radius) * np.stack([np.cos(angle), np.sin(angle)])
    points = np.asarray(centre, dtype=float) + np.linalg.solve(lower.T, circle).T
    style = _role(role).line
    axes.plot(points[:, 0], points[:, 1], label=label, **style)
    if fill:
        axes.add_patch(Polygon(points, facecolor=style["color"], alpha=0.1, linewidth=0))
    return points


def field(axes, points, vectors, role, scale=1.0, label=None):
    """Draw a vector field as arrows, all at one scale, so that their lengths can be compared.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    points : array_like of shape (n, 2)
        Where each arrow starts.
    vectors : array_like of shape (n, 2)
        The arrows, in the units of the axes.
    role : str
        A key of ``ROLES``.
    scale : float, optional
        Length drawn, in units of the axes, for a vector of length one.
    label : str, optional
        Name in the legend.

    Returns
    -------
    ndarray of shape (n,)
        The Euclidean lengths of the vectors, before scaling.

    Raises
    ------
    ValueError
        If points and vectors are not finite pairs of the same number.
    """
    points, vectors = _pairs(points), _pairs(vectors)
    if points.shape != vectors.shape:
        raise ValueError(f"{len(points)} points but {len(vectors)} vectors; give one vector a point")
    axes.quiver(
        *points.T,
        *(scale * vectors.T),
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.005,
        color=_role(role).color,
        label=label,
    )
    return np.linalg.norm(vectors, axis=1)


def log_log(axes, x, curves, guides=()):
    """Draw curves on logarithmic axes, with thin grey guides of known slope.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    x : array_like of shape (n,)
        Positive, increasing.
    curves : mapping
        ``{label: (role, y)}`` with positive ``y`` of shape ``(n,)``.
    guides : sequence of (float, float), optional
        At most three pairs ``(slope, height)``: a line of this slope through ``height`` at the last ``x``.

    Returns
    -------
    dict
        ``{label: y}`` as arrays.

    Raises
    ------
    ValueError
        If a value is not positive (a logarithm would drop it without a word), or there are too many guides.
    """
    if len(guides) > len(_GUIDES):
        raise ValueError(f"{len(guides)} guides; more than {len(_GUIDES)} are not told apart")
    x = np.asarray(x, dtype=float)
    drawn = {}
    for label, (role, y) in curves.items():
        y = np.asarray(y, dtype=float)
        if y.shape != x.shape or not (np.all(x > 0) and np.all(y > 0)):
            raise ValueError(f"curve {label!r} must be positive and of shape {x.shape} for logarithmic axes")
        axes.loglog(x, y, label=label, **_role(role).points)
        drawn[label] = y
    for (slope, height), dashes in zip(guides, _GUIDES, strict=False):
        style = {"color": PALETTE["grey"], "linestyle": dashes, "linewidth": 1.2}
        axes.loglog(x, height * (x / x[-1]) ** slope, label=f"slope {slope:g}".replace("-", "−"), **style)
    return drawn


def _role(name):
    if name not in ROLES:
        raise ValueError(f"role {name!r} is unknown; use one of {', '.join(ROLES)}")
    return ROLES[name]


def _pairs(points):
    points = np.asarray(points, dtype=float)
    if points.ndim != 2 or points.shape[1] != 2 or not np.all(np.isfinite(points)):
        raise ValueError(f"expected finite points of shape (n, 2), got shape {points.shape}")
    return points
