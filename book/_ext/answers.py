"""Exercises that answer back: a form says whether an answer is right, or which known mistake it is.

Below the text of an exercise, or of a question that asks what will happen::

    ```{answer} exercise-kl-3
    The second derivative
    - an option
    - another one
    ```

The words are the name of the field. Options, if there are any, become a list with letters that every edition
shows; the form itself is on the page alone, and only where scripts run.

What is right stands in the notebook: in the output of the cell with the tag ``answer:exercise-kl-3``, which
calls ``ngbook.answers.answer`` or ``prediction``. Such a cell is on no page. The build stops where a form has
no such cell, a cell no form, a form no exercise of its name, or where an option is neither right nor a known
mistake.

The script is made from the modules in assets/answers: ``answers.model.js`` judges, by the rules of
``ngbook.answers``, and knows nothing of a page. What is right is in the form, encoded: out of sight, not
secret.

Relies on the class that MyST-NB gives to a cell for each of its tags; without it the answers' cells
would be on the pages; and on the theme's class ``pst-js-only``, which hides what needs scripts where none
run. tests/test_answer_forms.py looks for both.
"""

from html import escape
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from explorables import bundle
from ngbook import answers

SOURCES = Path(__file__).parents[1] / "assets" / "answers"
TAG = "answer:"
SCRIPT = "answers.js"
STYLE = "answers.css"
FIELD = 'class="answer-field" type="text" autocomplete="off" autocapitalize="none" spellcheck="false"'


class answer_form(nodes.General, nodes.Element):
    """A form; its children are the name of the field, ``answer`` is what is right."""


class answer_progress(nodes.General, nodes.Element):
    """How many of a page's questions are answered."""


class AnswerDirective(SphinxDirective):
    """``{answer} LABEL`` with the name of the field and, below it, the options."""

    required_arguments = 1
    has_content = True

    def run(self):
        self.assert_has_content()
        holder = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, holder)
        words, *options = holder.children
        form = answer_form("", *words.children, label=self.arguments[0], options=0)
        self.set_source_info(form)
        if not options:
            return [form]
        (given,) = options
        form["options"] = len(given)
        letters = nodes.enumerated_list(
            "", *given.children, enumtype="loweralpha", classes=["answer-options"]
        )
        for letter, item in zip(answers.LETTERS, letters, strict=False):
            item["ids"].append(f"option-{form['label']}-{letter}")
        return [letters, form]


# --- what is right ----------------------------------------------------------------------------------------


def tag_of(cell):
    """The label of the answer that a cell of a notebook notes, or None."""
    tags = cell["metadata"].get("tags", [])
    return next((tag.removeprefix(TAG) for tag in tags if tag.startswith(TAG)), None)


def noted(path):
    """``{label: Answer}`` of a notebook, in its order, read from what its cells have left."""
    found = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if label := tag_of(cell):
            texts = [output.data[kind] for output in cell.outputs for kind in output.get("data", ())]
            if len(texts) != 1:
                raise ExtensionError(
                    f"{path}: the cell of {label} leaves {len(texts)} answers, not one: run it"
                )
            made = answers.read(texts[0])
            if made.label != label:
                raise ExtensionError(f"{path}: the cell with the tag {TAG}{label} notes {made.label}")
            found[label] = made
    return found


def _complete(app, doctree):
    """Give every form what is right, and take the cells that noted it off the page."""
    path = app.env.doc2path(app.env.docname)
    forms = {form["label"]: form for form in doctree.findall(answer_form)}
    right = noted(path) if path.endswith(".ipynb") else {}
    if lone := sorted(set(forms) ^ set(right)):
        raise ExtensionError(
            f"{path}: {', '.join(lone)} has a form and no cell that notes it, or the reverse"
        )
    for label, form in forms.items():
        form["answer"] = right[label]
        if problem := _problem(form):
            raise ExtensionError(f"{path}: the form of {label} {problem}")
    if forms:
        _take_cells_off(doctree)
        _add_progress(doctree)


