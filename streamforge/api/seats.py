"""Places for listeners: how many there may be at one time, and whether those who have one may still listen.

A place is taken before an answer begins and given up at its end, whatever happens in between. Who listens by a key or a
session that is good no more is sent away; each key is asked about once, however many listen by it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import anyio

from streamforge.accounts.model import EVERY_TENANT
from streamforge.api.refusals import ListenersFull, TooManyListeners
from streamforge.config import ApiSettings
from streamforge.errors import BrokerUnavailable

if TYPE_CHECKING:
    from streamforge.api.hub import Subscription

CHECK_S: Final = 1.0
"""How often it is asked whether listeners may go on."""
_LATER: Final = {"Retry-After": "10"}


class Seat:
    """One listener's place. ``by`` names what let him in; empty where nothing had to, which nobody can revoke."""

    def __init__(self, tenant: str, by: str, still_good: Callable[[], Awaitable[bool]]) -> None:
        self.tenant = tenant
        self.by = by
        self.still_good = still_good
        self.is_revoked = False
        self.subscription: Subscription | None = None

    def revoke(self) -> None:
        """He may not listen any more."""
        self.is_revoked = True
        if self.subscription is not None:
            self.subscription.finish("revoked")


class Seats:
    """The places of one process."""

    def __init__(self) -> None:
        self._seats: set[Seat] = set()
        self._tenants: Counter[str] = Counter()

    @contextmanager
    def taken(self, seat: Seat, settings: ApiSettings) -> Generator[Seat]:
        """A place, for as long as the block lasts; raises TooManyListeners for the tenant's sake, ListenersFull."""
        tenant = seat.tenant
        if tenant != EVERY_TENANT and self._tenants[tenant] >= settings.max_listeners_per_tenant:
            raise TooManyListeners(headers=_LATER)
        if len(self._seats) >= settings.max_listeners:
            raise ListenersFull(headers=_LATER)
        self._seats.add(seat)
        self._tenants[tenant] += 1
        try:
            yield seat
        finally:
            self._seats.remove(seat)
            self._tenants[tenant] -= 1
            if not self._tenants[tenant]:
                del self._tenants[tenant]

    async def watch(self) -> None:
        """Send away, for ever, who may not listen any more."""
        while True:
            await anyio.sleep(CHECK_S)
            await self.look()

    async def look(self) -> None:
        """Send away who may not listen now."""
        groups: defaultdict[str, list[Seat]] = defaultdict(list)
        for seat in self._seats:
            if seat.by:
                groups[seat.by].append(seat)
        for seats in groups.values():
            if not await _may_listen(seats[0]):
                for seat in seats:
                    seat.revoke()


async def _may_listen(seat: Seat) -> bool:
    try:
        return await seat.still_good()
    except BrokerUnavailable:
        return True  # nobody can tell now; the next look will
