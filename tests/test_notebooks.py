"""The notebooks are in order, and what is out of order is noticed: each rule is tried on a doctored copy."""

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import hygiene
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(
    path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
)
PARTS = ("foundations", "probability", "reinforcement", "geometry", "networks", "ruler", "together")
CHAPTERS = [path for path in NOTEBOOKS if path.parent.name in PARTS]


def name_of(path_or_rule):
    return path_or_rule.stem if isinstance(path_or_rule, Path) else path_or_rule.__name__


@pytest.mark.parametrize("rule", hygiene.NOTEBOOK_RULES, ids=name_of)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_notebook(path, rule):
    problems = rule(hygiene.load(path))
    assert not problems, "\n".join([f"{path.relative_to(ROOT)}:", *problems])


@pytest.mark.parametrize("rule", hygiene.CHAPTER_RULES, ids=name_of)
@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_chapter(path, rule):
    problems = rule(hygiene.load(path))
    assert not problems, "\n".join([f"{path.relative_to(ROOT)}:", *problems])


def test_names_of_figures_and_of_glued_numbers_are_used_by_one_chapter_only():
    places = {}
    for path in NOTEBOOKS:
        for _, cell in hygiene.code_cells(hygiene.load(path)):
            names = re.findall(r"\bglue\(\s*[\"']([^\"']+)", cell["source"])
            names.append(cell["metadata"].get("mystnb", {}).get("figure", {}).get("name"))
            for name in names:
                places.setdefault(name, set()).add(path.stem)
    assert not {name: sorted(stems) for name, stems in places.items() if name and len(stems) > 1}


# --- a sound chapter, and one doctored copy for each thing that can be wrong ---------------------

ALT = "A line rises from the lower left to the upper right over x from 0 to 1."
CAPTION = "The line rises all the way."


def code(source, text=None, image=None, **metadata):
    outputs = []
    if text is not None:
        outputs.append({"output_type": "stream", "name": "stdout", "text": text})
    if image is not None:
        outputs.append(
            {"output_type": "display_data", "metadata": {}, "data": {image: "...", "text/plain": "f"}}
        )
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": outputs}


def markdown(source):
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def figure(name="fig-line", caption=CAPTION, alt=ALT, image="image/svg+xml"):
    mystnb = {"figure": {"name": name, "caption": caption}, "image": {"alt": alt}}
    return code('plt.show()\nchecks.at_most(0, 1, about="it rises")', image=image, mystnb=mystnb)


SOLUTION = "````{dropdown} Solution\nLike this.\n````"


def exercise(k, title="by hand"):
    return [
        markdown(f"(exercise-line-{k})=\n### Exercise {k}: {title}\n\nHow?\n\n{SOLUTION}"),
        code(f"print({k})", f"{k}\n", tags=["hide-cell"]),
    ]


def chapter():
    cells = [
        markdown("# A chapter"),
        code("import json\nfrom pathlib import Path\nimport numpy as np\nfrom ngbook import checks"),
        figure(),
        markdown("## What you will be able to do\n\n- Read.\n\n## What you need\n\nPython 3.11, 20 minutes."),
        markdown("## The usual story, and where it fails\n\nIt fails for $\\alpha=0.1$; see {cite}`a0.5`."),
        markdown("## The smallest exact model\n\n$$\na = 1.5\n$$ (eq-a)\n\n```python\nx = 1.5\n```\n\n`0.5`"),
        code(f"rng = np.random.default_rng(1)\n{READS}\nprint(1)", "1\n"),
        markdown("## A derivation\n\n### A step\n\nSee [section 2.3](https://example.org/1.2)."),
        markdown("## Experiment: a line\n\nIt gives {glue:text}`value` in 3 steps, as in section 2.1."),
        markdown("## What to take away\n\n- One.\n- Two.\n\n## Exercises"),
        *exercise(1),
        *exercise(2),
        *exercise(3),
        *exercise(4, "Find the bug"),
        *exercise(5),
        markdown("## Further reading\n\n- {cite}`b`: the source."),
    ]
    notebook = {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4}
    for k, cell in enumerate(cells):
        cell["id"] = f"cell-{k}"
    for k, (_, cell) in enumerate(hygiene.code_cells(notebook), 1):
        cell["execution_count"] = k
    return notebook


