"""What is imported before anything is done: a command that helps, or a daemon that starts, loads what it needs."""

from __future__ import annotations

import subprocess
import sys

HELP = "from streamforge.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass"
DAEMON = "import streamforge.app, streamforge.cli.run"
TOLD = "\nimport sys; sys.stderr.write(' '.join({name.partition('.')[0] for name in sys.modules}))"

LATER = {
    *("alembic", "anthropic", "asyncmy", "asyncpg", "faster_whisper", "onnxruntime", "openai", "ortools", "pandas"),
    *("PIL", "rapidocr", "sqlalchemy"),
}
"""What comes with the first job, call or row that needs it."""


def loaded(script: str) -> set[str]:
    """The packages that a process has after it."""
    done = subprocess.run([sys.executable, "-c", script + TOLD], capture_output=True, text=True, check=True)
    return set(done.stderr.split()) - sys.stdlib_module_names


def test_help_is_at_hand() -> None:
    """Nothing of others is loaded for it but the structures that settings are made of."""
    found = {name for name in loaded(HELP) if not name.startswith("_")}
    assert found <= {"streamforge", "msgspec", "typing_extensions"}


def test_a_daemon_loads_what_is_slow_when_it_is_needed() -> None:
    """Models' clients, databases, solver and readers of pictures come later, or in pool children alone."""
    assert not loaded(DAEMON) & LATER
