"""The links between an equation and the cells that check it, in both directions."""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

from equation_ledger import entries as ledger_file
from equation_ledger.collect import all_equations, book_equations, cells_checking, is_cell, label_of, pages

TICK = "ledger-tick"


def entries_of(app):
    """``ledger.yml``, read once per build."""
    if not hasattr(app, "_ledger_entries"):
        app._ledger_entries = ledger_file.read(app.srcdir)[0]
    return app._ledger_entries


def evidence_page(env):
    return next((name for name in sorted(pages(env)) if pages(env)[name].has_evidence), None)


def entry_anchor(label):
    return nodes.make_id(f"ledger-{label}")


def equation_link(env, builder, docname, label):
    """A link to an equation whose text is its number, "(2.3)"; plain text if there is no such equation."""
    link = env.get_domain("math").resolve_xref(
        env, docname, builder, "eq", label, nodes.literal(label, label), nodes.literal(label, label)
    )
    return link if link is not None else nodes.literal(label, label)


def equation_links(env, builder, docname, cell):
    """Links to the equations that a cell checks, each once."""
    return [equation_link(env, builder, docname, label) for label in dict.fromkeys(cell.labels)]


def cell_link(builder, docname, cell, text, title):
    return make_refnode(builder, docname, cell.docname, cell.anchor, nodes.Text(text), title)


def separated(links, separator=", "):
    for i, link in enumerate(links):
        if i:
            yield nodes.Text(separator)
        yield link


class Ticks(SphinxPostTransform):
    """Fold each cell that checks an equation into one line that says what it shows.

    Before MyST-NB folds cells (priority 199), which it does by the attributes that are set here.
    """

    default_priority = 198

    def run(self, **kwargs):
        for container, cell in _cells_of(self.env, self.document):
            if cell.is_tick and cell.calls:
                links = equation_links(self.env, self.app.builder, self.env.docname, cell)
                numbers = ", ".join(link.astext() for link in links)
                text = f"✓ {numbers} {'; '.join(cell.phrases)}"
                container["classes"].append(TICK)
                container["hide_mode"] = "all"
                container["prompt_show"] = container["prompt_hide"] = text


class LedgerMarks(SphinxPostTransform):
    """Write the mark under each equation and the line that leads from a checking cell to its equations.

    After MyST-NB has folded cells (priority 199): it takes a cell's first and last child for its
    source and its output.
    """

    default_priority = 210
    formats = ("html",)

    def run(self, **kwargs):
        docname, builder = self.env.docname, self.app.builder
        for node in list(book_equations(self.document)):
            mark = self.mark(docname, builder, label_of(node), _tick_below(node))
            if mark is not None:
                _insert_after(node, mark)
        for container, cell in _cells_of(self.env, self.document):
            if cell.calls:
                back = self.back(docname, builder, cell)
                if cell.is_tick:
                    container.children[0].append(back)  # inside the fold
                else:
                    _insert_after(container, back)
        for container in self.document.findall(is_cell):
            if container.get("prints_checks") and container.get("hide_mode") == "input":
                _fold_lines(container)

    def mark(self, docname, builder, label, tick):
        cells = cells_checking(self.env, label) if label else []
        links = [
            cell_link(builder, docname, cell, text, "Go to the cell that checks this equation")
            for cell, text in zip(cells, _distinct("; ".join(cell.phrases) for cell in cells), strict=True)
            if cell.anchor not in tick
        ]
        if links:
            return _line("also " if tick else "", links, "ledger-mark")
        entry = entries_of(self.app).get(label)
        if cells or entry is None:
            return None
        home = evidence_page(self.env)
        if home is None:
            word = nodes.abbreviation(entry.kind, entry.kind, explanation=entry.reason)
        else:
            text = nodes.Text(entry.kind)
            word = make_refnode(builder, docname, home, entry_anchor(label), text, entry.reason)
        return _line("", [word], "ledger-mark", "ledger-given")

    def back(self, docname, builder, cell):
        return _line("checks ", equation_links(self.env, builder, docname, cell), "ledger-back")


def _cells_of(env, document):
    """The containers of a page's checking cells, each with its `Cell`."""
    page = pages(env).get(env.docname)
    cells = {cell.anchor: cell for cell in page.cells} if page else {}
    for container in list(document.findall(is_cell)):
        for anchor in set(container["ids"]) & set(cells):
            yield container, cells[anchor]


def _fold_lines(container):
    """Move what a cell prints, beside what it draws, into the fold with its code."""
    fold, output = container.children[0], container.children[-1]
    lines = [each for each in output.children if "stream" in each["classes"]]
    for each in lines:
        output.remove(each)
    if lines:
        fold.append(nodes.container("", *lines, classes=["ledger-lines"]))


def _tick_below(node):
    """The ids of the tick directly under an equation, which says there what a mark would say."""
    after = node.next_node(descend=False, siblings=True)
    return after["ids"] if after is not None and is_cell(after) and TICK in after["classes"] else []


def _insert_after(node, new):
    node.parent.insert(node.parent.index(node) + 1, new)


def _line(text, links, *classes):
    return nodes.paragraph("", "", nodes.Text(text), *separated(links), classes=list(classes))


def _distinct(texts):
    """Number the texts that occur more than once: a link's text should tell it from the next."""
    seen = {}
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
        yield text if seen[text] == 1 else f"{text} {seen[text]}"


# --- incremental builds --------------------------------------------------------------------------


def rewrite_what_changed(app, env):
    """Pages whose marks, backward links or tables differ from those of the last build."""
    views = {name: _view(app, env, name) for name in pages(env)}
    before = getattr(env, "ledger_views", {})
    env.ledger_views = views
    return [name for name in views if views[name] != before.get(name)]


def _view(app, env, docname):
    """Everything the ledger prints on a page, as text to compare."""
    page = pages(env)[docname]
    if page.has_evidence:
        equations = all_equations(env)
    else:
        mine = {equation.label for equation in page.equations} | set(page.on_sheet)
        mine.update(label for cell in page.cells for label in cell.labels)
        equations = [equation for equation in all_equations(env) if equation.label in mine]
    parts = [evidence_page(env)]
    for equation in equations:
        numbers = env.toc_fignumbers.get(equation.docname, {}).get("displaymath", {})
        number = numbers.get(nodes.make_id(f"equation-{equation.label}"))
        title = env.titles[equation.docname].astext() if equation.docname in env.titles else ""
        where = (equation.label, equation.docname, number, title)
        where += (equation.tex,) if equation.label in page.on_sheet else ()
        parts.append((where, cells_checking(env, equation.label), entries_of(app).get(equation.label)))
    return repr(parts)


def setup(app):
    app.add_post_transform(Ticks)
    app.add_post_transform(LedgerMarks)
    # After Sphinx's own handler, which numbers the equations.
    app.connect("env-get-updated", rewrite_what_changed, priority=900)
