"""The Python side of a live page: it runs the cells and says what came out of them.

===========  ==================================================================
`session`    one page: its variables, and its cells, one after the other
`values`     what a value looks like on a page: formula, table, picture, text
`figures`    the backend that hands Matplotlib's figures to the page
`folder`     where the cells are, and the results that they read
`installed`  the versions of what is installed
`standins`   the few names that chapters take from programs that are not here
===========  ==================================================================

Nothing here knows of a browser: the worker (worker.js) passes on what is emitted, and the tests run chapters
through the same modules.
"""
