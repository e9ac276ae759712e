"""Errors planted in the check cells of the chapters, one at a time: does the cell raise?

``python -m tests.check_mutants`` tries what can be planted in each check cell that is not as it was when its
row of ``check_mutants.txt`` was written, and writes these rows anew; with ``--all`` it writes every row.

An error is another operator or comparison, the next small number, a sign or a ``not`` left out, the arguments
of a divergence exchanged, or one attribute for its partner (`PARTNERS`). None is planted where it changes no
mathematics: in texts, tolerances, figures, what is printed or glued, seeds, the numbers of samples and of
points on a grid, and wrong results for ``unlike=``.

An error is noticed if the cell raises anything; that it prints another number does not count. One that does
not end counts neither way, nor does one that nobody can notice: write ``because REASON`` below it in the
table, where it stays as long as the error is not noticed.

A row has a hash of its cell alone. A verdict hangs on cells above and on the package, too, but what they
change in it is little, and with them every row would be stale after every change.
"""

import argparse
import ast
import contextlib
import hashlib
import json
import multiprocessing
import os
import re
import signal
import sys
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import matplotlib.pyplot as plt
from IPython.display import display

from tests.planting import REPLACEMENTS, Planter

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "check_mutants.txt"
COMMAND = "make check-mutants"
TITLE = f"""\
Errors planted in each check cell, and which of them it does not notice. `{COMMAND}` writes the rows of cells
that have changed. Below an error that changes nothing stands why: because REASON"""
MOST_MEMORY = 8_000_000_000  # in bytes: an error may ask for any number of them
PARTNERS = {
    **{"mean": "std", "std": "mean", "sum": "mean"},
    **{"max": "min", "min": "max", "maximum": "minimum", "argmax": "argmin", "argmin": "argmax"},
    **{"exp": "log", "log": "exp", "sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh"},
    **{"asin": "acos", "acosh": "asinh", "arccosh": "arcsinh", "digamma": "gamma", "eye": "ones"},
    **{"parameters": "old_parameters", "old_parameters": "parameters"},
}
NAMES = {"old": "new", "new": "old"}  # exchanged where a cell has both
DIVERGENCE = re.compile(r"(?:.*\.)?(?:kl|kl_\w+)")
SHOWN = re.compile(r"(?:axes|display|fig|glue|plots|plt|print)\b")
CHOSEN = re.compile(r".*(?:\brng|default_rng|geomspace|linspace)\b|.*\.random$", re.DOTALL)
# How many of the first arguments are mathematics.
SIDES = {"checks.same": 2, "checks.close": 2, "checks.slope": 3, "checks.at_most": 2, "np.round": 1}
SETTINGS = {
    *("about", "scope", "unlike", "rtol", "atol", "tolerance", "standard_error"),
    *("seed", "size", "iterations", "epsabs"),
}


# --- what is planted ----------------------------------------------------------------------------------------


class CellPlanter(Planter):
    """One error at each place of a check cell, where it changes mathematics."""

    replacements = {old: new[:1] for old, new in REPLACEMENTS.items()} | {
        str(number): [str(number + 1)] for number in range(10)
    }

    def __init__(self, source, file):
        super().__init__(source, file)
        nodes = list(ast.walk(self.tree))
        settings = [part for node in nodes for part in _settings(node)]
        self.names, set_by = _reads([self.tree]), _reads(settings)
        only_set = set_by.keys() - (self.names - set_by).keys()  # names that are read in settings alone
        self.left_out = {
            *settings,
            *(node for node in nodes if isinstance(node, ast.Call) and SHOWN.match(ast.unparse(node.func))),
            *(value for node in nodes for name, value in _assigned(node) if name in only_set),
        }

    def inside(self, node):
        return [child for child in super().inside(node) if child not in self.left_out]

    def errors(self, node):
        yield from super().errors(node)
        match node:
            case ast.Attribute(attr=name) if name in PARTNERS:
                line, end = self.end(node)
                yield self.mutant((line, end - len(name)), (line, end), PARTNERS[name])
            case ast.Name(id=name, ctx=ast.Load()) if NAMES.get(name) in self.names:
                yield self.mutant(self.start(node), self.end(node), NAMES[name])
            case ast.Call() if DIVERGENCE.fullmatch(ast.unparse(node.func)):
                yield from self.exchanged(node)

    def exchanged(self, call):
        """The two arguments of a divergence, or what it is a method of and its one argument."""
        given = call.args + [each.value for each in call.keywords if each.arg in NAMES]
        if len(given) == 1 and isinstance(call.func, ast.Attribute):
            given = [call.func.value, *given]
        if len(given) == 2 and not isinstance(given[1], ast.Starred):
            start, middle, end = self.start(given[0]), self.end(given[0]), self.start(given[1])
            first, between = self.text(start, middle), self.text(middle, end)
            second = self.text(end, self.end(given[1]))
            yield self.mutant(start, self.end(given[1]), second + between + first)


