"""The strict comparison of notebooks, a pytest plugin for nbval.

nbval executes every cell and compares what it shows with what is stored. This
plugin adds two rules.

1. **No cell passes without having been compared.** nbval lets three things
   through: a cell that is skipped by a tag or a comment, a cell after a time-out,
   and a cell without an execution count.
2. **Pictures are compared as pictures.** Two SVG figures are equal when they
   consist of the same elements with the same texts and nothing has moved by more
   than `TOLERANCE`. Names of elements do not count, and neither does the number of
   vertices by which a curve is drawn: processors round differently, and Matplotlib
   leaves out vertices that hardly matter. Other outputs are compared to the letter.

`make notebooks` keeps a stored output that compares equal to the new one. The file
needs pytest, NumPy and SciPy, and nothing of the book, since it travels with the
notebooks.
"""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.spatial import KDTree

# In points: curves up to 0.1 apart are equal, from 0.2 on they differ.
TOLERANCE = 0.15
# In points: curves are compared at places as close as this.
SPACING = 0.05


# --- pytest -----------------------------------------------------------------------


def is_notebook_cell(item):
    return type(item).__name__ == "IPyNbCell"


def pytest_itemcollected(item):
    """Let nbval compare pictures as pictures; it compares values by ``!=``."""
    if not is_notebook_cell(item):
        return
    sanitize, explain = item.sanitize, item.format_output_compare

    def with_pictures(value):
        return Picture(value) if is_picture(value) else sanitize(value)

    def explain_pictures(key, stored, new):
        if isinstance(stored, Picture) and isinstance(new, Picture):
            reasons = "\n".join(
                f"  {reason}" for reason in picture_differences(stored, new)[:12]
            )
            item.comparison_traceback.append(
                f"the stored picture and the new one differ ({key}):\n{reasons}"
            )
        else:
            explain(key, stored, new)

    item.sanitize, item.format_output_compare = with_pictures, explain_pictures


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if is_notebook_cell(item) and item.cell.execution_count is None:
        pytest.fail(
            "this cell has no execution count, so its output would not be "
            "compared: execute the notebook from its first cell to its last",
            pytrace=False,
        )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if is_notebook_cell(item):
        reason = getattr(report, "wasxfail", None)
        if reason is not None or report.skipped:
            report.__dict__.pop("wasxfail", None)
            report.outcome = "failed"
            report.longrepr = (
                f"{item.nodeid} was not compared with its stored output "
                f"({reason or 'skipped by a tag or a comment'}), "
                f"as every cell must be:\n\n{item.cell.source}"
            )
    return report


# --- outputs ----------------------------------------------------------------------


class Picture(str):
    """The text of an SVG file, equal to another that shows the same picture."""

    __slots__ = ()
    __hash__ = None

    def __eq__(self, other):
        return str.__eq__(self, other) is True or (
            isinstance(other, Picture) and not picture_differences(self, other)
        )

    def __ne__(self, other):
        return not self == other


def is_picture(value):
    return isinstance(value, str) and "<svg" in value[:1000]


def same_outputs(stored, new):
    """Whether two lists of a cell's outputs agree; counts are not compared."""
    return _with_pictures(stored) == _with_pictures(new)


def _with_pictures(value):
    if isinstance(value, dict):
        return {
            key: _with_pictures(item)
            for key, item in value.items()
            if key != "execution_count"
        }
    if isinstance(value, list):
        return [_with_pictures(item) for item in value]
    return Picture(value) if is_picture(value) else value


# --- pictures ---------------------------------------------------------------------

REFERENCE = re.compile(r"#([^\s()\"']+)")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
COLOUR = re.compile(r"#([0-9a-fA-F]{6})\b")
MOVING = set("transform x y x1 x2 y1 y2 cx cy r rx ry width height".split())


