"""Whether the daemon can do its work, asked of each part by name.

A probe reads state its part keeps anyway; it does no input or output, so asking can neither hang nor fail. It
returns why the part is not ready, or None. A *vital* probe is one that only a restart can help: those decide
whether systemd's watchdog is fed. Redis being away is not vital: a restart would not bring it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

Probe = Callable[[], str | None]


class Report(NamedTuple):
    """``reasons`` has an entry for each part that is not ready: its name and why.

    ``warnings`` has one for each that somebody should look at, while work goes on.
    """

    ready: bool
    reasons: dict[str, str]
    warnings: dict[str, str]


class Health:
    """The probes of one daemon. It is ready when each part says so, and not before the first is added."""

    def __init__(self) -> None:
        self._probes: dict[str, Probe] = {}
        self._watched: dict[str, Probe] = {}
        self._vital: set[str] = set()

    def add(self, name: str, probe: Probe, *, vital: bool = False) -> None:
        """Ask ``probe`` from now on; a second probe of the same name replaces the first."""
        self._probes[name] = probe
        (self._vital.add if vital else self._vital.discard)(name)

    def watch(self, name: str, probe: Probe) -> None:
        """Ask ``probe`` for a warning from now on; it makes nothing unready."""
        self._watched[name] = probe

    def remove(self, name: str) -> None:
        """Stop asking; an unknown name is fine."""
        self._probes.pop(name, None)
        self._vital.discard(name)

    def report(self) -> Report:
        """Ask everybody: what ``/readyz`` answers."""
        if not self._probes:
            return Report(ready=False, reasons={"daemon": "starting"}, warnings={})
        reasons = _ask(self._probes)
        return Report(ready=not reasons, reasons=reasons, warnings=_ask(self._watched))

    def is_alive(self) -> bool:
        """Ask the vital parts: whether to feed the watchdog."""
        return not _ask({name: probe for name, probe in self._probes.items() if name in self._vital})


def _ask(probes: Mapping[str, Probe]) -> dict[str, str]:
    answers = {name: probe() for name, probe in probes.items()}
    return {name: why for name, why in answers.items() if why}