ALL_RULES = hygiene.NOTEBOOK_RULES + hygiene.CHAPTER_RULES


def problems_of(notebook):
    return {rule.__name__: found for rule in ALL_RULES if (found := rule(notebook))}


def test_a_sound_chapter_has_no_problems():
    assert problems_of(chapter()) == {}


def replaced(old, new):
    """A doctor that replaces text in every source; it insists on finding it."""

    def doctor(notebook):
        assert any(old in cell["source"] for cell in notebook["cells"]), old
        for cell in notebook["cells"]:
            cell["source"] = cell["source"].replace(old, new)

    return doctor


def with_cells(*cells):
    """A doctor that inserts cells after the setup cell, with fresh ids and counts."""

    def doctor(notebook):
        notebook["cells"][2:2] = copy.deepcopy(cells)
        for k, cell in enumerate(notebook["cells"]):
            cell["id"] = f"cell-{k}"
        for k, (_, cell) in enumerate(hygiene.code_cells(notebook), 1):
            cell["execution_count"] = k

    return doctor


def replaced_output(old, new):
    """A doctor that replaces what the figure's cell shows."""

    def doctor(notebook):
        (output,) = notebook["cells"][2]["outputs"]
        assert output["data"]["image/svg+xml"] == old
        output["data"]["image/svg+xml"] = new

    return doctor


def cleared(notebook):
    for _, cell in hygiene.code_cells(notebook):
        cell.update(execution_count=None, outputs=[])


def outputs_cleared(notebook):
    for _, cell in hygiene.code_cells(notebook):
        cell["outputs"] = []


def reordered(notebook):
    cells = notebook["cells"]
    cells[1], cells[2] = cells[2], cells[1]


def failed(notebook):
    notebook["cells"][1]["outputs"] = [
        {"output_type": "error", "ename": "CheckFailed", "evalue": "no", "traceback": []}
    ]


def warned(notebook):
    notebook["cells"][1]["outputs"] = [
        {"output_type": "stream", "name": "stderr", "text": ["RuntimeWarning: divide by zero\n", "more"]}
    ]


def other_kernel(notebook):
    notebook["metadata"]["kernelspec"]["name"] = "conda-env"


def shared_id(notebook):
    notebook["cells"][1]["id"] = notebook["cells"][0]["id"]


def no_id(notebook):
    del notebook["cells"][1]["id"]


def moved(title):
    """A doctor that puts one section's heading at the end."""

    def doctor(notebook):
        replaced(f"## {title}", "## Something else")(notebook)
        notebook["cells"].append({**markdown(f"## {title}"), "id": "moved"})

    return doctor


def without_figure(notebook):
    del notebook["cells"][2]
    for k, (_, cell) in enumerate(hygiene.code_cells(notebook), 1):
        cell["execution_count"] = k


def unfolded(notebook):
    for _, cell in hygiene.code_cells(notebook)[-1:]:
        cell["metadata"] = {}


READS = 'x = json.loads(Path("../results/trpo_cartpole.json").read_text(encoding="utf-8"))'

