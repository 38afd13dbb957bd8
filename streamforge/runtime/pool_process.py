"""A pool child as its parent sees it: start it, ask it, watch it, end it.

Its death is seen by a file descriptor of the process itself (pidfd) where the system has one, else by the forkserver's
word. The former also holds where the forkserver is killed, whose children live on: their calls end as if nothing had
happened.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from streamforge.runtime import pool_child
from streamforge.runtime.pool_child import BEGUN, READY

CHILD_ENV = {
    "STREAMFORGE_POOL_CHILD": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONSAFEPATH": "1",
}
"""Set for children only: they are one job wide, and may take short cuts that a shared process may not. The last one
keeps a file of the daemon's directory, such as copy.py, from being imported in the place of an installed module."""

NOT_STARTED = (OSError, EOFError)
"""What a child that does not start shows as."""

START_S = 60.0
"""How long a child may take to get ready; the first one of a forkserver waits for its imports."""

SAMPLE_S = 0.2
"""Between two looks at a busy child's memory: what is known when it dies."""

REAP_S = 2.0
"""How long the forkserver may take to tell how a child died, and the kernel to clear away a killed one."""

_processes = threading.Lock()
"""For ``multiprocessing``'s list of children and their ends: whoever asks second for an exit code finds it gone."""


class ChildEnded(Exception):
    """A child ended in a call; ``is_begun`` says whether the call's work had begun."""

    def __init__(self, code: int | None, *, is_begun: bool) -> None:
        """``code`` as ``Process.exitcode`` has it, None where nobody knows."""
        super().__init__(code, is_begun)
        self.code = code
        self.is_begun = is_begun

    @property
    def signal(self) -> str:
        """The name of the signal that killed it, such as SIGSEGV; empty where it left by itself."""
        return signal_name(-self.code) if self.code is not None and self.code < 0 else ""

    @property
    def name(self) -> str:
        """The signal, or ``exit``: one of few words, for metrics."""
        return self.signal or "exit"

    def __str__(self) -> str:
        """The signal, or the exit code."""
        return self.signal or (f"exit code {'unknown' if self.code is None else self.code}")


class Child:
    """A child process and the wire to it. Methods block: call them from threads, ``exchange`` from one at a time."""

    def __init__(self, process: BaseProcess, wire: Connection) -> None:
        self.pid = process.pid or 0
        self.peak_rss_kb = 0
        self._process = process
        self._wire = wire
        self._pidfd = _open_pidfd(self.pid)
        self._death = process.sentinel if self._pidfd is None else self._pidfd
        self._code: int | None = None
        self._asking = threading.Lock()

    def wait_until_ready(self) -> None:
        """Return when the child can work; raises ChildProcessError where it ends, or takes too long."""
        try:
            if wait([self._wire, self._death], START_S) and self._wire.recv_bytes() == READY:
                return self._sample()
        except (OSError, EOFError) as error:
            end = ChildEnded(self._exit_code(), is_begun=False)
            raise ChildProcessError(f"a pool child ended while it started, by {end}") from error
        raise ChildProcessError(f"a pool child was not ready within {START_S:g} s")

    def exchange(self, request: bytes) -> bytes:
        """The answer to a request; raises ChildEnded."""
        is_begun = False
        with self._asking:
            try:
                self._wire.send_bytes(request)
                is_begun = self._receive() == BEGUN
                answer = self._receive()
            except (OSError, EOFError) as error:
                raise ChildEnded(self._exit_code(), is_begun=is_begun) from error
            self._sample()
            return answer

    def end(self, grace_s: float) -> None:
        """Have the process gone: SIGTERM, after the grace SIGKILL. To be called once."""
        self._signal(signal.SIGTERM)
        if not wait([self._death], grace_s):
            self._signal(signal.SIGKILL)
            wait([self._death], REAP_S)
        with self._asking:  # whoever waits for an answer learns of the end before the wire is closed
            self._wire.close()
            code = self._exit_code()
            with _processes:
                if code is not None:
                    self._process.close()
            if self._pidfd is not None:
                os.close(self._pidfd)

    def _receive(self) -> bytes:
        while self._wire not in (ready := wait([self._wire, self._death], SAMPLE_S)):
            if ready and not self._wire.poll():  # dead, and its last word has been read
                raise EOFError
            self._sample()
        return self._wire.recv_bytes()

    def _sample(self) -> None:
        self.peak_rss_kb = max(self.peak_rss_kb, peak_rss_kb(self.pid))

    def _exit_code(self) -> int | None:
        if self._code is None:
            wait([self._process.sentinel], REAP_S)
            with _processes:
                self._code = self._process.exitcode
        return self._code

    def _signal(self, number: signal.Signals) -> None:
        try:
            if self._pidfd is not None:
                signal.pidfd_send_signal(self._pidfd, number)
            elif number == signal.SIGKILL:
                self._process.kill()
            else:
                self._process.terminate()
        except ProcessLookupError:
            pass


def start_child(memory_bytes: int, preload: Sequence[str]) -> Child:
    """A child that is ready to work; raises NOT_STARTED."""
    start_forkserver(preload)
    context = multiprocessing.get_context("forkserver")
    wire, far_end = context.Pipe()
    process = context.Process(
        target=pool_child.serve, args=(far_end, memory_bytes), name="streamforge-pool", daemon=True
    )
    with far_end, _processes:
        process.start()
    child = Child(process, wire)
    try:
        child.wait_until_ready()
    except NOT_STARTED:
        child.end(0)
        raise
    return child


def signal_name(number: int) -> str:
    """A signal's name; those for real-time use have none of their own."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def peak_rss_kb(pid: int) -> int:
    """The most memory a process has held so far, in KiB; 0 where it is gone, or the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return 0
    _, found, rest = status.partition(b"VmHWM:")
    return int(rest.split(maxsplit=1)[0]) if found else 0


def _open_pidfd(pid: int) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:  # an old kernel, or dead already
        return None


_forkserver_lock = threading.Lock()


def start_forkserver(preload: Sequence[str]) -> None:
    """Start this process's one forkserver unless it lives; it imports what every child needs."""
    with _forkserver_lock:
        _start_forkserver([pool_child.__name__, *preload])


def _start_forkserver(modules: list[str]) -> None:
    multiprocessing.get_context("forkserver").set_forkserver_preload(modules)
    saved = {name: os.environ.get(name) for name in CHILD_ENV}
    os.environ.update(CHILD_ENV)
    try:
        forkserver.ensure_running()
    finally:
        for name, value in saved.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
