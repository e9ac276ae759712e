"""The look of the book: one style, one palette, one function per recurring kind of figure.

Every function draws on axes it is given and returns the arrays it drew, so that the cell can assert
what the figure shows. Nothing here computes a result.

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
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path as Outline

from ngbook import _check as check

__all__ = [
    "PALETTE",
    "ROLES",
    "Role",
    "contours",
    "cover",
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


def use_style(formats=("svg",), background="none"):
    """Set the book's style for the notebook: transparent figures, vector output, the palette.

    The inline backend writes SVG without a date and with fixed element names, so that a figure that
    has not changed keeps its bytes.

    Parameters
    ----------
    formats : sequence of str, optional
        What the notebook keeps of each figure, of ``"svg"`` and ``"png"``. Where a notebook is not trusted,
        Jupyter shows no SVG; a PNG beside it is shown everywhere.
    background : str, optional
        A colour of Matplotlib's behind each figure, for pages that may be dark; transparent by default.
    """
    if not isinstance(formats, tuple | list) or not formats or any(f not in [*_FORMATS] for f in formats):
        raise ValueError(f"formats is {formats!r}; give at least one of {list(_FORMATS)}, in a tuple")
    background = _colour(background)
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


def with_background(svg, background):
    """The SVG text of a figure with a colour behind it, unless it has a colour of its own.

    Parameters
    ----------
    svg : str
        The text of an SVG file that Matplotlib wrote.
    background : str
        A colour of Matplotlib's; ``"none"`` leaves the figure as it is.

    Returns
    -------
    str
        The same picture on its background.
    """
    svg, background = _svg_text(svg), _colour(background)
    return _FIGURE_PATCH.sub(lambda patch: patch[1] + background, svg, count=1)


def _colour(background):
    if not mpl.colors.is_color_like(background):
        raise ValueError(f"background is {background!r}; give a colour, as in 'white', or 'none'")
    return "none" if mpl.colors.to_rgba(background)[3] == 0 else mpl.colors.to_hex(background)


def _svg_text(svg):
    if not isinstance(svg, str) or "<svg" not in svg:
        raise ValueError(f"svg is {str(svg)[:60]!r}; give the text of an SVG file")
    return svg


def rounded_coordinates(svg):
    """SVG text with positions and lengths rounded to two decimals; scales stay as they are.

    Matplotlib's identifiers are digests of numbers that are not rounded. They are named anew, by their order
    and by a digest of the rounded picture, so that two figures on one page do not share any.

    Parameters
    ----------
    svg : str
        The text of an SVG file.

    Returns
    -------
    str
        The same picture, to a hundredth of a point.
    """
    svg = _svg_text(svg)

    def shorten(number):
        text = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text

    svg = _GEOMETRY.sub(lambda geometry: _LONG_NUMBER.sub(shorten, geometry[0]), svg)
    order = {digest: place for place, digest in enumerate(dict.fromkeys(_DIGEST.findall(svg)))}
    picture = hashlib.sha256(_DIGEST.sub("", svg).encode()).hexdigest()[:8]
    return _DIGEST.sub(lambda digest: f"{picture}-{order[digest[0]]}", svg)


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
    every : int or tuple, optional
        Spacing of the markers; or the first iterate that has one, and the spacing.
    **keywords
        Passed on to ``axes.plot``.

    Returns
    -------
    ndarray of shape (T + 1, 2)
        The points drawn.
    """
    axes, points = _axes(axes), _pairs(points)
    first, spacing = every if isinstance(every, tuple) and len(every) == 2 else (0, every)
    if not (_is_count(first, 0) and _is_count(spacing, 1)):
        raise ValueError(f"every is {every!r}; give a positive whole number, the spacing of the markers")
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
        Grid coordinates, one-dimensional and increasing, at least two.
    levels : array_like
        The values at which to draw a line, increasing; at least one of them is reached on the grid.
    labels : bool, optional
        Whether to write the level on the line.
    **keywords
        Passed on to ``axes.contour``.

    Returns
    -------
    ndarray of shape (len(y), len(x))
        The values on the grid.
    """
    axes, levels = _axes(axes), check.increasing(levels, "levels")
    grid_x, grid_y = np.meshgrid(check.increasing(x, "x", 2), check.increasing(y, "y", 2))
    values = check.floats(check.function(value, "value", "x, y")(grid_x, grid_y), "value(x, y)")
    if values.shape != grid_x.shape:
        raise ValueError(
            f"value returned shape {values.shape} for grids of shape {grid_x.shape}; write it elementwise"
        )
    if not np.isfinite(values).all():
        bad = np.unravel_index(np.argmin(np.isfinite(values)), values.shape)
        raise ValueError(
            f"value(x, y) is {values[bad]} at x = {grid_x[bad]:g}, y = {grid_y[bad]:g}; choose a grid on "
            "which it is finite"
        )
    if not np.any((levels >= values.min()) & (levels <= values.max())):
        raise ValueError(
            f"levels are {levels}, but value lies between {values.min():g} and {values.max():g} on the grid; "
            "choose levels in between"
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
    """
    axes, x, drawn = _axes(axes), check.increasing(x, "x", 2), {}
    for label, role, density in _curves(curves):
        density = check.floats(density, f"density {label!r}")
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
        Number of points on the curve, at least 4; the last is the first.

    Returns
    -------
    ndarray of shape (count, 2)
        The points drawn.
    """
    axes, style = _axes(axes), _role(role).line
    centre, lower = check.vector(centre, "centre", 2), _cholesky(metric)
    radius = check.number(radius, "radius (a positive number)", above=0)
    if not _is_count(count, 4):
        raise ValueError(f"count is {count!r}; give a whole number of points, at least 4")
    angle = np.linspace(0, 2 * np.pi, count)
    circle = np.sqrt(2 * radius) * np.stack([np.cos(angle), np.sin(angle)])
    points = centre + np.linalg.solve(lower.T, circle).T
    axes.plot(points[:, 0], points[:, 1], label=label, **style)
    if fill:
        axes.add_patch(Polygon(points, facecolor=style["color"], alpha=0.1, linewidth=0))
    return points


def cover(axes, metric, radius, tiles, natural, gradient):
    """Draw the book's cover: trust regions of one radius, and two ways down through them.

    Pale regions cover the plane; those of the natural steps are blue, and each step ends on the edge of
    the region it began in. There are no axes and no words, so that nothing can overlap at any width.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    metric : callable
        ``metric(theta)``, symmetric positive definite, of shape (2, 2).
    radius : float
        Positive; of every region, as in ``ellipse``.
    tiles : array_like of shape (n, 2)
        The centres of the pale regions.
    natural : array_like of shape (T + 1, 2)
        The path with a region around every point but the last.
    gradient : array_like of shape (S + 1, 2)
        The other path.

    Returns
    -------
    ndarray of shape (T, count, 2)
        The edges of the natural path's regions.
    """
    axes, tiles, natural, gradient = _axes(axes), _pairs(tiles), _pairs(natural), _pairs(gradient)
    metric, radius = check.function(metric, "metric", "theta"), check.number(radius, "radius", above=0)
    pale = [_region(centre, metric(centre), radius) for centre in tiles]
    outline = Outline.make_compound_path(*pale)
    axes.add_patch(PathPatch(outline, facecolor=PALETTE["grey"], alpha=0.11, linewidth=0))
    edges = [ellipse(axes, centre, metric(centre), radius, count=41) for centre in natural[:-1]]
    for line in axes.lines[len(axes.lines) - len(edges) :]:
        line.set(linewidth=0.9)
    path(axes, gradient, "gradient", every=(0, 6), linewidth=1.6)
    path(axes, natural, "natural", linewidth=2.4, markersize=5.5)
    axes.set_axis_off()
    return np.array(edges)


def _region(centre, metric, radius):
    """The region as four arcs, each a cubic curve: much shorter to write down than a polygon."""
    k = 4 / 3 * (np.sqrt(2) - 1)  # the usual handle of a quarter circle; off by less than 0.03 per cent
    quarter = np.array([[1, k], [k, 1], [0, 1]])
    turn = np.array([[0, 1], [-1, 0]])
    circle = np.vstack([[1, 0], *(quarter @ np.linalg.matrix_power(turn, n) for n in range(4)), [1, 0]])
    points = centre + np.sqrt(2 * radius) * np.linalg.solve(_cholesky(metric).T, circle.T).T
    return Outline(points, [Outline.MOVETO, *[Outline.CURVE4] * 12, Outline.CLOSEPOLY])


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
        Length drawn, in units of the axes, for a vector of length one; positive.
    label : str, optional
        Name in the legend.

    Returns
    -------
    ndarray of shape (n,)
        The Euclidean lengths of the vectors, before scaling.
    """
    axes, points, vectors = _axes(axes), _pairs(points), _pairs(vectors)
    scale = check.number(scale, "scale", above=0)
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
    """
    axes, x, guides, drawn = _axes(axes), check.increasing(x, "x", 2), _guides(guides), {}
    for label, role, y in _curves(curves):
        y = check.floats(y, f"curve {label!r}")
        if y.shape != x.shape or not (x[0] > 0 and np.all(y > 0) and np.all(y < np.inf)):
            raise ValueError(f"curve {label!r} must be positive and of shape {x.shape} for logarithmic axes")
        axes.loglog(x, y, label=label, **_role(role).points)
        drawn[label] = y
    for (slope, height), dashes in zip(guides, _GUIDES, strict=False):
        style = {"color": PALETTE["grey"], "linestyle": dashes, "linewidth": 1.2}
        axes.loglog(x, height * (x / x[-1]) ** slope, label=f"slope {slope:g}".replace("-", "−"), **style)
    return drawn


def _axes(axes):
    if not isinstance(axes, mpl.axes.Axes):
        raise ValueError(f"axes is {axes!r}; give one Axes, as of fig, axes = plt.subplots()")
    return axes


def _cholesky(metric):
    """The lower factor of a metric in the plane."""
    metric = check.matrix(metric, 2)
    try:
        return np.linalg.cholesky(metric)
    except np.linalg.LinAlgError:
        raise ValueError(f"metric must be positive definite to bound a region, got\n{metric}") from None


def _role(name):
    if not isinstance(name, str) or name not in ROLES:
        raise ValueError(f"role {name!r} is unknown; use one of {', '.join(ROLES)}")
    return ROLES[name]


def _pairs(points):
    points = check.floats(points, "points")
    if points.ndim != 2 or points.shape[1] != 2 or not points.size:
        raise ValueError(f"points have shape {points.shape}; give one row (x, y) for each, of shape (n, 2)")
    if not np.isfinite(points).all():
        row = int(np.argmin(np.isfinite(points).all(axis=1)))
        raise ValueError(f"points must be finite, but row {row} is {points[row]}; leave such points out")
    return points


def _curves(curves):
    """Triples (label, role, values)."""
    if not isinstance(curves, Mapping) or not curves:
        raise ValueError(f"curves are {curves!r}; give a dictionary, {{label: (role, values)}}")
    for label, curve in curves.items():
        if not isinstance(curve, list | tuple) or len(curve) != 2:
            raise ValueError(f"curve {label!r} is {curve!r}; give a pair, (role, values)")
    return [(label, *curve) for label, curve in curves.items()]


def _guides(guides):
    """Pairs (slope, height) as floats, no more than are told apart."""
    if not isinstance(guides, list | tuple):
        raise ValueError(f"guides are {guides!r}; give a list of pairs, (slope, height)")
    if len(guides) > len(_GUIDES):
        raise ValueError(f"{len(guides)} guides; more than {len(_GUIDES)} are not told apart")
    pairs = [check.vector(guide, "a guide (slope, height)", 2) for guide in guides]
    for slope, height in pairs:
        check.number(height, f"height of the guide of slope {slope:g}", above=0)
    return pairs


def _is_count(number, least):
    return isinstance(number, int | np.integer) and not isinstance(number, bool) and number >= least
