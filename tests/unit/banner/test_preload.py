"""The fork server's preload: cheap in a pool child, without any effect elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import sys
import streamforge.pipelines.banner.preload
loaded = sys.modules.get("pandas")
print(loaded is not None, getattr(loaded, "__file__", None), "skia" in sys.modules, "ortools" in sys.modules)
"""


def run(script: str, **variables: str) -> str:
    """Run a script in a fresh interpreter and return what it printed."""
    environment = {key: value for key, value in os.environ.items() if key != "STREAMFORGE_POOL_CHILD"} | variables
    finished = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=50
    )
    return finished.stdout.strip()


def test_a_pool_child_gets_the_stub_and_everything_loaded() -> None:
    """With the variable set, pandas is an empty module and solver and painter are imported."""
    assert run(SCRIPT, STREAMFORGE_POOL_CHILD="1") == "True None True True"


def test_it_leaves_no_thread_behind() -> None:
    """Children are forked from the process that has loaded it, and a fork copies no thread but one."""
    script = SCRIPT + "import os, threading\nat = '/proc/self/task'\n"
    script += "print(len(os.listdir(at)) if os.path.isdir(at) else threading.active_count())\n"
    assert run(script, STREAMFORGE_POOL_CHILD="1").endswith("1")


def test_elsewhere_importing_it_does_nothing() -> None:
    """Without the variable no stub is installed and nothing heavy is imported."""
    assert run(SCRIPT) == "False None False False"


def test_a_child_with_the_stub_can_do_the_work() -> None:
    """Solving works without pandas."""
    script = SCRIPT + (
        "from streamforge.solve.layout import solve\n"
        "from streamforge.solve.problem import Candidate, Item, Problem\n"
        "items = [Item(id=n, candidates=[Candidate(50, 20)]) for n in 'ab']\n"
        "print(solve(Problem(width=200, height=100, margin=8, items=items)).status)\n"
    )
    assert run(script, STREAMFORGE_POOL_CHILD="1").endswith("optimal")
