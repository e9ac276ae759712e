"""What a notebook of the book must look like: each rule returns the problems of one notebook.

A notebook is the dictionary that its JSON file holds; nothing here runs or renders it. Each rule takes the
notebook and returns a list of sentences that say which cell is wrong and what to do about it.
"""

import ast
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import yaml
from equation_ledger.calls import Checks
from live import needs

CONFIG = yaml.safe_load((Path(__file__).parents[1] / "_config.yml").read_text(encoding="utf-8"))
CHECKS = Checks(CONFIG["sphinx"]["config"]["ledger_checks"])

# --- reading -------------------------------------------------------------------------------------


def load(path):
    """The notebook in a file, with every source and text joined to one string."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = joined(cell["source"])
    return notebook


def joined(text):
    return text if isinstance(text, str) else "".join(text)


def code_cells(notebook):
    """(name, cell) of each code cell; the name is its position among all cells, as in "cell 4"."""
    return [(f"cell {k}", c) for k, c in enumerate(notebook["cells"], 1) if c["cell_type"] == "code"]


def markdown_cells(notebook):
    return [(f"cell {k}", c) for k, c in enumerate(notebook["cells"], 1) if c["cell_type"] == "markdown"]


def tags(cell):
    return cell["metadata"].get("tags", [])


def images(cell):
    """The MIME types of the images a cell shows."""
    found = [kind for output in cell["outputs"] for kind in output.get("data", {})]
    return [kind for kind in found if kind.startswith("image/")]


FENCE = re.compile(r"\s*(`{3,}|~{3,}|:{3,})\s*(.*?)\s*$")
NOT_PROSE = ("{math}", "{code", "{raw", "{eval-rst}", "{literalinclude}")


def prose(text):
    """The lines of a Markdown text, blank where they are code, a fence or an option of a directive.

    The body of a directive, such as the solution in a dropdown, is prose.
    """
    lines, fences, options = [], [], False
    for line in text.splitlines():
        fence = FENCE.match(line)
        if fence:
            marker, info = fence.groups()
            if not info and fences and marker.startswith(fences[-1][0]):
                fences.pop()
            else:
                is_code = not info.startswith("{") or info.startswith(NOT_PROSE)
                fences.append((marker, is_code))
                options = True
            lines.append("")
            continue
        options = options and bool(re.match(r"\s*:[\w-]+:", line))
        hidden = options or any(is_code for _, is_code in fences)
        lines.append("" if hidden else line)
    return lines


HEADING = re.compile(r"(#{1,6})\s+(.*\S)")


@dataclass
class Section:
    """What stands between one heading and the next."""

    level: int
    title: str
    text: str = ""
    cells: list = field(default_factory=list)


def sections(notebook):
    """The notebook as a flat list of sections; the first one, of level 0, precedes every heading."""
    found = [Section(0, "")]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            found[-1].cells.append(cell)
            continue
        for line, visible in zip(cell["source"].splitlines(), prose(cell["source"]), strict=True):
            if match := HEADING.match(visible):
                found.append(Section(len(match[1]), match[2]))
            else:
                found[-1].text += line + "\n"
    return found


# --- outputs -------------------------------------------------------------------------------------


def execution_counts(notebook):
    """Counts are 1, 2, 3, ...: the notebook was run once, from top to bottom."""
    problems = []
    for expected, (name, cell) in enumerate(code_cells(notebook), 1):
        if not cell["source"].strip():
            problems.append(f"{name} is an empty code cell: remove it")
        elif cell["execution_count"] != expected:
            count = cell["execution_count"]
            problems.append(f"{name} has execution count {count}, expected {expected}: run `make notebooks`")
    return problems


def stored_outputs(notebook):
    """A cell that prints, checks or shows has its output stored."""
    return [
        f"{name} prints or shows something, but no output is stored: run `make notebooks`"
        for name, cell in code_cells(notebook)
        if not cell["outputs"] and _certainly_prints(cell["source"])
    ]


def _certainly_prints(source):
    """Whether a statement that always runs calls print, a check or plt.show, or shows its value."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            name = ast.unparse(statement.value.func)
            if name == "print" or name == "plt.show" or name.startswith("checks."):
                return True
    last = body[-1] if body else None
    return isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call | ast.Constant)


def no_errors(notebook):
    return [
        f"{name} stores the error {output['ename']}: {output['evalue']}"
        for name, cell in code_cells(notebook)
        for output in cell["outputs"]
        if output["output_type"] == "error"
    ]


