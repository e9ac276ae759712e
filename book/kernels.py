"""Kernels forked from a process that has the large libraries loaded.

Every chapter's kernel starts by importing IPython, NumPy, SciPy, SymPy and
Matplotlib. After ``fork_kernels()`` the kernels that this process starts are forks
of a server (Python's own, of ``multiprocessing``) that has imported them once.
ngbook is not among them: each kernel reads its present source.

In the rest a forked kernel is like any other: it has the environment, the folder
and the import path of a fresh one, a session of its own for interrupts, random
numbers of its own, and it ends with the process that asked for it.
``tests/test_kernels.py`` compares the two. (A cell cannot start processes of
``multiprocessing`` itself.) Where there is no fork, kernels start as ever.
"""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from functools import cache
from importlib.metadata import EntryPoint
from types import ModuleType
from unittest import mock

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

# Not pyplot, which asks for the shell that it is imported in.
LIBRARIES = (
    "ipykernel.ipkernel ipykernel.kernelapp matplotlib.backends.backend_svg "
    "matplotlib.figure mpmath numpy scipy.integrate scipy.linalg scipy.optimize "
    "scipy.sparse.linalg scipy.special sympy sympy.stats"
).split()
# What a kernel sets itself, but before it imports Matplotlib.
INLINE = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
LAUNCHER = ["-m", "ipykernel_launcher"]


def fork_kernels():
    """From now on, fork the kernels that this process starts, if possible."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        factory = KernelProvisionerFactory.instance()
        entry = EntryPoint("forked", f"{__name__}:Forked", factory.GROUP_NAME)
        factory.provisioners["forked"] = entry
        factory.default_provisioner_name = "forked"


@cache
def _server():
    """The context whose server has the libraries."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LIBRARIES)
    with mock.patch.dict(os.environ, INLINE | dict(os.environ)):
        multiprocessing.forkserver.ensure_running()
    return context


@cache
def _import_path(setting):
    """Where a fresh interpreter looks for modules, with this PYTHONPATH."""
    code = "import json, sys; print(json.dumps(sys.path[1:]))"
    environment = {**os.environ, "PYTHONPATH": setting}
    return json.loads(
        subprocess.check_output([sys.executable, "-c", code], env=environment)
    )


class Forked(LocalProvisioner):
    """Forks IPython's kernel, and starts any other as ever."""

    async def launch_kernel(self, cmd, **options):
        interpreter, *rest = cmd
        if interpreter != sys.executable or rest[:2] != LAUNCHER:
            return await super().launch_kernel(cmd, **options)
        environment = options["env"]
        path = _import_path(environment.get("PYTHONPATH", ""))
        self.cwd = options.get("cwd") or os.getcwd()
        quiet = options.get("stderr") is not None  # nbval sends it to os.devnull
        self.process = _Process(rest[2:], environment, self.cwd, path, quiet)
        self.pid = self.pgid = self.process.pid  # the first of its session
        return self.connection_info


class _Process:
    """What a provisioner asks of a kernel's ``Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, *arguments):
        # A daemon of multiprocessing's: not waited for when this process ends.
        self._process = _server().Process(
            target=_be_a_kernel, args=arguments, daemon=True
        )
        # The fork has no use for the program that is running here.
        with mock.patch.dict(sys.modules, __main__=ModuleType("__main__")):
            self._process.start()
        self.pid = self._process.pid

    def poll(self):
        return self._process.exitcode

    def wait(self):
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)


def _be_a_kernel(arguments, environment, folder, path, quiet):
    """In the fork: become the kernel that a command would have started."""
    os.setsid()
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    if quiet:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:] = path
    parent = f"--IPKernelApp.parent_handle={os.getppid()}"
    sys.argv = ["ipykernel_launcher", *arguments, parent]
    import numpy
    from ipykernel import kernelapp

    numpy.random.seed()  # noqa: NPY002 (not the server's numbers in every kernel)
    kernelapp.launch_new_instance()


def _end_with_the_parent():
    multiprocessing.parent_process().join()
    os._exit(1)