def picture_differences(stored, new):
    """What differs between two SVG pictures, a sentence for each difference.

    Parameters
    ----------
    stored, new : str
        The texts of two SVG files.

    Returns
    -------
    list of str
    """
    trees = []
    for name, text in (("stored", stored), ("new", new)):
        parser = ElementTree.XMLParser(
            target=ElementTree.TreeBuilder(insert_comments=True)
        )
        try:
            trees.append(ElementTree.fromstring(text, parser))
        except ElementTree.ParseError as error:
            return [f"the {name} picture is no well-formed SVG: {error}"]
    comparison = _Comparison()
    comparison.elements(*trees, place="svg")
    comparison.references()
    return comparison.differences


class _Comparison:
    """Two pictures, element by element, with the names that correspond."""

    def __init__(self):
        self.differences, self.names, self.uses = [], {}, []

    def differ(self, place, sentence):
        self.differences.append(f"{place}: {sentence}")

    def elements(self, stored, new, place):
        kinds = [_kind(element) for element in (stored, new)]
        if kinds[0] != kinds[1]:
            return self.differ(place, f"stored {kinds[0]}, new {kinds[1]}")
        if kinds[0] == "metadata":
            return None  # the program's version; nobody sees it
        if kinds[0] == "image":
            return self.differ(
                place, "a raster image, which is not compared: draw it as vectors"
            )
        texts = [(element.text or "").strip() for element in (stored, new)]
        if texts[0] != texts[1]:
            self.differ(place, f"stored text {texts[0]!r}, new text {texts[1]!r}")
        if kinds[0] == "comment":
            return None
        self.attributes(stored, new, place)
        if len(stored) != len(new):
            return self.differ(
                place,
                f"stored with {len(stored)} elements inside, new with {len(new)}",
            )
        for k, (one, other) in enumerate(zip(stored, new, strict=True)):
            self.elements(
                one, other, f"{place}/{one.get('id') or f'{_kind(one)}[{k}]'}"
            )

    def attributes(self, stored, new, place):
        keys = [sorted(element.keys()) for element in (stored, new)]
        if keys[0] != keys[1]:
            return self.differ(place, f"stored with {keys[0]}, new with {keys[1]}")
        for key, one in stored.items():
            other, name = new.get(key), key.rpartition("}")[2]
            if name == "id":
                self.names[one] = other
            elif one == other and "#" not in one:
                continue
            elif name == "d":
                self.curves(outlines(one), outlines(other), place)
            elif name == "points":
                self.curves([_pairs(one)], [_pairs(other)], place)
            else:
                self.values(name, one, other, place)

    def values(self, name, stored, new, place):
        """Compare words to the letter and numbers to a tolerance."""
        one, other = _Parts(stored), _Parts(new)
        self.uses += [
            (place, *pair) for pair in zip(one.uses, other.uses, strict=False)
        ]
        if name in MOVING:
            allowed = {"rtol": 0, "atol": TOLERANCE}
        else:
            allowed = {"rtol": 1e-4, "atol": 1e-4}
        if (
            one.words != other.words
            or any(
                abs(a - b) > 1
                for a, b in zip(one.shades, other.shades, strict=True)
            )
            or not np.allclose(one.numbers, other.numbers, **allowed)
            or not np.allclose(_scales(stored), _scales(new), rtol=1e-4)
        ):
            self.differ(place, f"stored {name}={stored!r}, new {name}={new!r}")

    def curves(self, stored, new, place):
        if stored is None or new is None:
            return self.differ(
                place,
                "a changed outline with commands other than M, L, C, Q and Z",
            )
        distance, where = furthest(stored, new)
        if distance > TOLERANCE:
            x, y = where
            self.differ(
                place,
                f"a curve has moved by {distance:.3g} near ({x:.4g}, {y:.4g})",
            )

    def references(self):
        """What uses an element must use the same one in the other picture."""
        for place, stored, new in self.uses:
            if self.names.get(stored) != new:
                self.differ(
                    place,
                    f"stored with a reference to {stored}, new with one to {new}",
                )