def no_warnings(notebook):
    return [
        f"{name} wrote to stderr: {joined(output['text']).strip().splitlines()[0]}; chapters raise no warning"
        for name, cell in code_cells(notebook)
        for output in cell["outputs"]
        if output["output_type"] == "stream" and output["name"] == "stderr"
    ]


def reproducible_text(notebook):
    """Neither the sources nor the printed text contain a machine's paths or addresses."""
    absolute = re.compile(
        r"(?<![\w.~])/(?:home|root|tmp|usr|opt|var|mnt|work|Users|private)/[\w.-]+|\b[A-Z]:\\\\?\w+"
    )
    address = re.compile(r"\b0x[0-9a-f]{6,}\b")
    problems = []
    for k, cell in enumerate(notebook["cells"], 1):
        texts = [cell["source"]]
        for output in cell.get("outputs", []):
            texts.append(joined(output.get("text", "")))
            texts += [joined(v) for mime, v in output.get("data", {}).items() if mime.startswith("text/")]
        for pattern, kind in ((absolute, "the absolute path"), (address, "the memory address")):
            problems += [f"cell {k} contains {kind} {m[0]}" for t in texts for m in pattern.finditer(t)]
    return problems


# --- figures -------------------------------------------------------------------------------------

SHORTEST_ALT, SHORTEST_CAPTION = 40, 20


def figures(notebook):
    """Every image is a vector graphic with a name, a caption (the finding) and an alt text (the data)."""
    problems, names = [], Counter()
    for name, cell in code_cells(notebook):
        kinds = images(cell)
        if not kinds:
            continue
        mystnb = cell["metadata"].get("mystnb", {})
        figure, alt = mystnb.get("figure") or {}, str((mystnb.get("image") or {}).get("alt", "")).strip()
        caption = str(figure.get("caption", "")).strip()
        names[figure.get("name")] += 1
        if len(kinds) > 1:
            problems.append(
                f"{name} shows {len(kinds)} images: one figure a cell, since both share one caption"
            )
        if set(kinds) != {"image/svg+xml"}:
            problems.append(f"{name} shows {', '.join(kinds)}: figures are SVG (plots.use_style)")
        if any(
            "<image" in joined(output.get("data", {}).get("image/svg+xml", "")) for output in cell["outputs"]
        ):
            problems.append(f"{name} shows a figure with a raster image in it, which is not compared")
        if not str(figure.get("name", "")).startswith("fig-"):
            problems.append(f"{name} shows a figure without mystnb.figure.name fig-...")
        if len(caption) < SHORTEST_CAPTION:
            problems.append(f"{name} shows a figure without mystnb.figure.caption: state the finding")
        if len(alt) < SHORTEST_ALT or re.fullmatch(r"\S+\.(svg|png|jpe?g|gif)", alt) or alt == caption:
            problems.append(
                f"{name} shows a figure whose alt text is {alt!r}: describe the data in mystnb.image.alt, "
                f"in at least {SHORTEST_ALT} characters, not by a file name nor by repeating the caption"
            )
    problems += [f"the figure name {name} is used {k} times" for name, k in names.items() if name and k > 1]
    for name, cell in markdown_cells(notebook):
        for match in re.finditer(r"!\[([^\]]*)\]\(", "\n".join(prose(cell["source"]))):
            if len(match[1].strip()) < SHORTEST_ALT:
                problems.append(f"{name} has an image with the alt text {match[1]!r}: describe what it shows")
        for match in re.finditer(r"\{(?:figure|image)\}[^\n]*\n((?:\s*:[\w-]+:[^\n]*\n)*)", cell["source"]):
            if not re.search(rf":alt:\s*.{{{SHORTEST_ALT},}}", match[1]):
                problems.append(f"{name} has an image without :alt: describing what it shows")
    return problems


def asserted_figures(notebook):
    """What a figure shows is asserted in the cell that draws it; the ledger says what is a check."""
    cells = code_cells(notebook)
    checks_of = CHECKS.in_cells([cell["source"] for _, cell in cells])
    return [
        f"{name} draws a figure and checks nothing: assert what it shows, with ngbook.checks"
        for (name, cell), checks in zip(cells, checks_of, strict=True)
        if images(cell) and not checks
    ]


# --- code ----------------------------------------------------------------------------------------

