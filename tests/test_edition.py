"""The notebook edition: plain notebooks with the pages' words and numbers, and nothing of the book's own."""

import base64
import json
import re
import subprocess
import zipfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from string import ascii_lowercase
from urllib.parse import unquote, urlsplit

import answers
import hygiene
import leftovers
import maths
import nbformat
import pytest
import small_edition
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from edition import builder as edition_builder
from edition import formulas, links, parcel, pictures, source
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from book import lab
from ngbook import plots

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "_build"
HOME = BUILD / "notebooks"
SOURCES = sorted((ROOT / "book").glob("*/*.ipynb"))
NAMES = [path.relative_to(ROOT / "book").with_suffix("").as_posix() for path in SOURCES]
EVERY = [*NAMES, *(f"{parcel.OPEN}/{name}" for name in NAMES)]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
MACROS = CONFIG["sphinx"]["config"]["katex_macros"]
MATHJAX = Path(find_spec("sphinx-mathjax-offline").origin).with_name("static") / "mathjax"


@cache
def load(name):
    return hygiene.load(HOME / f"{name}.ipynb")


def markdown(notebook):
    return [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


# --- the notebooks that were built -------------------------------------------------------------------


def test_every_chapter_is_there_with_and_without_solutions():
    built = {path.relative_to(HOME).with_suffix("").as_posix() for path in HOME.rglob("*.ipynb")}
    assert built == set(EVERY), "there is no edition of these chapters to test: run `make book` first"


@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_left_that_only_the_book_knows(name):
    notebook = load(name)
    nbformat.validate(nbformat.from_dict(notebook))
    assert leftovers.problems(notebook, MACROS) == []


@cache
def page(name):
    """What a page shows that its notebook should have: ``(words, equation numbers, captions, download)``."""
    html = (BUILD / "html" / f"{name}.html").read_text(encoding="utf-8")
    soup = BeautifulSoup(html, "html.parser")
    article = soup.select_one("article.bd-article")
    (button,) = soup.select(".btn-download-source-button")
    for link in article.select(".headerlink"):
        link.decompose()
    numbers = [number.get_text().strip("()") for number in article.select(".eqno")]
    for part in article.select(".math, script, [hidden], [class*=ledger-], .live-bar, .answer-progress"):
        part.decompose()
    for options in article.select(".answer-options"):
        for letter, option in zip(ascii_lowercase, options.select("li"), strict=False):
            option.insert(0, f"({letter})")
    for form in article.select("form.answer"):  # of a form its words alone
        words = form.select_one("legend, label")
        for tolerance in words.select(".answer-tolerance"):
            tolerance.decompose()
        form.replace_with(f"{words.get_text().strip()}:")
    captions = [squeezed(caption.get_text()) for caption in article.select(".cell figcaption")]
    for cell in article.select(".cell"):
        cell.decompose()
    return squeezed(article.get_text()), numbers, captions, button["href"]


def squeezed(text):
    return "".join(text.split())


@pytest.mark.parametrize("name", NAMES)
def test_the_text_is_that_of_the_page_word_for_word_and_number_for_number(name):
    title, *texts = markdown(load(name))
    text = "\n\n".join([title.split("\n")[0], *(t for t in texts if not t.startswith("**Figure "))])
    words, numbers, captions, _ = page(name)
    assert squeezed(leftovers.words(text.partition("## References")[0])) == words
    assert re.findall(r"\\tag\{([^}]*)\}", text) == numbers
    below = [block for t in texts if t.startswith("**Figure ") for block in t.split("\n\n")]
    assert [squeezed(leftovers.words(b.replace(".**", "**", 1))) for b in below] == captions


@pytest.mark.parametrize(("path", "name"), list(zip(SOURCES, NAMES, strict=True)), ids=NAMES)
def test_cells_have_the_sources_outputs_and_pictures_of_its_figures(path, name):
    cells = [cell for _, cell in hygiene.code_cells(load(name))]
    own = [cell for _, cell in hygiene.code_cells(hygiene.load(path)) if not answers.tag_of(cell)]
    new = ("# Is ngbook here", "# What a long", "# The answers to", "check_answer(")
    added = [cell for cell in cells if cell["source"].startswith(new)]
    rest = [cell for cell in cells if cell not in added]
    assert len(rest) == len(own) - sum(not source.clean(cell["source"]).source for cell in own)
    kept = [cell for cell in own if source.clean(cell["source"]).source]
    for here, there in zip(rest, kept, strict=True):
        assert here["source"].endswith(source.clean(there["source"]).source)
        assert shown(here) == shown(there)


def shown(cell):
    """What a cell shows, without what the edition adds and takes away: ``[(kind, text), ...]``."""
    parts = []
    for output in cell["outputs"]:
        data = output.get("data", {output.get("name"): output.get("text")})
        for kind, value in sorted(data.items()):
            if kind == "image/svg+xml":
                value = plots.with_background(hygiene.joined(value), pictures.GROUND)
            if kind == "stdout" and parts and parts[-1][0] == "stdout":
                parts[-1] = (kind, parts[-1][1] + hygiene.joined(value))
            elif kind != "image/png" and "papermill" not in kind:
                parts.append((kind, hygiene.joined(value)))
    return parts


@pytest.mark.parametrize("name", NAMES)
def test_solutions_are_folded_and_left_out_where_they_are_to_be(name):
    full, open_ = load(name), load(f"{parcel.OPEN}/{name}")
    solved = [cell for _, cell in hygiene.code_cells(full) if cell["source"].startswith("# Solution in code")]
    assert len(solved) >= 5
    for cell in solved:
        assert cell["metadata"]["jupyter"] == {"source_hidden": True, "outputs_hidden": True}
    left = json.dumps(open_, ensure_ascii=False)
    assert "".join(markdown(full)).count("<summary>Solution</summary>") >= 5
    assert "<summary>Solution" not in left and "# Solution" not in left
    asked = [cell for _, cell in hygiene.code_cells(open_) if cell["source"] == "# Your solution"]
    assert len(asked) == len(solved)
    headings = [re.findall(r"^#+ .*", "\n".join(markdown(each)), re.M) for each in (full, open_)]
    assert headings[0] == headings[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_first_cells_say_what_is_needed(name):
    first, check, *others = load(name)["cells"][:4]
    (setup, *_) = (cell for cell in others if not cell["source"].startswith("# What a long computation left"))
    (wheel,) = HOME.glob("ngbook-*.whl")
    assert f"`%pip install ../{wheel.name}`" in first["source"] and "stored run" in first["source"]
    assert check["metadata"]["jupyter"] == setup["metadata"]["jupyter"] == {"source_hidden": True}
    assert 'plots.use_style(formats=("svg", "png"), background="white")' in setup["source"]
    text = (HOME / parcel.OPEN / f"{name}.ipynb").read_text(encoding="utf-8")
    assert f"`%pip install ../../{wheel.name}`" in text


@pytest.mark.parametrize("name", EVERY)
def test_links_lead_to_a_notebook_or_outside(name):
    here = (HOME / f"{name}.ipynb").parent
    for text in markdown(load(name)):
        for token in leftovers.flat(leftovers.PARSER.parse(text)):
            if token.type == "link_open":
                parts = urlsplit(token.attrs["href"])
                assert parts.scheme in ("http", "https") or (here / unquote(parts.path)).exists(), token.attrs


@cache
def every_formula():
    """``{(tex, is it displayed)}`` of the whole edition."""
    texts = (text for name in EVERY for _, text in leftovers.texts(load(name)))
    return sorted({formula for text in texts for formula in leftovers.formulas(text)})


def test_katex_accepts_every_formula():
    typesetter = maths.Typesetter({})
    wrong = [(tex, said) for tex, display in every_formula() if (said := typesetter(tex, display)[1])]
    typesetter.close()
    assert wrong == [] and len(every_formula()) > 1000


def mathjax(asked):
    """What MathJax says against each of the formulas, None for nothing."""
    command = [maths._node(), ROOT / "tests" / "mathjax.js", MATHJAX]
    said = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
    return json.loads(said.stdout)


def test_mathjax_accepts_every_formula():
    said = mathjax(every_formula())
    assert [pair for pair in zip(every_formula(), said, strict=True) if pair[1]] == []


def test_mathjax_would_refuse_a_macro_of_the_book():
    assert mathjax([[r"\KL{p}{q}", False], ["p", True]]) == [r"Undefined control sequence \KL", None]


# --- what a scanner must find ------------------------------------------------------------------------

TEXTS = [
    "a {doc}`distance`",
    "{glue:text}`share`",
    "{py:func}`x.y`",
    "```{note}\nThis.\n```",
    ":::{note}\nThis.\n:::",
    "> ```{prf:algorithm} A\n> one\n> ```",
    "(there)=\n## Title",
    "$$\na\n$$ (eq-one)",
    r"$$ a \label{b} $$",
    "as in eq-distance-kl",
    "see fig-distance-kl",
    "{{ name }}",
    "+++\n",
    "% a comment",
    "a note [^one]",
    r"$\KL{p}{q}$",
    r"so $x\in\R$",
]
CODE = [
    ("glue(1)", {}),
    ("from myst_nb import glue", {}),
    ('Path("../results/a.json")', {}),
    (r'print(r"\KL{p}{q}")', {}),
    ("1", {"tags": ["check:eq-one"]}),
    ("1", {"mystnb": {}}),
]
OUTPUTS = [
    {"image/svg+xml": "<svg/>", "text/plain": ""},
    {"application/papermill.record/text/plain": "'1'"},
    {"text/markdown": r"$\E x$"},
    {"text/latex": r"$\tr x$"},
]
PIECES = [{"name": "stdout", "text": "a\n"}, {"name": "stdout", "text": "b\n"}]


def notebook_of(*cells):
    return {"cells": list(cells)}


def code_cell(source="1", metadata=None, outputs=(), count=1):
    given = {"cell_type": "code", "source": source, "metadata": metadata or {}, "outputs": list(outputs)}
    return given | {"execution_count": count}


@pytest.mark.parametrize("text", TEXTS)
def test_a_leftover_in_a_text_is_found(text):
    cell = {"cell_type": "markdown", "source": f"Before.\n\n{text}\n\nAfter.", "metadata": {}}
    assert leftovers.problems(notebook_of(cell), MACROS)
    shown = {**cell, "source": f"Before.\n\n```\n{text}\n```\n\nAfter `{{doc}}`."}
    if "\\" not in text and "```" not in text:  # in a listing it is an example
        assert leftovers.problems(notebook_of(shown), MACROS) == []


@pytest.mark.parametrize(("text", "metadata"), CODE)
def test_a_leftover_in_a_code_cell_is_found(text, metadata):
    assert leftovers.problems(notebook_of(code_cell(text, metadata)), MACROS)


@pytest.mark.parametrize("data", OUTPUTS, ids=lambda data: next(iter(data)))
def test_a_leftover_in_an_output_is_found(data):
    assert leftovers.problems(notebook_of(code_cell(outputs=[{"data": data}])), MACROS)


def test_printed_text_in_pieces_is_found():
    assert leftovers.problems(notebook_of(code_cell(outputs=PIECES)), MACROS)
    assert leftovers.problems(notebook_of(code_cell(outputs=PIECES[:1])), MACROS) == []


def test_a_cell_that_nbval_would_not_compare_is_found():
    assert leftovers.problems(notebook_of(code_cell(count=None)), MACROS)
    assert leftovers.problems(notebook_of(code_cell()), MACROS) == []


# --- formulas ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tex", "expanded"),
    [
        (r"\KL{p}{q}", r"D_{\mathrm{KL}}\bigl(p \,\|\, q\bigr)"),
        (r"\KL{p_{\theta}} {q}", r"D_{\mathrm{KL}}\bigl(p_{\theta} \,\|\, q\bigr)"),
        (r"\KL pq", r"D_{\mathrm{KL}}\bigl(p \,\|\, q\bigr)"),
        (r"\KL\theta q", r"D_{\mathrm{KL}}\bigl(\theta  \,\|\, q\bigr)"),
        (r"\KL{\E x}{q}", r"D_{\mathrm{KL}}\bigl(\operatorname*{\mathbb{E}}x \,\|\, q\bigr)"),
        (r"\E_{x}\R^n", r"\operatorname*{\mathbb{E}}_{x}\mathbb{R}^n"),
        (r"\Epsilon\trace\{\tr\}\\R", r"\Epsilon\trace\{\operatorname{tr}\}\\R"),
        (r"a\_b\%", r"a\_b\%"),
    ],
)
def test_macros_are_expanded_as_tex_would(tex, expanded):
    assert formulas.expand(tex, MACROS) == expanded


def test_names_and_letters_that_meet_are_kept_apart():
    macros = {r"\half": r"\frac12\cdot", r"\twice": "#1#1", r"\kl": "D"}
    assert formulas.expand(r"\half x+\half 2", macros) == r"\frac12\cdot x+\frac12\cdot2"
    assert formulas.expand(r"\quad\kl+\twice\pi", macros) == r"\quad D+\pi\pi"
    assert formulas.expand(r"\twice{a\pi}", macros) == r"a\pi a\pi"


@pytest.mark.parametrize("tex", [r"\KL{p}", r"\KL", r"\KL{p}{q"])
def test_a_macro_without_its_arguments_is_refused(tex):
    with pytest.raises(ValueError, match=r"\\KL"):
        formulas.expand(tex, MACROS)


def test_nothing_in_a_formula_looks_like_a_tag():
    assert formulas.inline("a<b\n <c", {}) == "$a< b < c$"


# --- code --------------------------------------------------------------------------------------------

CLEANED = [
    ("from myst_nb import glue\nimport numpy", "import numpy"),
    ('x = 1\nglue("a", f"{x}", display=False)\ny = 2  # stays', "x = 1\ny = 2  # stays"),
    ('x = 1\n\nglue(\n    "a",\n    x,\n)  # for the text\n\ny = 2', "x = 1\n\ny = 2"),
    ('for x in xs:\n    print(x)\n    glue("a", x)\n', "for x in xs:\n    print(x)"),
    ('for x in xs:\n    glue("a", x)\n    glue("b", x)\ny = 1', "y = 1"),
    ('if a:\n    if b:\n        glue("a", 1)\n    c()', "if a:\n    c()"),
    ('if a:\n    glue("a", 1)\nelse:\n    glue("a", 2)\nb()', "b()"),
    ('μ = "µ"; ν = 1\nglue("μ", μ)', 'μ = "µ"; ν = 1'),
    ('glue("a", 1)', ""),
    ("plots.use_style()", source.STYLED),
    ('plots.use_style(formats=("png",))', 'plots.use_style(formats=("png",))'),
    ('print("glue")', 'print("glue")'),
]


@pytest.mark.parametrize(("given", "cleaned"), CLEANED)
def test_a_cell_keeps_everything_but_its_glue(given, cleaned):
    assert source.clean(given) == source.Cell(cleaned)


@pytest.mark.parametrize(
    "given",
    [
        'y = glue("a", 1)',
        'x = 1; glue("a", x)',
        'glue("a", 1); x = 1',
        'if a: glue("a", 1)\nelse: b()',
        'def f():\n    glue("a", 1)',
        'try:\n    glue("a", 1)\nfinally:\n    b()',
        "import myst_nb\nmyst_nb.glue('a', 1)",
        "paste = map(glue, names)",
    ],
)
def test_glue_that_cannot_be_cut_out_is_refused(given):
    with pytest.raises(ValueError, match=r"glue|more than this"):
        source.clean(given)


def test_a_committed_result_is_read_from_a_string():
    text = f"a = {small_edition.READ}\nb = {small_edition.READ.replace('race', 'one-two')}"
    cell = source.clean(text)
    assert cell.source == "a = json.loads(race_json)\nb = json.loads(one_two_json)"
    assert cell.results == {"race_json": "../results/race.json", "one_two_json": "../results/one-two.json"}


# --- pictures ----------------------------------------------------------------------------------------


def test_a_picture_shows_the_figure_on_white_and_is_drawn_once(tmp_path, monkeypatch):
    from matplotlib import pyplot

    data = {"image/svg+xml": small_edition.FIGURE}
    output = {"data": dict(data), "metadata": {"needs_background": "light"}}
    pictures.show(output, tmp_path)
    png = base64.b64decode(output["data"]["image/png"])
    (kept,) = tmp_path.iterdir()
    assert kept.read_bytes() == png and output["metadata"]["image/png"] == {"width": 96, "height": 48}
    seen = pyplot.imread(kept)
    assert seen.shape == (96, 192, 4) and (seen[0, 0] == 1).all()
    assert (255 * seen[48, 96, :3]).round().tolist() == [0x00, 0x5E, 0xA8]
    assert 'fill: #ffffff"' in output["data"]["image/svg+xml"]
    monkeypatch.setattr(pictures.resvg_py, "svg_to_bytes", lambda **_: pytest.fail("it was drawn again"))
    again = {"data": dict(data), "metadata": {}}
    pictures.show(again, tmp_path)
    assert again["data"] == output["data"]


def test_the_same_figure_is_the_same_picture(tmp_path):
    figure = plots.with_background(small_edition.FIGURE, "white")
    assert pictures.png(figure, tmp_path / "a") == pictures.png(figure, tmp_path / "b")


# --- a book of its own -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small book's folder, its notebooks built."""
    folder = tmp_path_factory.mktemp("small")
    assert small_edition.build(folder) == ""
    return folder


def test_a_small_book_has_every_role_and_directive_resolved(small):
    expected = [
        "# 1. First",
        r"Of $\mathbb{R}$ and $\operatorname*{\mathbb{E}}x$, at *“once”*: five \* six, under_score, `a|b`,",
        "2 < 3, a \\<b; see [Second](second.ipynb),\n[its section](second.ipynb),",
        "[Cramér, 1946], Cramér [1946], score,",
        "`ngbook.checks.same()`,\n(1.1), Figure 1.1, Picture 1.1,",
        "[(2.1)](second.ipynb) and Algorithm 1.1.\nThe share is 42 percent.",
        "$$\nD_{\\mathrm{KL}}\\bigl(p \\,\\|\\, q_{< t}\\bigr)=\\int p\\,\\log\\frac pq\n\\tag{1.1}\n$$",
        "> **Note**\n>\n> A note:\n>\n> $$ \\begin{split}\\operatorname{tr}F\\\\ =1\\end{split}",
        "\\end{split} \\tag{1.2} $$\n>\n> in it.",
        "> **With a title**\n>\n> - one\n> - two",
        "| a | $D_{\\mathrm{KL}}\\bigl(p \\,\\Vert \\, q\\bigr)$ |\n| --- | --- |\n| `x` | 1 |",
        "- **Term**\n\n  What it means.",
        "> **Algorithm 1.1 (Two steps)**\n>\n> 1. Set $x=\\operatorname*{arg\\,min}f$.\n> 2. Stop.",
        "> ```python\n> def trust_region_step(gradient, metric, radius):\n>     if not gradient.any():\n",
        "  # eq-lagrangian-step\n> ```\n>\n> In the comments, `eq-lagrangian-solve` is [(2.2)](second",
        "> A quotation from afar.",
        "3. three\n4. four",
        "1986\\. A great year.",
        '```python\nprint("{doc}`not a role`")\n```',
        "**Figure 1.1.** It shows $\\operatorname{tr}F$.",
        "<details>\n<summary>Solution</summary>\n\nBecause of (1.1).\n\n</details>",
        "## References\n\n- Harald Cramér. *Mathematical Methods*. Press, 1946.",
    ]
    text = "\n\n".join(markdown(hygiene.load(small / "notebooks" / "part" / "first.ipynb")))
    for part in expected:
        assert part in text, part
    for path in (small / "notebooks").rglob("*.ipynb"):
        assert leftovers.problems(hygiene.load(path), small_edition.CONFIG["katex_macros"]) == []


def execute(path, cells=None):
    """Run a notebook, or its first cells, in the folder that it lies in; the outputs of each code cell."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = notebook.cells[:cells]
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    return notebook


def test_a_notebook_with_committed_results_runs_in_an_empty_folder(small, tmp_path):
    text = (small / "notebooks" / "part" / "first.ipynb").read_text(encoding="utf-8")
    (tmp_path / "first.ipynb").write_text(text, encoding="utf-8")
    done = execute(tmp_path / "first.ipynb")
    printed = [
        o["text"] for cell in done.cells if cell.cell_type == "code" for o in cell.outputs if "text" in o
    ]
    assert printed == ['42.0 a "quoted" line\\n\n', "43.0\n"]
    assert [path.name for path in tmp_path.iterdir()] == ["first.ipynb"]


@pytest.mark.parametrize(
    ("needed", "known", "says"),
    [("99.0.0", "ngbook", r"needs ngbook 99\.0\.0 or newer"), ("0.1.0", "ngbock", "ngbook is not installed")],
)
def test_a_missing_or_old_package_is_named_with_what_to_do(small, tmp_path, needed, known, says):
    notebook = hygiene.load(small / "notebooks" / "part" / "second.ipynb")
    check = notebook["cells"][1]
    check["source"] = re.sub(r'Version\("[^"]*"\)', f'Version("{needed}")', check["source"])
    check["source"] = re.sub(r"needs ngbook [\d.]*\d", f"needs ngbook {needed}", check["source"])
    check["source"] = check["source"].replace('version("ngbook")', f'version("{known}")')
    path = tmp_path / "second.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(CellExecutionError) as caught:
        execute(path, cells=2)
    assert caught.value.ename == "ImportError"
    assert re.search(rf"{says}.*%pip install \.\./ngbook-", caught.value.evalue)


def test_an_address_turns_references_into_links_to_the_pages(tmp_path):
    addresses = {
        "html_baseurl": "https://example.org/book/",
        "error_report_address": "https://example.org/new?{page}",
    }
    assert small_edition.build(tmp_path, **addresses) == ""
    text = "\n".join(markdown(hygiene.load(tmp_path / "notebooks" / "part" / "first.ipynb")))
    site = "https://example.org/book"
    (wheel,) = (tmp_path / "notebooks").glob("*.whl")
    for link in (
        f"[A small book]({site})",
        f"`%pip install {site}/notebooks/{wheel.name}`",
        f"[Second]({site}/part/second.html)",
        f"[its section]({site}/part/second.html#there)",
        f"[(2.1)]({site}/part/second.html#equation-eq-two)",
        f"[score]({site}/reference/words.html#term-score)",
        f"[`ngbook.checks.same()`]({site}/reference/words.html#ngbook.checks.same)",
    ):
        assert link in text, link
    with zipfile.ZipFile(tmp_path / parcel.ZIP) as archive:
        readme = archive.read(f"{parcel.FOLDER}/README.md").decode()
    assert f"<{site}/>" in readme and f"<https://example.org/new?{parcel.FOLDER}>" in readme
    assert "(1.1), Figure 1.1" in text, "what stands in the same notebook needs no link"


def test_a_node_that_cannot_be_written_stops_the_build(tmp_path):
    small_edition.write(tmp_path / "source")
    chapter = tmp_path / "source" / "part" / "second.ipynb"
    notebook = nbformat.read(chapter, as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("```{productionlist} a\nb: c\n```"))
    nbformat.write(notebook, chapter)
    assert "the notebook edition cannot write a productionlist" in small_edition.build(tmp_path)


def test_pages_offer_their_notebooks_and_all_of_them(small):
    assert small_edition.build(small, "html", html_theme="sphinx_book_theme") == ""
    first = (small / "pages" / "part" / "first.html").read_text(encoding="utf-8")
    assert 'href="../notebooks/part/first.ipynb"' in first
    assert "_sources/part/first.ipynb" not in first
    index = (small / "pages" / "index.html").read_text(encoding="utf-8")
    assert f'href="notebooks/{parcel.ZIP}"' in index
    published = small / "pages" / "notebooks"
    names = {path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()}
    assert {"part/first.ipynb", "part/second.ipynb", parcel.ZIP} < names


# --- the files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_page_of_a_chapter_offers_its_notebook(name):
    offered = (BUILD / "html" / f"{name}.html").parent / page(name)[-1]
    assert offered.resolve() == BUILD / "html" / "notebooks" / f"{name}.ipynb"
    assert offered.read_bytes() == (HOME / f"{name}.ipynb").read_bytes()


def test_the_first_page_offers_the_zip_with_all_that_is_needed():
    html = (BUILD / "html" / "index.html").read_text(encoding="utf-8")
    (link,) = [
        a for a in BeautifulSoup(html, "html.parser").select("article a[href]") if a["href"].endswith(".zip")
    ]
    with zipfile.ZipFile(BUILD / "html" / link["href"]) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(2020, 1, 1, 0, 0, 0)}
        for name in names:
            assert archive.read(name) == (HOME / name.removeprefix(f"{parcel.FOLDER}/")).read_bytes()
    inside = {name.removeprefix(f"{parcel.FOLDER}/") for name in names}
    (wheel,) = HOME.glob("ngbook-*.whl")
    companions = {"README.md", "LICENSE", "conftest.py", "requirements.txt", wheel.name}
    assert inside == companions | {f"{name}.ipynb" for name in EVERY}
    readme = (HOME / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", readme):
        assert target in inside
    assert wheel.name in readme and (HOME / "conftest.py").read_bytes() == parcel.STRICT.read_bytes()


def test_a_zip_and_a_wheel_made_twice_are_the_same(tmp_path):
    files = {"a.txt": b"one", "b/c.txt": b"two"}
    assert parcel.pack(files) == parcel.pack(dict(reversed(files.items())))
    assert parcel.wheel() == parcel.wheel()
    assert parcel.wheel()[1] == next(HOME.glob("ngbook-*.whl")).read_bytes()


def test_nothing_is_made_again_unless_something_changed(small, monkeypatch):
    def stamps():
        return {path: path.stat().st_mtime_ns for path in (small / "notebooks").rglob("*") if path.is_file()}

    before = stamps()
    with monkeypatch.context() as patched:
        patched.setattr(edition_builder, "make", lambda builder: pytest.fail("it was made again"))
        small_edition.build(small)
    assert stamps() == before
    result = small / "source" / "results" / "race.json"
    result.write_text(result.read_text(encoding="utf-8").replace("42", "43"), encoding="utf-8")
    small_edition.build(small)
    changed = {path.name for path, stamp in stamps().items() if stamp != before[path]}
    assert changed == {"first.ipynb", ".made.json"}


def test_what_was_interrupted_or_removed_is_made_again(small):
    first = small / "notebooks" / "part" / "first.ipynb"
    text = first.read_bytes()
    first.write_bytes(b"half")
    (small / "notebooks" / edition_builder.MADE).unlink()  # gone while files are written
    small_edition.build(small)
    assert first.read_bytes() == text
    (small / parcel.ZIP).unlink()
    small_edition.build(small)
    assert zipfile.ZipFile(small / parcel.ZIP).testzip() is None


def test_what_a_reader_changed_in_a_copy_is_kept_and_the_rest_follows_the_book(tmp_path):
    built, desk = tmp_path / "built", tmp_path / "desk"
    (built / "part").mkdir(parents=True)
    names = ("part/mine.ipynb", "part/other.ipynb")

    def write(text):
        for name in names:
            (built / name).write_text(text, encoding="utf-8")

    def read():
        return [(desk / name).read_text(encoding="utf-8") for name in names]

    write("first")
    assert lab.lay_out(built, desk) == [] and read() == ["first", "first"]
    (desk / names[0]).write_text("mine", encoding="utf-8")
    write("second")
    assert lab.lay_out(built, desk) == [names[0]] and read() == ["mine", "second"]
    assert lab.lay_out(built, desk) == [names[0]], "nor is it forgotten"
    (desk / names[0]).unlink()
    assert lab.lay_out(built, desk) == [] and read() == ["second", "second"]


def test_a_reference_without_a_notebook_or_an_address_is_no_link():
    def leads(target, published=""):
        reference = nodes.reference("", "", refuri=target)
        return links.address(reference, "part/first", {"part/second"}, published)

    assert leads("https://example.org") == "https://example.org"
    assert leads(links.inside("part/second") + "#there") == "second.ipynb"
    assert leads(links.inside("reference/words")) is None
    assert leads(links.inside("part/first") + "#here") is None
    assert leads(links.inside("a b/c") + "#d", "https://example.org/") == "https://example.org/a%20b/c.html#d"
