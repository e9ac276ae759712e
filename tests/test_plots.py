"""The look: contrast on both backgrounds, colours that stay apart, and figures that keep their bytes."""

import base64
import io
import json
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
from colour import contrast, in_dark_theme, linear, rgb
from matplotlib.figure import Figure
from refusals import (
    INF,
    NAN,
    NOT_METRICS,
    NOT_POSITIVE,
    NOT_VECTORS,
    Example,
    constant,
    refusal_tests,
    says,
)

from ngbook import plots

BOOK = Path(__file__).parents[1] / "book"
STYLE_SHEET = BOOK / "assets" / "book.css"
WHITE = np.ones(3)
# The theme's dark page is #121212; its base theme's is this, a little lighter, which is the stricter test.
DARK_PAGE = np.array([0x14, 0x18, 0x1E]) / 255

# Simulated colour blindness at full severity, on linear RGB: Machado, Oliveira and Fernandes (2009), table 1.
COLOUR_BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def lab(linear_rgb):
    """CIE L*a*b* with the D65 white point."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = to_xyz @ np.clip(linear_rgb, 0, 1) / (to_xyz @ np.ones(3))
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("name", plots.PALETTE)
def test_contrast_of_lines_on_both_pages(name):
    colour = rgb(plots.PALETTE[name])
    assert contrast(colour, WHITE) >= 3
    assert contrast(in_dark_theme(colour), DARK_PAGE) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast_of_text_in_figures(theme):
    ink = rgb(plots.PALETTE["ink"])
    text, page = (ink, WHITE) if theme == "light" else (in_dark_theme(ink), DARK_PAGE)
    assert contrast(text, page) >= 4.5


def test_the_style_sheet_applies_the_filter_that_is_tested_here():
    rule = re.search(
        r'html\[data-theme="dark"\][^{]*img\[src\$="\.svg"\] \{([^}]*)\}', STYLE_SHEET.read_text()
    )
    assert "filter: invert(1) hue-rotate(180deg);" in rule.group(1)


def test_figures_of_the_chapters_use_no_colour_but_the_palettes():
    used, greys = set(), set()
    for path in BOOK.glob("*/*.ipynb"):
        colours = set(re.findall(r"(?:stroke|fill): ?(#[0-9a-f]{6})", path.read_text(encoding="utf-8")))
        if path.name == "kronecker.ipynb":  # its data are grey pictures
            greys = {colour for colour in colours if colour[1:3] == colour[3:5] == colour[5:]}
        used |= colours - greys
    assert set(plots.PALETTE.values()) <= used <= {*plots.PALETTE.values(), "#000000"}
    assert len(greys) > 50


def test_the_dashes_are_those_of_the_chapters_figures():
    dashes = re.compile(r"stroke-dasharray: [\d.,]+; stroke-dashoffset: \d+")
    stored = "".join(path.read_text(encoding="utf-8") for path in BOOK.glob("*/*.ipynb"))
    plots.use_style()
    figure, axes = plt.subplots()
    x = np.array([1.0, 2.0])
    plots.log_log(axes, x, {role: (role, x) for role in plots.ROLES}, guides=[(1, 1), (2, 1)])
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg")
    plt.close(figure)
    used = set(dashes.findall(drawn.getvalue()))
    assert len(used) == 4 + 2 and used <= set(dashes.findall(stored))


@pytest.mark.parametrize("kind", COLOUR_BLINDNESS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_two_main_colours_stay_apart_for_every_reader(kind, theme):
    def seen(name):
        colour = rgb(plots.PALETTE[name])
        return lab(COLOUR_BLINDNESS[kind] @ linear(in_dark_theme(colour) if theme == "dark" else colour))

    # A difference of about 2.3 is just noticeable; these two carry the book's main comparison.
    assert np.linalg.norm(seen("blue") - seen("orange")) > 30


def test_lines_are_told_apart_by_more_than_colour():
    for first, second in combinations(plots.ROLES.values(), 2):
        assert first.linestyle != second.linestyle
        assert first.marker != second.marker


def figure_bytes():
    plots.use_style()
    fig, axes = plt.subplots()
    plots.path(axes, [[0, 0], [1, 1]], "natural", label="a")
    plots.contours(axes, lambda x, y: x**2 + y**2, np.linspace(-1, 1, 9), np.linspace(-1, 1, 9), [0.5, 1])
    axes.legend()
    buffer = io.BytesIO()
    fig.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(fig)
    return buffer.getvalue()


def test_a_figure_drawn_twice_has_the_same_bytes_and_no_font_to_fetch():
    first = figure_bytes()
    assert first == figure_bytes()
    assert b"<text" not in first and b"@font-face" not in first
    assert not re.findall(rb'(?:href|src)="https?:', first)


def test_a_background_is_put_behind_a_transparent_figure_and_changes_nothing_else():
    drawn = figure_bytes().decode()
    white = plots.with_background(drawn, "white")
    ((_, after),) = [
        pair for pair in zip(drawn.split("\n"), white.split("\n"), strict=True) if pair[0] != pair[1]
    ]
    assert after.endswith('style="fill: #ffffff"/>')
    assert plots.with_background(drawn, "none") == drawn
    assert plots.with_background(white, "#000000") == white, "a figure keeps a background of its own"


def displayed(**style):
    """What IPython's inline backend keeps of a figure: the data and the metadata by format."""
    code = f"""
import json
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import matplotlib
matplotlib.use("module://matplotlib_inline.backend_inline")
import matplotlib.pyplot as plt
from ngbook import plots
plots.use_style(**{style!r})
figure, axes = plt.subplots(figsize=(3, 2))
axes.plot([0, 1], [0, 1])
print(json.dumps(shell.display_formatter.format(figure)))
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return json.loads(shown.splitlines()[-1])


def test_a_notebook_keeps_vectors_alone_unless_it_asks_for_more():
    data, _ = displayed()
    assert set(data) == {"image/svg+xml", "text/plain"}
    assert 'style="fill: #ffffff"' not in data["image/svg+xml"]


def test_a_notebook_that_is_handed_on_keeps_a_picture_too_on_a_light_ground():
    data, metadata = displayed(formats=("svg", "png"), background="white")
    alone, _ = displayed()
    assert data["image/svg+xml"] == plots.with_background(alone["image/svg+xml"], "white")
    assert metadata["image/png"] == {"width": 288, "height": 192}
    picture = plt.imread(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.shape[:2] == (2 * 192, 2 * 288)
    assert (picture[0, 0, :3] == 1).all() and (picture[..., 3] == 1).all()


def test_coordinates_are_rounded_and_nothing_else_is():
    svg = (
        '<svg><path id="a1.23456" d="M 66.225153 -0.001 \\nL 7.5 8" '
        'transform="translate(1.23456 2) scale(0.015625)"/>'
        '<use x="63.690261" style="stroke-width: 0.123456"/></svg>'
    )
    assert plots.rounded_coordinates(svg) == (
        '<svg><path id="a1.23456" d="M 66.23 0 \\nL 7.5 8" transform="translate(1.23 2) scale(0.015625)"/>'
        '<use x="63.69" style="stroke-width: 0.123456"/></svg>'
    )


def test_identifiers_follow_the_rounded_picture():
    def svg(clip, x):
        return f'<svg><clipPath id="p{clip}"/><use clip-path="url(#p{clip})" x="{x}"/></svg>'

    first, noise = svg("7d1beb1213", "1.2300001"), svg("4a88bdc574", "1.2300002")
    assert plots.rounded_coordinates(first) == plots.rounded_coordinates(noise)
    name = re.search(r'id="(p\w+-0)"', plots.rounded_coordinates(first))[1]
    assert f"url(#{name})" in plots.rounded_coordinates(first)
    assert name not in plots.rounded_coordinates(svg("7d1beb1213", "2.5"))


@pytest.fixture
def axes():
    fig, axes = plt.subplots()
    yield axes
    plt.close(fig)


def test_ellipse_lies_on_the_trust_region(axes):
    metric = np.array([[1.0, -2.0], [-2.0, 5.0]])
    points = plots.ellipse(axes, [3.0, -1.0], metric, radius=0.7)
    d = points - [3.0, -1.0]
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", d, metric, d) / 2, 0.7, rtol=1e-12)
    np.testing.assert_allclose(d[0], [np.sqrt(2 * 0.7), 0])  # it begins to the right of the centre
    turns = np.diff(np.unwrap(np.arctan2(d[:, 1], d[:, 0])))
    assert len(points) == 181 and abs(turns.sum()) == pytest.approx(2 * np.pi)
    assert (np.sign(turns) == np.sign(turns[0])).all()
    (inside,) = axes.patches
    assert inside.get_linewidth() == 0


def test_a_path_has_a_marker_at_every_point_or_at_those_asked_for(axes):
    points = np.arange(10.0).reshape(5, 2)
    for every, marked in (({}, [0, 1, 2, 3, 4]), ({"every": 2}, [0, 2, 4]), ({"every": (1, 3)}, [1, 4])):
        plots.path(axes, points, "natural", **every)
        drawn = axes.lines[-1].get_markevery()
        first, spacing = drawn if isinstance(drawn, tuple) else (0, drawn)
        assert list(range(first, 5, spacing)) == marked


def test_densities_are_filled_down_to_zero_without_an_edge(axes):
    plots.densities(axes, [0.0, 1.0, 3.0], {"a": ("third", [0.0, 0.5, 0.25])})
    (filled,) = axes.collections
    assert (filled.get_linewidth() == 0).all() and filled.get_alpha() < 0.2
    assert filled.get_paths()[0].get_extents().extents.tolist() == [0, 0, 3, 0.5]
    assert axes.get_ylim()[0] == 0


@pytest.mark.parametrize("level", [-2.0, 2.0])
def test_contours_may_touch_the_ends_of_what_is_reached(axes, level):
    values = plots.contours(axes, lambda x, y: x + y, [-1, 1], [-1, 0, 1], [level])
    np.testing.assert_array_equal(values, [[-2, 0], [-1, 1], [0, 2]])
    assert axes.collections[0].levels.tolist() == [level]


def test_field_returns_the_lengths_before_scaling(axes):
    lengths = plots.field(axes, [[0, 0], [1, 1]], [[3, 4], [0, 2]], "gradient", scale=0.1)
    np.testing.assert_allclose(lengths, [5, 2])
    (arrows,) = axes.collections
    np.testing.assert_allclose([arrows.U, arrows.V], [[0.3, 0.0], [0.4, 0.2]])
    np.testing.assert_array_equal(arrows.XY, [[0, 0], [1, 1]])
    assert (arrows.scale, arrows.scale_units, arrows.angles) == (1, "xy", "xy")


def test_log_log_draws_guides_through_the_height_given(axes):
    x = np.geomspace(1e-3, 1e-1, 5)
    plots.log_log(axes, x, {"cubic": ("natural", x**3)}, guides=[(2, 0.5)])
    guide = axes.lines[-1]
    np.testing.assert_allclose(guide.get_ydata(), 0.5 * (x / x[-1]) ** 2)


# --- bad input ---------------------------------------------------------------------------------------------

AXES = Figure().subplots()
PATH = Example(plots.path, axes=AXES, points=[[0, 0], [1, 1]], role="natural", every=(0, 2))
LEVELS = Example(plots.contours, axes=AXES, value=lambda x, y: x + y, x=[-1, 1], y=[-1, 0, 1], levels=[0, 1])
DENSITIES = Example(plots.densities, axes=AXES, x=[0, 1], curves={"a": ("natural", [0.0, 1.0])})
ELLIPSE = Example(plots.ellipse, axes=AXES, centre=[0, 0], metric=np.eye(2), radius=0.1, role="natural")
FIELD = Example(plots.field, axes=AXES, points=[[0, 0], [1, 1]], vectors=[[1, 0], [0, 1]], role="natural")
LOG_LOG = Example(
    plots.log_log, axes=AXES, x=[1, 2], curves={"a": ("natural", [1.0, 2.0])}, guides=[(2, 0.5)]
)
STYLE = Example(plots.use_style, formats=("svg", "png"), background="white")
BACKGROUND = Example(plots.with_background, svg="<svg></svg>", background="white")
ROUNDED = Example(plots.rounded_coordinates, svg="<svg></svg>")

NOT_AXES = [None, Figure(), (AXES.figure, AXES), Figure().subplots(1, 2)]
NOT_ROLES = ["ours", None, ["natural"], plots.ROLES["natural"]]
NOT_PAIRS = [
    [0.0, 1.0],
    np.ones((4, 3)),
    np.ones((0, 2)),
    says("index (1, 0)", [[0.0, 1.0], [NAN, 1.0]]),
    [[0.0, INF]],
    [["a", "b"]],
    [[1j, 0.0]],
    None,
    [[1.0], [1.0, 2.0]],
]
NOT_COORDINATES = [*NOT_VECTORS, says("must increase", [2.0, 1.0]), [1.0, 1.0], says("at least 2", [1.0])]
NOT_CURVES = [
    None,
    [("natural", [1.0, 2.0])],
    {},
    {"a": [1.0, 2.0, 3.0]},
    says("pair", {"a": ("natural", [1.0, 2.0], "--")}),
    says("pair", {"a": "ab"}),
    says("role of curves['a']", {"a": ("ours", [1.0, 2.0])}),
    *({"a": ("natural", y)} for y in ([1.0, 2.0, 3.0], [1.0, NAN], [1.0, INF], [1.0, -1.0], ["b", "c"])),
]
NOT_SURFACES = [
    1.0,
    says("elementwise", constant(1.0)),
    says("choose a grid", lambda x, y: np.where(x > 0, x, NAN)),
    lambda x, y: np.full(x.shape, "a"),
]
NOT_DEFINITE = [
    says("positive definite", bad) for bad in ([[1, 4], [4, 1]], [[1, 1], [1, 1]], [[0, 0], [0, 1]])
]
NOT_COLOURS = [2.0, "bluish"]

REFUSED = [
    *(
        fact
        for drawn in (PATH, LEVELS, DENSITIES, ELLIPSE, FIELD, LOG_LOG)
        for fact in drawn.refuses("axes", *NOT_AXES)
    ),
    *PATH.refuses("points", *NOT_PAIRS),
    *PATH.refuses("role", *NOT_ROLES),
    *PATH.takes_anything("label"),
    *PATH.refuses("every", 0, 2.5, "all", (1, 2, 3), (-1, 2)),
    *LEVELS.refuses("value", *NOT_SURFACES),
    *LEVELS.refuses("x", *NOT_COORDINATES),
    *LEVELS.refuses("y", *NOT_COORDINATES),
    *LEVELS.refuses("levels", *NOT_VECTORS, says("must increase", [1.0, 0.0]), [7.0]),
    *DENSITIES.refuses("x", *NOT_COORDINATES),
    *DENSITIES.refuses("curves", *NOT_CURVES),
    *ELLIPSE.refuses("centre", *NOT_VECTORS, [1.0, 2.0, 3.0]),
    *ELLIPSE.refuses("metric", *NOT_METRICS, *NOT_DEFINITE),
    *ELLIPSE.refuses("radius", *NOT_POSITIVE),
    *ELLIPSE.refuses("role", *NOT_ROLES),
    *ELLIPSE.takes_anything("label", "fill"),
    *ELLIPSE.refuses("count", 3, 90.5, "many"),
    *FIELD.refuses("points", *NOT_PAIRS, says("one vector a point", [[0, 0]])),
    *FIELD.refuses("vectors", *NOT_PAIRS, says("one vector a point", np.ones((3, 2)))),
    *FIELD.refuses("role", *NOT_ROLES),
    *FIELD.refuses("scale", *NOT_POSITIVE),
    *FIELD.takes_anything("label"),
    *LOG_LOG.refuses("x", *NOT_COORDINATES, [0.0, 1.0]),
    *LOG_LOG.refuses("curves", *NOT_CURVES, {"a": ("natural", [0.0, 1.0])}),
    *LOG_LOG.refuses("guides", 2.0, (2.0, 0.5), [(1, 1)] * 3, [(2, 0.0)], [(NAN, 1.0)], [("two", 1.0)]),
    *STYLE.refuses("formats", "svg", 2, (), ("svg", "gif"), [["svg"]]),
    *STYLE.refuses("background", *NOT_COLOURS),
    *BACKGROUND.refuses("svg", 1.0, "<html>"),
    *BACKGROUND.refuses("background", *NOT_COLOURS),
    *ROUNDED.refuses("svg", 1.0, "<html>"),
]
test_works, test_refused = refusal_tests(REFUSED)
