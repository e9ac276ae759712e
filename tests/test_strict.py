"""Pictures are compared as pictures: what nobody can see is equal, whatever can be seen is not."""

import io
import re
import time
from functools import partial

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from book import strict
from ngbook import plots

X = np.linspace(0, 6, 61)


def drawn(shift=0.0, draw=None, x=X):
    """The SVG of a small figure, as a cell of the book shows it; ``shift`` moves one curve, in points."""
    style = mpl.rcParamsDefault | {"svg.hashsalt": "tests", "svg.fonttype": "path", "path.simplify": False}
    with mpl.rc_context(style):
        fig, axes = plt.subplots(figsize=(4, 3))
        per_point = 1 / (72 * 3 * 0.77 / 2.4)  # data units a point: the axes are 0.77 of 3 inches high
        axes.plot(
            x, np.sin(x) + shift * per_point, color="#005ea8", linestyle="--", marker="o", markevery=0.2
        )
        axes.contour(*np.meshgrid(X, X), np.add.outer(X, X), levels=[5.0, 8.0])
        axes.set(xlim=(0, 6), ylim=(-1.2, 1.2), ylabel="a sine")
        axes.text(3, 0.5, "a remark")
        if draw is not None:
            draw(axes)
        file = io.StringIO()
        fig.savefig(file, format="svg", metadata={"Date": None})
        plt.close(fig)
    return plots.rounded_coordinates(file.getvalue())


PICTURE = drawn()


def edited(pattern, new, count=1):
    """The picture with a text replaced, which must be there."""
    text, found = re.subn(pattern, new, PICTURE, count=count)
    assert found, pattern
    return text


