"""For tests of pipelines: the package's own parts over memory or a throw-away server, and stand-ins for the outside.

    Rehearsal         one recipe without a server: checkpoints in memory, crashes where a test wants them
    InProcessWorker   the daemon in this process: real Redis, real pool, events, files, dead letters
    ScriptedText      a language model that answers as it is told
    ModelServer       the same over HTTP, in the provider's own wire format, with faults on demand
    ImageServer       an image model over HTTP in the same way; also serves files to whoever fetches pictures
    FakeClock         time that a test moves
    TestServer        a Valkey to start, kill, freeze and start again
    until             wait for a condition instead of sleeping

docs/testing.md shows how they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamforge.testing.clock import FakeClock
    from streamforge.testing.image_server import ImageServer
    from streamforge.testing.in_process import InProcessWorker
    from streamforge.testing.model_server import ModelServer
    from streamforge.testing.rehearsal import End, Rehearsal
    from streamforge.testing.scripted_text import ScriptedText
    from streamforge.testing.server import TestServer
    from streamforge.testing.waiting import until

__all__ = [
    "End",
    "FakeClock",
    "ImageServer",
    "InProcessWorker",
    "ModelServer",
    "Rehearsal",
    "ScriptedText",
    "TestServer",
    "until",
]

_HOMES: Final = {
    "End": "streamforge.testing.rehearsal",
    "FakeClock": "streamforge.testing.clock",
    "ImageServer": "streamforge.testing.image_server",
    "InProcessWorker": "streamforge.testing.in_process",
    "ModelServer": "streamforge.testing.model_server",
    "Rehearsal": "streamforge.testing.rehearsal",
    "ScriptedText": "streamforge.testing.scripted_text",
    "TestServer": "streamforge.testing.server",
    "until": "streamforge.testing.waiting",
}


def __getattr__(name: str) -> object:
    """Import a name when it is first used: who wants a clock need not wait for the whole daemon."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'streamforge.testing' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
