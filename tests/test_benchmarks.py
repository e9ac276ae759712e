"""The committed results of the benchmarks: their lines can be read, and ratios are those of the medians."""

import importlib.util
import json
import math
import re
import sys
from pathlib import Path

import pytest

from book.results import scale_chunks

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
PRINTED = {
    name: (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    for name in ("results", "networks", "solvers", "geodesics", "pages")
}


def module(name):
    specification = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def helpers():
    return module("_race")


@pytest.fixture(scope="module")
def page(helpers):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "_race", helpers)
        yield module("_page")


def test_numbers_have_three_digits(helpers):
    assert [helpers.number(x) for x in (0.0000123456, 1.0, 12.345, 123.6, 26624.0)] == [
        "0.0000123",
        "1",
        "12.3",
        "124",
        "26624",
    ]


def test_an_unfinished_run_is_longer_than_all_others(helpers):
    measured = helpers.Measured([5.0, 1.0, 9.0], [True, False, True])
    assert measured.median == 9.0 and measured.bounded
    measured = helpers.Measured([5.0, 1.0, 9.0], [True, False, False])
    assert measured.text() == "> 5"
    assert measured.spread("s") == "1..9 s, 1 of 3 finished"


def test_a_printed_line_can_be_read(helpers, capsys):
    slow = helpers.Measured([60.0, 50.0, 70.0], [True, False, False])
    helpers.line("task; training", helpers.Measured([0.25, 0.2, 0.3]), "a peer, 8 × 128", slow)
    race = helpers.PATTERN.fullmatch(capsys.readouterr().out.strip())
    assert (race["name"], race["ours"], race["unit"]) == ("task; training", "0.25", "s")
    assert (race["peer"], race["theirs"], race["ratio"]) == ("a peer, 8 × 128", "> 60", "> 240")


def smallest_ratio(helpers, name):
    """Of the committed races with this name: that of the best rival."""
    races = [race for race in map(helpers.PATTERN.fullmatch, PRINTED["results"].splitlines()) if race]
    return min(float(race["ratio"].strip("<> ")) for race in races if race["name"].startswith(name))


@pytest.mark.parametrize(
    ("name", "goal"),
    [
        ("CartPole-v1; training", 20),
        ("CartPole-v1; process", 8),
        ("CartPole-v1; memory", 4),
        ("Pendulum-v1; training", 10),
        ("Fisher matrix of a network; product float32", 1),
        ("Fisher matrix of a network; CG float32", 1),
        ("Fisher matrix of a network; product float64", 1),
        ("Fisher matrix of a network; CG float64", 1),
    ],
)
def test_the_committed_results_reach_the_goals(helpers, name, goal):
    """Against the best rival: learning, and products."""
    assert smallest_ratio(helpers, name) > goal


def test_the_rule_of_the_shape_costs_little_beside_the_best_direct_method(helpers):
    """At most 1.3 times as much as the better of forming one matrix and the other, for every shape."""
    races = [race for race in map(helpers.PATTERN.fullmatch, PRINTED["solvers"].splitlines()) if race]
    best = {}
    for race in races:
        if race["name"].startswith("Natural direction") and race["peer"] in ("dense", "dual"):
            ratio = float(race["ratio"])
            best[race["name"]] = min(ratio, best.get(race["name"], ratio))
    assert len(best) == 8 and min(best.values()) >= 1 / 1.3


def test_every_race_of_the_results_has_the_ratio_of_its_medians(helpers):
    lines = [line for text in PRINTED.values() for line in text.splitlines() if line.startswith("race ")]
    assert len(lines) > 65
    for line in lines:
        race = helpers.PATTERN.fullmatch(line)
        assert race, line
        ours, theirs, ratio = (float(race[key].strip("<> ")) for key in ("ours", "theirs", "ratio"))
        assert theirs / ours == pytest.approx(ratio, rel=0.016), line  # three digits each


# --- geodesics ----------------------------------------------------------------------------------------------


def rows(kind):
    """What was printed as JSON: ``value`` of the distances, ``case`` of the other questions."""
    lines = PRINTED["geodesics"].splitlines()
    return [json.loads(line.removeprefix(f"{kind} ")) for line in lines if line.startswith(f"{kind} ")]


@pytest.fixture(scope="module")
def exact():
    return module("_exact")


def test_every_printed_error_of_a_distance_is_that_of_the_printed_value():
    assert len(rows("value")) == 20
    for row in rows("value"):
        for side in row["sides"].values():
            off = abs(float(side["value"]) / float(row["exact"]) - 1)
            assert off == pytest.approx(float(side["error"]), rel=0.1, abs=1e-11), row["pair"]