def _settings(node):
    """The arguments of a call that are a choice of whoever wrote it."""
    if not isinstance(node, ast.Call):
        return []
    function = ast.unparse(node.func)
    if CHOSEN.match(function):
        return [*node.args, *node.keywords]
    texts = node.args[SIDES.get(function, len(node.args)) :]
    return [*texts, *(keyword for keyword in node.keywords if keyword.arg in SETTINGS)]


def _assigned(node):
    """Names and what each of them is set to."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return [(name, value)]
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            return [(getattr(name, "id", ""), value) for name, value in zip(names, values, strict=False)]
    return []


def _reads(parts):
    """How often each name is read there."""
    nodes = (node for part in parts for node in ast.walk(part))
    return Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


# --- the table ----------------------------------------------------------------------------------------------


@dataclass
class Row:
    """What is known of one check cell: of each survivor (line before, line after) why it changes nothing."""

    page: str
    labels: str
    digest: str
    planted: int = 0
    endless: int = 0
    survivors: dict = field(default_factory=dict)

    @property
    def cell(self):
        return self.page, self.labels, self.digest

    @property
    def counts(self):
        """How many are noticed, and of how many that end and change something."""
        same = sum(map(bool, self.survivors.values()))
        end = self.planted - self.endless
        return end - len(self.survivors), end - same

    def __str__(self):
        endless = f", {self.endless} without an end" if self.endless else ""
        lines = [f"{self.page} {self.labels}", f"{self.digest}: {self.planted} planted{endless}"]
        for (before, after), reason in self.survivors.items():
            lines += [f"  {before} -> {after}", *([f"    because {reason}"] if reason else [])]
        return "\n".join(lines)


def parsed(paragraph):
    """The row that is printed so."""
    (first, second), *survivors = (part.split("\n") for part in re.split(r"\n  (?! )", paragraph))
    page, labels = first.split(" ", 1)
    digest, planted, endless = re.fullmatch(
        r"(\w+): (\d+) planted(?:, (\d+) without an end)?", second
    ).groups()
    row = Row(page, labels, digest, int(planted), int(endless or 0))
    for line, *reason in survivors:
        before, _, after = line.partition(" -> ")
        row.survivors[before, after] = "".join(reason).removeprefix("    because ")
    return row


def read(text):
    return [parsed(paragraph) for paragraph in text.strip().split("\n\n")[1:-1]]


def written(rows):
    """The whole table."""
    return "\n\n".join([TITLE, *map(str, rows), "\n".join(totals(rows))]) + "\n"


def totals(rows):
    """The share noticed of what ends and changes something, by chapter and in all."""
    pages = [(page, list(its)) for page, its in groupby(rows, lambda row: row.page)]
    yield "Noticed of those that end and change something:"
    for name, its in [*pages, ("all", rows)]:
        noticed, counted = (sum(numbers) for numbers in zip(*[row.counts for row in its], strict=True))
        yield f"{name:50}{noticed:5} of {counted:4} {noticed / max(counted, 1):6.1%}"


# --- the cells ----------------------------------------------------------------------------------------------


def code_cells(path):
    """(source, labels), where the labels of a cell that checks nothing are empty."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            tags = cell["metadata"].get("tags", [])
            labels = " ".join(tag.removeprefix("check:") for tag in tags if tag.startswith("check:"))
            yield "".join(cell["source"]), labels