DOCTORED = [
    ("asserted_figures", replaced('\nchecks.at_most(0, 1, about="it rises")', ""), "checks nothing"),
    ("execution_counts", cleared, "cell 2 has execution count None, expected 1"),
    ("execution_counts", reordered, "cell 2 has execution count 2, expected 1"),
    ("execution_counts", with_cells(code(" ")), "empty code cell"),
    ("stored_outputs", cleared, "no output is stored"),
    ("stored_outputs", outputs_cleared, "cell 3 prints or shows something"),
    ("stored_outputs", with_cells(code("checks.close(1.0, 2.0)")), "no output is stored"),
    ("stored_outputs", with_cells(code("x = 1\nx")), "no output is stored"),
    ("no_errors", failed, "CheckFailed: no"),
    ("no_warnings", warned, "RuntimeWarning: divide by zero"),
    ("reproducible_text", replaced("# A chapter", "# A chapter in /home/me/book"), "/home/me"),
    ("reproducible_text", with_cells(code("f", "<function f at 0x7f8622fbab80>\n")), "0x7f8622fbab80"),
    ("figures", with_cells(figure(name="line")), "without mystnb.figure.name"),
    ("figures", with_cells(figure(name="fig-b", caption="")), "caption"),
    ("figures", with_cells(figure(name="fig-b", alt="")), "alt text is ''"),
    ("figures", with_cells(figure(name="fig-b", alt="a line")), "alt text is 'a line'"),
    ("figures", with_cells(figure(name="fig-b", alt="_images/" + "0" * 64 + ".svg")), "file name"),
    ("figures", with_cells(figure(name="fig-b", caption=ALT)), "repeating the caption"),
    ("figures", with_cells(figure(name="fig-b", image="image/png")), "figures are SVG"),
    ("figures", with_cells(figure()), "fig-line is used 2 times"),
    ("figures", replaced_output("...", "<svg><image/></svg>"), "a raster image in it"),
    ("figures", with_cells(code("plt.show()", image="image/svg+xml")), "without mystnb.figure.name"),
    ("figures", with_cells(markdown("![](a.svg)")), "image with the alt text ''"),
    ("figures", with_cells(markdown("```{figure} a.svg\n:name: fig-b\n```")), "without :alt:"),
    ("kernelspec", other_kernel, "'conda-env'"),
    ("plain_python", with_cells(code("%matplotlib inline")), "%matplotlib inline"),
    ("plain_python", with_cells(code("!ls")), "!ls"),
    ("plain_python", with_cells(code("%%time\nx = 1")), "%%time"),
    ("plain_python", with_cells(code("get_ipython().run_line_magic('time', '')")), "get_ipython"),
    ("imports", with_cells(code("import pandas as pd")), "imports pandas"),
    ("imports", with_cells(code("def f():\n    from time import perf_counter")), "imports time"),
    ("files", with_cells(code("x = json.loads(open('x.json').read())")), "uses open"),
    ("files", with_cells(code("x = json.load(y)")), "uses json"),
    ("files", with_cells(code("x = Path('../results/trpo_cartpole.json').read_text()")), "uses Path"),
    ("files", with_cells(code(READS.replace("../results", "results"))), "uses Path"),
    ("files", with_cells(code(READS.replace('"utf-8"', '"latin-1"'))), "uses read_text"),
    ("files", with_cells(code(READS.replace("trpo_cartpole", "nowhere"))), "no book/results/nowhere.json"),
    ("files", with_cells(code("x = np.loadtxt('x.csv')")), "uses loadtxt"),
    ("files", with_cells(code("plt.savefig('x.svg')")), "uses savefig"),
    ("seeds", with_cells(code("x = np.random.default_rng()")), "default_rng()"),
    ("seeds", with_cells(code("np.random.seed(0)")), "np.random.seed"),
    ("cell_length", with_cells(code("\n".join(f"x{k} = {k}" for k in range(31)))), "31 lines"),
    ("nothing_ignored", with_cells(code('"""# NBVAL_IGNORE_OUTPUT"""')), "NBVAL_IGNORE_OUTPUT"),
    ("nothing_ignored", with_cells(code("x = 1  # NBVAL_SKIP")), "NBVAL_SKIP"),
    ("nothing_ignored", with_cells(code("x = 1", tags=["nbval-ignore-output"])), "nbval-ignore-output"),
    ("nothing_ignored", with_cells(code("x = 1", tags=["raises-exception"])), "raises-exception"),
    ("nothing_ignored", with_cells(code("x = 1", tags=["skip-execution"])), "skip-execution"),
    ("cell_ids", shared_id, "'cell-0' is used 2 times"),
    ("cell_ids", no_id, "is missing"),
    ("decimals", replaced("in 3 steps", "in 3.2 steps"), "cell 9 has 3.2 typed"),
    ("decimals", replaced("Like this.", "It is .75 exactly."), "has .75 typed"),
    ("decimals", replaced("- Two.", "- Twice −0.5 nats."), "has 0.5 typed"),
    ("decimals", replaced("[section 2.3]", "[2.3]"), "has 2.3 typed"),
    ("decimals", replaced("20 minutes", "1.0e-3 minutes"), "typed"),
    ("house_style", replaced("Like this.", "It takes 10 000 steps."), "'10 000': write 10,000"),
    ("house_style", replaced("Like this.", "Some 1\u202f000\u202f000."), "write 10,000"),
    ("house_style", replaced("Like this.", "It is one per cent."), "write percent"),
    ("house_style", replaced("Like this.", "See ({eq}`eq-a-b`)."), "has its brackets"),
    ("heading_levels", replaced("### A step", "#### A step"), "'A step' (H4) follows 'A derivation' (H2)"),
    ("heading_levels", replaced("## A derivation", "# A derivation"), "exactly one H1"),
    ("heading_levels", replaced("# A chapter", "A chapter"), "exactly one H1"),
    *(
        (("frame", replaced(f"## {title}", "## Something else"), f"'## {title}' is missing"))
        for title in hygiene.FRAME
    ),
    *((("frame", moved(title), "out of order")) for title in hygiene.FRAME[:4]),
    ("frame", replaced("## A derivation", "### A derivation"), "no derivation"),
    ("opening_figure", without_figure, "no opening figure"),
    ("take_aways", replaced("- One.", "- One.\n" * 5), "has 6 points"),
    ("take_aways", replaced("- One.\n- Two.", "Nothing."), "has 0 points"),
    ("exercises", replaced("### Exercise 5", "#### Exercise 5"), "4 exercises"),
    ("exercises", replaced("### Exercise 5: by", "### By"), "numbered [1, 2, 3, 4, None]"),
    ("exercises", replaced("{dropdown} Solution", "{note} Solution"), "no {dropdown}"),
    ("exercises", replaced("Find the bug", "A walk"), "'find the bug'"),
    ("exercises", replaced("(exercise-line-2)=", "(exercise-line-3)="), "needs a label above it"),
    ("exercises", replaced("(exercise-line-5)=\n", ""), "needs a label above it"),
    (
        "folds",
        with_cells(code("a = 1", tags=["hide-input"]), code("b = 1", tags=["hide-input"])),
        "as the cell above it",
    ),
    ("exercises", unfolded, "'Exercise 5: by hand' has no executed code cell"),
    ("exercises", cleared, "no executed code cell"),
]


