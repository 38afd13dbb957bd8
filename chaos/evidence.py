"""What is known after a round, and what may be found wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from chaos.ledger import Note
from chaos.witness import Leftovers, View


class Accepted(Struct, frozen=True):
    """A job that Redis has taken."""

    id: str
    kind: str
    salt: int


class Violation(Struct, frozen=True, order=True):
    """A promise that was not kept. ``job`` is empty where it is not about one."""

    rule: str
    text: str
    job: str = ""


class Evidence(Struct, frozen=True, kw_only=True):
    """All that the checks look at."""

    accepted: Mapping[str, Accepted]
    views: Mapping[str, View]
    notes: Sequence[Note]
    leftovers: Leftovers
    lease_s: float
    renew_s: float
    living: Collection[str] = ()
    """Workers that are meant to live."""
    busy: Mapping[str, float] = {}
    """Gauges that should be 0, by worker and name."""
    troubles: Sequence[Violation] = ()
    """What was seen to go wrong on the way: daemons that ended by themselves, drains without end."""