LONGEST_CELL = 30
ALLOWED_IMPORTS = {"gymnasium", "IPython", "matplotlib", "myst_nb", "ngbook", "numpy", "scipy", "sympy"} | {
    *(
        "collections",
        "dataclasses",
        "fractions",
        "functools",
        "inspect",
        "itertools",
        "json",
        "math",
        "mpmath",
        "operator",
        "pathlib",
    ),
    *("statistics", "string", "textwrap", "types", "typing"),
}
HIDING_TAGS = ("raises-exception", "skip", "skip-execution", "remove-cell")


def kernelspec(notebook):
    name = notebook["metadata"].get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"the kernelspec is {name!r}: it must be 'python3'"]


def plain_python(notebook):
    """No magics, no shell, nothing that only works inside one program."""
    problems = []
    for name, cell in code_cells(notebook):
        try:
            tree = ast.parse(cell["source"])
        except SyntaxError as error:
            problems.append(
                f"{name} is not plain Python (no magics, no shell): {error.text or error.msg}".strip()
            )
            continue
        called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        if hidden := called & {"get_ipython", "os.system", "exec", "eval"}:
            problems.append(f"{name} calls {', '.join(sorted(hidden))}: write plain Python")
    return problems


def imports(notebook):
    """A chapter needs the book's environment and nothing else: no clocks, no network (files: `files`)."""
    problems = []
    for name, cell in code_cells(notebook):
        for module in _imported(cell["source"]):
            if module.split(".")[0] not in ALLOWED_IMPORTS:
                problems.append(
                    f"{name} imports {module}, which is not among {', '.join(sorted(ALLOWED_IMPORTS))}"
                )
    return problems


def _imported(source):
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else node.module


RESULTS = Path(__file__).parents[1] / "book" / "results"
READING = 'json.loads(Path("../results/NAME.json").read_text(encoding="utf-8"))'
OF_FILES = {
    *("json", "Path", "pathlib", "open"),
    *("read_text", "read_bytes", "write_text", "write_bytes", "savefig", "tofile", "fromfile", "memmap"),
    *("load", "loadtxt", "genfromtxt", "save", "savez", "savez_compressed", "savetxt", "imread", "imsave"),
}


def files(notebook):
    """A chapter reads results of long computations, and no other file, by one expression; it writes none."""
    problems = []
    for name, cell in code_cells(notebook):
        try:
            tree = ast.parse(cell["source"])
        except SyntaxError:
            continue  # `plain_python` says so
        reads = [node for node in ast.walk(tree) if needs.read(node)]
        allowed = {id(part) for node in reads for part in ast.walk(node)}
        problems += [
            f"{name} reads the result {result}, and there is no book/results/{result}.json"
            for result in map(needs.read, reads)
            if not (RESULTS / f"{result}.json").exists()
        ]
        used = [node for node in ast.walk(tree) if id(node) not in allowed]
        named = {node.id for node in used if isinstance(node, ast.Name)}
        named |= {node.attr for node in used if isinstance(node, ast.Attribute)}
        problems += [
            f"{name} uses {word}: files are read as {READING}, and not otherwise, and none is written"
            for word in sorted(named & OF_FILES)
        ]
    return problems


def seeds(notebook):
    """Random numbers come from np.random.default_rng(seed), made in the cell that uses them."""
    wrong = re.compile(r"default_rng\(\s*\)|np\.random\.(?!default_rng|Generator|PCG64)\w+")
    return [
        f"{name} uses {match[0]}: make an np.random.default_rng(seed) in the cell"
        for name, cell in code_cells(notebook)
        for match in wrong.finditer(cell["source"])
    ]


def cell_length(notebook):
    return [
        f"{name} has {len(lines)} lines, over {LONGEST_CELL}: one idea a cell; reusable code goes to ngbook"
        for name, cell in code_cells(notebook)
        if len(lines := cell["source"].strip().splitlines()) > LONGEST_CELL
    ]


def nothing_ignored(notebook):
    """No tag or comment that keeps a cell from being executed and compared."""
    problems = []
    for name, cell in code_cells(notebook):
        problems += [
            f"{name} contains {match[0]}, which switches the comparison of its output off (even in a string)"
            for match in re.finditer(r"\b(?:NBVAL|PYTEST_VALIDATE)_\w+", cell["source"])
        ]
        problems += [
            f"{name} has the tag {tag}: every cell is executed, compared and shown"
            for tag in tags(cell)
            if tag.startswith("nbval-") or tag in HIDING_TAGS
        ]
    return problems


