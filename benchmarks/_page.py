"""The page of the benchmarks: what the races printed, as sentences, bars and a table of settings.

``python -m benchmarks page`` writes it anew from results.txt, networks.txt, solvers.txt and geodesics.txt,
without a race.
"""

import json
import re

import matplotlib.pyplot as plt
from _race import HERE, OURS, PATTERN

from ngbook import plots

RAW = {name: HERE / f"{name}.txt" for name in ("results", "networks", "solvers", "geodesics")}
PICTURES = HERE.parent / "book" / "pictures"
NO_BREAK = "\N{NO-BREAK SPACE}"
SETTINGS = re.compile(r"settings (?P<task>.+?); (?P<side>.+?): (?P<row>\{.*\})")
VALUE, CASE = re.compile(r"value (\{.*\})"), re.compile(r"case (\{.*\})")
SPREAD = re.compile(r"([\d.]+)\.\.([\d.]+)")
READING = "one reading"  # a yardstick, which computes less than the others
FINER = "geomstats (finer mesh)"
AGREE = 1e-5  # relative error of a distance beyond which its value is shown


def races(lines):
    """Each race among the lines: table, column, unit, and for both sides (median, least, most, mark).

    The mark is ``"> "`` where the median is only a lower bound, since most runs did not finish.
    """
    found = []
    for race in filter(None, map(PATTERN.fullmatch, lines)):
        table, _, column = race["name"].partition("; ")
        sides = {
            name: (
                float(median.removeprefix("> ")),
                *map(float, SPREAD.match(spread).groups()),
                "> " if median.startswith("> ") else "",
            )
            for name, median, spread in (
                (OURS, race["ours"], race["spread"].partition(" against ")[0]),
                (race["peer"], race["theirs"], race["spread"].partition(" against ")[2]),
            )
        }
        found.append((table, column or "time", race["unit"], sides))
    return found


def by_column(lines):
    """``{(table, column): (unit, {side: (median, least, most, mark)})}``."""
    columns = {}
    for table, column, unit, sides in races(lines):
        columns.setdefault((table, column), (unit, {}))[1].update(sides)
    return columns


# --- words ------------------------------------------------------------------------------------------------


def scaled(unit, *values):
    """Numbers as texts in a unit that suits the first of them, and that unit."""
    if unit == "s" and values[0] < 1:
        unit, values = "ms", [1000 * value for value in values]
    return [f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in values], unit


def quantity(value, unit, mark):
    (text,), unit = scaled(unit, value)
    return f"{mark}{text}{NO_BREAK}{unit}"


def measured(side, unit):
    """The median, and the range in brackets."""
    (median, least, most), unit = scaled(unit, *side[:3])
    return f"{'more than ' if side[3] else ''}{median}{NO_BREAK}{unit} ({least} to {most})"


def times(ratio):
    return f"{ratio:,.0f}" if ratio >= 1000 else f"{ratio:.3g}"


def sentence(table, column, unit, sides):
    """Who was ahead, by how much, and whether the runs can tell."""
    ours = sides[OURS]
    rivals = [name for name in sides if not name.startswith((OURS, READING))]  # "ngbook (...)" is none either
    peer = min(rivals, key=lambda name: sides[name][0])
    theirs = sides[peer]
    if ours[1] <= theirs[2] and theirs[1] <= ours[2]:
        verdict = "the ranges overlap, so the runs show no difference"
    elif ours[3] and theirs[3]:
        verdict = "most runs of either did not finish"
    elif ours[0] < theirs[0]:
        verdict = f"{'more than ' if theirs[3] else ''}{times(theirs[0] / ours[0])} times as much"
    else:
        verdict = f"{OURS} took {'more than ' if ours[3] else ''}{times(ours[0] / theirs[0])} times as much"
    best = f"the best competitor, {peer}," if len(rivals) > 1 else peer
    return f"- *{column}*: {OURS} took {measured(ours, unit)} and {best} {measured(theirs, unit)}; {verdict}."


# --- bars -------------------------------------------------------------------------------------------------


def bars(axes, unit, sides):
    """A bar for each side, from zero, with the range of its runs and its median in words."""
    longest = max(side[2] for side in sides.values())
    for place, (name, (median, least, most, mark)) in enumerate(sides.items()):
        colour = plots.PALETTE["blue" if name == OURS else "grey"]
        axes.barh(place, median, color=colour, alpha=0.85, height=0.62)
        axes.plot([least, most], [place, place], color=plots.PALETTE["ink"], linewidth=1.2, linestyle="-")
        axes.text(most + 0.02 * longest, place, quantity(median, unit, mark), va="center", fontsize=8.5)
    axes.set_yticks(range(len(sides)), list(sides), fontsize=8.5)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.3 * longest)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def picture(name, columns):
    """All columns of a section as one figure in book/pictures; the Markdown that shows it."""
    plots.use_style()
    heights = [len(sides) for _, sides in columns.values()]
    figure, axes = plt.subplots(
        len(columns),
        figsize=(5.6, 0.27 * sum(heights) + 0.42 * len(heights)),
        height_ratios=heights,
        squeeze=False,
    )
    told = []
    for each, ((_, column), (unit, sides)) in zip(axes[:, 0], columns.items(), strict=True):
        bars(each, unit, sides)
        each.set_title(column, fontsize=9, loc="left")
        told.append(f"{column}: {'; '.join(f'{s} {quantity(v[0], unit, v[3])}' for s, v in sides.items())}")
    path = PICTURES / f"benchmarks-{name}.svg"
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)
    path.write_text(plots.rounded_coordinates(path.read_text(encoding="utf-8")), encoding="utf-8")
    return f"![Bars. {'. '.join(told)}.](../pictures/{path.name})"


