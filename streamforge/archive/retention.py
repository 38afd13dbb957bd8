"""The service that takes out of the archive what has been there for as long as it is kept: ``archive.keep_days``.

It goes through the jobs in the order of their ends, a few in each transaction, and rests for as long as each took: the
archiver's turn always comes. Ledger and audit log are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic, time_ns
from typing import TYPE_CHECKING, Final

import anyio
from msgspec import Struct

from streamforge.archive.answers import DAY_MS
from streamforge.archive.handle import Archive, loaded
from streamforge.config import TenantSettings
from streamforge.errors import StreamForgeError
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

if TYPE_CHECKING:
    from streamforge.archive.remover import Remover

EVERY_S: Final = 3600.0
CHUNK: Final = 200
"""Jobs in one transaction: some 50 ms."""
LEAST_REST_S: Final = 0.01

log = get_logger(__name__)


class Rule(Struct, frozen=True):
    """How long ended jobs are kept: a tenant's, or (empty) those of everybody ``but`` some."""

    tenant: str
    keep_days: int
    but: tuple[str, ...] = ()


def rules_of(keep_days: int, tenants: Mapping[str, TenantSettings]) -> list[Rule]:
    """What the settings come to; 0 days are for good."""
    others = {name: own.keep_days for name, own in tenants.items() if own.keep_days != keep_days}
    rules = [Rule("", keep_days, tuple(sorted(others))), *(Rule(name, days) for name, days in others.items())]
    return [rule for rule in rules if rule.keep_days]


class Retention(Service):
    """A service that applies rules, in rounds. Any number of daemons may run it."""

    name = "retention"

    def __init__(self, archive: Archive, tenants: Mapping[str, TenantSettings]) -> None:
        self._archive = archive
        self._stopping = anyio.Event()
        self.configure(tenants)

    def configure(self, tenants: Mapping[str, TenantSettings]) -> None:
        """Go on with what these tenants' settings say."""
        self._rules: Sequence[Rule] = rules_of(self._archive.settings.keep_days, tenants)

    def stop(self) -> None:
        """Return after the transaction under way."""
        self._stopping.set()

    async def run(self) -> None:
        """A round at once, then one an hour."""
        while not self._stopping.is_set():
            try:
                await self.round()
            except StreamForgeError as error:
                log.debug("retention_waits", error=error.message)
            await self._rest(EVERY_S)

    async def round(self) -> int:
        """Take out what is too old; how many jobs. Raises ConfigError, ArchiveUnavailable, ArchiveRefused."""
        if not self._rules:
            return 0
        module = await loaded("streamforge.archive.remover")
        remover: Remover = module.Remover(await self._archive.database())
        gone = sum([await self._apply(rule, remover) for rule in self._rules])
        if gone:
            log.info("old_jobs_removed", jobs=gone)
        return gone

    async def _apply(self, rule: Rule, remover: Remover) -> int:
        before_ms, last_ms, gone = time_ns() // 1_000_000 - rule.keep_days * DAY_MS, 0, 0
        while not self._stopping.is_set():
            old = await remover.older(before_ms, last_ms, CHUNK, rule.tenant, rule.but)
            if not old.ids:
                break
            started = monotonic()
            gone += await remover.erase(old.ids, before_ms)
            last_ms = old.last_ms
            await self._rest(max(LEAST_REST_S, monotonic() - started))
        return gone

    async def _rest(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await self._stopping.wait()
