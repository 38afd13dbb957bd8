"""Brand kits as JSON, for whoever only passes them on."""

from __future__ import annotations

import msgspec

from streamforge.errors import InvalidInput
from streamforge.jobs.kinds import BROKEN_JSON, invalid_input
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.kits import Kits


class Shelf:
    """The kept kits, in and out as JSON."""

    def __init__(self, kits: Kits) -> None:
        self._kits = kits

    async def put(self, tenant: str, name: str, kit: bytes) -> bytes:
        """Keep a kit, and give it as it is kept; raises what ``Kits.put`` does."""
        try:
            given = msgspec.json.decode(kit, type=BrandKit)
        except msgspec.ValidationError as error:
            raise invalid_input(error, BrandKit) from error
        except BROKEN_JSON as error:
            raise InvalidInput(f"not valid JSON: {error}", field="body", hint="send one JSON object") from error
        return msgspec.json.encode(await self._kits.put(tenant, name, given))

    async def get(self, tenant: str, name: str) -> bytes | None:
        """The kit of that name, if there is one."""
        if name not in await self._kits.list(tenant):
            return None
        return msgspec.json.encode(await self._kits.get(tenant, name))

    async def delete(self, tenant: str, name: str) -> bool:
        """Forget it; whether there was one."""
        return await self._kits.delete(tenant, name)

    async def list(self, tenant: str) -> list[str]:
        """The names, sorted."""
        return await self._kits.list(tenant)
