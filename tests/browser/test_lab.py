"""The notebooks of the edition in a real JupyterLab: opened, looked at, and run."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from book import lab

sys.path.insert(0, str(Path(__file__).parents[1]))
from edition_runs import HOME, one_of_each_part

# JupyterLab asks for news and for its newest version; here it stands alone.
QUIET = {"fetchNews": "false", "checkForUpdates": False}
STARTED = "async () => { await window.jupyterapp?.restored; return Boolean(window.jupyterapp); }"
OPEN = """async (path) => {
  window.ran = null;
  window.notebook = await jupyterapp.commands.execute("docmanager:open", { path, factory: "Notebook" });
  await notebook.context.ready;
}"""
CLOSE = """async () => {
  await notebook.sessionContext.shutdown();
  notebook.dispose();
}"""
# SVG is not shown before a notebook is trusted.
IN_SIGHT = """() => [...document.querySelectorAll(".jp-OutputArea-output img")].some((image) => {
  const { top, height } = image.getBoundingClientRect();
  const seen = image.naturalWidth > 500 && height > 100 && top < innerHeight;
  return seen && image.src.startsWith("data:image/png");
})"""
TYPESET = "() => document.querySelector('mjx-container')"
CELLS = """() => {
  const cells = [...notebook.content.model.cells];
  return cells.filter((cell) => cell.type === "code").map((cell) => cell.toJSON());
}"""
IDLE = """() => {
  const kernel = notebook.sessionContext.session?.kernel;
  return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""
# Not waited for here: a promise that is never kept would hang the test.
RUN_ALL = """() => {
  const tell = (result) => (window.ran = String(result));
  jupyterapp.commands.execute("notebook:run-all-cells").then(tell, tell);
}"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def jupyterlab(tmp_path_factory):
    """The address of a JupyterLab that shows a copy of the edition, with settings of its own."""
    python, folder = lab.prepare(), tmp_path_factory.mktemp("lab")
    shutil.copytree(HOME, folder / "notebooks")
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET), encoding="utf-8")
    places = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    environment = os.environ | {f"JUPYTER_{name}": str(folder / name) for name in places}
    environment |= {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    port = free_port()
    options = ["--no-browser", "--allow-root", "--expose-app-in-browser", "--ip=127.0.0.1", f"--port={port}"]
    options += ["--ServerApp.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder / 'notebooks'}"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [python, "-m", "jupyterlab", *options], env=environment, stdout=log, stderr=log
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address, server, folder / "log")
            yield address
        finally:
            end(server)


def end(server, seconds=10):
    """Stop the server; it may leave its loop and then wait for a thread of its own without end."""
    server.terminate()
    try:
        server.wait(seconds)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def wait_for(address, server, log, seconds=120):
    """Until the server answers."""
    latest = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < latest:
        try:
            urllib.request.urlopen(f"{address}/api").close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def page(browser, jupyterlab):
    """One JupyterLab for all notebooks, since it takes much longer to load than they do."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.goto(f"{jupyterlab}/lab", timeout=180_000)
    page.wait_for_function(STARTED, timeout=180_000)
    yield page
    context.close()


@pytest.fixture
def errors(page):
    """What is written to the console as an error, and exceptions that nothing catches."""
    found = []

    def note(message):
        if message.type == "error":
            found.append(message.text)

    def note_exception(error):
        found.append(str(error))

    page.on("console", note)
    page.on("pageerror", note_exception)
    yield found
    page.remove_listener("console", note)
    page.remove_listener("pageerror", note_exception)


@pytest.mark.parametrize("name", one_of_each_part())
def test_a_chapter_of_each_part_opens_shows_its_figure_and_runs(page, errors, name):
    page.evaluate(OPEN, f"{name}.ipynb")
    page.wait_for_function(IN_SIGHT, timeout=120_000)
    page.wait_for_function(TYPESET, timeout=120_000)
    assert page.locator("mjx-merror").count() == 0
    stored = page.evaluate(CELLS)

    page.wait_for_function(IDLE, timeout=120_000)
    page.evaluate(RUN_ALL)
    page.wait_for_function("() => window.ran", timeout=300_000)
    assert page.evaluate("window.ran") == "true"
    done = page.evaluate(CELLS)
    page.evaluate(CLOSE)
    assert [shape(cell) for cell in done] == [shape(cell) for cell in stored]
    assert errors == []


def shape(cell):
    """The number of a cell and the kinds of its outputs; an error is a kind of its own."""
    outputs = [(output["output_type"], sorted(output.get("data", {}))) for output in cell["outputs"]]
    return cell["execution_count"], outputs
