"""How this daemon's last process ended, for the one that takes over its jobs.

A process that was killed cannot say so. systemd can: it runs ``ExecStopPost=streamforge record-exit`` after every end,
with the cause in the environment, and the next process of the same name reads what that left. Without a service manager
that does the like, the cause is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

KILLED = ("killed", "dumped")
"""$EXIT_CODE where a signal ended the process; $EXIT_STATUS is then its name without SIG (systemd.exec(5))."""


def record(directory: Path, worker: str, environ: Mapping[str, str]) -> str:
    """Keep the cause that the environment tells; returns it, nothing for an end that was no crash."""
    cause = cause_of(environ)
    if cause:
        directory.mkdir(parents=True, exist_ok=True)
        _file(directory, worker).write_text(cause, encoding="ascii")
    return cause


def cause_of(environ: Mapping[str, str]) -> str:
    """``SIGSEGV``, ``SIGKILL (out of memory)``, ``exit code 3``; nothing for a clean end."""
    code, status = environ.get("EXIT_CODE", ""), environ.get("EXIT_STATUS", "")
    if code in KILLED:
        out_of_memory = " (out of memory)" if environ.get("SERVICE_RESULT") == "oom-kill" else ""
        return f"SIG{status.removeprefix('SIG')}{out_of_memory}"
    return f"exit code {status}" if code == "exited" and status not in ("", "0") else ""


def consume(directory: Path, worker: str) -> str:
    """The cause that was recorded last, once; nothing where there is none."""
    file = _file(directory, worker)
    try:
        cause = file.read_text(encoding="ascii")[:80]
        file.unlink()
    except (OSError, UnicodeDecodeError):
        return ""
    return cause


def _file(directory: Path, worker: str) -> Path:
    return directory / f"last-exit.{worker}"
