"""The look of the book: one style, one palette, one function per recurring kind of figure.

Every function draws on axes it is given and returns the arrays it drew, so that the cell can assert
what the figure shows. Nothing here computes a result. What does not fit raises ``ValueError``.

The palette was chosen under three conditions, which ``tests/test_plots.py`` computes: at least 3:1
contrast on white, at least 3:1 on the dark page after the style sheet has turned the figure's
lightness upside down, and colours that stay apart for readers with red-green or blue-yellow colour
blindness. Lines differ by dash and marker as well, because a palette alone is not enough.
"""

import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Polygon

from ngbook._check import arrays as check

__all__ = [
    "PALETTE",
    "ROLES",
    "contours",
    "densities",
    "ellipse",
    "field",
    "log_log",
    "path",
    "rounded_coordinates",
    "use_style",
    "with_background",
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
    """How one quantity is drawn throughout the book: no two roles share colour, line style or marker."""

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

_LINES = [role for name, role in ROLES.items() if name != "reference"]

_STYLE = {
    "figure.figsize": (5.6, 3.6),
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "none",
    "svg.fonttype": "path",
    "svg.hashsalt": "natural gradients",
    "axes.facecolor": "none",
    "axes.edgecolor": PALETTE["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.prop_cycle": mpl.cycler(
        color=[role.color for role in _LINES], linestyle=[role.linestyle for role in _LINES]
    ),
    "font.size": 11,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "grid.color": PALETTE["grey"],
    "grid.linewidth": 0.4,
}


# One dash pattern for each guide of a figure, so that the legend distinguishes their slopes.
_GUIDES = [(0, (1, 1)), (0, (5, 2))]


# --- rules for arguments -----------------------------------------------------------------------------------

_role = check.one_of(*ROLES)
_coordinates = partial(check.increasing, least=2)
_in_plane = partial(check.vector, size=2)


def _axes(value, name):
    if not isinstance(value, mpl.axes.Axes):
        raise ValueError(f"{name} must be one Axes, as of fig, axes = plt.subplots(), but is {value!r}")
    return value


def _colour(value, name):
    if not mpl.colors.is_color_like(value):
        raise ValueError(f"{name} must be a colour, as in 'white', or 'none', but is {value!r}")
    return "none" if mpl.colors.to_rgba(value)[3] == 0 else mpl.colors.to_hex(value)


def _svg_text(value, name):
    if not isinstance(value, str) or "<svg" not in value:
        raise ValueError(f"{name} must be the text of an SVG file, but is {str(value)[:60]!r}")
    return value


def _formats(value, name):
    if not isinstance(value, tuple | list) or not value:
        raise ValueError(f"{name} must be one or more of {[*_FORMATS]}, in a tuple, but is {value!r}")
    return [check.one_of(*_FORMATS)(each, f"each of {name}") for each in value]


def _spacing(value, name):
    first, spacing = value if isinstance(value, tuple) and len(value) == 2 else (0, value)
    return check.count(first, name, least=0), check.count(spacing, name)


def _curves(value, name):
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"{name} must be a dictionary, {{label: (role, values)}}, but is {value!r}")
    for label, curve in value.items():
        if not isinstance(curve, list | tuple) or len(curve) != 2:
            raise ValueError(f"{name}[{label!r}] must be a pair, (role, values), but is {curve!r}")
        _role(curve[0], f"the role of {name}[{label!r}]")
    return value


def _guides(value, name):
    if not isinstance(value, list | tuple) or len(value) > len(_GUIDES):
        raise ValueError(f"{name} must be at most {len(_GUIDES)} pairs (slope, height), but is {value!r}")
    guides = check.pairs(value, name) if value else []
    for slope, height in guides:
        check.positive(height, f"the height of {name} at slope {slope:g}")
    return guides


# --- the style ---------------------------------------------------------------------------------------------


@check.arguments(formats=_formats, background=_colour)
def use_style(formats=("svg",), background="none") -> None:
    """Set the book's style for the notebook: transparent figures, vector output, the palette.

    The inline backend writes SVG without a date and with fixed element names, so that a figure that
    has not changed keeps its bytes.

    Parameters
    ----------
    formats : sequence of str, optional
        What the notebook keeps of each figure, of ``"svg"`` and ``"png"``. Where a notebook is not trusted,
        Jupyter shows no SVG; a PNG beside it is shown everywhere.
    background : str, optional
        A Matplotlib colour behind each figure, for pages that may be dark; transparent by default.
    """
    plt.rcParams.update(mpl.rcParamsDefault | _STYLE | {"backend": mpl.rcParams["backend"]})
    interactive = sys.modules.get("IPython")
    if interactive is None or interactive.get_ipython() is None:
        return  # outside a notebook there is no inline backend to configure
    from matplotlib_inline.backend_inline import set_matplotlib_formats
    from matplotlib_inline.config import InlineBackend

    InlineBackend.instance().rc = {}
    set_matplotlib_formats(*formats)
    formatters = interactive.get_ipython().display_formatter.formatters
    for name in formats:
        kind, write = _FORMATS[name]
        formatters[kind].for_type(mpl.figure.Figure, partial(write, background=background))


_GEOMETRY = re.compile(r'\b(?:d|x|y|width|height|points)="[^"]*"|translate\([^)]*\)')
_DIGEST = re.compile(r"(?<=[pmh_])[0-9a-f]{10}\b")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_FIGURE_PATCH = re.compile(r'(<g id="patch_1">\s*<path [^>]*style="fill: )none(?=")')


def _stable_svg(figure, background):
    """The figure as SVG, its coordinates rounded to a hundredth of a point.

    Matplotlib writes a millionth. That far down the last digits of a computed curve depend on the processor
    (on the vector instructions that NumPy finds there), and a figure that has not changed would differ.
    """
    from IPython.core.pylabtools import print_figure

    # Without bbox_inches=None it crops the figure, which draws it twice and lets its content decide its size.
    svg = print_figure(figure, fmt="svg", bbox_inches=None, metadata={"Date": None})
    return with_background(rounded_coordinates(svg), background)


def _sharp_png(figure, background):
    """The figure as PNG with two pixels for each of the SVG's, and the size at which it is shown."""
    from IPython.core.pylabtools import print_figure

    own = figure.get_facecolor()
    face = background if own[3] == 0 else own
    png = print_figure(figure, fmt="png", bbox_inches=None, dpi=192, facecolor=face, base64=True)
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    return png, {"width": width, "height": height}


_FORMATS = {"svg": ("image/svg+xml", _stable_svg), "png": ("image/png", _sharp_png)}


@check.arguments(svg=_svg_text, background=_colour)
def with_background(svg, background) -> str:
    """Put a colour behind a figure that Matplotlib wrote as SVG, unless it has one of its own.

    Parameters
    ----------
    svg : str
        The text of the file.
    background : str
        A Matplotlib colour; ``"none"`` leaves the figure as it is.

    Returns
    -------
    str
        The same picture on its background.
    """
    return _FIGURE_PATCH.sub(lambda patch: patch[1] + background, svg)


@check.arguments(svg=_svg_text)
def rounded_coordinates(svg) -> str:
    """Round positions and lengths in the text of an SVG file to a hundredth of a point; scales stay.

    Matplotlib's identifiers are digests of numbers that are not rounded. They are named anew, by their order
    and by a digest of the rounded picture, so that two figures on one page do not share any.

    Parameters
    ----------
    svg : str
        The text of the file.

    Returns
    -------
    str
        The same picture.
    """

    def shorten(number):
        text = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text

    svg = _GEOMETRY.sub(lambda geometry: _LONG_NUMBER.sub(shorten, geometry[0]), svg)
    order = {digest: place for place, digest in enumerate(dict.fromkeys(_DIGEST.findall(svg)))}
    picture = hashlib.sha256(_DIGEST.sub("", svg).encode()).hexdigest()[:8]
    return _DIGEST.sub(lambda digest: f"{picture}-{order[digest[0]]}", svg)


# --- kinds of figure ---------------------------------------------------------------------------------------


@check.arguments(axes=_axes, points=check.pairs, role=_role, every=_spacing)
def path(axes, points, role, label=None, every=1, **keywords):
    """Draw the path of an optimiser in the plane, with a marker at every ``every``-th iterate.

    Parameters
    ----------
    axes : Axes
    points : array_like of shape (T + 1, 2)
        The iterates, the start first.
    role : str
        A key of ``ROLES``.
    label : str, optional
        Name in the legend.
    every : int or tuple, optional
        Spacing of the markers; or the first iterate that has one, and the spacing.
    **keywords
        Passed on to ``axes.plot``.

    Returns
    -------
    ndarray of shape (T + 1, 2)
        The points drawn.
    """
    axes.plot(*points.T, **(ROLES[role].points | {"markevery": every, "label": label} | keywords))
    return points


@check.arguments(axes=_axes, x=_coordinates, y=_coordinates, levels=check.increasing)
def contours(axes, value, x, y, levels, **keywords):
    """Draw level lines of a function of two variables.

    Parameters
    ----------
    axes : Axes
    value : callable
        ``value(x, y)``, called once with two arrays of shape ``(len(y), len(x))``.
    x, y : array_like
        Grid coordinates, one-dimensional and increasing, at least two.
    levels : array_like
        The values at which to draw a line, increasing; at least one of them is reached on the grid.
    **keywords
        Passed on to ``axes.contour``.

    Returns
    -------
    ndarray of shape (len(y), len(x))
        The values on the grid.
    """
    grid_x, grid_y = np.meshgrid(x, y)
    values = check.floats(check.function(value, "value", "x, y")(grid_x, grid_y), "value(x, y)")
    if values.shape != grid_x.shape or not np.isfinite(values).all():
        raise ValueError(
            f"value(x, y) must be finite and of shape {grid_x.shape}, but is {values}: "
            "write it elementwise, and choose a grid on which it is finite"
        )
    low, high = values.min(), values.max()
    if not np.any((levels >= low) & (levels <= high)):
        raise ValueError(f"levels must reach a value on the grid, from {low:g} to {high:g}, but are {levels}")
    style = {"colors": PALETTE["grey"], "linewidths": 0.9, "linestyles": "solid"} | keywords
    axes.contour(grid_x, grid_y, values, levels=levels, **style)
    return values


@check.arguments(axes=_axes, x=_coordinates, curves=_curves)
def densities(axes, x, curves) -> dict:
    """Draw densities over one axis, each with its own role, filled lightly down to zero.

    Parameters
    ----------
    axes : Axes
    x : array_like of shape (n,)
        Points at which the densities were evaluated, increasing.
    curves : mapping
        ``{label: (role, density)}`` with ``density`` of shape ``(n,)``.

    Returns
    -------
    dict
        ``{label: density}`` as arrays.
    """
    drawn = {}
    for label, (role, density) in curves.items():
        drawn[label] = density = check.vector(density, f"curves[{label!r}]", x.size)
        check.not_negative(density.min(), f"the smallest of curves[{label!r}]")
        axes.plot(x, density, label=label, **ROLES[role].line)
        axes.fill_between(x, density, color=ROLES[role].color, alpha=0.12, linewidth=0)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("density")
    return drawn


@check.arguments(
    axes=_axes, centre=_in_plane, radius=check.positive, role=_role, count=partial(check.count, least=4)
)
def ellipse(axes, centre, metric, radius, role="natural", label=None, fill=True, count=181):
    """Draw the trust region ``{centre + d : d @ metric @ d / 2 == radius}`` in the plane.

    Parameters
    ----------
    axes : Axes
    centre : array_like of shape (2,)
    metric : array_like of shape (2, 2)
        Symmetric and positive definite.
    radius : float
        The same number as in ``ngbook.descent.trust_region_step``.
    role : str, optional
        A key of ``ROLES``.
    label : str, optional
        Name in the legend.
    fill : bool, optional
        Whether to tint the inside.
    count : int, optional
        Number of points on the curve, at least 4; the last is the first.

    Returns
    -------
    ndarray of shape (count, 2)
        The points drawn.
    """
    metric = check.matrix(metric, 2)
    try:
        lower = np.linalg.cholesky(metric)
    except np.linalg.LinAlgError:
        raise ValueError(f"metric must be positive definite to bound a region, but is\n{metric}") from None
    angle = np.linspace(0, 2 * np.pi, count)
    circle = np.sqrt(2 * radius) * np.stack([np.cos(angle), np.sin(angle)])
    points = centre + np.linalg.solve(lower.T, circle).T
    axes.plot(*points.T, label=label, **ROLES[role].line)
    if fill:
        axes.add_patch(Polygon(points, facecolor=ROLES[role].color, alpha=0.1, linewidth=0))
    return points


@check.arguments(axes=_axes, points=check.pairs, vectors=check.pairs, role=_role, scale=check.positive)
def field(axes, points, vectors, role, scale=1.0, label=None):
    """Draw a vector field as arrows, all at one scale, so that their lengths can be compared.

    Parameters
    ----------
    axes : Axes
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
    """
    if points.shape != vectors.shape:
        raise ValueError(f"points are {len(points)} but vectors {len(vectors)}: give one vector a point")
    units = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.005}
    axes.quiver(*points.T, *(scale * vectors.T), color=ROLES[role].color, label=label, **units)
    return np.linalg.norm(vectors, axis=1)