@pytest.mark.parametrize(
    ("method", "start", "end", "wanted"),
    [
        ("normal", [0.0, 1.0], [1e6, 1.0], 2**0.5 * math.acosh(1 + 1e12 / 4)),
        ("normal", [0.0, 1.0], [1e-9, 1.0], 1e-9),
        ("categorical", [0.2, 0.5], [0.6, 0.1], 2 * math.acos(0.12**0.5 + 0.05**0.5 + 0.3)),
        ("poisson", [2.0], [5.0], 2 * (5**0.5 - 2**0.5)),
        ("exponential", [2.0], [5.0], math.log(2.5)),
        ("centred_normal", [[1.0, 0.0], [0.0, 1.0]], [[math.e, 0.0], [0.0, math.e**3]], 5**0.5),
    ],
)
def test_the_exact_distances_are_those_of_formulas_written_again(exact, method, start, end, wanted):
    assert getattr(exact, method)(start, end) == pytest.approx(wanted, rel=1e-13)


def test_the_distances_without_a_formula_were_found_by_another_method(exact):
    """The least energy, here again, gives what was printed as exact."""
    printed = {row["pair"]: float(row["exact"]) for row in rows("value")}
    found = exact.least_energy(exact.gamma_metric, [0.5, 1.0], [20.0, 0.1], 24)
    assert found == pytest.approx(printed["Gamma, far"], rel=1e-10)
    found = exact.least_energy(exact.beta_metric, [0.5, 0.5], [50.0, 2.0], 24)
    assert found == pytest.approx(printed["Beta, far"], rel=1e-10)


def test_no_wrong_distance_is_in_a_race(helpers):
    """Who raced had a relative error of at most 1e-5, and all of them raced."""
    for row in rows("value"):
        right = {name for name, side in row["sides"].items() if float(side["error"]) <= 1e-5}
        races = [race for race in map(helpers.PATTERN.fullmatch, PRINTED["geodesics"].splitlines()) if race]
        raced = {race["peer"] for race in races if race["name"].endswith(f"; {row['pair']}")}
        assert raced <= right and (raced or right == {"ngbook"} or row["pair"].endswith("back"))
        assert "ngbook" in right


def test_powers_of_ten_are_formulas_on_the_page(page):
    assert page.powers("1.388e+07 2.234") == r"$1.388\cdot10^{7}$ 2.234"
    assert page.powers("1e-09") == "$10^{-9}$" and page.powers("leaves at time 0.4") == "leaves at time 0.4"


def test_a_distance_that_is_another_one_is_shown_with_its_error(page):
    assert page.error({"value": "21.4985993962", "error": "4.4e-01"}) == "21.4986, 44 % off"
    assert page.error({"value": "1.5", "error": "2.2e-16"}) == r"$2\cdot10^{-16}$"
    assert page.error(None) == "–" and page.error({"value": "1.5", "error": "0.0e+00"}) == "0"


def test_geomstats_is_faster_in_all_races_of_the_same_accuracy(helpers):
    """What the page says first: closed forms, and boundary value problems with a finer mesh."""
    races = [race for race in map(helpers.PATTERN.fullmatch, PRINTED["geodesics"].splitlines()) if race]
    assert len(races) >= 15 and all(float(race["ratio"]) < 1 for race in races)


def page_race(helpers, column):
    races = [race for race in map(helpers.PATTERN.fullmatch, PRINTED["pages"].splitlines()) if race]
    (race,) = [race for race in races if race["name"].endswith(f"; {column}")]
    assert float(race["ratio"]) == pytest.approx(float(race["theirs"]) / float(race["ours"]), rel=0.016)
    return race


@pytest.mark.parametrize("column", ["loaded", "sent"])
def test_a_page_is_half_as_heavy_as_a_stock_page(helpers, column):
    assert float(page_race(helpers, column)["ratio"]) >= 2


@pytest.mark.parametrize("column", ["formulas", "phone"])
def test_the_slowest_visit_has_its_formulas_before_the_fastest_of_a_stock_page(helpers, column):
    page_race(helpers, column)
    (ours, theirs) = re.findall(
        rf"; {column}: .*\([\d.]+\.\.([\d.]+) s against ([\d.]+)\.\.", PRINTED["pages"]
    )[0]
    assert float(ours) < float(theirs)


def test_every_line_about_chunks_can_be_read():
    lines = (FOLDER / "scale.txt").read_text(encoding="utf-8").splitlines()
    measured = [line for line in lines if line.startswith("scale ")]
    assert len(measured) == 5 * 4 + 4 * 3 + 2 * 2 and all(map(scale_chunks.LINE.fullmatch, measured))


