"""``{exercise-table}``: every exercise of the book, what it tests and its known mistakes, a table a chapter.

The titles come from the pages, the rest from what `answers` has put into the forms, so that the table cannot
differ from the book.
"""

from dataclasses import dataclass, field

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from answers import answer_form

PREFIX = "exercise-"
HEADS = ("exercise", "what it tests", "known mistakes")
WIDTHS = (34, 26, 40)


class exercise_table(nodes.General, nodes.Element):
    """Where the tables go, once every page has been read."""


class TableDirective(SphinxDirective):
    """``{exercise-table}``, without content."""

    def run(self):
        self.env.tables_of_exercises.add(self.env.docname)
        node = exercise_table()
        self.set_source_info(node)
        return [node]


@dataclass
class Exercise:
    """An exercise: where it is, and what its form knows."""

    label: str
    title: str
    about: str = ""
    hints: list = field(default_factory=list)


def _collect(app, doctree):
    found = []
    for section in doctree.findall(nodes.section):
        for label in filter(lambda name: name.startswith(PREFIX), section["names"]):
            exercise = Exercise(label, section[0].astext())
            for form in section.findall(answer_form):
                exercise.about = form["answer"].about
                exercise.hints = [hint for _, hint in form["answer"].mistakes]
            found.append(exercise)
    if found:
        title = next(doctree.findall(nodes.title)).astext()
        app.env.exercises[app.env.docname] = title, found


class WriteTables(SphinxPostTransform):
    """A heading and a table for each chapter, in the book's order."""

    default_priority = 5

    def run(self, **kwargs):
        for node in list(self.document.findall(exercise_table)):
            order = self.env.toctree_includes[self.config.root_doc]
            pages = [page for page in order if page in self.env.exercises]
            node.replace_self([part for page in pages for part in self.chapter(page)])

    def chapter(self, page):
        title, exercises = self.env.exercises[page]
        link = nodes.paragraph("", "", nodes.strong("", "", self.link(page, "", title)))
        heads = [nodes.paragraph("", head) for head in HEADS]
        rows = [
            [
                nodes.paragraph("", "", self.link(page, each.label, each.title.removeprefix("Exercise "))),
                nodes.paragraph("", each.about or "without a form"),
                nodes.bullet_list("", *(nodes.list_item("", nodes.paragraph("", h)) for h in each.hints))
                if each.hints
                else nodes.paragraph("", "–"),
            ]
            for each in exercises
        ]
        return [link, _table(heads, rows)]

    def link(self, page, label, words):
        address = self.app.builder.get_relative_uri(self.env.docname, page)
        target = f"{address}#{label}" if label else address
        return nodes.reference("", "", nodes.inline("", words), internal=True, refuri=target)


def _table(heads, rows):
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in WIDTHS), cols=len(WIDTHS))
    for part, lines in ((nodes.thead, [heads]), (nodes.tbody, rows)):
        group += part("", *(nodes.row("", *(nodes.entry("", cell) for cell in line)) for line in lines))
    return nodes.table("", group, classes=["exercise-table"])


# --- what Sphinx remembers --------------------------------------------------------------------------------


def _prepare(app, env, docnames):
    for name, empty in (("exercises", {}), ("tables_of_exercises", set())):
        if not hasattr(env, name):
            setattr(env, name, empty)


def _purge(app, env, docname):
    if hasattr(env, "exercises"):
        env.exercises.pop(docname, None)
        env.tables_of_exercises.discard(docname)


def _merge(app, env, docnames, other):
    env.exercises |= {name: other.exercises[name] for name in docnames if name in other.exercises}
    env.tables_of_exercises |= other.tables_of_exercises & set(docnames)


def _write_again(app, env):
    """The page of the table is written whenever something was read."""
    return sorted(env.tables_of_exercises)


def setup(app):
    """Register with Sphinx; the pages are looked at when their forms are complete."""
    app.add_node(exercise_table)
    app.add_directive("exercise-table", TableDirective)
    app.add_post_transform(WriteTables)
    app.connect("env-before-read-docs", _prepare)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
    app.connect("doctree-read", _collect, priority=600)
    app.connect("env-updated", _write_again)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
