"""Where brand kits are kept, as the front door sees it."""

from __future__ import annotations

from typing import Protocol


class KitShelf(Protocol):
    """Where kits are kept, as JSON: whoever keeps them knows their form."""

    async def put(self, tenant: str, name: str, kit: bytes) -> bytes:
        """Keep a kit, in place of what was under its name, and give it as it is kept; raises InvalidInput."""
        ...

    async def get(self, tenant: str, name: str) -> bytes | None:
        """The kit of that name, if there is one."""
        ...

    async def delete(self, tenant: str, name: str) -> bool:
        """Forget it; whether there was one."""
        ...

    async def list(self, tenant: str) -> list[str]:
        """The names, sorted."""
        ...
