"""The builder: resolves every chapter for notebooks, and writes the edition if anything behind it changed.

It runs within the HTML build, when the pages are there, or by itself (``python -m book.notebooks``). Pages
are resolved under its own name, so that what other extensions add for HTML does not appear.
"""

import hashlib
import json
from pathlib import Path
from unittest.mock import patch

from docutils import nodes
from sphinx.builders import Builder
from sphinx.util import logging

from edition import links, notebook, parcel

ROOT = Path(__file__).parents[3]
NAME = "notebooks"
MADE = ".made.json"  # in each folder written: what the files were made from, and their names
# Of a figure's two formats, and of what else a cell shows, MyST-NB needs one; the captions are all we take.
PRIORITIES = (("image/svg+xml", 10), ("text/plain", 20))
logger = logging.getLogger(__name__)


class NotebookBuilder(Builder):
    """Writes the notebooks for people."""

    name = format = NAME
    allow_parallel = False

    def __init__(self, app, env):
        super().__init__(app, env)
        self.fignumbers, self.bibliographies = {}, {}

    def get_outdated_docs(self):
        return "the notebooks"

    def get_target_uri(self, docname, typ=None):
        return links.inside(docname)

    def get_relative_uri(self, from_, to, typ=None):
        return links.inside(to)

    def write(self, *ignored):
        """Write the edition, and a zip of it, beside the builder's folder."""
        write(self, Path(self.outdir).parent / NAME)

    # --- what the notebooks ask about the book ---------------------------------------------------------

    def chapters(self):
        """The pages that are notebooks, in the book's order."""
        order = self.env.toctree_includes
        pages, waiting = [], [self.config.root_doc]
        while waiting:
            page = waiting.pop(0)
            pages.append(page)
            waiting = [*order.get(page, []), *waiting]
        return tuple(page for page in pages if self.env.doc2path(page).endswith(".ipynb"))

    def resolved(self, docname):
        """A page with its references and numbers."""
        self.fignumbers = self.env.toc_fignumbers.get(docname, {})
        return self.env.get_and_resolve_doctree(docname, self)

    def section_number(self, docname, section):
        """The number before a title, "3. " or nothing, as on the page."""
        numbers = self.env.toc_secnumbers.get(docname, {})
        number = numbers.get("") if section.parent.parent is None else numbers.get(f"#{section['ids'][0]}")
        return f"{'.'.join(map(str, number))}{self.config.html_secnumber_suffix}" if number else ""

    def references(self, doctree, writer):
        """A section with the works that a chapter cites, in the order in which it does."""
        cited = {}
        for citation in doctree.findall(nodes.inline):
            if "bibtex-citation" in citation["classes"]:
                for reference in citation.findall(nodes.reference):
                    page, _, anchor = reference["refuri"].removeprefix(links.SCHEME).partition("#")
                    cited[anchor] = self._works(page)[anchor]
        entries = [f"- {writer.inline(next(work.findall(nodes.paragraph)))}" for work in cited.values()]
        return ["## References", "\n".join(entries)] if entries else []

    def _works(self, page):
        """The entries of a bibliography, by their anchors."""
        if page not in self.bibliographies:
            tree = self.env.get_and_resolve_doctree(page, self)
            found = tree.findall(nodes.citation)
            self.bibliographies[page] = {anchor: work for work in found for anchor in work["ids"]}
        return self.bibliographies[page]


# --- writing -----------------------------------------------------------------------------------------


def made_from(builder):
    """A digest of everything that the edition is made from."""
    config = builder.config
    digest = hashlib.sha256(
        repr((config.html_baseurl, config.error_report_address, config.katex_macros)).encode()
    )
    for folder in (Path(builder.srcdir), ROOT / "ngbook", Path(__file__).parent):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    for name in parcel.BEHIND:
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    return digest.hexdigest()


def write(builder, folder, published=None):
    """Write the edition into a folder, with its zip beside it, unless it is there already.

    What the pages offer goes into the folder `published`, if one is given.
    """
    digest, zipped = made_from(builder), folder.parent / parcel.ZIP
    wanted = [each for each in (folder, published) if each is not None]
    if zipped.exists() and all(_made(each).get("from") == digest for each in wanted):
        return
    files = make(builder)
    packed = parcel.pack(files)
    zipped.write_bytes(packed)
    _fill(folder, files, digest)
    if published is not None:
        offered = {name: data for name, data in files.items() if parcel.is_published(name)}
        _fill(published, offered | {parcel.ZIP: packed}, digest)
    logger.info("the notebooks are in %s", folder)


def make(builder):
    """``{name: bytes}`` of every file of the edition."""
    wheel_name, wheel = parcel.wheel()
    chapters = builder.chapters()
    kept = Path(builder.doctreedir).parent / ".pictures"
    setting = notebook.Setting(builder, chapters, wheel_name, kept)
    files = {wheel_name: wheel, **parcel.companions(builder, chapters, wheel_name)}
    for docname in chapters:
        doctree = builder.resolved(docname)
        for folder, solutions in (("", True), (f"{parcel.OPEN}/", False)):
            text = notebook.assemble(docname, doctree, setting, solutions)
            files[f"{folder}{docname}.ipynb"] = text.encode()
    return files


def _made(folder):
    """What is remembered of the last time that a folder was filled."""
    path = folder / MADE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _fill(folder, files, digest):
    """Write files into a folder, those that differ, and remove those of last time that are no more.

    The memory goes first and comes last, so that what was interrupted is done again.
    """
    before = _made(folder).get("files", [])
    (folder / MADE).unlink(missing_ok=True)
    for name in set(before) - set(files):
        (folder / name).unlink(missing_ok=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
    memory = json.dumps({"from": digest, "files": sorted(files)}, indent=1)
    (folder / MADE).write_text(memory, encoding="utf-8")


def _write_beside_pages(app, error):
    if error is None and app.builder.name == "html":
        builder = NotebookBuilder(app, app.env)
        with patch.object(app, "builder", builder):  # what resolves a page asks the application for it
            write(builder, Path(app.outdir).parent / NAME, Path(app.outdir, NAME))


def _prefer(app, config):
    priorities = [(NAME, kind, priority) for kind, priority in PRIORITIES]
    config.nb_mime_priority_overrides = (*config.nb_mime_priority_overrides, *priorities)


def setup(app):
    """Register with Sphinx."""
    app.add_builder(NotebookBuilder)
    app.connect("config-inited", _prefer)
    app.connect("build-finished", _write_beside_pages)