def cell_ids(notebook):
    ids = Counter(cell.get("id") for cell in notebook["cells"])
    return [
        f"the cell id {name!r} is {'missing' if name is None else f'used {k} times'}: every cell has its own"
        for name, k in ids.items()
        if name is None or k > 1
    ]


# --- prose ---------------------------------------------------------------------------------------

# A decimal that no computation of the book can have produced: the number of a section or a version.
NOT_COMPUTED = re.compile(
    r"\b(?:[Ss]ections?|[Cc]hapters?|[Tt]heorem|[Ee]quation|[Vv]ersion|Python|NumPy|SciPy|SymPy|arXiv:?)\s*\d+\.\d+(?:\.\d+)*"
)
NOT_TYPED = [
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"\$\$.*?\$\$(?:\s*\([\w-]+\))?", re.DOTALL),
    re.compile(r"(?:\{[\w:.-]+\})?(`+).*?\1", re.DOTALL),  # code spans and roles, citations among them
    re.compile(r"(?<![\\$])\$(?:[^$\\]|\\.)+\$"),
    re.compile(r"\]\([^)]*\)"),  # the address of a link, not its text
    re.compile(r"<[^<>]*>|https?://\S+"),
    NOT_COMPUTED,
]
TORN = re.compile(r"(?<![\d.,\w])\d{1,3}(?:[ \u2009\u202f]\d{3})+(?!\d)")
TWICE = re.compile(r"\(\{eq\}`[^`]+`\)")


def decimals(notebook):
    """A number that was measured comes from {glue}; integers, and constants within formulas, may be typed."""
    problems = []
    for name, cell in markdown_cells(notebook):
        text = "\n".join(prose(cell["source"]))
        for pattern in NOT_TYPED:
            text = pattern.sub(" ", text)
        problems += [
            f"{name} has {match[0]} typed in its prose: insert it with {{glue:text}}, or, if it is a setting "
            "and no result, write it as a formula, $\\alpha=0.1$"
            for match in re.finditer(r"(?<![\w.])\d*\.\d+(?![\w.]*\.\d)", text)
        ]
    return problems


def house_style(notebook):
    """What the book writes in one way, in its texts, captions and tables."""
    problems = []
    for name, cell in (*markdown_cells(notebook), *code_cells(notebook)):
        shown = cell["metadata"].get("mystnb", {})
        words = [shown.get("figure", {}).get("caption", ""), shown.get("image", {}).get("alt", "")]
        if cell["cell_type"] == "markdown":
            words += prose(cell["source"])
        else:
            words += [output.get("data", {}).get("text/markdown", "") for output in cell["outputs"]]
        text = "\n".join("".join(each) for each in words)
        problems += [
            f"{name} has {found!r}: a number of an equation has its brackets" for found in TWICE.findall(text)
        ]
        for pattern in NOT_TYPED:
            text = pattern.sub(" ", text)
        problems += [f"{name} has {found!r}: write 10,000" for found in TORN.findall(text)]
        problems += [f"{name} has {found!r}: write percent" for found in re.findall(r"\bper cent\b", text)]
    return problems


def heading_levels(notebook):
    """One H1, at the top, and no level left out below it."""
    problems, found = [], [section for section in sections(notebook) if section.level]
    if not found or found[0].level != 1 or sum(section.level == 1 for section in found) != 1:
        titles = [section.title for section in found if section.level == 1]
        problems.append(f"exactly one H1 is expected, at the top; found {titles}")
    for before, after in pairwise(found):
        if after.level > before.level + 1:
            titles = f"'{after.title}' (H{after.level}) follows '{before.title}' (H{before.level})"
            problems.append(f"{titles}: a level is left out")
    return problems


# --- the frame of a chapter ----------------------------------------------------------------------

FRAME = (
    "What you will be able to do",
    "What you need",
    "The usual story, and where it fails",
    "The smallest exact model",
    "Experiment",
    "What to take away",
    "Exercises",
    "Further reading",
)
MOST_TAKE_AWAYS, FEWEST_EXERCISES = 5, 5


def frame(notebook):
    """The sections of the frame are there, in order, with a derivation before the experiment."""
    titles = [section.title for section in sections(notebook) if section.level == 2]
    places, problems = [], []
    for title in FRAME:
        matches = [
            k for k, t in enumerate(titles) if t == title or (title == "Experiment" and t.startswith(title))
        ]
        if matches:
            places.append(matches[0])
        else:
            problems.append(f"the section '## {title}' is missing")
    if places != sorted(places):
        problems.append(f"the sections are out of order; expected {', '.join(FRAME)}")
    elif not problems and places[4] - places[3] < 2:
        problems.append(
            "no derivation: expected a section between 'The smallest exact model' and 'Experiment'"
        )
    return problems