def _problem(form):
    """What does not fit between a form and its answer, or the empty text."""
    made = form["answer"]
    options = set(answers.LETTERS[: form["options"]])
    if isinstance(made.right, str) != bool(options):
        return "has options and no letter, or the reverse"
    if options:
        known = {made.right, *(value for value, _ in made.mistakes)}
        if known != options and not (made.predicted and known < options):
            return f"has the options {sorted(options)}, and knows {sorted(known)}"
    if not made.predicted and not _is_within(form, form["label"]):
        return "is not in the section of that exercise"
    return ""


def _is_within(node, label):
    """Whether a node is in a section of this label."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.section) and label in node["names"]:
            return True
    return False


def _take_cells_off(doctree):
    for node in list(doctree.findall(nodes.container)):
        if any(each.startswith(f"tag_{TAG}") for each in node["classes"]):
            node.parent.remove(node)


def _add_progress(doctree):
    """Below the heading of the exercises."""
    for section in doctree.findall(nodes.section):
        if section[0].astext() == "Exercises":
            section.insert(1, answer_progress())


# --- the page -----------------------------------------------------------------------------------------------


def _fields(label, right):
    """A field for each number of a value, in rows."""
    if not isinstance(right, list):
        return f'<input {FIELD} id="field-{label}">'
    rows = right if isinstance(right[0], list) else [right]
    several = len(rows) > 1
    written = []
    for i, row in enumerate(rows, 1):
        names = [f"row {i}, column {j}" if several else f"entry {j}" for j in range(1, len(row) + 1)]
        written.append("".join(f'<input {FIELD} aria-label="{name}">' for name in names))
    return f'<span class="answer-grid">{"".join(f"<span>{row}</span>" for row in written)}</span>'


def _choices(label, count):
    radio = '<label><input type="radio" name="{0}" value="{1}" aria-describedby="option-{0}-{1}"> {1}</label>'
    letters = answers.LETTERS[:count]
    return f'<span class="answer-letters">{"".join(radio.format(label, letter) for letter in letters)}</span>'


def _tolerance(made):
    if isinstance(made.right, str):
        return ""
    words = f"within {100 * made.within:g} %" if made.within else "exactly"
    return f' <span class="answer-tolerance">({words})</span>'


def _visit_form(translator, node):
    """A group of fields whose name is the words of the directive, or one field and its label."""
    made, label = node["answer"], escape(node["label"])
    attributes = f'data-answer="{label}" data-key="{answers.encode([made])}"'
    translator.body.append(f'<form class="answer pst-js-only" {attributes} novalidate>\n')
    one = isinstance(made.right, float)
    translator.body.append(f'<label for="field-{label}">' if one else "<fieldset><legend>")


def _depart_form(translator, node):
    made, label = node["answer"], escape(node["label"])
    one = isinstance(made.right, float)
    fields = _choices(label, node["options"]) if node["options"] else _fields(label, made.right)
    translator.body.append(_tolerance(made) + ("</label>\n" if one else "</legend>\n") + fields)
    words = "Compare" if made.predicted else "Check"
    translator.body.append(f'\n<button type="submit">{words}</button>{"" if one else "</fieldset>"}\n')
    translator.body.append('<p class="answer-said" role="status"></p>\n</form>\n')


def _visit_progress(translator, node):
    words, button = "Answers are compared on this page.", "Clear the answers"
    translator.body.append(f'<p class="answer-progress pst-js-only"><span>{words}</span> ')
    translator.body.append(f'<button type="button" disabled>{button}</button></p>\n')
    raise nodes.SkipNode


def _add_assets(app, pagename, templatename, context, doctree):
    if doctree is not None and next(doctree.findall(answer_form), None) is not None:
        app.add_js_file(SCRIPT, loading_method="defer")
        app.add_css_file(f"answers/{STYLE}")


def _write_script(app, error):
    if error is None and app.builder.format == "html":
        text = f"(() => {{\n{bundle('answers.js', SOURCES)}\n}})();\n"
        Path(app.outdir, "_static", SCRIPT).write_text(text, encoding="utf-8")


def setup(app):
    """Register with Sphinx."""
    app.add_node(answer_form, html=(_visit_form, _depart_form))
    app.add_node(answer_progress, html=(_visit_progress, None))
    app.add_directive("answer", AnswerDirective)
    app.connect("doctree-read", _complete)
    app.connect("html-page-context", _add_assets)
    app.connect("build-finished", _write_script)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
