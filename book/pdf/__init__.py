"""The whole book as one PDF: the built pages in one document, printed by Chromium.

``make pdf`` runs ``python -m book.pdf``. The modules, in the order of the work:

- ``pages``: which pages, in which order, in which part;
- ``links``: ids that are unique in the whole document, and links that stay inside it;
- ``clean``: what a page loses and what moves when it is printed;
- ``document``: title, contents, parts and pages in one file;
- ``printer``: the browser, the page numbers of the contents, the properties of the file.

``book.css`` is the only style sheet besides that of the formulas.
"""
