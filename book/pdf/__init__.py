"""The whole book as one PDF: the built pages in one document, printed by Chromium.

``make pdf`` runs ``python -m book.pdf``. The modules, in the order of the work:

- ``pages``: which pages, in which order, in which part;
- ``links``: ids that are unique in the whole document, and links that stay inside it;
- ``clean``: what a page loses and what moves when it is printed;
- ``formulas``: what is seen of a formula, and a line that says it;
- ``document``: title, contents, parts and pages in one file;
- ``printer``: the browser, the page numbers of the contents, the properties of the file.

``book.css`` is the only style sheet besides that of the formulas.

Relies on pages as Sphinx writes them: on the theme's ``bd-article``, MyST-NB's classes of cells and of what
is folded, KaTeX's ``katex-mathml`` and ``base``, Pygments' names of tokens. tests/test_pdf.py and
tests/browser/test_pdf.py read the document and the file.
"""
