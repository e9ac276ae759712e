"""Run the benchmarks: ``python -m benchmarks [name ...]``, or ``make bench``, which installs the peers first.

Without names, everything is run. Once all races against peers have been run, their tables are in
benchmarks/RESULTS.md. Two more need no peers and write files of their own: the pages race against another
build of the book, benchmarks/PAGES.md, and the solvers against each other, benchmarks/SOLVERS.md.
"""

import ast
import os
import platform
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from _race import HERE, ONE_THREAD, OURS, PATTERN, number, versions

RACES = ("learning", "fisher_products")
PAGES, SOLVERS = "pages", "solve"
OWN = ("ngbook", "gymnasium", "numpy", "scipy")
PEERS = (
    *("torch", "jax", "jaxlib", "stable-baselines3", "sb3-contrib", "tianshou"),
    *("curvlinops-for-pytorch", "nngeometry", "gymnasium", "numpy"),
)
SHORT = """How many times as much as ngbook the best rival of each column took; below 1 it was ahead:"""
NO_BREAK = "\N{NO-BREAK SPACE}"  # a table may not break a line between a number and its unit
INTRODUCTION = """# Races

`ngbook` and its peers ran in turns, on the same machine, with one thread each. Shown are medians; in
brackets, how many times as much as ngbook the peer took. `make bench` repeats all of it.

<!-- results -->
"""


def run(script):
    """Run a script in its own process; its exit status and the lines that it printed, shown as well."""
    print(f"\n=== {script.stem} " + "=" * (70 - len(script.stem)), flush=True)
    lines = []
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ONE_THREAD) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    return process.returncode, lines


def machine():
    """The cores."""
    return f"Machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()}"


def both_sides():
    """All versions."""
    return [f"ngbook's side: {versions(OURS, *OWN)}", f"The peers' side: {versions('peers', *PEERS)}"]


def races_of(lines):
    """The fields of each race among the lines, with its table and column."""
    races = [race.groupdict() for race in map(PATTERN.fullmatch, lines) if race]
    for race in races:
        race["table"], _, column = race["name"].partition("; ")
        race["column"] = column or "time"
    return races


def tables(races):
    """``{table: {row: {column: cell}}}``."""
    found = {}
    for race in races:
        table, column, unit = race["table"], race["column"], race["unit"]
        together = [r["theirs"] for r in races if (r["table"], r["column"]) == (table, column)]
        if unit == "s" and max(float(text.strip("> ")) for text in together) < 1:
            unit = "ms"
        rows = found.setdefault(table, {})
        ours, _, theirs = race["spread"].partition(" against ")
        rows.setdefault(label(OURS, ours), {})[column] = f"**{cell(race['ours'], unit)}**"
        peer = rows.setdefault(label(race["peer"], theirs), {})
        peer[column] = f"{cell(race['theirs'], unit)} (×{NO_BREAK}{race['ratio']})"
    return found


def cell(text, unit):
    """A printed number in a table's unit."""
    bound, value = "> " if text.startswith(">") else "", float(text.strip("> "))
    if unit == "steps":
        return f"{bound}{value:,.0f}"
    return f"{bound}{number(1000 * value if unit == 'ms' else value)}{NO_BREAK}{unit}"


def label(side, spread):
    """The side, and how many of its runs finished where not all did."""
    finished = spread.rpartition(", ")[2]
    return f"{side} ({finished})" if finished.endswith("finished") else side


def section(script, lines):
    """A script's docstring and its races, in Markdown."""
    title, *paragraphs = ast.get_docstring(ast.parse(script.read_text())).split("\n\n")
    paragraphs = [paragraph for paragraph in paragraphs if not paragraph.startswith("Usage:")]
    parts = [f"## {title.rstrip('.')}", *paragraphs]
    for table, rows in tables(races_of(lines)).items():
        columns = list(dict.fromkeys(column for cells in rows.values() for column in cells))
        grid = [["", *columns], ["---", *("--:" for _ in columns)]]
        grid += [[row, *(cells.get(column, "") for column in columns)] for row, cells in rows.items()]
        parts += [f"### {table}", "\n".join(f"| {' | '.join(row)} |" for row in grid)]
    return "\n\n".join(parts)


def in_short(races):
    """A line for each table: the smallest ratio of each column, which is that of the best rival there."""
    smallest = {}
    for race in races:
        ratios, column = smallest.setdefault(race["table"], {}), race["column"]
        ratio = float(race["ratio"].strip("<> "))
        ratios[column] = min(ratio, ratios.get(column, ratio))
    return [
        f"- {table}: "
        + ", ".join(f"{column} (×{NO_BREAK}{number(ratio)})" for column, ratio in ratios.items())
        for table, ratios in smallest.items()
    ]


def results(about, outputs):
    """RESULTS.md, from ``{script: lines}``."""
    facts = "\n".join(f"- {line}" for line in about)
    sections = [section(script, lines) for script, lines in outputs.items()]
    printed = [line for lines in outputs.values() for line in lines if line.startswith("race ")]
    last = "\n".join(
        ["## As printed", "", "With the spread of the runs.", "", "```text", *printed, "```", ""]
    )
    short = "\n".join(in_short(races_of(printed)))
    heading = f"## In short\n\n{SHORT}"
    return "\n\n".join([INTRODUCTION + "\n" + facts, heading, short, *sections, last])


def page_results(script, lines):
    """PAGES.md: the table of the race, the layout shift and the heaviest page, and all of it as printed."""
    about = f"- {machine()}\n- {versions(OURS, 'jupyter-book', 'sphinx', 'playwright')}"
    moved = "\n".join(f"- {line}" for line in lines if line.startswith("moved "))
    heaviest = next(line for line in lines if line.startswith("page "))
    return "\n\n".join(
        [
            f"<!-- results -->\n\n{section(script, lines)}",
            f"Layout shift, the largest of all runs:\n\n{moved}",
            f"The heaviest page of the book: {heaviest.removeprefix('page ')}.",
            about,
            "\n".join(["```text", *lines, "```", ""]),
        ]
    )


def solver_results(script, lines):
    """SOLVERS.md: the tables of the race, and all of it as printed."""
    about = f"- {machine()}\n- {versions(OURS, *OWN)}"
    printed = "\n".join(["```text", *filter(None, lines), "```", ""])
    return "\n\n".join([f"<!-- results -->\n\n{section(script, lines)}", about, printed])


def main(names):
    """Races first, and their results written as soon as they are all there; then the rest."""
    scripts = {path.stem: path for path in sorted(HERE.glob("*.py")) if not path.name.startswith("_")}
    unknown = [name for name in names if name not in scripts]
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(unknown)}; there are {', '.join(scripts)}")
    wanted = {name: scripts[name] for name in (*RACES, *scripts) if not names or name in names}
    about = [machine(), *(both_sides() if set(wanted) & set(RACES) else [])]
    print("\n".join(about), flush=True)
    outputs, status = {}, 0
    for name, script in wanted.items():
        failed, lines = run(script)
        status |= failed
        if name in RACES:
            outputs[script] = lines
        if name == RACES[-1] and len(outputs) == len(RACES) and not status:
            (HERE / "RESULTS.md").write_text(results(about, outputs), encoding="utf-8")
        if name == PAGES and not failed:
            (HERE / "PAGES.md").write_text(page_results(script, lines), encoding="utf-8")
        if name == SOLVERS and not failed:
            (HERE / "SOLVERS.md").write_text(solver_results(script, lines), encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
