"""The look of the pages without a browser: cover, mark, reading path, tables, type, the sheet for paper."""

import html
import json
import os
import re
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
HTML = ROOT / "_build" / "html"
PAGES = sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts)
sys.path.insert(0, str(BOOK / "_ext"))

import appearance  # noqa: E402
import fonts  # noqa: E402
import reading_path  # noqa: E402
import reading_times  # noqa: E402

from book import cover, typefaces  # noqa: E402
from ngbook import descent  # noqa: E402


@pytest.fixture(scope="module")
def first_page():
    return (HTML / "index.html").read_text(encoding="utf-8")


def test_the_cover_is_what_the_code_draws_today():
    drawn = cover.draw()
    kept = (BOOK / "pictures" / "cover.svg").read_text(encoding="utf-8")
    assert drawn == kept, "the cover is stale: run `python book/cover.py`"
    assert len(kept.encode()) < 60_000
    assert "<text" not in kept and "<image" not in kept


def test_the_covers_regions_follow_the_metric_and_steps_end_on_their_edges():
    def metric(theta):
        return np.diag([1.0, 2.0]) / theta[1] ** 2

    axes = Figure().subplots()
    start, radius = np.array([0.0, 2.0]), 0.08
    step = descent.trust_region_step(np.array([-1.0, 0.5]), metric(start), radius)
    (edge,) = cover.trust_regions(
        axes, metric, radius, [[5, 1]], [start, start + step], [[0, 2], [1, 1]], [1, 1]
    )
    d = edge - start
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", d, metric(start), d) / 2, radius, rtol=1e-12)
    assert step @ metric(start) @ step / 2 == pytest.approx(radius)


def test_the_covers_tiles_are_ellipses_of_the_same_radius():
    axes, metric = Figure().subplots(), np.array([[1.0, -2.0], [-2.0, 5.0]])
    cover.trust_regions(axes, lambda theta: metric, 0.3, [[3, 1]], [[0, 0]], [[0, 0], [1, 1]], [1, 1])
    (tile,) = [patch for patch in axes.patches if type(patch).__name__ == "PathPatch"]
    arcs = [arc for arc, code in tile.get_path().iter_bezier() if code == tile.get_path().CURVE4]
    assert len(arcs) == 4
    d = np.concatenate([arc(np.linspace(0, 1, 9)) for arc in arcs]) - [3, 1]
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", d, metric, d) / 2, 0.3, rtol=6e-4)


def test_the_cover_opens_the_first_page_with_words_for_it(first_page):
    before, image = re.search(r"<article(.*?)(<img [^>]*\bcover\b[^>]*>)", first_page, re.S).groups()
    assert "<h2" not in before
    assert len(re.search(r'alt="([^"]*)"', image)[1]) > 150


def test_the_mark_is_on_every_page():
    assert PAGES
    for path in PAGES:
        page, up = path.read_text(encoding="utf-8"), "../" * (len(path.relative_to(HTML).parts) - 1)
        assert f'<link rel="icon" href="{up}_static/mark.svg"' in page, path
        assert f'sizes="32x32" href="{up}_static/mark-32.png"' in page, path
        assert f'<link rel="apple-touch-icon" sizes="180x180" href="{up}_static/mark-180.png"' in page, path