def check_cells(book):
    """From what a row says of a check cell to the number of errors planted there."""
    return {
        (page, labels, digest_of(source)): len(errors(source, page))
        for path in sorted(book.rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts
        for page in [path.relative_to(book).as_posix()]
        for source, labels in code_cells(path)
        if labels
    }


def digest_of(source):
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def errors(source, page):
    """What is planted in a cell; two errors that look alike are one."""
    return list({error.key: error for error in CellPlanter(source, page).found}.values())


def stale(cells, rows):
    """The cells that have no row, and the rows that have no cell."""
    known = {row.cell: row.planted for row in rows}
    return (
        [cell for cell, planted in cells.items() if known.get(cell) != planted],
        [row.cell for row in rows if row.cell not in cells],
    )


# --- trying -------------------------------------------------------------------------------------------------


def try_page(book, page, wanted, patience):
    """The rows of some check cells of a page, whose cells all run in their order, and each error in a fork.

    Before that they have run once: this shows that they pass and how long they take, and fills SymPy's cache.
    """
    os.environ["SYMPY_CACHE_SIZE"] = "None"  # of this process alone, which has not imported SymPy yet
    os.chdir((book / page).parent)
    plt.switch_backend("agg")
    cells = [(source, Row(page, labels, digest_of(source))) for source, labels in code_cells(book / page)]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = namespace()
        seconds = [run(source, names) for source, _ in cells]
        names = namespace()
        for (source, row), needed in zip(cells, seconds, strict=True):
            if row.cell in wanted:
                try_errors(row, source, names, int(3 * needed + patience))
            run(source, names)
    return [row for _, row in cells if row.cell in wanted]


def namespace():
    return {"__name__": "__main__", "display": display}


def run(source, names):
    """Run a cell; how many seconds of processor time it takes."""
    start = time.process_time()
    exec(compile(source, "cell", "exec"), names)
    plt.close("all")
    return time.process_time() - start


def try_errors(row, source, names, seconds):
    for error in errors(source, row.page):
        row.planted += 1
        raised = raises(error.planted(source), names, seconds)
        if raised is None:
            row.endless += 1
        elif not raised:
            row.survivors[error.before, error.after] = ""


def raises(source, names, seconds):
    """Whether a cell raises in a process of its own; None if it does not end within that processor time."""
    import resource  # not on Windows, where the table can be read all the same

    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # LAPACK complains there
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        try:
            run(source, names)
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    stopped = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
    return None if stopped else status != 0


def renew(book, table, everything=False, processes=2, patience=5):
    """Try the errors of all cells whose rows are stale, or of all, and write the table after each page."""
    cells = check_cells(book)
    rows = {row.cell: row for row in read(table.read_text(encoding="utf-8"))} if table.exists() else {}
    known = {(row.page, *error): why for row in rows.values() for error, why in row.survivors.items()}
    wanted, _ = (list(cells), []) if everything else stale(cells, rows.values())
    pages = dict.fromkeys(page for page, *_ in wanted)
    fresh = {"mp_context": multiprocessing.get_context("spawn"), "max_tasks_per_child": 1}

    def there():
        found = [rows[cell] for cell in cells if cell in rows]
        table.write_text(written(found), encoding="utf-8")
        return found

    with ProcessPoolExecutor(processes, **fresh) as pool:
        for done in as_completed([pool.submit(try_page, book, page, wanted, patience) for page in pages]):
            for row in done.result():
                row.survivors = {error: known.get((row.page, *error), "") for error in row.survivors}
                rows[row.cell] = row
            there()
            print(f"{done.result()[0].page}: {len(done.result())} cells", flush=True)
    return there()  # with other totals, perhaps, where nothing was stale


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="renew every row")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    print(*totals(renew(ROOT / "book", TABLE, options.all, options.processes)), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