# --- the page ---------------------------------------------------------------------------------------------


METHODS = {"method": ("method",), "settings": ("settings",)}
GROUPS = {  # the columns of the table of settings, each of one or more settings
    "policy network; value estimate": ("policy network", "value estimate"),
    "environments × steps": ("environments × steps",),
    r"$\gamma$, $\lambda$": ("discount, trace",),
    r"$\varepsilon$, $\zeta$, CG iterations": ("radius", "damping", "CG iterations"),
}


def settings(lines, groups):
    """The table of what every side of the learning races ran with."""
    grid = [["task and side", *groups], ["---"] * (len(groups) + 1)]
    for match in filter(None, map(SETTINGS.fullmatch, lines)):
        row = json.loads(match["row"])
        cells = [
            ("; " if "tanh" in row[names[0]] else ", ").join(row[n] for n in names)
            for names in groups.values()
        ]
        grid.append([f"{match['task']}: {match['side']}", *cells])
    return markdown(grid)


def markdown(grid):
    return "\n".join(f"| {' | '.join(row)} |" for row in grid)


def powers(text):
    """Numbers like 1.4e+07 as a page shows them."""

    def shown(match):
        factor = "" if match[1] == "1" else rf"{match[1]}\cdot"
        return f"${factor}10^{{{int(match[2])}}}$"

    return re.sub(r"([\d.]+)e([+-]\d+)", shown, text)


def error(side):
    """The relative error of a distance, and the distance too if it is another one."""
    if side is None:
        return "–"
    size = float(side["error"])
    if size > AGREE:
        percent = f"{100 * size:.0f}" if size >= 0.01 else f"{100 * size:.1g}"  # "0.02", "15", "200"
        return f"{float(side['value']):.6g}, {percent} % off"
    return powers(f"{size:.0e}") if size else "0"


def of_sides(sides):
    """What ngbook, geomstats (by whatever method) and geomstats with a finer mesh have."""
    plain = [sides[name] for name in sides if name not in (OURS, FINER)]
    return sides[OURS], plain[0], sides.get(FINER)


def answers(lines):
    """The tables of the distances and of the other questions."""
    distances = [["pair", "distance", OURS, "geomstats", "finer mesh"], ["---"] * 5]
    for row in (json.loads(match[1]) for match in filter(None, map(VALUE.fullmatch, lines))):
        exact = powers(f"{float(row['exact']):.7g}")
        distances.append([row["pair"], exact, *map(error, of_sides(row["sides"]))])
    others = [["question", "right", OURS, "geomstats", "finer mesh"], ["---"] * 5]
    for row in (json.loads(match[1]) for match in filter(None, map(CASE.fullmatch, lines))):
        found = (powers(answer or "–") for answer in of_sides(row["sides"]))
        others.append([row["question"], row["right"], *found])
    return markdown(distances), markdown(others)


def section(title, name, columns):
    """A figure with a sentence for each of its races."""
    sentences = "\n".join(sentence(*key, *value) for key, value in columns.items())
    return f"### {title}\n\n{picture(name, columns)}\n\n{sentences}"


def selected(columns, table):
    return {key: value for key, value in columns.items() if key[0].startswith(table)}


def learning(lines):
    columns = by_column(lines)
    parts = [section(task, task.lower(), selected(columns, task)) for task in ("CartPole-v1", "Pendulum-v1")]
    return "\n\n".join([settings(lines, GROUPS), *parts])


def machine(lines):
    return "\n".join(f"- {line.removeprefix('about ')}" for line in lines if line.startswith("about "))


def write():
    """RESULTS.md, NETWORKS.md, SOLVERS.md and GEODESICS.md, which the page includes, and their figures."""
    lines = {name: path.read_text(encoding="utf-8").splitlines() for name, path in RAW.items()}
    columns = by_column(lines["results"])
    network = selected(columns, "Fisher matrix")
    (HERE / "RESULTS.md").write_text(
        "\n\n".join(
            [
                f"<!-- machine -->\n\n{machine(lines['results'])}",
                f"<!-- learning -->\n\n{learning(lines['results'])}",
                f"<!-- products -->\n\n{section('Fisher matrix of a network', 'products', network)}\n",
            ]
        ),
        encoding="utf-8",
    )
    for name, picture_name in (("networks", "networks"), ("solvers", "solve"), ("geodesics", "geodesics")):
        columns = by_column(lines[name])
        kinds = dict.fromkeys(table for table, _ in columns)
        parts = [
            section(kind, f"{picture_name}-{i}", selected(columns, kind)) for i, kind in enumerate(kinds, 1)
        ]
        if name == "networks":
            parts.insert(0, settings(lines[name], METHODS))
        if name == "geodesics":
            distances, others = answers(lines[name])
            parts.insert(0, f"### Relative errors of distances\n\n{distances}")
            parts.append(f"### Where there is no answer, or another one\n\n{others}")
        text = "\n\n".join([f"<!-- results -->\n\n{machine(lines[name])}", *parts])
        (HERE / f"{name.upper()}.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