def opening_figure(notebook):
    """A figure before the first H2, or directly under it."""
    opening = []
    for section in sections(notebook):
        opening.append(section)
        if section.level == 2:
            break
    cells = [cell for section in opening[:-1] for cell in section.cells] + opening[-1].cells[:1]
    if any(images(cell) for cell in cells):
        return []
    return ["no opening figure: a cell that draws one belongs before the first '##', or directly under it"]


def take_aways(notebook):
    text = "".join(section.text for section in _within(notebook, "What to take away"))
    items = re.findall(r"^(?:[-*+]|\d+[.)])\s", text, flags=re.MULTILINE)
    if 1 <= len(items) <= MOST_TAKE_AWAYS:
        return []
    return [f"'What to take away' has {len(items)} points: one to {MOST_TAKE_AWAYS} are expected"]


def exercises(notebook):
    """At least five, numbered, one of them to find a bug; each with a folded and executed solution."""
    problems = []
    found = [section for section in _within(notebook, "Exercises") if section.level == 3]
    numbers = [match and int(match[1]) for match in (_EXERCISE.match(section.title) for section in found)]
    if len(found) < FEWEST_EXERCISES:
        problems.append(
            f"{len(found)} exercises: at least {FEWEST_EXERCISES} are expected ('### Exercise N: ...')"
        )
    if numbers != list(range(1, len(found) + 1)):
        problems.append(f"the exercises are numbered {numbers}; expected '### Exercise 1: ...' and so on")
    labels = re.findall(
        r"^\(exercise-[\w-]+-(\d+)\)=\n### Exercise (\d+): ", markdown_text(notebook), flags=re.MULTILINE
    )
    if labels != [(str(k), str(k)) for k in range(1, len(found) + 1)]:
        problems.append("each exercise needs a label above it: '(exercise-chapter-N)=', with its number")
    for section in found:
        if not re.search(r"^\s*(?:`{3,}|:{3,})\{dropdown\}\s*Solution", section.text, flags=re.MULTILINE):
            problems.append(f"'{section.title}' has no {{dropdown}} whose title starts with Solution")
        solutions = [c for c in section.cells if "hide-cell" in tags(c) and c["execution_count"] is not None]
        if not solutions:
            problems.append(f"'{section.title}' has no executed code cell tagged hide-cell as its solution")
    if not any("find the bug" in section.title.lower() for section in found):
        problems.append("no exercise has 'find the bug' in its title")
    return problems


_EXERCISE = re.compile(r"Exercise (\d+): \S")


def markdown_text(notebook):
    """The source of all Markdown cells, one below the other."""
    return "\n\n".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def folds(notebook):
    """No two folded cells that show nothing, one below the other: a reader would see bars and no words."""
    problems, before = [], False
    names = {id(cell): name for name, cell in code_cells(notebook)}
    for cell in notebook["cells"]:
        bare = cell["cell_type"] == "code" and _is_folded(cell) and not any(map(_is_seen, cell["outputs"]))
        if bare and before:
            problems.append(f"{names[id(cell)]} is folded and shows nothing, as the cell above it: join them")
        before = bare
    return problems


def _is_folded(cell):
    """Behind a bar of its own; what checks an equation is a line with a tick instead."""
    return {"hide-input", "hide-cell"} & set(tags(cell)) and not any(
        t.startswith("check:") for t in tags(cell)
    )


def _is_seen(output):
    return output["output_type"] in ("display_data", "execute_result") and any(
        not kind.startswith("application/papermill") for kind in output["data"]
    )


def _within(notebook, title):
    """The H2 section of that title and its subsections."""
    found, inside = [], False
    for section in sections(notebook):
        if section.level <= 2:
            inside = section.level == 2 and section.title == title
        if inside:
            found.append(section)
    return found


NOTEBOOK_RULES = (
    execution_counts,
    stored_outputs,
    no_errors,
    no_warnings,
    reproducible_text,
    figures,
    asserted_figures,
    kernelspec,
    plain_python,
    imports,
    files,
    seeds,
    cell_length,
    nothing_ignored,
    cell_ids,
    decimals,
    house_style,
    heading_levels,
)
CHAPTER_RULES = (frame, opening_figure, take_aways, exercises, folds)