def _kind(element):
    return (
        "comment"
        if element.tag is ElementTree.Comment
        else element.tag.rpartition("}")[2]
    )


class _Parts:
    """The words, numbers, colours and names in the value of an attribute."""

    def __init__(self, text):
        self.shades = [
            int(colour[k : k + 2], 16)
            for colour in COLOUR.findall(text)
            for k in (0, 2, 4)
        ]
        text = COLOUR.sub("colour", text)
        self.uses = REFERENCE.findall(text)
        text = REFERENCE.sub("reference", text)
        self.numbers = np.array(NUMBER.findall(text), dtype=float)
        self.words = NUMBER.sub("number", text)


def _scales(transform):
    """The numbers of a transformation that do not move: scales and rotations."""
    found = re.findall(r"(?:scale|rotate|matrix|skew\w)\(([^)]*)\)", transform)
    return np.array(NUMBER.findall(" ".join(found)), dtype=float)


# --- curves -----------------------------------------------------------------------

COMMAND = re.compile(r"[A-Za-z]|" + NUMBER.pattern)
# A Bézier curve becomes eight straight pieces.
STEPS = np.linspace(0, 1, 9)[1:, None]


def _pairs(text):
    return np.array(NUMBER.findall(text), dtype=float).reshape(-1, 2)


def outlines(text):
    """The polylines of a path's ``d``, with Bézier curves in straight pieces.

    Returns
    -------
    list of ndarray of shape (n, 2), or None if the path has other commands
    """
    found, tokens, k = [], COMMAND.findall(text), 0

    def pairs(count):
        return np.array(tokens[k : k + 2 * count], dtype=float).reshape(count, 2)

    command = None
    while k < len(tokens):
        if tokens[k].isalpha():
            command, k = tokens[k], k + 1
        if command == "M":
            found.append([pairs(1)[0]])
            k, command = k + 2, "L"
        elif command == "L":
            found[-1].append(pairs(1)[0])
            k += 2
        elif command == "Q":
            control, end = pairs(2)
            start = found[-1][-1]
            found[-1] += list(
                (1 - STEPS) ** 2 * start
                + 2 * STEPS * (1 - STEPS) * control
                + STEPS**2 * end
            )
            k += 4
        elif command == "C":
            first, second, end = pairs(3)
            start, rest = found[-1][-1], 1 - STEPS
            inner = 3 * STEPS * rest**2 * first + 3 * STEPS**2 * rest * second
            found[-1] += list(rest**3 * start + inner + STEPS**3 * end)
            k += 6
        elif command in ("Z", "z"):
            found[-1].append(found[-1][0])
            command = None
        else:
            return None
    return [np.array(points) for points in found]


def furthest(stored, new):
    """The largest distance between two sets of polylines, and where it occurs.

    It is the Hausdorff distance. Curves with equally many vertices are compared
    vertex by vertex first, which decides most cases at once.
    """
    if [len(points) for points in stored] == [len(points) for points in new]:
        gaps = [
            np.abs(one - other).max(initial=0)
            for one, other in zip(stored, new, strict=True)
        ]
        if max(gaps, default=0) <= TOLERANCE / np.sqrt(2):
            return 0.0, (0.0, 0.0)
    if not stored or not new:
        return np.inf, (stored or new)[0][0]
    places = [
        np.concatenate([_places(points) for points in lines])
        for lines in (stored, new)
    ]
    ways = [_one_way(*places), _one_way(*reversed(places))]
    return max(ways, key=lambda way: way[0])


def _one_way(places, others):
    """The place that is furthest from all others."""
    distances, _ = KDTree(others).query(places)
    worst = int(np.argmax(distances))
    return float(distances[worst]), tuple(places[worst])


def _places(points):
    """Places along a polyline: its vertices, and others in between."""
    if len(points) < 2:
        return points
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    counts = np.ceil(lengths / SPACING).astype(int) + 1
    ends = zip(points[:-1], points[1:], counts, strict=True)
    return np.concatenate([np.linspace(*pair) for pair in ends])