@pytest.mark.parametrize(
    ("rule", "doctor", "message"), DOCTORED, ids=[f"{k}-{d[0]}" for k, d in enumerate(DOCTORED)]
)
def test_a_doctored_chapter_is_noticed(rule, doctor, message):
    notebook = chapter()
    doctor(notebook)
    problems = problems_of(notebook)
    assert any(message in problem for problem in problems.get(rule, [])), problems


def test_every_rule_is_tried_on_a_doctored_chapter():
    assert {rule for rule, _, _ in DOCTORED} == {rule.__name__ for rule in ALL_RULES}


# --- what only running the notebook can tell: nbval, as `make test` calls it ---------------------

DRAWN = (
    '<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0 L 90 {end}"/>'
    '<text x="1" y="1">{text}</text>{more}</svg>'
)


def drawing(end=50, text="a curve", more=""):
    """A cell that shows one picture, with another one as its stored output."""
    shown = DRAWN.format(end=50, text="a curve", more="")
    stored = {
        "image/svg+xml": DRAWN.format(end=end, text=text, more=more),
        "text/plain": "<IPython.core.display.SVG object>",
    }
    return f"from IPython.display import SVG, display\ndisplay(SVG({shown!r}))", 1, stored


SOUND = [("x = 1.25\nprint(x)", 1, ["1.25\n"]), ("print(2 * x)", 2, ["2.5\n"])]
RUN = {
    "sound": SOUND,
    "cleared_outputs": [("x = 1.25\nprint(x)", 1, []), SOUND[1]],
    "cleared": [(source, None, []) for source, _, _ in SOUND],
    "reordered": [("print(2 * x)", 1, ["2.5\n"]), ("x = 1.25\nprint(x)", 2, ["1.25\n"])],
    "edited": [SOUND[0], ("print(2 * x)", 2, ["2.6\n"])],
    "failing": [("from ngbook import checks", 1, []), ("checks.close(1.0, 2.0, about='one is two')", 2, [])],
    "drawn": [drawing()],
    "drawn_nearby": [drawing(end=50.1)],
    "drawn_elsewhere": [drawing(end=50.3)],
    "drawn_with_another_label": [drawing(text="a cure")],
    "drawn_with_more": [drawing(more="<path d='M 1 1'/>")],
    "skipped": [("# NBVAL_SKIP\nx = 1", 1, [])],
    "hanging": [
        ("import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    pass", 1, []),
        ("print(1)", 2, ["1\n"]),
        ("print(2)", 3, ["3\n"]),
    ],
}


