"""The notation page has every letter of every display equation, once a part; the glossary has its links."""

import json
import re
import subprocess
from pathlib import Path

import hygiene
import pytest
import yaml
from maths import KATEX, _node

from tests.test_edition import MACROS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "book" / "reference" / "notation.md"
EVERYWHERE = "In every part"
LETTERS = "Parameters of families, and letters of examples"
DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
INLINE = re.compile(r"(?<![\\$])\$([^$]+)\$(?!\$)")


@pytest.fixture(scope="session")
def identifiers():
    """A function: the letters of a formula, from KaTeX's parse tree."""
    command = [_node(), Path(__file__).with_name("identifiers.js"), KATEX]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as node:

        def ask(tex):
            node.stdin.write(json.dumps({"tex": tex, "macros": MACROS}) + "\n")
            node.stdin.flush()
            return set(json.loads(node.stdout.readline()))

        yield ask
        node.stdin.close()


def parts():
    """``{caption: chapters}`` of the numbered parts."""
    contents = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    return {
        part["caption"]: [chapter["file"] for chapter in part["chapters"]]
        for part in contents["parts"]
        if part.get("numbered")
    }


CHAPTERS = [(part, chapter) for part, chapters in parts().items() for chapter in chapters]


def text(chapter):
    return hygiene.markdown_text(hygiene.load(ROOT / "book" / f"{chapter}.ipynb"))


def section(title):
    """The rows of the table in a section of the page, as lists of cells."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")
    body, _, _ = rest.partition("\n## ")
    rows = [line.strip("|").split(" | ") for line in body.splitlines() if line.startswith("|")]
    assert len(rows) > 2, f"the notation page has no table for {title}"
    return [[cell.strip() for cell in row] for row in rows[2:]]


def without_its_dress(name):
    """A letter without its accent and the word in its index: an estimate, a mean, one of a kind."""
    return re.sub(r"^\\(?:hat|bar|tilde)\{(.+)\}$", r"\1", re.sub(r"_\{.+\}$", "", name))


def letters_of(rows, identifiers, column=0):
    """The letters of a column of formulas, in order, with those that stand twice."""
    return [name for row in rows for tex in INLINE.findall(row[column]) for name in sorted(identifiers(tex))]


def own_letters(chapter, identifiers):
    rows = [row for row in section(LETTERS) if chapter.split("/")[-1] in row[0]]
    return set(letters_of(rows, identifiers, 1))


@pytest.mark.parametrize(
    ("tex", "found"),
    [
        (r"\hat\sigma^2=\E_{p_\theta}[\bar f]", {r"\hat{\sigma}", r"\bar{f}", "p", r"\theta"}),
        (r"\mathcal H(p)+\KL{p}{q}", {r"\mathcal{H}", "p", "q", "D_{KL}"}),
        (r"F_{\text{traj}}\,d_k^{\text{new}}\le\max x", {"F_{traj}", "d", "k", "x"}),
        (r"\mathbf 1^\top\theta'=\tr(J^{-1}),\quad\text{if }a", {r"\mathbf{1}", r"\theta", "J", "a"}),
        (
            r"\begin{aligned} a&=\frac{b}{c}\\ \Gamma(d)&=\sqrt{\ell}\end{aligned}",
            {"a", "b", "c", "d", r"\Gamma", r"\ell"},
        ),
    ],
)
def test_letters_are_read_from_the_parse_tree(identifiers, tex, found):
    assert identifiers(tex) == found


@pytest.mark.parametrize(("part", "chapter"), CHAPTERS)
def test_every_letter_of_a_display_equation_is_on_the_page(identifiers, part, chapter):
    known = set(letters_of(section(EVERYWHERE) + section(part), identifiers)) | own_letters(
        chapter, identifiers
    )
    missing = {
        name: tex
        for tex in DISPLAY.findall(text(chapter))
        for name in identifiers(tex)
        if not {name, without_its_dress(name)} & known
    }
    assert not missing


@pytest.mark.parametrize("part", parts())
def test_a_letter_has_one_meaning_in_a_part(identifiers, part):
    rows = [set(letters_of([row], identifiers)) for row in section(EVERYWHERE) + section(part)]
    twice = {name for i, names in enumerate(rows) for others in rows[:i] for name in names & others}
    assert not twice


@pytest.mark.parametrize("part", [EVERYWHERE, *parts()])
def test_the_page_lists_no_letter_that_nobody_uses(identifiers, part):
    chapters = parts().get(part) or [chapter for _, chapter in CHAPTERS]
    formulas = {tex for chapter in chapters for tex in INLINE.findall(DISPLAY.sub("", text(chapter)))}
    formulas |= {tex for chapter in chapters for tex in DISPLAY.findall(text(chapter))}
    used = set().union(*(identifiers(tex) for tex in formulas))
    assert set(letters_of(section(part), identifiers)) <= used


@pytest.mark.parametrize(("part", "chapter"), CHAPTERS)
def test_letters_of_an_example_stand_in_its_chapter(identifiers, part, chapter):
    used = set().union(*(identifiers(tex) for tex in DISPLAY.findall(text(chapter))))
    assert own_letters(chapter, identifiers) <= used


@pytest.mark.parametrize(("part", "chapter"), CHAPTERS)
def test_no_sentence_excuses_a_letter(part, chapter):
    """As in "this n is no horizon": a letter that needs an excuse needs another name."""
    things = "horizon|length|multiplier|step|number|trace|state"
    excuse = rf"\$[^$]{{1,20}}\$ (?:here )?is (?:no|not the|neither) (?:{things})"
    assert not re.findall(excuse, text(chapter))


def test_every_entry_of_the_glossary_leads_to_a_chapter():
    glossary = (ROOT / "book" / "reference" / "glossary.md").read_text(encoding="utf-8")
    entries = re.findall(r"^(\S.*)\n((?:  .+\n)+)", glossary.partition("```{glossary}\n")[2], re.MULTILINE)
    chapters = {f"{{doc}}`../{chapter}`" for _, chapter in CHAPTERS}
    assert len(entries) > 80
    assert [name for name, body in entries if not any(link in body for link in chapters)] == []