@check.arguments(axes=_axes, x=_coordinates, curves=_curves, guides=_guides)
def log_log(axes, x, curves, guides=()) -> dict:
    """Draw curves on logarithmic axes, with thin grey guides of known slope.

    Parameters
    ----------
    axes : Axes
    x : array_like of shape (n,)
        Positive, increasing.
    curves : mapping
        ``{label: (role, y)}`` with positive ``y`` of shape ``(n,)``.
    guides : sequence of (float, float), optional
        At most two pairs ``(slope, height)``: a line of this slope through ``height`` at the last ``x``.

    Returns
    -------
    dict
        ``{label: y}`` as arrays.
    """
    check.positive(x[0], "x on a logarithmic axis")
    drawn = {}
    for label, (role, y) in curves.items():
        drawn[label] = y = check.vector(y, f"curves[{label!r}]", x.size)
        check.positive(y.min(), f"curves[{label!r}] on a logarithmic axis")
        axes.loglog(x, y, label=label, **ROLES[role].points)
    for (slope, height), dashes in zip(guides, _GUIDES, strict=False):
        style = {"color": PALETTE["grey"], "linestyle": dashes, "linewidth": 1.2}
        axes.loglog(x, height * (x / x[-1]) ** slope, label=f"slope {slope:g}".replace("-", "−"), **style)
    return drawn
