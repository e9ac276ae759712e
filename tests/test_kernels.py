"""A forked kernel is like a fresh one, but for the libraries that it need not load."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel
from jupyter_client.provisioning import KernelProvisionerFactory

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="processes cannot be forked here"
)
# What the parent, the machine or another kernel could leave in a kernel.
STATE = """
import os, signal, sys
handlers = [str(signal.getsignal(each)).partition(" at ")[0] for each in sorted(signal.valid_signals())]
leader = os.getpid() == os.getsid(0) == os.getpgrp()
variables = {name: value for name, value in os.environ.items() if name != "JPY_PARENT_PID"}
print([started, __name__, os.getcwd(), sys.path, variables, sys.flags, sys.executable, handlers, leader])
"""
FIGURE = """import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show()"""
ORPHAN = """
import os, signal
from jupyter_client.manager import start_new_kernel
from book import kernels
kernels.LIBRARIES.clear()  # it is done sooner
kernels.fork_kernels()
manager, _ = start_new_kernel()
print(manager.provisioner.pid, type(manager.provisioner).__name__, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


class Kernel:
    """A running kernel that can be asked to run code; the root's conftest makes it a forked one."""

    def __init__(self, **options):
        self.manager, self.client = start_new_kernel(**options)
        self.pid = self.manager.provisioner.pid

    def run(self, code):
        """What it prints, and the kinds of data that it shows."""
        found = []

        def keep(message):
            content = message["content"]
            found.append(content["text"] if "text" in content else " ".join(content.get("data", [])))

        reply = self.client.execute_interactive(code, output_hook=keep, timeout=60)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(found).strip()


@contextmanager
def running(**options):
    kernel = Kernel(**options)
    try:
        yield kernel
    finally:
        kernel.client.stop_channels()
        kernel.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """A folder and an environment of which a kernel has to know, with a start-up file."""
    home = tmp_path_factory.mktemp("ipython")
    startup = home / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "first.py").write_text("started = 'by the start-up file'\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    env = {**kept, "IPYTHONDIR": str(home), "PYTHONPATH": str(ROOT / "book"), "ASKED_FOR": "yes"}
    return {"env": env, "cwd": str(home)}


@pytest.fixture(scope="module")
def kernel(options):
    with running(**options) as forked:
        yield forked


@pytest.fixture(scope="module")
def fresh(options):
    factory = KernelProvisionerFactory.instance()
    factory.default_provisioner_name = "local-provisioner"
    try:
        started = running(**options)
        kernel = started.__enter__()
    finally:
        factory.default_provisioner_name = "forked"
    yield kernel
    started.__exit__(None, None, None)


def gone(pid, patience=20):
    """Whether a process is no longer there, nor its remains."""
    for _ in range(10 * patience):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_only_libraries_are_loaded(kernel, fresh):
    loaded = "import sys; print(sorted({'numpy', 'scipy', 'sympy', 'matplotlib', 'ngbook'} & {*sys.modules}))"
    assert kernel.run(loaded) == "['matplotlib', 'numpy', 'scipy', 'sympy']"
    assert fresh.run(loaded) == "[]"


def test_it_starts_with_what_a_fresh_one_starts_with(kernel, fresh):
    state = kernel.run(STATE)
    assert "by the start-up file" in state and "ASKED_FOR" in state
    assert state == fresh.run(STATE)


def test_figures_are_shown(kernel):
    assert kernel.run(FIGURE) == "text/plain image/png"


def test_it_has_random_numbers_of_its_own(kernel, options):
    numbers = "import random, numpy; print(random.random(), numpy.random.rand(), hash('its own'))"
    with running(**options) as other:
        assert not set(kernel.run(numbers).split()[:2]) & set(other.run(numbers).split()[:2])


def answer(receive, message, kind):
    """The first message of a kind that answers another one."""
    while True:
        received = receive(timeout=60)
        if received["parent_header"].get("msg_id") == message and received["msg_type"] == kind:
            return received


def test_it_can_be_interrupted(options):
    with running(**options) as kernel:
        # What is asked right after an error would be refused, unless one says that it is not to be.
        code = "print(1, flush=True); import time; time.sleep(60)"
        message = kernel.client.execute(code, stop_on_error=False)
        answer(kernel.client.get_iopub_msg, message, "stream")  # it runs
        kernel.manager.interrupt_kernel()
        reply = answer(kernel.client.get_shell_msg, message, "execute_reply")
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert kernel.run("print(1)") == "1"
    assert gone(kernel.pid)


def test_one_that_crashes_is_not_alive(options):
    with running(**options) as kernel:
        kernel.client.execute("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
        assert gone(kernel.pid)
        assert not kernel.manager.is_alive()
        assert kernel.manager.provisioner.process.poll() == -signal.SIGSEGV


def test_it_ends_with_whoever_started_it():
    asked = [sys.executable, "-c", ORPHAN]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid, provisioner = done.stdout.split()
    assert provisioner == "Forked"
    assert gone(int(pid))