@pytest.mark.parametrize("size", [32, 180])
def test_the_mark_as_pixels_has_the_size_its_name_says(size):
    data = (HTML / "_static" / f"mark-{size}.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (size, size)


def test_the_list_of_source_pages_is_one_list():
    assert appearance.one_list("<ul><li>b</li><ul><li>c</li><ul><li>d</li></ul></ul></ul>") == (
        "<ul><li>b</li><li>c</li><li>d</li></ul>"
    )
    page = (HTML / "_modules" / "index.html").read_text(encoding="utf-8")
    assert page.count('href="ngbook/') > 20 and "<ul><ul>" not in page and "</li><ul>" not in page


# --- the reading path ---------------------------------------------------------------------------------------


def stops(first_page):
    """Of each chapter on the map: its number, its address and the routes that a screen reader is told."""
    (path,) = re.findall(r'<div class="[^"]*reading-path[^"]*">(.*?)</ol>', first_page, re.S)
    for item in re.findall(r"<li\b[^>]*>(.*?)</li>", path.split("<ol", 1)[1], re.S):
        number = int(re.search(r'class="number">(\d+)<', item)[1])
        told = re.search(r"\(route: ([^)]*)\)", item)[1].split(", ")
        drawn = re.findall(r'class="lane ([\w-]+) stop', item)
        yield number, re.search(r'<a [^>]*href="([^"#]*)', item)[1], told, drawn


def test_the_reading_path_stops_once_at_every_chapter_in_order(first_page):
    toc = re.findall(
        r"- file: ((?:foundations|probability|reinforcement|geometry|networks|ruler|together)/\w+)",
        (BOOK / "_toc.yml").read_text(),
    )
    found = list(stops(first_page))
    assert [address for _, address, _, _ in found] == [f"{name}.html" for name in toc]
    assert [number for number, _, _, _ in found] == list(range(1, len(toc) + 1))
    for _, address, _, _ in found:
        assert (HTML / address).exists()


def test_each_route_is_drawn_where_it_is_told_and_has_a_key(first_page):
    found = list(stops(first_page))
    for _, address, told, drawn in found:
        assert told == (drawn or ["none"]), address
    for route in reading_path.ROUTES:
        assert any(route in told for _, _, told, _ in found)
        assert f"<b>{reading_path.ROUTES[route]}</b>" in first_page


def test_a_lane_has_one_beginning_and_one_end():
    lanes = [reading_path._lane("newcomer", [2, 4], number) for number in range(1, 6)]
    assert [re.search(r'class="(.*)"', lane)[1] for lane in lanes] == [
        "lane",
        "lane newcomer stop first",
        "lane newcomer pass",
        "lane newcomer stop last",
        "lane",
    ]


def test_numbers_in_words():
    assert reading_path._in_words([3, 4, 8, 9, 10]) == "3, 4, 8 to 10"
    assert reading_path._in_words([1]) == "1"


@pytest.mark.parametrize(
    ("chapters", "route", "message"),
    [
        (["a/one"], ["one"], "the book's chapters are"),
        (["a/two", "a/one"], ["one"], "the book's chapters are"),
        (["a/one", "a/two"], ["three"], "no such chapter: ..three"),
        (["a/one", "a/two"], ["two", "one"], "in order"),
        (["a/one", "a/two"], ["one", "one"], "once"),
    ],
)
def test_a_wrong_path_is_refused(chapters, route, message):
    path = {"chapters": chapters, "routes": {"newcomer": route}}
    assert re.search(message, reading_path._mistake(path, {"a/one": 1, "a/two": 2}))


def test_a_right_path_is_not():
    path = {"chapters": ["a/one", "a/two"], "routes": {"newcomer": ["one", "two"], "mathematician": ["two"]}}
    assert reading_path._mistake(path, {"a/one": 1, "a/two": 2}) is None


def test_chapters_are_ordered_by_number():
    env = SimpleNamespace(toc_secnumbers={"b": {"": (10,)}, "index": {}, "a": {"": (9,)}, "c": {"": None}})
    assert list(reading_path._numbered(env).items()) == [("a", 9), ("b", 10)]


# --- times and errors ---------------------------------------------------------------------------------------


def minutes():
    """``{chapter: minutes}``, from the sentences of the sources."""
    found = {}
    for path in BOOK.glob("*/*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        (time,) = {m for cell in cells for m in reading_times.SENTENCE.findall("".join(cell["source"]))}
        found[path.relative_to(BOOK).with_suffix("").as_posix()] = time
    return found


def test_the_map_has_the_time_of_each_chapter_and_the_sums_of_the_routes(first_page):
    (path,) = re.findall(r'<div class="[^"]*reading-path[^"]*">(.*?)</ol>', first_page, re.S)
    shown = dict(
        re.findall(r'<a [^>]*href="(\w+/\w+)\.html.*?class="reading-time">(\d+) minutes<', path, re.S)
    )
    assert shown == minutes()
    told = dict(re.findall(r"<b>([\w ]+)</b>: [\d, to]+; about (\d+) hours", path))
    routes = dict.fromkeys(reading_path.ROUTES.values(), 0)
    for _, address, names, _ in stops(first_page):
        for name in names if names != ["none"] else []:
            routes[reading_path.ROUTES[name]] += int(minutes()[address.removesuffix(".html")])
    assert told == {name: str(round(sum_ / 60)) for name, sum_ in routes.items()}


def test_the_links_to_the_neighbours_say_how_long_they_take():
    times, seen = minutes(), 0
    for path in PAGES:
        _, _, links = path.read_text(encoding="utf-8").partition('<div class="prev-next-area">')
        page = BeautifulSoup(links.partition("</footer>")[0], "html.parser")
        for link in page.find_all("a", class_=("left-prev", "right-next")):
            neighbour = (path.parent / link["href"]).resolve().relative_to(HTML).with_suffix("").as_posix()
            time = link.select_one(".reading-time")
            assert (time and time.text) == (f"{times[neighbour]} minutes" if neighbour in times else None)
            seen += time is not None
    assert seen == 2 * len(
        times
    )  # the page before the first chapter and the page after the last link to them


def ends_of_a_page(folder, *options):
    """What the error reports put on a page of a book, and what Sphinx says."""
    (folder / "conf.py").write_text('extensions = ["error_reports"]\n', encoding="utf-8")
    (folder / "index.rst").write_text("Bits & nats\n===========\n\nWords.\n", encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", *options, folder, folder / "out"]
    environment = os.environ | {"PYTHONPATH": str(BOOK / "_ext")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    page = folder / "out" / "index.html"
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    return [
        link["href"] for link in BeautifulSoup(text, "html.parser").select(".report-error a")
    ], done.stderr


@pytest.mark.parametrize(
    ("address", "links"),
    [
        ("", []),
        ("https://example.org/new", ["https://example.org/new"]),
        (
            "https://example.org/new?a=1&title={title}",
            ["https://example.org/new?a=1&title=Bits%20%26%20nats"],
        ),
        ("mailto:errors@example.org?subject={page}", ["mailto:errors@example.org?subject=index"]),
    ],
)
def test_an_address_for_errors_is_on_every_page_and_without_one_nothing(tmp_path, address, links):
    assert ends_of_a_page(tmp_path, "-D", f"error_report_address={address}") == (links, "")


def test_an_address_that_a_browser_would_not_open_is_refused(tmp_path):
    links, said = ends_of_a_page(tmp_path, "-D", "error_report_address=errors at example.org")
    assert links == [] and "must begin with one of https://, http://, mailto:" in said


# --- tables, type, print ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))
def test_every_table_scrolls_in_a_box_that_has_a_name(path):
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    boxes = page.select("div.pst-scrollable-table-container[role=group]:has(> table)")
    assert len(boxes) == len(page.find_all("table"))
    assert all(box["aria-label"].startswith("Table") for box in boxes)


def test_the_faces_are_part_of_a_sheet_that_stays_small():
    sheet = fonts.style_sheet()
    assert len(sheet) < 125_000
    assert sheet == (HTML / "_static" / "fonts.css").read_text(encoding="utf-8")
    assert len(re.findall(r'src: url\("data:font/woff2;base64,d09GMg', sheet)) == 8  # "wOF2", as base64
    assert "SIL Open Font License" in (fonts.FOLDER / "LICENSE").read_text(encoding="utf-8")


def test_every_face_is_made_by_the_script_and_awaited():
    assert {"-".join(face) for face in fonts.FACES} == set(typefaces.FACES)
    for family, weight, style in fonts.FACES:
        awaited = json.dumps(f'{style} {weight} 1em "{fonts.NAMES[family]}"') in fonts.script()
        assert awaited == (family != "icons")


LETTERS = set(typefaces.ALL + "✓" + "\n\t\u200b")


@cache
def icons():
    """The letters of the theme's icons, by their names."""
    sheet = (HTML / "_static" / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    return dict(re.findall(r'\.fa-([a-z-]+):before[^{}]*\{content:"(.)"', sheet))


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))
def test_the_faces_have_every_letter_of_a_page(path):
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for element in page.select("script, style, .katex"):
        element.decompose()
    missing = set(html.unescape(str(page))) - LETTERS
    assert not missing, f"{sorted(missing)}: write other letters, a formula, or add them in book/typefaces.py"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))
def test_the_face_of_icons_has_every_icon_of_a_page(path):
    shown = set(re.findall(r'\bfa-([a-z-]+)(?=[ "])', path.read_text(encoding="utf-8"))) - {"solid", "lg"}
    assert shown and {icons()[name] for name in shown} <= set(typefaces.ICONS)


@pytest.mark.parametrize("path", sorted((BOOK / "assets" / "explorables").glob("*.js")), ids=lambda p: p.name)
def test_the_faces_have_every_letter_that_an_explorable_writes(path):
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.S)
    assert set(code) <= LETTERS


def test_no_picture_asks_for_a_font():
    pictures = [path.read_text(encoding="utf-8") for path in (HTML / "_images").glob("*.svg")]
    assert len(pictures) > 30
    assert not [picture[:80] for picture in pictures if "<text" in picture or "font-family" in picture]


def test_every_page_has_the_sheet_for_paper():
    for path in PAGES:
        links = re.findall(r"<link [^>]*_static/print\.css[^>]*>", path.read_text(encoding="utf-8"))
        assert len(links) == 1 and 'media="print"' in links[0], path
