"""The chapters on the first page as a map: a line for each kind of reader, a stop for each chapter.

    :::{reading-path}
    :newcomer: distance trust_regions lagrangian ...
    :mathematician: lagrangian kl_and_fisher ...
    :deep-learning: ...

    1. {doc}`foundations/distance`\\
       What the chapter is about.
    :::

The body is an ordinary list, and stays one wherever this is not HTML. Its items must be the book's numbered
chapters in their order, and every name on a route must be one of them: anything else is a warning, and so
fails the build. Lines differ by colour, by dash and by their place, and a screen reader is told the routes
in words. Beside each chapter stands how long it takes, and beside each route the sum (`reading_times`).

Relies on the numbers and captions that Sphinx keeps of the table of contents (``env.toc_secnumbers``,
``env.tocs``). tests/test_look.py compares the map on the first page with _toc.yml.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import reading_times

ROUTES = {
    "newcomer": "Newcomer",
    "mathematician": "Mathematician",
    "reinforcement-learning": "Practitioner of reinforcement learning",
    "deep-learning": "Practitioner of deep learning",
}
logger = logging.getLogger(__name__)


class ReadingPath(SphinxDirective):
    """A container around the list, which remembers the routes."""

    has_content = True
    option_spec = dict.fromkeys(ROUTES, directives.unchanged_required)

    def run(self):
        """Parse the list and note which chapter each item is about."""
        container = nodes.container(classes=["reading-path"])
        container["routes"] = {name: self.options[name].split() for name in ROUTES}
        self.set_source_info(container)
        self.state.nested_parse(self.content, self.content_offset, container)
        container["chapters"] = [
            next(item.findall(addnodes.pending_xref))["reftarget"].lstrip("/")
            for item in container.findall(nodes.list_item)
        ]
        return [container]


def _numbered(env):
    """The chapters that have a number, with it, in order: ``{docname: number}``."""
    numbers = {name: found.get("") for name, found in env.toc_secnumbers.items()}
    return {name: n[0] for name, n in sorted(numbers.items(), key=lambda pair: pair[1] or ()) if n}


def _parts(env):
    """``{docname: caption}`` of the chapter with which each part begins."""
    trees = env.tocs[env.config.root_doc].findall(addnodes.toctree)
    return {tree["entries"][0][1]: tree["caption"] for tree in trees if tree["entries"]}


def _mistake(container, numbers):
    """What is wrong with the list or the routes, or None."""
    if container["chapters"] != list(numbers):
        return f"it lists {container['chapters']}, but the book's chapters are {list(numbers)}"
    order = {name.split("/")[-1]: number for name, number in numbers.items()}
    for route, stops in container["routes"].items():
        if unknown := [stop for stop in stops if stop not in order]:
            return f"the route {route} has no such chapter: {unknown}"
        if stops != sorted(set(stops), key=order.get):
            return f"the route {route} does not name each of its chapters once, in order: {stops}"
    return None


def _in_words(numbers):
    """``[1, 3, 4, 5]`` as "1, 3 to 5"; two neighbours are no run."""
    runs = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(words)


def _lane(route, stops, number):
    """One line beside one chapter: whether it stops there, passes, begins, ends, or is not there."""
    if not stops[0] <= number <= stops[-1]:
        return '<span class="lane"></span>'
    place = ["stop" if number in stops else "pass"]
    place += ["first"] * (number == stops[0]) + ["last"] * (number == stops[-1])
    return f'<span class="lane {route} {" ".join(place)}"></span>'


def _hours(minutes):
    """``340`` as "about 6 hours"."""
    return f"about {round(minutes / 60)} hours"


def _draw(container, numbers, parts, minutes):
    """Put the lanes and the minutes into the items, and the legend before the list."""
    by_name = {name.split("/")[-1]: number for name, number in numbers.items()}
    routes = {route: [by_name[stop] for stop in stops] for route, stops in container["routes"].items()}
    taken = {numbers[docname]: minutes.get(docname, 0) for docname in container["chapters"]}
    items = list(container.findall(nodes.list_item))
    for item, docname in zip(items, container["chapters"], strict=True):
        number = numbers[docname]
        lanes = "".join(_lane(route, stops, number) for route, stops in routes.items())
        told = ", ".join(route for route, stops in routes.items() if number in stops) or "none"
        part = f'<span class="part">{parts[docname]}</span>' if docname in parts else ""
        label = f'{part}<span class="number">{number}</span><span class="visually-hidden">'
        item.insert(0, nodes.raw("", f'<span class="lanes" aria-hidden="true">{lanes}</span>', format="html"))
        item.insert(1, nodes.raw("", f"{label} (route: {told})</span>", format="html"))
        item["classes"] += ["begins-part"] if part else []
        if docname in minutes:
            link = next(item.findall(nodes.reference))
            time = nodes.raw("", reading_times.shown(minutes[docname]), format="html")
            link.parent.insert(link.parent.index(link) + 1, time)
    keys = "".join(
        f'<li><span class="lane {route} stop" aria-hidden="true"></span>'
        f"<span><b>{ROUTES[route]}</b>: {_in_words(stops)}; "
        f"{_hours(sum(taken[number] for number in stops))}</span></li>"
        for route, stops in routes.items()
    )
    container.insert(0, nodes.raw("", f'<ul class="routes" aria-label="Routes">{keys}</ul>', format="html"))


def _resolve(app, doctree, docname):
    for container in doctree.findall(nodes.container):
        if "routes" not in container:
            continue
        numbers = _numbered(app.env)
        if mistake := _mistake(container, numbers):
            logger.warning("reading-path: %s", mistake, location=container)
        elif app.builder.format == "html":
            _draw(container, numbers, _parts(app.env), app.env.reading_minutes)


def _add_style(app, pagename, templatename, context, doctree):
    if doctree is not None and any("routes" in node for node in doctree.findall(nodes.container)):
        app.add_css_file("reading_path.css")


def setup(app):
    """Register with Sphinx; early, while the numbers are those of the reading."""
    app.setup_extension("reading_times")
    app.add_directive("reading-path", ReadingPath)
    app.connect("doctree-resolved", _resolve, priority=400)
    app.connect("html-page-context", _add_style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
