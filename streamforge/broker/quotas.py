"""How much each tenant keeps in the object store, and how much it may.

The count is Redis's: what scripts record adds to it, and the collector, which sees what is really there, sets it right.
So it may be too high for a time, by what was recorded twice; and be exceeded by what is under way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from streamforge.broker.broker import Broker
from streamforge.config import TenantSettings
from streamforge.errors import QuotaExceeded

MB: Final = 1_000_000


class Quotas:
    """What tenants keep; ``of_all_mb`` holds for those without a table of their own. Raises BrokerUnavailable."""

    def __init__(self, broker: Broker, of_all_mb: int, tenants: Mapping[str, TenantSettings]) -> None:
        self._broker = broker
        self._client = cast("Any", broker.client)
        self.configure(of_all_mb, tenants)

    def configure(self, of_all_mb: int, tenants: Mapping[str, TenantSettings]) -> None:
        """Go on with these limits."""
        self._of_all = of_all_mb * MB
        self._own = {name: tenant.storage_mb * MB for name, tenant in tenants.items()}

    def limit_of(self, tenant: str) -> int:
        """Bytes that the tenant may keep; 0 is no limit."""
        return self._own.get(tenant, self._of_all)

    async def require(self, tenant: str, size: int) -> None:
        """Raise QuotaExceeded where the tenant has no room for so many bytes more. Asks Redis only where it may."""
        limit = self.limit_of(tenant)
        if not limit or not tenant:
            return
        kept = await self.kept_by(tenant)
        if kept + size > limit:
            raise QuotaExceeded(
                f"tenant {tenant} keeps {kept / MB:.1f} MB of the {limit / MB:.0f} MB that it may, and this is "
                f"{size / MB:.1f} MB more",
                field=f"tenants.{tenant}.storage_mb",
                hint="erase jobs that are not needed any more, or raise the setting",
            )

    async def kept_by(self, tenant: str) -> int:
        """Bytes that the tenant keeps."""
        found = await self._broker.call("stored", lambda: self._client.hget(self._broker.keys.stored, tenant))
        return max(0, int(found or 0))

    async def kept(self) -> dict[str, int]:
        """The same of every tenant that keeps any."""
        found: dict[bytes, bytes] = await self._broker.call(
            "stored", lambda: self._client.hgetall(self._broker.keys.stored)
        )
        return {tenant.decode(): max(0, int(bytes_)) for tenant, bytes_ in sorted(found.items())}