def stored_output(shown):
    """What a cell shows: printed text, or the formats of a picture."""
    if isinstance(shown, dict):
        return [{"output_type": "display_data", "metadata": {}, "data": shown}]
    return [{"output_type": "stream", "name": "stdout", "text": shown}] if shown else []


def tiny_notebook(cells):
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{k}",
                "metadata": {},
                "source": source,
                "execution_count": count,
                "outputs": stored_output(shown),
            }
            for k, (source, count, shown) in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The report of one pytest run over all the tiny notebooks, with this book's conftest."""
    folder = tmp_path_factory.mktemp("doctored")
    for name, cells in RUN.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(tiny_notebook(cells)))
    command = [
        *(sys.executable, "-m", "pytest", str(folder), "-p", "conftest", "-rA", "--color=no"),
        *("--nbval", "--nbval-current-env", "--nbval-cell-timeout=5", "-p", "no:cacheprovider"),
        *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), "-p", "no:xdist"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def outcomes(run, name):
    return re.findall(
        rf"^(PASSED|FAILED|XFAIL|XPASS|SKIPPED|ERROR).*\b{name}\.ipynb::Cell (\d+)", run, re.MULTILINE
    )


def test_the_sound_notebook_passes(run):
    assert outcomes(run, "sound") == [("PASSED", "0"), ("PASSED", "1")]


@pytest.mark.parametrize("name", ["drawn", "drawn_nearby"])
def test_the_same_picture_passes(run, name):
    assert outcomes(run, name) == [("PASSED", "0")]


@pytest.mark.parametrize(
    ("name", "failed"),
    [
        ("cleared_outputs", ["0"]),
        ("cleared", ["0", "1"]),
        ("reordered", ["0"]),
        ("edited", ["1"]),
        ("failing", ["1"]),
        ("drawn_elsewhere", ["0"]),
        ("drawn_with_another_label", ["0"]),
        ("drawn_with_more", ["0"]),
        ("skipped", ["0"]),
        ("hanging", ["1", "2"]),
    ],
)
def test_a_doctored_notebook_fails(run, name, failed):
    assert [cell for outcome, cell in outcomes(run, name) if outcome == "FAILED"] == failed
    assert not {outcome for outcome, _ in outcomes(run, name)} & {"XFAIL", "XPASS", "SKIPPED"}


def test_a_failing_cell_is_shown_with_its_source_and_its_message(run):
    assert "checks.close(1.0, 2.0, about='one is two')" in run
    assert "not close: one is two: actual 1, expected 2; difference 1" in run


def test_an_edited_output_is_shown_beside_the_true_one(run):
    assert "2.6" in run and "2.5" in run
    assert re.search(r"edited\.ipynb::Cell 1", run)


def test_a_moved_curve_is_said_to_have_moved(run):
    assert "a curve has moved by 0.3 near (90, 50" in run


def test_what_was_not_compared_says_why(run):
    assert "has no execution count" in run
    assert "skipped by a tag or a comment" in run
    assert "Previous cell timed out" in run


def test_the_time_of_each_page_is_reported_and_none_is_hidden(run):
    title = re.search(r"= (\d+) pages in (\d+) s, 0 over the budget of 15 s =", run)
    assert int(title[1]) == len(RUN) and 5 <= int(title[2]) < 60
    (slowest, *others) = re.findall(r"^ +([\d.]+) s  (?:.*/)?(\w+)$", run[title.end() :], re.MULTILINE)
    assert slowest[1] == "hanging" and float(slowest[0]) > 5 and len(others) == 4


def test_a_page_over_its_budget_is_listed_however_many_there_are(pytestconfig):
    (conftest,) = (m for m in pytestconfig.pluginmanager.get_plugins() if hasattr(m, "BUDGET"))
    reports = [SimpleNamespace(nodeid=f"{k}.ipynb::Cell {c}", duration=8) for k in range(6) for c in range(2)]
    said = []
    terminal = SimpleNamespace(
        stats={"passed": reports, "": [object()]}, section=said.append, line=said.append
    )
    conftest.pytest_terminal_summary(terminal)
    assert said[0] == "6 pages in 96 s, 6 over the budget of 15 s"
    assert [line.endswith("OVER THE BUDGET") for line in said[1:]] == [True] * 6