SAME = {
    "itself": PICTURE,
    "curve moved by a tenth": partial(drawn, shift=0.1),
    "moved down by a tenth": partial(drawn, shift=-0.1),
    "other names": re.sub(r'(?<=[#"])([pm][0-9a-f]{8}-\d+)(?=[")])', r"other-\1", PICTURE),
    "a negative zero": edited(r"(?<=M |L )0(?= )", "-0"),
    "another program": edited(r"Matplotlib v[\d.]+", "Matplotlib v0.1"),
    "a tick moved by a tenth": re.sub(
        r'(<use xlink:href="#m\S+" x=")([\d.]+)', lambda m: f"{m[1]}{float(m[2]) + 0.1:.2f}", PICTURE, count=1
    ),
    "a colour by a last digit": re.sub("#005ea8", "#005ea9", PICTURE),
}
DIFFERENT = {
    "curve moved by two tenths": (partial(drawn, shift=0.21), "moved by 0.2"),
    "moved down by two tenths": (partial(drawn, shift=-0.21), "moved by 0.2"),
    "one point of a curve": (
        partial(drawn, draw=lambda axes: axes.lines[0].set_ydata(np.sin(X) + 0.02 * (X == X[30]))),
        "a curve has moved",
    ),
    "a curve more": (partial(drawn, draw=lambda axes: axes.plot([1, 2], [0, 0])), "elements inside"),
    "a curve less": (partial(drawn, draw=lambda axes: axes.lines[0].remove()), "inside"),
    "another label": (partial(drawn, draw=lambda axes: axes.set_ylabel("a cosine")), "a cosine"),
    "a label elsewhere": (partial(drawn, draw=lambda axes: axes.texts[0].set_x(3.1)), "transform"),
    "another tick": (partial(drawn, draw=lambda axes: axes.set_xticks([0, 2, 5])), "inside"),
    "a tick elsewhere": (
        partial(drawn, draw=lambda axes: axes.set_xticks([0, 1, 2, 3, 4, 5.1, 6], list("0123456"))),
        "",
    ),
    "another marker": (partial(drawn, draw=lambda axes: axes.lines[0].set_marker("s")), "a curve has moved"),
    "a marker elsewhere": (partial(drawn, draw=lambda axes: axes.lines[0].set_markevery(0.19)), "x="),
    "another dash": (partial(drawn, draw=lambda axes: axes.lines[0].set_linestyle(":")), "stroke-dasharray"),
    "another colour": (partial(drawn, draw=lambda axes: axes.lines[0].set_color("#c04a00")), "#c04a00"),
    "another width": (partial(drawn, draw=lambda axes: axes.lines[0].set_linewidth(2)), "stroke-width"),
    "a raster image": (partial(drawn, draw=lambda axes: axes.imshow(np.eye(3), aspect="auto")), "inside"),
    "no picture": ("<svg>", "no well-formed SVG"),
    "a letter turned": (edited(r"scale\(0\.1 -0\.1\)", "scale(0.1 0.1)"), "transform"),
    "another size": (edited(r'viewBox="0 0 288 216"', 'viewBox="0 0 288 226"'), "viewBox"),
    "a swapped reference": (
        re.sub(
            r'(<use xlink:href="#m\w+-)(\d+)("[^>]*>)(?!.*<use xlink:href="#m)',
            r"\g<1>0\3",
            PICTURE,
            flags=re.S,
        ),
        "reference",
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_what_nobody_sees_is_equal(name):
    new = SAME[name]() if callable(SAME[name]) else SAME[name]
    assert strict.picture_differences(PICTURE, new) == []
    assert strict.Picture(PICTURE) == strict.Picture(new)


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_is_seen_is_noticed(name):
    new, reason = DIFFERENT[name]
    new = new() if callable(new) else new
    found = strict.picture_differences(PICTURE, new)
    assert any(reason in sentence for sentence in found), found
    assert strict.Picture(PICTURE) != strict.Picture(new)


def test_a_raster_image_is_never_equal():
    picture = drawn(draw=lambda axes: axes.imshow(np.eye(3), aspect="auto"))
    assert "raster" in strict.picture_differences(picture, picture)[0]


# --- curves --------------------------------------------------------------------------------------


def path(points):
    return "M " + " L ".join(f"{x:.2f} {y:.2f}" for x, y in points)


def moved(one, other):
    return strict.furthest(strict.outlines(one), strict.outlines(other))[0]


CIRCLE = np.array([(100 * np.cos(t), 100 * np.sin(t)) for t in np.linspace(0, 6, 1261)])


def test_fewer_vertices_draw_the_same_curve():
    assert moved(path(CIRCLE), path(CIRCLE[::7])) < 0.1
    assert moved(path([(0, 0), (10, 0)]), path([(0, 0), (3, 0), (10, 0)])) < 0.03


def test_a_coarser_curve_is_another_one():
    # Chords of 36 steps leave the circle by 100 (1 - cos(3 / 35)) = 0.37 points.
    assert moved(path(CIRCLE), path(CIRCLE[::36])) == pytest.approx(0.37, abs=0.05)


@pytest.mark.parametrize("count", [2, 5, 40])
@pytest.mark.parametrize("distance", [0.05, 0.1, 0.2, 1.0])
def test_the_distance_is_measured_with_other_vertices(count, distance):
    flat = np.array([(x, 0.0) for x in np.linspace(0, 80, 9)])
    bent = np.array([(x, distance) for x in np.linspace(0, 80, count)])
    measured = strict.furthest([flat], [bent])[0]
    if count != len(flat) and distance > 0:
        assert measured == pytest.approx(distance, abs=0.03)


def test_a_gap_in_a_curve_is_seen():
    whole, parts = path([(0, 0), (50, 0)]), path([(0, 0), (20, 0)]) + " " + path([(21, 0), (50, 0)])
    assert moved(whole, parts) == pytest.approx(0.5, abs=0.06)


def test_a_curve_drawn_backwards_is_the_same_curve():
    assert moved(path(CIRCLE), path(CIRCLE[::-1])) < 1e-9


def test_curves_of_bezier_pieces_are_measured():
    assert moved("M 0 0 Q 50 100 100 0", "M 0 0 Q 50 101 100 0") == pytest.approx(0.5, abs=0.05)
    assert moved("M 0 0 C 0 50 100 50 100 0 Z", "M 0 0 C 0 52 100 52 100 0 Z") == pytest.approx(1.5, abs=0.1)


def test_an_unknown_command_must_agree_to_the_letter():
    one, other = (f'<svg><path d="M 0 0 A 5 5 0 0 1 {x} 0"/></svg>' for x in (10, 11))
    assert strict.picture_differences(one, one) == []
    assert "other than" in strict.picture_differences(one, other)[0]


def test_nothing_is_infinitely_far_from_something():
    assert moved("", "M 1 1 L 2 2") == np.inf and moved("", "") == 0


def test_large_pictures_take_little_time():
    line = np.array([(x, 50 * np.sin(x / 9)) for x in np.linspace(0, 400, 2001)])
    began = time.process_time()
    assert moved(path(line), path(line[::2])) < 0.15
    assert time.process_time() - began < 5


# --- outputs -------------------------------------------------------------------------------------


def shown(svg, text="1\n"):
    return [
        {"output_type": "stream", "name": "stdout", "text": text},
        {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": svg, "text/plain": "f"}},
    ]


def test_outputs_agree_when_texts_do_to_the_letter_and_pictures_as_pictures():
    stored = shown(PICTURE)
    assert strict.same_outputs(stored, shown(drawn(shift=0.1)))
    assert not strict.same_outputs(stored, shown(drawn(shift=0.21)))
    assert not strict.same_outputs(stored, shown(PICTURE, "1.0\n"))
    assert not strict.same_outputs(stored, stored[:1])
