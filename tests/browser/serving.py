"""A local server of a folder, as `python -m http.server` would be, but open to pages from anywhere."""

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class _Open(SimpleHTTPRequestHandler):
    """Files, with the header that a content network sends with its own."""

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *arguments):
        pass


@contextmanager
def served(folder):
    """The address of a folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Open, directory=folder)) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