def test_nothing_on_a_page_moves():
    moved = re.findall(r"^moved .*?: ngbook ([\d.]+),", PRINTED["pages"], re.MULTILINE)
    assert len(moved) == 2 and all(float(shift) <= 0.01 for shift in moved)


def test_no_page_made_a_server_send_more_than_500_kilobytes():
    weights = re.findall(r"^page \S+: ([\d,]+) bytes sent$", PRINTED["pages"], re.MULTILINE)
    assert len(weights) > 15 and max(int(weight.replace(",", "")) for weight in weights) <= 500_000


# --- the page ------------------------------------------------------------------------------------


def test_the_page_is_written_from_what_the_races_printed(page, tmp_path, monkeypatch):
    """The sentences and the bars on the page are those of the committed lines, and none is typed."""
    pictures = page.PICTURES
    monkeypatch.setattr(page, "HERE", tmp_path)
    monkeypatch.setattr(page, "PICTURES", tmp_path)
    page.write()
    written = sorted(path.name for path in tmp_path.iterdir())
    assert len(written) == 14  # four texts, ten pictures
    for name in written:
        committed = (FOLDER if name.endswith(".md") else pictures) / name
        assert (tmp_path / name).read_text(encoding="utf-8") == committed.read_text(encoding="utf-8"), name


def sides(ours, theirs, peer="a peer"):
    """Both sides of a race; a fourth entry marks a median that is only a lower bound."""
    return {"ngbook": (*ours, "")[:4], peer: (*theirs, "")[:4]}


FAST, SLOW = (1, 0.9, 1.1), (2, 1.5, 2.5)


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        (FAST, SLOW, "and a peer 2\u00a0s (1.5 to 2.5); 2 times as much"),
        (SLOW, FAST, "ngbook took 2 times as much"),
        ((2500, 2400, 2600), FAST, "ngbook took 2,500 times as much"),
        ((1, 0.9, 1.6), SLOW, "the ranges overlap, so the runs show no difference"),
        (FAST, (*SLOW, "> "), "a peer more than 2\u00a0s (1.5 to 2.5); more than 2 times as much"),
        ((*SLOW, "> "), FAST, "ngbook took more than 2 times as much"),
        ((*FAST, "> "), (*SLOW, "> "), "most runs of either did not finish"),
    ],
)
def test_a_sentence_says_who_was_ahead_and_whether_the_runs_can_tell(page, ours, theirs, verdict):
    assert verdict in page.sentence("task", "time", "s", sides(ours, theirs))


def test_a_median_that_is_only_a_lower_bound_is_marked_as_one(page):
    spread = "1..9 s, 1 of 3 finished against 6..8 s"
    line = f"race task; time: ngbook > 5 s, a peer 7 s, ratio < 1.4 ({spread})"
    (race,) = page.races([line])
    assert race[3] == {"ngbook": (5, 1, 9, "> "), "a peer": (7, 6, 8, "")}
    assert page.quantity(*race[3]["ngbook"][:1], "s", "> ") == "> 5\u00a0s"


def test_a_yardstick_that_computes_less_is_no_competitor(page):
    yardstick = {"one reading of the scores": (0.1, 0.1, 0.1, "")}
    text = page.sentence("task", "time", "s", sides(FAST, SLOW) | yardstick)
    assert "a peer" in text and "reading" not in text


def test_the_other_methods_of_the_package_are_no_competitors(page):
    text = page.sentence("task", "time", "s", sides(FAST, SLOW) | {"ngbook (CG)": (0.1, 0.1, 0.1, "")})
    assert "a peer" in text and "CG" not in text


def test_every_side_that_learned_with_a_network_has_its_settings(page):
    rows = [match for match in map(page.SETTINGS.fullmatch, PRINTED["networks"].splitlines()) if match]
    raced = {
        (table, side)
        for table, column, _, sides in page.races(PRINTED["networks"].splitlines())
        for side in sides
        if column.startswith("learning")
    }
    assert {(row["task"], row["side"]) for row in rows} == raced and len(rows) == 10


def test_every_side_of_the_learning_races_has_its_settings(page):
    rows = [match for match in map(page.SETTINGS.fullmatch, PRINTED["results"].splitlines()) if match]
    raced = {
        (table, side)
        for table, _, _, sides in page.races(PRINTED["results"].splitlines())
        for side in sides
        if not table.startswith("Fisher")
    }
    assert {(row["task"], row["side"]) for row in rows} == raced and len(rows) == 7
